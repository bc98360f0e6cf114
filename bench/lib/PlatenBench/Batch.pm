package PlatenBench::Batch;

# A batch against the same documents sent one by one, and against a process of
# soffice for each of them; and what ten thousand entries cost in memory.

use strict;
use warnings;

use Exporter 'import';
use IO::Compress::Zip qw(:zip_method);
use Cpanel::JSON::XS ();
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Stacks;
use PlatenBench::Server;

our @EXPORT = qw(bench_batch bench_batch_memory);

# An archive of [name, bytes]...
sub archive {
    my (@entries) = @_;
    my ($bytes, $zip) = ('');

    for (@entries) {
        my ($name, $content) = @$_;
        my @entry = (Name => $name, Method => ZIP_CM_DEFLATE, Stream => 0);
        if ($zip) {
            $zip->newStream(@entry);
        } else {
            $zip = IO::Compress::Zip->new(\$bytes, @entry) or die "cannot make an archive\n";
        }
        $zip->print($content);
    }
    $zip->close;
    return $bytes;
}

sub post {
    my ($path, $content) = @_;
    my ($status, $body) = request(POST => $path, $content);

    die "POST $path: $status $body\n" if $status != 202;
    return Cpanel::JSON::XS::decode_json($body);
}

# Seconds until the archive of results is there.
sub round_batch {
    my ($n, $zip) = @_;
    my $began = time();
    my $job = post('/jobs?to=pdf&filename=set.zip', $zip);
    # A poll has all files in it: the server is to tell when it is done.
    $job = job("$job->{job_id}?wait=60") until is_final($job);
    my $seconds = time() - $began;

    die 'not all converted: ', Cpanel::JSON::XS::encode_json($job->{counts}), "\n"
        if $job->{status} ne 'SUCCESS' || $job->{counts}{success} != $n;
    my ($status, $body) = request(GET => $job->{download_url});
    die "the archive: $status\n" if $status != 200 || $body !~ /\APK/;
    request(DELETE => "/jobs/$job->{job_id}");
    return $seconds;
}

# Seconds until the last of them is there.
sub round_single {
    my ($n, $document) = @_;
    my $began = time();
    my @jobs = wait_jobs(0.005, map { post("/jobs?to=pdf&filename=$_.docx", $document) } 1 .. $n);
    my $seconds = time() - $began;

    die "not all converted\n" if grep { $_->{status} ne 'SUCCESS' } @jobs;
    request(DELETE => "/jobs/$_->{job_id}") for @jobs;
    return $seconds;
}

# A ZIP of as many documents as a task queue with a process for each does in the time; documents/s.
sub round_stack {
    my ($stack, $n, $zip) = @_;
    my $began = time();
    my $done = stack_jobs($stack, ['set.zip', $zip]);

    die "not all converted: $done of $n\n" if $done != $n;
    return $n / (time() - $began);
}

sub bench_batch {
    my (%set) = @_;
    my ($n, $few) = @set{qw(files peer_files)};
    my $document = slurp($set{document});
    my ($zip, $small) = map { archive(map { ["$_.docx", $document] } 1 .. $_) } $n, $few;
    my (@batch, @single, @stack, @ratio, @peer);

    my $stack = $set{peers} ? start_celery(%set) : undef;
    round_single(4, $document);
    round_stack($stack, $set{workers}, archive(map { ["$_.docx", $document] } 1 .. $set{workers}))
        if $stack; # profiles, page cache
    for my $pair (1 .. $set{pairs_batch}) {
        my %side = (batch => sub { $n / round_batch($n, $zip) }, single => sub { $n / round_single($n, $document) });
        my %got = map { $_ => $side{$_}->() } $pair % 2 ? qw(batch single) : qw(single batch);
        push @batch, $got{batch};
        push @single, $got{single};
        push @ratio, $got{batch} / $got{single};
        next if !$stack || $pair > 2;
        push @stack, round_stack($stack, $few, $small);
        push @peer, $got{batch} / $stack[-1];
    }
    stop_stack($stack) if $stack;

    figure(name => "ZIP of $n, until its results are there", unit => '/s', ours => \@batch, beside => \@stack,
           against => "Celery stack, ZIP of $few", ratios => \@peer, aim => '>= 8') if @stack;
    figure(name => "ZIP of $n", unit => '/s', ours => \@batch, beside => \@single,
           against => 'one by one', ratios => \@ratio, aim => '>= 1.05');
}

# Memory of their own: all workers of nginx, and platend.
sub own {
    my ($private) = private_of(web_pids());
    my ($sidecar) = private_of(platend_pid());

    return ($private, $sidecar);
}

# An archive of so many entries, up to where all of them wait.
sub take_apart {
    my ($n) = @_;
    my $zip = archive(map { ["$_.txt", "file $_\n"] } 1 .. $n);
    my $job = post('/jobs?to=pdf&filename=set.zip', $zip);

    until ($job->{counts} && $job->{counts}{total} == $n) {
        $job = job($job->{job_id});
        die "it has ended\n" if is_final($job);
        sleep 0.02;
    }
    my @own = own();
    request(DELETE => "/jobs/$job->{job_id}");
    return @own;
}

sub bench_batch_memory {
    my (%set) = @_;
    my $n = $set{entries};

    take_apart(100) for 1 .. 3;
    my @few = take_apart(100);
    my @many = take_apart($n);
    my @more = map { $many[$_] - $few[$_] } 0, 1;

    figure(name => "nginx with $n files waiting, more than with 100", unit => 'MB', ours => [$more[0] / 1e6],
           aim => '<= 1');
    figure(name => "platend with $n files waiting, more than with 100", unit => 'MB', ours => [$more[1] / 1e6],
           aim => '<= 1');
}

1;
