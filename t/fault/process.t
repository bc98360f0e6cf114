# Processes that stop, that are replaced, and whose clock jumps.  Those that are killed:
# sidecar.t, workers.t, crash.t, and t/soak.

use lib 't/lib';
use TestFault qw(errors);
use TestPlaten;
use TestUploaders;

master_on();
workers(2);

our $Held = qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done\nexec /bin/cp $Var/tiny.pdf "\$2"};
our @Held = only_script('held', $Held);

sub hold { spew("$Var/hold", '') }
sub let_go { unlink "$Var/hold" }


# More than PROCESSING, which is claimed: the engine has it, and not the step before that settles its charset.
sub runs { my ($id, $seconds) = @_; return becomes($id, 'PROCESSING', $seconds) && eventually($seconds // 10, \&engine_runs) }

sub engine_runs { return grep { (eval { slurp($_) } // '') =~ m{\Q$Var\E/held\0} } glob '/proc/[0-9]*/cmdline' }

sub said { my ($id, $msg) = @_; return scalar grep { /\Q$id\E/ && /"msg":\s*"$msg/ } split /\n/, platend_log() }

# Whether the converter of a stopped platend has ended, and waits for it.
sub unseen {
    return eventually(30, sub {
        grep { (eval { slurp("/proc/$_/stat") } // '') =~ /\) Z / } children_of(platend_pid());
    });
}

sub pid_in { my ($file) = @_; return (eval { slurp($file) } // 0) + 0 }

run_tests();

__DATA__

=== TEST 1: fault 4: the sidecar is stopped while a job runs; another takes over; its own end comes too late
--- flow
main::hold();
platend_start(@main::Held);
my $id = main::text_job();
ok main::runs($id), 'it runs';
kill STOP => platend_pid();
main::let_go(); # the converter ends, but nobody sees it
ok main::unseen(), 'its end is not seen';
store_driver("$::Var/store", 'put-back', $id);
store_driver("$::Var/store", 'claim', $id);
is job($id)->{attempts}, 2, 'another one has claimed it';
store_driver("$::Var/store", 'finish', $id, 'SUCCESS', "$::Var/data", '%PDF-1.4 of the other one');
my $job = job($id);
is $job->{status}, 'SUCCESS', 'and has finished it';
kill CONT => platend_pid();
is wait_job(main::text_job("next\n"))->{status}, 'SUCCESS', 'the first one goes on';
my $after = job($id);
is_deeply [@$after{qw(status attempts output_size completed_at)}], [@$job{qw(status attempts output_size completed_at)}],
    'and has changed nothing of it';
is get("/jobs/$id/download")->content, '%PDF-1.4 of the other one', 'the result is that of the other one';
is main::said($id, 'job finished'), 0, 'it has not finished it';
is main::said($id, 'job discarded'), 1, 'but discarded its own';
is scalar(grep /\Q$id\E/, files_below("$::Var/data/output")), 1, 'one result is on the disk';



=== TEST 2: fault 4: stopped and put back by another: the late end does not count, the next attempt does
--- flow
main::hold();
my $id = main::text_job();
ok main::runs($id), 'it runs';
kill STOP => platend_pid();
main::let_go();
ok main::unseen(), 'its end is not seen';
store_driver("$::Var/store", 'put-back', $id);
kill CONT => platend_pid();
my $job = wait_job($id);
is $job->{status}, 'SUCCESS', 'it is converted';
is $job->{attempts}, 2, 'by the second attempt';
is main::said($id, 'job finished'), 1, 'finished once';
is_deeply [map { s{.*/}{}r } grep /\Q$id\E/, files_below("$::Var/data/output")], ["$id.2"], 'with one result, that of epoch 2';



=== TEST 3: fault 12: the clock jumps a day ahead and two days back while a job runs
--- flow
main::hold();
my $id = main::text_job();
ok main::runs($id), 'it runs';
for my $jump (86_400, -86_400) {
    order('clock', $jump);
    platend_turns(3); # more than the intervals of whatever looks at clocks
    is job($id)->{status}, 'PROCESSING', "$jump seconds: it still runs";
    is job($id)->{attempts}, 1, 'for the first time';
    my $other = main::text_job("$jump\n");
    like job($other)->{status}, qr/^(?:PENDING|PROCESSING)$/, 'another one is taken' if $jump < 0;
}
my @all = map $_->{job_id}, @{ json_of(get('/jobs?limit=100'))->{jobs} };
cmp_ok scalar(@all), '>=', 3, 'the list shows them all';
main::let_go();
my $job = wait_job($id);
is $job->{status}, 'SUCCESS', 'it is converted';
is $job->{attempts}, 1, 'at its first attempt';
is wait_job($_)->{status}, 'SUCCESS', 'and so are those taken meanwhile' for @all;
orders_done();
is get("/jobs/$id/download")->code, 200, 'it can be fetched at the right time again';
is wait_job(main::text_job("last\n"))->{status}, 'SUCCESS', 'and all goes on';



=== TEST 4: fault 12: the clock jumps back while a job waits to be tried again
--- flow
platend_stop();
platend_start(only_script('crashes', qq{if [ -e $::Var/crash ]; then kill -9 \$\$; fi\nexec /bin/cp $::Var/tiny.pdf "\$2"}));
spew("$::Var/crash", '');
my $id = main::text_job("crash\n");
ok eventually(10, sub { job($id)->{attempts} >= 1 && job($id)->{status} eq 'PENDING' || job($id)->{status} eq 'FAILED' }), 'it has crashed once';
order('clock', -86_400);
unlink "$::Var/crash";
my $job = wait_job($id, 45);
like $job->{status}, qr/^(?:SUCCESS|FAILED)\z/, 'it is not put off by a day: ' . $job->{status};
orders_done();
platend_stop();



=== TEST 5: fault 6: a new binary takes over under load (USR2, QUIT): no request fails
--- http_config eval: $::HttpConfig . 'platen_max_queue 100000;'
--- no_error_log
[emerg]
key-of-
--- flow
my $file = "$Test::Nginx::Util::ServRoot/logs/nginx.pid";
my $old = main::pid_in($file);
my @pids = uploaders(4, 16_000);
more_uploads(10);
my @seen = ($old);
for my $round (1, 2) {
    my $before = $seen[-1];
    kill USR2 => $before;
    ok eventually(20, sub { my $now = main::pid_in($file); $now && $now != $before && kill 0, $now }), "upgrade $round: a new master";
    push @seen, main::pid_in($file);
    more_uploads(10);
    kill QUIT => $before;
    ok eventually(20, sub { !kill(0, $before) || (eval { slurp("/proc/$before/stat") } // '') =~ /\) Z / }), 'the old one leaves';
    more_uploads(10);
}
my ($accepted, $refused) = uploaded(@pids);
is_deeply $refused, [], 'no request failed';
cmp_ok scalar(keys %$accepted), '>', 20, 'of ' . keys %$accepted;
is_deeply [lost($accepted)], [],
    'each upload is there, as it was sent';
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left';
my %alert = map { s/\d+/N/gr => 1 } error_log_text() =~ /\[alert\].*/g;
is_deeply [sort keys %alert], [], 'no alert, such as of a worker that left with connections open';
