package PlatenBench::Live;

# Subscribers in crowds, what they cost, and when they are told.

use strict;
use warnings;

use Exporter 'import';
use POSIX qw(_exit);
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Latency;
use PlatenBench::Peers;
use PlatenBench::Server;

our @EXPORT = qw(bench_subscribers bench_burst bench_told bench_while_you_wait bench_busy);

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

sub bench_subscribers {
    my (%set) = @_;
    my $kept = cost(\%set, "GET /health HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n");
    my $held = cost(\%set, "GET /held HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n");
    my $events = cost(\%set, events_request());
    my $ws = cost(\%set, ws_request());

    print "of one of $set{subscribers}, idle; a connection kept alive without a request costs ",
        sprintf("%.0f bytes\n", $kept);
    for (['a subscriber', $events], ['a WebSocket', $ws]) {
        my ($name, $each) = @$_;
        figure(name => "memory of $name", unit => 'bytes', ours => [$each], beside => [$held],
               against => 'an open request of nginx', ratios => [$each / $held], aim => '<= 1.8');
    }
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

sub bench_burst {
    my (%set) = @_;
    my @jobs = wait_jobs(0.05, map { submit($set{samples}[0]) } 0 .. $set{bursts});
    my $asked = shift @jobs;
    my (@took, @windows);

    renew_web();
    my $crowd = crowd(\%set, $set{subscribers}, events_request());
    my $prober = prober($asked->{job_id}, "$dir/probe");
    sleep($set{quick} ? 1 : 4);
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

    @busy = map { $_ / 1000 } @busy;
    @idle = map { $_ / 1000 } @idle;
    my ($calm, $burst) = map { percentile(0.99, @$_) } \@idle, \@busy;
    print "one event to $set{subscribers}, ", scalar(@took), ' times, first to last ',
        spread('%.1f', map { $_ / 1000 } @took), sprintf(" ms; status p50 %.2f ms, idle %.2f ms\n",
                                                         median(@busy), median(@idle));
    figure(name => "status p99 in a burst to $set{subscribers}", unit => 'ms', ours => [$burst],
           beside => [$calm], against => 'idle', ratios => [$burst / $calm], aim => '<= 5');
}

# The p99 of status requests while every core converts, in turn with a rest.
sub bench_busy {
    my (%set) = @_;
    my ($asked) = wait_jobs(0.05, submit($set{samples}[0]));
    my $each = $set{quick} ? 1.5 : 4;
    my (@idle, @busy, @ratios);

    for (1 .. ($set{quick} ? 1 : 3)) {
        my %p99;
        for my $side (qw(idle busy)) {
            my @jobs = $side eq 'busy' ? map { submit($set{samples}[0]) } 1 .. 40 * $each : ();
            sleep 0.3;
            my $prober = prober($asked->{job_id}, "$dir/probe");
            sleep $each;
            kill TERM => $prober;
            waitpid $prober, 0;
            die "the machine converted all before the end\n" if @jobs && is_final(job($jobs[-1]{job_id}));
            request(DELETE => "/jobs/$_->{job_id}") for @jobs;
            $p99{$side} = percentile(0.99, map { (split)[1] / 1000 } split /\n/, slurp("$dir/probe"));
        }
        push @idle, $p99{idle};
        push @busy, $p99{busy};
        push @ratios, $p99{busy} / $p99{idle};
    }
    figure(name => 'status p99 while all cores convert', unit => 'ms', ours => \@busy, beside => \@idle,
           against => 'idle', ratios => \@ratios, aim => '<= 3');
}

sub bench_told {
    my (%set) = @_;
    my $crowd = crowd(\%set, 1, events_request());
    my (%event, @since, @after, %logged);

    for (1 .. $set{documents}) {
        my ($job) = wait_jobs(0.05, submit($set{samples}[0]));
        my (undef, undef, $head) = request(GET => "/jobs/$job->{job_id}");
        my ($seq) = $head =~ /^ETag: "([0-9a-f]+)-/mi or die "no ETag: $head\n";
        until ($event{ hex $seq }) {
            my $event = heard($crowd);
            $event{ $event->{id} } = $event;
        }
        push @since, $event{ hex $seq }{first} - microseconds($job->{completed_at});
        my ($line) = grep { /$job->{job_id}/ && /"job finished"/ } split /\n/, slurp(platend_log());
        my ($logged) = ($line // '') =~ /"ts":\s*"(\S{19}\.\d{6}Z)"/;
        push @after, $event{ hex $seq }{first} - microseconds($logged // 'missing');
    }
    stop($crowd->{pid});

    print 'from completed_at, with the commit and its sync, ', spread('%.2f', map { $_ / 1000 } @since), " ms\n";
    figure(name => 'a job is finished, its subscriber told', unit => 'ms', ours => [map { $_ / 1000 } @after],
           aim => '<= 2');
}

sub bench_while_you_wait {
    my (%set) = @_;
    my $kit = start_peer("$set{build}/lok_inproc", $set{office}, "$dir/profile-kit", 'pdf');
    my $document = slurp($set{samples}[0]);
    my (@ours, @kit, @ratios);

    for my $n (-2 .. $set{documents}) {
        sleep 0.25;
        my $began = time();
        my ($status, $body) =
            request(POST => '/convert?to=pdf&filename=hello.docx', $document);
        my $took = 1e6 * (time() - $began);
        die "POST /convert: $status $body\n" if $status != 200 || $body !~ /^%PDF/;

        sleep 0.25;
        my ($load, $save) = @{ in_process($kit, $set{samples}[0]) };
        next if $n <= 0;
        push @ours, $took;
        push @kit, $load + $save;
        push @ratios, $took / ($load + $save);
    }
    stop($kit->{pid});

    figure(name => 'POST /convert of a page, as its client sees it', unit => 'ms',
           ours => [map { $_ / 1000 } @ours], beside => [map { $_ / 1000 } @kit],
           against => 'bare LibreOfficeKit, load + save', ratios => \@ratios,
           aim => latency_aim($set{costs}{fault}));
}

1;
