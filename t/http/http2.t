# HTTP/2: uploads and downloads, many streams at once.

use lib 't/lib';
use TestPlaten;
use TestHttp2;

run_tests();

__DATA__

=== TEST 1: a form and a raw body
--- http_config eval: $::Http2
--- flow
my ($body, $status, $version) = curl('-F file=@' . sample('hello.docx') . " -F target_format=pdf $main::Url/jobs");
is "$status $version", '202 2', 'a form';
my $job = decoded($body);
is $job->{source_format}, 'docx', 'its format';
is sha256_hex(slurp(input_of($job->{job_id}))), sha256_hex(slurp(sample('hello.docx'))), 'stored as it was sent';
($body, $status, $version) = curl('--data-binary @' . sample('hello.docx')
    . " -H 'Content-Type: application/octet-stream' '$main::Url/jobs?to=pdf&filename=r.docx'");
is "$status $version", '202 2', 'a raw body';
is sha256_hex(slurp(input_of(decoded($body)->{job_id}))), sha256_hex(slurp(sample('hello.docx'))), 'stored as it was sent';
($body, $status) = curl('--data-binary @' . sample('hello.docx') . " -H 'Content-Length:' '$main::Url/jobs?to=pdf'");
is $status, 202, 'without a length';
($body, $status) = curl("-d '' '$main::Url/jobs?to=pdf'");
is "$status " . decoded($body)->{code}, '422 empty_file', 'an empty one';
($body, $status) = curl("-X DELETE $main::Url/jobs/$job->{job_id}");
is $status, 204, 'DELETE';
nothing_new(2, 'after all that');
worker_lives();



=== TEST 2: 20 MB, in a form and raw
--- http_config eval: $::Http2
--- flow
my $text = join '', map "line $_ of a text of twenty megabytes\n", 1 .. 480_000;
cmp_ok length $text, '>', 20_000_000, 'its size';
spew("$::Var/large.txt", $text);
for ("-F file=\@$::Var/large.txt -F to=pdf $main::Url/jobs", "-T $::Var/large.txt -X POST '$main::Url/jobs?to=pdf&filename=l.txt'") {
    my ($body, $status) = curl($_);
    is $status, 202, 'taken';
    my $job = decoded($body);
    is $job->{input_size}, length $text, 'its size';
    is sha256_hex(slurp(input_of($job->{job_id}))), sha256_hex($text), 'its digest';
}
nothing_new(4, 'but the documents');
worker_lives();



=== TEST 3: over the limit: 413 as a problem
--- http_config eval: $::Http2
--- flow
# Not with curl: 7.88 loses the answer to a body that it has not sent whole.
my $small = '/small/jobs?to=pdf&filename=a.txt';
my $form = qq{--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n};
my @form = ('content-type' => 'multipart/form-data; boundary=B');
for (['raw, by its length', 20_000_000, '', []],
     ['raw, one byte over', 30_001, 'x' x 30_001, []],
     ['without a length', undef, 'x' x 30_001, []],
     ['without a length, and without an end', undef, 'x' x 60_000, []],
     ['a form, by its length', 20_000_000, $form, \@form],
     ['a form', undef, $form . 'x' x 30_001, \@form]) {
    my ($what, $length, $body, $more) = @$_;
    my $socket = connection();
    syswrite $socket, post_headers(1, $length, $small, @$more)
        . join('', map frame(0, 0, 1, $_), $body =~ /.{1,16000}/gs);
    my $problem = decoded(read_until($socket, 0, 1));
    is "$problem->{status} $problem->{code}", '413 file_too_large', $what;
    syswrite $socket, get_headers(3);
    ok defined read_until($socket, 1, 3), 'and the connection goes on';
}
nothing_new(4, 'over the limit');
spew("$::Var/limit.txt", 'x' x 30_000);
my (undef, $status) = curl("--data-binary \@$::Var/limit.txt '$main::Url$small'");
is $status, 202, 'at the limit it is taken';
worker_lives();



=== TEST 4: a job from its submission to its download
--- http_config eval: $::Http2
--- flow
http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs'))->{jobs} };
platend_start();
my ($body) = curl('-F file=@' . sample('hello.docx') . " -F to=pdf $main::Url/jobs");
my $job = wait_job(decoded($body)->{job_id});
is $job->{status}, 'SUCCESS', 'converted';
my (undef, $status, $version) = curl("-o $::Var/got.pdf $main::Url$job->{download_url}");
is "$status $version", '200 2', 'download';
my $pdf = slurp("$::Var/got.pdf");
is length $pdf, $job->{output_size}, 'whole';
is '"' . sha256_hex($pdf) . '"', get($job->{download_url})->header('ETag'), 'its digest';
my ($part) = curl("-r 0-3 $main::Url$job->{download_url}");
is $part, '%PDF', 'a range';
(undef, $status) = curl("-H 'If-None-Match: *' $main::Url$job->{download_url}");
is $status, 304, 'a condition';
($body, $status) = curl("-r 9999999- $main::Url$job->{download_url}");
is "$status " . decoded($body)->{code}, '416 range_not_satisfiable', 'a range beyond the end';
platend_stop();
worker_lives();



=== TEST 5: many streams at once
--- http_config eval: $::Http2
--- flow
if (system('command -v h2load > /dev/null') != 0) {
    pass 'h2load is not installed';
} else {
    my $before = json_of(get('/jobs'))->{total};
    my $out = `h2load -n 1500 -c 10 -m 100 -t 1 -d $::Var/limit.txt -H 'X-API-Key: $::Key{alice}' '$main::Url/jobs?to=pdf&filename=a.txt' 2>&1`;
    like $out, qr/1500 succeeded, 0 failed, 0 errored, 0 timeout/, '1500 uploads in 10 connections of 100 streams: more at once than one commit takes' or diag $out;
    like $out, qr/status codes: 1500 2xx/, 'all are accepted' or diag $out;
    is json_of(get('/jobs'))->{total}, $before + 1500, 'each is a job';
    my $sha256 = sha256_hex(slurp("$::Var/limit.txt"));
    my @inputs = files_below("$::Var/data/input");
    is scalar(grep { sha256_hex(slurp($_)) eq $sha256 } @inputs), 1500, 'each is whole';
    ok !left(), 'nothing is left';
    my $list = `h2load -n 2000 -c 4 -m 50 -H 'X-API-Key: $::Key{alice}' '$main::Url/jobs?limit=20' 2>&1`;
    like $list, qr/status codes: 2000 2xx/, '2000 lists' or diag $list;
}
worker_lives();
