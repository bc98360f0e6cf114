# GET /jobs/{id}?wait=N: the answer comes when the state changes, or in time.

use lib 't/lib';
use TestPlaten;

use IO::Select;

master_on();

# Sends a GET and leaves its answer for later.
sub ask {
    my ($path, %header) = @_;
    my $socket = raw_open();
    $socket->print("GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: $Key{alice}\r\n"
        . join('', map "$_: $header{$_}\r\n", keys %header) . "\r\n");
    $socket->flush;
    return $socket;
}

sub answered { my ($socket, $seconds) = @_; return IO::Select->new($socket)->can_read($seconds) ? 1 : 0 }

run_tests();

__DATA__

=== TEST 1: until the state changes, with and without If-None-Match
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf');
my $path = "/jobs/$job->{job_id}";
my $tag = get($path)->header('ETag');
my @asked = (main::ask("$path?wait=60"), main::ask("$path?wait=60", 'If-None-Match' => $tag));
has_read($_) for @asked;
ok !main::answered($_, 0), 'nothing has changed' for @asked;
platend_start();
for (@asked) {
    my $response = read_response($_);
    is $response->code, 200, 'changed';
    my $now = json_of($response);
    like $now->{status}, qr/^(?:PROCESSING|SUCCESS)\z/, "it is $now->{status}";
    isnt $response->header('ETag'), $tag, 'with another tag';
}
my $seen = get("$path?wait=60", 'If-None-Match' => $tag);
is $seen->code, 200, 'a client that knows an earlier state only is answered at once';
while (json_of($seen)->{status} eq 'PROCESSING') {
    $seen = get("$path?wait=60", 'If-None-Match' => $seen->header('ETag'));
}
is json_of($seen)->{status}, 'SUCCESS', 'no change is missed';
my $start = time;
is json_of(get("$path?wait=60"))->{status}, 'SUCCESS', 'a final job';
is get("$path?wait=60", 'If-None-Match' => $seen->header('ETag'))->code, 304, 'and to one who knows it';
cmp_ok time - $start, '<', 10, 'is not waited for';



=== TEST 2: until the seconds have passed
--- flow
platend_stop();
my $path = '/jobs/' . submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
my $tag = get($path)->header('ETag');
my $start = time;
my $response = get("$path?wait=1");
is json_of($response)->{status}, 'PENDING', 'still the same';
cmp_ok time - $start, '>=', 0.95, 'after a second';
$response = get("$path?wait=1", 'If-None-Match' => $tag);
is $response->code, 304, 'not modified';
$response = http(HEAD => "$path?wait=1");
is $response->code, 200, 'HEAD';
is json_of(get("$path?wait=0"))->{status}, 'PENDING', 'wait=0 does not wait';
my $other = submit(file => sample('hello.docx'), to => 'pdf');
my $asked = main::ask("$path?wait=2");
http(DELETE => "/jobs/$other->{job_id}");
ok !main::answered($asked, 0.5), 'another job changes nothing';
is json_of(read_response($asked))->{status}, 'PENDING', 'the time does';



=== TEST 3: a job that goes meanwhile; and what is not waited for
--- flow
my $path = '/jobs/' . submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
my $asked = main::ask("$path?wait=60");
has_read($asked);
is http(DELETE => $path)->code, 204, 'deleted';
problem_is read_response($asked), 404, 'job_not_found', 'and so it is gone';
for my $wrong (qw(x -1 1.5 99999999999999999999)) {
    problem_is get("$path?wait=$wrong"), 422, 'invalid_parameter', "wait=$wrong";
}
problem_is get("$path?wait=5"), 404, 'job_not_found', 'no job';
$path = '/jobs/' . submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
problem_is get("$path?wait=5", key => 'bob'), 404, 'job_not_found', 'nor for another client';
problem_is get("$path?wait=5", key => undef), 401, 'unauthorized', 'or nobody';



=== TEST 4: no longer than platen_wait_timeout; a client that leaves is forgotten
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_wait_timeout 1s;/r
--- flow
my $path = '/jobs/' . submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
my $start = time;
is json_of(get("$path?wait=3600"))->{status}, 'PENDING', 'answered';
cmp_ok time - $start, '<', 20, 'in time';
for (1 .. 20) { my $asked = main::ask("$path?wait=1"); has_read($asked); leave($asked) }
my $other = '/jobs/' . submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
is http(DELETE => $path)->code, 204, 'deleted';
is json_of(get("$other?wait=1"))->{status}, 'PENDING', 'their time has passed when that of one who came later has';
is get('/health')->code, 200, 'all is well';



=== TEST 5: a worker that is to exit answers at once
--- flow
my $path = '/jobs/' . submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
my $asked = main::ask("$path?wait=50");
has_read($asked);
my $start = time;
my ($master) = nginx_pids();
kill HUP => $master;
is json_of(read_response($asked))->{status}, 'PENDING', 'answered';
cmp_ok time - $start, '<', 20, 'long before its time';
