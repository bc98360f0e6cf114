# platenctl status, top, cancel, delete, keys, config check and formats: what an operator does with
# a service that runs.

use lib 't/lib';
use TestPlaten;
use IO::Pty;

master_on();

# Runs for as long as $Var/keep is there.
our @Held = only_script(held => 'while [ -e ' . "$Var/keep" . ' ]; do /bin/sleep 0.1; done; exec /bin/cp $TINY_PDF "$2"', $Var);
our %Set = (@Held, 'log/audit' => "$Var/audit.log");

sub audit_lines { -e "$Var/audit.log" ? map Cpanel::JSON::XS::decode_json($_), split /\n/, slurp("$Var/audit.log") : () }

# What platenctl top writes to a terminal until it ends, after the keys.
sub on_terminal {
    my ($keys, @words) = @_;
    my $pty = IO::Pty->new;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        $pty->make_slave_controlling_terminal;
        my $tty = $pty->slave;
        open STDIN, '<&', $tty or die;
        open STDOUT, '>&', $tty or die;
        exec $TestPlaten::Ctl, '-c', "$Var/platend.cfg", @words or POSIX::_exit(127);
    }
    $pty->close_slave;
    my $seen = '';
    eventually(30, sub { sysread $pty, $seen, 4096, length $seen; $seen =~ /queue.*backups/s }) or die "nothing: $seen";
    syswrite $pty, $keys;
    1 while sysread $pty, $seen, 4096, length $seen;
    waitpid $pid, 0;
    return ($? >> 8, $seen);
}

spew("$Var/own-keys", "# ours\nalice:" . sha256_hex('key-of-alice') . "\n");
chmod 0604, "$Var/own-keys";

run_tests();

__DATA__

=== TEST 1: the command line
--- flow
for my $words (['status', 'x'], ['top', 'x'], ['top', '-d', '0'], ['cancel'], ['cancel', 'x'], ['delete', 'x'], ['keys'], ['keys', 'add'],
    ['keys', 'add', 'a b'], ['keys', 'list', 'x'], ['keys', 'add', 'x', '--key', 'abcd'], ['config'], ['config', 'x'], ['formats', 1, 2, 3]) {
    is platenctl(@$words), 2, "a mistake: platenctl @$words";
    is $CtlOut, '', 'nothing on standard output';
}
for my $command (qw(status top cancel delete keys config formats)) {
    is platenctl($command, '--help'), 0, "$command --help";
    like $CtlOut, qr/^Usage: platenctl $command /, 'says how';
}



=== TEST 2: status: not healthy without platend, and healthy with it
--- flow
my $id = main::text_job("1\n");
is platenctl('status'), 1, 'without platend';
like $CtlOut, qr/^platend   DOWN$/m, 'it is down';
like $CtlOut, qr/^PROBLEM   platend does not run: systemctl start platend$/m, 'and what to do';
like $CtlOut, qr/^queue     1 waiting, 0 for a later try, 0 running; the oldest waits for \d+ s$/m, 'who waits';
like $CtlOut, qr/^nginx     up \(pid \d+\)$/m, 'nginx is seen';
my $status = main::ctl_json('status');
ok !$status->{healthy} && !$status->{platend}{up}, 'the same for programs';
spew("$Var/keep", '');
platend_start(%::Set);
eventually(30, sub { job($id)->{status} eq 'PROCESSING' }) or fail 'it runs';
eventually(30, sub { (main::ctl_json('status')->{pool}{busy} // 0) == 1 }) or fail 'a worker is busy';
$status = main::ctl_json('status');
ok $status->{healthy}, 'healthy' or diag explain $status;
is_deeply [@{ $status->{queue} }{qw(waiting running oldest_wait_seconds)}], [0, 1, undef], 'its queue';
is $status->{platend}{pid}, platend_pid(), 'its pid';
is $status->{pool}{workers}, 2, 'its workers';
ok $status->{disk}{free_bytes} > 0 && $status->{store}{map_bytes} > 0, 'room';
is platenctl('status'), 0, 'for people';
like $CtlOut, qr/^platend   up, and all is well, for /m, 'which says so';
is platenctl('top'), 0, 'top, where there is no terminal, prints once';
like $CtlOut, qr/^RUNNING .*\n$id  \d+ s  +alice +txt>pdf +a\.txt$/m, 'with what runs';
unlike $CtlOut, qr/\e/, 'and no sequences';
my ($code, $seen) = main::on_terminal('q', 'top');
is $code, 0, 'on a terminal it ends with q';
like $seen, qr/\e\[H.*q ends.*$id/s, 'and has shown the same';
unlink "$Var/keep";
wait_job($id);
return Test::Builder->new->skip('needs to be root, to mount file systems') if $> != 0;
mkdir "$Var/small";
spew("$Var/no-room.cfg", slurp("$Var/platend.cfg") =~ s{\Q$Var\E/data\b}{$Var/small}r);
my $said = qx(unshare -m sh -c 'mount -t tmpfs -o size=1m none $Var/small && exec $TestPlaten::Ctl -c $Var/no-room.cfg status');
is $? >> 8, 1, 'with a disk that is full';
like $said, qr/^platend   up, for .*^PROBLEM   the disk of \S+ has .* free: make room$/ms, 'that alone is told';



=== TEST 3: cancel what waits and runs, delete what has ended; each is in the trail
--- flow
spew("$Var/keep", '');
my $id = main::text_job("2\n");
eventually(30, sub { job($id)->{status} eq 'PROCESSING' }) or fail 'it runs';
my @children = children_of(platend_pid());
is platenctl('cancel', $id), 0, 'cancel' or diag $CtlErr;
is $CtlOut, "$id  cancelled\n", 'is told';
is get("/jobs/$id")->code, 404, 'it is gone';
ok eventually(30, sub { platenctl('status'); (main::ctl_json('status')->{pool}{busy} // 1) == 0 }), 'its conversion is killed';
is scalar(grep /\Q$id\E/, files_below("$Var/data")), 0, 'no file is left';
unlink "$Var/keep";
my $done = main::text_job("3\n");
wait_job($done);
is platenctl('cancel', $done), 1, 'not what has ended';
like $CtlErr, qr/$done is not cancelled: it has ended: platenctl delete/, 'which is told';
is_deeply main::ctl_json('delete', $done), [{ job_id => $done, deleted => Cpanel::JSON::XS::true, reason => '' }], 'delete';
is get("/jobs/$done")->code, 404, 'it is gone, too';
is platenctl('delete', $done), 1, 'and not twice';
my @lines = main::audit_lines();
is_deeply [map "$_->{msg} $_->{job_id} $_->{client} $_->{status}", @lines],
    ["job cancelled $id alice PROCESSING", "job deleted $done alice SUCCESS"], 'the trail has both';
ok !(grep !$_->{audit} || !$_->{by} || $_->{source} ne 'platenctl' || $_->{ts} !~ /Z\z/, @lines), 'with who it was, and when';



=== TEST 4: failures of the last hour by their code
--- flow
platend_stop();
platend_start(only_script(fails => 'exit 65', $Var));
my $id = main::text_job("4\n");
is wait_job($id)->{status}, 'FAILED', 'failed';
my $status = main::ctl_json('status');
is_deeply $status->{failures_last_hour}, { jobs => 1, more => Cpanel::JSON::XS::false, codes => { job($id)->{error_code} => 1 } }, 'are counted';
is platenctl('formats', 'txt', 'PDF'), 0, 'formats';
is $CtlOut, "FROM      TO        ENGINES                   BY WAY OF\ntxt       pdf       fails                     -\n", 'what it converts';
is main::ctl_json('formats', 'txt', 'pdf')->[0]{engines}, 'fails', 'for programs';
is platenctl('formats', 'docx'), 1, 'nothing of another';



=== TEST 5: keys are made, listed and taken away; nginx reads them again
--- http_config eval
"platen_store $::Var/store; platen_data $::Var/data; platen_queue off;"
--- config eval
"location / { platen_api; platen_api_keys $::Var/own-keys; }"
--- flow
unlink "$Var/audit.log";
platend_stop();
platend_start(%::Set);
is platenctl('keys', 'add', 'carol'), 0, 'add' or diag $CtlErr;
my ($key) = $CtlOut =~ /\A([0-9a-f]{48})\n\z/ or fail "one key: $CtlOut";
like $CtlErr, qr/the key of carol, number 1 of it in \Q$Var\E\/own-keys; it is shown once/, 'said to a person';
my $text = slurp("$Var/own-keys");
like $text, qr/\A# ours\nalice:.*\ncarol:@{[sha256_hex($key)]}\n\z/, 'the file has its digest';
unlike $text, qr/\Q$key\E/, 'and not the key';
is +(stat "$Var/own-keys")[2] & 07777, 0604, 'its mode is as it was';
ok eventually(30, sub { get('/jobs', key => $key)->code == 200 }), 'nginx takes it';
is_deeply [map "$_->{client} $_->{line}", @{ main::ctl_json('keys', 'list') }], ['alice 2', 'carol 3'], 'list';
unlike $CtlOut, qr/@{[sha256_hex($key)]}/, 'without whole digests';
is platenctl('--json', 'keys', 'add', 'carol', '--no-reload'), 0, 'another one of the same client';
my $second = Cpanel::JSON::XS::decode_json($CtlOut);
is platenctl('keys', 'revoke', 'carol', '--key', $second->{fingerprint}, '--no-reload'), 0, 'that one goes';
is $CtlOut, "1 revoked\n", 'alone';
is platenctl('keys', 'revoke', 'carol'), 0, 'all of it';
ok eventually(30, sub { get('/jobs', key => $key)->code == 401 }), 'nginx takes it no more';
is platenctl('keys', 'revoke', 'carol'), 1, 'not twice';
is platenctl('keys', 'revoke', 'alice'), 1, 'the last one stays';
like $CtlErr, qr/would have no key, and nginx would not start/, 'which is told';
is slurp("$Var/own-keys"), "# ours\nalice:" . sha256_hex('key-of-alice') . "\n", 'the file is as it was';
is_deeply [map "$_->{msg} $_->{client}", main::audit_lines()], ['key added carol', 'key added carol', 'key revoked carol', 'key revoked carol'], 'the trail';
unlike slurp("$Var/audit.log"), qr/\Q$key\E/, 'has no key';
is scalar(grep m{/own-keys\.}, files_below($Var)), 0, 'nothing is left beside it';
spew("$Var/bad-keys", "alice:123\n");
is platenctl('keys', 'add', 'x', '--file', "$Var/bad-keys"), 1, 'a file that nginx would refuse';
like $CtlErr, qr{bad-keys:1 is no line of name:sha256}, 'is refused here, with the line';
is platenctl('keys', 'add', 'new', '--file', "$Var/new-keys", '--no-reload'), 0, 'a file that is not there';
is +(stat "$Var/new-keys")[2] & 07777, 0600, 'is made, and nobody else reads it';



=== TEST 6: many at once: none is lost
--- flow
for my $round (0 .. 2) {
    # The first time in a file that is there; else whoever is the first makes it.
    $round == 0 ? spew("$Var/shared-keys", '') : unlink "$Var/shared-keys";
    my @pids = map {
        my $n = $_;
        my $pid = fork // die;
        if ($pid == 0) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec $TestPlaten::Ctl, '-c', "$Var/platend.cfg", 'keys', 'add', "client$n", '--file', "$Var/shared-keys", '--no-reload' or POSIX::_exit(127);
        }
        $pid;
    } 1 .. 12;
    waitpid $_, 0 for @pids;
    is_deeply [sort map /^(\w+):/, split /\n/, slurp("$Var/shared-keys")], [sort map "client$_", 1 .. 12], 'twelve clients';
}



=== TEST 7: config check: both together
--- http_config eval
"platen_store $::Var/store; platen_data $::Var/data; platen_queue ipc://$::Var/run/platend.sock; platen_quota 2g;"
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; } location /b/ { platen_api; platen_api_keys $::Var/keys; platen_realm b; }"
--- flow
spew("$Var/good.cfg", TestPlaten::zpl('store/path' => "$Var/store", 'data/path' => "$Var/data",
    'queue/endpoint' => "ipc://$Var/run/platend.sock", 'limits/client_size' => '2g'));
is platenctl('-c', "$Var/good.cfg", 'config', 'check'), 0, 'nothing fails' or diag $CtlOut;
like $CtlOut, qr{^warn  the keys of \Q$Var\E/keys are clients of no realm in location /, and of realm b in location /b/ — }m, 'one file in two realms';
unlike $CtlOut, qr/limits|FAIL/, 'limits agree';

spew("$Var/old.cfg", slurp("$Var/good.cfg") =~ s/^limits\n\K/    setbacks = 9\n/mr);
is platenctl('-c', "$Var/old.cfg", 'config', 'check'), 0, 'a key with the name that it had';
like $CtlOut, qr{^warn  limits/setbacks in platend\.cfg is limits/host_failures now — rename it}m, 'is told' or diag $CtlOut;

spew("$Var/bad.cfg", TestPlaten::zpl('store/path' => "$Var/store", 'data/path' => "$Var/elsewhere",
    'queue/endpoint' => "ipc://$Var/run/platend.sock", 'limits/output_size' => '10m'));
mkdir "$Var/elsewhere";
is platenctl('-c', "$Var/bad.cfg", 'config', 'check', '-q'), 1, 'paths';
like $CtlOut, qr{^FAIL  nginx has platen_data \Q$Var\E/data, and }m, 'are told';
like $CtlOut, qr{^warn  location /: platen_max_file_size is 50\.0 MiB, and limits/output_size in platend\.cfg 10\.0 MiB — }m, 'sizes';
like $CtlOut, qr{^warn  location /: platen_quota is 2\.0 GiB, and limits/client_size in platend\.cfg no limit — }m, 'quotas';
spew("$Var/bad.cfg", "workers = none\n");
is platenctl('-c', "$Var/bad.cfg", '--json', 'config', 'check'), 1, 'one that platend refuses';
is_deeply [map "$_->{check} $_->{status}", @{ Cpanel::JSON::XS::decode_json($CtlOut) }], ['platend.cfg FAIL'], 'is the finding';
my $paths = join '', map { mkdir "$Var/of-$_"; " ${_}_temp_path $Var/of-$_;\n" } qw(client_body proxy fastcgi uwsgi scgi);
spew("$Var/hooks.conf", "load_module $TestPlaten::Build/ngx_http_platen_module.so;\npid /dev/null;\nerror_log stderr;\nevents {}\n"
    . "http {\n access_log off;\n platen_store $Var/store;\n platen_data $Var/data;\n platen_queue ipc://$Var/run/platend.sock;\n$paths server { platen_webhooks on; platen_quota 2g; location / { platen_api; platen_api_keys off; } } }\n");
is platenctl('-c', "$Var/good.cfg", 'config', 'check', '--nginx-conf', "$Var/hooks.conf"), 1, 'webhooks without a secret';
like $CtlOut, qr{^FAIL  location / takes webhooks, and platend sends none without webhook/secret — }m, 'are told';
