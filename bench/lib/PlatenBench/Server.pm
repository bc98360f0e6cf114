package PlatenBench::Server;

# The nginx with the module and the platend that are measured, and a client of
# theirs: one connection that is kept, which hands documents in and polls.
# Both lie in a directory below $dir and are stopped at the end, as all that PlatenBench starts is.
# There may be several; the one that was started last is spoken to, or use_platen()'s.
#
#     my $platen = start_platen(build => 'build', nginx => '/usr/sbin/nginx', workers => 2, limit => 120);
#     my ($job) = wait_jobs(0.005, submit($file));
#     my $us = job_us($job);

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Exporter 'import';
use File::Basename qw(basename);
use IO::Socket::INET;
use Cpanel::JSON::XS ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep);
use Time::Local qw(timegm);

use PlatenBench;

our @EXPORT = qw(start_platen stop_platen use_platen platend_log platend_pid platen_pids web_pids web_worker renew_web web_port web_key
                 zygote request submit is_final job wait_jobs microseconds job_us);

my $key = 'bench-key';
my ($home, $platend, $master, $port, $connection, $now, $number);

sub nginx_conf {
    my (%set) = @_;
    my $user = $> == 0 ? 'user root root;' : '';

    return <<"END";
load_module $set{build}/ngx_http_platen_module.so;
$user
worker_processes @{[ $set{web_workers} // $set{workers} ]};
worker_rlimit_nofile 65536;
daemon off;
pid $home/nginx.pid;
error_log $home/error.log error;

events {
    worker_connections @{[ $set{connections} // 1024 ]};
}

http {
    access_log   off;
    sendfile     on;
    tcp_nopush   on;
    request_pool_size  6k;
    keepalive_requests 1000000000;
    keepalive_timeout  1d;

    client_body_temp_path $home/body;
    proxy_temp_path       $home/temp-proxy;
    fastcgi_temp_path     $home/temp-fastcgi;
    uwsgi_temp_path       $home/temp-uwsgi;
    scgi_temp_path        $home/temp-scgi;

    platen_store $home/store;
    platen_data  $home/data;
    platen_queue ipc://$home/hints;

    client_body_buffer_size 256k;

    server {
        listen 127.0.0.1:$port;

        location / {
            platen_api;
            platen_api_keys  $home/keys;
            platen_max_queue 100000;

            # Each conversion is to be one.
            platen_result_cache off;
        }

        # A request that stays open, by nginx's own means.
        location = /held {
            limit_rate 1;
            return 200 "@{[ 'held' x 900 ]}";
        }
    }
}
END
}

sub platend_cfg {
    my (%set) = @_;

    return <<"END";
workers = $set{workers}
store
    path = "$home/store"
data
    path = "$home/data"
queue
    endpoint = "ipc://$home/hints"
limits
    wall_clock = $set{limit}
engines
    libexec = "$set{build}"
END
}

sub started {
    my ($what, $pid, $log, $check) = @_;

    for (1 .. 3000) {
        sleep 0.01;
        die "$what ended at its start:\n", slurp($log) if ended($pid);
        return $pid if $check->();
    }
    die "$what is not ready:\n", slurp($log);
}

# The programs in `build`, with that `nginx` and so many `workers`; a document may
# take `limit` seconds.  Returns when LibreOffice is warm; with `cold`, as soon as nginx answers.
sub start_platen {
    my (%set) = @_;

    $home = "$dir/platen-" . ++$number;
    undef $connection;
    $port = free_port();
    mkdir $home;
    mkdir "$home/$_" or die "$home/$_: $!\n" for qw(data store body);
    spew("$home/keys", "bench:", sha256_hex($key), "\n");
    spew("$home/nginx.conf", nginx_conf(%set));
    spew("$home/platend.cfg", platend_cfg(%set));

    $platend = start("$home/platend.log", "$set{build}/platend", '-c', "$home/platend.cfg");
    started('platend', $platend, "$home/platend.log",
            sub { slurp("$home/platend.log") =~ /"LibreOffice is warm"/ }) unless $set{cold};

    $master = start("$home/nginx.out", $set{nginx}, '-p', $home, '-c', "$home/nginx.conf");
    started('nginx', $master, "$home/nginx.out",
            sub { (request(GET => $set{cold} ? '/health' : '/health/ready'))[0] == 200 });
    return $now = { home => $home, platend => $platend, master => $master, port => $port };
}

sub use_platen {
    my ($platen) = @_;

    return if $now && $now == $platen;
    undef $connection;
    ($home, $platend, $master, $port) = @{ $now = $platen }{qw(home platend master port)};
}

sub stop_platen {
    my ($platen) = @_;

    use_platen($platen);
    undef $connection;
    stop($master, $platend);
}

sub platend_log { "$home/platend.log" }

sub platend_pid { $platend }
sub web_pids { ($master, children_of($master)) }

# All that works on a job, but for the children of platen-lok.
sub platen_pids { ($master, children_of($master), $platend, zygote()) }

sub zygote {
    my ($pid) = grep { slurp("/proc/$_/comm") =~ /^platen-lok/ } children_of($platend);

    return $pid // die "no platen-lok:\n", slurp("$home/platend.log");
}

sub web_port { $port }
sub web_key { $key }

# The one worker of nginx, once an older one is gone.
sub web_worker {
    for (1 .. 600) {
        my @workers = children_of($master);
        return $workers[0] if @workers == 1;
        sleep 0.05;
    }
    die "nginx has more than one worker\n";
}

# Another worker in place of this one, with no memory of what was before.
sub renew_web {
    my $old = web_worker();

    undef $connection;
    kill HUP => $master;
    for (1 .. 600) {
        return if web_worker() != $old;
        sleep 0.05;
    }
    die "nginx keeps its worker\n";
}

# One request on the connection that is kept; (status, body, head).  Each is written
# at once: a head and a body apart would wait for the head's acknowledgement.
sub request {
    my ($method, $path, $content) = @_;
    my ($head, $body) = ('', '');

    $connection //= IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or return 0;
    setsockopt($connection, IPPROTO_TCP, TCP_NODELAY, 1);
    my $sent = "$method $path HTTP/1.1\r\nHost: bench\r\nX-API-Key: $key\r\n"
        . (defined $content ? 'Content-Length: ' . length($content) . "\r\n"
                              . "Content-Type: application/octet-stream\r\n" : '')
        . "\r\n" . ($content // '');
    while (length $sent) {
        my $n = syswrite $connection, $sent or die "$method $path: $!\n";
        substr $sent, 0, $n, '';
    }

    until ($head =~ /\r\n\r\n/) {
        sysread $connection, $head, 65536, length $head or die "$method $path: closed\n";
    }
    ($head, $body) = split /\r\n\r\n/, $head, 2;
    my ($length) = $head =~ m{^HTTP/1.1 204 } ? 0 : $head =~ /^Content-Length: (\d+)/mi
        or die "$method $path: $head\n";
    while (length $body < $length) {
        sysread $connection, $body, 65536, length $body or die "$method $path: closed\n";
    }
    undef $connection if $head =~ /^Connection: close/mi;
    return ((split ' ', $head)[1], $body, $head);
}

# Hands a document in; the job, or what stands for one that was refused.
sub submit {
    my ($file) = @_;
    my $name = basename($file) =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger;
    my ($status, $body) = request(POST => "/jobs?to=pdf&filename=$name", slurp($file));
    my $said = eval { Cpanel::JSON::XS::decode_json($body) } // {};

    return $said if $status == 202;
    die "POST /jobs: $status $body\n" if $status >= 500 || !$said->{code};
    return { status => 'REFUSED', error_code => $said->{code} };
}

sub is_final { $_[0]{status} !~ /^(?:PENDING|PROCESSING)$/ }

sub job {
    my ($id) = @_;
    my ($status, $body) = request(GET => "/jobs/$id");

    die "GET /jobs/$id: $status $body\n" if $status != 200;
    return Cpanel::JSON::XS::decode_json($body);
}

# Waits for all of these jobs and returns them as they have become.
sub wait_jobs {
    my ($pause, @jobs) = @_;

    for (@jobs) {
        # Asked first and then slept: those behind a slow one are long done.
        until (is_final($_)) {
            $_ = job($_->{job_id});
            last if is_final($_);
            die "platend has ended:\n", slurp("$home/platend.log") if ended($platend);
            sleep $pause;
        }
    }
    return @jobs;
}

# An RFC 3339 time in microseconds.
sub microseconds {
    my ($y, $mon, $d, $h, $min, $s, $us) =
        $_[0] =~ /^(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z$/ or die "no time: $_[0]\n";

    return 1e6 * timegm($s, $min, $h, $d, $mon - 1, $y) + $us;
}

sub job_us {
    my ($job) = @_;

    die "not converted: ", Cpanel::JSON::XS::encode_json($job), "\n" if $job->{status} ne 'SUCCESS';
    die "not converted again: the result was cached\n" if $job->{cached};
    return microseconds($job->{completed_at}) - microseconds($job->{created_at});
}

1;
