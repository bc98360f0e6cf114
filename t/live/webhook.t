# Webhooks: what is sent, its signature, its order, tries and their end; where nothing is sent.

use lib 't/lib';
use TestPlaten;
use HookReceiver;
use JsonSchema;
use Digest::SHA qw(hmac_sha256_hex);

our %Secret = (now => 'a-secret-of-webhooks-in-these-tests', old => 'and-one-that-was-used-until-now-0');
for (keys %Secret) {
    spew("$Var/hook-$_", "$Secret{$_}\n");
    chmod 0640, "$Var/hook-$_";
}

our $Hooks = HookReceiver->new(dir => $Var);
# Fails for as long as $Var/broken is there; waits for as long as $Var/hold is.
our %Engine = only_script(hooked => "while [ -e $Var/hold ]; do /bin/sleep 0.05; done\n"
    . "[ ! -e $Var/broken ] || exit 3; exec /bin/cp \$TINY_PDF \"\$2\"", $Var);
our %Told = ('webhook/secret' => "$Var/hook-now", 'webhook/allow' => '127.0.0.0/8', 'webhook/backoff' => 1,
    'webhook/backoff_max' => 2, 'limits/attempts' => 1);

our $Api = "client_body_buffer_size 64k; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; "
    . "location / { platen_api; platen_webhooks on; } location /off/ { platen_api; }
       location /given/ { platen_api; platen_webhook alice " . $Hooks->url('/given') . "; }";
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value('config', $Api);
    $block->set_value('no_error_log', "[alert]\n[emerg]\nsecret-path\n");
});

our $Doc = Cpanel::JSON::XS->new->utf8->decode(slurp("$Root/conf/openapi.json"));
our $Count = 0;

# A job with that path of the receiver as its webhook.
sub hooked {
    my ($path, %arg) = @_;
    return submit(content => 'text ' . ++$Count . "\n", name => 'a.txt', to => 'pdf', %arg,
        fields => [webhook_url => $arg{url} // $Hooks->url($path), @{ $arg{more} // [] }])->{job_id};
}

# Whether these were told at that path in the end, and nothing else.
sub told_are {
    my ($path, $expected, $what, $seconds) = @_;
    eventually($seconds // 15, sub { $Hooks->events($path) >= @$expected });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply [$Hooks->events($path)], $expected, $what or diag platend_log();
}

# Processes of ours that deliver.
sub deliverers {
    my ($of) = @_;
    return grep { (readlink("/proc/$_/exe") // '') =~ /platen-webhook/ } children_of($of);
}

# [ { ... } ] of platenctl webhooks.
sub listed {
    my (@words) = @_;
    my $status = platenctl('--json', 'webhooks', '-n', 0, @words);
    die "platenctl: $CtlErr" if $status;
    return Cpanel::JSON::XS->new->decode($CtlOut);
}

# Their ids to states and errors, of one job.
sub states { my ($id) = @_; return map { "$_->{event} $_->{state}" } grep { $_->{job_id} eq $id } @{ listed() } }

# What has come at the paths that take their time.
sub told_slowly { return scalar grep { $_->{path} =~ m{^/slow/} } $Hooks->requests }

sub ended { my ($id, $n) = @_; eventually(20, sub { $n == grep { !/pending/ } states($id) }) or diag join "\n", states($id), platend_log() }

run_tests();

__DATA__

=== TEST 1: each change once, in order, signed
--- flow
platend_start(%::Engine, %::Told, 'webhook/base' => 'https://convert.example.com/api/');
my $id = main::hooked('/first');
my $job = wait_job($id);
is $job->{status}, 'SUCCESS', 'converted';
main::told_are('/first', [qw(job_processing job_done)], 'told of each change');
my @requests = $main::Hooks->told('/first');
my $number = 0;
for (@requests) {
    my ($header, $body) = @$_{qw(header body)};
    is $_->{method}, 'POST', 'a POST';
    is $header->{'content-type'}, 'application/json', 'of JSON';
    like $header->{'user-agent'}, qr{^Platen/\d}, 'from us';
    cmp_ok abs($header->{'x-platen-timestamp'} - time), '<', 30, 'of now';
    is $header->{'x-platen-signature'},
        'sha256=' . hmac_sha256_hex("$header->{'x-platen-timestamp'}.$body", $main::Secret{now}), 'signed';
    my $event = Cpanel::JSON::XS->new->utf8->decode($body);
    is $event->{event}, $header->{'x-platen-event'}, 'the event';
    is $header->{'x-platen-delivery'}, "$id.$event->{seq}", 'the delivery';
    cmp_ok $event->{seq}, '>', $number, 'in order';
    $number = $event->{seq};
}
my ($event) = Cpanel::JSON::XS->new->utf8->decode($requests[-1]{body});
is_deeply [@$event{qw(job_id status error_code download_url)}],
    [$id, 'SUCCESS', undef, "https://convert.example.com/api/jobs/$id/download"], 'as other streams tell it';
like $event->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/, 'when';
my ($stream) = get("/jobs/$id/events")->content =~ /.*^data: (\{.*?"event":"job_done".*?\})$/ms;
$stream = Cpanel::JSON::XS->new->utf8->decode($stream);
is_deeply { map { $_ => $event->{$_} } grep { $_ ne 'download_url' } keys %$stream },
    { map { $_ => $stream->{$_} } grep { $_ ne 'download_url' } keys %$stream }, 'to the letter';
is $event->{job}{$_}, $job->{$_}, "job.$_" for grep { !/url/ && !ref $job->{$_} } keys %{ $event->{job} };
is http(DELETE => "/jobs/$id")->code, 204, 'removed';
main::told_are('/first', [qw(job_processing job_done job_removed)], 'which is told, too');
$event = Cpanel::JSON::XS->new->utf8->decode(($main::Hooks->told('/first'))[-1]{body});
is_deeply [@$event{qw(status download_url)}, @{ $event->{job} }{qw(input_filename status)}], [undef, undef, 'a.txt', 'SUCCESS'], 'with what it was';
main::ended($id, 3);
is_deeply [sort(main::states($id))], ['job_done delivered', 'job_processing delivered', 'job_removed delivered'], 'all is in the log';
unlike platend_log(), qr/a-secret-of-webhooks/, 'which has no secret';



=== TEST 2: a failure is told, and a retry
--- flow
spew("$::Var/broken", '');
my $id = main::hooked('/failed');
is wait_job($id)->{status}, 'FAILED', 'failed';
main::told_are('/failed', [qw(job_processing job_failed)], 'told');
my $event = Cpanel::JSON::XS->new->decode(($main::Hooks->told('/failed'))[-1]{body});
is $event->{error_code}, 'conversion_failed', 'why' or diag explain $event;
is $event->{job}{error_code}, 'conversion_failed', 'in the job as well';
unlink "$::Var/broken";
is http(POST => "/jobs/$id/retry")->code, 202, 'once more';
main::told_are('/failed', [qw(job_processing job_failed job_processing job_done)], 'it keeps its webhook');



=== TEST 3: what does not get through is tried again, and what comes after waits for it
--- flow
my $id = main::hooked('/flaky/2/a');
main::told_are('/flaky/2/a', [qw(job_processing job_processing job_processing job_done)], 'tried until it is taken');
my @requests = $main::Hooks->told('/flaky/2/a');
is scalar(keys %{ { map { $_->{header}{'x-platen-delivery'} => 1 } @requests[0 .. 2] } }), 1, 'the same delivery';
cmp_ok abs($_->{header}{'x-platen-timestamp'} - $_->{time}), '<', 2.5, 'signed anew, with the time of the try' for @requests;
main::ended($id, 2);
my ($row) = grep { $_->{job_id} eq $id && $_->{event} eq 'job_processing' } @{ main::listed('--delivered') };
is_deeply [@$row{qw(tries status error state)}], [3, 200, undef, 'delivered'], 'and noted';
like platend_log(), qr/"msg":\s*"webhook not delivered".*"job_id":\s*"\Q$id\E".*"error":\s*"HTTP 500"/, 'each failure is logged';
like platend_log(), qr/"webhook not delivered".*"request_id":\s*"\w+/, 'with the request';
unlike platend_log(), qr{/flaky}, 'but without the path of the URL';
my $later = main::hooked('/later/a');
main::told_are('/later/a', [qw(job_processing job_processing job_done)], 'Retry-After');
my @times = map { $_->{time} } $main::Hooks->told('/later/a');
cmp_ok $times[1] - $times[0], '>=', 1.9, 'is kept to';
main::hooked('/big');
eventually(10, sub { 2 == grep { $_->{url} =~ /big/ } @{ main::listed('--delivered') } });
is scalar(grep { $_->{url} =~ /big/ } @{ main::listed('--delivered') }), 2, 'an answer that does not end is cut off, and counts';



=== TEST 4: dead letters: 410, a redirect, and the time; and once more
--- flow
platend_stop();
platend_start(%::Engine, %::Told, 'webhook/give_up' => 2, 'webhook/backoff_max' => 1);
my $gone = main::hooked('/status/410');
main::ended($gone, 2);
is_deeply [main::states($gone)], ['job_processing dead', 'job_done dead'], '410: given up at once';
is scalar($main::Hooks->told('/status/410')), 2, 'without another try';
my $moved = main::hooked('/redirect?secret-path');
main::ended($moved, 2);
my ($row) = grep { $_->{job_id} eq $moved } @{ main::listed('--dead') };
is_deeply [@$row{qw(event state status error)}], ['job_processing', 'dead', 302, 'HTTP 302: redirects are not followed'], 'a redirect is none';
is scalar($main::Hooks->told('/ok?redirected')), 0, 'and is not followed';
cmp_ok $row->{tries}, '>=', 2, 'it is tried for some time';
is platenctl('webhooks', '--dead'), 0, 'for people';
like $::CtlOut, qr{^\Q$moved\E  job_processing   dead       +\d+ +302  \S+  http://127\.0\.0\.1:\d+ .*HTTP 302}m, 'a line to each';
unlike $::CtlOut, qr/secret-path/, 'without the path of the URL';
like platend_log(), qr/"webhook given up[^"]*".*"job_id":\s*"\Q$moved\E"/, 'it is in the log';
is platenctl('doctor', '-q'), $? >> 8, 'the doctor';
like $::CtlOut, qr/4 webhooks could not be delivered/, 'says so';
is platenctl('webhooks', '--retry', $gone), 0, 'once more';
like $::CtlOut, qr/^2 retried$/, 'both of the job';
eventually(10, sub { $main::Hooks->told('/status/410') == 4 });
is_deeply [$main::Hooks->events('/status/410')], [(qw(job_processing job_done)) x 2], 'in order, again';
main::ended($gone, 2);
is platenctl('webhooks', '--retry', '01890000-0000-7000-8000-000000000000'), 1, 'a job without any';
is platenctl('webhooks', @$_), 2, "refused: @$_" for ['--retry'], ['--all'], ['--retry', '--all', $gone], ['x'],
    ['-n', 'x'], ['--retry', 'x'], ['--client', ''];
is platenctl('--json', 'webhooks', '--retry', '--all'), 0, 'all';
is_deeply(Cpanel::JSON::XS->new->decode($::CtlOut), { retried => 4 }, 'as JSON');
is platenctl('webhooks', '--client', 'nobody'), 0, 'none';
is $::CtlOut, '', 'of a client without';
is platenctl('fsck'), 0, 'and the store agrees' or diag $::CtlOut;



=== TEST 5: what is not public is refused, however it is spelled
--- flow
platend_stop();
platend_start(%::Engine, %::Told, 'webhook/allow' => '', 'webhook/backoff_max' => 1);
my $port = $main::Hooks->{port};
my %job = map { $_ => main::hooked('', url => "http://$_:$port/ssrf") } '127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1',
    'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '[::]', '127.1', '169.254.169.254', '10.0.0.1', '[fd00:ec2::254]';
for my $host (sort keys %job) {
    main::ended($job{$host}, 2);
    my ($row) = grep { $_->{job_id} eq $job{$host} } @{ main::listed('--dead') };
    like $row->{error} // '-', qr/^refused: \S+ is .*webhook\/allow/, "$host: refused, and why" or diag explain $row;
    is $row->{tries}, 3, 'after three tries, as names change';
}
is scalar(grep { $_->{path} =~ /ssrf/ } $main::Hooks->requests), 0, 'nothing was sent';
platend_stop();
platend_start(%::Engine, %::Told, 'webhook/allow' => '127.0.0.2/32 10.0.0.0/8');
my $id = main::hooked('/ssrf');
main::ended($id, 2);
is_deeply [$main::Hooks->events('/ssrf')], [], 'nor where other networks are allowed';



=== TEST 6: a job that is removed before it was told of
--- flow
platend_stop();
my $early = main::hooked('/early');
is http(DELETE => "/jobs/$early")->code, 204, 'removed before anyone has taken it';
spew("$::Var/hold", '');
platend_start(%::Engine, %::Told);
main::told_are('/early', ['job_cancelled'], 'is told all the same');
my $event = Cpanel::JSON::XS->new->decode(($main::Hooks->told('/early'))[0]{body});
is_deeply [@$event{qw(job_id status)}, $event->{job}{status}], [$early, 'CANCELLED', 'CANCELLED'], 'as cancelled';
my $running = main::hooked('/running');
eventually(10, sub { job($running)->{status} eq 'PROCESSING' });
is http(DELETE => "/jobs/$running")->code, 204, 'and one that runs';
unlink "$::Var/hold";
main::told_are('/running', [qw(job_processing job_cancelled)], 'as well');



=== TEST 7: kill -9 of the process that delivers, and of platend: nothing is lost, and all in order
--- flow
my @jobs = map main::hooked("/slow/0.2/$_"), 1 .. 12;
for my $round (1 .. 3) {
    my ($pid, $told) = (undef, scalar main::told_slowly());
    eventually(30, sub { ($pid) = main::deliverers(platend_pid()); $pid && main::told_slowly() > $told });
    ok $pid, "round $round: there is one";
    kill KILL => $pid;
    ok eventually(20, sub { my ($new) = main::deliverers(platend_pid()); $new && $new != $pid }), 'and another one after it';
}
push @jobs, map main::hooked("/slow/0.2/$_"), 13 .. 24;
my $told = main::told_slowly();
ok eventually(30, sub { main::told_slowly() > $told }), 'some are delivered';
my @old = main::deliverers(platend_pid());
platend_kill();
platend_start(%::Engine, %::Told);
ok eventually(10, sub { !grep { kill 0, $_ } @old }), 'one without platend ends';
wait_job($_) for @jobs;
my @left;
ok eventually(60, sub { @left = @{ main::listed('--pending') }; !@left }), 'all is told' or diag explain \@left;
my (@wrong, $doubles);
for my $n (1 .. 24) {
    my (%seen, @first);
    for ($main::Hooks->told("/slow/0.2/$n")) {
        $seen{ $_->{header}{'x-platen-delivery'} }++ ? $doubles++ : push @first, $_->{header}{'x-platen-event'};
    }
    # A job that was under way with platend is begun anew.
    push @wrong, "$n: @first" unless "@first" =~ /^job_processing(?: job_processing)*( job_done)\z/;
}
is_deeply \@wrong, [], 'each once, in its order';
note 'told twice: ' . ($doubles // 0);
is platenctl('fsck'), 0, 'and the store agrees' or diag $::CtlOut;



=== TEST 8: URLs that are none, and servers that take none
--- flow
for (['ftp://example.com/', qr/^webhook_url has to begin with http/], ['http://a:0/', qr/port/], ['http://u@a/', qr/names a user/],
     ["http://a/\r\nX: y", qr/percent-encode/], ['http://a/#b', qr/fragment/], ['http://a/' . 'x' x 2048, qr/longer than 2048/]) {
    my ($url, $says) = @$_;
    for my $path ('/jobs', '/jobs/submit', '/convert') {
        my $response = post_form($path, [ file => [undef, 'a.txt', Content => 'x'], to => 'pdf', webhook_url => $url ]);
        problem_is $response, 422, 'invalid_parameter', "$path: " . substr $url, 0, 20;
        like json_of($response)->{detail}, $says, 'why';
    }
}
my $url = $main::Hooks->url('/query?secret-path');
$url =~ s/([^\w])/sprintf '%%%02X', ord $1/ge;
my $response = http(POST => "/jobs?to=pdf&filename=a.txt&webhook_url=$url", content => 'by query');
is $response->code, 202, 'in the query';
main::told_are('/query?secret-path', [qw(job_processing job_done)], 'the same');
$response = post_form('/convert', [ file => [undef, 'a.txt', Content => 'at once'], to => 'pdf', webhook_url => $main::Hooks->url('/convert') ]);
is $response->code, 200, 'with POST /convert';
main::told_are('/convert', [qw(job_processing job_done)], 'too');
$response = post_form('/off/jobs', [ file => [undef, 'a.txt', Content => 'x'], to => 'pdf', webhook_url => 'http://a/' ]);
problem_is $response, 422, 'webhooks_off', 'off unless it is on';
is post_form('/off/jobs', [ file => [undef, 'a.txt', Content => 'x'], to => 'pdf', webhook_url => '' ])->code, 202, 'an empty one is none';

my @json = ('Content-Type' => 'application/json');
my $document = '{"filename":"a.txt","content_type":"text/plain","webhook_url":"%s"}';
problem_is http(POST => '/documents/initiate-upload', content => sprintf($document, 'x'), @json), 422, 'invalid_parameter', 'a document';
problem_is http(POST => '/off/documents/initiate-upload', content => sprintf($document, 'http://a/'), @json), 422, 'webhooks_off', 'where they are off';
$document = json_of(http(POST => '/documents/initiate-upload', content => sprintf($document, $main::Hooks->url('/document')), @json));
is http(PUT => $document->{upload_url} =~ s{^http://[^/]+}{}r, content => 'a document', 'Content-Type' => 'text/plain', key => undef)->code, 204, 'its bytes'
    or diag $document->{upload_url};
is http(POST => "/documents/$document->{document_id}/enqueue")->code, 202, 'enqueued';
main::told_are('/document', [qw(job_processing job_done)], 'and told');

my $metadata = sub { join ',', map { my ($k, $v) = @$_; $k . ' ' . MIME::Base64::encode_base64($v, '') }
    [filename => 'a.txt'], [target_format => 'pdf'], [webhook_url => $_[0]] };
require MIME::Base64;
my @tus = ('Tus-Resumable' => '1.0.0', 'Upload-Length' => 5, 'Content-Type' => 'application/offset+octet-stream', content => 'bytes');
problem_is http(POST => '/uploads/', @tus, 'Upload-Metadata' => $metadata->('x')), 422, 'invalid_parameter', 'a resumable upload';
problem_is http(POST => '/off/uploads/', @tus, 'Upload-Metadata' => $metadata->('http://a/')), 422, 'webhooks_off', 'where they are off';
is http(POST => '/uploads/', @tus, 'Upload-Metadata' => $metadata->($main::Hooks->url('/tus')))->code, 201, 'taken';
main::told_are('/tus', [qw(job_processing job_done)], 'and told');



=== TEST 9: a client's own URL, and its keys
--- flow
my $job = json_of(post_form('/given/jobs', [ file => [undef, 'a.txt', Content => 'given'], to => 'pdf' ]));
main::told_are('/given', [qw(job_processing job_done)], "the operator's URL for this client");
problem_is post_form('/given/jobs', [ file => [undef, 'a.txt', Content => 'x'], to => 'pdf', webhook_url => 'http://a/' ]),
    422, 'webhooks_off', 'which is no leave to name others';
is post_form('/given/jobs', [ file => [undef, 'a.txt', Content => 'of bob'], to => 'pdf' ], key => 'bob')->code, 202, 'another client';
my ($of_bob) = map $_->{job_id}, @{ json_of(get('/jobs?limit=1', key => 'bob'))->{jobs} };
wait_job($of_bob, 30, key => 'bob');
is_deeply [main::states($of_bob)], [], 'whose job has an end, and no webhook';
is scalar($main::Hooks->told('/given')), 2, 'has none';
my @same = map { post_form('/jobs', [ file => [undef, 'a.txt', Content => 'same'], to => 'pdf', webhook_url => $main::Hooks->url($_) ],
    'Idempotency-Key' => 'hook-1') } '/key/a', '/key/a', '/key/b';
is json_of($same[0])->{job_id}, json_of($same[1])->{job_id}, 'the same submission';
problem_is $same[2], 422, 'idempotency_key_reused', 'another URL is another submission';
is platenctl('inspect', json_of($same[0])->{job_id}), 0, 'inspect';
like $::CtlOut, qr{/key/a}, 'shows it to the operator';
main::told_are('/key/a', [qw(job_processing job_done)], 'told once');



=== TEST 10: a host that does not answer holds up nobody else
--- flow
platend_stop();
platend_start(%::Engine, %::Told, workers => 8);
my @slow = map main::hooked('', url => "http://localhost:$main::Hooks->{port}/slow/10/$_"), 1 .. 12;
my $others = sub { grep { $_->{path} =~ m{^/slow/10/} } $main::Hooks->requests };
ok eventually(10, sub { $others->() >= 4 }), 'some are under way';
my $began = time;
main::hooked('/quick');
main::told_are('/quick', [qw(job_processing job_done)], 'another is told');
cmp_ok time - $began, '<', 10, 'before any of them is answered';
is scalar($others->()), 4, 'while there are as many to one host as may be';
is http(DELETE => "/jobs/$_")->code, 204, 'not wanted any more' for @slow;
platend_stop();



=== TEST 11: TLS: a certificate that nobody vouches for, and one of an authority of ours
--- http_config eval
my $port = $ENV{TEST_NGINX_PORT} + 3;
system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout $::Var/tls.key -out $::Var/tls.crt -subj /CN=localhost "
    . "-addext subjectAltName=DNS:localhost >/dev/null 2>&1") == 0 or die;
"$::HttpConfig
 server {
    listen 127.0.0.1:$port ssl; ssl_certificate $::Var/tls.crt; ssl_certificate_key $::Var/tls.key;
    access_log $::Var/tls.log; location / { return 204; }
 }"
--- flow
my $port = $ENV{TEST_NGINX_PORT} + 3;
platend_start(%::Engine, %::Told, 'webhook/backoff_max' => 1);
my $id = main::hooked('', url => "https://localhost:$port/tls");
ok eventually(10, sub { grep { $_->{job_id} eq $id && ($_->{error} // '') =~ /certificate/ } @{ main::listed('--pending') } }),
    'not told: its certificate' or diag explain main::listed();
platend_stop();
platend_start(%::Engine, %::Told, 'webhook/backoff_max' => 1, 'webhook/ca' => "$::Var/tls.crt");
main::ended($id, 2);
is_deeply [main::states($id)], ['job_processing delivered', 'job_done delivered'], 'told, with its authority';
my $other = main::hooked('', url => "https://127.0.0.1:$port/tls");
ok eventually(10, sub { grep { $_->{job_id} eq $other && ($_->{error} // '') =~ /certificate|subject|SSL/ } @{ main::listed('--pending') } }),
    'but not under another name' or diag explain main::listed();
is scalar(() = slurp("$::Var/tls.log") =~ /POST \/tls/g), 2, 'two requests';
like platend_log(), qr/"webhooks are delivered"/, 'all of it';
unlike platend_log(), qr/without Landlock/, 'confined';



=== TEST 12: what was sent is what the description says
--- flow
my ($bodies, @wrong, %event) = (0);
my $hook = $main::Doc->{webhooks}{jobChanged}{post};
my %header = map { lc $_->{name} => $_ } @{ $hook->{parameters} };
for my $request (grep { $_->{path} !~ /ssrf/ } $main::Hooks->requests) {
    my $body = Cpanel::JSON::XS->new->utf8->decode($request->{body});
    $event{ $body->{event} } = 1;
    push @wrong, JsonSchema::validate($main::Doc, $hook->{requestBody}{content}{'application/json'}{schema}, $body, 'body');
    for (keys %header) {
        push @wrong, "$_ is missing" if !defined $request->{header}{$_};
        push @wrong, JsonSchema::validate($main::Doc, $header{$_}{schema}, "$request->{header}{$_}", $_);
    }
    push @wrong, map "$_ is not described", grep { /^x-/ && !$header{$_} } keys %{ $request->{header} };
    $bodies++;
}
is_deeply \@wrong, [], "$bodies requests";
is_deeply [sort keys %event], [sort @{ $main::Doc->{components}{schemas}{WebhookEvent}{properties}{event}{enum} }], 'each event was there';



=== TEST 13: secrets: two of them, none, and one that cannot be read
--- flow
platend_stop();
platend_start(%::Engine, %::Told, 'webhook/secret' => "$::Var/hook-now $::Var/hook-old");
main::hooked('/two');
main::told_are('/two', [qw(job_processing job_done)], 'told');
my ($request) = $main::Hooks->told('/two');
is $request->{header}{'x-platen-signature'}, join(', ', map { 'sha256=' . hmac_sha256_hex(
    "$request->{header}{'x-platen-timestamp'}.$request->{body}", $main::Secret{$_}) } 'now', 'old'), 'a signature for each';
platenctl('doctor');
like $::CtlOut, qr/webhooks are signed, with 2 secrets/, 'the doctor sees them';
like $::CtlOut, qr/webhooks are delivered/, 'and the process';
chmod 0644, "$::Var/hook-old";
platenctl('doctor', '-q');
like $::CtlOut, qr/hook-old can be read by every user/, 'and one that others can read';

platend_stop();
platend_start(%::Engine, %::Told, 'webhook/secret' => undef, 'webhook/unsigned' => 1);
main::hooked('/unsigned');
main::told_are('/unsigned', [qw(job_processing job_done)], 'without a secret, if that is asked for');
ok !exists +($main::Hooks->told('/unsigned'))[0]{header}{'x-platen-signature'}, 'without a signature';

platend_stop();
platend_start(%::Engine, %::Told, 'webhook/secret' => undef);
my $id = main::hooked('/none');
wait_job($id);
platend_turns(2);
is_deeply [main::deliverers(platend_pid())], [], 'without a secret nothing is delivered';
is_deeply [main::states($id)], ['job_processing pending', 'job_done pending'], 'but kept';
isnt platenctl('doctor', '-q'), 0, 'the doctor';
like $::CtlOut, qr/\d+ webhooks wait, and none is sent: there is no secret/, 'says so';

platend_stop();
platend_start(%::Engine, %::Told, 'webhook/secret' => "$::Var/missing");
ok eventually(5, sub { platend_log() =~ /no webhooks.*the secret of webhooks cannot be read: \S+missing: No such file/ }), 'one that is not there is named';
isnt platenctl('doctor', '-q'), 0, 'the doctor';
like $::CtlOut, qr/cannot be read: \S+missing/, 'says so, too';
platend_stop();
platend_start(%::Engine, %::Told);
main::told_are('/none', [qw(job_processing job_done)], 'with one, what has waited is told');
platend_stop();

# Where none is ever set, what waits does not fill the store.
platend_start(%::Engine, %::Told, 'webhook/secret' => undef, 'webhook/give_up' => 60);
my $old = main::hooked('/never');
wait_job($old);
is_deeply [main::states($old)], ['job_processing pending', 'job_done pending'], 'it waits';
platend_stop();
platend_start(%::Engine, %::Told, 'webhook/secret' => undef, 'webhook/give_up' => 1);
ok eventually(10, sub { join(' ', main::states($old)) eq 'job_processing dead job_done dead' }), 'and is given up in the end';
platend_stop();
