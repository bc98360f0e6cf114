# Batches: an archive goes in, an archive comes out, and one bad file never spoils the rest.

use lib 't/lib';
use TestPlaten;
use TestBatch;
use EventStream;

sub refused_as {
    my ($what, $bytes, $code, %arg) = @_;
    my $response = post_form($arg{path} // '/jobs', [
        file => [undef, $arg{name} // 'set.zip', Content => $bytes], target_format => $arg{to} // 'pdf' ]);
    problem_is($response, $arg{status} // 422, $code, $what);
    return json_of($response)->{detail};
}

sub fresh { platend_stop(); platend_start() }

run_tests();

__DATA__

=== TEST 1: an archive becomes an archive of its documents' results
--- flow
main::fresh();
my $zip = zip_of('a/one.txt' => "first\n", 'b/two.txt' => "second\n", 'three.md' => "# third\n",
                 'README' => "Read me first.\n", '.DS_Store' => 'x', '__MACOSX/a/._one.txt' => 'x', 'nothing.txt' => '',
                 'inner.zip' => zip_of('x.txt' => "x\n"), 'done.pdf' => tiny_pdf());
my $job = submit(content => $zip, name => 'set.zip', to => 'pdf');
is $job->{status}, 'PENDING', 'it is taken as one job';
is $job->{source_format}, 'zip', 'of an archive';
$job = wait_job($job->{job_id}, 60);
is $job->{status}, 'SUCCESS', 'all that could be converted is';
is_deeply $job->{counts}, { total => 9, pending => 0, processing => 0, success => 3, failed => 0, skipped => 6 },
    'its counts';
my %file = files_of($job);
is $file{$_}{status}, 'SUCCESS', "$_ is converted" for 'a/one.txt', 'b/two.txt', 'three.md';
is $file{$_->[0]}{error_code}, $_->[1], "$_->[0] is skipped as $_->[1]"
    for ['README', 'unknown_content'], ['.DS_Store', 'hidden_file'], ['__MACOSX/a/._one.txt', 'resource_fork'],
        ['nothing.txt', 'empty_file'], ['inner.zip', 'nested_archive'], ['done.pdf', 'identical_formats'];
like $file{README}{error}, qr/^The content is of no format/, 'and a sentence says so';
is $file{README}{status}, 'SKIPPED', 'which is no failure';

my $got = get($job->{download_url});
is $got->code, 200, 'the archive is there';
is $got->header('Content-Type'), 'application/zip', 'as a ZIP file';
like $got->header('Content-Disposition'), qr/filename="set\.zip"/, 'of the same name';
my %in = unzip($got->content);
is_deeply [sort keys %in], ['a/one.pdf', 'b/two.pdf', 'manifest.json', 'three.pdf'], 'folders are kept';
like $in{$_}, qr/^%PDF-/, "$_ is one" for grep /pdf$/, sort keys %in;
my $manifest = Cpanel::JSON::XS->new->utf8->decode($in{'manifest.json'});
is scalar @{ $manifest->{files} }, 9, 'the manifest has every entry';
my ($one) = grep $_->{entry} eq 'a/one.txt', @{ $manifest->{files} };
is $one->{sha256}, sha256_hex($in{'a/one.pdf'}), 'with the digest of its result';
is $one->{input_sha256}, sha256_hex("first\n"), 'and of what it was made from';
is $one->{result}, 'a/one.pdf', 'and its name';

my $single = get($file{'a/one.txt'}{download_url});
is $single->content, $in{'a/one.pdf'}, 'each file can be had by itself';
like $single->header('Content-Disposition'), qr/filename="one\.pdf"/, 'under its own name';
problem_is(get("/jobs/$job->{job_id}/files/$file{README}{id}"), 404, 'file_not_found', 'one that was skipped cannot');
problem_is(get("/jobs/$job->{job_id}/files/$_"), 404, 'file_not_found', "nor $_") for 77, 99999999, 'x', '-1';
problem_is(get("/jobs/$job->{job_id}/files/0", key => 'bob'), 404, 'job_not_found', 'nor those of someone else');
is json_of(get('/jobs'))->{total}, 1, 'the list has one job';

my $page = json_of(get("/jobs/$job->{job_id}/files?offset=2&limit=3"));
is_deeply [map $_->{id}, @{ $page->{files} }], [2, 3, 4], 'files are had page by page';
is $page->{next_offset}, 5, 'which says where the next one is';
is json_of(get("/jobs/$job->{job_id}/files?offset=8"))->{next_offset}, undef, 'the last one says so';
problem_is(get("/jobs/$job->{job_id}/files?$_"), 422, 'invalid_parameter', $_) for 'limit=0', 'limit=1001', 'offset=x';

is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'it can be deleted';
my @left;
ok eventually(10, sub { !(@left = files_below("$Var/data/input", "$Var/data/output")) }),
    'and its files go with it' or diag "@left";
main::fsck_clean('nothing is left of it in the store');
is json_of(get('/usage'))->{used_bytes}, 0, 'or in the usage';



=== TEST 2: one bad file never spoils the rest, and is tried again
--- flow
main::fresh();
my $good = slurp(sample('hello.docx'));
my $job = submit(content => zip_of('bad.docx' => substr($good, 0, 900), 'good.docx' => $good,
                                   'liar.docx' => "a text\n", 'good.odt' => 'PK nonsense'),
                 name => 'mixed.zip', to => 'pdf');
$job = wait_job($job->{job_id}, 60);
is $job->{status}, 'PARTIAL_SUCCESS', 'some are converted';
is $job->{counts}{success}, 1, 'one';
is $job->{counts}{failed}, 3, 'and three are not';
my %file = files_of($job);
is $file{'liar.docx'}{error_code}, 'content_mismatch', 'one is not what its name says';
ok $file{$_}{error}, "$_ says why" for 'bad.docx', 'liar.docx';
my %in = unzip(get($job->{download_url})->content);
is_deeply [sort keys %in], ['good.pdf', 'manifest.json'], 'the rest is delivered';
is http(POST => "/jobs/$job->{job_id}/retry")->code, 202, 'it can be retried';
my $again = wait_job($job->{job_id}, 60);
is $again->{status}, 'PARTIAL_SUCCESS', 'with the same outcome';
is_deeply $again->{counts}, $job->{counts}, 'and counts';
main::fsck_clean('the store is sound');
platend_stop();
is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'it can be deleted while nothing runs';
main::fsck_clean('the store is sound meanwhile');
platend_start();
ok eventually(10, sub { !files_below("$Var/data/input", "$Var/data/output") }), 'its files go later';
main::fsck_clean('the store is sound afterwards');



=== TEST 3: two that would have one name both survive
--- flow
main::fresh();
my $job = submit(content => zip_of('a.txt' => "one\n", 'a.md' => "two\n", 'manifest.csv' => "a,b\n1,2\n"),
                 name => 'same.zip', to => 'html');
$job = wait_job($job->{job_id}, 60);
is $job->{status}, 'SUCCESS', 'all are converted';
my %in = unzip(get($job->{download_url})->content);
is_deeply [sort keys %in], ['a (2).html', 'a.html', 'manifest.html', 'manifest.json'], 'each under a name of its own';



=== TEST 4: several files in one form are a batch, too
--- flow
main::fresh();
my $r = post_form('/jobs', [
    file => [undef, 'a.txt', Content => "one\n"], files => [undef, 'a.txt', Content => "two\n"],
    file => [undef, 'b.md', Content => "# three\n"], target_format => 'pdf' ]);
is $r->code, 202, 'it is taken';
my $job = wait_job(json_of($r)->{job_id}, 60);
is $job->{status}, 'SUCCESS', 'and converted';
my %in = unzip(get($job->{download_url})->content);
is_deeply [sort keys %in], ['a (2).pdf', 'a.pdf', 'b.pdf', 'manifest.json'], 'all of them';
is_deeply [files_below("$Var/data/tmp")], [], 'no temporary file is left';



=== TEST 5: the second seed's session
--- flow
main::fresh();
my $r = post_form('/api/v1/jobs/', [
    file => [undef, 'docs.zip', Content => zip_of('README' => "\x00\x01", 'a.txt' => "one\n", 'bad.docx' => 'PK no')] ]);
is $r->code, 202, 'an archive is taken';
my $answer = json_of($r);
is_deeply [sort keys %$answer], [qw(job_id message status)], 'with three members';
is $answer->{status}, 'pending', 'pending';
is $answer->{message}, 'Job created successfully', 'and what its clients look for';
my $job;
ok eventually(60, sub { ($job = json_of(get("/api/v1/jobs/$answer->{job_id}/")))->{status} !~ /pending|processing/ }),
    'it ends';
is $job->{status}, 'partial_success', 'in part with success';
is_deeply [sort keys %$job], [qw(created_at download_url files id status)], 'with five members';
is_deeply [map [@$_{qw(id filename status)}], @{ $job->{files} }],
    [[0, 'README', 'skipped'], [1, 'a.txt', 'completed'], [2, 'bad.docx', 'failed']], 'its files';
ok $job->{files}[2]{error_message}, 'and what was wrong';
$r = get($job->{download_url});
is $r->header('Content-Type'), 'application/zip', 'the result is an archive';
is_deeply [sort keys %{ { unzip($r->content) } }], ['a.pdf', 'manifest.json'], 'of what there is';
main::refused_as($_->[0], $_->[1], $_->[3], path => '/api/v1/jobs', name => $_->[2], status => 400)
    for ['no archive', "a text\n", 'a.txt', 'not_an_archive'],
        ['a document', slurp(sample('hello.docx')), 'a.docx', 'not_an_archive'],
        ['a PDF, which is the target format', tiny_pdf(), 'a.pdf', 'not_an_archive'],
        ['an empty archive', zip_of(), 'e.zip', 'nothing_to_convert'],
        ['an archive of nothing', zip_of('README' => 'x'), 'n.zip', 'nothing_to_convert'];
problem_is(get("/api/v1/jobs/$answer->{job_id}/download", key => 'bob'), 404, 'job_not_found', 'another client');



=== TEST 6: everything is seen as it happens
--- flow
platend_stop();
my $job = submit(content => zip_of(map { ("f$_.txt" => "text $_\n") } 1 .. 3), name => 'set.zip', to => 'pdf');
problem_is(get("/api/v1/jobs/$job->{job_id}/download"), 400, 'not_ready', 'before its end there is no result');
my $stream = EventStream->new("/jobs/$job->{job_id}/events");
platend_start();
my @seen = $stream->rest;
is $stream->{end}, 'last', 'the stream ends';
is $seen[-1]{event}, 'job_done', 'with the job';
for my $n (0 .. 2) {
    is_deeply [map $_->{event}, grep { defined $_->{data}{file} && $_->{data}{file} == $n } @seen],
        [qw(file_pending file_processing file_done)], "file $n is told of";
}
is_deeply [grep /^job/, map $_->{event}, @seen], [qw(job_processing job_done)], 'and the job';
my ($file) = grep $_->{event} eq 'file_done', @seen;
is get($file->{data}{download_url})->code, 200, 'a file can be had as soon as it is done';



=== TEST 7: an archive in which nothing turns out to be convertible
--- flow
main::platend_stop();
my $job = submit(content => zip_of('a.txt' => "x\n"), name => 'set.zip', to => 'odt');
my $none = submit(content => zip_of('a.csv' => "a,b\n"), name => 'set.zip', to => 'json');
platend_start('engines/tables/enabled' => 0);
$none = wait_job($none->{job_id}, 60);
is "$none->{status} $none->{error_code}", 'FAILED nothing_to_convert', 'the job says so';
is $none->{counts}{skipped}, 1, 'its file was skipped';
problem_is(get("/jobs/$none->{job_id}/download"), 400, 'not_ready', 'there is nothing to download');
main::refused_as('an archive of the target format', zip_of('a.pdf' => tiny_pdf()), 'nothing_to_convert', status => 400);
is wait_job($job->{job_id}, 60)->{status}, 'SUCCESS', 'another goes on';



=== TEST 8: by every way in
--- flow
main::fresh();
my $zip = zip_of('a.txt' => "one\n", 'b.md' => "# two\n");
my $r = post_form('/convert', [ file => [undef, 'set.zip', Content => $zip], target_format => 'pdf' ]);
is $r->code, 200, 'who waits gets the archive';
is_deeply [sort keys %{ { unzip($r->content) } }], ['a.pdf', 'b.pdf', 'manifest.json'], 'of results';
$r = post_form('/convert', [ file => [undef, 'set.zip', Content => zip_of('a.docx' => 'none')], target_format => 'pdf' ]);
problem_is($r, 422, 'all_files_failed', 'or hears that there are none');
$r = http(POST => '/jobs?to=pdf&filename=set.zip', content => $zip);
is wait_job(json_of($r)->{job_id}, 30)->{status}, 'SUCCESS', 'a raw body';
use MIME::Base64 ();
$r = http(POST => '/uploads', 'Tus-Resumable' => '1.0.0', 'Upload-Length' => length $zip,
    'Content-Type' => 'application/offset+octet-stream', content => $zip,
    'Upload-Metadata' => join ',', map { "$_->[0] " . MIME::Base64::encode_base64($_->[1], '') } [filename => 'set.zip'], [target_format => 'pdf']);
is $r->code, 201, 'a resumable upload';
is wait_job($r->header('Platen-Job'), 30)->{counts}{success}, 2, 'is one, too';
$r = http(POST => '/documents/initiate-upload', content => '{"filename":"set.zip","content_type":"application/zip","target_format":"pdf"}');
is $r->code, 201, 'and a document' or diag $r->as_string;
my $document = json_of($r);
$r = http(PUT => $document->{upload_url} =~ s{^https?://[^/]+}{}r, key => undef, 'Content-Type' => 'application/zip', content => $zip);
ok $r->is_success, 'in two steps' or diag $r->as_string;
$r = http(POST => "/documents/$document->{document_id}/enqueue");
is wait_job($document->{document_id}, 30)->{counts}{success}, 2, 'which is enqueued' if ok $r->is_success, 'then' or diag $r->as_string;
