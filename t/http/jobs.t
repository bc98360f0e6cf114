# The whole way of a document: submit, poll, download; and the job as it is seen.

use lib 't/lib';
use TestPlaten;

platend_start();

run_tests();

__DATA__

=== TEST 1: a DOCX becomes a PDF
--- flow
my $response = post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'pdf' ],
    'X-Request-ID' => 'req-1');
is $response->code, 202, 'accepted';
my $job = json_of($response);
like $job->{job_id}, qr/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/,
    'a version 7 UUID';
is $response->header('Location'), "/jobs/$job->{job_id}", 'Location';
is $job->{status}, 'PENDING', 'PENDING at first';
is $job->{queue_position}, 1, 'next in the queue';
is $job->{$_}, undef, "$_ is null before success" for qw(output_file output_size download_url
    error error_code started_at completed_at expires_at);
is $job->{request_id}, 'req-1', 'the request id is kept on the job';

$job = wait_job($job->{job_id});
is $job->{status}, 'SUCCESS', 'converted' or diag platend_log();
is $job->{source_format}, 'docx', 'source format';
is $job->{target_format}, 'pdf', 'target format';
is $job->{input_filename}, 'hello.docx', 'input filename';
is $job->{input_size}, -s sample('hello.docx'), 'input size';
is $job->{output_file}, 'hello.pdf', 'output file';
is $job->{attempts}, 1, 'one attempt';
is $job->{progress}, 1, 'progress';
is $job->{queue_position}, undef, 'not queued any more';
is $job->{download_url}, "/jobs/$job->{job_id}/download", 'download_url';
is_deeply $job->{files}, [{ id => 0, filename => 'hello.docx', status => 'SUCCESS', error => undef, error_code => undef,
    source_format => 'docx', output_size => $job->{output_size}, download_url => "/jobs/$job->{job_id}/files/0" }],
    'files';
like $job->{$_}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/, "$_ is RFC 3339"
    for qw(created_at started_at completed_at expires_at);
ok $job->{created_at} le $job->{started_at} && $job->{started_at} le $job->{completed_at}
    && $job->{completed_at} lt $job->{expires_at}, 'times in order';

my $pdf = get($job->{download_url});
is $pdf->code, 200, 'download';
is length $pdf->content, $job->{output_size}, 'output_size is the size';
like $pdf->content, qr/^%PDF-1\.\d/, 'it is a PDF';
spew("$::Var/hello.pdf", $pdf->content);
like `pdfinfo $::Var/hello.pdf`, qr/^Pages:\s+1$/m, 'with one page';
like `pdftotext $::Var/hello.pdf -`, qr/\S/, 'and text';
like platend_log(), qr/"request_id":\s*"req-1"/, 'the sidecar logs the request id';
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left in tmp';



=== TEST 2: the first seed's client: /jobs/submit, X-API-Key, poll, download
--- flow
my $response = post_form('/jobs/submit', [ file => [sample('hello.docx')],
    source_format => 'docx', target_format => 'pdf' ]);
is $response->code, 200, '200, as its clients expect';
my $job = json_of($response);
is $job->{status}, 'PENDING', 'PENDING';
is wait_job($job->{job_id})->{status}, 'SUCCESS', 'SUCCESS';
like get("/jobs/$job->{job_id}/download")->content, qr/^%PDF/, 'its PDF';



=== TEST 3: raw bodies, by Content-Length and chunked; fields after the file
--- flow
my $docx = slurp(sample('hello.docx'));
my $raw = http(POST => '/jobs?to=pdf&filename=caf%C3%A9+menu.docx', content => $docx,
    'Content-Type' => 'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
is $raw->code, 202, 'raw body';
my $job = json_of($raw);
is $job->{input_filename}, "caf\x{e9} menu.docx", 'its filename from the query';
is $job->{source_format}, 'docx', 'its format';

my $chunked = raw("POST /jobs?to=pdf HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n"
    . "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    . join('', map { sprintf "%x\r\n%s\r\n", length, $_ } $docx =~ /(.{1,700})/gs) . "0\r\n\r\n");
is $chunked->code, 202, 'chunked raw body without any hint';
is json_of($chunked)->{source_format}, 'docx', 'the content decides';
is json_of($chunked)->{input_filename}, 'document.docx', 'and names it';
is json_of($chunked)->{input_size}, length $docx, 'whole';

my $late = post_form('/jobs', [ file => [sample('hello.docx')], remark => 'x' x 1000,
    output_format => 'pdf' ]);
is $late->code, 202, 'the target may follow the file';
is wait_job(json_of($_)->{job_id})->{status}, 'SUCCESS', 'converted' for $raw, $chunked, $late;



=== TEST 4: ETag and 304 on the job
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf');
my $before = get("/jobs/$job->{job_id}")->header('ETag');
wait_job($job->{job_id});
my $response = get("/jobs/$job->{job_id}");
my $etag = $response->header('ETag');
ok $etag =~ /^"[^"]+"\z/ && $etag ne $before, 'another ETag after success';
my $same = get("/jobs/$job->{job_id}", 'If-None-Match' => $etag);
is $same->code, 304, '304 for the same';
is $same->content, '', 'without a body';
is $same->header('ETag'), $etag, 'with its ETag';
is $same->header('Content-Type'), undef, 'and no type of nothing';
is get("/jobs/$job->{job_id}", 'If-None-Match' => "W/$etag")->code, 304, 'as of a compressed one';
is get("/jobs/$job->{job_id}", 'If-None-Match' => "\"other\", $etag")->code, 304, 'in a list';
is get("/jobs/$job->{job_id}", 'If-None-Match' => '*')->code, 304, 'and for any';
is get("/jobs/$job->{job_id}", 'If-None-Match' => $etag, 'If-Match' => '"other"')->code, 412, 'If-Match comes first';
is get("/jobs/$job->{job_id}", 'If-None-Match' => $before)->code, 200, '200 for the old one';
is http(HEAD => "/jobs/$job->{job_id}")->header('ETag'), $etag, 'HEAD has it too';



=== TEST 5: what a failed job says; its download is not_ready
--- flow
# It begins as a PDF does, and that is all.
my $job = submit(content => "%PDF-1.7\nand nothing else\n", name => 'broken.pdf', to => 'txt');
$job = wait_job($job->{job_id});
is $job->{status}, 'FAILED', 'FAILED';
is $job->{error_code}, 'corrupt_document', 'with a stable code';
like $job->{error}, qr/\w.*\.\z/, 'and a sentence';
is $job->{files}[0]{error}, $job->{error}, 'also on the file';
my $download = get("/jobs/$job->{job_id}/download");
problem_is $download, 400, 'not_ready', 'no download';
like $download->decoded_content, qr/FAILED/, 'and it says why';
