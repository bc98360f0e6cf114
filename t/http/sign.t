# Signed URLs: a link stands in for a key, on one resource and until it expires.

use lib 't/lib';
use TestPlaten;

our $None = '01890000-0000-7000-8000-000000000000';
our $Config = "
    client_body_buffer_size 64k;
    access_log $Test::Nginx::Util::ServRoot/logs/signed.log;
    location / { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now $Var/signing-old; }
    location /v2/ { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; }
    location /off/ { platen_api; platen_api_keys $Var/keys; platen_signing_key off; }";

platend_start();
run_tests();

__DATA__

=== TEST 1: POST /jobs/{id}/links: URLs that need no key
--- config eval: $::Config
--- flow
my $job = wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id});
my $path = "/jobs/$job->{job_id}";
my $pdf = get("$path/download")->content;
my $response = http(POST => "$path/links", content => '{"expires_in": 600}', 'Content-Type' => 'application/json');
is $response->code, 200, 'links';
my $links = json_of($response);
is_deeply [sort keys %$links], [qw(absolute download_url events_url expires_at ws_url)], 'all of them';
like $links->{download_url}, qr{^\Q$path\E/download\?expires=\d+&signature=[\w-]{43}\z}, 'the download';
my $expires = ($links->{download_url} =~ /expires=(\d+)/)[0];
cmp_ok abs($expires - time - 600), '<', 20, 'in ten minutes';
like $links->{expires_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z\z/, 'and as a time';
is $links->{download_url}, "$path/download?" . signed(GET => "$path/download", expires => $expires),
    'as documented, to the letter';

my $got = get($links->{download_url}, key => undef);
is $got->code, 200, 'no key';
ok $got->content eq $pdf, 'the result';
is http(HEAD => $links->{download_url}, key => undef)->code, 200, 'HEAD too';
is get($links->{download_url}, key => undef, Range => 'bytes=0-3')->code, 206, 'a part of it';
is get($links->{download_url}, key => 'bob')->code, 200, 'whoever opens it';
is get("$path/download/?" . signed(GET => "$path/download"), key => undef)->code, 200, 'a slash at the end';

is get($links->{events_url}, key => undef)->code, 200, 'its events';
like get($links->{events_url}, key => undef)->content, qr/"status":"SUCCESS"/, 'say how it is';
problem_is get($links->{events_url} =~ s/.\z/_/r, key => undef), 403, 'signature_invalid', 'or nothing';
problem_is get($links->{events_url} =~ s/events/download/r, key => undef), 403, 'signature_invalid', 'each its own';
is $links->{ws_url}, undef, 'no path, no link' unless slurp("$::Root/ngx_module/http/route.c") =~ m{"jobs/\{id\}/ws"};

is_deeply [map { json_of(http(POST => "$path/links", content => $_))->{download_url} ? 1 : 0 } '', '{}', '{"x":1}'],
    [1, 1, 1], 'expires_in may be left out';
problem_is http(POST => "$path/links", content => $_), 422, 'invalid_parameter', $_
    for map qq({"expires_in":$_}), 0, -1, 604801, 1.5, '"600"', 'null', 'true', '[]', '1e3';
problem_is http(POST => "$path/links", content => $_), 400, 'malformed_json', substr $_, 0, 30
    for '[]', '1', '{', 'expires_in=1', '{"expires_in":1,"expires_in":2}', "{\"a\":\"\xff\"}", '{} {}', '[' x 9000;
problem_is http(POST => "$path/links", content => '{"a":"' . 'x' x 17000 . '"}'), 413, 'body_too_large', 'too much';
problem_is http(POST => "$path/links", content => '{}', key => undef), 401, 'unauthorized', 'no key';
problem_is http(POST => "$path/links", content => '{}', key => 'bob'), 404, 'job_not_found', 'not the owner';
problem_is http(POST => "/jobs/$::None/links", content => '{}'), 404, 'job_not_found', 'no such job';
problem_is http(POST => "/jobs/x/links", content => '{}'), 422, 'invalid_id', 'no id';
my $chunked = "POST $path/links HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\nConnection: close\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n";
is raw("${chunked}4\r\n{\"ex\r\ne\r\npires_in\":600}\r\n0\r\n\r\n")->code, 200, 'in chunks';
problem_is raw("${chunked}5000\r\n" . ' ' x 0x5000 . "\r\n0\r\n\r\n"), 413, 'body_too_large', 'too much, in chunks';



=== TEST 2: no part of it can be changed, and it expires
--- config eval: $::Config
--- flow
my $job = submit(content => 'text', name => 'a.txt', to => 'pdf');
wait_job($job->{job_id});
my $other = submit(content => 'more', name => 'b.txt', to => 'pdf', key => 'bob');
wait_job($other->{job_id}, 60, key => 'bob');
my $path = "/jobs/$job->{job_id}/download";
my $query = signed(GET => $path);
is get("$path?$query", key => undef)->code, 200, 'it is good';

my ($expires, $signature) = $query =~ /expires=(\d+)&signature=(\S+)/;
my $flip = sub { my ($s, $i) = @_; substr($s, $i, 1) = substr($s, $i, 1) eq 'A' ? 'B' : 'A'; $s };
for (['another time', "expires=" . ($expires + 1) . "&signature=$signature"],
     ['the first character', "expires=$expires&signature=" . $flip->($signature, 0)],
     ['the last character', "expires=$expires&signature=" . $flip->($signature, 42)],
     ['one more', "${query}A"], ['one less', substr($query, 0, -1)], ['none', "expires=$expires&signature="],
     ['padded', "$query="], ['no time', "signature=$signature"], ['twice', "$query&$query"],
     ['a time of letters', "expires=soon&signature=$signature"], ['more', "$query&max=1"],
     ['a foreign key', signed(GET => $path) =~ s/[\w-]{43}\z/'x' x 43/er],
     ['another method', signed(PUT => $path)], ['a type', signed(GET => $path, type => 'text/plain')]) {
    my ($what, $bad) = @$_;
    problem_is get("$path?$bad", key => undef), 403, 'signature_invalid', $what;
}
problem_is get("/jobs/$other->{job_id}/download?$query", key => undef), 403, 'signature_invalid', 'another job';
problem_is get("$path?expires=1&signature=x"), 403, 'signature_invalid', 'a key does not make it good';

# Clocks differ by seconds, not by minutes.
is get("$path?" . signed(GET => $path, expires => int(time) - 10), key => undef)->code, 200, 'a clock that is behind';
problem_is get("$path?" . signed(GET => $path, expires => int(time) - 60), key => undef), 403, 'signature_expired',
    'expired';
problem_is get("$path?" . signed(GET => $path, expires => int(time) - 60) =~ s/.\z/_/r, key => undef), 403,
    'signature_invalid', 'expired and never good';

# It opens what it names, and nothing else.
problem_is get("/jobs/$job->{job_id}?" . signed(GET => "/jobs/$job->{job_id}"), key => undef), 401, 'unauthorized',
    'not the job';
problem_is get('/jobs?' . signed(GET => '/jobs'), key => undef), 401, 'unauthorized', 'not the list';
problem_is http(DELETE => "/jobs/$job->{job_id}?" . signed(DELETE => "/jobs/$job->{job_id}"), key => undef), 401,
    'unauthorized', 'not the deletion';
problem_is http(POST => "$path?$query", key => undef), 405, 'method_not_allowed', 'not another method';
my $none = "/jobs/$main::None/download";
problem_is get("$none?" . signed(GET => $none), key => undef), 404, 'job_not_found', 'a job that is gone';
problem_is get("$none?" . signed(GET => $none, expires => 1), key => undef), 403, 'signature_expired',
    'which only a good signature is told';
problem_is get("/jobs/x/download?$query", key => undef), 422, 'invalid_id', 'no id';
is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'deleted';
problem_is get("$path?$query", key => undef), 404, 'job_not_found', 'and the link is dead';



=== TEST 3: keys change without a break; a prefix belongs to the path
--- config eval: $::Config
--- flow
my $id = submit(content => 'text', name => 'a.txt', to => 'pdf')->{job_id};
wait_job($id);
my $path = "/jobs/$id/download";
is get("$path?" . signed(GET => $path, key => 'old'), key => undef)->code, 200, 'a link of the old key';
like json_of(http(POST => "/jobs/$id/links", content => '{}'))->{download_url},
    qr/@{[ signed(GET => $path, expires => 0) =~ s{expires=0&signature=.*}{expires=}r ]}/, 'a new one';
my $new = json_of(http(POST => "/jobs/$id/links", content => '{}'))->{download_url};
my ($expires) = $new =~ /expires=(\d+)/;
is $new, "$path?" . signed(GET => $path, expires => $expires, key => 'now'), 'is signed with the first';

problem_is get("/v2$path?" . signed(GET => $path), key => undef), 403, 'signature_invalid', 'of another location';
is get("/v2$path?" . signed(GET => "/v2$path"), key => undef)->code, 200, 'its own';
problem_is get("/v2$path?" . signed(GET => "/v2$path", key => 'old'), key => undef), 403, 'signature_invalid',
    'where the old key is no longer';
my $link = json_of(http(POST => "/v2/jobs/$id/links", content => '{}'))->{download_url};
like $link, qr{^/v2/jobs/}, 'the prefix is in the link';
is get($link, key => undef)->code, 200, 'which works';

problem_is http(POST => "/off/jobs/$id/links", content => '{}'), 501, 'signing_off', 'no key, no links';
problem_is get("/off$path?" . signed(GET => "/off$path"), key => undef), 401, 'unauthorized', 'and none are looked at';
is get("/off$path?" . signed(GET => "/off$path"))->code, 200, 'a key is what counts there';



=== TEST 4: signatures are in no log
--- log_level: debug
--- config eval
"$::Config limit_req zone=one burst=1 nodelay; limit_req_status 429;"
--- http_config eval
"$::HttpConfig limit_req_zone \$server_name zone=one:1m rate=1r/s;"
--- flow
my $path = "/jobs/$main::None/download";
my @seen;
for (1 .. 6) {
    my $query = signed(GET => $path, expires => int(time) + $_ * 1000);
    push @seen, $query =~ /signature=(\S+)/;
    get("$path?$query&password=open-sesame", key => undef);
}
my $log;
eventually(5, sub { 6 == (() = ($log = slurp("$Test::Nginx::Util::ServRoot/logs/signed.log")) =~ /signature=/g) });
is scalar(() = $log =~ /signature=\*{43}&password=\*+ /g), 6, 'asterisks in the access log' or diag $log;
is_deeply [grep { $log =~ /\Q$_\E/ } @seen, 'open-sesame'], [], 'and nothing else';
my $errors = join '', grep /\[(?:info|notice|warn|error|crit)\]/, error_log_text() =~ /.*\n/g;
like $errors, qr/limiting requests/, 'other modules log, too';
like $errors, qr/404 job_not_found/, 'as does this one';
is_deeply [grep { $errors =~ /\Q$_\E/ } @seen, 'open-sesame'], [], 'asterisks there as well';
