# What holds for resumable uploads as for all: room on the disk, limits, and the framing of answers.

use lib 't/lib';
use TestPlaten;
use MIME::Base64 qw(encode_base64);

our $Meta = 'filename ' . encode_base64('a.txt', '') . ',target_format ' . encode_base64('pdf', '');
our $Deferred; # the path of an upload that goes on in another block

sub config { my ($more) = @_; return "location / { platen_api; platen_api_keys $Var/keys; $more }" }


sub create {
    my (%header) = @_;
    my $response = tus(POST => '/uploads/', 'Upload-Metadata' => $Meta, %header);
    die 'not created: ' . $response->as_string unless $response->code == 201;
    return $response->header('Location');
}

sub patch { my ($path, $offset, $content, %header) = @_; tus(PATCH => $path, 'Upload-Offset' => $offset, content => $content, %header) }
sub offset { tus(HEAD => $_[0])->header('Upload-Offset') }

# In chunks: nobody knows how long it will be.
sub chunked {
    my ($path, $offset, $content) = @_;
    return raw("PATCH $path HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nTus-Resumable: 1.0.0\r\n"
        . "Upload-Offset: $offset\r\nContent-Type: application/offset+octet-stream\r\nConnection: close\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n" . sprintf("%x\r\n", length $content) . "$content\r\n0\r\n\r\n");
}

run_tests();

__DATA__

=== TEST 1: two uploads begin
--- config eval: main::config('platen_upload_max_size 1000;')
--- flow
$::Deferred = main::create('Upload-Defer-Length' => 1);
$::Declared = main::create('Upload-Length' => 900);
is main::patch($_, 0, 'x' x 500)->code, 204, 'half of it' for $::Deferred, $::Declared;



=== TEST 2: and the limit is lowered
--- config eval: main::config('platen_upload_max_size 100;')
--- flow
for my $path ($::Deferred, $::Declared) {
    problem_is main::patch($path, 500, 'y'), 413, 'file_too_large', 'a byte more is too much';
    problem_is main::chunked($path, 500, 'y' x 2000), 413, 'file_too_large', 'as are many, in chunks';
    is main::offset($path), 500, 'none of them was taken';
}
problem_is main::patch($::Deferred, 500, '', 'Upload-Length' => 500), 413, 'file_too_large', 'nor can it end so';



=== TEST 3: with the old limit they go on
--- config eval: main::config('platen_upload_max_size 1000;')
--- flow
problem_is main::chunked($::Deferred, 500, 'y' x 501), 413, 'file_too_large', 'up to the limit';
is main::chunked($::Deferred, 500, 'y' x 500)->code, 204, 'and no further';
is main::patch($::Deferred, 1000, '', 'Upload-Length' => 1000)->header('Platen-Job'), $::Deferred =~ s{.*/}{}r, 'one ends as a job';
$::Declared = main::create('Upload-Length' => 10);



=== TEST 4: no room on the disk: no byte, and no job
--- http_config eval
"$::HttpConfig platen_min_free 100000g;"
--- config eval: main::config('')
--- flow
problem_is main::patch($::Declared, 0, 'x' x 5), 507, 'storage_full', 'a piece';
problem_is main::patch($::Declared, 0, 'x' x 10), 507, 'storage_full', 'all of it';
is main::offset($::Declared), 0, 'nothing was taken';
is json_of(get('/jobs'))->{total}, 1, 'and no job made';
is tus(DELETE => $::Declared)->code, 204, 'it can be given up';



=== TEST 5: a HEAD in the header of a POST is answered as to a POST
--- config eval: main::config('')
--- flow
my $path = main::create('Upload-Length' => 10);
my $socket = raw_open();
my $ask = sub {
    my ($where, @more) = @_;
    return join "\r\n", "POST $where HTTP/1.1", 'Host: x', "X-API-Key: $Key{alice}", 'Tus-Resumable: 1.0.0',
        'X-HTTP-Method-Override: HEAD', 'Content-Length: 0', @more, '', '';
};
# three answers on one connection, each found where the one before it ends
$socket->print($ask->($path) . $ask->('/uploads/01890000-0000-7000-8000-000000000000')
    . $ask->($::Deferred) . $ask->($path, 'Connection: close'));
$socket->flush;
my $text = read_response($socket)->as_string;
my @answers;
while ($text =~ s{\AHTTP/1\.1 (\d+) .*?\r?\n\r?\n}{}s) {
    my ($head, $status) = ($&, $1);
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    my ($offset) = $head =~ /^Upload-Offset: (\d+)/mi;
    push @answers, join ' ', $status, $offset // '-', $length // 'no length';
    substr $text, 0, $length // 0, '';
}
is shift @answers, '200 0 0', 'an upload';
like shift @answers, qr/^404 - [1-9]\d*\z/, 'one that is none, with its problem';
is shift @answers, '200 1000 0', 'a job';
is shift @answers, '200 0 0', 'and again';
is $text, '', 'nothing is left over';
