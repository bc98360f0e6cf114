package ProvokeUploads;

# Answers of resumable uploads, for t/http/openapi.t: as in ProvokeDocuments.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64);

use TestPlaten;

my $None = '01890000-0000-7000-8000-000000000000';
my ($Docx, $Unsafe);

sub head_of_alice { "Host: x\r\nX-API-Key: $Key{alice}\r\n" }

# Resumable uploads: a request, a new one, and one that another connection has open.
my @Tus = ('Tus-Resumable' => '1.0.0');
my @Bytes = (@Tus, 'Upload-Offset' => 0, 'Content-Type' => 'application/offset+octet-stream');
sub meta { 'filename ' . encode_base64($_[0] // 'a.docx', '') . ',target_format ' . encode_base64($_[1] // 'pdf', '') . ($_[2] // '') }
sub new_upload {
    my ($length, @meta) = @_;
    return http(POST => '/uploads', @Tus, 'Upload-Length' => $length // length $Docx, 'Upload-Metadata' => meta(@meta));
}
sub upload { return new_upload(@_)->header('Location') }
sub patch { my ($path, $bytes, @header) = @_; return http(PATCH => $path, @Bytes, @header, content => $bytes) }
sub locked {
    my ($send) = @_;
    my $path = upload();
    my $socket = raw_open();
    $socket->print("PATCH $path HTTP/1.1\r\n" . head_of_alice() . "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        . "Content-Type: application/offset+octet-stream\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    $socket->flush;
    # Asked for its bytes, it has the lock; a request before that would have it instead.
    sysread $socket, my $continue, 4096;
    return $send->($path);
}

# Adds them to a table.  $docx is a document, $unsafe one whose container is refused, and
# $until_500 repeats a request until it fails.
sub add {
    my ($provoke, $docx, $unsafe, $until_500) = @_;
    ($Docx, $Unsafe) = ($docx, $unsafe);

    my %more = (
        fresh => {
            'POST /uploads 429' => sub { upload(); map http(POST => "/$_/uploads", @Tus, 'Upload-Length' => 1, 'Upload-Metadata' => meta()), qw(one few) },
            'POST /uploads 503' => sub { http(POST => '/full/uploads', @Tus, 'Upload-Length' => 1, 'Upload-Metadata' => meta()) },
            'PATCH /uploads/{id} 429' => sub { patch('/one' . upload(), $Docx) },
            'PATCH /uploads/{id} 503' => sub { patch('/full' . upload(), $Docx) },
        },
        running => {
            'POST /uploads 507' => sub { http(POST => '/poor/uploads', @Tus, 'Upload-Length' => 2, 'Upload-Metadata' => meta()) },
            'OPTIONS /uploads 204' => sub { http(OPTIONS => '/uploads', key => undef) },
            'OPTIONS /uploads/{id} 204' => sub { http(OPTIONS => "/uploads/$None", key => undef) },
            'OPTIONS /uploads/{id} 422' => sub { http(OPTIONS => '/uploads/no-id', key => undef) },
            'POST /uploads 201' => sub { (new_upload(), http(POST => '/uploads', @Bytes, 'Upload-Length' => length $Docx,
                'Upload-Metadata' => meta(), content => $Docx)) },
            'POST /uploads 400' => sub { (http(POST => '/uploads', @Tus), new_upload(1, 'a.x', 'nope')) },
            'POST /uploads 401' => sub { http(POST => '/uploads', @Tus, key => undef) },
            'POST /uploads 408' => sub { raw("POST /slow/uploads HTTP/1.1\r\n" . head_of_alice() . "Tus-Resumable: 1.0.0\r\nUpload-Length: 9\r\n"
                . 'Upload-Metadata: ' . meta() . "\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 9\r\n\r\nx") },
            'POST /uploads 412' => sub { http(POST => '/uploads') },
            'POST /uploads 413' => sub { new_upload(10 ** 12) },
            'POST /uploads 415' => sub { http(POST => '/uploads', @Tus, 'Upload-Length' => 1, 'Upload-Metadata' => meta(),
                content => 'x', 'Content-Type' => 'text/plain') },
            'POST /uploads 422' => sub { (http(POST => '/uploads', @Tus, 'Upload-Length' => 1), new_upload(0),
                new_upload(1, 'a.docx', 'pdf', ',ttl eA=='),
                new_upload(1, 'a.docx', 'pdf', ',webhook_url aHR0cDovL2V4YW1wbGUuY29tLw==')) },
            'POST /uploads 460' => sub { http(POST => '/uploads', @Bytes, 'Upload-Length' => 2, 'Upload-Metadata' => meta(),
                'Upload-Checksum' => 'md5 ' . encode_base64('x' x 16, ''), content => 'x') },
            'HEAD /uploads/{id} 200' => sub {
                my $path = upload();
                my $done = upload();
                patch($done, $Docx);
                (http(HEAD => $path, @Tus), http(HEAD => $done, @Tus), http(HEAD => http(POST => '/uploads', @Tus,
                    'Upload-Defer-Length' => 1, 'Upload-Metadata' => meta())->header('Location'), @Tus)) },
            'PATCH /uploads/{id} 204' => sub { (patch(upload(), 'x'), patch(upload(), $Docx)) },
            'PATCH /uploads/{id} 400' => sub { (http(PATCH => upload(), @Tus, content => 'x', 'Content-Type' => 'application/offset+octet-stream'),
                patch(upload(undef, 'a.docx', 'docx'), $Docx), patch(upload(undef, 'a.docx', 'parquet'), $Docx)) },
            'PATCH /uploads/{id} 408' => sub { raw("PATCH /slow" . upload() . " HTTP/1.1\r\n" . head_of_alice() . "Tus-Resumable: 1.0.0\r\n"
                . "Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 9\r\n\r\nx") },
            'PATCH /uploads/{id} 409' => sub { patch(upload(), 'x', 'Upload-Offset' => 5) },
            'PATCH /uploads/{id} 413' => sub { patch(upload(1), 'xx') },
            'PATCH /uploads/{id} 415' => sub { patch(upload(), 'x', 'Content-Type' => 'text/plain') },
            'PATCH /uploads/{id} 422' => sub { (patch('/uploads/no-id', 'x'), patch(upload(undef, 'a.xlsx'), $Docx),
                patch(upload(length $Unsafe), $Unsafe), patch(upload(200, 'a'), "\0\1\2\3" x 50),
                patch(upload(undef, 'a.docx', 'pdf', ',csv_delimiter ' . encode_base64(';', '')), $Docx)) },
            'PATCH /uploads/{id} 423' => sub { locked(sub { patch($_[0], 'x') }) },
            'PATCH /uploads/{id} 460' => sub { patch(upload(), 'x', 'Upload-Checksum' => 'md5 ' . encode_base64('x' x 16, '')) },
            'DELETE /uploads/{id} 204' => sub { http(DELETE => upload(), @Tus) },
            'HEAD,DELETE /uploads/{id} 422' => sub { http($_[0] => '/uploads/no-id', @Tus) },
            'HEAD,DELETE /uploads/{id} 423' => sub { my $method = $_[0]; locked(sub { http($method => $_[0], @Tus) }) },
            'HEAD,PATCH,DELETE /uploads/{id} 401' => sub { http($_[0] => "/uploads/$None", @Bytes, key => undef) },
            'HEAD,PATCH,DELETE /uploads/{id} 404' => sub { (http($_[0] => "/uploads/$None", @Bytes), http($_[0] => upload(), @Bytes, key => 'bob')) },
            'HEAD,PATCH,DELETE /uploads/{id} 412' => sub { http($_[0] => "/uploads/$None", @Bytes, 'Tus-Resumable' => '2.0.0') },
        },
        shipped => {
            map { my ($methods, $path) = @$_; my $where = $path =~ s/\{id\}/$None/r;
                ("$methods $path default" => sub {
                    (http($_[0] => $where, 'X-Long' => 'x' x 9000), http($_[0] => "$where?" . 'x' x 9000)) })
            } ['OPTIONS,POST', '/uploads'], ['OPTIONS,HEAD,PATCH,DELETE', '/uploads/{id}']
        },
        broken => {
            'POST /uploads 503' => sub { new_upload() },
            'HEAD,PATCH,DELETE /uploads/{id} 503' => sub { http($_[0] => "/uploads/$None", @Bytes) },
        },
        busy => {
            'POST /uploads 500' => sub { $until_500->(sub { new_upload() }) },
            'HEAD,PATCH,DELETE /uploads/{id} 500' => sub { my $method = $_[0]; $until_500->(sub { http($method => "/uploads/$None", @Bytes) }) },
        },
        full => {
            # what has found room is kept, until its client gives it up
            'PATCH /uploads/{id} 507' => sub {
                my $path = upload(500_000, 'a.txt');
                my $response = patch($path, "text\n" x 100_000);
                http(DELETE => $path, @Tus);
                return $response },
            'POST /uploads 507' => sub { http(POST => '/uploads', @Bytes, 'Upload-Length' => 500_000,
                'Upload-Metadata' => meta('a.txt'), content => "text\n" x 100_000) },
        },
    );

    for my $state (keys %more) {
        $provoke->{$state}{$_} = $more{$state}{$_} for keys %{ $more{$state} };
    }
}

1;
