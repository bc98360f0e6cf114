# platen_quota: what a client may have stored, exact over all workers, and GET /usage.

use lib 't/lib';
use TestPlaten;
use HTTP::Cookies ();
use LWP::UserAgent ();
use MIME::Base64 qw(encode_base64);

master_on();
workers(4);

our $Kib = 'x' x 1023 . "\n";
our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);
our $Config = "
    client_body_buffer_size 64k;
    platen_signing_key $Var/signing-now;
    location / { platen_api; platen_api_keys $Var/keys; platen_quota 64k; }
    location /off/ { platen_api; platen_api_keys $Var/keys; }
    location /tiny/ { platen_api; platen_api_keys $Var/keys; platen_quota 1500; platen_result_cache on; }
    location /browser/ { platen_api; platen_api_keys off; platen_client cookie; platen_quota 10k; }";

sub usage { my (%arg) = @_; my $path = delete $arg{path} // ''; return json_of(get("$path/usage", %arg)) }
sub used { usage(@_)->{used_bytes} }
sub upload { my ($kib, %header) = @_; my $path = delete $header{path} // '';
    return http(POST => "$path/jobs?to=pdf&filename=a.txt", content => $Kib x $kib, 'Content-Type' => 'text/plain', %header) }
sub stored { my $bytes = 0; $bytes += -s for files_below(map "$Var/data/$_", qw(input output tmp uploads)); return $bytes }
sub remove_all { my (%header) = @_; http(DELETE => "/jobs/$_->{job_id}", %header) for @{ json_of(get('/jobs', %header))->{jobs} } }

# Resumable uploads.
sub tus_create {
    my ($length) = @_;
    return tus(POST => '/uploads/', 'Upload-Length' => $length,
        'Upload-Metadata' => 'filename ' . encode_base64('a.txt', '') . ',target_format ' . encode_base64('pdf', ''));
}
sub tus_patch { my ($path, $offset, $content) = @_; return tus(PATCH => $path, 'Upload-Offset' => $offset,
    'Content-Type' => 'application/offset+octet-stream', content => $content) }

run_tests();

__DATA__

=== TEST 1: two hundred uploads at once, over four workers: exact
--- config eval: $::Config
--- flow
platend_start(@::Copies); # says what is converted
platend_stop();
is_deeply main::usage(), { used_bytes => 0, reserved_bytes => 0, limit_bytes => 65536, free_bytes => 65536, jobs => 0, uploads => 0 }, 'nothing yet';
my @sockets = map raw_open(), 1 .. 200;
my $request = "POST /jobs?to=pdf&filename=a.txt HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\nContent-Type: text/plain\r\n"
    . "Connection: close\r\nContent-Length: 1024\r\n\r\n";
syswrite $_, $request . substr($::Kib, 0, 512) for @sockets;   # all are let in as far as can be told before
syswrite $_, substr($::Kib, 512) for @sockets;
my %got;
my @refused;
for (@sockets) {
    my $response = read_response($_);
    $got{ $response->code }++;
    push @refused, $response if $response->code == 507;
}
is_deeply \%got, { 202 => 64, 507 => 136 }, 'as many as fit, and not one more';
problem_is $refused[0], 507, 'quota_exceeded', 'the others are told';
like json_of($refused[0])->{detail}, qr/^Your documents and results take 65536 of 65536 bytes, and this needs 1024\. Nothing was stored; delete jobs/,
    'used, limit and what to do';
is $refused[0]->header('Retry-After'), 60, 'with Retry-After';
is_deeply main::usage(), { used_bytes => 65536, reserved_bytes => 0, limit_bytes => 65536, free_bytes => 0, jobs => 64, uploads => 0 }, 'GET /usage says so';
is main::stored(), 65536, 'as does the disk: nothing was left of the others';
is main::upload(1, key => 'bob')->code, 202, 'another client has a quota of its own';
is main::used(key => 'bob'), 1024, 'and its own usage';
is get('/usage', key => undef)->code, 401, 'which is nobody else\'s business';
is main::usage(path => '/off')->{limit_bytes}, undef, 'without a quota there is no limit';
is main::upload(1, path => '/off')->code, 202, 'and all is taken in';
is main::used(), 66560, 'beyond the quota of another location';
is main::usage()->{free_bytes}, 0, 'where nothing is left';
http(DELETE => '/jobs/' . json_of(get('/jobs'))->{jobs}[0]{job_id});

# Refused before the body is read.
my $socket = raw_open();
syswrite $socket, $request;
problem_is read_response($socket), 507, 'quota_exceeded', 'what is known not to fit is refused before it is sent';



=== TEST 2: released by DELETE, to the byte; never by what came to nothing
--- config eval: $::Config
--- flow
is main::used(), 65536, 'a reload, or a restart, changes nothing';
my @jobs = @{ json_of(get('/jobs'))->{jobs} };
is http(DELETE => "/jobs/$jobs[0]{job_id}")->code, 204, 'one goes';
is main::used(), 64512, 'and its bytes with it';
problem_is main::upload(2), 507, 'quota_exceeded', 'two do not fit';
is main::upload(1)->code, 202, 'one does';
problem_is main::upload(1), 507, 'quota_exceeded', 'and no other';
my $retry = main::upload(1, path => '/off', 'Idempotency-Key' => 'k');
is $retry->code, 202, 'one with a key';
my $again = main::upload(1, 'Idempotency-Key' => 'k');
is $again->code . ' ' . ($again->header('Idempotent-Replayed') // ''), '202 true', 'is answered again, as that adds nothing';
problem_is main::upload(1, 'Idempotency-Key' => 'other'), 507, 'quota_exceeded', 'and a new one refused';
main::remove_all() for 1 .. 2;
is main::used(), 0, 'all go';
is http(POST => '/jobs?to=nonsense&filename=a.txt', content => $::Kib)->code, 400, 'what is refused otherwise';
is main::used(), 0, 'counts for nothing';



=== TEST 3: results count when they are there; nobody's conversion fails of it
--- config eval: $::Config
--- flow
my $size = length slurp("$::Var/tiny.pdf");
platend_start(@::Copies, 'reaper/interval' => 1);
my $id = json_of(main::upload(63))->{job_id};
wait_job($id);
is main::used(), 63 * 1024 + $size, 'document and result';
is main::usage()->{jobs}, 1, 'one job';
problem_is main::upload(1), 507, 'quota_exceeded', 'what is left is less than a KiB';
main::remove_all();
is main::used(), 0, 'both are gone with the job';
is wait_job(json_of(main::upload(64))->{job_id})->{status}, 'SUCCESS', 'a document of the whole quota is converted';
is main::used(), 64 * 1024 + $size, 'its result is beyond it';
is main::usage()->{free_bytes}, 0, 'nothing is free';
problem_is main::upload(1), 507, 'quota_exceeded', 'and nothing comes in';
main::remove_all();

$id = json_of(http(POST => '/jobs?to=pdf&filename=a.txt&ttl=1', content => $::Kib))->{job_id};
wait_job($id);
ok eventually(20, sub { main::used() == 0 }), 'expiry releases them';
is get("/jobs/$id")->code, 404, 'with the job';

# The same once more: the result that is there counts twice, as it is two jobs'.
my $tiny = sub { http(POST => '/tiny/jobs?to=pdf&filename=a.txt', content => 'y' x 600) };
is wait_job(json_of($tiny->())->{job_id})->{status}, 'SUCCESS', 'once';
problem_is $tiny->(), 507, 'quota_exceeded', 'and again, with its result';
like json_of($tiny->())->{detail}, qr/take @{[600 + $size]} of 1500 bytes, and this needs @{[600 + $size]}\b/, 'which would be there at once';
main::remove_all();
is main::stored(), main::used(key => 'bob'), 'no link is left of it, only what another client has';
platend_stop();



=== TEST 4: POST /convert, forms, documents
--- config eval: $::Config
--- flow
problem_is http(POST => '/convert?to=pdf&filename=a.txt', content => $::Kib x 65), 507, 'quota_exceeded', 'POST /convert';
problem_is post_form('/jobs', [ file => [undef, 'a.txt', Content => $::Kib x 65], to => 'pdf' ]), 507, 'quota_exceeded', 'a form';
is post_form('/jobs', [ file => [undef, 'a.txt', Content => $::Kib x 64], to => 'pdf' ])->code, 202, 'of which only the file counts';
is main::used(), 65536, 'to the byte';
my $announce = sub { http(POST => '/documents/initiate-upload', 'Content-Type' => 'application/json',
    content => '{"filename":"a.txt","content_type":"text/plain"}') };
problem_is $announce->(), 507, 'quota_exceeded', 'a document is not announced for nothing';
main::remove_all();

my @url = map json_of($announce->())->{upload_url} =~ s{^http://[^/]+}{}r, 1 .. 2;
is main::used(), 0, 'an announcement takes no room';
is http(PUT => $url[0], key => undef, 'Content-Type' => 'text/plain', content => $::Kib x 40)->code, 204, 'its bytes do';
is main::used(), 40 * 1024, 'before it is enqueued';
problem_is http(PUT => $url[1], key => undef, 'Content-Type' => 'text/plain', content => $::Kib x 25), 507, 'quota_exceeded',
    'another one that does not fit';
is http(PUT => $url[1], key => undef, 'Content-Type' => 'text/plain', content => $::Kib x 24)->code, 204, 'may be sent again';
is main::used(), 65536, 'to the byte';
my ($id) = $url[0] =~ m{/documents/([^/]+)/};
is http(POST => "/documents/$id/enqueue")->code, 202, 'enqueued';
is main::used(), 65536, 'it is no more than before';
main::remove_all();



=== TEST 5: resumable uploads
--- config eval: $::Config
--- flow
main::remove_all();
is main::used(), 0, 'empty';
problem_is main::tus_create(65537), 507, 'quota_exceeded', 'one that never can fit is not begun';
my $made = main::tus_create(40 * 1024);
is $made->code, 201, 'one that can';
is main::used(), 0, 'is no job';
is main::usage()->{reserved_bytes}, 40 * 1024, 'but has its room, of which t/http/tus_room.t has more';
problem_is main::tus_create(40 * 1024), 507, 'quota_exceeded', 'for a second there is none';
is main::tus_patch($made->header('Location'), 0, $::Kib x 40)->code, 204, 'when it is whole';
is main::used(), 40 * 1024, 'it is a job';
is main::usage()->{reserved_bytes}, 0, 'and an upload no more';
main::remove_all();



=== TEST 6: browsers: a quota to each
--- config eval: $::Config
--- flow
my @browser = map LWP::UserAgent->new(cookie_jar => HTTP::Cookies->new), 1 .. 2;
my $send = sub { my ($browser, $kib) = @_; $browser->post(base_url() . '/browser/jobs', Content_Type => 'form-data', Content => [
    file => [undef, 'a.txt', Content => $::Kib x $kib], target_format => 'pdf' ]) };
is $send->($browser[0], 10)->code, 202, 'the first fills its own';
is $send->($browser[0], 1)->code, 507, 'which is full then';
is $send->($browser[1], 10)->code, 202, 'the second has another';
is json_of($_->get(base_url() . '/browser/usage'))->{used_bytes}, 10240, 'each sees its own' for @browser;
