# platenctl, and platenctl doctor: machines that are well, and machines that are not.

use lib 't/lib';
use TestPlaten;
use File::Path qw(make_path);
use IO::Pty;

our $Ctl = $TestPlaten::Ctl;
our ($Out, $Err);

# Runs platenctl; returns its exit code, with what it printed in $Out and $Err.
sub ctl {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$Var/ctl.out" or die;
        open STDERR, '>', "$Var/ctl.err" or die;
        exec $Ctl, @_ or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    ($Out, $Err) = (slurp("$Var/ctl.out"), slurp("$Var/ctl.err"));
    return $? >> 8;
}

# Writes a configuration like that of platend_start(), and returns its file.
sub config {
    my (%set) = @_;
    my $file = "$Var/doctor.cfg";
    spew($file, TestPlaten::zpl(
        'store/path' => "$Var/store",
        'data/path' => "$Var/data",
        'queue/endpoint' => "ipc://$Var/run/platend.sock",
        'engines/libexec' => $Libexec,
        'engines/tables/duckdb' => $Duckdb,
        %set,
    ));
    return $file;
}

# doctor({ settings }, options): its exit code.
sub doctor {
    my ($set, @options) = @_;
    return ctl('-c', config(%$set), 'doctor', '--web-user', scalar(getpwuid $>), @options);
}

# The same for the configuration of the platend that runs.
sub doctor_of_platend {
    return ctl('-c', "$Var/platend.cfg", 'doctor', '--web-user', scalar(getpwuid $>), @_);
}

# The lines of that status that match.
sub lines {
    my ($status, $pattern) = @_;
    return grep { /^\Q$status\E +\S/ && $_ =~ $pattern } split /\n/, $Out;
}

# Everything that a file has but the time of its last reading.
sub state_of { join "\n", map { join ' ', $_, (lstat)[0 .. 7, 9, 10] } files_below(@_), @_ }

run_tests();

__DATA__

=== TEST 1: the command line, and the exit codes of mistakes
--- flow
is main::ctl('--help'), 0, '--help';
like $main::Out, qr/^Usage: platenctl .*^  doctor  +\S.*^Exit status: 0/ms, 'which lists commands and exit codes';
is main::ctl('help'), 0, 'help';
is main::ctl('help', 'doctor'), 0, 'help doctor';
like $main::Out, qr/^Usage: platenctl doctor .*^  -q, --quiet .*^  -c, --config FILE .*^      --json/ms, 'with its options and those of all';
my $help = $main::Out;
is main::ctl('doctor', '-h'), 0, 'doctor -h';
is $main::Out, $help, 'is the same';
is main::ctl('-V'), 0, '-V';
like $main::Out, qr/^platenctl \d+\.\d+\.\d+$/, 'names the version';

for my $words ([], ['nonsense'], ['help', 'nonsense'], ['--nonsense'], ['-c'], ['doctor', '--nonsense'],
    ['doctor', 'operand'], ['doctor', '--module']) {
    is main::ctl(@$words), 2, "a mistake: platenctl @$words";
    is $main::Out, '', 'nothing on standard output';
    like $main::Err, qr/platenctl/, 'and a hint on standard error';
}



=== TEST 2: a healthy machine without a running platend: nothing is FAIL, and all is told
--- flow
is main::doctor({}), 0, 'exit code 0' or diag $main::Out;
is $main::Err, '', 'nothing on standard error';
my @lines = split /\n/, $main::Out;
is_deeply [grep !/^(?:ok  |warn|FAIL)  \S/, @lines], [], 'each line is a finding';
is_deeply [grep { /^(?:warn|FAIL)/ && !/\S — \S/ } @lines], [], 'and what is not ok has advice';
is_deeply [grep { /^ok/ && / — / } @lines], [], 'and what is ok has none';
unlike $main::Out, qr/\e/, 'no colours in a file';
for my $layer (qw(parent-death limits no-new-privs landlock seccomp capabilities network cgroup pids)) {
    is scalar(grep /^\w+ +sandbox layer $layer /, @lines), 1, "sandbox layer $layer";
}
for my $pattern (qr/^ok    configuration: \Q$::Var\E/, qr/^ok    Linux \d/, qr/^ok    Landlock ABI \d/,
    qr/^\w+ +the clock says 20/, qr/^ok    engine lok: \d+ conv/, qr/^ok    engine soffice: \d+ conv/,
    qr/^ok    LibreOffice \d/, qr{^ok    \S+/platen-tables}, qr/^\w+ +(?:DuckDB|Parquet)/,
    qr/fonts? for Calibri/, qr/fonts? for Japanese/, qr/^warn  platend does not run/,
    qr/^\w+ +limit of open files/, qr{nginx/\d}, qr/^ok    nginx loads /) {
    is scalar(grep $_ =~ $pattern, @lines), 1, "a line $pattern";
}



=== TEST 3: nothing is made and nothing is changed
--- flow
my %fresh = ('store/path' => "$::Var/fresh/store", 'data/path' => "$::Var/fresh/data",
    'queue/endpoint' => "ipc://$::Var/fresh/run/s.sock");
is main::doctor(\%fresh), 0, 'directories that are not there yet';
is scalar(main::lines(warn => qr{fresh/(?:data|store) is not there yet; .* — install -d })), 2, 'are told about';
ok !-e "$::Var/fresh", 'and not made';

my $before = main::state_of("$::Var/store", "$::Var/data");
is main::doctor({}), 0, 'those that are';
my $after = main::state_of("$::Var/store", "$::Var/data");
s{^\S+/lock\.mdb .*$}{}mg for $before, $after; # LMDB's table of readers: the server has it open
is $after, $before, 'are as before';



=== TEST 4: mistakes in the configuration
--- flow
is main::doctor({ 'limits/wall_clok' => 7 }), 1, 'a key that is none';
like $main::Out, qr{^FAIL  configuration: \S+/doctor\.cfg: "limits/wall_clok" is not a key.* — .*platend -t -c \S+/doctor\.cfg$}m, 'file, key, and the test';
like $main::Out, qr/^ok    Linux /m, 'what needs no configuration is checked';
unlike $main::Out, qr/sandbox layer/, 'and the rest is not';

is main::ctl('-c', "$::Var/none.cfg", 'doctor'), 1, 'a file that is not there';
like $main::Out, qr{^FAIL  configuration: \S+/none\.cfg: No such file.* — name it: platenctl -c}m, 'is named';

is main::doctor({ user => 'no-such-user' }), 1, 'a user that there is not';
like $main::Out, qr{^FAIL  \S+ "user": there is no user no-such-user — adduser .* no-such-user$}m, 'is named, with the command';
is main::doctor({ 'queue/group' => 'no-such-group' }), 1, 'a group that there is not';
like $main::Out, qr{^FAIL  .*no-such-group — addgroup --system no-such-group$}m, 'is named, with the command';



=== TEST 5: engines that are missing
--- flow
is main::doctor({ 'engines/soffice/path' => '/nonexistent/soffice.bin' }), 1, 'LibreOffice is not where it should be';
like $main::Out, qr{^FAIL  engine soffice: /nonexistent/soffice\.bin: No such file.* — apt install libreoffice-core .*libreoffice-writer}m, 'the package is named';
is main::doctor({ 'engines/soffice/path' => '/nonexistent/soffice.bin', 'engines/soffice/enabled' => 0 }), 0, 'nor need it be, if it is switched off';
like $main::Out, qr{^ok    engine soffice: switched off}m, 'which is told';

is main::doctor({ 'engines/lok/program' => "$::Var/run" }), 1, 'a directory that has no LibreOffice';
like $main::Out, qr{^FAIL  LibreOffice in \S+/run is incomplete.* — apt install --reinstall}m, 'is told';

is main::doctor({ 'engines/libexec' => '/nonexistent' }), 1, 'programs of Platen';
is scalar(main::lines(FAIL => qr{/nonexistent/platen-(?:lok|tables|zip): No such file.* — install Platen again})), 5, 'are named, and the engines that need them';

my %own = ('engine/mine/from' => 'txt', 'engine/mine/to' => 'html');
is main::doctor({ %own, 'engine/mine/command' => '/nonexistent/mine {input} {output}' }), 1, "an engine of the operator's";
like $main::Out, qr{^FAIL  engine mine: /nonexistent/mine: No such file.* — .*engine/mine in \S+/doctor\.cfg$}m, 'is told';
is main::doctor({ %own, 'engine/mine/command' => '/bin/cp {input} {output}' }), 0, 'and is fine if it is there';
like $main::Out, qr{^ok    engine mine: 1 conversion$}m, 'with its conversion';
is main::doctor({ %own, 'engine/mine/command' => 'cp {input}' }), 1, 'one that cannot be';
like $main::Out, qr{^FAIL  the configuration's engines are left out: .* — correct it in}m, 'is told';

TestPlaten::spew("$::Var/libduckdb.so", 'this is no library');
is main::doctor({ 'engines/tables/duckdb' => "$::Var/libduckdb.so" }), 1, "DuckDB's library is damaged";
like $main::Out, qr{^FAIL  DuckDB's library cannot be loaded: }m, 'which is found by loading it';
is main::doctor({ 'engines/tables/duckdb' => '/nonexistent/libduckdb.so' }), 0, 'without it';
like $main::Out, qr{^warn  Parquet is off: /nonexistent/libduckdb\.so: .* — .*make duckdb}m, 'there is no Parquet';



=== TEST 6: directories that platend's user cannot use
--- flow
SKIP: {
    skip 'needs root, to become another user', 13 if $> != 0;
    my %other = (user => 'nobody', 'store/path' => "$::Var/o/store", 'data/path' => "$::Var/o/data",
        'queue/endpoint' => "ipc://$::Var/o/run/s.sock");
    main::make_path("$::Var/o/store", "$::Var/o/data/tmp", "$::Var/o/run");
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    chmod 0755, $::Var, "$::Var/o";
    chown $uid, $gid, "$::Var/o/store", "$::Var/o/run";
    chmod 0700, "$::Var/o/data";

    is main::doctor(\%other), 1, 'a data directory of root, for nobody';
    like $main::Out, qr{^ok    platend runs as nobody$}m, 'is checked as nobody';
    like $main::Out, qr{^FAIL  \S+/o/data is of root with mode 0700, and nobody cannot write there: Permission denied — chown nobody: \S+/o/data && chmod u\+rwx}m, 'and refused';
    like $main::Out, qr{^ok    \S+/o/store: writable}m, 'the store is fine';
    is scalar(main::lines(FAIL => qr/ /)), scalar(main::lines(FAIL => qr{/o/data|engine|platen-|libexec})), 'nothing else is wrong but what nobody cannot reach';

    chown $uid, $gid, "$::Var/o/data";
    main::doctor(\%other);
    like $main::Out, qr{^FAIL  \S+/o/data/tmp is of root}m, 'nor what lies below';

    chmod 0700, "$::Var/o";
    main::doctor(\%other);
    like $main::Out, qr{^FAIL  \S+/o/data as nobody: Permission denied — namei -l}m, 'the way there is closed';

    chmod 0755, "$::Var/o";
    chown 0, 0, "$::Var/o/run";
    main::doctor(\%other);
    like $main::Out, qr{^FAIL  \S+/o/run is of root .* — chown}m, 'no place for the socket';

    main::ctl('-c', main::config(%other), 'doctor', '--web-user', 'daemon');
    like $main::Out, qr{^FAIL  nginx's workers \(daemon\) cannot use \S+/o/store: .* — .*user nobody; in nginx\.conf}m, 'nginx as another user';
    main::ctl('-c', main::config(%other), 'doctor', '--web-user', 'no-such-user');
    like $main::Out, qr{^FAIL  there is no user no-such-user — }m, 'and as one that is none';

    chown 0, 0, "$::Var/o/data";
    main::doctor({ %other, 'data/path' => '/usr' });
    unlike $main::Out, qr{chown \S+ /usr|chown -R}, 'a system directory is not to be given away';

    # Who is neither root nor that user is told nothing that is only about themselves.
    my $config = main::config(%other);
    chmod 0644, $config;
    $main::Out = `setpriv --reuid=daemon --regid=daemon --clear-groups $main::Ctl -c $config doctor`;
    like $main::Out, qr{^warn  platend runs as nobody, and you are daemon: its files are not checked — sudo platenctl}m, 'a stranger';
    unlike $main::Out, qr{^FAIL .*(?:/o/|nginx's workers)}m, 'is not told to make the files theirs';
    chmod 0700, $::Var;
}



=== TEST 7: --json and -q
--- flow
is main::doctor({}), 0, 'as text';
my @text = map { /^(\S+) +(.*)/ } grep !/the clock says|inodes free|free$/, split /\n/, $main::Out;
is main::doctor({}, '--json'), 0, 'as JSON';
my $list = Cpanel::JSON::XS->new->utf8->decode($main::Out);
is_deeply [sort keys %$_], [qw(advice check message status)], "$_->{check} has all members" for $list->[0], $list->[-1];
my @json = map { $_->{status}, Encode::encode('UTF-8', $_->{message} . ($_->{advice} eq '' ? '' : " \x{2014} $_->{advice}")) }
    grep { $_->{message} !~ /the clock says|inodes free|free$/ } @$list;
is_deeply \@json, \@text, 'is the same';
my %seen;
is_deeply [grep { !/^[a-z][a-z0-9_.-]*$/ } map $_->{check}, @$list], [], 'names for scripts';

main::doctor({}, '-q');
is_deeply [main::lines(ok => qr/ /)], [], '-q prints nothing that is ok';
ok scalar(main::lines(warn => qr/platend does not run/)), 'and what is not';
main::doctor({}, '-q', '--json');
is_deeply [grep { $_->{status} eq 'ok' } @{ Cpanel::JSON::XS->new->utf8->decode($main::Out) }], [], 'as JSON too';
is main::ctl('--json', '-c', main::config('nonsense' => 1), 'doctor'), 1, 'the options may come first';
is((Cpanel::JSON::XS->new->utf8->decode($main::Out))->[0]{status}, 'FAIL', 'and a failure is JSON as well');



=== TEST 8: colours are for terminals that want them
--- flow
for my $case ([1, TERM => 'xterm'], [0, TERM => 'dumb'], [0, TERM => 'xterm', NO_COLOR => 1]) {
    my ($want, %env) = @$case;
    my $pty = IO::Pty->new;
    my $slave = $pty->slave;
    my $config = main::config();
    my $pid = fork // die;
    if ($pid == 0) {
        delete $ENV{NO_COLOR};
        @ENV{keys %env} = values %env;
        close $pty;
        open STDOUT, '>&', $slave or die;
        exec $main::Ctl, '-c', $config, 'doctor' or POSIX::_exit(127);
    }
    close $slave;
    my $text = '';
    while (sysread $pty, my $buffer, 4096) { $text .= $buffer }
    waitpid $pid, 0;
    is(($text =~ /^\e\[32mok\s*\e\[0m/m) ? 1 : 0, $want, join ' ', %env);
}



=== TEST 9: the store without platend: jobs that wait
--- flow
submit(content => "text $_\n", name => 'a.txt', to => 'pdf') for 1 .. 3;
is main::doctor({}), 0, 'read while nginx has it open';
like $main::Out, qr/^ok    the store has schema \d+$/m, 'the schema';
like $main::Out, qr/^ok    jobs: 3 PENDING$/m, 'the jobs by state';
like $main::Out, qr/^warn  3 jobs wait, and no platend works on them — /m, 'and nobody who does them';
like $main::Out, qr/^ok    the store uses \S+ KiB of 8\.0 GiB, 0 %$/m, 'the map';
is main::doctor({ 'store/map_size' => '32k' }), 1, 'a map that is full';
like $main::Out, qr/^FAIL  the store uses .* — raise store\/map_size in /m, 'is told';



=== TEST 10: a platend that runs is seen, and not disturbed
--- flow
platend_start();
my $pid = platend_pid();
is main::doctor_of_platend(), 0, 'healthy' or diag $main::Out;
like $main::Out, qr/^ok    platend runs, pid $pid, as \S+, for \d+ s$/m, 'pid and time';
like $main::Out, qr/^ok    limit of open files of platend: /m, 'its limits';
like $main::Out, qr{^ok    \S+/run/platend\.sock: nginx's workers \(\S+\) can connect$}m, 'its socket';
unlike $main::Out, qr/platend does not run|was changed after/, 'nothing to complain of';

my @ids = map submit(content => "more $_\n", name => 'a.txt', to => 'pdf')->{job_id}, 1 .. 4;
for (1 .. 5) {
    main::doctor_of_platend('-q');
    unlike $main::Out, qr/^FAIL/m, 'again, while it converts';
}
is wait_job($_)->{status}, 'SUCCESS', 'converted' for @ids;
`$TestPlaten::Build/platend -c $::Var/platend.cfg 2>&1`;
is $? >> 8, 3, 'it still has its lock';
is platend_pid(), $pid, 'and is the same';
is waitpid($pid, POSIX::WNOHANG()), 0, 'alive';

utime time + 5, time + 5, "$::Var/platend.cfg";
main::doctor_of_platend();
like $main::Out, qr{^warn  \S+/platend\.cfg was changed after platend read it — platend -t -c \S+ && systemctl restart platend$}m, 'a configuration that it has not read';

platend_stop();
main::doctor_of_platend();
like $main::Out, qr/^warn  platend does not run — /m, 'and when it has stopped, that';



=== TEST 11: a store that is damaged
--- flow
main::make_path("$::Var/bad");
my %bad = ('store/path' => "$::Var/bad");
my $whole = slurp("$::Var/store/data.mdb");
for my $case (['cut off', substr $whole, 0, 9000], ['not one', 'x' x 20000]) {
    TestPlaten::spew("$::Var/bad/data.mdb", $case->[1]);
    is main::doctor(\%bad), 1, "$case->[0]";
    ok scalar(main::lines(FAIL => qr/the check of store was ended|the store in \S+ cannot be read/)), 'is told';
    like $main::Out, qr/^ok    nginx loads/m, 'and the rest is checked';
}
TestPlaten::spew("$::Var/bad/data.mdb", '');
main::doctor(\%bad);
like $main::Out, qr{^warn  \S+/bad/data\.mdb is empty: }m, 'empty';

# The schema is the eight bytes after its key, as LMDB lays out a node.
(my $newer = $whole) =~ s/schema\0\0\0\0\0\0\0\K[\x00-\xff]/\x63/g or die 'no schema';
TestPlaten::spew("$::Var/bad/data.mdb", $newer);
is main::doctor(\%bad), 1, 'of a later Platen';
like $main::Out, qr/^FAIL  the store has schema 99, and this Platen reads \d+ — install the Platen/m, 'is told';



=== TEST 12: nginx and the module
--- flow
is main::doctor({}, '--module', "$::Var/none.so"), 1, 'no module';
like $main::Out, qr{^FAIL  nginx has no Platen: \S+/none\.so: No such file.* — .*--module PATH$}m, 'is told';
TestPlaten::spew("$::Var/wrong.so", 'this is no module');
is main::doctor({}, '--module', "$::Var/wrong.so"), 1, 'one that does not load';
like $main::Out, qr{^FAIL  nginx does not load \S+/wrong\.so: dlopen\(\) .* — build the module for this nginx}m, "is told in nginx's words";
is main::doctor({}, '--nginx', '/nonexistent/nginx'), 0, 'nginx in another container';
like $main::Out, qr{^warn  there is no nginx here: /nonexistent/nginx — apt install nginx}m, 'may be';
