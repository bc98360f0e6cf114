# The canary: platend's own conversion, which proves that documents are converted.

use lib 't/lib';
use TestPlaten;

# One engine, which fails while a file is there, and tries to tell how it was called.
our %Engine = only_script(copies => 'echo "$1" >> ' . "$Var/said" . "\n"
    . "[ ! -e $Var/broken ] || exit 9\nexec /bin/cp \$TINY_PDF \"\$2\"", $Var);

sub ready { return get('/health/ready', key => undef) }
sub canary { return json_of(ready())->{canary} }

run_tests();

__DATA__

=== TEST 1: it is converted by the way of any other, and its age is told
--- flow
spew("$Var/said", '');
platend_start(%main::Engine, 'canary/interval' => 1);
my $canary;
ok eventually(30, sub { $canary = main::canary() }), 'soon after the start';
is_deeply [@$canary{qw(from to)}, @{ $canary->{engines} }], [qw(txt pdf copies)], 'a text becomes a PDF, by the engine of the configuration';
like $canary->{at}, qr/^\d{4}-\d\d-\d\dT[\d:]+\.\d{6}Z\z/, 'when';
cmp_ok $canary->{age}, '<=', 30, 'how long ago';
ok eventually(30, sub { main::canary()->{at} gt $canary->{at} }), 'and again, after the interval';
is slurp("$Var/said"), '', 'as a prisoner, which can write nowhere else';
is scalar(() = platend_log() =~ /"msg":"canary converted"/g), 1, 'the log says so once';
is json_of(get('/jobs'))->{total}, 0, 'no list has it';
is platenctl('jobs', '--json'), 0, 'nor have operators';
unlike $CtlOut, qr/job_id/, 'a job of it';
is scalar(files_below("$Var/data/input")) + files_below("$Var/data/output"), 0, 'nor is a file kept';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 0, 'doctor' or diag $CtlOut;
like $CtlOut, qr/^ok    platend's own conversion of \d+ s ago \(txt to pdf by copies\) took \d+ ms$/m, 'tells of it';



=== TEST 2: one that fails twice makes the service not ready, until one does not
--- flow
spew("$Var/broken", '');
my $response;
ok eventually(60, sub { ($response = main::ready())->code == 503 }), 'not ready';
like json_of($response)->{detail}, qr/^Documents are not converted: .*\(txt to pdf, by copies\) fails with conversion_failed; look for "canary failed"/, 'and why';
like platend_log(), qr/"msg":"canary failed".*"error_code":"conversion_failed".*"exit":9/, 'so does the log';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 1, 'doctor';
like $CtlOut, qr/^FAIL  platend's own conversion of .* failed: conversion_failed — /m, 'fails';
unlink "$Var/broken";
ok eventually(60, sub { main::ready()->code == 200 }), 'ready again';
is scalar(() = platend_log() =~ /"msg":"canary failed"/g), 1, 'the log has said it once';
is scalar(() = platend_log() =~ /"msg":"canary converted"/g), 2, 'and that it is over';



=== TEST 3: it takes no worker's place, and waits for none
--- flow
platend_stop();
platend_start(only_script(copies => 'read -r word < "$1"; [ "$word" != slow ] || while [ ! -e ' . "$Var/go" . ' ]; do /bin/sleep 0.05; done; exec /bin/cp $TINY_PDF "$2"', $Var),
    'canary/interval' => 1, workers => 1, 'limits/spare' => 0, standby => 0);
my $slow = submit(content => "slow\n", name => 'a.txt', to => 'pdf');
ok eventually(30, sub { job($slow->{job_id})->{status} eq 'PROCESSING' }), 'the only worker is busy';
my $last = main::canary();
ok eventually(30, sub { my $now = main::canary(); $now && $now->{at} gt ($last ? $last->{at} : '') }), 'and the canary is converted';
my $next = submit(content => "next\n", name => 'b.txt', to => 'pdf');
$last = main::canary();
ok eventually(30, sub { main::canary()->{at} gt $last->{at} }), 'and again';
is job($next->{job_id})->{status}, 'PENDING', 'its end frees no worker';
spew("$Var/go", '');
is wait_job($_->{job_id})->{status}, 'SUCCESS', 'a job' for $slow, $next;
is platend_stop(), 0, 'stopped';



=== TEST 4: none by choice, nor any of a platend that has ended
--- flow
platend_start(%main::Engine);
platend_turns(2);
is main::ready()->code, 200, 'ready';
is main::canary(), undef, 'without one';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 0, 'doctor';
like $CtlOut, qr{^ok    platend converts nothing of its own \(canary/interval = 0\)$}m, 'tells of it';
platend_stop();
