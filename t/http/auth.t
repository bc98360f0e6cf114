# API keys, and what each client can see.

use lib 't/lib';
use TestPlaten;

run_tests();

__DATA__

=== TEST 1: missing, wrong, malformed keys are 401 with WWW-Authenticate
--- flow
my $id = '01890000-0000-7000-8000-000000000000';
for (['GET', '/jobs'], ['POST', '/jobs'], ['POST', '/jobs/submit'], ['GET', "/jobs/$id"],
     ['GET', "/jobs/$id/download"], ['DELETE', "/jobs/$id"], ['GET', '/jobs/not-an-id']) {
    my ($method, $path) = @$_;
    for my $key (undef, 'wrong', '', 'x' x 600, $::Key{alice} . 'x', substr($::Key{alice}, 1)) {
        my $response = http($method => $path, key => $key);
        problem_is $response, 401, 'unauthorized', "$method $path";
        like $response->header('WWW-Authenticate'), qr/^Bearer /, 'WWW-Authenticate';
    }
}
problem_is get('/jobs', key => undef, Authorization => 'Basic YWxpY2U6eA=='), 401, 'unauthorized',
    'another scheme';



=== TEST 2: either header does, in any case of the scheme
--- flow
is get('/jobs', key => 'alice')->code, 200, 'X-API-Key';
is get('/jobs', key => undef, Authorization => "$_ $::Key{alice}")->code, 200, $_
    for 'Bearer', 'bearer', 'BEARER ';



=== TEST 3: malformed ids are 422
--- flow
for my $id ('x', '01890000-0000-7000-8000-00000000000', '01890000-0000-7000-8000-0000000000000',
            '01890000_0000_7000_8000_000000000000', '..%2f..%2fetc', '%00') {
    my $response = get("/jobs/$id");
    if ($id =~ /^\.\.|%00/) { ok $response->code =~ /^4(?:00|04|22)\z/, "GET $id"; next }
    problem_is $response, 422, 'invalid_id', "GET $id";
    problem_is get("/jobs/$id/download"), 422, 'invalid_id', 'its download';
    problem_is http(DELETE => "/jobs/$id"), 422, 'invalid_id', 'its deletion';
}
is get('/jobs/01890000-0000-7000-8000-00000000ABCD')->code, 404, 'capitals are fine';
# t/http/others.t has UUIDs of other versions: they are no job's, so 404




=== TEST 4: two keys of one client; comments, blank lines and CRLF in the file
--- http_config eval
TestPlaten::spew("$::Var/keys2", "# keys\r\n\r\n  carol:" . TestPlaten::sha256_hex('one')
    . "\r\ncarol:" . uc(TestPlaten::sha256_hex('two')) . "\t\n");
$::HttpConfig
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys2; }"
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf', key => 'one');
is get("/jobs/$job->{job_id}", key => 'two')->code, 200, 'the other key sees it';
is get("/jobs/$job->{job_id}", key => 'alice')->code, 401, 'a key of another file does not';



=== TEST 5: without keys everyone is one client
--- config
location / { platen_api; platen_api_keys off; }
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf', key => undef);
is get("/jobs/$job->{job_id}", key => undef)->code, 200, 'open to all';
is get("/jobs/$job->{job_id}", key => 'whatever')->code, 200, 'keys are not looked at';



=== TEST 6: $platen_client and $platen_request_id are there for the log
--- http_config eval
$::HttpConfig . "log_format t 'client=\$platen_client id=\$platen_request_id';"
--- config eval
"access_log $::Var/access.log t;
 location / { platen_api; platen_api_keys $::Var/keys; }"
--- flow
get('/jobs', key => 'bob', 'X-Request-ID' => 'r-7');
ok eventually(3, sub { slurp("$::Var/access.log") =~ /^client=bob id=r-7$/m }), 'logged';
