# A new nginx takes the place of the old one while clients submit and follow: fault 6.
#
#   PLATEN_EARLIER  a directory with another version's nginx, and the module made for it: that one is
#                   upgraded to this machine's (make upgrade), where both are of one version else

use lib 't/lib';
use File::Copy qw(copy);
use File::Temp;

# What is upgraded lies in a place of its own, where files take the place of files, as a package's do.
our ($Place, %New);
BEGIN {
    if (my $earlier = $ENV{PLATEN_EARLIER}) {
        $Place = File::Temp->newdir('platen-upgrade-XXXXXX', DIR => '/var/tmp');
        %New = (nginx => $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx',
            'ngx_http_platen_module.so' => ($ENV{PLATEN_BUILD} || 'build') . '/ngx_http_platen_module.so');
        for (keys %New) { copy("$earlier/$_", "$Place/$_") && chmod 0755, "$Place/$_" or die "$earlier/$_: $!" }
        $ENV{TEST_NGINX_BINARY} = "$Place/nginx";
        $ENV{TEST_NGINX_LOAD_MODULES} = "$Place/ngx_http_platen_module.so";
    }
}

use EventStream;
use TestFault;
use TestFollowers;
use TestPlaten;
use TestUploaders;

master_on();
workers(2);

sub pid_in { my ($file) = @_; return (eval { slurp($file) } // 0) + 0 }
sub gone { my ($pid) = @_; return !kill(0, $pid) || (eval { slurp("/proc/$pid/stat") } // '') =~ /\) Z / }
sub workers_of { my ($old, $new) = @_; return grep { $_ != $new && !gone($_) } children_of($old) }

# The version that a binary is of, and the one that answers.
sub version_of { my ($binary) = @_; return qx($binary -v 2>&1) =~ m{nginx/([\d.]+)} ? $1 : '' }
sub answering { return (get('/health')->header('Server') // '') =~ m{nginx/([\d.]+)} ? $1 : '' }

sub put_in_place {
    for (sort keys %New) {
        copy($New{$_}, "$Place/$_.new") && chmod(0755, "$Place/$_.new") && rename "$Place/$_.new", "$Place/$_" or die "$_: $!";
    }
}

run_tests();

__DATA__

=== TEST 1: taken over, taken back, taken over for good (USR2, WINCH, HUP, QUIT)
--- http_config eval: $::HttpConfig . 'platen_max_queue 100000;'
--- no_error_log
[emerg]
key-of-
--- flow
my $file = "$Test::Nginx::Util::ServRoot/logs/nginx.pid";
platend_start(only_script('copies', qq{exec /bin/cp $::Var/tiny.pdf "\$2"}));
my $since = newest();
my @followers = map follow('/events', "$::Var/seen.$_", $since), 1, 2;
my @pids = uploaders(2, 1600);
more_uploads(5);
my $was = main::answering();
my $will = $was;
if ($main::Place) {
    $will = main::version_of($main::New{nginx});
    isnt $will, $was, "from $was to $will";
    main::put_in_place();
    more_uploads(5);
}

# The one that a new binary makes beside this one, as a child of it.
my $beside = sub {
    my ($old) = @_;
    kill USR2 => $old;
    ok eventually(20, sub { my $now = main::pid_in($file); $now && $now != $old && kill 0, $now }), 'a new master';
    more_uploads(5);
    return main::pid_in($file);
};
my $retire = sub {
    my ($old, $new) = @_;
    kill WINCH => $old;
    ok eventually(30, sub { !main::workers_of($old, $new) }), 'the old one has no worker';
    more_uploads(5);
};

my $old = main::pid_in($file);
my $new = $beside->($old);
$retire->($old, $new);

is main::answering(), $will, 'the new one answers';
kill HUP => $old;
ok eventually(20, sub { scalar main::workers_of($old, $new) }), 'the old one has workers again';
more_uploads(5);
kill QUIT => $new;
ok eventually(30, sub { main::gone($new) }), 'the new one leaves';
ok eventually(10, sub { main::pid_in($file) == $old }), 'it is as it was';
is main::answering(), $was, 'the old one answers';
more_uploads(5);

$new = $beside->($old);
$retire->($old, $new);
kill QUIT => $old;
ok eventually(30, sub { main::gone($old) }), 'the old one leaves';
is main::answering(), $will, 'and the new one answers for good';
more_uploads(5);

my ($accepted, $refused) = uploaded(@pids);
is_deeply $refused, [], 'no request failed';
is_deeply [lost($accepted)], [], 'each of ' . keys(%$accepted) . ' uploads is there, as it was sent';
is_deeply [grep { wait_job($_)->{status} ne 'SUCCESS' } sort keys %$accepted], [], 'and is converted';

my $until = newest();
my @log = grep { (split)[0] > $since } whole_log($until);
for my $n (1, 2) {
    ok eventually(15, sub { ((lines("$::Var/seen.$n"))[-1] // '') =~ /^$until / }), "subscriber $n has come back";
    is_deeply [lines("$::Var/seen.$n")], \@log, 'and has seen each event, once';
    cmp_ok scalar(() = slurp("$::Var/seen.$n") =~ /^# last/mg), '>=', 1, 'its streams ended in order';
}
kill KILL => @followers;
waitpid $_, 0 for @followers;
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left';
is_deeply [error_log_text() =~ /\[alert\].*/g], [], 'no alert';
