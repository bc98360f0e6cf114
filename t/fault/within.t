# Everything that nginx's workers commit, with t/fault/within.c in them: nothing is done to a file while a write
# transaction is open, as all other workers and platend wait for it meanwhile.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use MIME::Base64 qw(encode_base64);
use Test::More;

use PlatenServer;
use TestArchive;

my $temp = File::Temp->newdir('platen-within-XXXXXX', DIR => '/var/tmp');
my $server = PlatenServer->new(dir => "$temp", workers => 2,
    api => "platen_result_cache on; platen_quota 10m; platen_signing_key $temp/signing;");
PlatenServer::spew("$temp/signing", "this-key-signs-urls-in-these-tests\n");
my $said = "$temp/within";
{
    local $ENV{PLATEN_WITHIN} = $said;
    local $ENV{LD_PRELOAD} = join ' ', "$PlatenServer::Build/fault_within.so", $ENV{LD_PRELOAD} // ();
    $server->nginx_start;
}
$server->platend_start;

sub json { my ($response) = @_; return Cpanel::JSON::XS->new->utf8->decode($response->content) }
sub status { my ($id) = @_; return json($server->http(GET => "/jobs/$id"))->{status} }
sub ends { my ($id) = @_; PlatenServer::eventually(30, sub { status($id) =~ /SUCCESS|FAILED/ }) or fail "$id ends"; return status($id) }
sub tus { my ($method, $path, @header) = @_; return $server->http($method => $path, 'Tus-Resumable' => '1.0.0', @header) }

# A job, the same from its result, and both at once; by a key; deleted; a batch, and its retry.
my $body = "the same again\n";
my $id = json($server->submit($body))->{job_id};
is ends($id), 'SUCCESS', 'a job';
my $again = json($server->submit($body));
is $again->{status} . $again->{cached}, 'SUCCESS1', 'its result answers again';
is $server->submit($body, 'Idempotency-Key' => 'k')->code, 202, 'with a key' for 1, 2;
is $server->http(DELETE => "/jobs/$id")->code, 204, 'the first is deleted';
is $server->http(GET => "/jobs/$again->{job_id}/download")->code, 200, 'the second has its result';
my $batch = json($server->http(POST => '/jobs?to=pdf&filename=a.zip', content => zip_of('a.txt' => "good\n", 'b.docx' => "none\n")))->{job_id};
is ends($batch), 'PARTIAL_SUCCESS', 'a batch';
is $server->http(POST => "/jobs/$batch/retry")->code, 202, 'again';
ends($batch);

# Documents: announced, stored, refused for what there is already, and for the quota; over what a kill has left.
my $announce = sub { json($server->http(POST => '/documents/initiate-upload', 'Content-Type' => 'application/json',
    content => '{"filename":"a.txt","content_type":"text/plain"}'))->{document_id} };
my $put = sub { my ($id, $content) = @_; return $server->http(PUT => "/documents/$id/content", 'Content-Type' => 'text/plain', content => $content)->code };
my $document = $announce->();
is $put->($document, "a document\n"), 204, 'a document';
is $put->($document, "another\n"), 409, 'once only';
is PlatenServer::slurp($server->input_path($document)), "a document\n", 'it is as it was';
is $server->http(POST => "/documents/$document/enqueue")->code, 202, 'enqueued';
is ends($document), 'SUCCESS', 'and converted';
$document = $announce->();
mkdir $server->input_path($document) =~ s{/[^/]+\z}{}r;
PlatenServer::spew($server->input_path($document), 'what a kill has left');
is $put->($document, 'x' x 11_000_000), 507, 'more than the quota';
is $put->($document, "whole\n"), 204, 'over what a kill has left';
is PlatenServer::slurp($server->input_path($document)), "whole\n", 'it is replaced';
is $server->http(DELETE => "/jobs/$document")->code, 204, 'deleted';

# Resumable uploads.
my $meta = 'filename ' . encode_base64('a.txt', '') . ',target_format ' . encode_base64('pdf', '');
my $path = tus(POST => '/uploads/', 'Upload-Length' => 6, 'Upload-Metadata' => $meta)->header('Location') =~ s{^http://[^/]+}{}r;
is tus(PATCH => $path, 'Upload-Offset' => 0, 'Content-Type' => 'application/offset+octet-stream', content => "bytes\n")->code, 204, 'an upload';
is ends($path =~ s{.*/}{}r), 'SUCCESS', 'converted';
$path = tus(POST => '/uploads/', 'Upload-Defer-Length' => 1, 'Upload-Metadata' => $meta)->header('Location') =~ s{^http://[^/]+}{}r;
is tus(DELETE => $path)->code, 204, 'one is given up';
is $server->http(POST => '/convert?to=pdf&filename=a.txt', content => "now\n")->code, 200, 'a conversion while one waits';

my @lines = split /\n/, PlatenServer::slurp($said);
cmp_ok scalar(grep { /^transaction/ } @lines), '>', 0, 'transactions were seen';
is_deeply [grep { !/^transaction/ } @lines], [], 'and nothing done to a file in any of them';
$server->platend_stop;
$server->nginx_stop;
done_testing();
