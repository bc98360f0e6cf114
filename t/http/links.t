# URLs that go elsewhere: whole ones, of what the operator names, and else of no host that a client could make up for others.

use lib 't/lib';
use TestPlaten;
use HookReceiver;
use MIME::Base64 qw(encode_base64);
use WebSocket;

spew("$Var/hook", "a-secret-of-webhooks-in-these-tests\n");
chmod 0640, "$Var/hook";
our $Hooks = HookReceiver->new(dir => $Var);
our $Config = "
    platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; platen_webhooks on;
    location / { platen_api; }
    location /below/ { platen_api; }
    location /tls/ { platen_api; platen_scheme https; }
    location /named/ { platen_api; platen_public_url https://convert.example.com:8443/v1/; platen_scheme http; }
    location /plain/ { platen_api; platen_public_url http://convert.example.com; platen_scheme https; }";
platend_start(only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var), 'webhook/secret' => "$Var/hook", 'webhook/allow' => '127.0.0.0/8');

our $Id;
sub links { my ($prefix, %header) = @_; return json_of(http(POST => "$prefix/jobs/$Id/links", content => '', %header)) }
sub bases { my ($links, $prefix) = @_; return [ map { $_ && s{/jobs/.*}{}r } @{ $links->{absolute} }{qw(download_url events_url ws_url)} ] }

run_tests();

__DATA__

=== TEST 1: links: as before, and whole
--- config eval: $::Config
--- flow
$::Id = wait_job(submit(content => "text\n", name => 'a.txt', to => 'pdf')->{job_id})->{job_id};
my ($host) = base_url() =~ m{//(.*)};
my $links = main::links('/below');
like $links->{ws_url}, qr{^/below/jobs/$::Id/ws\?expires=}, 'a path';
is_deeply main::bases($links), ["http://$host/below", "http://$host/below", "ws://$host/below"], 'and whole, of the host that the request named';
is $links->{absolute}{$_} =~ s{^\w+://[^/]+}{}r, $links->{$_}, "$_ is the same" for qw(download_url events_url ws_url);
is get($links->{absolute}{download_url} =~ s{^http://\Q$host\E}{}r, key => undef)->code, 200, 'it is good';
is(WebSocket->new($links->{absolute}{ws_url} =~ s{^ws://\Q$host\E}{}r, key => undef)->{code}, 101, 'as is that of the WebSocket');
SKIP: {
    skip 'Node is not there', 1 unless `node --version 2>/dev/null`;
    is `node -e 'const u = new URL(process.argv[1]); console.log(u.protocol + u.host)' '$links->{absolute}{ws_url}'`, "ws:$host\n", 'Node takes it as it is';
}
is_deeply main::bases(main::links('/tls')), [("https://$host/tls") x 2, "wss://$host/tls"], 'the scheme that clients use';
is_deeply main::bases(main::links('/tls', Host => '[::1]:81')), [('https://[::1]:81/tls') x 2, 'wss://[::1]:81/tls'], 'an address';



=== TEST 2: platen_public_url wins
--- config eval: $::Config
--- flow
my $links = main::links('/named', Host => 'evil.example');
is_deeply main::bases($links), [('https://convert.example.com:8443/v1') x 2, 'wss://convert.example.com:8443/v1'], 'over Host, scheme and prefix';
like $links->{download_url}, qr{^/named/jobs/}, 'the path is as it was';
is $links->{absolute}{download_url} =~ s{.*/v1}{/named}r, $links->{download_url}, 'and so is what is signed';
is_deeply main::bases(main::links('/plain')), [('http://convert.example.com') x 2, 'ws://convert.example.com'], 'without TLS';
my $announced = json_of(http(POST => '/named/documents/initiate-upload', 'Content-Type' => 'application/json',
    content => '{"filename":"a.txt","content_type":"text/plain"}'));
like $announced->{upload_url}, qr{^https://convert\.example\.com:8443/v1/documents/[^/]+/content\?}, 'upload_url, too';
is http(PUT => $announced->{upload_url} =~ s{.*/v1}{/named}r, key => undef, 'Content-Type' => 'text/plain', content => "text\n")->code, 204, 'which is good';



=== TEST 3: a Host that can be none
--- config eval: $::Config
--- flow
my $ask = sub {
    my ($version, @more) = @_;
    my $response = raw(join "\r\n", "POST /jobs/$::Id/links HTTP/$version", "X-API-Key: $Key{alice}", 'Content-Length: 0', 'Connection: close', @more, '', '');
    return $response->code == 200 ? json_of($response)->{absolute}{ws_url} : $response->code;
};
like $ask->('1.1', 'Host: fine-host.example:1'), qr{^ws://fine-host\.example:1/jobs/}, 'one that can';
for my $host ('a"><script>', 'u@evil.example', 'a?b', 'a#b', 'a:b', 'a:123456', "a'b", 'a%2fb', '[evil]', 'a\\b', 'x' x 300) {
    my $said = $ask->('1.1', "Host: $host");
    ok !defined $said || $said eq '400', "$host: none" or diag $said;
}
is $ask->('1.0'), undef, 'none at all';



=== TEST 4: webhooks: what is trusted of how the job came is kept with it
--- config eval: $::Config
--- flow
my ($port) = base_url() =~ /:(\d+)/;
my $meta = sub { join ',', map { $_->[0] . ' ' . encode_base64($_->[1], '') } [ filename => 'a.txt' ], [ target_format => 'pdf' ], [ webhook_url => $_[0] ] };
my %ways = (
    raw => sub { my ($prefix, $url, @more) = @_; json_of(http(POST => "$prefix/jobs?to=pdf&filename=a.txt&webhook_url=$url", content => 'text', @more))->{job_id} },
    tus => sub { my ($prefix, $url, @more) = @_; http(POST => "$prefix/uploads/", 'Tus-Resumable' => '1.0.0', 'Upload-Length' => 4, 'Upload-Metadata' => $meta->($url),
        'Content-Type' => 'application/offset+octet-stream', content => 'text', @more)->header('Platen-Job') },
    document => sub { my ($prefix, $url, @more) = @_;
        my $id = json_of(http(POST => "$prefix/documents/initiate-upload", 'Content-Type' => 'application/json', @more,
            content => qq({"filename":"a.txt","content_type":"text/plain","webhook_url":"$url"})))->{document_id};
        http(PUT => "$prefix/documents/$id/content", 'Content-Type' => 'text/plain', content => 'text');
        http(POST => "$prefix/documents/$id/enqueue", Host => 'late.example');
        return $id },
);
my $n = 0;
for (['/below', 'evil.example', '/below', sort keys %ways], ['/below', "localhost:$port", "http://localhost:$port/below", sort keys %ways], ['', 'localhost', 'http://localhost', 'raw'],
    ['/tls', 'LOCALHOST', 'https://LOCALHOST/tls', 'raw'], ['', 'evil.example', '', 'raw'], ['/named', 'evil.example', 'https://convert.example.com:8443/v1', sort keys %ways]) {
    my ($prefix, $host, $base, @ways) = @$_;
    for my $way (@ways) {
        my $path = '/' . ++$n;
        my $id = $ways{$way}->($prefix, $::Hooks->url($path), Host => $host);
        eventually(15, sub { grep { $_ eq 'job_done' } $::Hooks->events($path) }) or fail "$path is told" or diag platend_log();
        my ($told) = map { Cpanel::JSON::XS->new->utf8->decode($_->{body}) } ($::Hooks->told($path))[-1];
        is_deeply [ $told->{download_url}, $told->{job}{download_url} ], [ ("$base/jobs/$id/download") x 2 ], "$way, by $prefix of $host";
    }
}
platend_stop();
