# Room for resumable uploads: reserved in the quota as soon as it is declared or has come, limited in number, and
# given back once: to the job that it becomes, at its deletion, its expiry, and after whatever a crash has left.

use lib 't/lib';
use TestPlaten;
use MIME::Base64 qw(encode_base64);

master_on();
workers(4);

our $Kib = 'x' x 1023 . "\n";
our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);
our $Meta = 'filename ' . encode_base64('a.txt', '') . ',target_format ' . encode_base64('pdf', '');

sub config { my ($more) = @_; return "client_body_buffer_size 64k;
    location / { platen_api; platen_api_keys $Var/keys; $more }
    location /off/ { platen_api; platen_api_keys $Var/keys; }" }

sub tus {
    my ($method, $path, %header) = @_;
    return http($method => $path, 'Tus-Resumable' => '1.0.0',
        defined $header{content} ? ('Content-Type' => 'application/offset+octet-stream') : (), %header);
}
sub begin { my (%header) = @_; return tus(POST => '/uploads/', 'Upload-Metadata' => $Meta, %header) }
sub create { my $made = begin(@_); die 'not created: ' . $made->as_string if $made->code != 201; return $made->header('Location') }
sub patch { my ($path, $offset, $content, %header) = @_; return tus(PATCH => $path, 'Upload-Offset' => $offset, content => $content, %header) }
sub offset { return tus(HEAD => $_[0])->header('Upload-Offset') }
sub id_of { return $_[0] =~ s{.*/}{}r }
sub room { my ($var) = @_; return [ map { join ' ', (split ' ')[0, 2] } split /\n/, `$TestPlaten::Build/store_driver $Var/store room` ] }
sub driver { system("$TestPlaten::Build/store_driver", "$Var/store", @_) == 0 or die "store_driver @_" }
sub used { my $usage = json_of(get('/usage')); return join ' ', map $usage->{$_} // '-', qw(used_bytes reserved_bytes free_bytes uploads) }
sub remove_all { http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs'))->{jobs} } }

# A PATCH in chunks, whose length nobody knows: the socket, after the first of them.
sub chunks {
    my ($path, $offset, $content) = @_;
    my $socket = raw_open();
    syswrite $socket, "PATCH $path HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nTus-Resumable: 1.0.0\r\n"
        . "Upload-Offset: $offset\r\nContent-Type: application/offset+octet-stream\r\nConnection: close\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n" . chunk($content);
    return $socket;
}
sub chunk { my ($content) = @_; return sprintf("%x\r\n", length $content) . "$content\r\n" }

run_tests();

__DATA__

=== TEST 1: forty of 1 MB, and a quota of 1 MB: one
--- config eval: main::config('platen_quota 1m;')
--- flow
is main::used(), '0 0 1048576 0', 'nothing yet';
my @made = map main::begin('Upload-Length' => 1_000_000), 1 .. 40;
is $made[0]->code, 201, 'the first';
problem_is $made[$_], 507, 'quota_exceeded', "number $_" for 1, 39;
like json_of($made[1])->{detail}, qr/^Your documents and results take 0 of 1048576 bytes, uploads that are not complete have reserved 1000000, and this needs 1000000\. Nothing was stored; delete jobs and uploads/,
    'who is told why';
is $made[1]->header('Retry-After'), 60, 'and when to try again';
is main::used(), '0 1000000 48576 1', 'GET /usage says so';
problem_is http(POST => '/jobs?to=pdf&filename=a.txt', content => $::Kib x 48), 507, 'quota_exceeded', 'a submission has only what is left';
is http(POST => '/jobs?to=pdf&filename=a.txt', content => $::Kib)->code, 202, 'which it gets';
main::remove_all();
my $path = $made[0]->header('Location');
is main::patch($path, 0, 'x' x 400_000)->code, 204, 'bytes come';
is main::used(), '0 1000000 48576 1', 'into the room that they have';
is main::patch($path, 400_000, 'x' x 600_000)->code, 204, 'all of them';
is main::used(), '1000000 0 48576 0', 'and count as a job, once';
main::remove_all();
$path = main::create('Upload-Length' => 1_000_000);
is tus(DELETE => $path)->code, 204, 'one that is given up';
is main::used(), '0 0 1048576 0', 'gives its room back';
is main::used(), '0 0 1048576 0', 'bob has none of it' if json_of(get('/usage', key => 'bob'))->{reserved_bytes} == 0;
is_deeply main::room(), [], 'no entry is left';



=== TEST 2: deferred lengths, as they arrive
--- config eval: main::config('platen_quota 64k;')
--- flow
my $path = main::create('Upload-Defer-Length' => 1);
is main::used(), '0 0 65536 1', 'nothing has come';
is main::patch($path, 0, $::Kib x 10)->code, 204, 'ten KiB';
is main::used(), '0 10240 55296 1', 'have';
problem_is main::patch($path, 10240, $::Kib x 55), 507, 'quota_exceeded', 'more than there is room for';
is main::offset($path), 10240, 'is not read';
is main::used(), '0 10240 55296 1', 'nor counted';

# In chunks, what fits is kept.
my $socket = main::chunks($path, 10240, $::Kib x 20);
ok eventually(10, sub { main::used() eq '0 65536 0 1' }), 'a little more than has come is asked for, at most all' or diag main::used();
problem_is http(POST => '/jobs?to=pdf&filename=a.txt', content => $::Kib), 507, 'quota_exceeded', 'so nobody else gets it';
syswrite $socket, "0\r\n\r\n";
is read_response($socket)->code, 204, 'at its end';
is main::used(), '0 30720 34816 1', 'what has come is what counts';
$socket = main::chunks($path, 30720, $::Kib x 30);
ok eventually(10, sub { -s "$::Var/data/uploads/" . main::id_of($path) . '.part' >= 60 * 1024 }), 'thirty more';
syswrite $socket, main::chunk($::Kib x 30) . "0\r\n\r\n";
my $refused = read_response($socket);
problem_is $refused, 507, 'quota_exceeded', 'and thirty that there is no room for';
my ($needed) = json_of($refused)->{detail} =~ /^Your documents and results take 0 of 65536 bytes, and this needs (\d+)\. /;
cmp_ok $needed, '>', 65536, 'which says what it was refused for';
my $offset;
ok eventually(10, sub { defined($offset = main::offset($path)) }), 'it is open no more';
cmp_ok $offset, '>=', 60 * 1024, 'what there was room for is kept';
cmp_ok $offset, '<=', 65536, 'and no more';
is main::used(), "0 $offset " . (65536 - $offset) . ' 1', 'to the byte';
problem_is main::patch($path, $offset, '', 'Upload-Length' => 65537), 507, 'quota_exceeded', 'a length that does not fit';
is main::patch($path, $offset, '', 'Upload-Length' => $offset)->header('Platen-Job'), main::id_of($path), 'one that does';
is main::used(), "$offset 0 " . (65536 - $offset) . ' 0', 'is a job';
main::remove_all();

$path = main::begin('Upload-Defer-Length' => 1, content => $::Kib x 5)->header('Location');
is main::used(), '0 5120 60416 1', 'created with its bytes';
is main::patch($path, 5120, '', 'Upload-Length' => 20000)->code, 204, 'a length';
is main::used(), '0 20000 45536 1', 'is declared from then on';
problem_is main::begin('Upload-Defer-Length' => 1, content => $::Kib x 60), 507, 'quota_exceeded', 'no room for another, with its bytes';
ok eventually(10, sub { main::used() eq '0 20000 45536 1' }), 'which leaves nothing';
is tus(DELETE => $path)->code, 204, 'given up';
is main::used(), '0 0 65536 0', 'given back';



=== TEST 3: creations at once, over four workers: exact; and what is refused for what it is gives back
--- config eval: main::config('platen_quota 64k; platen_max_uploads 50;')
--- flow
my $request = "POST /uploads/ HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\nTus-Resumable: 1.0.0\r\nUpload-Metadata: $::Meta\r\n"
    . "Connection: close\r\nContent-Length: 0\r\nUpload-Length: ";
my %got;
my @sockets = map raw_open(), 1 .. 80;
syswrite $_, $request . "2048\r\n\r\n" for @sockets;
$got{ read_response($_)->code }++ for @sockets;
is_deeply \%got, { 201 => 32, 507 => 48 }, 'as many as fit';
is main::used(), '0 65536 0 32', 'to the byte';
tus(DELETE => '/uploads/' . (m{([0-9a-f-]{36})\.part\z})[0]) for grep /\.part\z/, files_below("$::Var/data/uploads");
is main::used(), '0 0 65536 0', 'all given up';
%got = ();
my @many;
@sockets = map raw_open(), 1 .. 80;
syswrite $_, $request . "1\r\n\r\n" for @sockets;
for (@sockets) { my $response = read_response($_); $got{ $response->code }++; push @many, $response if $response->code == 429 }
is_deeply \%got, { 201 => 50, 429 => 30 }, 'nor more than platen_max_uploads';
problem_is $many[0], 429, 'too_many_uploads', 'who is told';
like json_of($many[0])->{detail}, qr/^You have 50 uploads that are not complete, and platen_max_uploads lets a client have 50\. Nothing was stored; complete or DELETE one/,
    'which limit, how many, and what to do';
is tus(POST => '/uploads/', 'Upload-Length' => 1, 'Upload-Metadata' => $::Meta, key => 'bob')->code, 201, 'another client has its own';
my ($one) = map m{([0-9a-f-]{36})\.part\z}, files_below("$::Var/data/uploads");
for my $id (map m{([0-9a-f-]{36})\.part\z}, files_below("$::Var/data/uploads")) { tus(DELETE => "/uploads/$id", key => $_) for qw(alice bob) }
is main::used(), '0 0 65536 0', 'all given up';

problem_is main::begin('Upload-Length' => 5, content => 'abcde', 'Upload-Checksum' => 'md5 AAAAAAAAAAAAAAAAAAAAAA=='), 460, 'checksum_mismatch',
    'a creation that fails';
problem_is main::begin('Upload-Length' => 300, content => "\0\1\2\3" x 75, 'Upload-Metadata' => 'to ' . encode_base64('pdf', '')), 422, 'unknown_content',
    'one of what is no document';
my $path = main::create('Upload-Length' => 300, 'Upload-Metadata' => 'to ' . encode_base64('pdf', ''));
problem_is main::patch($path, 0, "\0\1\2\3" x 75), 422, 'unknown_content', 'the same in two steps';
ok eventually(10, sub { main::used() eq '0 0 65536 0' }), 'none of them keeps any room' or diag main::used();



=== TEST 4: a job of the room that it had, though the quota is full by then; and one without a quota counts as well
--- config eval: main::config('platen_quota 64k;')
--- flow
my $path = main::create('Upload-Length' => 40 * 1024);
is http(POST => '/off/jobs?to=pdf&filename=a.txt', content => $::Kib x 60)->code, 202, 'elsewhere there is no limit';
is main::used(), '61440 40960 0 1', 'together they are over it';
problem_is main::patch($path, 0, $::Kib x 40), 507, 'quota_exceeded', 'so it cannot become a job';
is main::offset($path), 40 * 1024 - 1, 'but is kept, and asks for its last byte';
is main::used(), '61440 40960 0 1', 'with its room';
main::remove_all();
is main::patch($path, 40 * 1024 - 1, "\n")->code, 204, 'with room made it is taken';
is main::used(), '40960 0 24576 0', 'as a job';
main::remove_all();
$path = tus(POST => '/off/uploads/', 'Upload-Length' => 65537, 'Upload-Metadata' => $::Meta)->header('Location');
is main::used(), '0 65537 0 1', 'begun where there is no limit';
problem_is main::begin('Upload-Length' => 1), 507, 'quota_exceeded', 'it counts where there is one';
is tus(DELETE => $path)->code, 204, 'until it is given up';
is main::used(), '0 0 65536 0', 'nothing is left';



=== TEST 5: killed in the midst, expired, lost: no room is kept for ever, and none is missing
--- config eval: main::config('platen_quota 64m; platen_resumable_ttl 50s;')
--- flow
my ($deferred, $expired, $kept, $bare) = (main::create('Upload-Defer-Length' => 1),
    map main::create('Upload-Length' => $_), 1000, 2000, 3000);
is main::patch($_, 0, 'x' x 24)->code, 204, 'some bytes of each' for $deferred, $expired, $kept, $bare;
my $socket = main::chunks($deferred, 24, 'x' x 103400);
ok eventually(10, sub { (-s "$::Var/data/uploads/" . main::id_of($deferred) . '.part') == 103424 }), 'one is in the midst of a piece';
my (undef, @workers) = nginx_pids();
kill KILL => @workers;
ok eventually(20, sub { (eval { main::offset($deferred) } // -1) == 103424 }), 'when the workers are killed';
cmp_ok json_of(get('/usage'))->{reserved_bytes}, '>', 103424 + 6000, 'it has kept room for more';
utime time - 60, time - 60, "$::Var/data/uploads/" . main::id_of($expired) . '.part';
# made by another version, or what a power failure has brought back; and killed before its files were made
main::driver(room => 'alice', main::id_of($bare));
main::driver(room => 'alice', '01890000-0000-7000-8000-000000000000', 5_000_000);
is platenctl('fsck'), 1, 'fsck finds the one that is not there';
like $TestPlaten::CtlOut, qr/^upload +01890000-0000-7000-8000-000000000000 is not there, and takes room/m, 'and says which';
platend_start(@::Copies);
ok eventually(20, sub { main::used() eq join ' ', 0, 103424 + 2000 + 3000, 64 * 1048576 - 103424 - 5000, 3 }), 'platend finds all of it'
    or diag main::used();
platend_stop();
is platenctl('fsck'), 0, 'all is well' or diag $TestPlaten::CtlOut;
main::driver(room => 'alice', '01890000-0000-7000-8000-000000000000', 5_000_000);
is platenctl('fsck', '--repair'), 0, 'fsck can do it, too';
is json_of(get('/usage'))->{uploads}, 3, 'and takes no other';
my (undef, @again) = nginx_pids();
kill HUP => (nginx_pids())[0];
ok eventually(20, sub { my %old = map { $_ => 1 } @again; my (undef, @now) = nginx_pids(); @now && !grep $old{$_}, @now }), 'a reload';
is json_of(get('/usage'))->{uploads}, 3, 'changes nothing';
is main::patch($kept, 24, 'x' x 1976)->header('Platen-Job'), main::id_of($kept), 'one becomes a job';
is tus(DELETE => $_)->code, 204, 'the others are given up' for $deferred, $bare;
is main::used(), '2000 0 ' . (64 * 1048576 - 2000) . ' 0', 'and that is all';
main::remove_all();
--- no_error_log
[emerg]
key-of-
