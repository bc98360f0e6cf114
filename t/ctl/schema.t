# A store that another version of Platen has written: nginx and platend say so, do without it, and
# change nothing in it; the version that it belongs to goes on with it.

use lib 't/lib';
use TestFault;
use TestPlaten;

master_on();
workers(1);

our %Said = (
    3 => 'the store has schema 3 and this version reads 2: a later version wrote it; upgrade Platen',
    1 => 'the store has schema 1 and this version reads 2: a trial version wrote it; begin with an empty one',
);

sub store_digest { return sha256_hex(slurp("$Var/store/data.mdb")) }

run_tests();

__DATA__

=== TEST 1: a store of a later version, and one of an earlier
--- no_error_log
[emerg]
--- flow
for my $schema (3, 1) {
    platend_start(only_script('copies', qq{exec /bin/cp $::Var/tiny.pdf "\$2"}));
    my $job = wait_job(submit(content => "text of $schema\n", name => 'a.txt', to => 'pdf')->{job_id});
    is $job->{status}, 'SUCCESS', 'a job is done';
    is platend_stop(), 0, 'platend stops';
    store_driver("$::Var/store", 'schema', $schema);
    my $before = main::store_digest();

    my $said = qx($TestPlaten::Build/platend -c $::Var/platend.cfg 2>&1);
    isnt $?, 0, "with schema $schema platend does not start";
    like $said, qr/\Q$::Said{$schema}\E/, 'and says why';
    my (undef, @workers) = nginx_pids();
    kill HUP => (nginx_pids())[0];
    ok eventually(30, sub { !grep { kill 0 => $_ } @workers }), 'nginx is started anew';
    is get("/jobs/$job->{job_id}")->code, 503, 'it does without';
    is http(POST => '/jobs?to=pdf&filename=b.txt', content => "more\n")->code, 503, 'and takes nothing';
    like error_log_text(), qr/\[alert\].* \Q$::Said{$schema}\E/, 'it says why, too';
    isnt platenctl('doctor'), 0, 'doctor';
    like $CtlOut, qr/^FAIL .*schema $schema/m, 'names it';
    is main::store_digest(), $before, 'nothing in it has changed';

    store_driver("$::Var/store", 'schema', 2);
    ok eventually(30, sub { get("/jobs/$job->{job_id}")->code == 200 }), 'with its own version nginx goes on by itself';
    is get("/jobs/$job->{job_id}/download")->code, 200, 'the result is there';
}
