# HTTP/3, where nginx and curl have it (Debian 13): uploads, status, events, results and refusals,
# as over HTTP/1.1.

use lib 't/lib';

# Before Test::Nginx plans anything.
BEGIN {
    require Test::More;
    my $nginx = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';
    Test::More::plan(skip_all => 'this nginx has no HTTP/3') if qx($nginx -V 2>&1) !~ /--with-http_v3_module/;
    Test::More::plan(skip_all => 'this curl has no HTTP/3') if qx(curl -V) !~ /\bHTTP3\b/;
}

use TestPlace;
use TestPlaten;

our $Port = TestPlace::port();
our $Url = "https://localhost:$Port";
system("openssl req -x509 -newkey rsa:2048 -nodes -keyout $Var/tls.key -out $Var/tls.crt -days 2 -subj /CN=localhost 2>/dev/null") == 0
    or die 'openssl';
our $Http3 = "$HttpConfig ssl_certificate $Var/tls.crt; ssl_certificate_key $Var/tls.key;\n"
    . "server { listen 127.0.0.1:$Port quic reuseport; keepalive_timeout 10s;\n"
    . "location / { platen_api; platen_api_keys $Var/keys; }\n"
    . "location /small/ { platen_api; platen_api_keys $Var/keys; platen_max_file_size 30k; } }\n";

sub decoded { Cpanel::JSON::XS->new->utf8->decode($_[0]) }
sub input_of { my ($id) = @_; return "$Var/data/input/" . substr($id, 0, 7) . "/$id" }
sub worker_lives { is((http3("$Url/health"))[1], 200, 'the worker answers'); unlike error_log_text(), qr/\[alert\]/, 'and has raised no alert' }

# Body, status and version of an answer.
sub http3 {
    my ($arguments, $key) = (@_, $Key{alice});
    my $said = qx(curl -sk --http3-only --resolve localhost:$Port:127.0.0.1 --max-time 120 -H 'X-API-Key: $key' -w '\n%{http_code} %{http_version}' $arguments);
    return $said =~ /\A(.*)\n(\S+) (\S+)\z/s;
}

run_tests();

__DATA__

=== TEST 1: 10 MB in a form and as a body: status, events and result of each
--- http_config eval: $::Http3
--- flow
my $text = join '', map "line $_ of a text of ten megabytes\n", 1 .. 280_000;
cmp_ok length $text, '>', 10_000_000, 'its size';
spew("$::Var/large.txt", $text);
my @script = only_script('copies', qq{exec /bin/cp $::Var/result.pdf "\$2"}, "$::Var/result.pdf");
spew("$::Var/result.pdf", slurp("$::Var/tiny.pdf") . ("%\n" x 2_000_000));
platend_start(@script);
for ("-F file=\@$::Var/large.txt -F to=pdf $::Url/jobs", "-T $::Var/large.txt -X POST '$::Url/jobs?to=pdf&filename=l.txt'") {
    my ($body, $status, $version) = main::http3($_);
    is "$status $version", '202 3', 'taken';
    my $id = main::decoded($body)->{job_id};
    is sha256_hex(slurp(main::input_of($id))), sha256_hex($text), 'stored as it was sent';

    ($body, $status, $version) = main::http3("-N $::Url/jobs/$id/events");
    is "$status $version", '200 3', 'its events';
    is(($body =~ /^data: .*"status":"(\w+)"/mg)[-1], 'SUCCESS', 'to the last of them');
    ($body, $status) = main::http3("'$::Url/jobs/$id?wait=60'");
    is main::decoded($body)->{status}, 'SUCCESS', 'converted';

    ($body, $status, $version) = main::http3("-o $::Var/got.pdf $::Url/jobs/$id/download");
    is "$status $version", '200 3', 'its result';
    is sha256_hex(slurp("$::Var/got.pdf")), sha256_hex(slurp("$::Var/result.pdf")), 'byte for byte';
    ($body, $status) = main::http3("-r 100000-100099 $::Url/jobs/$id/download");
    is $status, 206, 'a part of it';
    ok $body eq substr(slurp("$::Var/result.pdf"), 100_000, 100), 'from where it was asked for';
    ($body, $status) = main::http3("-X DELETE $::Url/jobs/$id");
    is $status, 204, 'DELETE';
}
main::worker_lives();



=== TEST 2: a resumable upload in two parts
--- http_config eval: $::Http3
--- flow
my $text = join '', map "line $_\n", 1 .. 1000;
spew("$::Var/1", substr $text, 0, 1000);
spew("$::Var/2", substr $text, 1000);
my $tus = "-H 'Tus-Resumable: 1.0.0'";
my (undef, $status) = main::http3("-X POST $tus -H 'Upload-Length: " . length($text)
    . "' -H 'Upload-Metadata: filename YS50eHQ=,target_format cGRm' -D $::Var/head $::Url/uploads");
is $status, 201, 'begun';
my ($path) = slurp("$::Var/head") =~ /^location: (?:https:\/\/[^\/]*)?(\S+)/mi;
my ($body, $offset) = ('', 0);
for (1, 2) {
    ($body, $status) = main::http3("-X PATCH $tus -H 'Upload-Offset: $offset' -H 'Content-Type: application/offset+octet-stream' --data-binary \@$::Var/$_ $::Url$path");
    is $status, 204, "part $_" or diag $body;
    $offset = -s "$::Var/1";
}
($body) = main::http3("$::Url/jobs");
my ($job) = @{main::decoded($body)->{jobs}};
is sha256_hex(slurp(main::input_of($job->{job_id}))), sha256_hex($text), 'stored as it was sent';



=== TEST 3: what is refused, and what breaks off
--- http_config eval: $::Http3
--- flow
my ($body, $status) = main::http3("$::Url/jobs/01890a5d-ac96-774b-bcce-b302099a8057");
is "$status " . main::decoded($body)->{code}, '404 job_not_found', 'no job';
($body, $status) = main::http3("$::Url/jobs", 'wrong');
is $status, 401, 'no client';
spew("$::Var/large.bin", 'x' x 5_000_000);
# nginx answers and stops reading.  curl gives up at times when it is stopped as it sends, and
# drops the answer that it has (RFC 9114, 4.1.1, asks clients not to): then once more.
ok eventually(60, sub {
    ($body, $status) = main::http3("-T $::Var/large.bin -X POST '$::Url/small/jobs?to=pdf&filename=a.txt'");
    $status ne '000';
}), 'an answer while the body is sent';
is "$status " . main::decoded($body)->{code}, '413 file_too_large', 'over the limit';

# Slow, and gone in its midst without a word: the connection ends by its keepalive_timeout.
my $pid = fork // die;
if (!$pid) {
    exec "exec curl -sk --http3-only --resolve localhost:$::Port:127.0.0.1 --limit-rate 500k -H 'X-API-Key: $Key{alice}' -o /dev/null "
        . "-T $::Var/large.bin -X POST '$::Url/jobs?to=pdf&filename=a.txt'";
}
ok eventually(20, sub { scalar files_below("$::Var/data/tmp") }), 'an upload is under way';
kill TERM => $pid;
waitpid $pid, 0;
ok eventually(90, sub { !files_below("$::Var/data/tmp") }), 'nothing of it is left';
main::worker_lives();
