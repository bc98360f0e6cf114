# Documents of each size by each way in: every byte on the disk.  t/http/sizes.t has the ways out.

use lib 't/lib';
use TestPlaten;
use Sizes;

use MIME::Base64 qw(encode_base64);

master_made();
certificate();

our $Api = "platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; platen_max_queue 100000; platen_max_file_size 2g;";

# mode => its location
our @Mode = (
    ['plain', 'client_body_buffer_size 64k;'],
    $Large ? () : (
        ['slow writer', 'client_body_buffer_size 64k;'],
        ['a body buffer of 1 KB', 'client_body_buffer_size 1k;']),
    ['behind a second nginx', 'proxy_request_buffering on;'],
    ['behind a second nginx that passes on what comes', 'proxy_request_buffering off;'],
);
our $Behind = url_of('HTTP/1.1', 0, '/m0/');
our $Locations = join ' ', map {
    "location /m$_/ { client_max_body_size 0; $Mode[$_][1] " . ($Mode[$_][0] !~ /second/ ? $Api
        : "proxy_pass $Behind; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host \$http_host;") . ' }' } 0 .. $#Mode;

our $Meta = 'filename ' . encode_base64('a.txt', '') . ',target_format ' . encode_base64('pdf', '');

# The file of a job's input, or that of an upload that has not ended.
sub input_of { my ($id) = @_; return "$Var/data/input/" . substr($id, 0, 7) . "/$id" }

# The document as the body: sent from the disk, as curl takes no gigabyte into its memory. But of nothing it
# then sends no end.
sub body {
    my ($size, $method) = @_;
    return (qq(request = "$method"), $size ? qq(upload-file = "$Var/in.$size") : qq(data-binary = "\@$Var/in.0"));
}

# Each: what curl is told for a document of that size, and the id of its job if it is known before.
our %In = (
    multipart => sub { my ($size) = @_;
        return ('jobs', [qq(form = "file=\@$Var/in.$size;filename=a.txt;type=text/plain"), 'form = "target_format=pdf"']) },
    raw => sub { my ($size) = @_;
        return ('jobs?to=pdf&filename=a.txt', [main::body($size, 'POST'), 'header = "Content-Type: text/plain"']) },
    chunked => sub { my ($size, $protocol) = @_;
        # HTTP/2 has no chunks; there nobody says how long it will be
        return ('jobs?to=pdf&filename=a.txt', [main::body($size, 'POST'), 'header = "Content-Type: text/plain"',
            $protocol eq 'HTTP/2' ? 'header = "Content-Length:"' : 'header = "Transfer-Encoding: chunked"']) },
    presigned => sub { my ($size, $protocol, $m) = @_;
        # the signature is of the path that the inner server sees
        $m = 0 if $Mode[$m][0] =~ /second/;
        my $answer = http(POST => "/m$m/documents/initiate-upload", content => '{"filename":"a.txt","content_type":"text/plain"}');
        my ($path, $query) = json_of($answer)->{upload_url} =~ m{^http://[^/]+/m\d+/(documents/[^?]+)(\?.*)} or die $answer->as_string;
        return ("$path$query", [main::body($size, 'PUT'), 'header = "Content-Type: text/plain"'],
            json_of($answer)->{document_id}) },
    tus => sub { my ($size) = @_;
        my $made = http(POST => '/uploads', 'Tus-Resumable' => '1.0.0', 'Upload-Length' => $size, 'Upload-Metadata' => $Meta);
        # of nothing, no upload is made
        my ($id) = ($made->header('Location') // '') =~ m{([^/]+)\z};
        return ('uploads' . ($id ? "/$id" : ''), [main::body($size, $id ? 'PATCH' : 'POST'),
            map(qq(header = "$_"), 'Content-Type: application/offset+octet-stream', 'Tus-Resumable: 1.0.0', 'Upload-Offset: 0',
                $id ? () : ("Upload-Metadata: $Meta", 'Upload-Length: 0'))], $id) },
);

run_tests();

__DATA__

=== TEST 1: sizes by ways in, by protocols, by ways of sending
--- http_config eval: main::servers($::Locations, '')
--- config eval: "$::Locations location / { $::Api }"
--- timeout: 600
--- flow
for my $size (@Size) {
    system("head -c $size $Master > $::Var/in.$size") == 0 or die;
}
each_cell('ways in', \%main::In, \@main::Mode, sub {
    my ($way, $size, $protocol, $m) = @_;
    my ($path, $options, $id) = $main::In{$way}->($size, $protocol, $m);
    return { path => $path, options => [@$options, 'header = "Expect:"'], id => $id, open => $way eq 'presigned' };
}, sub {
    my ($cell) = @_;
    my ($size, $id, $said) = (@{$cell}{qw(size id)}, slurp($cell->{file}));
    my $fault;
    if ($size == 0) {
        $fault = "status $cell->{status}: $said" if "$cell->{status} $said" !~ /^422 .*"empty_file"/s;
    } elsif ($cell->{status} !~ /^20[24]\z/) {
        $fault = "status $cell->{status} $cell->{error}: $said";
    } else {
        $id //= Cpanel::JSON::XS->new->decode($said)->{job_id};
        my $file = main::input_of($id);
        $fault = differs($file, $size, $Master) // (-s $file == $size ? undef : 'more than that');
    }
    http(DELETE => "/jobs/$id") if $id;
    return $fault;
});
is_deeply [files_below("$::Var/data/input", "$::Var/data/tmp", "$::Var/data/uploads")], [], 'and no file';
