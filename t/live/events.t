# Server-Sent Events: the current state first, every change once, and resuming.
# Changes are made by store_driver, which tells nobody: the outbox is looked at
# once a second; and by the real sidecar, whose news are faster.

use lib 't/lib';
use TestPlaten;
use TestFault;
use EventStream;

use Socket ();

our $Port = Test::Nginx::Util::server_port() + 1;

# A second server: HTTP/2, or one whose sockets hold little.
sub second { my ($listen, $more) = @_; return "$HttpConfig
    server {
        listen 127.0.0.1:$Port $listen;
        location / { platen_api; platen_api_keys $Var/keys; $more }
    }" }
our $Http2 = second('http2', 'platen_events_keepalive 200ms;');
our $Small = second('sndbuf=4k', 'send_timeout 2s;');

sub driver { store_driver("$Var/store", @_) }
sub finish { my ($id) = @_; driver('finish', $id, 'SUCCESS', "$Var/data", '%PDF-1.4') }
sub events_of { return map $_->{event}, @_ }

# The number of the newest event.
sub newest { return EventStream->new('/events')->next->{id} }

run_tests();

__DATA__

=== TEST 1: a job's stream: its state, every change, and its end
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf');
my $s = EventStream->new("/jobs/$job->{job_id}/events");
is $s->{code}, 200, 'open';
is $s->header('Content-Type'), 'text/event-stream', 'its type';
is $s->header('Cache-Control'), 'private, no-cache', 'not to be kept';
like $s->header('X-Request-ID'), qr/\S/, 'its request id';
my $e = $s->next;
is $e->{event}, 'state', 'the state first';
is_deeply $e->{data}, job($job->{job_id}), 'as GET /jobs/{id} says it';
is $s->{retry}, 2000, 'and when to come back';
platend_start();
my @rest = $s->rest;
is_deeply [map $_->{event}, @rest], [qw(job_processing job_done)], 'each change, and the end';
is $s->{end}, 'last', 'a clean one';
is_deeply [map $_->{id}, $e, @rest], [1, 2, 3], 'numbered';
is_deeply $rest[1]{data}, { seq => 3, event => 'job_done', job_id => $job->{job_id}, status => 'SUCCESS',
    time => job($job->{job_id})->{completed_at}, error_code => undef, file => undef,
    download_url => "/jobs/$job->{job_id}/download" }, 'what an event says';

$s = EventStream->new("/jobs/$job->{job_id}/events");
my @all = $s->rest;
is_deeply [main::events_of(@all)], [qw(state job_done)], 'of a job that is final: its state, its last event';
is_deeply $all[1], $rest[1], 'the same event';
is $s->{end}, 'last', 'and the end';

my $failed = main::text_job(name => 'a.html', content => "<p>\n", fields => [pages => 99]);
@all = EventStream->new("/jobs/$failed/events")->rest;
is $all[-1]{event}, 'job_failed', 'a job that fails';
is $all[-1]{data}{error_code}, 'pages_out_of_range', 'and why';
is $all[-1]{data}{download_url}, undef, 'without a result';
platend_stop();



=== TEST 2: Last-Event-ID: what has happened since, and nothing else
--- flow
my $id = main::text_job();
my $path = "/jobs/$id/events";
my $seen = EventStream->new($path)->next->{id};
my $s = EventStream->new($path, 'Last-Event-ID' => $seen);
ok $s->silent(0.3), 'nothing has, and no state is sent';
main::driver('claim', $id);
is $s->next->{event}, 'job_processing', 'what nobody has told is found within a second or so';
main::driver('put-back', $id);
main::driver('claim', $id);
$s->close;
main::finish($id);
my @rest = EventStream->new($path, 'Last-Event-ID' => $seen)->rest;
is_deeply [main::events_of(@rest)], [qw(job_processing job_pending job_processing job_done)], 'all of it, in order';
is_deeply [map $_->{id} - $seen, @rest], [1 .. 4], 'each once';
for my $n (0 .. 3) {
    my @tail = EventStream->new("$path?last_event_id=" . ($seen + $n))->rest;
    is_deeply \@tail, [@rest[$n .. 3]], "after the event $n, by the query";
}
my @tail = EventStream->new("$path?last_event_id=$seen", 'Last-Event-ID' => $seen + 3)->rest;
is_deeply \@tail, [$rest[3]], 'a browser that comes back says it in the header, which counts';
my $over = get($path, 'Last-Event-ID' => $seen + 4);
is $over->code, 204, 'one who knows the end is not to come back';
is length $over->content, 0, 'and there is no more to say';



=== TEST 3: a client's stream: all of its jobs, and no other's
--- flow
my $bob = EventStream->new('/events', key => 'bob');
is_deeply $bob->next->{data}, json_of(get('/jobs', key => 'bob')), 'the state is what GET /jobs says';
my $s = EventStream->new('/events');
my $state = $s->next;
is_deeply $state->{data}, json_of(get('/jobs')), 'for each client its own';
my @ids = map main::text_job(), 1 .. 3;
my $of_bob = main::text_job(key => 'bob');
main::driver('claim', $_) for @ids, $of_bob;
main::finish($ids[1]);
is http(DELETE => "/jobs/$ids[0]")->code, 204, 'one is cancelled';
is http(DELETE => "/jobs/$ids[1]")->code, 204, 'one removed when it is done';
my @want = ((map [job_pending => $_, 'PENDING'], @ids), (map [job_processing => $_, 'PROCESSING'], @ids),
    [job_done => $ids[1], 'SUCCESS'], [job_cancelled => $ids[0], 'CANCELLED'], [job_removed => $ids[1], undef]);
my @got = map $s->next, @want;
is_deeply [map [$_->{event}, $_->{data}{job_id}, $_->{data}{status}], @got], \@want, 'every event of every job';
is_deeply [map $_->{id}, @got], [sort { $a <=> $b } map $_->{id}, @got], 'in order';
is_deeply [map [$_->{event}, $_->{data}{job_id}], map $bob->next, 1 .. 2],
    [[job_pending => $of_bob], [job_processing => $of_bob]], 'the other client hears of its own';
ok $_->silent(1.2), 'and of nothing else' for $bob, $s;

my $again = EventStream->new('/events', 'Last-Event-ID' => $state->{id});
is_deeply [map $again->next, @want], \@got, 'resumed: the same once more';
$again = EventStream->new('/events', 'Last-Event-ID' => $got[-2]{id});
is $again->next->{event}, 'job_removed', 'or the last one only';
is get("/jobs/$ids[0]/events")->code, 404, 'there is no stream of a job that is gone';



=== TEST 4: an id from the future, or from before the log's start
--- flow
my $id = main::text_job();
main::driver('claim', $id);
my $newest = main::newest();
for my $path ("/jobs/$id/events", '/events') {
    for my $future ($newest + 1, '9223372036854775807') {
        my $s = EventStream->new($path, 'Last-Event-ID' => $future);
        my $reset = $s->next;
        is $reset->{event}, 'reset', "$path after $future: begin anew";
        is_deeply $reset->{data}, { reason => 'future' }, 'as there was no such event';
        is $s->next->{event}, 'state', 'with the state';
    }
}
main::text_job() for 1 .. 5;
main::driver('trim');
my $s = EventStream->new('/events', 'Last-Event-ID' => $newest);
is_deeply $s->next, { event => 'reset', data => { reason => 'expired' } }, 'events are gone: begin anew';
my $state = $s->next;
is $state->{event}, 'state', 'with the state';
is $state->{id}, $newest + 5, 'as of now';
$s = EventStream->new("/jobs/$id/events", 'Last-Event-ID' => $newest);
ok $s->silent(0.3), 'a job to which nothing has happened does not begin anew';
main::finish($id);
is_deeply [main::events_of($s->rest)], ['job_done'], 'and goes on';
$s = EventStream->new('/events', 'Last-Event-ID' => $newest + 5);
is $s->next->{event}, 'job_done', 'the last event that is there is enough';



=== TEST 5: what is refused
--- flow
my $id = main::text_job();
for my $path ("/jobs/$id/events", '/events') {
    problem_is get($path, key => undef), 401, 'unauthorized', "$path without a key";
    problem_is get($path, 'Last-Event-ID' => $_), 422, 'invalid_parameter', "after \"$_\"" for 'x', '-1', '1 2', '0x1', '9223372036854775808';
    problem_is get("$path?last_event_id=x"), 422, 'invalid_parameter', 'in the query as well';
    my $response = http(POST => $path, content => '');
    problem_is $response, 405, 'method_not_allowed', 'POST';
    is $response->header('Allow'), 'GET, HEAD', 'Allow';
    my $head = http(HEAD => $path);
    is $head->code . $head->header('Content-Type'), '200text/event-stream', 'HEAD';
    my $s = EventStream->new($path, 'Last-Event-ID' => '');
    is $s->next->{event}, 'state', 'an empty id is none';
}
problem_is get("/jobs/$id/events", key => 'bob'), 404, 'job_not_found', 'a job of another client';
problem_is get('/jobs/01a20215-7a0e-7000-8000-000000000000/events'), 404, 'job_not_found', 'no job';
problem_is get('/jobs/x/events'), 422, 'invalid_id', 'no id';



=== TEST 6: HTTP/2, and comments that keep a stream alive
--- http_config eval: $::Http2
--- flow
my $id = main::text_job();
open my $curl, '-|', "curl -sN --max-time 20 --http2-prior-knowledge -D $::Var/head -H 'X-API-Key: $Key{alice}' http://127.0.0.1:$::Port/jobs/$id/events" or die;
ok eventually(10, sub { -e "$::Var/head" && slurp("$::Var/head") =~ m{HTTP/2 200} }), 'open';
my $text = '';
alarm TestPlace::patience(60);
until (2 <= (() = $text =~ /^:$/mg)) { sysread $curl, $text, 4096, length $text or last }
alarm 0;
main::driver('claim', $id);
main::finish($id);
while (sysread $curl, $text, 4096, length $text) { }
ok close $curl, 'a clean end';
is_deeply [$text =~ /^event: (\w+)$/mg], [qw(state job_processing job_done)], 'all events';
cmp_ok scalar(() = $text =~ /^:$/mg), '>=', 2, 'and comments, while there was nothing to say';



=== TEST 7: a location with a prefix; directives
--- config
    location /api/v9/ {
        platen_api;
        platen_api_keys $TEST_NGINX_PLATEN_VAR/keys;
        platen_events_keepalive 100ms;
        platen_events_retry 5s;
    }
--- request
GET /api/v9/health
--- flow
my $id = submit(content => "text\n", name => 'a.txt', to => 'pdf', path => '/api/v9/jobs')->{job_id};
main::driver('claim', $id);
main::finish($id);
my $s = EventStream->new("/api/v9/jobs/$id/events");
my @all = $s->rest;
is $s->{retry}, 5000, 'when to come back';
is $all[1]{data}{download_url}, "/api/v9/jobs/$id/download", 'the prefix is in the URL';
$s = EventStream->new('/api/v9/events');
eval { $s->next(1) for 1 .. 2 };
cmp_ok $s->{comments}, '>=', 3, 'comments';



=== TEST 8: a client that does not read is paused, misses nothing, and is dropped in the end
--- http_config eval: $::Small
--- flow
my $id = main::text_job();
my @open = map { my $s = IO::Socket::INET->new(Proto => 'tcp'); setsockopt $s, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096;
    connect $s, Socket::pack_sockaddr_in($::Port, Socket::inet_aton('127.0.0.1')) or die; $s } 1 .. 2;
my $newest = main::newest();
syswrite $_, "GET /events HTTP/1.0\r\nLast-Event-ID: $newest\r\nX-API-Key: $Key{alice}\r\n\r\n" for @open;
has_read($_) for @open;
my ($worker) = (nginx_pids())[0];
sub rss { slurp("/proc/$worker/status") =~ /RssAnon:\s+(\d+)/ ? $1 : 0 }
my $before = rss();
# 6,000 events of some 300 bytes, far more than the sockets hold.
main::driver('storm', $id, 3000);
my $text = '';
my $slow = shift @open;
alarm TestPlace::patience(60);
until ($text =~ /^id: @{[ $newest + 6000 ]}$/m) { sysread $slow, $text, 4096, length $text or last }
alarm 0;
is_deeply [$text =~ /^id: (\d+)$/mg], [$newest + 1 .. $newest + 6000], 'a slow one gets all of it, in order, once';
cmp_ok rss() - $before, '<', 2000, 'which are not in memory meanwhile' unless $ENV{ASAN_OPTIONS}; # which keeps what was freed
ok eventually(20, sub { error_log_text() =~ /client takes no events/ }), 'one that reads nothing is dropped';
close $_ for $slow, @open;
