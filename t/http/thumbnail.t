# GET /jobs/{id}/thumbnail: the first page of a result as a picture, made when it is asked for.

use lib 't/lib';
use TestPlaten;
use TestBatch;

# A PDF of two pages, 200 x 100 points each; and one that no one can read.
our $Pdf = do {
    my $page = '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj';
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj\n"
        . "3 0 obj$page\n4 0 obj$page\ntrailer<</Root 1 0 R>>\n%%EOF\n";
};
spew("$Var/two.pdf", $Pdf);
spew("$Var/bad.pdf", "%PDF-1.4\nnothing\n");

our @Engines = (only_script(copies => qq{f=$Var/two.pdf; /bin/grep -q bad "\$1" && f=$Var/bad.pdf\nexec /bin/cp \$f "\$2"}, $Var),
    map { +"engines/$_/enabled" => 1 } qw(poppler qpdf mupdf));

sub png_size { return [unpack 'N2', substr $_[0], 16, 8] }
sub done { my $id = text_job(@_); wait_job($id); return $id }
sub usage { return json_of(get('/usage'))->{used_bytes} }
sub inputs { return scalar files_below("$Var/data/input") }
sub outputs { return scalar files_below("$Var/data/output") }

run_tests();

__DATA__

=== TEST 1: made once, kept with the result, counted, and gone with the job
--- flow
platend_start(@::Engines);
my $id = main::done();
my ($before, $listed) = (main::usage(), json_of(get('/jobs'))->{total});
my $job = get("/jobs/$id");
my $response = get("/jobs/$id/thumbnail?width=100");
is $response->code, 200, 'there it is' or diag $response->as_string, platend_log();
is $response->header('Content-Type'), 'image/png', 'a PNG';
is_deeply main::png_size($response->content), [100, 50], 'as wide as was asked for';
is $response->header('ETag'), '"' . sha256_hex($response->content) . '"', 'its digest as ETag';
is $response->header('Content-Security-Policy'), 'sandbox', 'never a page of this origin';
is get("/jobs/$id/thumbnail?width=100", 'If-None-Match' => $response->header('ETag'))->code, 304, 'not twice to one who has it';
is get("/jobs/$id/thumbnail?width=100", Range => 'bytes=0-7')->content, "\x89PNG\r\n\x1a\n", 'a part of it';
is http(HEAD => "/jobs/$id/thumbnail?width=100")->header('Content-Length'), length $response->content, 'HEAD';
is scalar(() = platend_log() =~ /"job finished"/g), 2, 'one conversion, and one more for the picture';
is main::usage(), $before + length $response->content, 'it counts';
is json_of(get('/jobs'))->{total}, $listed, 'no listing has it';
is get("/jobs/$id")->header('ETag'), $job->header('ETag'), 'and the job is as it was';
is_deeply main::png_size(get("/jobs/$id/thumbnail")->content), [320, 160], 'as wide as usual';
is platenctl('fsck', '--deep'), 0, 'fsck finds nothing' or diag $CtlOut, $CtlErr;
is http(DELETE => "/jobs/$id")->code, 204, 'the job goes';
ok eventually(30, sub { main::inputs() + main::outputs() == 0 && main::usage() == 0 }), 'and all of its files with it'
    or diag join "\n", files_below("$::Var/data");
problem_is get("/jobs/$id/thumbnail?width=100"), 404, 'job_not_found', 'and there is no more of it';



=== TEST 2: what has none
--- flow
my $id = main::done();
problem_is get("/jobs/$id/thumbnail?width=$_"), 422, 'invalid_parameter', "width=$_" for 0, 15, 2049, -1, 'x', '1e2';
problem_is get("/jobs/$id/thumbnail", key => 'bob'), 404, 'job_not_found', "another client's";
problem_is get("/jobs/$id/thumbnail", key => undef), 401, 'unauthorized', 'without a key';
problem_is get('/jobs/nonsense/thumbnail'), 422, 'invalid_id', 'no id';
is http(POST => "/jobs/$id/thumbnail")->header('Allow'), 'GET, HEAD', 'its methods';
my $broken = main::done("bad\n");
my $job = job($broken);
SKIP: {
    skip 'the result is refused before', 1 if $job->{status} ne 'SUCCESS';
    my $response = get("/jobs/$broken/thumbnail?width=64");
    problem_is $response, 422, 'no_thumbnail', 'a result that cannot be read';
    like json_of($response)->{detail}, qr/Download the result/, 'it says what to do';
}
my $zip = zip_of('a.txt' => 'one', 'b.txt' => 'two');
my $batch = json_of(http(POST => '/api/v1/jobs/', 'Content-Type' => 'application/zip', content => $zip))->{job_id};
wait_job($batch);
problem_is get("/jobs/$batch/thumbnail"), 422, 'no_thumbnail', 'an archive';
get("/jobs/$id/thumbnail?width=$_") for 16 .. 23;
my $response = get("/jobs/$id/thumbnail?width=24");
problem_is $response, 422, 'no_thumbnail', 'a ninth width';
is get("/jobs/$id/thumbnail?width=23")->code, 200, 'while the others stay';
platend_stop();
my $waiting = text_job();
problem_is get("/jobs/$waiting/thumbnail"), 400, 'not_ready', 'a job that has no result yet';



=== TEST 3: kill -9 while it is made, no sidecar for a while, and two who ask for the same
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_wait_timeout 500ms;/r
--- flow
platend_start(@::Engines);
my $id = main::done("one\n");
platend_kill();
problem_is get("/jobs/$id/thumbnail?width=40"), 503, 'service_not_ready', 'nobody makes it yet';
problem_is get("/jobs/$id/thumbnail?width=40"), 503, 'service_not_ready', 'and it is asked for once more';
platend_start(@::Engines);
my $response;
ok eventually(30, sub { ($response = get("/jobs/$id/thumbnail?width=40"))->code == 200 }), 'it is made when platend comes back';
is_deeply main::png_size($response->content), [40, 20], 'the very one';
is scalar(grep /"job finished".*"to":"png"/, split /\n/, platend_log() =~ s/.*"msg":\s*"ready"//sr), 1, 'and once only';
is platenctl('fsck', '--deep'), 0, 'fsck finds nothing' or diag $CtlOut, $CtlErr;
platenctl('fsck', '--repair');
is get("/jobs/$id/thumbnail?width=40")->code, 200, 'and a repair leaves it there';
platend_kill();
get("/jobs/$id/thumbnail?width=41");
is http(DELETE => "/jobs/$id")->code, 204, 'the job goes before its picture is made';
platend_start(@::Engines);
ok eventually(30, sub { !grep { index($_, $id) >= 0 } files_below("$::Var/data") }), 'and its files';
# What was begun before the files went may still be said to have been for nothing.
my $made = sub { return scalar(() = platend_log() =~ /"msg":"(?!job discarded)[^"]*".*"to":"png"/g) };
my $before = $made->();
platend_turns(2);
is $made->(), $before, 'nobody makes it any more';
is platenctl('fsck', '--deep'), 0, 'fsck finds nothing' or diag $CtlOut, $CtlErr;
platend_stop();
