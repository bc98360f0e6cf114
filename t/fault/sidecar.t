# The sidecar killed, stopped, started twice, cut off; converters that crash and hang, the warm
# LibreOffice among them.

use lib 't/lib';
use TestEngine qw(@NoEngine);
use TestPlaten;

our $Build = $ENV{PLATEN_BUILD} || "$Root/build";
our (@Ids, $Waiting);

# One that waits while $Var/hold is there, one that only sleeps, one that leaves a child behind.
our @Held = only_script(held => qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done\nexec /bin/cp $Var/tiny.pdf "\$2"});
# For so long that they are known by it: no other test's processes sleep for that.
our ($Nap, $Left) = ("1055.$$", "1056.$$");
our @Sleeps = only_script(sleeps => "/bin/sleep $Nap &\nexec /bin/sleep $Nap");
our @Leaves = only_script(leaves => qq{(/bin/sleep $Left &)\nexec /bin/cp $Var/tiny.pdf "\$2"});

# LibreOffice alone, with a child forked ahead.
our @Office = (@NoEngine, 'engines/lok/enabled' => 1, 'engines/lok/ahead' => 1);

sub hold { spew("$Var/hold", '') }
sub let_go { unlink "$Var/hold" }

# Processes whose command line starts with those words.
sub running {
    my $want = join "\0", @_;
    return grep { index(eval { slurp("/proc/$_/cmdline") } // '', $want) == 0 }
        map { m{(\d+)} } glob '/proc/[0-9]*';
}


# One that LibreOffice has from its first step on: a text has its charset looked at before.
sub office_job { submit(file => sample('hello.docx'), to => 'pdf')->{job_id} }

# The lines of the log that are about that job, decoded.
sub said_of {
    my ($id) = @_;
    return grep { ($_->{job_id} // '') eq $id } map { Cpanel::JSON::XS->new->utf8->decode($_) }
        split /\n/, platend_log();
}

# Runs another platend on the same configuration; its output and exit status.
sub second {
    my $out = `$Build/platend -c $Var/platend.cfg 2>&1`;
    return ($out, $? >> 8);
}

sub zombies_of {
    return grep { (eval { slurp("/proc/$_/stat") } // '') =~ /\) Z / } map children_of($_), @_;
}

# The warm LibreOffice; and the child that it has forked ahead, stopped, so that the next document
# hangs in it.
sub zygote { return (zygotes())[0] }

sub stopped_child {
    my $child;
    eventually(30, sub {
        my $zygote = zygote() or return 0;
        ($child) = children_of($zygote);
    }) or return;
    eventually(30, sub { asleep($child) }) or return; # its first steps are done
    kill STOP => $child or return;
    return $child;
}

# Whether it waits, and has not woken for a while.
sub asleep {
    my ($pid) = @_;
    my $state = sub { join ' ', (eval { slurp("/proc/$pid/status") } // '') =~ /^(?:State|\w*voluntary_ctxt_switches):\s+(.*)/mg };
    my $before = $state->();
    sleep 0.1;
    return $before =~ /^S / && $state->() eq $before;
}

sub outputs_of { my ($id) = @_; grep /\Q$id\E/, files_below("$Var/data/output") }

run_tests();

__DATA__

=== TEST 1: fault 2: kill -9 of the sidecar while a job runs
--- flow
hold();
platend_start(@main::Held);
my $id = text_job();
ok becomes($id, 'PROCESSING'), 'it runs';
ok eventually(5, sub { running('/bin/sh', "$::Var/held") }), 'as a process';
is job($id)->{attempts}, 1, 'for the first time';
platend_kill();
ok eventually(3, sub { !running('/bin/sh', "$::Var/held") }), 'the converter goes with the sidecar';
is job($id)->{status}, 'PROCESSING', 'the record still says that it runs';
platend_start(@main::Held);
ok becomes($id, 'PROCESSING'), 'it runs again after the restart';
let_go();
my $job = wait_job($id);
is $job->{status}, 'SUCCESS', 'and succeeds';
is $job->{attempts}, 2, 'as the second attempt';
is_deeply [map { s{.*/}{}r } outputs_of($id)], ["$id.2"], 'with one result, that of epoch 2';
is sha256_hex(get($job->{download_url})->content), sha256_hex(slurp((outputs_of($id))[0])), 'which is what is sent';
my @said = said_of($id);
is scalar(grep { $_->{msg} eq 'job finished' } @said), 1, 'finished once';
is scalar(grep { $_->{msg} =~ /requeued/ } @said), 1, 'requeued once';
is_deeply [grep !m{/runs/(?:profile|lok)-}, files_below("$::Var/data/runs", "$::Var/data/tmp")], [], 'nothing is left behind';



=== TEST 2: fault 2: kill -9 again and again, of several jobs: each finishes once
--- flow
platend_stop();
platend_start(@main::Office);
my @ids = map text_job(), 1 .. 8;
for my $ms (0, 30, 70, 150) {
    my @open = grep { job($_)->{status} !~ /SUCCESS|FAILED/ } @ids;
    eventually(15, sub { !@open || grep { job($_)->{status} ne 'PENDING' } @open });
    sleep $ms / 1000;
    my @before = (zygote() // (), map children_of($_), zygote() // ());
    platend_kill();
    ok eventually(3, sub { !grep { kill 0, $_ } @before }), "LibreOffice goes with it, after $ms ms";
    platend_start(@main::Office);
}
for my $id (@ids) {
    my $job = wait_job($id);
    is $job->{status}, 'SUCCESS', 'converted';
    is scalar(outputs_of($id)), 1, 'one result';
    is get($job->{download_url})->code, 200, 'which can be fetched';
    cmp_ok scalar(grep { $_->{msg} eq 'job finished' } said_of($id)), '<=', 1, 'finished at most once';
}



=== TEST 3: fault 3: a converter that is killed twice
--- flow
platend_stop();
platend_start(@main::Sleeps);
my $id = text_job();
for my $attempt (1, 2) {
    ok eventually(5, sub { job($id)->{attempts} == $attempt && running('/bin/sleep', $main::Nap) >= 2 }),
        "attempt $attempt runs";
    is job($id)->{status}, 'PROCESSING', 'PROCESSING';
    kill KILL => (running('/bin/sleep', $main::Nap));
}
my $job = wait_job($id, 10);
is $job->{status}, 'FAILED', 'then it has FAILED';
is $job->{error_code}, 'converter_crashed', 'converter_crashed';
is $job->{attempts}, 2, 'after two attempts';
like $job->{error}, qr/crashed on this document/, 'and says so';
is scalar(running('/bin/sleep', $main::Nap)), 0, 'no process is left';
is_deeply [map $_->{msg}, grep { $_->{level} eq 'warn' } said_of($id)], ['job retried', 'job failed'], 'as logged';
is_deeply [map $_->{signal}, grep { $_->{level} eq 'warn' } said_of($id)], [9, 9], 'with the signal';



=== TEST 4: a killed converter is tried again, and the second attempt counts
--- flow
platend_stop();
hold();
platend_start(@main::Held);
my $id = text_job();
my @pids;
ok eventually(5, sub { @pids = running('/bin/sh', "$::Var/held") }), 'it runs';
kill KILL => @pids;
ok eventually(5, sub { job($id)->{attempts} == 2 }), 'a second time';
let_go();
is wait_job($id)->{status}, 'SUCCESS', 'and succeeds';



=== TEST 5: fault 63: a converter that hangs is killed with all that it started
--- flow
platend_stop();
platend_start(@main::Sleeps, 'limits/wall_clock' => 1);
my $id = text_job();
my $seen = 0;
eventually(15, sub { $seen ||= running('/bin/sleep', $main::Nap) >= 2; job($id)->{status} eq 'FAILED' });
ok $seen, 'it ran, with a child of its own';
my $job = job($id);
is $job->{status}, 'FAILED', 'FAILED';
is $job->{error_code}, 'conversion_timeout', 'conversion_timeout';
is $job->{attempts}, 2, 'after limits/attempts';
like $job->{error}, qr/longer than this server allows/, 'and says why';
my @took = map $_->{duration_ms}, grep { defined $_->{duration_ms} } said_of($id);
is scalar(grep { $_ >= 1000 && $_ < 2000 } @took), 2, "each within a second of the limit: @took";
is scalar(running('/bin/sleep', $main::Nap)), 0, 'no process is left';
ok eventually(2, sub { !zombies_of(platend_pid()) }), 'and no zombie';
is_deeply [files_below("$::Var/data/runs")], [], 'nor a file';



=== TEST 6: fault 7: a second sidecar says why and exits with 3
--- flow
platend_stop();
platend_start(@main::Held);
my ($out, $status) = second();
is $status, 3, 'exit code 3';
my ($line) = grep { $_->{level} eq 'error' } map { Cpanel::JSON::XS->new->utf8->decode($_) } split /\n/, $out;
is $line->{msg}, 'another sidecar has this store', 'it says why';
is $line->{level}, 'error', 'as an error';
is $line->{store}, "$::Var/store", 'which store';
is $line->{pid}, platend_pid(), 'and who has it';
ok -S "$::Var/run/platend.sock", 'the first one still has its socket';
is wait_job(text_job())->{status}, 'SUCCESS', 'and works on';
is get('/health/ready')->code, 200, 'ready';



=== TEST 7: SIGTERM lets a running job finish, takes no other, and exits with 0
--- flow
platend_stop();
hold();
platend_start(@main::Held, workers => 1);
my $id = text_job();
ok becomes($id, 'PROCESSING'), 'a job runs';
$main::Waiting = text_job();
my $pid = platend_pid();
kill TERM => $pid;
ok eventually(3, sub { platend_log() =~ /"msg":\s*"stopping"/ }), 'stopping';
platend_turns(1);
ok running("$main::Build/platend", '-c', "$::Var/platend.cfg"), 'it waits';
is job($id)->{status}, 'PROCESSING', 'for the running job';
is job($main::Waiting)->{status}, 'PENDING', 'and takes no other';
let_go();
ok eventually(20, sub { platend_log() =~ /"msg":\s*"stopped"[^\n]*\n\z/ }), 'then it stops';
is platend_stop(), 0, 'exit status 0';
my $job = job($id);
is $job->{status}, 'SUCCESS', 'the job has succeeded';
is $job->{attempts}, 1, 'at its first attempt';
is job($main::Waiting)->{status}, 'PENDING', 'the other one waits';
ok !-e "$::Var/run/platend.sock", 'the socket file is gone';
problem_is get('/health/ready'), 503, 'service_not_ready', 'not ready';



=== TEST 8: SIGTERM beyond limits/grace: the job goes back, and the attempt is not counted
--- flow
hold();
platend_start(@main::Held, 'limits/grace' => 1, workers => 1);
my $id = $main::Waiting;
ok becomes($id, 'PROCESSING'), 'the job that waited runs';
my $from = time;
is platend_stop(), 0, 'exit status 0';
cmp_ok time - $from, '<', 4, 'soon after the grace';
my $job = job($id);
is $job->{status}, 'PENDING', 'PENDING again';
is $job->{attempts}, 0, 'with no attempt counted';
is scalar(running('/bin/sh', "$::Var/held")), 0, 'no process is left';
let_go();
platend_start(@main::Held);
is wait_job($id)->{status}, 'SUCCESS', 'and it is converted by the next sidecar';
is job($id)->{attempts}, 1, 'at its first attempt';
is platend_stop(), 0, 'an idle one exits with 0, too';
platend_start(@main::Held);
unlink "$::Var/run/platend.sock" or die;



=== TEST 9: fault 23: the socket file deleted, before this nginx could connect
--- config eval
"$::ApiConfig
 location /another { return 204; }"
--- flow
ok !-e "$::Var/run/platend.sock", 'there is no socket';
my $id = text_job();
my $job = wait_job($id, 20);
is $job->{status}, 'SUCCESS', 'the job ran all the same';
my ($from, $to) = map { /:([\d.]+)Z/ } @$job{qw(created_at started_at)};
cmp_ok fmod($to - $from + 60), '<', 3, 'soon';
is get('/health/ready')->code, 200, 'and the service says that it is ready';

sub fmod { $_[0] - 60 * int $_[0] / 60 }



=== TEST 10: expired jobs vanish, with their files
--- config eval
"client_body_buffer_size 64k;
 location / { platen_api; platen_api_keys $::Var/keys; platen_job_ttl 1s; }
 location /kept { platen_api; platen_api_keys $::Var/keys; platen_job_ttl 1h; }"
--- flow
platend_stop();
platend_start(@main::Held, 'reaper/interval' => 1);
my $id = text_job();
my $kept = submit(path => '/kept/jobs', content => 'x', name => 'a.txt', to => 'pdf')->{job_id};
my $job = wait_job($id);
is $job->{status}, 'SUCCESS', 'converted';
is scalar(outputs_of($id)), 1, 'its result is there';
ok eventually(5, sub { get("/jobs/$id")->code == 404 }), 'then it is unknown';
problem_is get($job->{download_url}), 404, 'job_not_found', 'and its result';
ok eventually(2, sub { !grep /$id/, files_below("$::Var/data") }), 'no file of it is left';
ok !(grep { $_->{job_id} eq $id } @{ json_of(get('/jobs?limit=1000'))->{jobs} }), 'nor an entry in the list';
is wait_job($kept)->{status}, 'SUCCESS', 'one that lives longer';
platend_turns(2);
is get("/jobs/$kept/download")->code, 200, 'lives on';
like platend_log(), qr/"msg":\s*"expired jobs removed"/, 'as logged';



=== TEST 11: each line of the log is a JSON object with ts, level and msg
--- flow
is_deeply [grep { !defined eval { Cpanel::JSON::XS->new->utf8->decode($_) } } split /\n/, platend_log()], [], 'JSON';
my @lines = map { Cpanel::JSON::XS->new->utf8->decode($_) } split /\n/, platend_log();
cmp_ok scalar(@lines), '>', 20, 'lines';
is_deeply [grep { ($_->{ts} // '') !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/ } @lines], [], 'ts';
is_deeply [grep { ($_->{level} // '') !~ /^(?:debug|info|warn|error)\z/ } @lines], [], 'level';
is_deeply [grep { !length($_->{msg} // '') } @lines], [], 'msg';
my @jobs = grep { exists $_->{job_id} } @lines;
is_deeply [grep { ($_->{request_id} // '') !~ /^[0-9A-Za-z._:\/+=-]{1,128}\z/ } @jobs], [], 'request_id, where there is a job';
is_deeply [sort { $a cmp $b } map $_->{ts}, @lines], [map $_->{ts}, @lines], 'in order of time';
my $response = http(POST => '/jobs?to=pdf', content => 'x', 'X-Request-ID' => 'trace-1055');
my $id = json_of($response)->{job_id};
wait_job($id);
is_deeply [map $_->{request_id}, said_of($id)], ['trace-1055'], 'the one of the submission';
unlike platend_log(), qr/key-of-/, 'no key';



=== TEST 12: fault 63: LibreOffice hangs: within a second of its limit the run is killed, and no other
--- flow
platend_stop();
platend_start(@main::Office, 'limits/wall_clock' => 10);
is wait_job(text_job())->{status}, 'SUCCESS', 'it converts'; # and forks ahead from then on
my $child = stopped_child();
ok $child, 'a child is forked ahead, and stopped';
my $zygote = zygote();
my $id = office_job();
ok becomes($id, 'PROCESSING'), 'a document hangs in it';
my $other = text_job();
is wait_job($other)->{status}, 'SUCCESS', 'another is converted meanwhile';
is job($other)->{attempts}, 1, 'at once';
is job($id)->{attempts}, 1, 'the first one still hangs';
my $job = wait_job($id, 30);
is $job->{status}, 'SUCCESS', 'and is converted, too, when it is tried again';
is $job->{attempts}, 2, 'as the second attempt';
my ($retried) = grep { $_->{msg} eq 'job retried' } said_of($id);
is $retried->{error_code}, 'conversion_timeout', 'for which there was a reason';
cmp_ok $retried->{duration_ms}, '>=', 10_000, 'not before its limit';
cmp_ok $retried->{duration_ms}, '<', 11_000, 'nor a second after it';
is kill(0, $child), 0, 'its process is gone';
is zygote(), $zygote, 'LibreOffice is not';
ok eventually(2, sub { !zombies_of(platend_pid(), $zygote) }), 'no zombie is left';



=== TEST 13: fault 45: a job that hangs in LibreOffice is deleted
--- flow
my $zygote = zygote();
my $child = stopped_child();
my $id = office_job();
ok becomes($id, 'PROCESSING'), 'a document hangs';
is http(DELETE => "/jobs/$id")->code, 204, 'deleted';
ok eventually(1, sub { !kill 0, $child }), 'its process is gone within a second';
is zygote(), $zygote, 'LibreOffice is not';
problem_is get("/jobs/$id"), 404, 'job_not_found', 'nor is the job';
ok eventually(2, sub { !zombies_of(platend_pid(), $zygote) }), 'no zombie is left';
is wait_job(text_job(), 10)->{status}, 'SUCCESS', 'and the next one is converted';



=== TEST 14: fault 3: the process of a document is killed, and only that
--- flow
my $zygote = zygote();
my $child = stopped_child();
my $id = office_job();
ok becomes($id, 'PROCESSING'), 'a document is in it';
kill KILL => $child;
my $job = wait_job($id, 10);
is $job->{status}, 'SUCCESS', 'converted';
is $job->{attempts}, 2, 'by the second attempt';
is_deeply [map "$_->{error_code} $_->{signal}", grep { $_->{msg} eq 'job retried' } said_of($id)],
    ['converter_crashed 9'], 'after a crash';
is zygote(), $zygote, 'LibreOffice has not noticed';



=== TEST 15: fault 64: the warm LibreOffice is killed: its documents are converted by the next
--- flow
my $zygote = zygote();
my $child = stopped_child();
my $id = office_job();
ok becomes($id, 'PROCESSING'), 'a document is in a child of it';
kill KILL => $zygote;
ok eventually(2, sub { job($id)->{status} eq 'PENDING' }), 'it is PENDING again';
is kill(0, $child), 0, 'and by then its process is gone';
my $job = wait_job($id, 30);
is $job->{status}, 'SUCCESS', 'converted';
is $job->{attempts}, 2, 'as its second attempt';
isnt zygote(), $zygote, 'by another one';
like platend_log(), qr/"msg":\s*"LibreOffice has died"/, 'as logged';
ok eventually(2, sub { !zombies_of(platend_pid(), zygote()) }), 'no zombie is left';
is platend_stop(), 0, 'stopped';
ok eventually(10, sub { !grep { (eval { slurp("/proc/$_/cmdline") } // '') =~ /\Q$::Var\E/ } running("$::Libexec/platen-lok") }),
    'LibreOffice, too';



=== TEST 16: what an engine leaves running goes with it, and is waited for
--- flow
platend_start(@main::Leaves);
is wait_job(text_job())->{status}, 'SUCCESS', 'converted';
is scalar(running('/bin/sleep', $main::Left)), 0, 'its child is gone';
ok eventually(2, sub { !children_of(platend_pid()) }), 'and no zombie of it is left';



=== TEST 17: while LibreOffice is not warm yet, what does not need it is converted
--- flow
my @engines = (@main::None, map { +"engines/$_/enabled" => 1 } qw(lok tables));
platend_stop();
platend_start(@engines); # which says what can be converted
platend_stop();
my %office = %{ submit(file => sample('hello.docx'), to => 'pdf') };
my $other = submit(content => "a,b\n1,2\n", name => 'a.csv', to => 'json');
platend_start(@engines);
my $zygote;
ok eventually(5, sub { $zygote = zygote() }), 'it is being started';
kill STOP => $zygote;
is wait_job($other->{job_id})->{status}, 'SUCCESS', 'a job without LibreOffice is done';
is job($office{job_id})->{status}, 'PENDING', 'the one for it waits';
kill CONT => $zygote;
is wait_job($office{job_id})->{status}, 'SUCCESS', 'until it is warm';



=== TEST 18: a LibreOffice that cannot start does not end the sidecar; the reason is in its log
--- flow
platend_stop();
mkdir "$::Var/no-office";
platend_start(@main::Office, 'engines/tables/enabled' => 1, 'engines/lok/program' => "$::Var/no-office");
ok eventually(60, sub { platend_log() =~ /"msg":"LibreOffice does not get ready".*"said":"platen-lok: [^"]*no-office/ }), 'it says why';
my $other = submit(content => "a,b\n1,2\n", name => 'a.csv', to => 'json');
is wait_job($other->{job_id})->{status}, 'SUCCESS', 'and converts what needs none';
