# Downloads: Range, conditions, names.

use lib 't/lib';
use TestPlaten;

platend_start();

our ($Job, $Url, $Pdf, $Etag);

run_tests();

__DATA__

=== TEST 1: the whole of it, its digest as ETag
--- flow
$main::Job = wait_job(submit(content => slurp(sample('hello.docx')), to => 'pdf',
    name => "na\xc3\xafve \xe2\x82\xac.docx")->{job_id});
$main::Url = $main::Job->{download_url};
my $response = get($main::Url);
$main::Pdf = $response->content;
$main::Etag = $response->header('ETag');
is $main::Etag, '"' . sha256_hex($main::Pdf) . '"', 'a strong ETag: the SHA-256';
is $response->header('Content-Type'), 'application/pdf', 'Content-Type';
is $response->header('Content-Length'), $main::Job->{output_size}, 'Content-Length';
is $response->header('Accept-Ranges'), 'bytes', 'Accept-Ranges';
is $response->header('X-Content-Type-Options'), 'nosniff', 'never sniffed';
is $response->header('Content-Security-Policy'), 'sandbox', 'and never a page of this origin';
is $response->header('Content-Disposition'),
    q{attachment; filename="na_ve _.pdf"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.pdf}, 'its name';
my $head = http(HEAD => $main::Url);
is $head->code, 200, 'HEAD';
is $head->header($_), $response->header($_), "HEAD has $_"
    for qw(ETag Content-Length Content-Type Content-Disposition Last-Modified Accept-Ranges);



=== TEST 2: ranges
--- flow
my $size = length $main::Pdf;
for (['0-0', 0, 1], ['0-99', 0, 100], ['100-', 100, $size - 100], ['-7', $size - 7, 7],
     ["0-" . 2 * $size, 0, $size]) {
    my ($range, $from, $length) = @$_;
    my $response = get($main::Url, Range => "bytes=$range");
    is $response->code, 206, $range;
    is $response->content, substr($main::Pdf, $from, $length), 'those bytes';
    is $response->header('Content-Range'), "bytes $from-" . ($from + $length - 1) . "/$size",
        'Content-Range';
}
my $two = get($main::Url, Range => 'bytes=0-3,10-13');
is $two->code, 206, 'two ranges';
like $two->header('Content-Type'), qr{^multipart/byteranges}, 'as multipart/byteranges';
my $beyond = get($main::Url, Range => "bytes=$size-");
problem_is $beyond, 416, 'range_not_satisfiable', 'beyond the end';
is $beyond->header('Content-Range'), "bytes */$size", 'with the size';
is scalar(() = $beyond->as_string =~ /^X-Request-ID:/mgi), 1, 'headers once';
is $beyond->header('ETag'), undef, 'and none of the file';
is get($main::Url, Range => 'lines=1-2')->code, 200, 'another unit is passed over';



=== TEST 3: conditions
--- flow
is get($main::Url, 'If-None-Match' => $main::Etag)->code, 304, 'If-None-Match';
is get($main::Url, 'If-None-Match' => "\"x\", $main::Etag")->code, 304, 'in a list';
is get($main::Url, 'If-None-Match' => '"x"')->code, 200, 'another';
is get($main::Url, 'If-Range' => $main::Etag, Range => 'bytes=0-9')->code, 206, 'If-Range';
is get($main::Url, 'If-Range' => '"x"', Range => 'bytes=0-9')->code, 200, 'If-Range of another';
is get($main::Url, 'If-Match' => $main::Etag)->code, 200, 'If-Match';
is get($main::Url, 'If-Match' => '*')->code, 200, 'If-Match any';
problem_is get($main::Url, 'If-Match' => '"x"'), 412, 'precondition_failed', 'If-Match of another';
my $modified = get($main::Url)->header('Last-Modified');
is get($main::Url, 'If-Modified-Since' => $modified)->code, 304, 'If-Modified-Since';
is get($main::Url, 'If-Unmodified-Since' => $modified)->code, 200, 'If-Unmodified-Since';
problem_is get($main::Url, 'If-Unmodified-Since' => 'Sun, 06 Nov 1994 08:49:37 GMT'), 412,
    'precondition_failed', 'modified since';



=== TEST 4: a result whose file is missing is 404 as a problem, not a short file
--- flow
my $job = wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id});
unlink grep /$job->{job_id}/, files_below("$::Var/data/output");
problem_is get($job->{download_url}), 404, 'job_not_found', 'gone';
