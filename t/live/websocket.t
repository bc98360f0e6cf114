# WebSocket: the handshake, the events of /ws and /jobs/{id}/ws, frames of every kind, and how it ends.

use lib 't/lib';
use TestPlaten;
use TestFault;
use WebSocket;

master_on();

our $Port = Test::Nginx::Util::server_port() + 1;

# A second server, whose sockets hold little.
our $Small = "$HttpConfig
    server {
        listen 127.0.0.1:$Port sndbuf=4k;
        location / { platen_api; platen_api_keys $Var/keys; send_timeout 2s; }
        location /patient/ { platen_api; platen_api_keys $Var/keys; }
    }";

our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);
our $Config = "
    client_body_buffer_size 64k;
    platen_signing_key $Var/signing-now;
    location / { platen_api; platen_api_keys $Var/keys; platen_events_keepalive 1s; }
    location /quiet/ { platen_api; platen_api_keys $Var/keys; }
    location /cors/ { platen_api; platen_api_keys $Var/keys; platen_cors https://app.example.com; }
    location /any/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; platen_cors *; }
    location /user/ { platen_api; platen_api_keys $Var/keys; platen_client \$http_x_user; platen_cors *; }";

sub ws { return WebSocket->new(@_) }
sub driver { store_driver("$Var/store", @_) }
sub finish { my ($id) = @_; driver('finish', $id, 'SUCCESS', "$Var/data", '%PDF-1.4') }
sub names { map $_->{event}, @_ }
sub rss { my (undef, $worker) = nginx_pids(); return slurp("/proc/$worker/status") =~ /^RssAnon:\s+(\d+)/m ? $1 : 0 }
sub fds { my (undef, $worker) = nginx_pids(); return scalar @{[ glob "/proc/$worker/fd/*" ]} }

run_tests();

__DATA__

=== TEST 1: the handshake
--- config eval: $::Config
--- flow
platend_start(@::Copies); # says what is converted
platend_stop();
my $ws = WebSocket->new('/quiet/ws');
is $ws->{code}, 101, 'open';
ok $ws->{accepted}, 'with the digest of the key';
is lc $ws->header('Upgrade'), 'websocket', 'Upgrade';
is lc $ws->header('Connection'), 'upgrade', 'Connection';
like $ws->header('X-Request-ID'), qr/\S/, 'its request id';
unlike $ws->{head}, qr/^(?:Transfer-Encoding|Content-Length|Content-Type):/mi, 'no body';
is main::ws('/quiet/ws', Connection => 'keep-alive, Upgrade', Upgrade => 'h2c, WebSocket')->{code}, 101, 'tokens in lists';
is main::ws('/quiet/ws', Connection => "keep-alive\r\nConnection: Upgrade", Upgrade => "h2c\r\nUpgrade: WebSocket")->{code}, 101, 'on lines of their own';
for ([400, 'invalid_handshake', 'Sec-WebSocket-Key' => undef], [400, 'invalid_handshake', 'Sec-WebSocket-Key' => 'x'],
     [400, 'invalid_handshake', 'Sec-WebSocket-Key' => '*' x 24], [400, 'invalid_handshake', 'Sec-WebSocket-Key' => 'A' x 24],
     [400, 'invalid_handshake', 'Content-Length' => 5, behind => 'hello'],
     [426, 'upgrade_required', Upgrade => undef], [426, 'upgrade_required', Upgrade => 'websockets'], [426, 'upgrade_required', Connection => 'keep-alive'],
     [426, 'upgrade_required', 'Sec-WebSocket-Version' => undef], [426, 'upgrade_required', 'Sec-WebSocket-Version' => 8],
     [401, 'unauthorized', key => undef]) {
    my ($status, $code, %header) = @$_;
    my $ws = WebSocket->new('/quiet/ws', %header);
    problem_is $ws->response, $status, $code, join ' ', map $_ // '-', %header;
    is join(' ', map $ws->header($_) // '-', 'Sec-WebSocket-Version', 'Upgrade'), '13 websocket', 'what is spoken is said' if $status == 426;
}
problem_is get('/quiet/ws'), 426, 'upgrade_required', 'a plain GET';
is http(POST => '/quiet/ws')->code, 405, 'another method';
problem_is get('/quiet/ws?since=x'), 422, 'invalid_parameter', 'since is a number';
problem_is(WebSocket->new('/quiet/jobs/01900000-0000-7000-8000-000000000000/ws')->response, 404, 'job_not_found', 'an unknown job');
my $id = main::text_job();
problem_is(WebSocket->new("/quiet/jobs/$id/ws", key => 'bob')->response, 404, 'job_not_found', "another's");



=== TEST 2: which pages may connect
--- config eval: $::Config
--- flow
is main::ws('/quiet/ws', Origin => 'http://localhost')->{code}, 101, 'those of this host';
is main::ws('/quiet/ws', Origin => 'https://LOCALHOST')->{code}, 101, 'also behind TLS';
problem_is(WebSocket->new('/quiet/ws', Origin => $_)->response, 403, 'origin_refused', "not $_")
    for 'http://evil.example', 'http://localhost.evil.example', 'http://localhost:81', 'null', 'localhost', '';
is main::ws('/cors/ws', Origin => 'https://app.example.com')->{code}, 101, 'one of platen_cors';
problem_is(WebSocket->new('/cors/ws', Origin => 'https://app.example.org')->response, 403, 'origin_refused', 'and no other');
is main::ws('/any/ws', Origin => 'https://app.example.org')->{code}, 101, 'any, with a key';
problem_is(WebSocket->new('/any/ws', Origin => 'https://app.example.org', key => undef)->response, 403, 'origin_refused',
    'but not with what a cookie says');
is main::ws('/any/ws', Origin => 'http://localhost', key => undef)->{code}, 101, 'which is for pages of this host';
problem_is(main::ws('/user/ws', Origin => 'https://app.example.org', key => undef, 'X-User' => 'carol')->response, 403, 'origin_refused',
    'nor with what a variable says, as it may be made of a cookie');
is main::ws('/user/ws', key => undef, 'X-User' => 'carol')->{code}, 101, 'for who is no page it is enough';



=== TEST 3: a job: its state, every change, and the end
--- config eval: $::Config
--- flow
my $id = main::text_job();
my $ws = WebSocket->new("/quiet/jobs/$id/ws");
my $e = $ws->next;
is $e->{event}, 'state', 'the state first';
is_deeply $e->{state}, job($id), 'as GET /jobs/{id} says it';
my $seq = $e->{seq};
main::driver(claim => $id);
is $ws->next->{event}, 'job_processing', 'a change';
main::finish($id);
my @rest = $ws->rest;
is_deeply \@rest, [{ seq => $seq + 2, event => 'job_done', job_id => $id, status => 'SUCCESS', time => job($id)->{completed_at},
    error_code => undef, file => undef, download_url => "/quiet/jobs/$id/download" }], 'the last one';
is $ws->{closed}, 1000, 'and a regular end';
is $ws->frame, undef, 'also of the connection';

$ws = WebSocket->new("/quiet/jobs/$id/ws");
is_deeply [main::names($ws->rest)], [qw(state job_done)], 'one that is over tells so';
$ws = WebSocket->new("/quiet/jobs/$id/ws?since=$seq");
is_deeply [map $_->{seq}, $ws->rest], [$seq + 1, $seq + 2], 'since: what has been after that';
$ws = WebSocket->new("/quiet/jobs/$id/ws?since=" . ($seq + 2));
is_deeply [$ws->rest], [], 'nothing';
is $ws->{closed}, 1000, 'and the end';
my $from = time;
$ws = WebSocket->new('/quiet/ws?since=' . ($seq + 2));
is $ws->{code}, 101, 'nothing yet: it is open';
cmp_ok time - $from, '<', 5, 'at once, not with the first ping';
$ws = WebSocket->new("/quiet/jobs/$id/ws?since=999999");
is_deeply [main::names($ws->rest)], [qw(reset state job_done)], 'a future: anew';

# A signed URL, for browsers, which send no header of ours.
my $links = json_of(http(POST => "/quiet/jobs/$id/links", content => '{}', 'Content-Type' => 'application/json'));
like $links->{ws_url}, qr{^/quiet/jobs/$id/ws\?expires=\d+&signature=}, 'POST /jobs/{id}/links has one';
is_deeply [main::names(WebSocket->new($links->{ws_url}, key => undef)->rest)], [qw(state job_done)], 'it is enough';
problem_is(WebSocket->new($links->{ws_url} =~ s/.$/!/r, key => undef)->response, 403, 'signature_invalid', 'and cannot be changed');
problem_is(WebSocket->new($links->{events_url} =~ s{/events}{/ws}r, key => undef)->response, 403, 'signature_invalid', 'nor be one for another path');



=== TEST 4: all jobs of a client, and of no other
--- config eval: $::Config
--- flow
my ($alice, $bob) = map WebSocket->new('/quiet/ws', key => $_), qw(alice bob);
my $state = $alice->next;
is_deeply $state->{state}, json_of(get('/quiet/jobs')), 'the state is what GET /jobs says';
is $bob->next->{state}{total}, 0, 'each of its own';
my $id = main::text_job();
my $e = $alice->next;
is_deeply [@$e{qw(event job_id)}], ['job_pending', $id], 'a new job';
my $other = main::text_job(key => 'bob');
is $bob->next->{job_id}, $other, 'of bob';
main::driver(claim => $id);
is $alice->next->{event}, 'job_processing', 'goes on';
http(DELETE => "/quiet/jobs/$id");
is $alice->next->{event}, 'job_cancelled', 'and is gone';
my $seen = $e->{seq};
$alice->close;
my $again = WebSocket->new("/quiet/ws?since=$seen");
is_deeply [main::names(map $again->next, 1 .. 2)], [qw(job_processing job_cancelled)], 'who comes back has missed nothing';
ok !eval { $again->next(1); 1 }, 'and gets nothing twice';



=== TEST 5: the real sidecar, many jobs: each transition once
--- config eval: $::Config
--- flow
my $ws = WebSocket->new('/ws');
$ws->next;
platend_start(@::Copies);
my @id = map main::text_job(), 1 .. 20;
my %seen;
while (keys %seen < 20 || grep { !/job_done$/ } values %seen) {
    my $e = $ws->next // die 'closed';
    $seen{ $e->{job_id} } .= " $e->{event}" if grep { $_ eq $e->{job_id} } @id;
}
is_deeply [map $seen{$_}, @id], [(' job_pending job_processing job_done') x 20], 'in their order';
platend_stop();



=== TEST 6: frames of clients
--- config eval: $::Config
--- flow
my $open = sub { my $ws = WebSocket->new($_[0] // '/quiet/ws'); $ws->next; $ws };
my $ws = $open->();
$ws->send(9, 'are you there');
my $pong = $ws->frame;
is "$pong->{opcode} $pong->{payload}", '10 are you there', 'a ping is answered with what it had';
$ws->send(9, '');
is $ws->frame->{opcode}, 10, 'one without anything, too';
$ws->send(1, 'hello');
$ws->send(1, '');
$ws->send(1, 'hel', fin => 0);
$ws->send(9, 'between');
$ws->send(0, 'lo');
is $ws->frame->{payload}, 'between', 'texts are taken; pings between their parts';
$ws->send(1, "\xc3", fin => 0);
$ws->send(0, "\xa9" . 'x' x 4094);
syswrite $ws->{socket}, $ws->send(9, 'last', bytes => 1);
is $ws->frame->{payload}, 'last', 'of 4096 bytes, cut within a character';
for my $byte (split //, $ws->send(9, 'slow', bytes => 1)) { syswrite $ws->{socket}, $byte; sleep 0.01 }
is $ws->frame->{payload}, 'slow', 'byte by byte';
syswrite $ws->{socket}, join '', map $ws->send(9, $_, bytes => 1), 1 .. 500;
is join(' ', map $_->{payload}, map $ws->frame, 1 .. 500), join(' ', 1 .. 500), 'five hundred at once';

my $early = WebSocket->new('/quiet/ws', behind => $ws->send(9, 'early', bytes => 1));
$early->next;
is $early->frame->{payload}, 'early', 'one that came with the handshake';

for (['an unmasked frame', 1002, sub { $_[0]->send(1, 'x', mask => 0) }],
     ['reserved bits', 1002, sub { $_[0]->send(1, 'x', rsv => 4) }],
     ['an unknown opcode', 1002, sub { $_[0]->send(3, 'x') }],
     ['an unknown control opcode', 1002, sub { $_[0]->send(11, 'x') }],
     ['a long ping', 1002, sub { $_[0]->send(9, 'x' x 126) }],
     ['a ping in parts', 1002, sub { $_[0]->send(9, 'x', fin => 0) }],
     ['a part of nothing', 1002, sub { $_[0]->send(0, 'x') }],
     ['a text within a text', 1002, sub { $_[0]->send(1, 'x', fin => 0); $_[0]->send(1, 'x') }],
     ['a length in too many bytes', 1002, sub { syswrite $_[0]{socket}, "\x81\xfe\x00\x01mask" . 'x' }],
     ['binary', 1003, sub { $_[0]->send(2, 'x') }],
     ['bad UTF-8', 1007, sub { $_[0]->send(1, "\xff") }],
     ['half a character', 1007, sub { $_[0]->send(1, "\xc3") }],
     ['a text that is too long', 1009, sub { $_[0]->send(1, 'x' x 4097) }],
     ['by its head alone', 1009, sub { syswrite $_[0]{socket}, "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask" . 'xxxx' }],
     ['in parts', 1009, sub { $_[0]->send(1, 'x' x 4000, fin => 0); $_[0]->send(0, 'x' x 97) }],
     ['a close', 1000, sub { $_[0]->send(8, pack 'n', 1000) }],
     ['one without a code', 1000, sub { $_[0]->send(8, '') }],
     ['one of the client\'s', 4321, sub { $_[0]->send(8, pack('n', 4321) . 'bye') }],
     ['a code that may not be', 1002, sub { $_[0]->send(8, pack 'n', 1005) }],
     ['half a code', 1002, sub { $_[0]->send(8, 'x') }],
     ['a reason in bad UTF-8', 1007, sub { $_[0]->send(8, pack('n', 1000) . "\xff") }]) {
    my ($what, $code, $send) = @$_;
    my $ws = $open->();
    $send->($ws);
    is $ws->closes, $code, "$what: $code";
    is $ws->frame, undef, 'and the connection ends';
}
is get('/quiet/health')->code, 200, 'nginx lives';



=== TEST 7: a client that is gone is found out, one that is there stays
--- config eval: $::Config
--- flow
my $dead = WebSocket->new('/ws');
$dead->next;
my $alive = WebSocket->new('/ws');
$alive->next;
ok !eval { $alive->next(5); 1 }, 'nothing happens';
cmp_ok $alive->{pings}, '>=', 3, 'but pings';
my @frames;
while (my $frame = $dead->frame(5)) { push @frames, $frame->{opcode} }
is_deeply \@frames, [9], 'who answers none is left after it';
my $id = main::text_job();
is $alive->next->{job_id}, $id, 'who does is told';



=== TEST 8: a thousand that come and go leave nothing
--- config eval: $::Config
--- flow
my $before = main::fds();
for (1 .. 10) {
    my @ws = map WebSocket->new('/quiet/ws'), 1 .. 100;
    is scalar(grep { $_->{code} == 101 } @ws), 100, 'a hundred';
    $_->next for @ws;
    my $id = main::text_job();
    is scalar(grep { $_->next->{job_id} eq $id } @ws), 100, 'all are told';
    $ws[$_]->send(8, '') for 0 .. 49;
    $ws[$_]->close for 50 .. 99;
    $_->closes for @ws[0 .. 49];
    http(DELETE => "/quiet/jobs/$id");
}
ok eventually(10, sub { main::fds() <= $before }), 'no descriptor is left' or diag main::fds() . " of $before";



=== TEST 9: a worker that ends says so
--- config eval: $::Config
--- no_error_log
[emerg]
--- flow
my $id = main::text_job();
my ($ws, $of_job) = (WebSocket->new('/quiet/ws'), WebSocket->new("/quiet/jobs/$id/ws"));
my $seq = $ws->next->{seq};
$of_job->next;
my ($master, $worker) = nginx_pids();
kill HUP => $master;
is $ws->closes(20), 1012, 'come back';
is $of_job->closes(20), 1012, 'also to that of a job';
ok eventually(20, sub { !kill 0, $worker }), 'and is gone';
main::driver(claim => $id);
$ws = WebSocket->new("/quiet/ws?since=$seq");
is $ws->next->{event}, 'job_processing', 'who comes back is told what was meanwhile';
(undef, $worker) = nginx_pids();
kill KILL => $worker;
is $ws->frame, undef, 'one that is killed says nothing';
main::finish($id);
my $again;
ok eventually(10, sub { $again = eval { WebSocket->new('/quiet/ws?since=' . ($seq + 1)) }; $again && $again->{code} }), 'there is another';
is $again->next->{event}, 'job_done', 'and nothing is lost';



=== TEST 10: who reads slowly is not buffered for
--- http_config eval: $::Small
--- flow
my $id = main::text_job();
my @open = map WebSocket->new('/ws', port => $::Port), 1 .. 5;
is $_->{code}, 101, 'open' for @open;
my $newest = $open[0]->next->{seq};
$_->next for @open[1 .. 4];
my $before = main::rss();
main::driver(storm => $id, 3000);
my $slow = shift @open;
is_deeply [map $slow->next->{seq}, 1 .. 6000], [$newest + 1 .. $newest + 6000], 'a slow one gets all of it, in order, once';
SKIP: {
    skip 'a sanitizer keeps what was freed', 1 if $ENV{PLATEN_BUILD};
    cmp_ok main::rss() - $before, '<', 2000, 'which are not in memory meanwhile';
}
ok eventually(20, sub { (() = error_log_text() =~ /client takes no events/g) >= 4 }), 'those that read nothing are dropped';
$slow->send(9, 'still');
is $slow->frame->{payload}, 'still', 'and no other';

# Answers to pings fill the socket, too: an event waits behind them.
my $pings = WebSocket->new('/patient/ws', port => $::Port);
$newest = $pings->next->{seq};
$pings->{socket}->blocking(0);
my $sent = 0;
my $bytes = $pings->send(9, 'x' x 100, bytes => 1);
my $rest = '';
until (length $rest) {
    my $n = syswrite($pings->{socket}, $bytes) // last;
    $sent++;
    $rest = substr $bytes, $n;
}
$pings->{socket}->blocking(1);
cmp_ok $sent, '>', 100, 'pings until the socket is full';
my $other = WebSocket->new('/patient/ws', port => $::Port);
$other->next;
main::driver(storm => $id, 20);
is_deeply [map $other->next->{seq}, 1 .. 40], [$newest + 1 .. $newest + 40], 'one who reads has all events';
my ($pongs, @seq) = (0);
while ($pongs < $sent || @seq < 40) {
    my $frame = $pings->frame // last;
    $pongs++ if $frame->{opcode} == 10 && $frame->{payload} eq 'x' x 100;
    push @seq, Cpanel::JSON::XS->new->decode($frame->{payload})->{seq} if $frame->{opcode} == 1;
    # the end of the last one, once there is room for it
    syswrite $pings->{socket}, $rest if $pongs == $sent - 1;
    $rest = '' if $pongs == $sent - 1;
}
is_deeply \@seq, [$newest + 1 .. $newest + 40], 'every event is there, once';
is $pongs, $sent, 'and every pong';



=== TEST 11: bytes at random
--- config eval: $::Config
--- flow
srand 1;
my ($before, $fds) = ((nginx_pids())[1], main::fds());
for my $round (1 .. 400) {
    my $ws = WebSocket->new($round % 2 ? '/quiet/ws' : '/quiet/socket.io/?EIO=4&transport=websocket');
    for (1 .. 1 + rand 6) {
        my $frame = $ws->send((1, 1, 0, 9, 10, 8, 2)[rand 7], join('', map chr rand 256, 1 .. rand 200), bytes => 1, fin => rand 2);
        substr $frame, rand length $frame, 1, chr rand 256 if rand 3 < 1;
        syswrite $ws->{socket}, rand 4 < 1 ? substr $frame, 0, rand length $frame : $frame;
    }
    $ws->close;
}
is get('/quiet/health')->code, 200, 'nginx lives';
is((nginx_pids())[1], $before, 'and so does its worker');
ok eventually(40, sub { main::fds() <= $fds }), 'with nothing left open' or diag main::fds() . " of $fds";
