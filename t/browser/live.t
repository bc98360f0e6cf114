# Live notifications in a real browser: its EventSource and its WebSocket see every transition of a
# job once and in order, by signed URL and by cookie, whatever is killed meanwhile; and no page of
# another origin sees any.

use lib 't/lib';
use Browser;
use TestPlaten;
use EventStream;

master_on();
workers(2);

our $Elsewhere = Test::Nginx::Util::server_port() + 1;
our $Pages = "location /browser/ { alias $Root/t/browser/; types { text/html html; text/javascript js; } }";
# No ping is sent while a test waits, so that none can hide what is not sent in time.
our $Common = "
    client_body_buffer_size 64k;
    platen_events_keepalive 2m;
    platen_signing_key $Var/signing-now;
    platen_events_retry 200ms;
    $Pages";
our $Config = "$Common
    location / { platen_api; platen_api_keys $Var/keys; }
    location /cookie/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; }";

# A server of another origin, which a browser takes for the same site: its pages send the cookie along.
our $Http = "$HttpConfig
    server { listen 127.0.0.1:$Elsewhere; $Pages }";
our $Origins = "$Common
    location / { platen_api; platen_api_keys $Var/keys; }
    location /none/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; }
    location /any/ { platen_api; platen_api_keys $Var/keys; platen_client cookie; platen_cors *; }
    location /named/ { platen_api; platen_api_keys $Var/keys; platen_client cookie;
        platen_cors http://127.0.0.1:$Elsewhere; }";

our @Held = only_script(held => qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done\nexec /bin/cp \$TINY_PDF "\$2"}, $Var);

sub page { return Browser->new(base_url() . '/browser/page.html') }
sub names { my ($browser, $as) = @_; return [map $_->[0], $browser->events($as)] }

# What the store says of the job behind that event, as a client that hides nothing gets it.
sub truth {
    my ($path, $since) = @_;
    return map [ $_->{event}, $_->{id} ], EventStream->new($path, 'Last-Event-ID' => $since, key => undef)->rest;
}

run_tests();

__DATA__

=== TEST 1: by signed URLs: every transition, once, and the end
--- config eval: $::Config
--- flow
my $id = submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
my $links = json_of(http(POST => "/jobs/$id/links", content => '{}', 'Content-Type' => 'application/json'));
my $browser = main::page();
my %way = (events => $links->{events_url}, ws => $links->{ws_url});
$browser->order($_ => $_, $way{$_}) for sort keys %way;
ok $browser->until(30, sub { !grep !$browser->events($_), keys %way }), 'both tell the state' or diag $browser->log;
platend_start();
ok $browser->until(60, sub { !grep !$browser->count($_ => 'end'), keys %way }), 'and come to the end' or diag $browser->log;
my $result = $browser->ask(get => $links->{download_url});
is_deeply [@$result{qw(status type)}], [200, 'application/pdf'], 'the result is there';
is $result->{bytes}, job($id)->{output_size}, 'all of it';
$browser->until(1, sub { 0 }); # in which more may come, and must not
for my $as (sort keys %way) {
    my @notes = $browser->notes($as);
    is_deeply [map [@$_{qw(what status job_id)}], grep defined $_->{seq}, @notes],
        [['state', 'PENDING', $id], ['job_processing', 'PROCESSING', $id], ['job_done', 'SUCCESS', $id]],
        "$as: every transition, and none twice" or diag $browser->log;
    is $notes[-1]{what}, 'end', "$as: nothing comes behind the end";
}
is(($browser->notes('ws'))[-1]{code}, 1000, 'a regular end of the WebSocket');
is $browser->count(events => 'lost'), 1, 'EventSource comes back once, and is told not to';
problem_is get('/jobs', key => undef), 401, 'unauthorized', 'and none of it was open to all';
platend_stop();



=== TEST 2: by cookie: two profiles, each with its own jobs
--- config eval: $::Config
--- flow
platend_start(@::Held);
my %browser = map { $_ => main::page() } qw(one two);
my (%id, %done);
for my $name (sort keys %browser) {
    my $browser = $browser{$name};
    my $first = $browser->ask(get => '/cookie/jobs');
    is_deeply [$first->{status}, $first->{body}{total}], [200, 0], "$name: a first visit";
    is $browser->ask('cookies')->{text}, '', 'whose cookie is no script\'s business';
    $browser->order(events => 'events', '/cookie/events');
    $browser->order(ws => 'ws', '/cookie/ws');
    ok $browser->until(30, sub { $browser->events('events') && $browser->events('ws') }), 'both tell the state'
        or diag $browser->log;
}
for my $name (sort keys %browser) {
    my $answer = $browser{$name}->ask(upload => '/cookie/jobs', name => "$name.txt", text => "this is $name\n");
    is $answer->{status}, 202, "$name uploads";
    $id{$name} = $answer->{body}{job_id};
}
for my $name (sort keys %browser) {
    my $browser = $browser{$name};
    ok $browser->until(60, sub { $browser->count(events => 'job_done') && $browser->count(ws => 'job_done') }), "$name: done"
        or diag $browser->log;
    $done{$name} = $browser->ask(get => "/cookie/jobs/$id{$name}")->{body};
}
$_->until(0.5, sub { 0 }) for values %browser;
for my $name (sort keys %browser) {
    my $browser = $browser{$name};
    for my $as (qw(events ws)) {
        is_deeply main::names($browser, $as), [qw(state job_pending job_processing job_done)], "$name: every transition by $as"
            or diag $browser->log;
        is_deeply [grep { $_->{job_id} && $_->{job_id} ne $id{$name} } $browser->notes($as)], [], 'of its own job alone';
    }
    my $list = $browser->ask(get => '/cookie/jobs')->{body};
    is_deeply [map $_->{input_filename}, @{ $list->{jobs} }], ["$name.txt"], 'which is all that it has';
    is $browser->ask(get => $done{$name}{download_url})->{bytes}, $done{$name}{output_size}, 'and it downloads it';
}
my $browser = $browser{one};
my $theirs = "/cookie/jobs/$id{two}";
my $answer = $browser->ask(get => $theirs);
is_deeply [$answer->{status}, $answer->{body}{code}], [404, 'job_not_found'], 'of the other\'s there is no job';
$browser->order(events => 'their events', "$theirs/events");
$browser->order(ws => 'their ws', "$theirs/ws");
ok $browser->until(30, sub { $browser->count('their events' => 'end') && $browser->count('their ws' => 'end') }), 'and no events';
is_deeply [$browser->events('their events'), $browser->events('their ws')], [], 'not one';
$_->close for values %browser;
platend_stop();



=== TEST 3: across a reload, and kill -9 of all workers and of platend
--- config eval: $::Config
--- no_error_log
[emerg]
--- flow
my $browser = main::page();
$browser->ask(get => '/cookie/jobs');
$browser->order(events => 'events', '/cookie/events');
$browser->order(ws => 'ws', '/cookie/ws');
ok $browser->until(30, sub { $browser->events('events') && $browser->events('ws') }), 'all of a client' or diag $browser->log;
my $id = $browser->ask(upload => '/cookie/jobs', name => 'a.txt', text => "text\n")->{body}{job_id};
my %path = map { $_ => "/cookie/jobs/$id/$_?" . signed(GET => "/cookie/jobs/$id/$_", expires => int(time) + 600) } qw(events ws);
$browser->order($_ => "job's $_", $path{$_}) for sort keys %path;
my @all = ('events', 'ws', "job's events", "job's ws");
my $each = sub { my ($seconds, $what, $times) = @_; return $browser->until($seconds, sub { !grep { $browser->count($_, $what) < $times } @all }) };
ok $each->(30, open => 1), 'and of a job' or diag $browser->log;
ok $browser->until(30, sub { !grep { !$browser->count($_, 'state') } @all }), 'four that know the state' or diag $browser->log;

my ($master, @old) = nginx_pids();
kill HUP => $master;
ok $each->(30, lost => 1), 'a reload: all are sent away' or diag $browser->log;
is_deeply [map +(grep { $_->{what} eq 'lost' } $browser->notes($_))[0]{code}, 'ws', "job's ws"], [1012, 1012], 'the WebSockets by a code';
ok $each->(30, open => 2), 'and come back' or diag $browser->log;
ok eventually(30, sub { !grep { kill 0, $_ } @old }), 'to new workers';

(undef, @old) = nginx_pids();
is scalar(@old), 2, 'two of them';
kill KILL => @old;
ok $each->(30, lost => 2), 'kill -9 of both: all are lost' or diag $browser->log;
ok $each->(30, open => 3), 'and come back' or diag $browser->log;

spew("$::Var/hold", '');
platend_start(@::Held);
ok $each->(30, job_processing => 1), 'the conversion has begun' or diag $browser->log;
(undef, @old) = nginx_pids();
platend_kill();
kill KILL => @old;
unlink "$::Var/hold";
platend_start(@::Held);
ok $each->(60, job_done => 1), 'kill -9 of platend and of both: it is done all the same' or diag $browser->log;
ok $browser->until(30, sub { !grep { !$browser->count($_, 'end') } @all[2, 3] }), 'and those of the job end' or diag $browser->log;

$browser->until(1, sub { 0 });
for my $as (@all) {
    my ($state, @heard) = $browser->events($as);
    my @truth = main::truth($path{events}, $state->[1]);
    is $state->[0], 'state', "$as: the state first";
    is_deeply \@heard, \@truth, 'then what the store says, each event once and in order'
        or diag explain(\@truth), $browser->log;
    is_deeply [map $_->[0], grep { $_->[0] =~ /done|failed|cancelled|removed/ } @truth], ['job_done'], 'which has one end';
    is $truth[-1][0], 'job_done', 'the last';
    is(($browser->notes($as))[-1]{what}, $as =~ /job/ ? 'end' : 'job_done', 'and nothing comes behind it');
}
platend_stop();



=== TEST 4: pages of another origin
--- config eval: $::Origins
--- http_config eval: $::Http
--- flow
my $browser = main::page();
my %id = map { $_ => $browser->ask(upload => "/$_/jobs", name => 'a.txt', text => "text\n")->{body}{job_id} } qw(none any named);
for my $from ('here', 'elsewhere') {
    $browser->visit("http://127.0.0.1:$::Elsewhere/browser/page.html") if $from eq 'elsewhere';
    my $key = signed(GET => "/none/jobs/$id{none}/ws", expires => int(time) + 600);
    my %ws = (none => '/none/ws', any => '/any/ws', named => '/named/ws', signed => "/none/jobs/$id{none}/ws?$key");
    $browser->order(ws => "$_ ws", base_url() . $ws{$_}) for sort keys %ws;
    $browser->order(events => "$_ events", base_url() . "/$_/events", credentials => 1) for sort keys %id;
    my @all = ((map "$_ ws", keys %ws), map "$_ events", keys %id);
    ok $browser->until(30, sub { !grep { !$browser->count($_, 'state') && !$browser->count($_, 'end') } @all }),
        "from $from: each is in, or is refused" or diag $browser->log;
    is_deeply { map { $_ => $browser->count($_, 'state') } @all },
        { map { $_ => $from eq 'here' || /^named / ? 1 : 0 } @all },
        $from eq 'here' ? 'all are in' : 'but for those of platen_cors, a cookie and a signed URL are not enough' or diag $browser->log;
    is(($browser->notes("named $_"))[1]{total}, 1, "$_ of platen_cors: whose cookie it is") for qw(ws events);
}
my $log = slurp("$Test::Nginx::Util::ServRoot/logs/access.log");
is(scalar(() = $log =~ m{"GET \Q$_\E[? ][^"]*" 403 }g), 1, "$_ is refused as 403, once")
    for '/none/ws', '/any/ws', "/none/jobs/$id{none}/ws";
