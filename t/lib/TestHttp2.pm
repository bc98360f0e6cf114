package TestHttp2;

# The API a second time, over HTTP/2 only ($Http2 is an http_config); curl; and a
# client by hand (RFC 9113) for what curl does not do.  After TestPlaten.

use strict;
use warnings;

use Exporter 'import';

use TestPlaten;

our @EXPORT = qw($Port $Url $Http2 curl decoded input_of left nothing_new worker_lives frame headers
                 post_headers get_headers reset_stream connection read_until);

our $Port = Test::Nginx::Util::server_port() + 1;
our $Curl = "curl -s --max-time 50 --http2-prior-knowledge -H 'X-API-Key: $Key{alice}'";
our $Url = "http://127.0.0.1:$Port";

# The same API a second time, with HTTP/2 only.
our $Http2 = "$HttpConfig
    server {
        listen 127.0.0.1:$Port http2;
        client_body_buffer_size 64k;
        location / { platen_api; platen_api_keys $Var/keys; platen_max_file_size 30m; platen_max_queue 100000; }
        location /small/ { platen_api; platen_api_keys $Var/keys; platen_max_file_size 30000; }
    }";

# Runs curl; returns the body, the status, and the HTTP version.
sub curl {
    my ($arguments) = @_;
    my $out = `$Curl -w '\\n%{http_code} %{http_version}' $arguments 2>&1`;
    return $out =~ /\A(.*)\n(\d+) (\S+)\z/s ? ($1, $2, $3) : die "curl: $out";
}

sub decoded { Cpanel::JSON::XS->new->utf8->decode($_[0]) }
sub input_of { my ($id) = @_; return "$Var/data/input/" . substr($id, 0, 7) . "/$id" }

sub left { files_below("$Var/data/tmp") }

# No file in tmp, and no input and no job more than that, once all is settled.
sub nothing_new {
    my ($inputs, $what) = @_;
    ok eventually(10, sub { !left() && files_below("$Var/data/input") == $inputs }), "nothing is left: $what"
        or diag join "\n", left();
    is json_of(get('/jobs?limit=1'))->{total}, $inputs, 'and no job';
}

sub worker_lives {
    is((curl("$Url/health"))[1], 200, 'the worker answers');
    unlike error_log_text(), qr/\[alert\]/, 'and has raised no alert';
}

# --- a client by hand (RFC 9113), for what curl does not do ------------------

sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}

# HEADERS with every field as a literal without indexing (RFC 7541, section 6.2.2).
sub headers {
    my ($stream, $end, @field) = @_;
    my $block = '';
    while (my ($name, $value) = splice @field, 0, 2) {
        $block .= "\0" . join '', map { chr(length) . $_ } $name, $value;
    }
    return frame(1, 4 | ($end ? 1 : 0), $stream, $block);
}

sub post_headers {
    my ($stream, $length, $path, @more) = @_;
    return headers($stream, 0, ':method' => 'POST', ':scheme' => 'http', ':authority' => 'x',
        ':path' => $path // '/jobs?to=pdf&filename=a.txt', 'x-api-key' => $Key{alice},
        defined $length ? ('content-length' => $length) : (), @more);
}

sub get_headers {
    my ($stream) = @_;
    return headers($stream, 1, ':method' => 'GET', ':scheme' => 'http', ':authority' => 'x', ':path' => '/health');
}

sub reset_stream { frame(3, 0, $_[0], pack 'N', 8) }

sub connection {
    my $socket = raw_open($Port);
    syswrite $socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '');
    return $socket;
}

# Reads frames until one of a type (and stream) comes; undef if the connection ends.
sub read_until {
    my ($socket, $type, $stream) = @_;
    local $SIG{ALRM} = sub { die 'no such frame' };
    alarm TestPlace::patience(10);
    while (1) {
        my $head = '';
        while (length $head < 9) { sysread $socket, $head, 9 - length $head, length $head or last }
        last if length $head < 9;
        my ($high, $low, $got, undef, $on) = unpack 'CnCCN', $head;
        my ($length, $payload) = ($high << 16 | $low, '');
        while (length $payload < $length) {
            sysread $socket, $payload, $length - length $payload, length $payload or last;
        }
        if ($got == $type && (!defined $stream || $on == $stream)) { alarm 0; return $payload }
    }
    alarm 0;
    return undef;
}

1;
