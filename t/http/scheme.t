# What depends on whether clients come by TLS, here or at a proxy before: cookies, origins, presigned URLs.

use lib 't/lib';
use TestPlaten;
use WebSocket;

my $port = Test::Nginx::Util::server_port() + 1;
our $Tls = "https://127.0.0.1:$port";
system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout $Var/tls.key -out $Var/tls.crt -subj /CN=localhost 2>/dev/null") == 0 or die;
our $Server = "$HttpConfig
    platen_signing_key $Var/signing-now;
    server {
        listen 127.0.0.1:$port ssl; ssl_certificate $Var/tls.crt; ssl_certificate_key $Var/tls.key;
        location / { platen_api; platen_api_keys $Var/keys; platen_client cookie; }
        location /below/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; }
        location /plain/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; platen_scheme http; }
    }";
our $Config = "
    location / { platen_api; platen_api_keys $Var/keys; platen_client cookie; platen_scheme \$http_x_forwarded_proto; }
    location /tls/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; platen_scheme https; }";

# Without a key; by curl, as the certificate is nobody's.
sub cookie_of {
    my ($url, @header) = @_;
    my ($set) = `curl -sk -o /dev/null -D - @{[map "-H '$_'", @header]} '$url'` =~ /^Set-Cookie: (.*?)\r?$/mi;
    return $set;
}

no_shuffle();
run_tests();

__DATA__

=== TEST 1: cookies are Secure, and of this host alone, where that can be
--- http_config eval: $::Server
--- config eval: $::Config
--- flow
my $here = main::base_url();
my $secure = qr/; HttpOnly; SameSite=Lax; Secure$/;
for ([$::Tls, '/', '__Host-'], [$::Tls, '/below/', ''], ["$here", '/tls/', ''], [$here, '/', '__Host-', 'X-Forwarded-Proto: https'],
     [$here, '/', '__Host-', 'X-Forwarded-Proto: HTTPS']) {
    my ($base, $path, $prefix, @header) = @$_;
    my $set = main::cookie_of("$base${path}jobs", @header);
    like $set, qr{^\Q${prefix}\Eclient_id=[\w.-]+; Path=\Q$path\E; Max-Age=86400$secure}, "$base$path @header";
    my ($value) = $set =~ /=([^;]+)/;
    is main::cookie_of("$base${path}jobs", @header, "Cookie: ${prefix}client_id=$value"), undef, 'it is taken';
    ok main::cookie_of("$base${path}jobs", @header, "Cookie: client_id=$value"), 'and not as one that another host could have set' if $prefix;
}
for (["$here/", ()], ["$here/", 'X-Forwarded-Proto: http'], ["$here/", 'X-Forwarded-Proto: https, http'], ["$::Tls/plain/", ()]) {
    my ($base, @header) = @$_;
    my $set = main::cookie_of("${base}jobs", @header);
    like $set, qr/^client_id=.*; SameSite=Lax$/, "$base @header: no TLS";
    ok main::cookie_of("${base}jobs", @header, "Cookie: __Host-$set"), 'and a name that is for TLS is none';
}



=== TEST 2: a page of plain HTTP is not of an origin that has TLS
--- http_config eval: $::Server
--- config eval: $::Config
--- flow
my $upgrade = sub {
    my ($path, %header) = @_;
    return WebSocket->new($path, %header)->{code};
};
is $upgrade->('/tls/ws', Origin => 'https://localhost'), 101, 'by TLS, a page that came so';
problem_is(WebSocket->new('/tls/ws', Origin => 'http://localhost')->response, 403, 'origin_refused', 'not one that came without');
is $upgrade->('/ws', Origin => 'http://localhost'), 101, 'where nobody has said that there is TLS, both';
is $upgrade->('/ws', Origin => 'https://localhost'), 101, 'are of this host';
problem_is(WebSocket->new('/ws', Origin => 'http://localhost', 'X-Forwarded-Proto' => 'https')->response, 403, 'origin_refused', 'a proxy has said so');
problem_is(WebSocket->new('/tls/ws', Origin => $_)->response, 403, 'origin_refused', "not $_") for 'https://localhost.evil', 'https:localhost', 'https://evil', 'null';



=== TEST 3: presigned URLs
--- http_config eval: $::Server
--- config eval: $::Config
--- flow
my $json = '{"content_type":"text/plain","filename":"a.txt"}';
my $url = sub { json_of(http(POST => "$_[0]/documents/initiate-upload", content => $json, type => 'application/json'))->{upload_url} };
like $url->('/tls'), qr{^https://}, 'have the scheme that clients use';
like $url->(''), qr{^http://}, 'not another one';
