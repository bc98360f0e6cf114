# platenctl fsck: what may be wrong between records, indexes and files; found, told, and repaired.

use lib 't/lib';
use TestPlaten;
use TestFault;

our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);


# Every finding as "kind finding", with " repaired" behind it.
sub findings {
    platenctl('--json', 'fsck', @_);
    return sort map { my $f = Cpanel::JSON::XS->new->utf8->decode($_); "$f->{kind} $f->{finding}" . ($f->{repaired} ? ' repaired' : '') }
        split /\n/, $CtlOut;
}
sub driver { store_driver("$Var/store", @_) }
sub age { my ($path) = @_; utime time - 7200, time - 7200, $path or die $path }

run_tests();

__DATA__

=== TEST 1: the command line
--- flow
is platenctl('fsck', 'x'), 2, 'operands';
like $CtlErr, qr/^platenctl: fsck takes no operands$/m, 'are refused';
is platenctl('fsck', '--help'), 0, 'help';
like $CtlOut, qr/--repair/, 'says how';



=== TEST 2: nothing is wrong
--- flow
main::platend_start(@::Copies);
my @done = map main::text_job("$_\n"), 1 .. 3;
is wait_job($_)->{status}, 'SUCCESS', 'done' for @done;
is platenctl('fsck'), 0, 'beside nginx and platend' or diag $CtlOut . $CtlErr;
is $CtlOut, "3 jobs, 6 files: 0 repaired, 0 wrong\n", 'with what was looked at';
is platenctl('fsck', '--deep'), 0, 'with digests';
is $CtlOut, "3 jobs, 6 files read: 0 repaired, 0 wrong\n", 'of all bytes';
is platenctl('fsck', '--repair'), 1, 'a repair beside platend';
like $CtlErr, qr/^platenctl: platend runs \(pid \d+\): stop it, and repair then$/m, 'is refused';
platend_stop();
is platenctl('fsck', '--repair'), 0, 'with nothing to repair';
is_deeply [map main::job($_)->{status}, @done], [('SUCCESS') x 3], 'nothing is changed';



=== TEST 3: files
--- flow
my @id = map { $_->{job_id} } @{ main::ctl_json('jobs') };
my @path = map { my $job = main::ctl_json('inspect', $_); [$job->{input}{path}, $job->{output}{path}] } @id;
unlink $path[0][1];                                # a result that is gone,
my $bytes = slurp($path[1][1]);
spew($path[1][1], 'x' x length $bytes);            # one with other bytes,
spew($path[2][1], 'x');                            # one of another size,
rename $path[2][0], "$path[2][0].away" or die;     # a document that is gone: and so a stranger

my ($dir, $name) = $path[0][0] =~ m{(.*)/(.*)};
my $orphan = "$dir/" . $name =~ s/.$/$name =~ m{0$} ? 1 : 0/er;
spew($orphan, 'x');
is_deeply [main::findings('--deep')], ['input is missing', 'result has another size', 'result has other bytes', 'result is missing',
    q(stranger is no file of Platen's, and is left alone)], 'each is found; a new file may be of a submission under way';
main::age($orphan);
is_deeply [main::findings()], ['input is missing', 'result has another size', 'result is missing',
    q(stranger is no file of Platen's, and is left alone)], 'as long as its inode is new, too';
platend_start(@::Copies, 'reaper/orphan_age' => 1);
platend_stop();
my @found;
eventually(20, sub { @found = main::findings(); grep /^orphan/, @found }); # as its inode grows old
is_deeply \@found, ['input is missing', 'orphan is named by no job', 'result has another size', 'result is missing',
    q(stranger is no file of Platen's, and is left alone)], 'an orphan, when it is old; other bytes are not seen by their size';
is platenctl('fsck'), 1, 'and exit status 1';
like $CtlOut, qr/^orphan   \Q$orphan\E is named by no job$/m, 'a line to each for people';
like $CtlErr, qr/stop platend, then: platenctl fsck --repair/, 'with what to do';
is main::job($id[0])->{status}, 'SUCCESS', 'nothing is changed yet';

# The bytes of a result that is not used are an orphan by then.
is_deeply [main::findings('--deep', '--repair')], ['input is missing', ('orphan is named by no job repaired') x 3,
    'result has another size repaired', 'result has other bytes repaired', 'result is missing repaired',
    q(stranger is no file of Platen's, and is left alone)], 'repaired';
ok !-e $orphan, 'the orphan is gone';
for my $id (@id) {
    my $job = main::job($id);
    is "$job->{status} $job->{error_code}", 'FAILED result_missing', 'a job without its result has failed';
    like $job->{error}, qr/Retry the job/, 'and says what to do';
    problem_is get("/jobs/$id/download"), 400, 'not_ready', 'and is not downloaded';
}
rename "$path[2][0].away", $path[2][0] or die;
is platenctl('fsck', '--deep'), 0, 'all is well' or diag $CtlOut;
platend_start(@::Copies);
is platenctl('retry', @id), 0, 'again';
is wait_job($_)->{status}, 'SUCCESS', 'and each has its result again' for @id;
is get("/jobs/$id[1]/download")->content, $bytes, 'as it was';
platend_stop();



=== TEST 4: every index
--- flow
my @id = map { $_->{job_id} } @{ main::ctl_json('jobs') };
push @id, main::text_job("waits\n");
my $list = get('/jobs')->content;
for my $index (qw(queue turn client state count expiry usage)) {
    main::driver(empty => $index);
    my @found = main::findings();
    ok @found > 0 && !grep(!/^index has an? (?:entry too (?:few|many)|wrong entry)$/, @found), "$index: found" or diag "@found";
    is platenctl('fsck', '--repair'), 0, "$index: repaired" or diag $CtlOut . $CtlErr;
    is platenctl('fsck'), 0, 'and well' or diag $CtlOut;
}
is get('/jobs')->content, $list, 'the list is as it was';
platend_start(@::Copies);
is wait_job($id[-1])->{status}, 'SUCCESS', 'and who waited was not forgotten';
platend_stop();



=== TEST 5: a record that cannot be read is told, and nothing that it may name is removed
--- flow
my $id = main::text_job("spoilt\n");
my $path = main::ctl_json('inspect', $id)->{input}{path};
main::driver(spoil => $id);
platend_start(@::Copies, 'reaper/orphan_age' => 1);
platend_stop();
main::age($path);
ok eventually(20, sub { time - (stat $path)[10] > 2.1 }), 'its document is old enough to be removed';
is platenctl('fsck', '--repair'), 1, 'not repaired';
my $hex = $id =~ tr{-}{}dr;
like $CtlOut, qr/^record   jobs $hex cannot be read$/m, 'told';
like $CtlErr, qr/a backup may have them/, 'with what may help';
ok -e $path, 'its document is there';
is platenctl('fsck'), 1, 'as before';



=== TEST 6: a store that is no store
--- flow
mkdir "$::Var/broken" or die;
spew("$::Var/broken/data.mdb", 'x' x 65536);
my $config = "$::Var/broken.cfg";
spew($config, slurp("$::Var/platend.cfg") =~ s{\Q$::Var/store}{$::Var/broken}r);
is platenctl('-c', $config, 'fsck'), 1, 'cannot be checked';
like $CtlErr, qr/restore a backup/, 'which is told, with what to do';
