# What platenctl says where something is broken: a store that is not there, empty, cut off or of a
# later version; a platend that does not move; an nginx that does not run.

use lib 't/lib';
use TestPlaten;
use TestFault;

our $Broken = "$Var/broken";
our @Copies = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);
our @Store = (['status'], ['top'], ['jobs'], ['queue'], ['inspect', '01900000-0000-7000-8000-000000000000'], ['retry', '--failed'],
    ['cancel', '01900000-0000-7000-8000-000000000000'], ['webhooks'], ['formats'], ['fsck'], ['backup', "$Var/backups"]);

# What each command that needs the store says of it.
sub all_say {
    my ($what, $why) = @_;
    for my $words (@::Store) {
        is platenctl('-c', "$Var/broken.cfg", @$words), 1, "$what: platenctl $words->[0] cannot";
        like $CtlErr, $why, 'and says why';
    }
}

sub problems { platenctl('status'); return [$CtlOut =~ /^PROBLEM   (.*)$/mg] }
sub doctors_fail { my (@options) = @_; platenctl('doctor', '-q', @options); return grep /^FAIL/, split /\n/, $CtlOut }

run_tests();

__DATA__

=== TEST 1: a platend that does not move
--- flow
platend_start(@::Copies);
my $numbers = "$Var/run/platend.sock.metrics";
ok eventually(30, sub { -s $numbers }), 'it tells its numbers';
is platenctl('status'), 0, 'all is well' or diag $CtlOut;
my $pid = platend_pid();
kill STOP => $pid;
ok eventually(30, sub { slurp("/proc/$pid/stat") =~ /\) T/ }), 'it is stopped';
is_deeply main::problems(), ["platend (pid $pid) was stopped by a signal, and does nothing: kill -CONT $pid"], 'status says so';
like $CtlOut, qr/^platend   HANGS, for /m, 'and nothing else';
my $status = main::ctl_json('status');
ok !$status->{healthy} && !$status->{platend}{converts}, 'and to programs';
is scalar(grep /^FAIL  platend was stopped by a signal, and does nothing — kill -CONT $pid$/, main::doctors_fail()), 1, 'and the doctor';
kill CONT => $pid;
ok eventually(30, sub { platenctl('status') == 0 }), 'it goes on' or diag $CtlOut;
platend_stop();



=== TEST 2: a store that is empty, cut off, of a later version, not there
--- flow
platend_start(@::Copies);
wait_job(text_job("text\n"));
platend_stop();
my $file = "$::Broken/data.mdb";
mkdir $::Broken;
spew($file, slurp("$::Var/store/data.mdb")); # not the one that nginx has mapped
spew("$::Var/broken.cfg", TestPlaten::zpl('store/path' => $::Broken, 'data/path' => "$::Var/data", 'queue/endpoint' => "ipc://$::Var/run/platend.sock"));
main::store_driver($::Broken, schema => 99);
main::all_say('a later version', qr/^platenctl: the store has schema 99 and this version reads \d+: a later version wrote it; upgrade Platen$/);
truncate $file, 8192;
main::all_say('cut off', qr/^platenctl: the store is damaged so that it cannot be read \(Bus error\): restore a backup \(platenctl help restore\)$/);
truncate $file, 0;
main::all_say('empty', qr{^platenctl: \Q$file\E is empty: platend makes a new store of it when it starts; a backup has what was there });
unlink $file;
main::all_say('not there', qr{^platenctl: there is no store in \Q$::Broken\E: platend has not been started yet with \Q$::Var/broken.cfg\E, or store/path is another directory there$});
is platenctl('-c', "$::Var/none.cfg", 'status'), 2, 'no configuration';
like $CtlErr, qr/none\.cfg: No such file .*name the configuration that platend is started with/s, 'and what to do';



=== TEST 3: the configuration of an nginx that does not run, and so has no file of its pid
--- flow
spew("$Var/stopped.conf", "load_module $TestPlaten::Build/ngx_http_platen_module.so;\npid $Var/stopped.pid;\nerror_log $Var/stopped-error.log;\nevents {}\n"
    . "http {\n access_log $Var/stopped-access.log;\n platen_store $Var/store;\n platen_data $Var/data;\n platen_queue ipc://$Var/run/platend.sock;\n"
    . " server { location / { platen_api; platen_api_keys off; } }\n}\n");
is platenctl('config', 'check', '--nginx-conf', "$Var/stopped.conf"), 0, 'it is checked' or diag $CtlOut;
like $CtlOut, qr/^ok    nginx takes its configuration$/m, 'and taken';
is_deeply [glob "$Var/stopped*"], ["$Var/stopped.conf"], 'nothing is left of that';
