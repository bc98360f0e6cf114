# Realms: one name of two sites is two clients.

use lib 't/lib';
use TestPlaten;

spew("$Var/keys-b", 'alice:' . sha256_hex('key-of-the-other-alice') . "\n");
$Key{other} = 'key-of-the-other-alice';

our $Config = "
    client_body_buffer_size 64k;
    platen_signing_key $Var/signing-now;
    location / { platen_api; platen_api_keys $Var/keys; }
    location /b/ { platen_api; platen_api_keys $Var/keys-b; platen_realm site-b; }
    location /b2/ { platen_api; platen_api_keys $Var/keys-b; platen_realm site-b; }
    location /same/ { platen_api; platen_api_keys $Var/keys-b; }
    location /open/ { platen_api; platen_api_keys off; platen_realm one; }
    location /open2/ { platen_api; platen_api_keys off; platen_realm two; }
    location /var/ { platen_api; platen_api_keys off; platen_client \$http_x_user; platen_realm one; }
    location /var2/ { platen_api; platen_api_keys off; platen_client \$http_x_user; platen_realm two; }
    location /var0/ { platen_api; platen_api_keys off; platen_client \$http_x_user; }
    location /cookie/ { platen_api; platen_api_keys off; platen_client cookie; platen_realm one; }";

sub put { my ($prefix, %of) = @_; return json_of(http(POST => "$prefix/jobs?to=pdf&filename=a.txt", content => 'text', %of))->{job_id} }
sub sees { my ($prefix, $id, %of) = @_; return get("$prefix/jobs/$id", %of)->code }

platend_start(only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var));
run_tests();

__DATA__

=== TEST 1: who sees what
--- config eval: $::Config
--- flow
my $a = main::put('', key => 'alice');
my $b = main::put('/b', key => 'other');
is main::sees('', $a, key => 'alice'), 200, 'its own';
is main::sees('/b', $b, key => 'other'), 200, 'and the other its own';
is main::sees('/b', $a, key => 'other'), 404, 'of the same name, and not the same client';
is main::sees('', $b, key => 'alice'), 404, 'nor the other way round';
is main::sees('/b2', $b, key => 'other'), 200, 'one realm in two places is one';
is main::sees('/same', $a, key => 'other'), 200, 'without realms the name decides';
is json_of(get('/b/jobs', key => 'other'))->{total}, 1, 'in lists, too';
is json_of(get('/b/usage', key => 'other'))->{jobs}, 1, 'and in what is counted';
is http(DELETE => "/b/jobs/$a", key => 'other')->code, 404, 'and what is deleted';
my $open = main::put('/open', key => undef);
is main::sees('/open', $open, key => undef), 200, 'everyone of one';
is main::sees('/open2', $open, key => undef), 404, 'and of another';
for my $user ('carol', 'x' x 60, 'a:b', 'one/carol') {
    my @as = (key => undef, 'X-User' => $user);
    my $var = main::put('/var', @as);
    is main::sees('/var', $var, @as), 200, 'by a variable: ' . substr $user, 0, 10;
    is main::sees('/var2', $var, @as), 404, 'of another realm';
    is main::sees('/var0', $var, @as), 404, 'or of none';
}
my $path = "/b/jobs/$b/download";
eventually(60, sub { json_of(get("/b/jobs/$b", key => 'other'))->{status} eq 'SUCCESS' });
is get("$path?" . signed(GET => $path), key => undef)->code, 200, 'a signed URL names its resource';
like error_log_text(), qr/"alice" is in "\Q$::Var\E\/keys" and in "\Q$::Var\E\/keys-b", and one client to both/,
    'where that may not be meant it is told';
is scalar(() = error_log_text() =~ /and one client to both/g), 1, 'once';



=== TEST 2: what a realm may be
--- flow
for (['platen_realm site-b;', undef], ['platen_realm off;', undef], ['platen_realm a/b;', qr/takes off, or 1 to 16 letters/],
     ['platen_realm "";', qr/takes off, or 1 to 16/], ['platen_realm ' . 'x' x 17 . ';', qr/takes off, or 1 to 16/],
     ['platen_realm a; platen_realm b;', qr/is duplicate/]) {
    my ($line, $says) = @$_;
    spew("$::Var/realm.conf", "load_module $TestPlaten::Build/ngx_http_platen_module.so;\npid $::Var/r.pid;\nevents {}\nhttp {\n"
        . "access_log off; platen_store $::Var/r-store; platen_data $::Var/r-data; platen_queue off;\n"
        . "server { listen 127.0.0.1:1; location / { platen_api; platen_api_keys $::Var/keys; $line } }\n}\n");
    my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $out = `$nginx -t -e stderr -p $::Var -c $::Var/realm.conf 2>&1`;
    $says ? like($out, $says, $line) : is($? >> 8, 0, $line) || diag $out;
}



=== TEST 3: a key that two clients have is told of: the last one is who comes with it
--- flow
my @one = map { "$_:" . sha256_hex('key-of-two') . "\n" } qw(bob carol);
spew("$::Var/keys-two", join '', $one[0], 'dora:' . sha256_hex('key-of-dora') . "\n", $one[0], $one[1]);
spew("$::Var/realm.conf", "load_module $TestPlaten::Build/ngx_http_platen_module.so;\npid $::Var/r.pid;\nevents {}\nhttp {\n"
    . "access_log off; platen_store $::Var/r-store; platen_data $::Var/r-data; platen_queue off;\n"
    . "server { listen 127.0.0.1:1; location / { platen_api; platen_api_keys $::Var/keys-two; } }\n}\n");
my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
my @warned = grep /one key/, split /\n/, `$nginx -t -e stderr -p $::Var -c $::Var/realm.conf 2>&1`;
is $?, 0, 'it is taken';
is @warned, 1, 'once, and not for a line that is there twice' or diag @warned;
like $warned[0], qr/\[warn\].*"bob" and "carol" have one key in "\Q$::Var\E\/keys-two": who comes with it is "carol"/, 'and says who';
