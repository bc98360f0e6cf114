# Nothing ever answers with an HTML page: what nginx itself refuses, with the
# shipped configuration; and conditions on resources that have no entity tag.

use lib 't/lib';
use TestPlaten;

# The server block's own directives of conf/nginx.conf, location / aside.
our ($Shipped) = slurp("$Root/conf/nginx.conf") =~ /(error_page 400.*?)\n    \}\n\}/s;

run_tests();

__DATA__

=== TEST 1: bad requests, with conf/nginx.conf's error pages
--- config eval
"$::ApiConfig\n$::Shipped"
--- flow
my $tail = "Host: x\r\nConnection: close\r\n\r\n";
my @cases = (
    ["GET /health\x01 HTTP/1.1\r\n$tail", 400, 'bad_request', 'a control character'],
    ["GARBAGE\r\n\r\n", 400, 'bad_request', 'no HTTP at all'],
    ["GET /../etc/passwd HTTP/1.1\r\n$tail", 400, 'bad_request', 'above the root'],
    ["GET /health HTTP/1.1\r\n\r\n", 400, 'bad_request', 'no Host'],
    ["GET /" . 'x' x 9000 . " HTTP/1.1\r\n$tail", 414, 'uri_too_long', 'a long URI'],
    ["GET /health HTTP/1.1\r\nX-Long: " . 'x' x 9000 . "\r\n$tail", 431, 'headers_too_large',
     'a long header'],
    ["POST /jobs HTTP/1.1\r\nTransfer-Encoding: gzip\r\n$tail", 501, 'not_implemented',
     'an unknown transfer coding'],
    ["GET /health HTTP/3.7\r\n$tail", 505, 'http_version_not_supported', 'HTTP/3.7'],
    ["TRACE / HTTP/1.1\r\n$tail", 405, 'method_not_allowed', 'TRACE'],
    ["GET /platen-problem HTTP/1.1\r\n$tail", 404, 'not_found', 'the error page itself'],
);
for my $case (@cases) {
    my ($bytes, $status, $code, $what) = @$case;
    my $response = raw($bytes);
    problem_is $response, $status, $code, $what;
    ok $response->header('Allow'), 'with Allow' if $status == 405;
}



=== TEST 2: conditions where there is no entity tag are passed over
--- flow
for my $path ('/health', '/formats', '/jobs', '/openapi.json', '/nope') {
    my $plain = get($path)->code;
    for my $header ('If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since') {
        my $value = $header =~ /Since/ ? 'Sun, 06 Nov 1994 08:49:37 GMT' : '"x"';
        is get($path, $header => $value)->code, $plain, "$path with $header";
    }
    is get($path, 'If-None-Match' => '*')->code, $plain, "$path with If-None-Match: *";
}
my $before = json_of(get('/jobs'))->{total};
for my $header (['If-Match', '"x"'], ['If-None-Match', '*']) {
    my $response = post_form('/jobs/submit', [ file => [sample('hello.docx')], to => 'pdf' ], @$header);
    is $response->code, 200, "a submission with $header->[0]";
    like json_of($response)->{job_id}, qr/^[0-9a-f-]{36}\z/, 'has its body';
}
is json_of(get('/jobs'))->{total}, $before + 2, 'and is made once';



=== TEST 3: If-Match on the job itself
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf');
my $etag = get("/jobs/$job->{job_id}")->header('ETag');
is get("/jobs/$job->{job_id}", 'If-Match' => $etag)->code, 200, 'the same';
problem_is get("/jobs/$job->{job_id}", 'If-Match' => '"x"'), 412, 'precondition_failed', 'another';
problem_is get("/jobs/$job->{job_id}", 'If-Match' => "W/$etag"), 412, 'precondition_failed', 'weak';
is get("/jobs/$job->{job_id}", 'If-Match' => "W/$etag, $etag")->code, 200, 'weak, and then the same';



=== TEST 4: a malformed body does not keep a problem from being answered
--- flow
for my $path ('/nope', '/jobs/01890000-0000-7000-8000-000000000000/download', '/jobs/x') {
    my $response = raw("GET $path HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
        . "Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    like $response->code, qr/^4(?:00|04|22)\z/, $path;
    is $response->header('Content-Type'), 'application/problem+json', 'as a problem';
}
problem_is raw("GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400,
    'bad_request', 'a good path with a malformed body';
