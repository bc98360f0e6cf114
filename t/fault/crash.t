# Every crash point (proto/base/crash.h), one after the other: nginx, platend or a
# conversion's process is killed exactly there, by itself, while everything happens that has
# steps: jobs, documents and batches are submitted, answered from an earlier result, deleted, recovered,
# converted, packed, retried, expired and swept.  Then all is started again without it, and must be as if nothing had
# been.
#
#   PLATEN_CRASH_POINTS=REGEX   only those
#   PLATEN_CRASH_PART=2/4       only the second quarter of them: the parts run beside one another
#
# fault 1: kill -9 of a worker at each step of accepting: nothing accepted is lost
# fault 2: kill -9 of the sidecar at each step of claiming, running and finishing: once each
# fault 3: kill -9 of a conversion's process at each of its steps

use strict;
use warnings;

use lib 't/lib';

use Digest::SHA qw(sha256_hex);
use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep time);

use PlatenServer;
use TestArchive;

*slurp = \&PlatenServer::slurp;
*eventually = \&PlatenServer::eventually;

my $only = $ENV{PLATEN_CRASH_POINTS} // '.';
my $temp = File::Temp->newdir('platen-crash-XXXXXX', DIR => '/var/tmp');
PlatenServer::spew("$temp/signing", "this-key-signs-urls-in-these-tests\n");
my @points = grep { $_->[0] =~ /$only/ } map [split /\t/], split /\n/, `$PlatenServer::Build/fault_points`;
my ($part, $parts) = ($ENV{PLATEN_CRASH_PART} // '1/1') =~ m{^([1-9]\d*)/([1-9]\d*)\z} or die 'PLATEN_CRASH_PART is not like 2/4';
@points = @points[grep { $_ % $parts == $part - 1 } 0 .. $#points];
cmp_ok scalar(@points), '>', 0, 'there are crash points';

for my $point (@points) {
    my ($name, $who, $what) = @$point;
    # Whatever the fault is called, it is of that process.
    my $fault = { nginx => 1, platend => 2, child => 3 }->{$who};
    subtest "fault $fault: $who killed at $name: $what" => sub { walk($name, $who) };
}
done_testing();

sub walk {
    my ($name, $who) = @_;
    my $dir = "$temp/$name";
    my $server = PlatenServer->new(dir => $dir, settings => {
        'reaper/interval' => 1, 'reaper/orphan_age' => 1, 'reaper/orphan_interval' => 1, 'limits/grace' => 0,
    }, api => "platen_signing_key $temp/signing;");
    my ($retried, $uploads); # how many the nginx that is to be killed was sent
    my (%sent, %deleted, %mortal); # id => digest of what was sent; ids asked to be deleted; that expire
    my $send = sub {
        my ($body, %header) = @_;
        my $path = '/jobs?to=pdf&filename=' . ($body =~ /\APK/ ? 'a.zip' : 'a.txt') . delete $header{more};
        $uploads++;
        my $response = $server->http(POST => $path, content => $body, %header);
        return unless $response->code == 202;
        my $id = Cpanel::JSON::XS->new->decode($response->content)->{job_id};
        $sent{$id} = sha256_hex($body);
        return $id;
    };
    my $plain = sub { my ($body) = @_; return $send->($body, more => '') };
    # One that is announced and uploaded; tried again if the answer was lost, as its client would.
    my %stored;
    my $document = sub {
        my ($body) = @_;
        my $made = $server->http(POST => '/documents/initiate-upload', 'Content-Type' => 'application/json',
            content => '{"filename":"a.txt","content_type":"text/plain"}');
        return unless $made->is_success;
        my $id = Cpanel::JSON::XS->new->decode($made->content)->{document_id};
        for my $try (1 .. 3) {
            $uploads++;
            my $put = $server->http(PUT => "/documents/$id/content", 'Content-Type' => 'text/plain', content => $body);
            # that it is there already is what a lost answer would have said
            $stored{$id} = sha256_hex($body) if $put->code == 204 || $put->code == 409;
            last if $stored{$id};
        }
        return $id;
    };

    # One that is done and about to expire, one that is done and stays, one that is running when
    # platend is killed, one claimed by a sidecar that is no more, one that waits, one to be deleted.
    $server->nginx_start;
    $server->platend_start;
    my $done = $plain->("the same again\n");
    my $expires = $send->("expires\n", more => '&ttl=1');
    $mortal{$expires} = 1 if $expires;
    ok eventually(20, sub { (grep { $_->{status} eq 'SUCCESS' } values %{ $server->jobs }) >= 1 && $server->jobs->{$done}{status} eq 'SUCCESS' }),
        'a job is done';
    # A batch to be tried again, in which one file is none, and one that is to be deleted.
    my ($in_part, $whole) = map $plain->($_), zip_of('a.txt' => "good\n", 'b.docx' => "no document\n"), zip_of('a.txt' => "whole\n");
    ok eventually(20, sub { my $jobs = $server->jobs; $jobs->{$in_part}{status} eq 'PARTIAL_SUCCESS' && $jobs->{$whole}{status} eq 'SUCCESS' }),
        'two batches are done';
    PlatenServer::spew("$dir/hold", '');
    my $running = $plain->("runs\n");
    ok eventually(10, sub { $server->jobs->{$running}{status} eq 'PROCESSING' }), 'another runs';
    $server->platend_stop('KILL');
    my $gone = $plain->("to be deleted\n");
    $plain->("waits $_\n") for 1 .. 3;
    $server->nginx_stop;
    unlink "$dir/hold";

    # Files that no job names.
    for my $stray ($server->input_path('018bcfe5-6800-7000-8000-000000000001'), $server->output_path('018bcfe5-6800-7000-8000-000000000001', 1)) {
        mkdir $stray =~ s{/[^/]*\z}{}r;
        PlatenServer::spew($stray, 'stray');
        utime time - 100, time - 100, $stray;
    }

    {
        local $ENV{PLATEN_CRASH_POINT} = $name;
        $uploads = 0;
        my $killed = 0;
        $server->nginx_start;
        $server->platend_launch;
        my $look = sub {
            $killed ||= $server->error_log =~ /exited on signal 9/ if $who eq 'nginx';
            $killed ||= $server->platend_ended && ($? & 127) == 9 if $who eq 'platend';
            $killed ||= $server->platend_log =~ /"signal":\s*9/ if $who eq 'child';
            return $killed;
        };
        for my $n (1 .. 4) {
            $plain->("the same again\n"); # which has a result
            $plain->("new $n\n" x 1000);
            $document->("document $n\n" x 100) if $who eq 'nginx';
            $plain->(zip_of(map { ("$_.txt" => "file $_ of batch $n\n") } 1 .. 3)) if $n < 3;
        }
        # The first one may have expired by now, and be gone.
        if ($name =~ /^reap/ && (my $id = $send->("expires, too\n", more => '&ttl=1'))) {
            $mortal{$id} = 1;
        }
        $retried = $server->http(POST => "/jobs/$in_part/retry")->code;
        $deleted{$whole} = $server->http(DELETE => "/jobs/$whole")->code;
        $deleted{$gone} = $server->http(DELETE => "/jobs/$gone")->code;
        # A claim of a sidecar that is no more, when platend has begun.
        if ($name =~ /^lease/) {
            eventually(20, sub { $look->() || ($server->jobs->{$running}{status} eq 'SUCCESS') });
            PlatenServer::spew("$dir/hold", '');
            my @more = map $plain->("leased $_\n"), 1 .. 6;
            eventually(10, sub { (grep { $server->jobs->{$_}{status} eq 'PROCESSING' } @more) >= 2 });
            my ($waiting) = grep { $server->jobs->{$_}{status} eq 'PENDING' } @more;
            $server->driver('claim', $waiting);
            unlink "$dir/hold";
        }
        ok eventually(20, $look), 'it was killed there';
        $server->platend_stop('KILL');
        $server->nginx_stop;
    }

    # What was stored is there, and is a job as soon as it is enqueued; what came to nothing goes.
    my $announced = sub { grep { $server->jobs->{$_}{status} eq 'INITIATED' } sort keys %{ $server->jobs } };

    my $alerts = () = $server->error_log =~ /\[alert\](?!.*exited on signal 9)/g;
    is $alerts, 0, 'no other alert';
    $server->nginx_start;
    $server->platend_start;
    for my $id ($announced->()) {
        is $server->http(POST => "/documents/$id/enqueue")->code, 202, 'a document that was stored is enqueued' if $stored{$id};
        $server->http(DELETE => "/jobs/$id") if !$stored{$id};
    }
    %sent = (%sent, %stored);
    my $jobs;
    ok eventually(30, sub {
        $jobs = $server->jobs;
        !grep { $_->{status} !~ /SUCCESS|FAILED/ } values %$jobs;
    }), 'after the restart all jobs end' or diag join ' ', map "$_ $jobs->{$_}{status}", keys %$jobs;
    ok eventually(20, sub { !exists $server->jobs->{$expires} }), 'the one to expire does';
    ok eventually(20, sub { !$server->orphans($server->jobs) }), 'no file is left that no job names'
        or diag join "\n", $server->orphans($server->jobs);
    $jobs = $server->jobs;

    # What was accepted is there, as it was sent, and ended once.
    my (@lost, @changed, @failed, @short);
    for my $id (sort keys %sent) {
        if (!exists $jobs->{$id}) {
            push @lost, $id unless $mortal{$id} || exists $deleted{$id};
            next;
        }
        push @changed, $id if $jobs->{$id}{input} ne $sent{$id} || sha256_hex(slurp($server->input_path($id))) ne $sent{$id};
        push @failed, $id if $jobs->{$id}{status} ne ($id eq $in_part ? 'PARTIAL_SUCCESS' : 'SUCCESS') && $who ne 'child';
    }
    for my $id (grep { $jobs->{$_}{status} =~ /SUCCESS/ } sort keys %$jobs) {
        my $download = $server->http(GET => "/jobs/$id/download");
        push @short, $id if $download->code != 200 || sha256_hex($download->content) ne $jobs->{$id}{output};
    }
    is_deeply \@lost, [], 'none that was accepted is lost';
    is_deeply \@changed, [], 'none is changed';
    is_deeply \@failed, [], 'none has failed';
    is_deeply \@short, [], 'each success can be fetched';
    ok !exists $jobs->{$gone}, 'what was answered as deleted is gone' if ($deleted{$gone} // 0) == 204;

    my %ends;
    $ends{ (split ' ')[1] }++ for grep / (?:(?:PARTIAL_)?SUCCESS|FAILED)\z/, split /\n/, $server->driver('events');
    is_deeply [grep { $ends{$_} != 1 && !/\A\Q$in_part\E/ } sort keys %ends], [], 'each has ended once';
    cmp_ok $ends{$in_part}, '<=', 2, 'one that was retried, once more';
    is $server->fsck, 0, 'the store is sound' or diag $server->{fsck};
    is_deeply [grep { !$ends{$_} } sort keys %$jobs], [], 'and each has ended';
    is_deeply [grep !m{/runs/(?:profile|lok)}, PlatenServer::files_below("$server->{data}/runs")], [], 'no work is left behind';
    cmp_ok scalar(PlatenServer::files_below("$server->{data}/tmp")), '<=', $who eq 'nginx' ? $uploads : 0, 'nor an upload, but of killed workers';
    is $server->platend_stop, 0, 'platend stops';
    $server->nginx_stop;
    File::Path::remove_tree($dir);
}
