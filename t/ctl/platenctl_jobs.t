# platenctl jobs, queue, inspect and retry: what an operator asks first, and the way back to the queue.

use lib 't/lib';
use TestPlaten;

# Fails for as long as $Var/broken is there.
our @Fails = only_script(fails => '[ ! -e ' . "$Var/broken" . ' ] || exit 3; exec /bin/cp $TINY_PDF "$2"', $Var);


run_tests();

__DATA__

=== TEST 1: the command line
--- flow
for my $words (['jobs', 'operand'], ['jobs', '--state', 'NONSENSE'], ['jobs', '-n', 'x'], ['jobs', '--client', ''], ['queue', 'x'],
    ['inspect'], ['inspect', 'x'], ['inspect', ('01900000-0000-7000-8000-000000000000') x 2], ['retry'], ['retry', 'x'],
    ['retry', '--failed', '01900000-0000-7000-8000-000000000000']) {
    is platenctl(@$words), 2, "a mistake: platenctl @$words";
    is $CtlOut, '', 'nothing on standard output';
    like $CtlErr, qr/platenctl/, 'and what is wrong on standard error';
}
for my $command (qw(jobs queue inspect retry)) {
    is platenctl($command, '--help'), 0, "$command --help";
    like $CtlOut, qr/^Usage: platenctl $command /, 'says how';
}
is platenctl('inspect', '01900000-0000-7000-8000-000000000000'), 1, 'an unknown job';
like $CtlErr, qr/cannot inspect/, 'is told';
is platenctl('retry', '01900000-0000-7000-8000-000000000000'), 1, 'and not retried';
is platenctl('-c', "$::Var/none.cfg", 'jobs'), 2, 'no configuration';



=== TEST 2: jobs of all clients; who waits
--- flow
my @ids = (main::text_job("1\n"), main::text_job("2\n", name => "b\x1b[31m.txt"), main::text_job("3\n", name => 'c.txt', key => 'bob'));
my $list = main::ctl_json('jobs');
is_deeply [map $_->{job_id}, @$list], [reverse @ids], 'newest first';
is_deeply [map $_->{client}, @$list], [qw(bob alice alice)], 'with their clients';
is platenctl('jobs'), 0, 'for people';
like $CtlOut, qr/^ID .*\n$ids[2]  PENDING .*bob .*c\.txt\n$ids[1] /, 'a line to each';
unlike $CtlOut, qr/\e/, 'and what a client sends is no terminal sequence';
is_deeply [map $_->{job_id}, @{ main::ctl_json('jobs', '--client', 'alice', '-n', 1) }], [$ids[1]], 'of one client, one of them';
is_deeply main::ctl_json('jobs', '--state', 'success'), [], 'of a state that none has';
is scalar(@{ main::ctl_json('jobs', '--client', 'bob', '--state', 'pending') }), 1, 'of both';

my %waits = map { $_->{client} => $_ } @{ main::ctl_json('queue') };
is_deeply [map { @{ $waits{$_} }{qw(waiting running bytes)} } qw(alice bob)], [2, 0, 4, 1, 0, 2], 'who waits';
platenctl('queue');
like $CtlOut, qr/^CLIENT .*^alice +2 +0 +20\d\d-.*Z +4$/ms, 'and for people';
platend_start(@::Fails);
wait_job($_) for @ids[0, 1];
wait_job($ids[2], 60, key => 'bob');
platenctl('queue');
is $CtlOut, "nobody waits\n", 'nobody in the end';
is scalar(@{ main::ctl_json('jobs', '--state', 'SUCCESS') }), 3, 'and all are done';



=== TEST 3: everything about one job
--- flow
my $id = submit(content => "# text\n", name => 'a.txt', to => 'pdf', fields => [priority => 'high'])->{job_id};
wait_job($id);
my $job = main::ctl_json('inspect', $id);
is_deeply [@$job{qw(job_id status client attempts epoch priority)}], [$id, 'SUCCESS', 'alice', 1, 1, 'high'], 'the record';
is_deeply [map { $job->{$_}{matches} ? 1 : 0 } qw(input output)], [1, 1], 'files are as recorded';
is_deeply [map $_->{status}, @{ $job->{events} }], [qw(PENDING PROCESSING SUCCESS)], 'its events';
platenctl('inspect', $id);
like $CtlOut, qr/^status +SUCCESS$/m, 'for people';

spew($job->{output}{path}, 'x' x $job->{output_size});
is main::ctl_json('inspect', $id)->{output}{file}, 'has other bytes', 'other bytes';
spew($job->{output}{path}, 'x');
is main::ctl_json('inspect', $id)->{output}{file}, 'has another size', 'another size';
unlink $job->{output}{path};
is main::ctl_json('inspect', $id)->{output}{file}, 'is missing', 'none';
is http(DELETE => "/jobs/$id")->code, 204, 'removed';
is_deeply [map $_->{status}, @{ main::ctl_json('inspect', $id)->{events} }], [qw(PENDING PROCESSING SUCCESS gone)], 'its events are left';



=== TEST 4: retry, with platend and without
--- flow
spew("$::Var/broken", '');
my @ids = map main::text_job("$_\n"), 1 .. 3;
is wait_job($_)->{status}, 'FAILED', 'failed' for @ids;
is_deeply [sort map $_->{job_id}, @{ main::ctl_json('jobs', '--failed') }], [sort @ids], 'jobs --failed';
unlink "$::Var/broken";
is platenctl('retry', $ids[0]), 0, 'one' or diag $CtlErr;
is wait_job($ids[0])->{status}, 'SUCCESS', 'is done';
is platenctl('retry', $ids[0]), 1, 'and not twice';
like $CtlErr, qr/^platenctl: $ids[0] is not retried: it has not failed$/m, 'which is told';
platend_stop();
is platenctl('retry', '--failed'), 0, 'the others';
is $CtlOut, "$ids[1]  PENDING\n$ids[2]  PENDING\n2 retried, 0 refused\n", 'are told';
is job($ids[1])->{status}, 'PENDING', 'and wait';
platend_start(@::Fails);
is wait_job($_)->{status}, 'SUCCESS', 'for platend' for @ids[1, 2];



=== TEST 5: what is not retried: a document that is gone; a password that is
--- flow
spew("$::Var/broken", '');
my $id = main::text_job("gone\n");
wait_job($id);
my $input = main::ctl_json('inspect', $id)->{input}{path};
rename $input, "$input.away" or die;
is platenctl('retry', $id), 1, 'without its document';
like $CtlErr, qr/its document is not there/, 'is told';
rename "$input.away", $input or die;
platend_stop();
platend_start();
my $response;
eventually(20, sub {
    $response = post_form('/jobs', [ file => [undef, 'a.txt', Content => "s\n"], to => 'pdf', output_password => 's3cret' ]);
    $response->code == 202;
}) or diag $response->as_string; # the server has seen what this platend converts
platend_stop();
$id = json_of($response)->{job_id};
my $path = main::ctl_json('inspect', $id)->{input}{path};
rename $path, "$path.away" or die;
platend_start();
is wait_job($id)->{status}, 'FAILED', 'one with a password';
rename "$path.away", $path or die;
is platenctl('retry', $id), 1, 'is for its client to retry';
like $CtlErr, qr/only its client can/, 'which is told';
my $job = main::ctl_json('inspect', $id);
is_deeply $job->{secret_options}, ['output_password'], 'inspect names the option';
unlike $CtlOut, qr/s3cret/, 'and not its value';
platend_stop();
