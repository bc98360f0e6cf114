# Documents: announced, uploaded to a URL of their own, enqueued.

use lib 't/lib';
use TestPlaten;

our $Docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
our $Config = "
    client_body_buffer_size 64k;
    location / { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; }
    location /small/ { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now;
        platen_max_file_size 1000; platen_formats *:pdf; }
    location /short/ { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now;
        platen_upload_ttl 1s; platen_max_queue 3; }
    location /off/ { platen_api; platen_api_keys $Var/keys; }";

# curl, as one types it; returns what it prints, which is to be JSON if there is any.
sub curl {
    my (@arguments) = @_;
    open my $pipe, '-|', 'curl', '-sS', @arguments or die "curl: $!";
    my $text = do { local $/; <$pipe> };
    close $pipe or die "curl: $?";
    return length $text ? Cpanel::JSON::XS->new->utf8->decode($text) : undef;
}

sub initiate {
    my ($json, %header) = @_;
    return http(POST => ($header{path} // '') . '/documents/initiate-upload', content => $json,
        'Content-Type' => 'application/json', map({ $_ => $header{$_} } grep { $_ ne 'path' } keys %header));
}

# The path and query of an upload_url.
sub target { $_[0] =~ s{^http://[^/]+}{}r }

sub announce {
    my (%arg) = @_;
    my $type = delete $arg{type} // 'text/plain';
    my $response = initiate(qq({"filename":"a.txt","content_type":"$type"}), %arg);
    die $response->as_string unless $response->code == 201;
    my $answer = json_of($response);
    return ($answer->{document_id}, target($answer->{upload_url}));
}

sub put {
    my ($url, $content, $type, %header) = @_;
    return http(PUT => $url, content => $content, key => undef, $type ? ('Content-Type' => $type) : (), %header);
}

platend_start('reaper/interval' => 1);
run_tests();

__DATA__

=== TEST 1: the session with curl
--- config eval: $::Config
--- flow
my $url = base_url();
my @key = ('-H', "X-API-Key: $::Key{alice}");
my $file = sample('hello.docx');

my $answer = curl(-X => 'POST', "$url/documents/initiate-upload", @key, '-H', 'Content-Type: application/json',
    -d => qq({"filename":"hello.docx","content_type":"$::Docx"}));
is_deeply [sort keys %$answer], [qw(document_id object_key upload_url)], 'initiate-upload';
my $id = $answer->{document_id};
is $answer->{object_key}, "documents/$id/hello.docx", 'object_key';
like $answer->{upload_url}, qr{^\Q$url\E/documents/$id/content\?expires=\d+&max=52428800&signature=[\w-]{43}\z},
    'upload_url, absolute';
my $document = curl("$url/documents/$id", @key);
is_deeply [sort keys %$document],
    [sort qw(id filename content_type s3_key status created_at updated_at last_error)], 'all that it shows';
is_deeply [@$document{qw(id filename content_type s3_key status last_error)}],
    [$id, 'hello.docx', $main::Docx, "documents/$id/hello.docx", 'INITIATED', undef], 'INITIATED';
is $document->{updated_at}, $document->{created_at}, 'and not touched since';

is curl(-X => 'PUT', $answer->{upload_url}, '-H', "Content-Type: $::Docx", '--data-binary', "\@$file"), undef,
    'PUT, without a key';
is curl("$url/documents/$id", @key)->{status}, 'INITIATED', 'waits to be enqueued';
cmp_ok curl("$url/documents/$id", @key)->{updated_at}, 'gt', $document->{updated_at}, 'updated_at';

is_deeply curl(-X => 'POST', "$url/documents/$id/enqueue", @key), { job_id => $id }, 'enqueue';
my %seen;
ok eventually(60, sub { $seen{ $document->{status} } = 1 for $document = curl("$url/documents/$id", @key);
    $document->{status} eq 'COMPLETED' }), 'COMPLETED' or diag explain $document;
is_deeply [grep { !/^(?:QUEUED|PROCESSING|COMPLETED)\z/ } keys %seen], [], 'by the states that there are';

# It is a job like any other.
my $job = job($id);
is $job->{status}, 'SUCCESS', 'the job';
is $job->{input_size}, -s $file, 'its size';
like get($job->{download_url})->content, qr/^%PDF-/, 'its result';
is_deeply [map $_->{job_id}, @{ json_of(get('/jobs'))->{jobs} }], [$id], 'in the list';
my $other = submit(file => $file, to => 'odt');
is json_of(get("/documents/$other->{job_id}"))->{content_type}, $main::Docx, 'and any job is a document';
wait_job($other->{job_id});
is http(DELETE => "/jobs/$_")->code, 204, 'deleted' for $id, $other->{job_id};
problem_is get("/documents/$id"), 404, 'job_not_found', 'gone';



=== TEST 2: what may be announced
--- config eval: $::Config
--- flow
my $at = initiate('{"filename":"../../etc/\u202eevil\n.docx","content_type":"' . $main::Docx . '; x=y","target_format":".odt"}');
is $at->code, 201, 'created';
my $id = json_of($at)->{document_id};
is $at->header('Location'), "/documents/$id", 'Location';
is json_of($at)->{object_key}, "documents/$id/evil.docx", 'a name is made harmless';
is json_of(get("/documents/$id"))->{filename}, 'evil.docx', 'and shown so';
is json_of(get("/documents/$id"))->{content_type}, $main::Docx, 'a type without its parameters';
is_deeply [@{ job($id) }{qw(status target_format source_format)}], ['INITIATED', 'odt', 'docx'], 'as a job';
ok defined job($id)->{expires_at}, 'which expires';
is http(DELETE => "/jobs/$id")->code, 204, 'deleted';

for (['no filename', '{"content_type":"text/plain"}', 422, 'missing_parameter'],
     ['an empty one', '{"filename":"","content_type":"text/plain"}', 422, 'missing_parameter'],
     ['no content_type', '{"filename":"a.xyz"}', 422, 'missing_parameter'],
     ['nor an extension', '{"filename":"txt"}', 422, 'missing_parameter'],
     ['nothing', '', 422, 'missing_parameter'],
     ['a number', '{"filename":1,"content_type":"text/plain"}', 422, 'invalid_parameter'],
     ['a list', '{"filename":"a","content_type":["text/plain"]}', 422, 'invalid_parameter'],
     ['a type that is none', '{"filename":"a","content_type":"text"}', 415, 'unsupported_media_type'],
     ['a program', '{"filename":"a.exe","content_type":"application/x-msdownload"}', 415, 'unsupported_media_type'],
     ['bytes', '{"filename":"a.xyz","content_type":"application/octet-stream"}', 415, 'unsupported_media_type'],
     ['a long type', '{"filename":"a","content_type":"' . 'x' x 200 . '"}', 415, 'unsupported_media_type'],
     ['no format', '{"filename":"a.txt","content_type":"text/plain","target_format":"nope"}', 400, 'unsupported_format'],
     ['no JSON', 'filename=a', 400, 'malformed_json'],
     ['a list of it', '[]', 400, 'malformed_json'],
     ['a NUL', '{"filename":"a\u0000b","content_type":"text/plain"}', 400, 'malformed_json']) {
    my ($what, $json, $status, $code) = @$_;
    problem_is initiate($json), $status, $code, $what;
}
problem_is initiate('{"filename":"a.txt","content_type":"text/plain"}', key => undef), 401, 'unauthorized', 'no key';
problem_is initiate('{"filename":"a.txt","content_type":"text/plain"}', path => '/off'), 501, 'signing_off',
    'no signing key';
is json_of(get('/jobs'))->{total}, 0, 'nothing is left of them';



=== TEST 3: the upload URL: once, of that type, up to that size
--- config eval: $::Config
--- flow
my ($id, $url) = announce();
problem_is put($url, 'text', 'text/html'), 415, 'unsupported_media_type', 'another type';
problem_is put($url, 'text'), 415, 'unsupported_media_type', 'none';
problem_is put($url =~ s/max=\d+/max=99999999/r, 'text', 'text/plain'), 403, 'signature_invalid', 'another size';
problem_is put($url =~ s/expires=\d/expires=9/r, 'text', 'text/plain'), 403, 'signature_invalid', 'another time';
problem_is put($url =~ s/.\z/_/r, 'text', 'text/plain'), 403, 'signature_invalid', 'another signature';
problem_is put($url =~ s/\?.*//r, 'text', 'text/plain'), 401, 'unauthorized', 'none at all';
problem_is put($url =~ s/\?.*//r, 'text', 'text/plain', key => 'bob'), 404, 'job_not_found', 'another client';
problem_is http(GET => $url), 405, 'method_not_allowed', 'GET';
problem_is http(POST => $url, content => 'text', 'Content-Type' => 'text/plain'), 405, 'method_not_allowed', 'POST';
my $path = "/documents/$id/content";
problem_is put("$path?" . signed(PUT => $path, type => 'text/plain', max => 100, expires => int(time) - 60), 'text',
    'text/plain'), 403, 'signature_expired', 'expired';
problem_is put("$path?" . signed(GET => $path), 'text', 'text/plain'), 403, 'signature_invalid', 'one to read with';
problem_is put("$path?" . signed(PUT => $path, type => 'text/html'), 'x', 'text/html'), 403, 'signature_invalid',
    'of another type';
problem_is put("$path?" . signed(PUT => $path, type => 'text/plain', max => 3), 'text', 'text/plain'), 413,
    'file_too_large', 'too large';
my $chunks = raw("PUT $path?" . signed(PUT => $path, type => 'text/plain', max => 3) . " HTTP/1.1\r\nHost: x\r\n"
    . "Content-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n");
problem_is $chunks, 413, 'file_too_large', 'too large, in chunks';
problem_is put($url, '', 'text/plain'), 422, 'empty_file', 'empty';
problem_is put($url, "\0\1\2" x 99, 'text/plain'), 422, 'content_mismatch', 'not what it claims';
my $none = '/documents/01890000-0000-7000-8000-000000000000/content';
problem_is put("$none?" . signed(PUT => $none, type => 'text/plain'), 'text', 'text/plain'), 403, 'signature_invalid',
    'a document that is not there: its type is not known';
ok eventually(5, sub { !files_below("$::Var/data/input", "$::Var/data/tmp") }), 'nothing is stored';
is json_of(get("/documents/$id"))->{status}, 'INITIATED', 'nothing has happened';

problem_is http(POST => "/documents/$id/enqueue"), 409, 'invalid_transition', 'enqueue before the upload';
like json_of(http(POST => "/documents/$id/enqueue"))->{detail}, qr/is INITIATED and has to be uploaded first/,
    'and what to do';
my $stored = put($url, 'text', 'text/plain; charset=utf-8');
is $stored->code, 204, 'the right one' or diag $stored->as_string;
is scalar(files_below("$::Var/data/input")), 1, 'is stored';
my $again = put($url, 'more', 'text/plain');
problem_is $again, 409, 'invalid_transition', 'a second time';
like json_of($again)->{detail}, qr/is INITIATED and takes no upload any more/, 'names the state';
is slurp((files_below("$::Var/data/input"))[0]), 'text', 'and changes nothing';
problem_is http(POST => "/documents/$id/enqueue", key => 'bob'), 404, 'job_not_found', 'enqueue by another';
problem_is http(POST => "/documents/$id/enqueue", key => undef), 401, 'unauthorized', 'or by no one';
problem_is http(POST => "/documents/x/enqueue"), 422, 'invalid_id', 'no id';
is http(POST => "/documents/$id/enqueue")->code, 202, 'enqueue';
problem_is http(POST => "/documents/$id/enqueue"), 409, 'invalid_transition', 'a second time';
problem_is put($url, 'more', 'text/plain'), 409, 'invalid_transition', 'an upload to it';
wait_job($id);
like json_of(http(POST => "/documents/$id/enqueue"))->{detail}, qr/is COMPLETED/, 'names the state';
like json_of(put($url, 'more', 'text/plain'))->{detail}, qr/is COMPLETED/, 'there as well';
is http(DELETE => "/jobs/$id")->code, 204, 'deleted';
problem_is put($url, 'more', 'text/plain'), 403, 'signature_invalid', 'and the URL is dead';



=== TEST 4: many uploads to one URL: one is taken, whole
--- config eval: $::Config
--- flow
for my $round (1 .. 5) {
    my ($id, $url) = announce();
    my @pids;
    for my $n (1 .. 8) {
        my $pid = fork // die;
        if ($pid == 0) {
            my $code = eval { put($url, ("line $n\n" x 20_000), 'text/plain')->code } // 0;
            POSIX::_exit($code == 204 ? $n : $code == 409 ? 100 : 200);
        }
        push @pids, $pid;
    }
    my @codes = map { waitpid $_, 0; $? >> 8 } @pids;
    my @taken = grep { $_ < 100 } @codes;
    is scalar(@taken), 1, "round $round: one of them" or diag "@codes";
    is scalar(grep { $_ == 100 } @codes), 7, 'and 409 for the rest';
    my ($file) = grep /$id/, files_below("$::Var/data/input");
    ok slurp($file) eq "line $taken[0]\n" x 20_000, 'the file is that of the one';
    http(DELETE => "/jobs/$id");
}
ok eventually(5, sub { !files_below("$::Var/data/input", "$::Var/data/tmp") }), 'nothing is left';



=== TEST 5: limits of the location; what is INITIATED expires
--- config eval: $::Config
--- flow
my $small = initiate('{"filename":"a.txt","content_type":"text/plain"}', path => '/small');
my $put = target(json_of($small)->{upload_url});
like $put, qr{^/small/documents/[\w-]+/content\?expires=\d+&max=1000&}, 'the size of the location';
problem_is put($put, 'x' x 1001, 'text/plain'), 413, 'file_too_large', 'is its limit';
is put($put, 'x' x 1000, 'text/plain')->code, 204, 'to the byte';
$small = json_of(initiate('{"filename":"a.txt","content_type":"text/plain","target_format":"odt"}', path => '/small'));
problem_is put(target($small->{upload_url}), 'text', 'text/plain'), 400, 'unsupported_conversion', 'its formats';
http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs'))->{jobs} };

my ($id, $url) = announce(path => '/short');
is put($url, 'text', 'text/plain')->code, 204, 'in time';
my ($late) = announce(path => '/short');
is announce(path => '/short') ? 1 : 0, 1, 'a third';
problem_is initiate('{"filename":"a.txt","content_type":"text/plain"}', path => '/short'), 429, 'too_many_jobs',
    'as many as may wait';
ok eventually(30, sub { get("/documents/$id")->code == 404 }), 'uploaded, never enqueued: it goes';
ok eventually(5, sub { !files_below("$::Var/data/input") }), 'with its file';
problem_is http(POST => "/documents/$id/enqueue"), 404, 'job_not_found', 'for good';
ok eventually(60, sub { get("/documents/$late")->code == 404 }), 'and so does one that was never uploaded';
