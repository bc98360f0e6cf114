# Pages of other origins: platen_cors.

use lib 't/lib';
use TestPlaten;

our $App = 'https://app.example.com';
our $Config = "
    platen_signing_key $Var/signing-now;
    location / { platen_api; platen_api_keys $Var/keys; platen_cors $App http://localhost:3000; }
    location /any/ { platen_api; platen_api_keys $Var/keys; platen_cors *; }
    location /cookie/ { platen_api; platen_api_keys off; platen_client cookie; platen_cors $App; }
    location /anycookie/ { platen_api; platen_api_keys off; platen_client cookie; platen_cors *; }
    location /off/ { platen_api; platen_api_keys $Var/keys; }
    location /limited/ { platen_api; platen_api_keys $Var/keys; platen_cors $App; limit_req zone=one; limit_req_status 429; }
    error_page 429 /platen-problem;
    location = /platen-problem { internal; platen_problem; }";
our $Http = "$HttpConfig limit_req_zone \$server_name zone=one:1m rate=1r/m;";

# The CORS headers of an answer, by name without their prefix.
sub cors {
    my ($response) = @_;
    return { map { /^Access-Control-(.*)/i ? (lc $1 => join '|', $response->header($_)) : () }
        $response->header_field_names };
}

sub preflight {
    my ($path, $method, %header) = @_;
    return http(OPTIONS => $path, key => undef, Origin => $App, 'Access-Control-Request-Method' => $method, %header);
}

platend_start();
run_tests();

__DATA__

=== TEST 1: preflight
--- config eval: $::Config
--- http_config eval: $::Http
--- flow
my $response = preflight('/jobs', 'POST', 'Access-Control-Request-Headers' => 'x-api-key,content-type');
is $response->code, 204, 'no key is needed for it';
is $response->header('Content-Length') // 0, 0, 'no body';
my $cors = cors($response);
is $cors->{'allow-origin'}, $main::App, 'the origin';
is $cors->{'allow-methods'}, 'GET, HEAD, POST', 'the methods of the path';
like $cors->{'allow-headers'}, qr/\b$_\b/i, "the header $_" for qw(X-API-Key Authorization Content-Type Idempotency-Key);
is $cors->{'max-age'}, 7200, 'remembered';
is $cors->{'allow-credentials'}, undef, 'no cookies';
is $response->header('Vary'), 'Origin', 'Vary';
is cors(preflight('/jobs/01890000-0000-7000-8000-000000000000', 'DELETE'))->{'allow-methods'}, 'GET, HEAD, DELETE',
    'of another path';
is cors(preflight('/documents/01890000-0000-7000-8000-000000000000/content', 'PUT'))->{'allow-methods'}, 'PUT', 'PUT';
is preflight('/jobs', 'POST', Origin => 'http://localhost:3000')->code, 204, 'the second origin';

for ('https://evil.example.com', "$main::App.evil.com", "$main::App:8443", 'http://app.example.com', 'null',
     uc $main::App, '*', '') {
    my $refused = preflight('/jobs', 'POST', Origin => $_);
    is $refused->code, 405, "refused: $_";
    is_deeply cors($refused), {}, 'and told nothing';
    is $refused->header('Vary'), 'Origin', 'but that it depends';
}
problem_is http(OPTIONS => '/jobs', key => undef, Origin => $main::App), 405, 'method_not_allowed', 'OPTIONS of no preflight';
problem_is preflight('/none', 'GET'), 404, 'not_found', 'no such path';
problem_is preflight('/off/jobs', 'GET'), 405, 'method_not_allowed', 'off, as by default';



=== TEST 2: answers, also those that refuse
--- config eval: $::Config
--- http_config eval: $::Http
--- flow
my @origin = (Origin => $main::App);
my $job = wait_job(submit(content => 'text', name => 'a.txt', to => 'pdf')->{job_id});
my $download = "/jobs/$job->{job_id}/download";
for (['200', get('/jobs', @origin)], ['401', get('/jobs', key => undef, @origin)], ['404', get('/none', @origin)],
     ['422', get('/jobs/x', @origin)], ['405', http(DELETE => '/jobs', @origin)], ['200', get($download, @origin)],
     ['416', get($download, @origin, Range => 'bytes=999999-')], ['412', get($download, @origin, 'If-Match' => '"x"')],
     ['304', get($download, @origin, 'If-None-Match' => '*')], ['200', get('/health', @origin)],
     ['202', post_form('/jobs', [file => [undef, 'a.txt', Content => 'x'], to => 'pdf'], @origin)],
     ['400', post_form('/jobs', [file => [undef, 'a.txt', Content => 'x'], to => 'txt'], @origin)],
     ['403', get("$download?signature=x", @origin)]) {
    my ($status, $response) = @$_;
    is $response->code, $status, "$status";
    my $cors = cors($response);
    is $cors->{'allow-origin'}, $main::App, 'the origin, once';
    like $cors->{'expose-headers'}, qr/\b$_\b/, "shows $_" for qw(Location Retry-After X-Request-ID Content-Disposition);
    is $response->header('Vary'), 'Origin', 'Vary';
}
get('/limited/jobs');
my $limited = get('/limited/jobs', @origin);
problem_is $limited, 429, 'too_many_requests', 'limit_req';
is cors($limited)->{'allow-origin'}, $main::App, 'which a page may read, too';

my $foreign = get('/jobs', Origin => 'https://evil.example.com');
is $foreign->code, 200, 'another origin has an answer';
is_deeply cors($foreign), {}, 'that its browser keeps from it';
is_deeply cors(get('/jobs')), {}, 'no origin, no headers';
is get('/jobs')->header('Vary'), 'Origin', 'but Vary';
my $off = get('/off/jobs', @origin);
is_deeply cors($off), {}, 'off';
is $off->header('Vary'), undef, 'altogether';



=== TEST 3: any origin; cookies
--- config eval: $::Config
--- http_config eval: $::Http
--- flow
my $any = get('/any/jobs', Origin => 'https://whoever.example');
is cors($any)->{'allow-origin'}, '*', 'any';
is cors($any)->{'allow-credentials'}, undef, 'without cookies';
my $cookie = get('/cookie/jobs', key => undef, Origin => $main::App);
is cors($cookie)->{'allow-credentials'}, 'true', 'a named origin may send cookies';
ok $cookie->header('Set-Cookie'), 'which it gets';
is cors(preflight('/cookie/jobs', 'GET'))->{'allow-credentials'}, 'true', 'as the preflight says';
my $both = get('/anycookie/jobs', key => undef, Origin => $main::App);
is cors($both)->{'allow-origin'}, '*', 'any origin';
is cors($both)->{'allow-credentials'}, undef, 'never with cookies';
