# Hints that are not taken, or go nowhere: nginx never waits for them, and the queue is looked
# at without them.  All of them dropped: queue.t; the socket's file deleted: sidecar.t.

use lib 't/lib';
use TestFault;
use TestPlaten;

master_on();
workers(1);
$Test::Nginx::Util::WorkerUser = 'www-data' if $> == 0;
if ($> == 0) {
    my (undef, undef, $uid, $gid) = getpwnam 'www-data';
    mkdir "$Var/$_" for qw(store data);
    chown $uid, $gid, $Var, map "$Var/$_", qw(store data run);
    chmod 0755, $Var;
}

our @Copy = only_script('copies', qq{exec /bin/cp $Var/tiny.pdf "\$2"});


# Seconds from a job's creation to its start.
sub delay {
    my ($job) = @_;
    my ($from, $to) = map { /T(\d\d):(\d\d):([\d.]+)Z/ ? 3600 * $1 + 60 * $2 + $3 : die } @$job{qw(created_at started_at)};
    return $to - $from + ($to < $from ? 86_400 : 0);
}

run_tests();

__DATA__

=== TEST 1: fault 22: a sidecar that takes no hints: more of them than any buffer holds
--- http_config eval
"platen_store $::Var/store1; platen_data $::Var/data1; platen_queue ipc://$::Var/run/platend.sock; platen_result_cache off; platen_max_queue 100000;"
--- flow
platend_start(@main::Copy, 'store/path' => "$::Var/store1", 'data/path' => "$::Var/data1", $> == 0 ? ('user' => 'www-data') : ());
is wait_job(main::text_job("0\n"))->{status}, 'SUCCESS', 'it converts';
kill STOP => platend_pid();
my ($slowest, $accepted) = (0, 0);
for my $n (1 .. 1400) {
    my $from = time;
    $accepted += http(POST => '/jobs?to=pdf&filename=a.txt', content => "n $n\n")->code == 202;
    $slowest = time - $from if time - $from > $slowest;
}
is $accepted, 1400, 'all are taken';
cmp_ok $slowest, '<', 5, 'and none of them waits: ' . sprintf '%.3f s at most', $slowest;
is get('/health')->code, 200, 'the worker answers';
kill CONT => platend_pid();
ok eventually(30, sub { json_of(get('/jobs?status=SUCCESS'))->{total} > 20 }), 'the sidecar goes on with them';



=== TEST 2: fault 23: a socket that nginx may not write to
--- flow
return Test::Builder->new->skip('root may write to any socket, and is all there is') || 1
    if $> == 0 && !defined $Test::Nginx::Util::WorkerUser;
platend_stop();
platend_start(@main::Copy, 'queue/mode' => '000', $> == 0 ? ('user' => 'www-data') : ());
is +(stat "$::Var/run/platend.sock")[2] & 0777, 0, 'its mode is 000';
for my $n (1 .. 3) {
    my $job = wait_job(main::text_job("mode $n\n"));
    is $job->{status}, 'SUCCESS', 'converted all the same';
    cmp_ok main::delay($job), '<', 4, 'soon';
}



=== TEST 3: fault 23: something else where the socket should be
--- flow
unlink "$::Var/run/platend.sock";
spew("$::Var/run/platend.sock", 'not a socket');
my $job = wait_job(main::text_job("file\n"));
is $job->{status}, 'SUCCESS', 'converted all the same';
cmp_ok main::delay($job), '<', 4, 'soon';
is get('/health/ready')->code, 200, 'ready';
unlink "$::Var/run/platend.sock";
platend_stop();
