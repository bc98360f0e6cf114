package PlatenBench::Http;

# What nginx does with Platen against what the same nginx does without it, in
# alternating pairs: uploads, statuses, downloads.
#
# Two workers, as `worker_processes auto` makes of two cores, with the client on the same
# cores: a client has to be paid for on both sides, which draws every ratio of rates towards 1.
# So the CPU time that the workers themselves took for a request is recorded beside the rate.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Web;

our @EXPORT = qw(bench_accept bench_upload bench_status bench_download bench_growth pairs);

my $mib = 1024 * 1024;

# Measures the pairs, of which the first only warms up.  Both sides are functions that make
# one run and return its rate and CPU seconds a request.
sub pairs {
    my ($set, $name, $against, $aim, $ours, $theirs) = @_;
    my (@a, @b);

    for my $pair (0 .. $set->{pairs}) {
        my %got;
        $got{$_} = $_ eq 'a' ? $ours->() : $theirs->() for $pair % 2 ? qw(a b) : qw(b a);
        next if $pair == 0;
        push @a, $got{a};
        push @b, $got{b};
    }
    my @cpu = map { 1e6 * median(map { $_->{cpu} } @$_) } \@a, \@b;
    print "$name: $set->{pairs} pairs, median (min .. max)\n";
    print_table(map { my ($side, $cpu, @runs) = @$_;
                      ["  $side", spread('%.1f', map { $_->{rate} } @runs) . '/s',
                       sprintf '%.1f us of CPU a request', $cpu] }
                ['Platen', $cpu[0], @a], [$against, $cpu[1], @b]);
    figure(name => $name, unit => '/s', ours => [map { $_->{rate} } @a], beside => [map { $_->{rate} } @b],
           against => $against, ratios => [map { $a[$_]{rate} / $b[$_]{rate} } 0 .. $#a],
           cpu_us => \@cpu, defined $aim ? (aim => $aim) : ());
    return (\@a, \@b);
}

# One side of uploads: what it wrote is gone and the disk at rest after it.
sub uploads {
    my ($set, $web, @request) = @_;

    return sub {
        my $got = wrk($web, seconds => $set->{seconds}, @request);
        clear_uploads($web);
        return $got;
    };
}

# The nginx whose PUT is on the disk before its answer (bench/peers/durable.c), with a
# worker for each connection, as its workers wait for their syncs.
sub durable {
    my ($set, $connections) = @_;

    return start_web('dav', preload => "$set->{build}/durable.so", workers => $connections);
}

sub against_dav {
    my ($set, $name, $size, $connections, $aim) = @_;
    my @type = (type => 'application/pdf', connections => $connections);

    make_pdf("$dir/pdf", $size);
    my ($web, $dav) = (start_web('ours'), durable($set, $connections));
    my ($ours) = pairs($set, $name, 'dav PUT, fsync of file and directory', $aim,
        uploads($set, $web, method => 'POST', path => '/jobs?to=docx&filename=a.pdf', body => "$dir/pdf", @type),
        uploads($set, $dav, method => 'PUT', path => '/dav', body => "$dir/pdf", @type));
    stop_web($web, $dav);
    return $ours;
}

sub bench_accept {
    my (%set) = @_;

    against_dav(\%set, 'accept 100 KiB, 16 at once', 100 * 1024, 16, '>= 1.0');
}

sub bench_upload {
    my (%set) = @_;

    against_dav(\%set, 'upload 1 MB, 8 at once', 1_000_000, 8, '>= 0.9');
}

sub bench_status {
    my (%set) = @_;
    my ($waiting, $finished) = make_jobs('status', $set{quick} ? 1000 : 10_000, 10_240);
    my $server = '';
    my @ask = (connections => 64, seconds => $set{seconds});

    my $web = start_web('status');
    for (['waiting', $waiting->[0]], ['finished', $finished->[0]]) {
        my ($name, $id) = @$_;
        my $body = curl("http://127.0.0.1:$web->{port}/jobs/$id");
        die "cannot quote: $body\n" if $body =~ /['\$\\]/;
        $server .= "        location = /$name {\n            default_type application/json;\n"
                   . "            return 200 '$body';\n        }\n";
    }
    stop_web($web);
    $web = start_web('status', server => $server);

    for (['waiting', $waiting->[0]], ['finished', $finished->[0]]) {
        my ($name, $id) = @$_;
        die "the bodies differ\n" if curl("http://127.0.0.1:$web->{port}/jobs/$id")
                                     ne curl("http://127.0.0.1:$web->{port}/$name");
        pairs(\%set, "status of a $name job", 'return 200 of the same bytes', '>= 0.9',
              sub { wrk($web, @ask, path => "/jobs/$id") }, sub { wrk($web, @ask, path => "/$name") });
    }
    stop_web($web);
}

sub bench_download {
    my (%set) = @_;
    my (undef, $small, $large) = make_jobs('download', 1, 10 * 1024, 100 * $mib);
    my $web = start_web('download');
    my @ask = (connections => 64, seconds => $set{seconds});

    my @urls = map {
        my ($id, $path) = @$_;
        ["/jobs/$id/download", '/static/' . substr $path, length "$web->{home}/data/output/"]
    } $small, $large;
    for my $pair (@urls) {
        curl("http://127.0.0.1:$web->{port}$pair->[$_]", '-o', "$dir/got$_") for 0 .. 1;
        capture('cmp', "$dir/got0", "$dir/got1");
    }

    pairs(\%set, 'download 10 KiB', 'a static file', '>= 0.95',
          map { my $path = $_; sub { wrk($web, @ask, path => $path) } } @{ $urls[0] });
    pairs(\%set, 'download 100 MiB', 'a static file', '>= 0.98',
          map { my $path = $_; sub { fetch($web, $set{seconds}, $path, 100 * $mib) } } @{ $urls[1] });
    stop_web($web);
}

# What the kernel says of each worker, in KiB.  RssAnon is what the worker
# allocated itself.  RssFile is pages of the libraries, of libmagic's database
# and of the store's map: the page cache's, shared and given back on demand.
# RssShmem is nginx's shared zones.  VmRSS is the sum.
sub memory_of_workers {
    my ($web) = @_;
    my %memory;

    for my $pid (web_workers($web)) {
        my $text = slurp("/proc/$pid/status");
        for my $name (qw(VmRSS RssAnon RssFile RssShmem)) {
            ($memory{$pid}{$name}) = $text =~ /^$name:\s+(\d+) kB/m;
        }
    }
    return \%memory;
}

# Growth of the workers' memory during one large upload.
sub bench_growth {
    my (%set) = @_;
    my ($size, $label) = $set{quick} ? (64 * $mib, '64 MiB') : (1024 * $mib, '1 GiB');
    my @ways = (['HTTP/1.1, Content-Length', 'port'],
                ['HTTP/1.1, chunked', 'port', '-H', 'Transfer-Encoding: chunked'],
                ['HTTP/2', 'port2', '--http2-prior-knowledge']);

    make_pdf("$dir/large", $size);
    for (@ways) {
        my ($name, $port, @args) = @$_;

        # Afresh for each, so that nothing is hidden in what an earlier upload
        # left allocated: what a worker sets up on its first request counts.
        my $web = start_web('growth');
        sleep 0.5;

        my $before = memory_of_workers($web);
        my $highest = memory_of_workers($web);
        my $began = time();
        my $curl = start("$dir/curl.out", 'curl', '-sS', '--fail', '-X', 'POST',
                         '-H', 'X-API-Key: bench-key', '-H', 'Expect:', '-T', "$dir/large", @args,
                         "http://127.0.0.1:$web->{$port}/jobs?to=docx&filename=report.pdf");

        do {
            sleep 0.005;
            my $now = memory_of_workers($web);
            for my $pid (keys %$before) {
                for (keys %{$before->{$pid}}) {
                    $highest->{$pid}{$_} = $now->{$pid}{$_} if $now->{$pid}{$_} > $highest->{$pid}{$_};
                }
            }
        } until (ended($curl));
        die "curl: ", slurp("$dir/curl.out"), "\n" if $? != 0;
        my $took = time() - $began;

        # The worker that had the connection is the one that grew most.
        my ($pid) = sort { $highest->{$b}{VmRSS} - $before->{$b}{VmRSS}
                           <=> $highest->{$a}{VmRSS} - $before->{$a}{VmRSS} } keys %$before;
        my %grown = map { $_ => ($highest->{$pid}{$_} - $before->{$pid}{$_}) / 1024 }
                    keys %{$before->{$pid}};
        printf "  %-26s +%.1f MiB, anonymous +%.1f, of files +%.1f (%.0f MB/s)\n", $name,
            @grown{qw(VmRSS RssAnon RssFile)}, $size / 1e6 / $took;
        figure(name => "growth of a worker, upload of $label, $name", unit => 'MiB',
               ours => [$grown{VmRSS}], aim => '<= 8');
        clear_uploads($web);
        stop_web($web);
    }
}

1;
