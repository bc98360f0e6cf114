# Socket.IO: Engine.IO 4 over WebSocket packet by packet, and the stock client under node.

use lib 't/lib';
use TestPlaten;
use TestFault;
use WebSocket;

master_on();

our $Module = "$Root/build/npm/node_modules";
our $Missing;
if (system('command -v node npm > /dev/null 2>&1') != 0) {
    $Missing = 'no node and npm';
} elsif (!-d "$Module/socket.io-client" || !-d "$Module/ws") {
    system("npm install --no-audit --no-fund --prefix $Root/build/npm socket.io-client\@4 ws\@8 > $Var/npm.log 2>&1") == 0
        or $Missing = 'the npm registry does not answer: ' . slurp("$Var/npm.log") =~ s/\n.*//sr;
}

our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);
our $Config = "
    client_body_buffer_size 64k;
    location / { platen_api; platen_api_keys $Var/keys; platen_events_keepalive 1s; }
    location /quiet/ { platen_api; platen_api_keys $Var/keys; }";
our $Path = '/quiet/socket.io/?EIO=4&transport=websocket';

sub io { return WebSocket->new(@_ ? @_ : $Path) }

# The packet's type and what is in it.
sub packet {
    my ($text) = @_;
    my ($type, $json) = ($text // die 'closed') =~ /\A(\d+)(.*)\z/s or die "no packet: $text";
    return ($type, length $json ? Cpanel::JSON::XS->new->utf8->decode($json) : undef);
}

# One that has been let in; its state has come.
sub joined {
    my ($auth, @path) = @_;
    my $io = io(@path);
    $io->text;
    $io->send(1, '40' . ($auth // ''));
    $io->text;
    return $io;
}

# What of it all is told by Socket.IO as an event: its name and its data.
sub event { my ($io, $seconds) = @_; my ($type, $event) = packet($io->text($seconds)); die "not an event: $type" if $type ne '42'; return @$event }

run_tests();

__DATA__

=== TEST 1: the handshake, the namespace, and events
--- config eval: $::Config
--- flow
platend_start(@::Copies);
my $io = main::io();
is $io->{code}, 101, 'open';
my ($type, $open) = main::packet($io->text);
is $type, 0, 'Engine.IO is open';
is_deeply { %$open, sid => '' }, { sid => '', upgrades => [], pingInterval => 15000, pingTimeout => 20000, maxPayload => 4096 }, 'and says how';
$io->send(1, '40');
my ($joined, $sid) = main::packet($io->text);
is $joined, 40, 'the namespace is joined';
isnt $sid->{sid}, $open->{sid}, 'under an id of its own';
my ($name, $state) = main::event($io);
is $name, 'state', 'the state first';
is_deeply $state->{state}, json_of(get('/quiet/jobs')), 'as GET /jobs says it';
my $bob = WebSocket->new($::Path, key => 'bob');
$bob->text;
$bob->send(1, '40{}');
$bob->text;
main::event($bob);
my $id = main::text_job();
my (@names, $last);
for (1 .. 3) { my ($name, $data) = main::event($io); push @names, $name; $last = $data; is $data->{job_id}, $id, 'the job' }
is_deeply \@names, [qw(job_pending job_processing job_done)], 'every transition';
is_deeply $last, { seq => $last->{seq}, event => 'job_done', job_id => $id, status => 'SUCCESS', time => job($id)->{completed_at},
    error_code => undef, file => undef, download_url => "/quiet/jobs/$id/download" }, 'with what Server-Sent Events say';
ok !eval { $bob->text(1); 1 }, 'and another client hears nothing of it';

my $again = main::joined('{"since":' . ($last->{seq} - 1) . '}');
is_deeply [(main::event($again))[0]], ['job_done'], 'since, in auth: what came after';
$again = main::joined('', "$::Path&since=" . ($last->{seq} - 2));
is_deeply [map +(main::event($again))[0], 1 .. 2], [qw(job_processing job_done)], 'or in the query';
$again = main::joined('{"since":99999}');
is_deeply [map +(main::event($again))[0], 1 .. 2], [qw(reset state)], 'a future: anew';
platend_stop();



=== TEST 2: what is refused
--- config eval: $::Config
--- flow
for (['no version', 422, 'invalid_parameter', '/quiet/socket.io/?transport=websocket'],
     ['version 3', 422, 'invalid_parameter', '/quiet/socket.io/?EIO=3&transport=websocket'],
     ['polling', 422, 'invalid_parameter', '/quiet/socket.io/?EIO=4&transport=polling'],
     ['no transport', 422, 'invalid_parameter', '/quiet/socket.io/?EIO=4'],
     ['since', 422, 'invalid_parameter', "$::Path&since=x"],
     ['no handshake', 426, 'upgrade_required', $::Path, Upgrade => undef],
     ['no key', 401, 'unauthorized', $::Path, key => undef],
     ['another page', 403, 'origin_refused', $::Path, Origin => 'http://evil.example']) {
    my ($what, $status, $code, @request) = @$_;
    problem_is(WebSocket->new(@request)->response, $status, $code, $what);
}
for (['another namespace', '40/admin,', '44{"message":"Invalid namespace"}'], ['one without a comma', '40/admin', '44{"message":"Invalid namespace"}'],
     ['since that is none', '40{"since":"x"}', '44{"message":"since takes the seq of an event"}'],
     ['auth that is no JSON', '40{', '44{"message":"since takes the seq of an event"}'],
     ['auth that is no object', '40[1]', '44{"message":"since takes the seq of an event"}']) {
    my ($what, $send, $answer) = @$_;
    my $io = main::io();
    $io->text;
    $io->send(1, $send);
    is $io->text, $answer, $what;
    $io->send(1, '40/,{}');
    is((main::packet($io->text))[0], 40, 'and then the right one');
}
for (['nothing', '', 1002], ['an unknown packet', '9', 1002], ['an event before the namespace', '42["x"]', 1002], ['binary', "\0", 1003, 2],
     ['a close', '1', 1000], ['a disconnect', '41', 1000], ['an upgrade', '5', 1002], ['a text too long', '4' x 5000, 1009]) {
    my ($what, $send, $code, $opcode) = @$_;
    my $io = main::io();
    $io->text;
    $io->send($opcode // 1, $send);
    is $io->closes, $code, "$what: $code";
}
my $io = main::joined();
main::event($io);
$io->send(1, '42["hello",1]');
$io->send(1, '3');
ok !eval { $io->text(1); 1 }, 'events of clients are taken, and mean nothing';
$io->send(1, '40');
is $io->closes, 1002, 'twice into the namespace: no';



=== TEST 3: pings
--- config eval: $::Config
--- flow
my $path = '/socket.io/?EIO=4&transport=websocket';
my $silent = main::io($path);
$silent->text;
is $silent->closes(10), 1002, 'one that never joins';
my $dead = main::joined('', $path);
main::event($dead);
is $dead->text, '2', 'a ping';
is $dead->text(5), undef, 'that is not answered: the end';
my $alive = main::joined('', $path);
main::event($alive);
for (1 .. 4) {
    is $alive->text(5), '2', 'a ping';
    $alive->send(1, '3');
}
my $id = main::text_job();
is((main::event($alive))[1]{job_id}, $id, 'who answers is told');
my ($pings, $events) = (0, 0);
for (1 .. 20) {
    store_driver("$::Var/store", 'storm', $id, 1);
    while (defined(my $text = eval { $alive->text(0.25) })) {
        $text eq '2' ? ($pings++, $alive->send(1, '3')) : $events++;
    }
}
cmp_ok $events, '>=', 30, 'while much happens';
cmp_ok $pings, '>=', 3, 'pings come all the same: a client waits for them';
my $stays = main::joined();
my (undef, $worker) = nginx_pids();
kill HUP => (nginx_pids())[0];
is $stays->closes(20), 1012, 'a worker that ends says so';
ok eventually(20, sub { !kill 0, $worker }), 'and is gone';



=== TEST 4: the stock client and a WebSocket, across kill -9 of worker and platend
--- config eval: $::Config
--- no_error_log
[emerg]
--- flow
SKIP: {
    skip "no socket.io-client: $main::Missing", 7 if $main::Missing;
    open my $fh, '-|', 'node', "$::Root/t/live/socketio.js", $::Module, base_url(), $::Key{alice} or die;
    my @seen;
    my $hear = sub { my ($until) = @_; while (my $line = <$fh>) { push @seen, Cpanel::JSON::XS->new->decode($line); last if $until->() } };
    my $count = sub { my ($kind, $name) = @_; scalar grep { ($_->{$kind} // '') eq $name } @seen };
    $hear->(sub { $count->(io => 'state') && $count->(ws => 'state') });
    is $count->(io => 'connect'), 1, 'the stock client is let in';
    my $id = main::text_job();
    $hear->(sub { $count->(io => 'job_pending') && $count->(ws => 'job_pending') });
    my (undef, $worker) = nginx_pids();
    kill KILL => $worker;
    $hear->(sub { $count->(io => 'disconnect') && $count->(ws => 'close') });
    pass 'both have lost it';
    platend_start(@::Copies);
    platend_kill();
    platend_start(@::Copies);
    $hear->(sub { 0 });
    close $fh;
    is $?, 0, 'both come to the end' or diag Cpanel::JSON::XS->new->encode(\@seen);
    for my $kind (qw(io ws)) {
        my @events = grep { defined $_->{job_id} && $_->{job_id} eq $id && $_->{$kind} } @seen;
        my @names = map $_->{$kind}, @events;
        is "$names[0] $names[-1]", 'job_pending job_done', "$kind: from the first to the last";
        my %times;
        $times{ $_->{seq} }++ for @events;
        is_deeply [grep { $times{$_} > 1 } keys %times], [], "$kind: none twice";
    }
    platend_stop();
}
