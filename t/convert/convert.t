# POST /convert: the converted bytes in the answer.

use lib 't/lib';
use TestPlaten;

use IO::Select;

master_on();

our $Port = Test::Nginx::Util::server_port() + 1;
our $Http2 = "$HttpConfig
    server {
        listen 127.0.0.1:$Port http2;
        location / { platen_api; platen_api_keys $Var/keys; }
    }";

# Converts txt to tiff, which no other engine does, when there is a file "go".
spew("$Var/slow", 'select undef, undef, undef, 0.05 until -e "' . "$Var/go" . '"; exec "/bin/cp", "' . "$Var/slow.tiff" . '", $ARGV[1]');
spew("$Var/slow.tiff", slurp(sample('two-pages.tiff')));
our %Slow = ('engine/own/from' => 'txt', 'engine/own/to' => 'tiff', 'engine/own/read' => $Var, 'engine/own/fork' => 1,
    'engine/own/command' => "/usr/bin/perl $Var/slow {input} {output}");

# Sends a conversion and leaves its answer for later.
sub ask {
    my ($query, %header) = @_;
    my $socket = raw_open();
    $socket->print("POST /convert?filename=a.txt&$query HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        . "X-API-Key: $Key{alice}\r\nContent-Length: 5\r\n"
        . join('', map "$_: $header{$_}\r\n", keys %header) . "\r\ntext\n");
    $socket->flush;
    return $socket;
}

sub jobs { return @{ json_of(get('/jobs?limit=1000'))->{jobs} } }
sub answered { my ($socket, $seconds) = @_; return IO::Select->new($socket)->can_read($seconds) ? 1 : 0 }

# The job of a request that has just been sent.
sub job_of_request {
    my ($state) = @_;
    my ($job) = ();
    eventually(20, sub { ($job) = grep { $_->{status} eq $state } jobs() }) or die "none is $state";
    return $job;
}

run_tests();

__DATA__

=== TEST 1: a DOCX in, a PDF out
--- flow
platend_start(%main::Slow);
my $response = post_form('/convert', [ file => [sample('hello.docx')], to => 'pdf' ]);
is $response->code, 200, 'converted';
like $response->content, qr/^%PDF-/, 'a PDF';
is $response->header('Content-Type'), 'application/pdf', 'its type';
like $response->header('Content-Disposition'), qr/hello\.pdf/, 'its name';
is length $response->content, $response->header('Content-Length'), 'whole';
my ($job) = main::jobs();
is $job->{status}, 'SUCCESS', 'it was a job like any other';
is $response->header('Content-Location'), $job->{download_url}, 'which can be downloaded again';
is sha256_hex(get($job->{download_url})->content), sha256_hex($response->content), 'the same bytes';

my $raw = http(POST => '/convert?to=pdf&filename=a.docx', content => slurp(sample('hello.docx')), Range => 'bytes=0-3',
    'If-None-Match' => $response->header('ETag'), 'If-Match' => '"x"');
is $raw->code, 200, 'a raw body; no range and no condition holds for a POST';
like $raw->content, qr/^%PDF-.*%%EOF\s*\z/s, 'all of it';
is post_form('/convert', [ file => [sample('hello.docx')], to => 'pdf' ], key => undef)->code, 401, 'with a key only';
is post_form('/convert', [ file => [sample('hello.docx')] ])->code, 422, 'and with a target';



=== TEST 2: a conversion that fails
--- flow
my $response = http(POST => '/convert?to=txt&filename=a.pdf', content => "%PDF-1.4\nno more");
problem_is $response, 422, 'corrupt_document', 'the code of the job';
my ($job) = main::jobs();
is $job->{status}, 'FAILED', 'which is there';
is json_of($response)->{detail}, $job->{error}, 'its error is the detail';
is json_of($response)->{title}, 'The conversion failed', 'the title';



=== TEST 3: later than the client or the server would wait: 202
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; platen_sync_timeout 1s; }"
--- flow
for (['respond-async', 0], ['wait=0', 0], ['wait=1', 0.9], ['foo, wait="1"; x=y', 0.9], ['wait=100', 0.9], ['nonsense=;,', 0.9]) {
    my ($prefer, $least) = @$_;
    my $start = time;
    my $response = http(POST => '/convert?to=tiff&filename=a.txt', content => "text\n", Prefer => $prefer);
    is $response->code, 202, "Prefer: $prefer";
    cmp_ok time - $start, '>=', $least, "after $least s or more";
    my $job = json_of($response);
    is $response->header('Location'), "/jobs/$job->{job_id}", 'Location';
    like $job->{status}, qr/^(?:PENDING|PROCESSING)\z/, 'the job goes on';
    is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'until it is deleted';
}
my $job = json_of(http(POST => '/convert?to=tiff&filename=a.txt', content => "text\n"));
spew("$::Var/go", '');
is wait_job($job->{job_id})->{status}, 'SUCCESS', 'or comes to its end';
unlink "$::Var/go";



=== TEST 4: a client that goes away cancels its job
--- flow
my $before = main::jobs();
for my $state ('PROCESSING', 'PENDING') {
    platend_stop() if $state eq 'PENDING';
    my $socket = main::ask('to=tiff');
    my $job = main::job_of_request($state);
    my ($input) = grep /$job->{job_id}/, files_below("$::Var/data/input");
    ok $input, "$state: there is an input";
    close $socket;
    ok eventually(5, sub { get("/jobs/$job->{job_id}")->code == 404 }), 'the job is gone';
    ok eventually(5, sub { !-e $input }), 'and its input';
}
platend_start(%main::Slow);
my $socket = main::ask('to=tiff');
close $socket;
ok eventually(10, sub { main::jobs() == $before }), 'also when it goes at once';

$socket = main::ask('to=tiff');
my $job = main::job_of_request('PROCESSING');
http(DELETE => "/jobs/$job->{job_id}");
problem_is read_response($socket), 404, 'job_not_found', 'one whose job somebody deletes is told';



=== TEST 5: the same over HTTP/2
--- http_config eval: $::Http2
--- flow
my $before = main::jobs();
my $curl = "curl -s --http2-prior-knowledge --max-time 50 -H 'X-API-Key: $Key{alice}'";
my $pdf = `$curl --data-binary \@@{[ sample('hello.docx') ]} 'http://127.0.0.1:$::Port/convert?to=pdf&filename=a.docx'`;
like $pdf, qr/^%PDF-.*%%EOF\s*\z/s, 'a PDF';
my $pid = fork // die;
exec "exec $curl --data-binary text 'http://127.0.0.1:$::Port/convert?to=tiff&filename=a.txt'" or die unless $pid;
my $job = main::job_of_request('PROCESSING');
kill KILL => $pid;
waitpid $pid, 0;
ok eventually(5, sub { get("/jobs/$job->{job_id}")->code == 404 }), 'the job is gone with its client';



=== TEST 6: an Idempotency-Key: one job for several who wait; the second may go
--- flow
my @key = ('Idempotency-Key' => 'k1');
my $first = main::ask('to=tiff', @key);
my $job = main::job_of_request('PROCESSING');
my ($second, $third) = map main::ask('to=tiff', @key), 1 .. 2;
has_read($_) for $second, $third;
leave($third);
is job($job->{job_id})->{status}, 'PROCESSING', 'the job goes on';
spew("$::Var/go", '');
for ($first, $second) {
    my $response = read_response($_);
    is $response->code, 200, 'converted';
    is sha256_hex($response->content), sha256_hex(slurp("$::Var/slow.tiff")), 'the same result';
    is $response->header('Content-Location'), "/jobs/$job->{job_id}/download", 'of the same job';
}
my $again = read_response(main::ask('to=tiff', @key));
is $again->code, 200, 'once more, later: at once';
is $again->header('Idempotent-Replayed'), 'true', 'and it says so';
unlink "$::Var/go";



=== TEST 7: a result that is there already
--- http_config eval: $::HttpConfig =~ s/platen_result_cache off;//r
--- flow
my @pdf = map post_form('/convert', [ file => [sample('hello.docx')], to => 'pdf', pages => 1 ]), 1 .. 2;
is $_->code, 200, 'converted' for @pdf;
is $pdf[0]->content, $pdf[1]->content, 'the same bytes';
is +(main::jobs())[0]{cached}, Cpanel::JSON::XS::true(), 'the second was not converted';



=== TEST 8: a worker that is to exit does not wait
--- flow
my $socket = main::ask('to=tiff');
my $job = main::job_of_request('PROCESSING');
kill HUP => (nginx_pids())[0];
my $response = read_response($socket);
is $response->code, 202, 'answered';
is $response->header('Location'), "/jobs/$job->{job_id}", 'the job goes on';
spew("$::Var/go", '');
is wait_job($job->{job_id})->{status}, 'SUCCESS', 'to its end';
platend_stop();



=== TEST 7: a result larger than one turn of sending: the waiting is over when the answer has begun
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; platen_sync_timeout 10s; }"
--- flow
platend_start(only_script(large =>
    '/bin/cat "$TINY_PDF" >"$2"; /usr/bin/head -c 6000000 /dev/zero | /usr/bin/tr "\\0" x >>"$2"', '/dev/zero'));
my $response = http(POST => '/convert?to=pdf&filename=a.txt', content => "text\n");
is $response->code, 200, 'converted';
is length $response->content, $response->header('Content-Length'), 'and every byte has come';
is '"' . sha256_hex($response->content) . '"', $response->header('ETag'), 'as it was made';
unlike error_log_text(), qr/header already sent/, 'and nobody answers again when the time is over';
platend_stop();
