package PlatenBench::Batch;

# A batch against the same documents sent one by one, and against a process of
# soffice for each of them; and what ten thousand entries cost in memory.

use strict;
use warnings;

use Exporter 'import';
use File::Path ();
use IO::Compress::Zip qw(:zip_method);
use JSON::PP ();
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Peers;
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
    return JSON::PP::decode_json($body);
}

# Seconds until the archive of results is there.
sub round_batch {
    my ($n, $zip) = @_;
    my $began = time();
    my $job = post('/jobs?to=pdf&filename=set.zip', $zip);
    # A poll has all files in it: the server is to tell when it is done.
    $job = job("$job->{job_id}?wait=60") until is_final($job);
    my $seconds = time() - $began;

    die 'not all converted: ', JSON::PP::encode_json($job->{counts}), "\n"
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

# Seconds for so many documents, each in a process of its own, `workers` at a time.
sub round_soffice {
    my ($n, $document, $workers) = @_;
    my (%running, $done);
    my @free = (1 .. $workers);
    my $number = 0;

    spew("$dir/in/$_.docx", $document) for 1 .. $n;
    my $began = time();
    while ($number < $n || %running) {
        if ($number < $n && @free) {
            my $slot = shift @free;
            $number++;
            my $pid = soffice_start("profile-$slot", "$dir/in/$number.docx", "$dir/soffice");
            $running{$pid} = $slot;
            next;
        }
        for my $pid (keys %running) {
            next unless ended($pid);
            push @free, delete $running{$pid};
        }
        sleep 0.005;
    }
    my $seconds = time() - $began;
    my $pdfs = grep { is_pdf("$dir/soffice/$_.pdf") } 1 .. $n;
    die "soffice has converted $pdfs of $n\n" if $pdfs != $n;
    File::Path::remove_tree("$dir/soffice", { keep_root => 1 });
    return $seconds;
}

sub bench_batch {
    my (%set) = @_;
    my $n = $set{files};
    my $document = slurp($set{document});
    my $zip = archive(map { ["$_.docx", $document] } 1 .. $n);
    my (%seconds, @ratio);

    mkdir "$dir/$_" for qw(in soffice);
    round_single(4, $document);
    round_soffice($set{workers}, $document, $set{workers}); # profiles, page cache
    for my $pair (1 .. $set{pairs}) {
        my %side = (batch => sub { round_batch($n, $zip) }, single => sub { round_single($n, $document) });
        for my $name ($pair % 2 ? qw(batch single) : qw(single batch)) {
            push @{ $seconds{$name} }, $side{$name}->();
        }
        push @ratio, $seconds{single}[-1] / $seconds{batch}[-1];
    }
    my $soffice = round_soffice($set{peer_files}, $document, $set{workers}) / $set{peer_files};

    my %rate = map { my $name = $_; $name => [map { $n / $_ } @{ $seconds{$name} }] } keys %seconds;
    print "batch: $n documents of one page, $set{workers} workers, median (min .. max) of $set{pairs} rounds\n";
    print_table(
        ['', 'documents/s', 'seconds'],
        ['an archive, until its archive of results is there', map { spread('%.1f', @$_) } $rate{batch}, $seconds{batch}],
        ['one by one, until the last result is there', map { spread('%.1f', @$_) } $rate{single}, $seconds{single}],
        ["soffice --convert-to for each ($set{peer_files})", sprintf('%.2f', 1 / $soffice), sprintf '%.1f', $soffice * $set{peer_files}]);
    print "\n";
    my $ours = median(@{ $rate{batch} });
    row('batch / one by one', sprintf('%.1f/s', $ours), sprintf('%.1f/s', median(@{ $rate{single} })),
        sprintf('%.2f x', median(@ratio)), '>= 0.9 x', aim(median(@ratio) >= 0.9));
    row('batch / soffice for each', sprintf('%.1f/s', $ours), sprintf('%.2f/s', 1 / $soffice),
        sprintf('%.1f x', $ours * $soffice), '>= 8 x', aim($ours * $soffice >= 8));
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

    print "memory: private, with all files of a batch waiting\n";
    print_table(['', '100 entries', "$n entries"],
                ['nginx', map { sprintf '%.2f MB', $_->[0] / 1e6 } \@few, \@many],
                ['platend', map { sprintf '%.2f MB', $_->[1] / 1e6 } \@few, \@many]);
    print "\n";
    row("memory, $n entries to 100", sprintf('%+.2f MB', $more[0] / 1e6), sprintf('%+.2f MB', $more[1] / 1e6), '',
        'constant', aim($more[0] < 1e6 && $more[1] < 1e6));
}

1;
