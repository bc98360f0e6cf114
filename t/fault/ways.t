# Faults of this machine on the ways that are not a plain submission: 503, to be tried again.

use lib 't/lib';
use TestFault qw(errors);
use TestPlaten;

use Errno qw(EROFS EMFILE EIO);
use MIME::Base64 qw(encode_base64);

master_on();

our @Engine = only_script(copies => 'exec /bin/cp "$TINY_PDF" "$2"');
our $Meta = 'filename ' . encode_base64('a.txt', '') . ',target_format ' . encode_base64('pdf', '');

# A client with one connection, which it keeps.
our $Kept = LWP::UserAgent->new(timeout => 60, keep_alive => 1);

sub ask {
    my ($method, $path, %header) = @_;
    my $content = delete $header{content};
    my $request = HTTP::Request->new($method => base_url() . $path, [ 'X-API-Key' => $Key{alice}, %header ], $content);
    $request->header('Content-Length' => length $content) if defined $content;
    return $Kept->request($request);
}

# As tus(), on that connection.
sub kept_tus {
    my ($method, $path, %header) = @_;
    return ask($method, $path, 'Tus-Resumable' => '1.0.0',
        defined $header{content} ? ('Content-Type' => 'application/offset+octet-stream') : (), %header);
}

sub tus_create { kept_tus(POST => '/uploads', 'Upload-Length' => 10, 'Upload-Metadata' => $Meta) }

sub unavailable {
    my ($response, $what) = @_;
    problem_is $response, 503, 'store_unavailable', $what;
    ok $response->header('Retry-After'), 'which says when to come again';
}

run_tests();

__DATA__

=== TEST 1: no descriptors: downloads and resumable uploads are 503
--- no_error_log
[emerg]
key-of-
--- flow
platend_start(@main::Engine);
my $job = wait_job(submit(content => "text\n", name => 'a.txt', to => 'pdf')->{job_id});
platend_stop();
my $upload = main::tus_create();
is $upload->code, 201, 'an upload';
my $path = $upload->header('Location');
is main::ask(GET => '/jobs')->code, 200, 'a connection';
my $worker = (nginx_pids())[1];
limit_descriptors($worker);
main::unavailable main::ask(GET => $job->{download_url}), 'the download';
main::unavailable main::tus_create(), 'a new upload';
main::unavailable main::kept_tus(PATCH => $path, 'Upload-Offset' => 0, content => 'x'), 'one that goes on';
limit_descriptors($worker, 'usual');
is main::ask(GET => $job->{download_url})->code, 200, 'then it is sent';
is main::kept_tus(PATCH => $path, 'Upload-Offset' => 0, content => 'x')->code, 204, 'and the upload goes on';



=== TEST 2: a file system that has become read-only
--- no_error_log
[emerg]
key-of-
--- flow
my $path = main::tus_create()->header('Location');
is main::kept_tus(PATCH => $path, 'Upload-Offset' => 0, content => 'abc')->code, 204, 'as long as it can be written';
order('pwrite', EROFS, "$::Var/data/uploads");
main::unavailable main::kept_tus(PATCH => $path, 'Upload-Offset' => 3, content => 'def'), 'a piece';
orders_done();
order('open', EROFS, "$::Var/data/uploads");
main::unavailable main::tus_create(), 'a new upload';
orders_done();
order('pwrite', EIO, "$::Var/data/uploads");
problem_is main::kept_tus(PATCH => $path, 'Upload-Offset' => 3, content => 'def'), 500, 'internal_error', 'a disk that is broken is another thing';
orders_done();
is main::kept_tus(PATCH => $path, 'Upload-Offset' => 3, content => 'defghij')->code, 204, 'then it goes on';
