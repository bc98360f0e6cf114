package PlatenBench::Web;

# An nginx for the figures of HTTP, with the module, without a sidecar: each a server with
# a directory of its own below $dir, and wrk, which asks it.
#
#     my $web = start_web('synced', server => 'location ...');
#     my $got = wrk($web, connections => 8, seconds => 2, path => '/jobs');

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Exporter 'import';
use File::Path ();
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep);

use PlatenBench;

our @EXPORT = qw(set_web start_web stop_web web_workers workers_cpu wrk fetch make_jobs make_pdf
                 clear_uploads curl);

my $key = 'bench-key';
my $mib = 1024 * 1024;
my ($top, $build, $nginx);

# Where the module, nginx and the sources are.
sub set_web {
    my (%set) = @_;

    ($top, $build, $nginx) = @set{qw(top build nginx)};
}

# `http` and `server` are put into those blocks, `preload` into the process; `workers` (2),
# and another `build` than set_web()'s.  One name starts in the same directory again.
sub start_web {
    my ($name, %option) = @_;
    my $home = "$dir/$name";
    my ($port, $port2) = (free_port(), free_port());
    my $workers = $option{workers} // 2;
    my $user = $> == 0 ? 'user root root;' : '';
    my ($http, $server) = map { $_ // '' } @option{qw(http server)};
    my $from = $option{build} // $build;

    for ($home, map { "$home/$_" } qw(dav data store body)) {
        -d or mkdir or die "$_: $!\n";
    }
    spew("$home/keys", 'bench:', sha256_hex($key), "\n");
    spew("$home/nginx.conf", <<"END");
load_module $from/ngx_http_platen_module.so;
$user
worker_processes $workers;
daemon off;
pid $home/nginx.pid;
error_log $home/error.log error;

events {
    worker_connections 1024;
}

http {
    default_type application/octet-stream;
    access_log   off;
    sendfile     on;
    tcp_nopush   on;
    keepalive_requests 1000000000;
    request_pool_size  6k;

    client_body_temp_path $home/body;
    proxy_temp_path       $home/temp-proxy;
    fastcgi_temp_path     $home/temp-fastcgi;
    uwsgi_temp_path       $home/temp-uwsgi;
    scgi_temp_path        $home/temp-scgi;

    platen_store $home/store;
    platen_data  $home/data;
    platen_queue off;
$http

    client_body_buffer_size 256k;
    client_max_body_size    0;

    server {
        listen 127.0.0.1:$port reuseport;
        listen 127.0.0.1:$port2 http2;

        location / {
            platen_api;
            platen_api_keys      $home/keys;
            platen_max_file_size 2g;
            platen_max_queue     1000000000;
        }

        # Each request writes a file of its own, so that a client need not
        # make up names.
        location = /dav {
            dav_methods PUT;
            dav_access  user:rw group:r;
            alias       $home/dav/\$connection-\$connection_requests;
        }

        location /static/ {
            alias $home/data/output/;
        }
$server
    }
}
END
    my @env = $option{preload} ? ('/usr/bin/env', "LD_PRELOAD=$option{preload}") : ();
    my $pid = start("$home/out", @env, $nginx, '-p', $home, '-c', "$home/nginx.conf");
    my $web = { name => $name, home => $home, port => $port, port2 => $port2, pid => $pid };
    for (1 .. 3000) {
        sleep 0.02;
        last if ended($pid);
        return $web if -e "$home/store/data.mdb"    # a worker makes it
                       && web_workers($web) == $workers && IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    }
    die "nginx did not start:\n", slurp("$home/out"), slurp("$home/error.log"), "\n";
}

sub stop_web { stop(map { $_->{pid} } @_) }

sub web_workers { return children_of($_[0]{pid}) }

# Seconds of CPU that the workers have used, all their threads, kernel included.
sub workers_cpu { return cpu_of(web_workers($_[0])) }

# One run of wrk: `connections`, `seconds`, `path`, and `method`, `body` (a file) with its `type`,
# or a `script` in Lua of its own.  Returns the requests, their rate, percentiles of their
# time in milliseconds and the workers' CPU seconds for each.
sub wrk {
    my ($web, %ask) = @_;
    my $threads = $ask{connections} < 2 ? 1 : 2;
    my $script = $ask{script} // '';

    $script .= qq{wrk.method = "$ask{method}"\n} if $ask{method};
    $script .= <<"END" if $ask{body};
local file = io.open("$ask{body}", "rb")
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "$ask{type}"
END
    spew("$dir/wrk.lua", <<"END");
wrk.headers["X-API-Key"] = "$key"
$script
function done(summary, latency, requests)
    io.write(string.format("result %d %d %d %d %d\\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        summary.errors.status + summary.errors.connect + summary.errors.read
        + summary.errors.write + summary.errors.timeout))
end
END
    my $cpu = workers_cpu($web);
    my $out = capture('wrk', "-t$threads", "-c$ask{connections}", "-d$ask{seconds}s", '--timeout', '60s',
                      '-s', "$dir/wrk.lua", "http://127.0.0.1:$web->{port}$ask{path}");
    $cpu = workers_cpu($web) - $cpu;

    my ($requests, $us, $p50, $p99, $errors) = $out =~ /^result (\d+) (\d+) (\d+) (\d+) (\d+)$/m
        or die "wrk said:\n$out\n";
    die "$ask{path}: $errors errors of $requests requests\n", slurp("$web->{home}/error.log")
        if $errors || !$requests;
    return { n => $requests, rate => $requests / ($us / 1e6), p50 => $p50 / 1000, p99 => $p99 / 1000,
             cpu => $cpu / $requests };
}

# Downloads one after the other on one connection, for which wrk, taking 8 KiB
# at a time, would be slower than the server.
sub fetch {
    my ($web, $seconds, $path, $size) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$web->{port}") or die "cannot connect: $!\n";
    my ($n, $cpu, $start, $now) = (0, workers_cpu($web), Time::HiRes::time());

    do {
        print $socket "GET $path HTTP/1.1\r\nHost: bench\r\nX-API-Key: $key\r\n\r\n";
        $socket->flush;

        my ($head, $got) = ('');
        while ($head !~ /\r\n\r\n/) {
            sysread($socket, $head, 65536, length $head) or die "$path: closed\n";
        }
        $got = length($head) - index($head, "\r\n\r\n") - 4;
        die "$path: $head\n" unless $head =~ m{^HTTP/1\.1 200 };

        while ($got < $size) {
            my $read = sysread($socket, my $bytes, $mib) or die "$path: closed\n";
            $got += $read;
        }
        $n++;
        $now = Time::HiRes::time();
    } while ($now - $start < $seconds);

    return { rate => $n / ($now - $start), cpu => (workers_cpu($web) - $cpu) / $n };
}

# Removes what a round wrote and lets the disk come to rest, so that no
# side pays for the other's write-back.
sub clear_uploads {
    my ($web) = @_;

    sleep 0.2;
    File::Path::remove_tree("$web->{home}/$_", { keep_root => 1 }) for qw(data/input data/tmp dav body);
    capture('sync', '-f', $dir);
}

# Has mkjob make jobs in the store of that name: `waiting` of them (with that document as each
# one's), then one for each size.  [id, path] of the last waiting one and of each of those.
sub make_jobs {
    my ($name, $waiting, @sizes) = @_;

    mkdir "$dir/$name";
    mkdir "$dir/$name/$_" for qw(store data);
    if (!-e "$dir/mkjob") {
        capture($ENV{CC} // 'cc', '-std=c11', '-D_GNU_SOURCE', '-O2', "-I$top/proto", '-o', "$dir/mkjob",
                "$top/bench/mkjob.c", glob("$top/proto/*/*.c"), qw(-llmdb -lmagic -lcrypto -lnettle));
    }
    return map { [split] }
        split /\n/, capture("$dir/mkjob", "$dir/$name/store", "$dir/$name/data", 'bench', $waiting, @sizes);
}

sub curl { return capture('curl', '-sS', '--fail', '-H', "X-API-Key: $key", @_) }

# A file of `size` bytes that begins as a PDF and does not compress.
sub make_pdf {
    my ($file, $size) = @_;
    my $block = '';

    srand 1;
    $block .= pack 'N', rand 4294967296 for 1 .. $mib / 4;

    open my $fh, '>:raw', $file or die "$file: $!\n";
    my $left = $size;
    while ($left > 0) {
        substr $block, 0, 20, $left == $size ? "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 o"
                                             : sprintf "%020d", $left;
        print $fh $left < $mib ? substr($block, 0, $left) : $block or die "$file: $!\n";
        $left -= $mib;
    }
    close $fh or die "$file: $!\n";
}

1;
