# What clients of other services say and look for, word for word.

use lib 't/lib';
use TestPlaten;

our $Config = "
    client_body_buffer_size 64k;
    location / { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; }
    location /below/ { platen_api; platen_api_keys $Var/keys; }";

# The session of the two-phase API: announce, PUT without a key, enqueue, poll; the document in the end.
sub session {
    my ($announcement, $bytes, @type) = @_;
    my $at = http(POST => '/documents/initiate-upload', content => Cpanel::JSON::XS->new->encode($announcement),
        'Content-Type' => 'application/json');
    die $at->as_string unless $at->code == 201;
    my $answer = json_of($at);
    my $path = $answer->{upload_url} =~ s{^http://[^/]+}{}r;
    my $put = http(PUT => $path, content => $bytes, key => undef, map { ('Content-Type' => $_) } @type);
    die $put->as_string unless $put->is_success;
    my $enqueued = http(POST => "/documents/$answer->{document_id}/enqueue");
    die $enqueued->as_string unless $enqueued->is_success;
    my $job = wait_job(json_of($enqueued)->{job_id});
    return (json_of(get("/documents/$answer->{document_id}")), $job);
}

# A PDF of one page with that text.
sub printed {
    my ($text) = @_;
    my $page = "BT /F 12 Tf 20 20 Td ($text) Tj ET";
    my @objects = ('<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[3 0 R]/Count 1>>',
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 60]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>',
        '<</Length ' . length($page) . ">>stream\n$page\nendstream", '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>');
    my ($pdf, $xref) = ("%PDF-1.4\n", '');
    for my $n (1 .. @objects) {
        $xref .= sprintf "%010d 00000 n \n", length $pdf;
        $pdf .= "$n 0 obj$objects[$n - 1]endobj\n";
    }
    my $at = length $pdf;
    return "${pdf}xref\n0 6\n0000000000 65535 f \n${xref}trailer<</Size 6/Root 1 0 R>>\nstartxref\n$at\n%%EOF\n";
}

platend_start(only_script(twice => 'exec /bin/cp "$TINY_PDF" "$2"'), 'engines/poppler/enabled' => 1, 'engines/mupdf/enabled' => 1);
run_tests();

__DATA__

=== TEST 1: the bulk converter's health check
--- config eval: $::Config
--- flow
for my $path ('/', '/below/') {
    my $response = get($path, key => undef);
    is $response->code, 200, "GET $path";
    is $response->content, '{"message":"Service is running successfully"}', 'word for word';
    is $response->header('Content-Type'), 'application/json', 'as JSON';
}
is http(HEAD => '/', key => undef)->code, 200, 'HEAD';
problem_is http(POST => '/', content => 'x'), 405, 'method_not_allowed', 'and nothing else';



=== TEST 2: any UUID is a good question: 404
--- config eval: $::Config
--- flow
for my $id ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
            '01890000-0000-4000-8000-000000000000', '01890000-0000-7000-c000-000000000000',
            '6BA7B810-9DAD-11D1-80B4-00C04FD430C8') {
    problem_is get("/$_"), 404, 'job_not_found', "GET /$_"
        for "jobs/$id", "jobs/$id/download", "jobs/$id/files", "jobs/$id/events", "api/v1/jobs/$id", "documents/$id";
    problem_is http(DELETE => "/jobs/$id"), 404, 'job_not_found', 'DELETE';
    problem_is http(POST => "/jobs/$id/retry"), 404, 'job_not_found', 'retry';
    problem_is http(POST => "/documents/$id/enqueue"), 404, 'job_not_found', 'enqueue';
    problem_is get("/jobs/$id/thumbnail"), 404, 'job_not_found', 'thumbnail';
    problem_is http(POST => "/jobs/$id/links", content => '{}'), 404, 'job_not_found', 'links';
    problem_is http(PATCH => "/uploads/$id", content => 'x', 'Tus-Resumable' => '1.0.0', 'Upload-Offset' => 0,
        'Content-Type' => 'application/offset+octet-stream'), 404, 'upload_not_found', 'an upload';
}
problem_is get("/jobs/$_"), 422, 'invalid_id', "no UUID: $_"
    for 'x', '0' x 36, '01890000-0000-7000-8000-00000000000g', '{01890000-0000-7000-8000-000000000000}';



=== TEST 3: the presigned upload of a PDF, without a target
--- config eval: $::Config
--- flow
my $printed = main::printed('Hello, Platen');
my ($document, $job) = main::session({ filename => 'report.pdf', content_type => 'application/pdf' }, $printed, 'application/pdf');
is $document->{status}, 'COMPLETED', 'ends COMPLETED';
is $document->{content_type}, 'application/pdf', 'as what it came';
is $job->{target_format}, 'txt', 'as text';
like get($job->{download_url})->content, qr/Hello, Platen/, 'its own';
($document, $job) = main::session({ filename => 'report.PDF', content_type => 'application/octet-stream' }, $printed, 'application/octet-stream');
is "$document->{status} $document->{content_type} $job->{target_format}", 'COMPLETED application/octet-stream txt', 'as bytes, by its extension';
($document, $job) = main::session({ filename => 'report.pdf' }, $printed, 'application/pdf');
is "$document->{status} $document->{content_type} $job->{target_format}", 'COMPLETED application/pdf txt', 'or with no type at all';
($document, $job) = main::session({ filename => 'report.pdf', content_type => undef }, $printed, 'text/anything');
is $document->{status}, 'COMPLETED', 'and then the upload may say what it likes';
($document, $job) = main::session({ filename => 'report.pdf' }, $printed);
is $document->{status}, 'COMPLETED', 'or nothing';
($document, $job) = main::session({ filename => 'a.txt' }, "text\n");
is "$document->{status} $job->{target_format}", 'COMPLETED pdf', 'anything else becomes a PDF';
($document, $job) = main::session({ filename => 'report.pdf', content_type => 'application/pdf', target_format => 'png' }, $printed, 'application/pdf');
is $job->{target_format}, 'png', 'unless the client says what';
problem_is http(POST => '/documents/initiate-upload', content => '{"filename":"a.exe","content_type":"application/octet-stream"}'),
    415, 'unsupported_media_type', 'bytes of no known extension';
problem_is http(POST => '/documents/initiate-upload', content => '{"filename":"pdf"}'), 422, 'missing_parameter', 'nor a name without one';



=== TEST 4: Cache-Control: no-cache on a submission converts anew
--- http_config eval: $::HttpConfig =~ s/platen_result_cache off;//r
--- config eval: $::Config
--- flow
my $convert = sub {
    my (@header) = @_;
    my $response = http(POST => '/convert?to=pdf&filename=a.txt', content => "the same\n", @header);
    is $response->code, 200, "@header";
    my ($id) = $response->header('Content-Location') =~ m{/jobs/([^/]+)};
    return job($id)->{cached} ? 'cached' : 'converted';
};
is $convert->(), 'converted', 'first';
is $convert->(), 'cached', 'again';
is $convert->('Cache-Control' => $_), 'converted', "anew: $_" for 'no-cache', 'No-Cache', 'max-age=0, no-cache ', 'foo=",", no-cache';
is $convert->('Cache-Control' => ['max-age=0', 'no-cache']), 'converted', 'anew: on a line of its own';
is $convert->('Cache-Control' => $_), 'cached', "not: $_" for 'max-age=0', 'x-no-cache', 'no-cache-x', '', ',';
my $tus = http(POST => '/uploads', content => "the same\n", 'Tus-Resumable' => '1.0.0', 'Upload-Length' => 9,
    'Upload-Metadata' => 'filename YS50eHQ=,target_format cGRm', 'Content-Type' => 'application/offset+octet-stream', 'Cache-Control' => 'no-cache');
is wait_job($tus->header('Platen-Job'))->{cached}, Cpanel::JSON::XS::false(), 'by an upload as well';
platend_stop();
