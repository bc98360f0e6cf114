# Liveness, readiness, unknown paths and methods.

use lib 't/lib';
use TestPlaten;

run_tests();

__DATA__

=== TEST 1: health is open and says the version
--- request
GET /health
--- response_headers
Content-Type: application/json
--- response_body chomp
{"status":"ok","version":"0.2.0"}
--- error_code: 200



=== TEST 2: a trailing slash is the same path, HEAD has no body
--- flow
is get('/health/', key => undef)->code, 200, 'slash';
my $head = http(HEAD => '/health', key => undef);
is $head->code, 200, 'HEAD';
is $head->header('Content-Length'), 33, 'its length';
is length $head->content, 0, 'no body';



=== TEST 3: not ready before a sidecar has run; ready while it lives; not after
--- flow
my $response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'no sidecar yet';
like $response->decoded_content, qr/never run/, 'and it says so';
is $response->header('Retry-After'), 5, 'with Retry-After';
platend_start();
$response = get('/health/ready', key => undef);
is $response->code, 200, 'ready';
is json_of($response)->{status}, 'ready', 'in words';
platend_kill();
$response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'sidecar killed';
like $response->decoded_content, qr/not running/, 'and it says so';



=== TEST 3b: not ready while it hangs; ready as soon as it moves, and when another one has begun
--- flow
platend_start();
my $numbers = "$::Var/run/platend.sock.metrics";
ok eventually(30, sub { -s $numbers }), 'it tells its numbers';
kill STOP => platend_pid();
ok eventually(30, sub { slurp('/proc/' . platend_pid() . '/stat') =~ /\) T/ }), 'it is stopped';
is get('/health/ready', key => undef)->code, 200, 'which is not to be seen at once';
utime time - 60, time - 60, $numbers or die;
my $response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'a minute later';
like json_of($response)->{detail}, qr/has told nothing for half a minute: .*restart platend/, 'and it says so';
kill CONT => platend_pid();
ok eventually(30, sub { get('/health/ready', key => undef)->code == 200 }), 'it moves';
platend_kill();
utime time - 60, time - 60, $numbers or die;
platend_start();
is get('/health/ready', key => undef)->code, 200, 'what one that was killed has left says nothing of the next';
platend_stop();



=== TEST 4: not ready while every upload is refused for want of room, on the disk or in the store
--- http_config eval
"platen_store $::Var/store; platen_data $::Var/data; platen_queue ipc://$::Var/run/platend.sock; platen_min_free 900000g;"
--- flow
platend_start();
my $response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'the disk';
like json_of($response)->{detail}, qr/disk has less than platen_min_free/, 'and it says so';
is post_form('/jobs', [ file => [sample('hello.docx')], to => 'pdf' ])->code, 507, 'as uploads are told';
platend_stop();



=== TEST 5: not ready without the LibreOffice that is enabled
--- flow
my %gone = ('engines/lok/program' => '/nonexistent', 'engines/soffice/path' => '/nonexistent/soffice.bin');
platend_start(%gone);
my $response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'LibreOffice is missing';
like json_of($response)->{detail}, qr/^LibreOffice is not installed; /, 'and it says so';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], to => 'pdf' ]), 400, 'unsupported_conversion',
    'others do not do its work';
platend_stop();
platend_start(map { +"engines/$_/enabled" => 0 } qw(lok soffice));
is get('/health/ready', key => undef)->code, 200, 'without it by choice';
platend_stop();
like platend_log(), qr/"msg": *"stopped", *"source": *"platend", *"longest_turn_us": *\d+, *"turn": *"[a-zA-Z]+"/, 'it says how long its loop was held up at most';



=== TEST 6: unknown paths are 404, wrong methods 405 with Allow
--- flow
for my $path ('/nope', '/jobsx', '/jobs/submit/x', '/health/x', '/job') {
    problem_is get($path), 404, 'not_found', "GET $path";
}
for (['PUT', '/jobs', 'GET, HEAD, POST'], ['DELETE', '/jobs', 'GET, HEAD, POST'],
     ['GET', '/jobs/submit', 'POST'], ['POST', '/health', 'GET, HEAD'],
     ['PATCH', '/jobs/01890000-0000-7000-8000-000000000000', 'GET, HEAD, DELETE'],
     ['POST', '/jobs/01890000-0000-7000-8000-000000000000/download', 'GET, HEAD'],
     ['OPTIONS', '/formats', 'GET, HEAD']) {
    my ($method, $path, $allow) = @$_;
    my $response = http($method => $path);
    problem_is $response, 405, 'method_not_allowed', "$method $path";
    is $response->header('Allow'), $allow, 'Allow';
}



=== TEST 7: X-Request-ID is taken if harmless, else made, and echoed
--- flow
is get('/health', 'X-Request-ID' => 'abc-1.2_3:4/5+6=')->header('X-Request-ID'),
    'abc-1.2_3:4/5+6=', 'taken';
for my $bad ('a b', 'x"y', 'a,b', '<b>', 'x' x 129) {
    like get('/health', 'X-Request-ID' => $bad)->header('X-Request-ID'),
        qr/^[0-9a-f]{32}\z/, 'made instead of ' . substr $bad, 0, 10;
}
isnt get('/health')->header('X-Request-ID'), get('/health')->header('X-Request-ID'),
    'each has its own';



=== TEST 8: any prefix works
--- config eval
"location /convert/ { platen_api; platen_api_keys $::Var/keys; }
 location /bare { platen_api; platen_api_keys off; }"
--- request
GET /convert/health
--- error_code: 200
--- flow
is get('/bare/health')->code, 200, 'without an end slash';
my $job = submit(path => '/convert/jobs', file => sample('hello.docx'), to => 'pdf');
is get("/convert/jobs/$job->{job_id}")->code, 200, 'below the prefix';
is get("/jobs/$job->{job_id}")->code, 404, 'not above it';
my $again = post_form('/convert/jobs', [ file => [sample('hello.docx')], to => 'pdf' ]);
is $again->header('Location'), '/convert/jobs/' . json_of($again)->{job_id}, 'Location has it';
