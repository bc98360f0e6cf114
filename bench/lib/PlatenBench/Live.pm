package PlatenBench::Live;

# Subscribers in crowds, what they cost, and when they are told.

use strict;
use warnings;

use Exporter 'import';
use POSIX qw(_exit);
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Peers;
use PlatenBench::Server;

our @EXPORT = qw(live_memory live_burst live_told live_convert);

sub events_request {
    return "GET /events HTTP/1.1\\r\\nHost: bench\\r\\nX-API-Key: " . web_key() . "\\r\\n\\r\\n";
}

sub ws_request {
    return "GET /ws HTTP/1.1\\r\\nHost: bench\\r\\nX-API-Key: " . web_key() . "\\r\\nUpgrade: websocket\\r\\n"
        . "Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
        . "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n";
}

# A crowd on the worker; returns when each of it is answered.
sub crowd {
    my ($set, $n, $request) = @_;

    return start_peer("$set->{build}/sse_crowd", web_port(), $n, $request);
}

# The next event of which all have heard, or the patience with it is over.
sub heard {
    my ($crowd) = @_;
    my $line = answer($crowd);
    my ($id, $count, $first, $last) = $line =~ /^event (\d+) (\d+) (\d+) (\d+)$/
        or die "sse_crowd: $line\n";

    return { id => $id, count => $count, first => $first, last => $last };
}

sub percentile {
    my ($p, @values) = @_;
    my @sorted = sort { $a <=> $b } @values;

    return $sorted[int($p * $#sorted)] // 0;
}

# What the worker has written, once it has come to rest.
sub written { sleep 1; return (memory_of(web_worker()))[3] }

# Bytes of each of a crowd, on a worker that has had no other.
sub cost {
    my ($set, $request) = @_;
    renew_web();
    request(GET => '/health') for 1 .. 3;
    my $before = written();
    my $crowd = crowd($set, $set->{subscribers}, $request);
    my $each = (written() - $before) / $set->{subscribers};

    stop($crowd->{pid});
    return $each;
}

sub live_memory {
    my (%set) = @_;
    my $kept = cost(\%set, "GET /health HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n");
    my $held = cost(\%set, "GET /held HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n");
    my $events = cost(\%set, events_request());
    my $ws = cost(\%set, ws_request());

    print "memory of one of $set{subscribers} that are idle\n";
    print_table(['a subscriber', sprintf('%.0f bytes', $events), 'of the worker'],
                ['a WebSocket', sprintf('%.0f bytes', $ws), 'that is one'],
                ['an open request', sprintf('%.0f bytes', $held), 'that nginx itself holds'],
                ['a connection kept alive', sprintf('%.0f bytes', $kept), 'without a request']);
    print "\n";
    row('an idle subscriber, to an open request', sprintf('%.0f bytes', $events),
        sprintf('%.0f bytes', $held), sprintf('%.1f KiB more', ($events - $held) / 1024),
        '<= 6 KiB', aim($events - $held <= 6144));
    row('an idle WebSocket, to an open request', sprintf('%.0f bytes', $ws),
        sprintf('%.0f bytes', $held), sprintf('%.1f KiB more', ($ws - $held) / 1024),
        '<= 6 KiB', aim($ws - $held <= 6144));
    row('an idle subscriber, to a kept connection', sprintf('%.0f bytes', $events),
        sprintf('%.0f bytes', $kept), sprintf('%.1f KiB more', ($events - $kept) / 1024), '', '');
}

# Asks for a job's status, one request after the other, in a process of its own;
# writes "WHEN MICROSECONDS" lines.
sub prober {
    my ($id, $file) = @_;
    my $pid = fork() // die "cannot fork: $!\n";

    return $pid if $pid;
    $SIG{TERM} = sub { _exit(0) };
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . web_port()) or _exit(1);
    my $request = "GET /jobs/$id HTTP/1.1\r\nHost: bench\r\nX-API-Key: " . web_key() . "\r\n\r\n";
    open my $out, '>', $file or _exit(1);
    while (1) {
        my $began = time();
        syswrite $socket, $request;
        sysread $socket, my $answer, 65536 or _exit(1);
        syswrite $out, sprintf "%.0f %.0f\n", 1e6 * $began, 1e6 * (time() - $began);
        sleep 0.001;
    }
}

sub live_burst {
    my (%set) = @_;
    my @jobs = wait_jobs(0.05, map { submit($set{sample}) } 0 .. $set{bursts});
    my $asked = shift @jobs;
    my (@took, @windows);

    renew_web();
    my $crowd = crowd(\%set, $set{subscribers}, events_request());
    my $prober = prober($asked->{job_id}, "$dir/probe");
    sleep($set{quick} ? 1 : 5);
    for my $job (@jobs) {
        my $began = 1e6 * time();
        request(DELETE => "/jobs/$job->{job_id}");
        my $event = heard($crowd);
        die "only $event->{count} were told\n" if $event->{count} != $set{subscribers};
        push @took, $event->{last} - $event->{first};
        push @windows, [$began, $event->{last}];
        sleep 0.3;
    }
    kill TERM => $prober;
    waitpid $prober, 0;
    stop($crowd->{pid});

    my (@idle, @busy);
    for (split /\n/, slurp("$dir/probe")) {
        my ($when, $us) = split / /;
        my $end = $when + $us;
        if ($end < $windows[0][0]) {
            push @idle, $us;
        } elsif (grep { $end > $_->[0] && $when < $_->[1] } @windows) {
            push @busy, $us;
        }
    }
    die "no status request met a burst\n" unless @idle && @busy;

    my @p = map { my $of = $_; map { percentile($_, @$of) } 0.5, 0.99 } \@idle, \@busy;
    print "one event to $set{subscribers}, ", scalar(@took), " times\n";
    print_table(['burst', spread('%.1f', map { $_ / 1000 } @took) . ' ms', 'first to last'],
                ['status, idle', sprintf('p50 %.2f ms, p99 %.2f ms', $p[0] / 1000, $p[1] / 1000),
                 @idle . ' requests'],
                ['status, meanwhile', sprintf('p50 %.2f ms, p99 %.2f ms', $p[2] / 1000, $p[3] / 1000),
                 @busy . ' requests']);
    print "\n";
    row("status p99 in a burst to $set{subscribers}", sprintf('%.2f ms', $p[3] / 1000),
        sprintf('%.2f ms', $p[1] / 1000), sprintf('%.1f x', $p[3] / $p[1]), '<= 5 x',
        aim($p[3] <= 5 * $p[1]));
}

sub live_told {
    my (%set) = @_;
    my $crowd = crowd(\%set, 1, events_request());
    my (%event, @since, @after, %logged);

    for (1 .. $set{documents}) {
        my ($job) = wait_jobs(0.05, submit($set{sample}));
        my (undef, undef, $head) = request(GET => "/jobs/$job->{job_id}");
        my ($seq) = $head =~ /^ETag: "([0-9a-f]+)-/mi or die "no ETag: $head\n";
        until ($event{ hex $seq }) {
            my $event = heard($crowd);
            $event{ $event->{id} } = $event;
        }
        push @since, $event{ hex $seq }{first} - microseconds($job->{completed_at});
        my ($line) = grep { /$job->{job_id}/ && /"job finished"/ } split /\n/, slurp("$dir/platend.log");
        my ($logged) = ($line // '') =~ /"ts":\s*"(\S{19}\.\d{6}Z)"/;
        push @after, $event{ hex $seq }{first} - microseconds($logged // 'missing');
    }
    stop($crowd->{pid});

    my $times = sub { spread('%.2f', map { $_ / 1000 } @_) . ' ms' };
    print "a job is finished, its subscriber told\n";
    print_table(['from completed_at', $times->(@since), 'the commit and its sync are in it'],
                ['from the log line', $times->(@after), 'when the commit is done']);
    print "\n";
    row('finished to told, p50', ms(median(@after)), ms(median(@since)), '', '<= 2 ms',
        aim(median(@after) <= 2000));
}

sub live_convert {
    my (%set) = @_;
    my $kit = start_peer("$set{build}/lok_inproc", $set{office}, "$dir/profile-kit", 'pdf');
    my $document = slurp($set{sample});
    my (@ours, @jobs, @kit, @ratios);

    for my $n (-2 .. $set{documents}) {
        sleep 0.25;
        my $began = time();
        my ($status, $body, $head) =
            request(POST => '/convert?to=pdf&filename=hello.docx', $document);
        my $took = 1e6 * (time() - $began);
        die "POST /convert: $status $body\n" if $status != 200 || $body !~ /^%PDF/;

        my ($id) = $head =~ m{^Content-Location: /jobs/(\S+)/download}mi or die "$head\n";
        my $job = job_us(job($id));

        sleep 0.25;
        my ($load, $save) = @{ in_process($kit, $set{sample}) };
        next if $n <= 0;
        push @ours, $took;
        push @jobs, $job;
        push @kit, $load + $save;
        push @ratios, $took / ($load + $save);
    }
    stop($kit->{pid});

    my $times = sub { spread('%.1f', map { $_ / 1000 } @_) . ' ms' };
    print "POST /convert of a page, as its client sees it\n";
    print_table(['/convert', $times->(@ours)],
                ['its job', $times->(@jobs), 'created_at to completed_at'],
                ['LibreOfficeKit', $times->(@kit), 'load + save in one process'],
                ['ratio', spread('%.2f', @ratios)]);
    print "\n";
    row('/convert / LibreOfficeKit', ms(median(@ours)), ms(median(@kit)),
        sprintf('%.2f x', median(@ratios)), '<= 1.3 x', aim(median(@ratios) <= 1.3));
}

1;
