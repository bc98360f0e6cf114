# Clients that are slow, lie, go away, or ask for what is not theirs.

use lib 't/lib';
use TestPlaten;
use TestForm;

our $Docx = slurp(sample('hello.docx'));

run_tests();

__DATA__

=== TEST 1: fault 36: empty files
--- flow
main::nothing_new('at first');
problem_is post_form('/jobs', [ file => [ undef, 'a.docx', Content => '' ],
    target_format => 'pdf' ]), 422, 'empty_file', 'empty part';
problem_is http(POST => '/jobs?to=pdf', content => ''), 422, 'empty_file', 'empty body';
problem_is http(POST => '/jobs?to=pdf'), 422, 'empty_file', 'no body';
main::nothing_new('empty');



=== TEST 2: fault 37: at the limit, and one byte over it
--- config eval
"client_body_buffer_size 16k;
 location / { platen_api; platen_api_keys $::Var/keys; platen_max_file_size 100000; }"
--- flow
main::anew();
main::nothing_new('at first');
my $over = 'a' x 100_001;
my $what = sub { [ file => [ undef, 'a.txt', Content => $_[0] ], target_format => 'pdf' ] };
problem_is post_form('/jobs', $what->($over)), 413, 'file_too_large', 'form, one byte over';
problem_is http(POST => '/jobs?to=pdf', content => $over), 413, 'file_too_large', 'raw';
problem_is http(POST => '/jobs?to=pdf', content => 'a' x 3_000_000), 413, 'file_too_large',
    'raw, by Content-Length';
problem_is raw("POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
    . "Content-Length: 90000000000\r\n\r\nabc"), 413, 'file_too_large',
    'as soon as it is known';
main::nothing_new('over the limit');
is post_form('/jobs', $what->('a' x 100_000))->code, 202, 'at the limit';
is http(POST => '/jobs?to=pdf', content => 'a' x 100_000)->code, 202, 'raw at the limit';



=== TEST 3: fault 35: lying lengths and endless chunks
--- config eval
"client_body_buffer_size 16k;
 location / { platen_api; platen_api_keys $::Var/keys; platen_max_file_size 100000; }"
--- flow
main::anew();
main::nothing_new('at first');
my $head = "POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n";
problem_is raw($head . "Transfer-Encoding: chunked\r\n\r\n"
    . "4000\r\n" . 'a' x 0x4000 . "\r\n" x 1 . join('', map { "4000\r\n" . 'a' x 0x4000 . "\r\n" } 1 .. 20)),
    413, 'file_too_large', 'a chunked body over the limit, never ended';
problem_is raw($head . "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"), 400, 'bad_request',
    'a malformed chunk';
is raw($head . "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")->code, 400,
    'Content-Length and chunked together';
is raw($head . "Content-Length: -5\r\n\r\n")->code, 400, 'a negative Content-Length';
main::nothing_new('lies');



=== TEST 4: fault 34: a body that ends early leaves nothing
--- flow
main::anew();
main::nothing_new('at first');
for my $sent (0, 1, 5000) {
    my $socket = raw_open();
    $socket->print("POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
        . 'Content-Length: ' . length($main::Docx) . "\r\n\r\n" . substr $main::Docx, 0, $sent);
    $socket->flush;
    has_read($socket);
    leave($socket);
}
main::nothing_new('cut off');
problem_is main::post_raw_form(substr main::form('BB', main::part('file', $main::Docx, 'a.docx'),
    main::part('to', 'pdf')), 0, -8), 400, 'malformed_multipart', 'a form without its end';
main::nothing_new('truncated form');



=== TEST 5: fault 33: a slow body is 408 and leaves nothing
--- config eval
"client_body_timeout 1s;
 location / { platen_api; platen_api_keys $::Var/keys; }"
--- flow
main::anew();
main::nothing_new('at first');
problem_is raw("POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
    . 'Content-Length: ' . length($main::Docx) . "\r\n\r\n" . substr $main::Docx, 0, 3000),
    408, 'request_timeout', 'slow-loris';
main::nothing_new('slow');



=== TEST 6: fault 38: boundaries, and what a form must not be
--- flow
main::anew();
main::nothing_new('at first');
my $body = main::form('BB', main::part('file', $main::Docx, 'a.docx'), main::part('to', 'pdf'));
for my $type ('multipart/form-data', 'multipart/form-data; boundary=',
              'multipart/form-data; boundary=' . 'b' x 71,
              'multipart/form-data; boundary=BB; boundary=CC', 'multipart/mixed; boundary=BB',
              'multipart/form-data; boundary="B B "') {
    problem_is main::post_raw_form($body, $type), 400, 'malformed_multipart', $type;
}
problem_is main::post_raw_form($body, 'multipart/form-data; boundary=ZZ'), 400,
    'malformed_multipart', 'another boundary in the body';
(my $bare = $body) =~ s/\r\n/\n/g;
problem_is main::post_raw_form($bare), 400, 'malformed_multipart', 'bare line feeds';
problem_is main::post_raw_form(main::form('BB', main::part('x', '', undef,
    'Content-Type: multipart/mixed; boundary=CC'))), 400, 'malformed_multipart', 'nested';
problem_is main::post_raw_form(main::form('BB', "Content-Type: text/plain\r\n\r\nx")), 400,
    'malformed_multipart', 'a part without a name';
main::nothing_new('malformed forms');
is main::post_raw_form($body, 'multipart/form-data; charset=utf-8; boundary="BB"')->code, 202,
    'a quoted boundary after another parameter is fine';



=== TEST 7: fault 39: 10,000 parts, a huge field, a huge part header
--- flow
main::anew();
main::nothing_new('at first');
problem_is main::post_raw_form(main::form('BB', (main::part('x', '1')) x 10_000)), 413,
    'too_many_parts', '10,000 parts';
problem_is main::post_raw_form(main::form('BB', main::part('x', 'y' x 70_000))), 413,
    'too_many_parts', 'a field of 70,000 bytes';
problem_is main::post_raw_form(main::form('BB', main::part('x', '1', undef, 'X-A: ' . 'h' x 9000))),
    413, 'too_many_parts', 'a part header of 9,000 bytes';
main::nothing_new('too much of it');



=== TEST 8: fault 40: hostile file names are shown harmless and never a path
--- flow
my %name = (
    '../../etc/passwd.docx' => 'passwd.docx',
    '..\\\\..\\\\boot.docx' => 'boot.docx',
    'a%22b%0D%0Ac.docx' => 'a"bc.docx',
    "nul\0byte.docx" => undef,
    "rtl\xe2\x80\xaexcod.docx" => 'rtlxcod.docx',
    'x' x 300 . '.docx' => 'x' x 250 . '.docx',
    "bad\xff\xfeutf8.docx" => "bad\x{fffd}\x{fffd}utf8.docx",
    "na\xc3\xafve \xe2\x82\xac.docx" => "na\x{ef}ve \x{20ac}.docx",
    '.docx' => 'docx',
    '   ' => 'document',
);
for my $given (sort keys %name) {
    my $response = main::post_raw_form(main::form('BB', main::part('file', $main::Docx, $given),
        main::part('to', 'pdf')));
    if (!defined $name{$given}) {
        problem_is $response, 400, 'malformed_multipart', 'NUL in a header';
        next;
    }
    my $job = json_of($response);
    is $job->{input_filename}, $name{$given}, 'shown as ' . substr $name{$given}, 0, 20;
    ok -f "$::Var/data/input/" . substr($job->{job_id}, 0, 7) . "/$job->{job_id}",
        'stored under its id';
}
is_deeply [grep { m{/[^/]*[^0-9a-f/-][^/]*\z} } files_below("$::Var/data/input")], [],
    'no file is named otherwise';



=== TEST 9: fault 46: Expect: 100-continue; refused before the body is sent
--- flow
my $socket = raw_open();
$socket->print("POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
    . "Expect: 100-continue\r\nConnection: close\r\nContent-Length: " . length($main::Docx) . "\r\n\r\n");
$socket->flush;
my $line = <$socket>;
like $line, qr{^HTTP/1.1 100 Continue}, '100 first';
<$socket>;
$socket->print($main::Docx);
$socket->flush;
is read_response($socket)->code, 202, 'then 202';

$socket = raw_open();
$socket->print("POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: wrong\r\n"
    . "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n");
$socket->flush;
like scalar(<$socket>), qr{^HTTP/1.1 401}, '401 at once without a key';



=== TEST 10: fault 41: another client's job is as good as none
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf', key => 'alice');
my $unknown = '01890000-0000-7000-8000-000000000000';
my $shape = sub {
    my $problem = json_of($_[0]);
    delete $problem->{request_id};
    return Cpanel::JSON::XS->new->canonical->encode($problem);
};
for (['GET', ''], ['GET', '/download'], ['DELETE', '']) {
    my ($method, $below) = @$_;
    my $theirs = http($method => "/jobs/$job->{job_id}$below", key => 'bob');
    my $none = http($method => "/jobs/$unknown$below", key => 'bob');
    problem_is $theirs, 404, 'job_not_found', "$method $below of another";
    is $shape->($theirs), $shape->($none), 'the same as one that never was';
}
is job($job->{job_id})->{status}, 'PENDING', 'and it is still there for its owner';
is_deeply json_of(get('/jobs', key => 'bob'))->{jobs}, [], 'not in their list';
is json_of(get('/jobs', key => 'bob'))->{total}, 0, 'not in their count';



=== TEST 11: fault 45: a download under way ends whole when the job is deleted
--- config eval
"client_body_buffer_size 64k;
 location / { platen_api; platen_api_keys $::Var/keys; limit_rate 40k; limit_rate_after 1k; sendfile on; }"
--- flow
platend_start();
my $text = join '', map "line $_ of a document that is long enough\n", 1 .. 6000;
my $job = wait_job(submit(content => $text, name => 'long.txt', to => 'pdf')->{job_id});
cmp_ok $job->{output_size}, '>', 90_000, 'a result of some size';
my $socket = raw_open();
$socket->print("GET $job->{download_url} HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
    . "Connection: close\r\n\r\n");
$socket->flush;
sysread $socket, my $first, 500;
is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'deleted meanwhile';
is_deeply [grep /$job->{job_id}/, files_below("$::Var/data/input", "$::Var/data/output")], [],
    'its files are gone';
my $rest = '';
while (sysread $socket, my $buffer, 65536) { $rest .= $buffer }
my (undef, $body) = split /\r\n\r\n/, $first . $rest, 2;
is length $body, $job->{output_size}, 'the download is whole';
problem_is get($job->{download_url}), 404, 'job_not_found', 'a new one is 404';



=== TEST 12: fault 45: a running job is killed within a second
--- flow
my $nap = "61.$$"; # no other test's
spew("$::Var/slow", "#!/bin/sh\n/bin/sleep $nap & /bin/sleep $nap\n");
chmod 0755, "$::Var/slow";
platend_stop();
platend_start('engine/slow/from' => 'docx', 'engine/slow/to' => 'pdf', 'engine/slow/fork' => 1, 'engine/slow/cost' => 1,
    'engine/slow/command' => "$::Var/slow", 'engines/lok/enabled' => 0, 'limits/wall_clock' => 50);
my $job = submit(file => sample('hello.docx'), to => 'pdf');
ok eventually(5, sub { job($job->{job_id})->{status} eq 'PROCESSING' }), 'it runs';
my $sleepers = sub { scalar grep { (eval { slurp($_) } // '') =~ m{^/bin/sleep\x{0}\Q$nap\E} } glob '/proc/[0-9]*/cmdline' };
ok eventually(3, sub { $sleepers->() >= 1 }), 'with children of its own';
is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'deleted';
ok eventually(1.5, sub { $sleepers->() == 0 }), 'all of its processes are gone';
problem_is get("/jobs/$job->{job_id}"), 404, 'job_not_found', 'and so is it';
is_deeply [grep /$job->{job_id}/, files_below("$::Var/data")], [], 'no file';



=== TEST 13: fault 47: SUCCESS implies that the download answers 200
--- flow
platend_stop();
platend_start();
my @ids = map { submit(content => "line $_\n", name => "n$_.txt", to => 'pdf')->{job_id} } 1 .. 6;
my %left = map { $_ => 1 } @ids;
eventually(90, sub {
    for my $id (keys %left) {
        my $status = job($id)->{status};
        next if $status !~ /SUCCESS|FAILED/;
        my $download = get("/jobs/$id/download");
        is $status . $download->code, 'SUCCESS200', 'downloadable at once';
        delete $left{$id};
    }
    !%left;
});
is scalar(keys %left), 0, 'all are done';



=== TEST 14: fault 44: downloads while the job expires: the whole of it, a part, or none, never short
--- config eval
"client_body_buffer_size 64k;
 location / { platen_api; platen_api_keys $::Var/keys; platen_job_ttl 2s; }"
--- flow
platend_stop();
platend_start('reaper/interval' => 1);
my $job = wait_job(submit(content => join('', map "line $_\n", 1 .. 2000), name => 'a.txt', to => 'pdf')->{job_id});
my $url = $job->{download_url};
my $first = get($url);
my ($whole, $etag) = ($first->content, $first->header('ETag'));
is length $whole, $job->{output_size}, 'it is there';
my @ask = (
    ['all', {}, 200, $whole],
    ['HEAD', {}, 200, ''],
    ['a range', { Range => 'bytes=10-99' }, 206, substr $whole, 10, 90],
    ['the end', { Range => 'bytes=-7' }, 206, substr $whole, -7],
    ['If-Range', { Range => 'bytes=0-4', 'If-Range' => $etag }, 206, substr $whole, 0, 5],
    ['If-Range of another', { Range => 'bytes=0-4', 'If-Range' => '"x"' }, 200, $whole],
    ['beyond the end', { Range => 'bytes=' . length($whole) . '-' }, 416, undef],
    ['If-None-Match', { 'If-None-Match' => $etag }, 304, ''],
);
my (%odd, %answers);
eventually(15, sub {
    for (@ask) {
        my ($what, $header, $status, $body) = @$_;
        my $response = http(($what eq 'HEAD' ? 'HEAD' : 'GET') => $url, %$header);
        my $right = $response->code == 404
            || $response->code == $status && (!defined $body || $response->content eq $body);
        $odd{"$what: " . $response->code . ' ' . length $response->content}++ unless $right;
        $answers{ $response->code }++;
    }
    ($answers{404} // 0) > 20;
});
is_deeply [sort keys %odd], [], 'nothing else';
is join(' ', sort keys %answers), '200 206 304 404 416', 'each of them was seen';



=== TEST 15: fault 42: one Idempotency-Key, a hundred times at once: one job
--- flow
platend_stop();
my @body = ("the one document\n", "another document\n");
my @replay = map { my $n = $_; sub { http(POST => '/jobs?to=pdf&filename=a.txt', content => $body[$n],
    'Idempotency-Key' => 'a key of fault 42', @_) } } 0, 1;
my $before = json_of(get('/jobs'))->{total};
my $inputs = files_below("$::Var/data/input");
my @pids;
for my $child (1 .. 10) {
    my $pid = fork // die;
    if ($pid) { push @pids, $pid; next }
    my @seen = map { my $r = $replay[0]->(); join ' ', $r->code, (eval { json_of($r) } // {})->{job_id} // '-',
        $r->header('Idempotent-Replayed') // 'first' } 1 .. 10;
    spew("$::Var/replay.$child", "@{[join qq{\n}, @seen]}\n");
    POSIX::_exit(0);
}
waitpid $_, 0 for @pids;
my @seen = map { split /\n/, slurp("$::Var/replay.$_") } 1 .. 10;
is scalar(@seen), 100, 'a hundred answers';
my %ids = map { (split ' ')[1] => 1 } @seen;
is scalar(keys %ids), 1, 'of one job' or diag join "\n", @seen;
is_deeply [grep !/^202 /, @seen], [], 'all of them accept it';
is scalar(grep / first\z/, @seen), 1, 'one of them made it';
is scalar(grep / true\z/, @seen), 99, 'the others say that they did not';
is json_of(get('/jobs'))->{total}, $before + 1, 'one job is in the list';
is scalar(files_below("$::Var/data/input")), $inputs + 1, 'one input on the disk';
is_deeply [files_below("$::Var/data/tmp")], [], 'and nothing else';
is $replay[1]->()->code, 422, 'another document under that key is refused';
isnt json_of($replay[1]->(key => 'bob'))->{job_id} // '', (keys %ids)[0], 'another client has keys of its own';



=== TEST 16: fault 43: clients that leave after the body and before the answer
--- flow
my %sha256;
my $before = json_of(get('/jobs'))->{total};
my $inputs = files_below("$::Var/data/input");
local $SIG{PIPE} = 'IGNORE';
for my $n (1 .. 120) {
    my $body = "client $n leaves\n" x (1 + $n * 20);
    $sha256{ sha256_hex($body) } = 1;
    my $socket = raw_open();
    syswrite $socket, "POST /jobs?to=pdf&filename=a.txt HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{bob}\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n" . substr $body, 0, -1;
    syswrite $socket, substr $body, -1;
    sleep $n / 120 * 0.004;
    setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_LINGER(), pack 'ii', 1, 0 if $n % 2; # a reset
    close $socket;
}
my @jobs;
ok eventually(10, sub {
    @jobs = @{ json_of(get('/jobs?limit=1000', key => 'bob'))->{jobs} };
    !files_below("$::Var/data/tmp") && files_below("$::Var/data/input") - $inputs == @jobs - 1;
}), 'as many inputs as jobs, and nothing else, once all is settled';
my @broken = grep { $_->{input_filename} eq 'a.txt'
    && !$sha256{ sha256_hex(slurp("$::Var/data/input/" . substr($_->{job_id}, 0, 7) . "/$_->{job_id}")) } } @jobs;
is scalar(@broken), 1, 'each job has its whole document' or diag scalar @jobs; # and the one of fault 42
cmp_ok scalar(@jobs), '<=', 121, 'at most one of each';
is json_of(get('/jobs'))->{total}, $before, 'and none of another client';
