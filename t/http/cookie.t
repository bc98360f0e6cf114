# Clients without a key: a browser by its cookie, a user by a variable.

use lib 't/lib';
use TestPlaten;
use HTTP::Cookies ();
use LWP::UserAgent ();
use Digest::SHA qw(hmac_sha256_base64);

our $Config = "
    client_body_buffer_size 64k;
    platen_signing_key $Var/signing-now $Var/signing-old;
    location / { platen_api; platen_api_keys $Var/keys; platen_client cookie; }
    location /open/ { platen_api; platen_api_keys off; platen_client cookie; }
    location /user/ { platen_api; platen_api_keys $Var/keys; platen_client \$http_x_user; }
    location /both/ { platen_api; platen_api_keys off; platen_client \"\$http_x_realm/\$http_x_user\"; }
    location /key/ { platen_api; platen_api_keys $Var/keys; platen_client key; }";

# A browser: a jar of its own, and no key.
sub browser {
    return LWP::UserAgent->new(timeout => 60, cookie_jar => HTTP::Cookies->new);
}

sub upload {
    my ($browser, $name) = @_;
    return $browser->post(base_url() . '/jobs', Content_Type => 'form-data', Content => [
        file => [undef, $name, Content => "this is $name"], target_format => 'pdf' ]);
}

sub jobs_of {
    my ($browser) = @_;
    return [map $_->{input_filename}, @{ json_of($browser->get(base_url() . '/jobs'))->{jobs} }];
}

# A cookie's value, by proto/base/sign.h to the letter.
sub cookie {
    my ($uuid, $until, $key) = @_;
    my $mac = hmac_sha256_base64("platen-cookie-1\n$uuid\n$until", $SigningKey{ $key // 'now' });
    return "$uuid.$until." . $mac =~ tr{+/}{-_}r;
}

# What a request with that cookie is told about itself: the new cookie, or undef.
sub given { scalar get('/jobs', key => undef, Cookie => "client_id=$_[0]")->header('Set-Cookie') }

platend_start();
run_tests();

__DATA__

=== TEST 1: two browsers do not see each other's jobs
--- config eval: $::Config
--- flow
my ($one, $two) = map browser(), 1, 2;
is $one->get(base_url() . '/jobs')->code, 200, 'a first visit';
my $first = upload($one, 'one.txt');
is $first->code, 202, 'one uploads';
my $second = upload($two, 'two.txt');
is $second->code, 202, 'two uploads on its first visit';
is_deeply jobs_of($one), ['one.txt'], 'one has its own';
is_deeply jobs_of($two), ['two.txt'], 'so has two';
is upload($one, 'three.txt')->code, 202, 'one again';
is_deeply jobs_of($one), ['three.txt', 'one.txt'], 'is the same one';

my $theirs = base_url() . '/jobs/' . json_of($second)->{job_id};
problem_is $one->get($theirs), 404, 'job_not_found', 'not for one';
problem_is $one->get("$theirs/download"), 404, 'job_not_found', 'nor its result';
problem_is $one->delete($theirs), 404, 'job_not_found', 'nor to delete';
problem_is $one->post("$theirs/links", Content => '{}'), 404, 'job_not_found', 'nor to pass on';
problem_is get('/jobs/' . json_of($second)->{job_id}), 404, 'job_not_found', 'nor for a key';
ok eventually(60, sub { json_of($two->get($theirs))->{status} eq 'SUCCESS' }), 'two gets it done';
is $two->get("$theirs/download")->code, 200, 'and downloads it';
my $link = json_of($two->post("$theirs/links", Content => '{}'))->{download_url};
is $one->get(base_url() . $link)->code, 200, 'a link opens it to one';
is_deeply jobs_of($one), ['three.txt', 'one.txt'], 'who stays who it is';
is_deeply jobs_of($two), ['two.txt'], 'as does two';
is_deeply jobs_of(browser()), [], 'a third has none';

# From its end on for as long as the cookie had when it came.
my $job = json_of($two->get($theirs));
my ($came, $ended, $goes) = map { my ($h, $m, $s) = /T(\d\d):(\d\d):([\d.]+)Z/; $h * 3600 + $m * 60 + $s } @{$job}{qw(created_at completed_at expires_at)};
my ($until) = $two->cookie_jar->as_string =~ /client_id="?[\w-]{36}\.(\d+)\./;
my $off = ($goes - $ended - $until + $came) / 86400;
cmp_ok 86400 * abs($off - sprintf '%.0f', $off), '<', 2, 'the job goes with the cookie' or diag "$job->{created_at} $job->{finished_at} $job->{expires_at} $until";



=== TEST 2: the cookie
--- config eval: $::Config
--- flow
my $response = get('/jobs', key => undef);
my $set = $response->header('Set-Cookie');
my ($uuid, $until) = $set =~ /^client_id=([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.(\d+)\.[\w-]{43};/;
ok defined $uuid, 'a UUID of version 4, signed' or diag $set;
is $set, 'client_id=' . cookie($uuid, $until) . '; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax', 'and all of it';
cmp_ok abs($until - time - 86400), '<', 30, 'for a day';
isnt get('/jobs', key => undef)->header('Set-Cookie'), $set, 'another one for another';
is given(cookie($uuid, $until)), undef, 'it is not renewed';
like get('/open/jobs', key => undef)->header('Set-Cookie'), qr{; Path=/open/; }, 'for its location';
is get($_, key => undef)->header('Set-Cookie'), undef, "not for $_" for '/health', '/formats', '/none';
is get('/jobs')->header('Set-Cookie'), undef, 'not with a key';
problem_is get('/jobs', key => 'wrong'), 401, 'unauthorized', 'a wrong key is no anonymous client';
is get('/jobs', key => 'wrong')->header('Set-Cookie'), undef, 'nor gets a cookie';



=== TEST 3: a forged cookie is a new client, never someone
--- config eval: $::Config
--- flow
my $jar = browser();
upload($jar, 'mine.txt');
my ($mine) = $jar->cookie_jar->as_string =~ /client_id="?([\w.-]+)/;
my ($uuid, $until, $signature) = split /\./, $mine;
is given($mine), undef, 'the true one';
is_deeply json_of(get('/jobs', key => undef, Cookie => "a=b; client_id=$mine; c=d"))->{total}, 1, 'among others';
my $flip = sub { my ($s, $i) = @_; substr($s, $i, 1) = substr($s, $i, 1) eq '1' ? '2' : '1'; $s };
my $other = '11111111-1111-4111-8111-111111111111';
for (['without a signature', $uuid], ['an empty one', "$uuid.$until."], ['another id', "$other.$until.$signature"],
     ['a later end', "$uuid." . ($until + 1) . ".$signature"], ['the first character', $flip->($mine, 0)],
     ['the last', $flip->($mine, -1)], ['cut', substr($mine, 0, -1)], ['more', "${mine}x"], ['empty', ''], ['dots', '.' x 80],
     ['a dot more', "$mine."], ['long', 'x' x 3000], ['expired', cookie($uuid, int(time) - 1)],
     ['no time', cookie($uuid, 'never')], ['signed as a URL', "$uuid.$until." . (signed(GET => $uuid, expires => $until) =~ /signature=(.*)/)[0]],
     ['a foreign key', do { local $::SigningKey{now} = 'x' x 40; cookie($uuid, $until) }]) {
    my ($what, $forged) = @$_;
    my $response = get('/jobs', key => undef, Cookie => "client_id=$forged");
    is json_of($response)->{total}, 0, "$what: sees nothing";
    like $response->header('Set-Cookie') // '', qr/^client_id=(?!$uuid)[0-9a-f-]{36}\./, 'and is someone new';
}
is given(cookie($uuid, $until, 'old')), undef, 'one of the key before is good';



=== TEST 4: a variable names the client
--- config eval: $::Config
--- flow
problem_is get('/user/jobs', key => undef), 401, 'unauthorized', 'nothing in it: nobody';
problem_is get('/user/jobs', key => undef, 'X-User' => ''), 401, 'unauthorized', 'empty as well';
my @form = (file => [undef, 'a.txt', Content => 'text'], to => 'pdf');
my $long = 'CN=' . 'x' x 200;
for my $user ('carol', 'alice', $long, 'CN=Jos\xe9, O=ACME: x', 'cookie:11111111') {
    is post_form('/user/jobs', \@form, key => undef, 'X-User' => $user)->code, 202, substr $user, 0, 20;
    is json_of(get('/user/jobs', key => undef, 'X-User' => $user))->{total}, 1, 'has the one job';
    is json_of(get('/user/jobs', key => undef, 'X-User' => "${user}x"))->{total}, 0, 'which no other has';
}
is json_of(get('/user/jobs'))->{total}, 0, 'alice with a key is someone else';
is get('/user/jobs', key => 'alice', 'X-User' => 'carol')->code, 200, 'a key comes first';
is json_of(get('/user/jobs', key => 'alice', 'X-User' => 'carol'))->{total}, 0, 'and says who it is';
is json_of(get('/user/jobs', key => undef, 'X-User' => 'carol', Authorization => 'Bearer some.jwt.x'))->{total}, 1,
    'a token that is no key is the variable\'s business';
problem_is get('/user/jobs', key => undef, Authorization => 'Bearer some.jwt.x'), 401, 'unauthorized', 'if it has any';
is post_form('/both/jobs', \@form, key => undef, 'X-Realm' => 'r', 'X-User' => 'u')->code, 202, 'of several';
is json_of(get('/both/jobs', key => undef, 'X-Realm' => 'r', 'X-User' => 'u'))->{total}, 1, 'the same again';
problem_is get('/key/jobs', key => undef), 401, 'unauthorized', 'key: as without platen_client';
is get('/key/jobs')->header('Set-Cookie'), undef, 'without cookies';
