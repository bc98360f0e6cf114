# What other origins, proxies and filters on the way are told, so that they neither refuse nor hold back what is theirs.

use lib 't/lib';
use TestPlaten;
use EventStream;
use WebSocket;
use Compress::Raw::Zlib ();
use IO::Select;

our $Config = "
    client_body_buffer_size 64k;
    platen_signing_key $Var/signing-now;
    location / { platen_api; platen_api_keys $Var/keys; platen_cors *; gzip on; gzip_types *; gzip_min_length 0; }
    location /cookie/ { platen_api; platen_api_keys off; platen_client cookie; platen_cors *; }
    location /user/ { platen_api; platen_api_keys $Var/keys; platen_client \$http_x_user; platen_cors *; }
    location /none/ { platen_api; platen_api_keys $Var/keys; }";

our @Engines = (only_script(texts => 'exec /bin/cp "$1" "$2"', $Var), 'engine/texts/from' => 'md txt csv html xlsx',
    'engine/texts/to' => 'txt csv html md');
platend_start(@Engines);
run_tests();

__DATA__

=== TEST 1: headers that a page may send
--- config eval: $::Config
--- flow
my $response = http(OPTIONS => '/convert', key => undef, Origin => 'https://elsewhere.example',
    'Access-Control-Request-Method' => 'POST', 'Access-Control-Request-Headers' => 'prefer,cache-control');
is $response->code, 204, 'may it';
like $response->header('Access-Control-Allow-Headers'), qr/(?:^|, )$_(?:,|$)/, "it may send $_" for qw(Prefer Cache-Control X-API-Key);



=== TEST 2: a signed WebSocket from a page of any origin
--- config eval: $::Config
--- flow
my $id = submit(content => "text\n", name => 'a.md', to => 'txt')->{job_id};
for my $prefix ('', '/cookie', '/user') {
    my $path = "$prefix/jobs/$id/ws";
    my %page = (key => undef, Origin => 'https://elsewhere.example');
    is(WebSocket->new("$path?" . signed(GET => $path), %page)->{code}, 101, "$prefix: with a signature");
    is(WebSocket->new("$path?" . signed(GET => "$path/x"), %page)->{code}, 403, 'that is good');
}
my $path = "/none/jobs/$id/ws";
problem_is(WebSocket->new("$path?" . signed(GET => $path), key => undef, Origin => 'https://elsewhere.example')->response,
    403, 'origin_refused', 'where no other origin is let in: none');
problem_is(WebSocket->new('/user/ws', key => undef, 'X-User' => 'alice', Origin => 'https://elsewhere.example')->response,
    403, 'origin_refused', 'and by what the browser sends along: none');



=== TEST 3: the charset of a text
--- config eval: $::Config
--- flow
for (['txt', "text/plain"], ['csv', 'text/csv'], ['html', 'text/html']) {
    my ($to, $type) = @$_;
    my $id = wait_job(submit(content => "# W\x{c3}\x{a4}rme\n\ntext\n", name => "a.md", to => $to)->{job_id})->{job_id};
    is get("/jobs/$id/download")->header('Content-Type'), "$type; charset=utf-8", $to;
}
is http(POST => '/convert?to=txt&filename=a.md', content => "# text\n\nmore\n")->header('Content-Type'),
    'text/plain; charset=utf-8', 'and while it is waited for';



=== TEST 4: events are not held back, and nothing on the way is to hold them
--- config eval: $::Config
--- flow
my $id = submit(content => "text\n", name => 'a.md', to => 'txt')->{job_id};
wait_job($id);
for my $path ('/events', "/jobs/$id/events") {
    my $socket = raw_open();
    $socket->print("GET $path HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\nAccept-Encoding: gzip\r\n\r\n");
    $socket->flush;
    my ($text, $came, $end) = ('', '', time + 30);
    # inflated as it comes: a stream that is open has no end
    while (time < $end && $text !~ /\n\n/) {
        IO::Select->new($socket)->can_read(5) && sysread $socket, $came, 65536, length $came or last;
        my ($head, $rest) = $came =~ /\A(.*?\r\n\r\n)(.*)\z/s or next;
        my $bytes = '';
        while ($rest =~ s/\A([0-9a-f]+)\r\n//i && length $rest >= hex $1) {
            $bytes .= substr $rest, 0, hex $1, '';
            $rest =~ s/\A\r\n//;
        }
        my $inflate = Compress::Raw::Zlib::Inflate->new(-WindowBits => Compress::Raw::Zlib::WANT_GZIP());
        $text = '';
        $inflate->inflate($bytes, $text);
    }
    like $came, qr/^Content-Encoding: gzip\r$/m, "$path: it is compressed";
    like $came, qr/^X-Accel-Buffering: no\r$/m, 'and proxies are told';
    like $text, qr/^event: |^data: /m, 'and its first event is there while it is open';
}



=== TEST 5: a key that signs is nobody else's
--- config eval: $::Config
--- flow
for ([0600, 0], [0640, 0], [0644, 1], [0602, 1]) {
    my ($mode, $warned) = @$_;
    chmod $mode, "$::Var/signing-old";
    spew("$::Var/sign.conf", "load_module $TestPlaten::Build/ngx_http_platen_module.so;\npid $::Var/r.pid;\nevents {}\nhttp {\n"
        . "access_log off; platen_store $::Var/r-store; platen_data $::Var/r-data; platen_queue off;\nserver { listen 127.0.0.1:1;\n"
        . "platen_signing_key $::Var/signing-old;\nlocation / { platen_api; platen_api_keys off; } }\n}\n");
    my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $out = `$nginx -t -e stderr -p $::Var -c $::Var/sign.conf 2>&1`;
    is $? >> 8, 0, sprintf('of mode %04o', $mode) or diag $out;
    is !!($out =~ /\[warn\].*signing-old", a key that signs URLs, is open to every user of this machine: chmod o= it in \S+:7$/m), !!$warned,
        $warned ? 'is warned of' : 'is not warned of' or diag $out;
}
