# nginx and platend that do not use the same directories: both say so, with both values.

use lib 't/lib';
use TestPlaten;

# One engine, which needs no LibreOffice, and nothing else.
sub settings { return only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var) }

sub detail_of { return json_of(get('/health/ready', key => undef))->{detail} // '' }

run_tests();

__DATA__

=== TEST 1: the same directories by other names are the same
--- flow
symlink "$Var/data", "$Var/data-too" or die $!;
platend_start(main::settings(), 'data/path' => "$Var/data-too");
is get('/health/ready', key => undef)->code, 200, 'ready';
is_deeply json_of(get('/health/ready', key => undef))->{warnings}, [], 'without a warning';
platend_stop();
ok !-e "$Var/run/platend.sock.uses", 'nothing is left beside the socket';



=== TEST 2: other data: 503 with both, and jobs wait instead of failing
--- flow
mkdir "$Var/other-data";
platend_start(main::settings(), 'data/path' => "$Var/other-data");
my $response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'not ready';
like main::detail_of(), qr{^nginx uses platen_data \Q$Var\E/data \(device \d+, inode \d+\) and platend data/path \Q$Var\E/other-data }, 'both are named';
like error_log_text(), qr{platen: nginx uses platen_data \Q$Var\E/data .* data/path \Q$Var\E/other-data}, 'in the log of nginx';
ok eventually(10, sub { platend_log() =~ m{"msg":"not ready",.*"reasons":\["nginx uses platen_data \Q$Var\E/data .* data/path \Q$Var\E/other-data} }), 'in that of platend';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 1, 'doctor';
like $CtlOut, qr{^FAIL  nginx uses platen_data \Q$Var\E/data .*other-data}m, 'fails';
my $job = submit(content => "text\n", name => 'a.txt', to => 'pdf');
ok eventually(30, sub { platend_log() =~ /"msg":"job retried".*nginx and platend use different data directories/ }), 'a job is tried';
is job($job->{job_id})->{status}, 'PENDING', 'and waits';
is job($job->{job_id})->{error_code}, undef, 'it has not failed';
platend_stop();
platend_start(main::settings());
is wait_job($job->{job_id}, 90)->{status}, 'SUCCESS', 'until they agree';
is get('/health/ready', key => undef)->code, 200, 'ready';
platend_stop();



=== TEST 3: another map: a warning, as nothing fails yet
--- flow
platend_start(main::settings(), 'store/map_size' => '1g');
my $response = get('/health/ready', key => undef);
is $response->code, 200, 'ready';
my ($warning) = @{ json_of($response)->{warnings} };
like $warning, qr{^nginx opens the store with a map of 8589934592 bytes .* platend with one of 1073741824 }, 'with a warning';
is scalar(@{ json_of($response)->{warnings} }), 1, 'and no other';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 0, 'doctor';
like $CtlOut, qr{^warn  nginx opens the store with a map of 8589934592 }m, 'warns';
platend_stop();



=== TEST 4: another store: each says where the other is
--- flow
unlink "$Var/store/platend.lock";
platend_start(main::settings(), 'store/path' => "$Var/other-store");
my $response = get('/health/ready', key => undef);
problem_is $response, 503, 'service_not_ready', 'not ready';
like main::detail_of(), qr{^nginx uses platen_store \Q$Var\E/store \(device \d+, inode \d+\) and platend store/path \Q$Var\E/other-store }, 'both are named';
like error_log_text(), qr{platen: nginx uses platen_store \Q$Var\E/store .* store/path \Q$Var\E/other-store}, 'in the log of nginx';
get('/health/ready', key => undef) for 1, 2;
is scalar(() = error_log_text() =~ /\[error\] .*platen: nginx uses platen_store /g), 1, 'once';
my $job = submit(content => "text\n", name => 'a.txt', to => 'pdf');
ok eventually(10, sub {
    # A hint is sent only if platend is connected already.
    submit(content => "text\n", name => 'a.txt', to => 'pdf');
    platend_log() =~ m{"msg":"not as it should be",.*"reasons":\["nginx uses platen_store \Q$Var\E/store .* store/path \Q$Var\E/other-store};
}), 'and in that of platend, as soon as it is told of a job';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 0, 'doctor';
like $CtlOut, qr{^warn  nginx uses platen_store \Q$Var\E/store .*other-store}m, 'warns, for that store';
platend_stop();
platend_start(main::settings());
is get('/health/ready', key => undef)->code, 200, 'ready when it is here';
platend_stop();
platend_start(main::settings(), 'store/path' => "$Var/other-store");
is get('/health/ready', key => undef)->code, 503, 'and not when it is there again' for 1, 2;
is scalar(() = error_log_text() =~ /\[error\] .*platen: nginx uses platen_store /g), 2, 'which is said again, once';
platend_stop();



=== TEST 5: what is of another time of the machine says nothing
--- flow
platend_start(main::settings());
platend_kill();
my $file = "$Var/run/platend.sock.uses";
like slurp($file), qr{\Aboot [0-9a-f-]{36}\nmap 8589934592\nstore \d+:\d+ \Q$Var\E/store\ndata \d+:\d+ \Q$Var\E/data\n\z}, 'what is beside the socket';
spew($file, slurp($file) =~ s/^boot .*/boot of-another-time/r =~ s/^store \d+/store 1/mr);
like main::detail_of(), qr/^The sidecar is not running/, 'no platend';
spew($file, slurp($file) =~ s/\Aboot.*//r);
like main::detail_of(), qr/^The sidecar is not running/, 'nor does what is none';
