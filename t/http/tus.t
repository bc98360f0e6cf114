# Resumable uploads: the protocol by raw requests, over four workers that are killed and reloaded.

use lib 't/lib';
use TestPlaten;
use Digest::MD5 qw(md5);
use Digest::SHA qw(sha1 sha256);
use MIME::Base64 qw(encode_base64 decode_base64);

master_on();
workers(4);

our $Text = join '', map "line $_ of a document that comes in pieces\n", 1 .. 4000;

sub b64 { encode_base64($_[0], '') }
sub metadata { my %pair = @_; join ',', map "$_ " . b64($pair{$_}), sort keys %pair }

# One request of the protocol: tus(PATCH => $path, 'Upload-Offset' => 0, content => ...).

# Makes one; returns its path.
sub create {
    my ($length, %header) = @_;
    my $response = tus(POST => '/uploads/', 'Upload-Length' => $length,
        'Upload-Metadata' => metadata(filename => 'a.txt', target_format => 'pdf'), %header);
    die 'not created: ' . $response->as_string unless $response->code == 201;
    return $response->header('Location');
}

sub patch { my ($path, $offset, $content, %header) = @_; tus(PATCH => $path, 'Upload-Offset' => $offset, content => $content, %header) }
sub offset { my ($path, %header) = @_; tus(HEAD => $path, %header)->header('Upload-Offset') }

# The offset once nobody has the upload open any more.
sub settled {
    my ($path) = @_;
    my $head;
    eventually(20, sub { ($head = tus(HEAD => $path))->code != 423 });
    return $head->header('Upload-Offset');
}

sub id_of { $_[0] =~ m{([0-9a-f-]{36})\z} ? $1 : die "no id: $_[0]" }
sub parts { files_below("$Var/data/uploads") }
sub part_of { "$Var/data/uploads/" . id_of($_[0]) . '.part' }
sub input_of { my $id = id_of($_[0]); "$Var/data/input/" . substr($id, 0, 7) . "/$id" }
sub size_of { -s part_of($_[0]) // 0 }

# A PATCH whose body is sent by hand: the socket, with what is given already sent.
sub patch_open {
    my ($path, $offset, $length, $content, @more) = @_;
    my $socket = raw_open();
    syswrite $socket, join("\r\n", "PATCH $path HTTP/1.1", 'Host: x', "X-API-Key: $Key{alice}",
        'Tus-Resumable: 1.0.0', "Upload-Offset: $offset", "Content-Length: $length", 'Connection: close',
        'Content-Type: application/offset+octet-stream', @more, '', '') . $content;
    return $socket;
}

sub has_job {
    my ($path, $bytes) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $head = tus(HEAD => $path);
    is join(' ', map $head->header($_) // '-', qw(Upload-Offset Upload-Length Platen-Job)),
        join(' ', (length $bytes) x 2, id_of($path)), 'HEAD finds the job';
    my $job = job(id_of($path));
    is $job->{input_size}, length $bytes, 'the job has every byte';
    is sha256_hex(slurp(input_of($path))), sha256_hex($bytes), 'as it was sent';
    return $job;
}

run_tests();

__DATA__

=== TEST 1: what the server offers
--- flow
my $response = http(OPTIONS => '/uploads/', key => undef);
is $response->code, 204, 'without a key, and without a version';
is $response->header('Tus-Version'), '1.0.0', 'Tus-Version';
is $response->header('Tus-Max-Size'), 50 * 1024 * 1024, 'Tus-Max-Size is platen_max_file_size';
is $response->header('Tus-Extension'), 'creation,creation-with-upload,creation-defer-length,expiration,checksum,termination',
    'Tus-Extension';
is $response->header('Tus-Checksum-Algorithm'), 'sha1,sha256,md5', 'Tus-Checksum-Algorithm';
is http(OPTIONS => '/uploads/01890000-0000-7000-8000-000000000000', key => undef)->code, 204, 'of one upload, too';
is http(GET => '/uploads/')->header('Allow'), 'POST, OPTIONS', 'methods of the collection';
is http(GET => '/uploads/01890000-0000-7000-8000-000000000000')->header('Allow'),
    'HEAD, PATCH, DELETE, OPTIONS', 'and of one';



=== TEST 2: in three pieces, each on a worker of its own choosing, to a job
--- flow
my $created = tus(POST => '/uploads/', 'Upload-Length' => length $::Text, 'Upload-Metadata' => main::metadata(
    filename => 'Bericht für alle.txt', filetype => 'text/plain', targetFormat => 'application/pdf', pages => '1-2',
    ttl => 3600, priority => 'high', password => 'geheim', relativePath => 'null'));
is $created->code, 201, 'created';
my $path = $created->header('Location');
like $path, qr{^/uploads/[0-9a-f-]{36}\z}, 'Location';
is $created->header('Tus-Resumable'), '1.0.0', 'Tus-Resumable';
like $created->header('Upload-Expires'), qr/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\z/, 'Upload-Expires';
my $head = tus(HEAD => $path);
is $head->code, 200, 'HEAD';
is $head->header('Upload-Offset'), 0, 'nothing is there yet';
is $head->header('Upload-Length'), length $::Text, 'of its length';
is $head->header('Cache-Control'), 'no-store', 'no cache keeps it';
like $head->header('Upload-Metadata'), qr/filename [\w+\/=]+/, 'what was said is said again';
unlike $head->header('Upload-Metadata'), qr/password/, 'but not the password';
my ($at, @status) = 0;
for my $n (50_000, 60_000) {
    my $response = main::patch($path, $at, substr $::Text, $at, $n);
    $at += $n;
    push @status, $response->code . ' ' . $response->header('Upload-Offset');
    is main::offset($path), $at, 'the offset';
}
is_deeply \@status, ['204 50000', '204 110000'], 'pieces';
my $last = main::patch($path, $at, substr $::Text, $at);
is $last->code, 204, 'the last piece';
is $last->header('Upload-Offset'), length $::Text, 'all is there';
is $last->header('Platen-Job'), main::id_of($path), 'and a job';
is $last->header('Upload-Expires'), undef, 'that does not expire as an upload';
my $job = main::has_job($path, $::Text);
is_deeply [@$job{qw(status source_format target_format input_filename)}],
    ['PENDING', 'txt', 'pdf', "Bericht f\x{fc}r alle.txt"], 'as was said';
is $job->{options}{pages}, '1-2', 'with its options';
is_deeply [main::parts()], [], 'nothing of the upload is left';
is http(GET => "/jobs?limit=1")->code, 200, 'listed';
problem_is main::patch($path, 0, 'x'), 409, 'offset_mismatch', 'nothing more goes there';
is tus(PATCH => $path, 'Upload-Offset' => length $::Text, 'Content-Type' => 'application/offset+octet-stream')->code,
    204, 'nothing at its end is fine';
is tus(HEAD => $path, key => 'bob')->code, 404, 'another client sees nothing';
is tus(DELETE => $path)->code, 204, 'deleted';
is tus(HEAD => $path)->code, 404, 'it is gone';
is get('/jobs/' . main::id_of($path))->code, 404, 'and its job with it';



=== TEST 3: creation with the body; with its length deferred; the method in a header
--- flow
my $meta = main::metadata(filename => 'a.txt', target_format => 'pdf');
my $response = tus(POST => '/uploads', 'Upload-Length' => length $::Text, 'Upload-Metadata' => $meta, content => $::Text);
is $response->code, 201, 'at once';
is $response->header('Upload-Offset'), length $::Text, 'all of it';
is $response->header('Platen-Job'), main::id_of($response->header('Location')), 'a job';
main::has_job($response->header('Location'), $::Text);

$response = tus(POST => '/uploads', 'Upload-Length' => length $::Text, 'Upload-Metadata' => $meta,
    content => substr $::Text, 0, 1000);
is $response->header('Upload-Offset'), 1000, 'a part of it';
my $path = $response->header('Location');
is main::patch($path, 1000, substr $::Text, 1000)->code, 204, 'and the rest';
main::has_job($path, $::Text);

$response = tus(POST => '/uploads', 'Upload-Defer-Length' => 1, 'Upload-Metadata' => $meta);
is $response->code, 201, 'deferred';
$path = $response->header('Location');
is tus(HEAD => $path)->header('Upload-Defer-Length'), 1, 'says so';
is tus(HEAD => $path)->header('Upload-Length'), undef, 'and no length';
is main::patch($path, 0, 'abcde')->header('Upload-Offset'), 5, 'bytes come';
problem_is main::patch($path, 5, 'f', 'Upload-Length' => 3), 400, 'invalid_header', 'a length less than that';
is main::patch($path, 5, 'fgh', 'Upload-Length' => 10)->header('Upload-Offset'), 8, 'then a length';
is tus(HEAD => $path)->header('Upload-Length'), 10, 'which holds';
problem_is main::patch($path, 8, 'i', 'Upload-Length' => 11), 400, 'invalid_header', 'and not another';
$response = tus(POST => $path, 'X-HTTP-Method-Override' => 'PATCH', 'Upload-Offset' => 8, content => 'ij');
is $response->code, 204, 'PATCH in a header';
main::has_job($path, 'abcdefghij');

$response = tus(POST => '/uploads', 'Upload-Defer-Length' => 1, 'Upload-Metadata' => $meta, content => 'abcde');
$path = $response->header('Location');
is $response->header('Upload-Offset'), 5, 'both';
is tus(PATCH => $path, 'Upload-Offset' => 5, 'Upload-Length' => 5, content => '')->header('Platen-Job'),
    main::id_of($path), 'the length alone completes it';
problem_is tus(POST => '/uploads', 'Upload-Length' => 5, 'Upload-Metadata' => $meta, content => 'abcde',
    'Upload-Checksum' => 'md5 ' . main::b64(md5('x'))), 460, 'checksum_mismatch', 'a creation that fails';
ok eventually(5, sub { !main::parts() }), 'leaves nothing, as nobody knows where';
is tus(POST => main::create(5), 'X-HTTP-Method-Override' => 'DELETE')->code, 204, 'DELETE in a header';
is_deeply [main::parts()], [], 'nothing is left';



=== TEST 4: checksums
--- flow
my %digest = (sha1 => \&sha1, sha256 => \&sha256, md5 => \&md5);
my $path = main::create(40);
my $at = 0;
for my $name (sort keys %digest) {
    problem_is main::patch($path, $at, 'x' x 10, 'Upload-Checksum' => "$name " . main::b64($digest{$name}->('y' x 10))),
        460, 'checksum_mismatch', "$name of something else";
    is main::offset($path), $at, 'the offset is what it was';
    is main::size_of($path), $at, 'the file, too';
    my $response = main::patch($path, $at, 'x' x 10, 'Upload-Checksum' => "$name " . main::b64($digest{$name}->('x' x 10)));
    is $response->code, 204, $name;
    is $response->header('Upload-Offset'), $at += 10, 'taken';
}
problem_is main::patch($path, $at, 'x' x 10, 'Upload-Checksum' => "md5 " . main::b64(md5('y'))), 460,
    'checksum_mismatch', 'of the last piece: no job';
problem_is main::patch($path, $at, 'x', 'Upload-Checksum' => 'crc32 AAAA'), 400, 'invalid_header', 'an unknown algorithm';
problem_is main::patch($path, $at, 'x', 'Upload-Checksum' => 'sha1 AAAA'), 400, 'invalid_header', 'a digest too short';
problem_is main::patch($path, $at, 'x', 'Upload-Checksum' => 'sha1'), 400, 'invalid_header', 'none';
my $socket = main::patch_open($path, $at, 10, 'xxxxx', 'Upload-Checksum: md5 ' . main::b64(md5('x' x 10)));
ok eventually(10, sub { main::size_of($path) == 35 }), 'a piece under way';
close $socket;
is main::settled($path), 30, 'whose client vanishes cannot be checked, and goes';
$socket = main::patch_open($path, $at, 10, 'xxxxx', 'Upload-Checksum: md5 ' . main::b64(md5('x' x 10)));
ok eventually(10, sub { main::size_of($path) == 35 }), 'and again';
my (undef, @workers) = nginx_pids();
kill KILL => @workers;
ok eventually(10, sub { (main::offset($path) // -1) == 30 }), 'nor if the worker is killed';
is main::size_of($path), 30, 'cut off';
is main::patch($path, $at, 'z' x 10)->code, 204, 'the rest';
main::has_job($path, 'x' x 30 . 'z' x 10);
--- no_error_log
[emerg]
key-of-



=== TEST 5: what is refused
--- flow
my $meta = main::metadata(filename => 'a.txt', target_format => 'pdf');
my @ok = ('Upload-Length' => 10, 'Upload-Metadata' => $meta);
problem_is http(POST => '/uploads', @ok), 412, 'unsupported_version', 'no version';
my $response = tus(POST => '/uploads', @ok, 'Tus-Resumable' => '0.2.2');
problem_is $response, 412, 'unsupported_version', 'another version';
is $response->header('Tus-Version'), '1.0.0', 'the right one is told';
problem_is tus(POST => '/uploads', @ok, key => undef), 401, 'unauthorized', 'no key';
problem_is tus(POST => '/uploads', 'Upload-Metadata' => $meta), 400, 'invalid_header', 'no length';
problem_is tus(POST => '/uploads', @ok, 'Upload-Defer-Length' => 1), 400, 'invalid_header', 'both';
problem_is tus(POST => '/uploads', 'Upload-Metadata' => $meta, 'Upload-Defer-Length' => 2), 400, 'invalid_header', 'deferred by 2';
problem_is tus(POST => '/uploads', @ok, 'Upload-Length' => $_), 400, 'invalid_header', "a length of $_"
    for '-1', '1e3', '', '99999999999999999999', '10 0';
problem_is tus(POST => '/uploads', @ok, 'Upload-Length' => 0), 422, 'empty_file', 'nothing';
problem_is tus(POST => '/uploads', @ok, 'Upload-Length' => 50 * 1024 * 1024 + 1), 413, 'file_too_large', 'too large';
problem_is tus(POST => '/uploads', @ok, 'Upload-Concat' => 'partial'), 400, 'invalid_header', 'concatenation';
problem_is tus(POST => '/uploads', @ok, 'Upload-Metadata' => $_), 400, 'invalid_header', "metadata: $_"
    for 'filename a', 'filename YQ==,,to cGRm', 'filename YQ==,', ',', 'filename YQ== x', 'filename =A==';
problem_is tus(POST => '/uploads', @ok, 'Upload-Metadata' => 'filename ' . 'YWFh' x 2000), 400, 'invalid_header', 'metadata of 8 KB';
problem_is tus(POST => '/uploads', 'Upload-Length' => 1), 422, 'missing_parameter', 'no target';
problem_is tus(POST => '/uploads', @ok, 'Upload-Metadata' => main::metadata(to => 'wat')), 400, 'unsupported_format', 'what is that';
problem_is tus(POST => '/uploads', @ok, 'Upload-Metadata' => main::metadata(to => 'pdf', ttl => 'x')), 422,
    'invalid_parameter', 'no ttl';
problem_is tus(POST => '/uploads', @ok, 'Upload-Metadata' => main::metadata(to => 'pdf', ttl => 99999999)), 422,
    'invalid_parameter', 'too long a ttl';
problem_is tus(POST => '/uploads', @ok, 'Upload-Metadata' => main::metadata(to => 'pdf', image_quality => 'best')), 422,
    'invalid_parameter', 'an option';
problem_is tus(POST => '/uploads', @ok, content => 'x', 'Content-Type' => 'text/plain'), 415, 'unsupported_media_type', 'a body of another type';
problem_is tus(POST => '/uploads', @ok, content => 'x' x 11), 413, 'file_too_large', 'a body longer than it says';
ok eventually(5, sub { !main::parts() }), 'nothing of all that is left';

my $path = main::create(10);
problem_is main::patch($path, 0, 'x', 'Content-Type' => 'text/plain'), 415, 'unsupported_media_type', 'a piece of another type';
problem_is main::patch($path, 5, 'x'), 409, 'offset_mismatch', 'beyond the end';
problem_is tus(PATCH => $path, content => 'x'), 400, 'invalid_header', 'no offset';
problem_is main::patch($path, 'x', 'x'), 400, 'invalid_header', 'a malformed one';
problem_is main::patch($path, 0, 'x' x 11), 413, 'file_too_large', 'a piece that is too long';
my $chunked = raw("PATCH $path HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nTus-Resumable: 1.0.0\r\n"
    . "Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nConnection: close\r\n"
    . "Transfer-Encoding: chunked\r\n\r\nb\r\nxxxxxxxxxxx\r\n0\r\n\r\n");
problem_is $chunked, 413, 'file_too_large', 'or comes in chunks';
is main::offset($path), 0, 'nothing of all that is there';
problem_is tus(PATCH => $path, key => 'bob', 'Upload-Offset' => 0, content => 'x'), 404, 'upload_not_found', 'another client writes';
problem_is tus(DELETE => $path, key => 'bob'), 404, 'upload_not_found', 'or deletes';
is tus(HEAD => $path, key => 'bob')->code, 404, 'or looks';
problem_is main::patch('/uploads/01890000-0000-7000-8000-000000000000', 0, 'x'), 404, 'upload_not_found', 'an unknown one';
problem_is main::patch('/uploads/x', 0, 'x'), 422, 'invalid_id', 'a malformed one';
is main::patch($path, 0, 'x')->code, 204, 'and yet it goes on';
is tus(DELETE => $path)->code, 204, 'deleted';
is tus(HEAD => $path)->code, 404, 'gone';
is_deeply [main::parts()], [], 'with its files';

my $docx = slurp(sample('hello.docx'));
$path = main::create(length $docx, 'Upload-Metadata' => main::metadata(filename => 'a.pdf', target_format => 'docx'));
problem_is main::patch($path, 0, $docx), 422, 'content_mismatch', 'a document that is none of what it says';
ok eventually(5, sub { !main::parts() }), 'goes, as it never will be a job';
is tus(HEAD => $path)->code, 404, 'and is not found';



=== TEST 6: one writer at a time, over all workers
--- flow
my $path = main::create(10);
my $socket = main::patch_open($path, 0, 10, 'abc');
ok eventually(10, sub { main::size_of($path) == 3 }), 'one writes';
my %got;
$got{ main::patch($path, 3, 'x')->code }++ for 1 .. 8;
is_deeply \%got, { 423 => 8 }, 'others do not, whichever worker they ask';
problem_is main::patch($path, 3, 'x'), 423, 'upload_locked', 'and are told why';
is tus(HEAD => $path)->code, 423, 'nor is an offset said that would not hold';
problem_is tus(DELETE => $path), 423, 'upload_locked', 'nor is it deleted';
syswrite $socket, 'defghij';
my $response = read_response($socket);
is $response->code . ' ' . ($response->header('Platen-Job') // '-'), '204 ' . main::id_of($path), 'it ends';
main::has_job($path, 'abcdefghij');



=== TEST 7: what a vanished client sent is there
--- flow
my $path = main::create(length $::Text);
my $socket = main::patch_open($path, 0, length $::Text, substr $::Text, 0, 100_001);
close $socket;
ok eventually(10, sub { main::size_of($path) == 100_001 }), 'it comes';
is main::settled($path), 100_001, 'to the byte';
$socket = main::patch_open($path, 100_001, length($::Text) - 100_001, substr $::Text, 100_001, 30_000);
shutdown $socket, 1;
read_response($socket);
ok eventually(10, sub { main::size_of($path) == 130_001 }), 'it comes';
is main::settled($path), 130_001, 'also if it only stops sending';
is main::patch($path, 130_001, substr $::Text, 130_001)->code, 204, 'and goes on';
main::has_job($path, $::Text);



=== TEST 8: workers killed in the middle of pieces: an offset is never more than what is there
--- flow
my $text = $::Text x 20;
my $path = main::create(length $text);
my ($at, $before, $kills) = (0, 0, 0);
my @lies;
while ($kills < 8) {
    my $socket = main::patch_open($path, $at, length($text) - $at, substr $text, $at, 200_000 + int rand 100_000);
    eventually(10, sub { main::size_of($path) > $at + 100_000 }) or fail('nothing is written');
    my (undef, @workers) = nginx_pids();
    kill KILL => @workers;
    $kills++;
    my $said;
    eventually(20, sub { defined($said = main::offset($path)) }) or fail('no offset');
    push @lies, "$said < $at" if $said < $at;
    push @lies, "$said of " . main::size_of($path) if $said > main::size_of($path);
    push @lies, "at $said" if slurp(main::part_of($path)) ne substr $text, 0, $said;
    $at = $said;
}
is_deeply \@lies, [], 'eight times';
cmp_ok $at, '>', 800_000, "and something is kept: $at";
ok eventually(10, sub { main::patch($path, $at, substr $text, $at)->code == 204 }), 'the rest';
main::has_job($path, $text);
--- no_error_log
[emerg]
key-of-



=== TEST 9: a crash between the last byte and its job: the byte is asked for again
--- flow
my $path = main::create(length $::Text);
is main::patch($path, 0, substr $::Text, 0, -10)->code, 204, 'all but ten bytes';
open my $file, '>>', main::part_of($path) or die;
syswrite $file, substr $::Text, -10;
close $file;
is main::offset($path), length($::Text) - 1, 'as after a crash before the commit';
open $file, '>>', main::part_of($path) or die;
syswrite $file, substr $::Text, -1;
close $file;
mkdir $_ for main::input_of($path) =~ s{/[^/]+\z}{}r;
rename main::part_of($path), main::input_of($path) or die;
is main::offset($path), length($::Text) - 1, 'or in the midst of it';
ok !-e main::input_of($path), 'it is back where it was';
is main::patch($path, length($::Text) - 1, substr $::Text, -1)->code, 204, 'and is sent again';
main::has_job($path, $::Text);



=== TEST 10: a full queue takes back the last byte only
--- http_config eval: $::HttpConfig . 'platen_max_queue 1;'
--- flow
http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs?limit=1000'))->{jobs} };
my @path = map main::create(length $::Text), 1, 2;
is main::patch($path[0], 0, $::Text)->code, 204, 'the first';
problem_is main::patch($path[1], 0, $::Text), 503, 'queue_full', 'the second';
is main::offset($path[1]), length($::Text) - 1, 'lacks its last byte';
is get('/jobs/' . main::id_of($path[1]))->code, 404, 'and is no job';
http(DELETE => '/jobs/' . main::id_of($path[0]));
is main::patch($path[1], length($::Text) - 1, substr $::Text, -1)->code, 204, 'until there is room';
main::has_job($path[1], $::Text);



=== TEST 11: a reload in the midst of a piece
--- flow
my $path = main::create(length $::Text);
my $socket = main::patch_open($path, 0, length $::Text, substr $::Text, 0, 50_000);
ok eventually(10, sub { main::size_of($path) >= 50_000 }), 'one writes';
my ($master, @old) = nginx_pids();
kill HUP => $master;
ok eventually(10, sub { my (undef, @now) = nginx_pids(); my %old = map { $_ => 1 } @old; grep { !$old{$_} } @now }), 'new workers';
ok eventually(10, sub { (eval { main::patch($path, 50_000, 'x')->code } // 0) == 423 }), 'to whom it is locked';
syswrite $socket, substr $::Text, 50_000;
is read_response($socket)->code, 204, 'the old one brings it to its end';
main::has_job($path, $::Text);



=== TEST 12: uploads expire, and are swept; those in use are not
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_resumable_ttl 30s; platen_upload_max_size 1m;/r
--- flow
problem_is tus(POST => '/uploads', 'Upload-Length' => 1048577), 413, 'file_too_large', 'platen_upload_max_size';
is http(OPTIONS => '/uploads')->header('Tus-Max-Size'), 1048576, 'is told';
my @path = map main::create(10), 1 .. 3;
main::patch($_, 0, 'abc') for @path;
my $socket = main::patch_open($path[2], 3, 7, 'd');
ok eventually(10, sub { main::size_of($path[2]) == 4 }), 'one is in use';
utime time - 60, time - 60, main::part_of($_) for @path[0, 2];
is tus(HEAD => $path[0])->code, 404, 'an expired one is not found';
problem_is main::patch($path[0], 3, 'x'), 404, 'upload_not_found', 'nor gone on with';
# what crashes leave: half of one, and an input without its job
my $orphan = main::create(3);
mkdir $_ for main::input_of($orphan) =~ s{/[^/]+\z}{}r;
rename main::part_of($orphan), main::input_of($orphan) or die;
utime time - 60, time - 60, main::input_of($orphan);
spew("$::Var/data/uploads/01890000-0000-7000-8000-000000000000.part", 'x');
utime time - 4000, time - 4000, "$::Var/data/uploads/01890000-0000-7000-8000-000000000000.part";
my $job = main::create(3);
main::patch($job, 0, 'abc');
spew("$::Var/data/uploads/" . main::id_of($job) . '.sum', 'left');
utime time - 4000, time - 4000, "$::Var/data/uploads/" . main::id_of($job) . '.sum';
platend_start(only_script('copy', '/bin/cat "$TINY_PDF" > "$2"'));
ok eventually(10, sub { !-e main::part_of($path[0]) }), 'swept';
ok eventually(10, sub { !-e main::input_of($orphan) }), 'the orphan, too';
ok eventually(10, sub { !-e "$::Var/data/uploads/01890000-0000-7000-8000-000000000000.part" }), 'and what nobody knows';
is_deeply [sort map { m{([^/]+)\.part\z} ? $1 : () } main::parts()], [sort map main::id_of($_), @path[1, 2]], 'and no other';
syswrite $socket, 'efghij';
is read_response($socket)->code, 204, 'the one in use comes to its end';
is wait_job(main::id_of($path[2]))->{status}, 'SUCCESS', 'and is converted';
is get('/jobs/' . main::id_of($path[2]) . '/download')->code, 200, 'and downloaded';
ok job(main::id_of($job))->{job_id}, 'a job stays';
platend_stop();
