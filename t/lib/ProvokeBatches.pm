package ProvokeBatches;

# Answers of batches and of downloads, for t/http/openapi.t: as in ProvokeDocuments.

use strict;
use warnings;

use TestArchive;
use TestPlaten;

my $None = '01890000-0000-7000-8000-000000000000';
my $V1 = '/api/v1/jobs';
my ($Zip, @Batch);

# One of which a file is converted, one has failed, and one was skipped.
sub batch {
    @Batch = wait_job(submit(content => $Zip, name => 'a.zip', to => 'pdf')->{job_id}) if !@Batch;
    return $Batch[0];
}

sub send_zip { my ($path, $bytes, %arg) = @_; return post_form($path, [ file => [undef, 'a.zip', Content => $bytes], @{ $arg{fields} // [] } ], @{ $arg{header} // [] }) }

# What a download answers: "$operation" of the document, whose path is $path of an id.
sub downloads {
    my ($operation, $path, $job, $failed) = @_;
    my $own = sub { $path->($job->()) };
    return (
        "$operation 200" => sub { http($_[0] => $own->()) },
        "$operation 206" => sub { map http($_[0] => $own->(), Range => "bytes=$_"), '0-9', '0-1,4-5' },
        "$operation 304" => sub {
            (http($_[0] => $own->(), 'If-None-Match' => '*'),
             http($_[0] => $own->(), 'If-Modified-Since' => get($own->())->header('Last-Modified'))) },
        "$operation 400" => sub { http($_[0] => $path->($failed->())) },
        "$operation 401" => sub { http($_[0] => $path->($None), key => undef) },
        "$operation 404" => sub { (http($_[0] => $path->($None)), http($_[0] => $own->(), key => 'bob')) },
        "$operation 412" => sub { http($_[0] => $own->(), 'If-Match' => '"x"') },
        "$operation 416" => sub { http($_[0] => $own->(), Range => 'bytes=99999999-') },
        "$operation 422" => sub { http($_[0] => $path->('no-id')) },

        # A directory on the way to the result that is none: the open fails otherwise than by ENOENT.
        "$operation 500" => sub {
            my $id = $job->();
            my ($output) = grep /$id/, files_below("$Var/data/output");
            my ($bucket) = $output =~ m{(.*)/};
            rename $bucket, "$bucket.away" or die;
            spew($bucket, '');
            my $response = http($_[0] => $own->());
            unlink $bucket;
            rename "$bucket.away", $bucket or die;
            return $response },
    );
}

# Adds them to a table.  $job and $failed are subs that return the id of a job with a result and of
# one without, $unsafe is a document that is refused; the rest as in ProvokeDocuments.
sub add {
    my ($provoke, $docx, $unsafe, $job, $failed, $until_500) = @_;
    my $file = 'GET,HEAD /jobs/{id}/files/{n}';
    my %download = (
        'GET,HEAD /jobs/{id}/download' => sub { "/jobs/$_[0]/download" },
        $file => sub { "/jobs/$_[0]/files/0" },
        "GET,HEAD $V1/{id}/download" => sub { "$V1/$_[0]/download" },
    );
    my %view = ('GET,HEAD /jobs/{id}/files' => sub { "/jobs/$_[0]/files" }, "GET,HEAD $V1/{id}" => sub { "$V1/$_[0]" });
    my @raw = ('Content-Type' => 'application/zip');
    $Zip = zip_of('a.txt' => "a\n", 'b.docx' => "no document\n", 'README' => "\0\1\2");

    my %more = (
        fresh => {
            "POST $V1 429" => sub { send_zip("/one$V1", $Zip) },
            "POST $V1 503" => sub { send_zip("/full$V1", $Zip) },
            map { my $path = $download{$_}; ("$_ 400" => sub { http($_[0] => $path->($job->())) }) } keys %download,
        },
        running => {
            (map { downloads($_, $download{$_}, $job, $failed) } keys %download),
            (map { my $path = $view{$_}; (
                "$_ 200" => sub { my $method = shift; map http($method => $path->($_)), $job->(), batch()->{job_id} },
                "$_ 401" => sub { http($_[0] => $path->($None), key => undef) },
                "$_ 404" => sub { (http($_[0] => $path->($None)), http($_[0] => $path->($job->()), key => 'bob')) },
                "$_ 422" => sub { http($_[0] => $path->('no-id')) },
            ) } keys %view),
            "$file 403" => sub { map http($_[0] => '/jobs/' . $job->() . "/files/0?$_", key => undef),
                'signature=x', signed(GET => '/jobs/' . $job->() . '/files/0', expires => 1) },
            "$file 404" => sub { (http($_[0] => "/jobs/$None/files/0"), http($_[0] => '/jobs/' . $job->() . '/files/1'),
                http($_[0] => '/jobs/' . batch()->{job_id} . '/files/2')) },
            'GET,HEAD /jobs/{id}/files 422' => sub { (http($_[0] => '/jobs/no-id/files'),
                map http($_[0] => '/jobs/' . $job->() . "/files?$_"), 'limit=0', 'offset=x') },
            'GET,HEAD /jobs/{id} 200' => sub { map http($_[0] => "/jobs/$_"), $job->(), $failed->(), batch()->{job_id},
                wait_job(submit(content => zip_of('b.docx' => "no document\n"), name => 'b.zip', to => 'pdf')->{job_id})->{job_id} },

            "POST $V1 202" => sub { (send_zip($V1, $Zip), send_zip("$V1/", $Zip), http(POST => $V1, content => $Zip, @raw)) },
            "POST $V1 400" => sub { (
                send_zip($V1, $docx), send_zip($V1, zip_of()), send_zip($V1, $Zip, fields => [target_format => 'nope']),
                http(POST => $V1, content => 'x', 'Content-Type' => 'multipart/form-data'),
                raw("POST $V1 HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")) },
            "POST $V1 401" => sub { send_zip($V1, $Zip, header => [key => undef]) },
            "POST $V1 408" => sub { raw("POST /slow$V1 HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nContent-Length: 100\r\n\r\nx") },
            "POST $V1 413" => sub { (send_zip("/small$V1", zip_of('a.txt' => join '', map chr(rand 256), 1 .. 2000)),
                post_form($V1, [ map { ("f$_" => 1) } 1 .. 200 ])) },
            "POST $V1 422" => sub { (
                send_zip($V1, $Zip, fields => [width => 'x']), send_zip($V1, $Zip, fields => [ttl => '1h']),
                send_zip($V1, $Zip =~ s/README/..\/ADM/gr), post_form($V1, [to => 'pdf']), http(POST => $V1, content => '')) },
            "POST $V1 507" => sub { send_zip("/poor$V1", $Zip) },
            'POST /jobs 400' => sub { (
                (map post_form('/jobs', [ file => [undef, 'a.docx', Content => $docx], target_format => $_ ]), 'docx', 'nope', 'parquet'),
                send_zip('/jobs', zip_of('README' => 'x'), fields => [target_format => 'pdf']),
                http(POST => '/jobs', content => 'x', 'Content-Type' => 'multipart/form-data'),
                raw("POST /jobs HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")) },
        },
        shipped => {
            map { my ($methods, $path) = @$_; my $where = $path =~ s/\{id\}/$None/r =~ s/\{n\}/0/r;
                ("$methods $path default" => sub {
                    (http($_[0] => $where, 'X-Long' => 'x' x 9000), http($_[0] => "$where?" . 'x' x 9000)) })
            } ['GET,HEAD', '/jobs/{id}/download'], ['GET,HEAD', '/jobs/{id}/files'], ['GET,HEAD', '/jobs/{id}/files/{n}'],
              ['POST', $V1], ['GET,HEAD', "$V1/{id}"], ['GET,HEAD', "$V1/{id}/download"],
        },
        broken => {
            "POST $V1 503" => sub { send_zip($V1, $Zip) },
            map { my $path = ($download{$_} // $view{$_})->($None); ("$_ 503" => sub { http($_[0] => $path) }) }
                keys %download, keys %view,
        },
        busy => { "POST $V1 500" => sub { $until_500->(sub { send_zip($V1, $Zip) }) } },
        full => { "POST $V1 507" => sub { http(POST => $V1, content => "text\n" x 100_000) } },
    );

    for my $state (keys %more) {
        $provoke->{$state}{$_} = $more{$state}{$_} for keys %{ $more{$state} };
    }
}

# "METHOD path status" => why no test of this kind gets there.
sub unreachable {
    return map { ("$_ 500" => 'only if nginx gets no memory') } map { ("GET $_", "HEAD $_") } '/jobs/{id}/files', "$V1/{id}";
}

1;
