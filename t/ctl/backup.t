# Backups: made while everything runs, by hand and in time; put in place again on what was lost.

use lib 't/lib';
use TestFault 'disks';
use TestPlaten;

our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);
our $Dir = "$Var/backups";

sub backup { my $made = ctl_json('backup', @_); return $made->{backup} }
sub names { opendir my $dh, $_[0] // $Dir or die; my @names = sort grep { !/^\./ } readdir $dh; return @names }
sub path_of { my ($id, $which) = @_; return ctl_json('inspect', $id)->{$which}{path} }

# Files by their names below a directory, with their digests.
sub digests { my ($below) = @_; return { map { substr($_, length $below) => sha256_hex(slurp($_)) } files_below("$below/input", "$below/output") } }

# nginx, without Test::Nginx, so that it can be stopped: all have to be for a restore.
sub nginx_stop {
    my ($master) = nginx_pids();
    kill QUIT => $master;
    eventually(20, sub { !kill 0, $master }) or die 'nginx does not end';
}
sub nginx_start {
    my $root = $Test::Nginx::Util::ServRoot;
    system($ENV{TEST_NGINX_BINARY} || 'nginx', '-e', "$root/logs/error.log", '-p', "$root/", '-c', "$root/conf/nginx.conf") == 0
        or die 'nginx does not start';
    eventually(10, sub { eval { get('/health')->is_success } });
}

run_tests();

__DATA__

=== TEST 1: the command line
--- flow
platend_start(@::Copies); # makes the store
platend_stop();
is platenctl(@$_), 2, "a mistake: @$_" for ['backup'], ['backup', 'a', 'b'], ['backup', '-k', '0', 'a'], ['backup', '-k', 'x', 'a'],
    ['restore'], ['restore', 'a', 'b'];
like $CtlErr, qr/^platenctl: restore takes one backup$/m, 'is told';
is platenctl('backup', "$::Var/none/backups"), 1, 'a directory that cannot be made';
like $CtlErr, qr{^platenctl: no backup: \Q$::Var\E/none/backups: No such file or directory$}m, 'is told';
is platenctl('restore', "$::Var/none"), 1, 'a backup that is not there';
is platenctl('restore', "$::Var/run"), 1, 'a directory that is none';
like $CtlErr, qr/a backup is one of the directories that platenctl backup makes/, 'is told';
for my $command (qw(backup restore)) {
    is platenctl($command, '--help'), 0, "$command --help";
    like $CtlOut, qr/^Usage: platenctl $command /, 'says how';
}



=== TEST 2: made while jobs come and go, whole each time
--- flow
platend_start(@::Copies);
my @id = map main::text_job("$_\n"), 1 .. 3;
is wait_job($_)->{status}, 'SUCCESS', 'done' for @id;
my $path = main::backup($::Dir);
is $CtlErr, '', 'a backup' or die;
like $path, qr{^\Q$::Dir\E/\d{8}T\d{6}Z\z}, 'by its time';
is_deeply main::digests("$path/data"), main::digests("$::Var/data"), 'has every file';
is scalar(keys %{ main::digests("$path/data") }), 6, 'of three jobs';
is((stat main::path_of($id[0], 'output'))[3], 2, 'as links');
is_deeply [names()], [$path =~ m{([^/]+)\z}], 'and nothing else is left';
is_deeply [sort grep { !/\A\.\.?\z/ } do { opendir my $dh, "$path/store"; readdir $dh }], ['data.mdb'], 'with the store';

my $pid = fork // die;
if ($pid == 0) {
    open STDOUT, '>', '/dev/null';
    for (1 .. 40) { my $id = main::text_job("busy $_\n"); http(DELETE => "/jobs/$id") if $_ % 3 == 0 }
    POSIX::_exit(0);
}
my @made = map main::backup($::Dir, '--keep', 3), 1 .. 4;
waitpid $pid, 0;
is $?, 0, 'jobs came and went';
is_deeply [map "$::Dir/$_", names()], [@made[1 .. 3]], 'of five backups the newest three are kept';
for my $made (@made[1 .. 3]) {
    my $config = "$::Var/of-backup.cfg";
    mkdir "$::Var/look"; # LMDB writes its lock file beside
    system('cp', '-r', "$made/store", "$made/data", "$::Var/look") == 0 or die;
    spew($config, slurp("$::Var/platend.cfg") =~ s{\Q$::Var\E/(store|data)}{$::Var/look/$1}gr);
    is platenctl('-c', $config, 'fsck', '--deep'), 0, 'store and files of a backup agree' or diag $CtlOut . $CtlErr;
    system('rm', '-rf', "$::Var/look");
}

my $only = main::backup("$::Var/store-only", '--store-only');
ok -e "$only/store/data.mdb" && !-e "$only/data", 'the store only';
platend_stop();



=== TEST 3: on another file system: what the one before has is a link
--- flow
return 1 if cannot_mount();
my @id = map $_->{job_id}, grep { $_->{status} eq 'SUCCESS' } @{ main::ctl_json('jobs', '--limit', 0) };
my $files = keys %{ main::digests("$::Var/data") };
my $other = "$::Var/other";
disk($other, 'size=16m');
my $first = main::ctl_json('backup', "$other/backups");
is_deeply [@$first{qw(linked copied)}], [0, $files], 'all are copied';
is_deeply main::digests("$first->{backup}/data"), main::digests("$::Var/data"), 'as they are';
my $new = main::text_job("new\n");
my $second = main::ctl_json('backup', "$other/backups");
is_deeply [@$second{qw(linked copied)}], [$files, 1], 'and then the new one';
is_deeply main::digests("$second->{backup}/data"), main::digests("$::Var/data"), 'all are there';

fill("$other/fill");
main::text_job("more\n") for 1 .. 3;
is platenctl('backup', "$other/backups"), 1, 'with no room';
like $CtlErr, qr/^platenctl: no backup: .*No space left on device/m, 'it is told';
is scalar(my @names = main::names("$other/backups")), 2, 'the others are there';
ok !-e "$other/backups/.part", 'and no half of one';
system 'umount', $other;



=== TEST 4: in time, by platend
--- flow
# What is under way would end while it is copied.
platend_start(@::Copies);
ok eventually(60, sub { !grep { $_->{status} =~ /^P(?:ENDING|ROCESSING)\z/ } @{ json_of(get('/jobs?limit=100'))->{jobs} } }), 'all jobs have ended';
platend_stop();
my $log = length platend_log();
platend_start(@::Copies, 'backup/path' => "$::Var/hourly", 'backup/keep' => 2);
ok eventually(20, sub { substr(platend_log(), $log) =~ /"msg":\s*"backup made"/ }), 'the first at once' or diag platend_log();
is scalar(my @names = main::names("$::Var/hourly")), 1, 'is there';
is_deeply main::digests("$::Var/hourly/$names[0]/data"), main::digests("$::Var/data"), 'with all files';
my %doctor = map { $_->{check} => $_ } @{ main::ctl_json('doctor') };
is $doctor{backup}{status}, 'ok', 'platenctl doctor finds it';
like $doctor{backup}{message}, qr/the newest backup is \d+ s old; it is on the disk of the data/, 'and says how old it is';
is main::ctl_json('backup')->{removed}, 0, 'backup without a directory makes one there';
ok eventually(10, sub { !grep { eval { slurp("/proc/$_/stat") =~ /\) Z / } } children_of(platend_pid()) }), 'its process is reaped';
platend_stop();
platend_start(@::Copies, 'backup/path' => "$::Var/hourly", 'backup/keep' => 2);
platend_turns(2);
is scalar(@names = main::names("$::Var/hourly")), 2, 'a restart makes none before its time';
my $old = POSIX::strftime('%Y%m%dT%H%M%SZ', gmtime(time - 3 * 3600));
rename "$::Var/hourly/$names[1]", "$::Var/hourly/$old" or die;
system('rm', '-rf', "$::Var/hourly/$names[0]");
%doctor = map { $_->{check} => $_ } @{ main::ctl_json('doctor') };
is $doctor{backup}{status}, 'warn', 'an old one is a warning';
like $doctor{backup}{advice}, qr/platenctl backup/, 'with what to do';
platend_stop();
platend_start(@::Copies, 'backup/path' => "$::Var/hourly", 'backup/keep' => 2, 'backup/files' => 0);
ok eventually(20, sub { main::names("$::Var/hourly") == 2 }), 'and after it, another one is made';
ok !-e "$::Var/hourly/" . (main::names("$::Var/hourly"))[1] . '/data', 'of the store only, as configured';
platend_stop();

chmod 0500, "$::Var/hourly";
spew("$::Var/hourly-file", '');
platend_start(@::Copies, 'backup/path' => "$::Var/hourly-file");
ok eventually(20, sub { platend_log() =~ /"msg":\s*"no backup".*Not a directory/ }), 'one that cannot be made is an error in the log';
platend_stop();
is system("$TestPlaten::Build/platend -bc $::Var/platend.cfg 2>/dev/null") >> 8, 1, 'platend -b fails, too';
chmod 0700, "$::Var/hourly";
%doctor = map { $_->{check} => $_ } @{ main::ctl_json('doctor') };
is $doctor{backup}{status}, 'FAIL', 'and platenctl doctor says so';



=== TEST 5: restored: on a store that is damaged, and files that are gone
--- flow
platend_start(@::Copies);
my @id = map main::text_job("keep $_\n"), 1 .. 3;
is wait_job($_)->{status}, 'SUCCESS', 'done' for @id;
platend_stop();
my $waits = main::text_job("waits\n");
my $list = main::ctl_json('jobs', '--limit', 0);
my %download = map { $_ => sha256_hex(get("/jobs/$_/download")->content) } @id;
my $backup = main::backup("$::Var/safe");
system('cp', '-r', $backup, "$::Var/far") == 0 or die; # other inodes, as another disk has them

is platenctl('restore', $backup), 1, 'beside nginx';
like $CtlErr, qr/^platenctl: process \d+ has the store open: stop nginx, and restore then$/m, 'it is refused';
platend_start(@::Copies);
is platenctl('restore', $backup), 1, 'beside platend';
like $CtlErr, qr/^platenctl: platend runs \(pid \d+\): stop it and nginx/m, 'too';
is wait_job($waits)->{status}, 'SUCCESS', 'and nothing has changed';
my $later = main::text_job("later\n");
wait_job($later);
platend_stop();
main::nginx_stop();

system('cp', '-r', "$::Var/far", "$::Var/damaged") == 0 or die;
spew("$::Var/damaged/store/data.mdb", 'x' x 65536);
is platenctl('restore', "$::Var/damaged"), 1, 'a backup that is damaged';
like $CtlErr, qr/^platenctl: nothing was changed$/m, 'changes nothing';
is_deeply main::ctl_json('inspect', $later)->{status}, 'SUCCESS', 'what was there is there';

spew("$::Var/store/data.mdb", 'x' x 65536);
unlink main::files_below("$::Var/data/output");
is platenctl('restore', "$::Var/far"), 0, 'restored' or diag $CtlErr;
like $CtlOut, qr/^\d+ jobs and \d+ files are as in \Q$::Var\E\/far; what was there is called \*\.before-\d{8}T\d{6}Z$/m, 'is told';
like $CtlOut, qr/, 0 wrong$/m, 'and checked';
is_deeply main::ctl_json('jobs', '--limit', 0), $list, 'the jobs of then';
main::nginx_start();
is sha256_hex(get("/jobs/$_/download")->content), $download{$_}, 'a result' for @id;
is get("/jobs/$later")->code, 404, 'what came later is not there';
is main::job($waits)->{status}, 'PENDING', 'what waited waits again';
platend_start(@::Copies);
is wait_job($waits)->{status}, 'SUCCESS', 'and is converted';
is wait_job(main::text_job("and on\n"))->{status}, 'SUCCESS', 'as are new ones';
platend_stop();
is scalar(my @before = glob("$::Var/store/data.mdb.before-* $::Var/data/*.before-*")), 3, 'what was there before is kept';
is platenctl('fsck', '--deep'), 0, 'all is well' or diag $CtlOut;



=== TEST 6: restored without files: those that are there stay, and what is gone is told to be
--- flow
platend_start(@::Copies);
my ($has, $lost) = map main::text_job("store only $_\n"), 1 .. 2;
is wait_job($_)->{status}, 'SUCCESS', 'done' for $has, $lost;
platend_stop();
my $backup = main::backup("$::Var/records", '--store-only');
my $path = main::path_of($lost, 'output');
main::nginx_stop();
unlink $path or die;
unlink main::path_of($has, 'input') or die; # long gone, and nothing of the restore's
is platenctl('restore', $backup), 0, 'restored' or diag $CtlOut . $CtlErr;
like $CtlOut, qr/^input .* is missing$/m, 'an upload that was missing is told of';
like $CtlErr, qr/cannot be repaired/, 'as what it is';
unlike $CtlErr, qr/fsck --repair/, 'and no repair is advised that cannot help';
like $CtlOut, qr/^result   \Q$path\E is missing: repaired$/m, 'what is gone is told';
main::nginx_start();
is main::job($has)->{status}, 'SUCCESS', 'one that is there';
is main::job($lost)->{error_code}, 'result_missing', 'and one that is not';
is platenctl('-c', "$::Var/none", 'jobs'), 2, 'without a configuration';
like $CtlErr, qr/^platenctl: name the configuration that platend is started with: platenctl -c FILE/m, 'it says how to name one';
