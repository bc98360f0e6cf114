package ProvokeThumbnails;

# How each answer of the pictures of results comes about, for t/http/openapi.t.

use strict;
use warnings;

use TestPlaten;

my $None = '01890000-0000-7000-8000-000000000000';
my $Operation = 'GET,HEAD /jobs/{id}/thumbnail';

# Adds them to a table.  $job and $failed are subs that return the id of a job with a result and of
# one without.
sub add {
    my ($provoke, $job, $failed) = @_;
    my $path = sub { '/jobs/' . $job->() . '/thumbnail?width=64' };
    my %running = (
        200 => sub { http($_[0] => $path->()) },
        206 => sub { http($_[0] => $path->(), Range => 'bytes=0-9') },
        304 => sub { http($_[0] => $path->(), 'If-None-Match' => '*') },
        400 => sub { http($_[0] => '/jobs/' . $failed->() . '/thumbnail') },
        401 => sub { http($_[0] => $path->(), key => undef) },
        404 => sub { (http($_[0] => "/jobs/$None/thumbnail"), http($_[0] => $path->(), key => 'bob')) },
        412 => sub { http($_[0] => $path->(), 'If-Match' => '"x"') },
        416 => sub { http($_[0] => $path->(), Range => 'bytes=99999999-') },
        422 => sub { (http($_[0] => '/jobs/no-id/thumbnail'), http($_[0] => '/jobs/' . $job->() . '/thumbnail?width=1'),
            http($_[0] => "/jobs/" . archive() . '/thumbnail')) },

        # Directories on the way to the picture that are none: the open fails otherwise than by ENOENT.
        500 => sub {
            my @buckets = glob "$Var/data/output/*";
            for (@buckets) { rename $_, "$_.away" or die; spew($_, '') }
            my $response = http($_[0] => $path->());
            for (@buckets) { unlink $_; rename "$_.away", $_ or die }
            return $response },
    );
    $provoke->{running}{"$Operation $_"} = $running{$_} for keys %running;
    $provoke->{broken}{"$Operation 503"} = sub { http($_[0] => "/jobs/$None/thumbnail") };
    $provoke->{shipped}{"$Operation default"} = sub {
        (http($_[0] => "/jobs/$None/thumbnail", 'X-Long' => 'x' x 9000), http($_[0] => "/jobs/$None/thumbnail?" . 'x' x 9000)) };
}

# A job whose result is an archive.
my $Archive;
sub archive {
    $Archive //= wait_job(json_of(post_form('/jobs', [ (map { +file => [undef, "$_.txt", Content => "$_\n"] } 1, 2), to => 'pdf' ]))->{job_id})->{job_id};
    return $Archive;
}

1;
