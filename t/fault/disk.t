# Disks and maps that are full, that fail, and that may not be written; processes out of
# descriptors; readers that keep the store.  What cannot be stored is refused, what is there
# can be read, and all goes on when the cause is gone.

use lib 't/lib';
use PlatenServer;
use TestFault qw(errors disks);
use TestPlaten;

disk("$Var/small", 'size=2m');
disk("$Var/storedisk", 'size=1200k');
disk("$Var/work", 'size=80m');
disk("$Var/few", 'nr_inodes=60,size=50m');

our $Keys = "platen_api; platen_api_keys $Var/keys;";
our $Copy = qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done\nexec /bin/cp $Var/tiny.pdf "\$2"};

# An http_config with another store or data directory.
sub at {
    my (%at) = @_;
    my $store = $at{store} // "$Var/store";
    my $data = $at{data} // "$Var/data";
    return "platen_store $store " . ($at{map} // '') . "; platen_data $data; platen_queue off; platen_result_cache off;"
        . ' platen_min_free ' . ($at{free} // 0) . ';';
}

sub text { my ($n, $fill) = @_; return "text $n\n" x ($fill // 1) }
sub post { my ($body, @more) = @_; return http(POST => '/jobs?to=pdf&filename=a.txt', content => $body // text(1), @more) }
sub tells { my ($response) = @_; return join ' ', $response->code, (eval { json_of($response) } // {})->{code} // '-' }
sub worker { (nginx_pids())[-1] }

# Status 503 or 507, as a problem, with Retry-After.
sub refused {
    my ($response, $what, $status) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $status //= '503|507';
    like tells($response), qr/^(?:$status) (?:storage_full|store_unavailable|store_full|disk_low)\z/, $what;
    ok $response->header('Retry-After'), 'and when to come back';
}

run_tests();

__DATA__

=== TEST 1: fault 13: no space for an upload
--- http_config eval: main::at(data => "$::Var/small/data")
--- no_error_log
[emerg]
key-of-
--- flow
return 1 if cannot_mount();
my $worker = main::worker();
my $kept = json_of(main::post())->{job_id};
ok $kept, 'there is room for a small one';
for (1 .. 3) {
    main::refused main::post(main::text(1, 600_000)), 'too large for what is left', 507;
    ok eventually(5, sub { !files_below("$::Var/small/data/tmp") }), 'nothing is left of it';
}
fill("$::Var/small/filler");
main::refused main::post('x' x 70_000), 'a full disk', 507;
is job($kept)->{status}, 'PENDING', 'what is there can be read';
is json_of(get('/jobs'))->{total}, 1, 'and is all there is';
unlink "$::Var/small/filler";
ok eventually(5, sub { main::post()->code == 202 }), 'space was freed: it goes on';
ok same_worker($worker), 'in the same worker';



=== TEST 2: fault 13: no space for the rename, nor for its directory
--- http_config eval: main::at(store => "$::Var/store2", data => "$::Var/data2")
--- no_error_log
[emerg]
key-of-
--- flow
my $taken = 0;
for my $call ('mkdir', 'rename') {
    order($call, 28, "$::Var/data2/input");
    main::refused main::post(), "$call fails", 507;
    orders_done();
    ok eventually(5, sub { files_below("$::Var/data2") == files_below("$::Var/data2/input") }), 'nothing is left of it';
    is scalar(files_below("$::Var/data2/input")), $taken, 'nor as an input';
    is json_of(get('/jobs'))->{total}, $taken, 'nor as a job';
    is main::post()->code, 202, 'then it goes on';
    $taken++;
}



=== TEST 3: fault 13: no space for the commit
--- http_config eval: main::at(store => "$::Var/storedisk/store")
--- no_error_log
[emerg]
key-of-
--- flow
return 1 if cannot_mount();
my $id = json_of(main::post())->{job_id};
fill("$::Var/storedisk/filler");
my $inputs = files_below("$::Var/data/input");
my ($taken, $response) = (0);
for (1 .. 2000) {
    $response = main::post();
    last if $response->code != 202;
    $taken++;
}
main::refused $response, "the store's disk is full, after $taken more";
main::refused main::post(), 'and stays so' for 1 .. 3;
ok eventually(5, sub { !files_below("$::Var/data/tmp") }), 'nothing is left of them';
is scalar(files_below("$::Var/data/input")), $inputs + $taken, 'nor as inputs';
is job($id)->{status}, 'PENDING', 'what is there can be read';
is json_of(get('/jobs'))->{total}, $taken + 1, 'and is all there is';
unlink "$::Var/storedisk/filler";
is main::post()->code, 202, 'space was freed: it goes on';



=== TEST 4: fault 13: no space for the result
--- http_config eval: main::at(data => "$::Var/work/data", store => "$::Var/store4")
--- flow
return 1 if cannot_mount();
spew("$::Var/hold", '');
platend_start(only_script('held', $main::Copy), 'data/path' => "$::Var/work/data", 'store/path' => "$::Var/store4");
my $id = json_of(main::post())->{job_id};
ok eventually(10, sub { job($id)->{status} eq 'PROCESSING' }), 'it runs';
fill("$::Var/work/filler");
unlink "$::Var/hold";
ok eventually(20, sub { job($id)->{status} ne 'PROCESSING' }), 'it ends';
is job($id)->{status}, 'PENDING', 'and waits: the disk is at fault, not the document';
ok !spins(platend_pid()), 'without being tried all the time';
is_deeply [files_below("$::Var/work/data/output")], [], 'with no result';
unlink "$::Var/work/filler";
my $job = wait_job($id, 60);
is $job->{status}, 'SUCCESS', 'space was freed: it is converted';
is get($job->{download_url})->code, 200, 'and can be fetched';
platend_stop();



=== TEST 5: fault 14: EIO when an upload is synced: refused, and an alarm
--- no_error_log
[emerg]
key-of-
--- flow
for (['fdatasync', 'data/tmp', 'the file'], ['fsync', 'data/input', 'its directory'], ['fdatasync', 'store', 'the store']) {
    my ($call, $where, $what) = @$_;
    my $total = json_of(get('/jobs'))->{total};
    my $inputs = files_below("$::Var/data/input");
    my $alarms = () = error_log_text() =~ /\[alert\]/g;
    order($call, 5, "$::Var/$where");
    my $response = main::post();
    orders_done();
    like $response->code, qr/^50[03]\z/, "$what: refused: " . main::tells($response);
    is json_of(get('/jobs'))->{total}, $total, 'no job';
    is scalar(files_below("$::Var/data/input")), $inputs, 'no input';
    ok eventually(5, sub { !files_below("$::Var/data/tmp") }), 'nothing is left';
    cmp_ok scalar(() = error_log_text() =~ /\[alert\]/g), '>', $alarms, 'an alert in the log';
    is main::post()->code, 202, 'then it goes on';
}



=== TEST 6: fault 14: EIO when the store's last page is written
--- no_error_log
[emerg]
key-of-
--- flow
my $worker = main::worker();
my $id = json_of(main::post())->{job_id};
order('pwrite', 5, "$::Var/store");
my $response = main::post();
orders_done();
like $response->code, qr/^50[03]\z/, 'refused: ' . main::tells($response);
ok eventually(5, sub { get("/jobs/$id")->code == 200 }), 'reading goes on, after a second';
ok eventually(15, sub { main::post()->code == 202 }), 'and so does taking documents, after a while';
like error_log_text(), qr/\[alert\].*platen/, 'an alert in the log';



=== TEST 7: fault 14: EIO when a result is synced: the job is tried again, and an alarm
--- http_config eval: main::at(store => "$::Var/store7", data => "$::Var/data7")
--- flow
unlink "$::Var/hold";
platend_start(only_script('held', $main::Copy), 'store/path' => "$::Var/store7", 'data/path' => "$::Var/data7");
order('fdatasync', 5, "$::Var/data7/runs");
my $id = json_of(main::post())->{job_id};
ok eventually(15, sub { platend_log() =~ /cannot sync the output: Input\/output error/ }), 'it cannot be synced, and the log says so';
ok eventually(15, sub { job($id)->{status} eq 'PENDING' }), 'the job waits';
is_deeply [files_below("$::Var/data7/output")], [], 'and has no result';
orders_done();
is wait_job($id, 60)->{status}, 'SUCCESS', 'then it is converted';
order('fsync', 5, "$::Var/data7/output");
$id = json_of(main::post(main::text(2)))->{job_id};
ok eventually(15, sub { platend_log() =~ /cannot publish the output: Input\/output error/ }), 'its directory cannot be synced';
ok eventually(15, sub { job($id)->{status} eq 'PENDING' }), 'the job waits';
orders_done();
is wait_job($id, 60)->{status}, 'SUCCESS', 'then it is converted';
platend_stop();



=== TEST 8: fault 15: the map is full: 503, and reading goes on
--- http_config eval: main::at(store => "$::Var/tiny", map => 'map_size=1m', data => "$::Var/data8") . 'platen_max_queue 100000;'
--- no_error_log
[emerg]
key-of-
--- flow
my @ids;
my $response;
for (1 .. 3000) {
    $response = main::post();
    last if $response->code != 202;
    push @ids, json_of($response)->{job_id};
}
main::refused $response, 'full after ' . @ids, 503;
cmp_ok scalar(@ids), '>', 10, 'jobs';
main::refused main::post(), 'and stays so', 503 for 1 .. 5;
is scalar(files_below("$::Var/data8/input")), scalar(@ids), 'an input for each job, and no more';
ok eventually(5, sub { !files_below("$::Var/data8/tmp") }), 'nothing is left';
is json_of(get('/jobs'))->{total}, scalar(@ids), 'the list goes on';
is job($_)->{status}, 'PENDING', 'so does a status' for @ids[0, -1];
platend_start(only_script('held', $main::Copy), 'store/path' => "$::Var/tiny", 'data/path' => "$::Var/data8",
    'store/map_size' => '1m', 'outbox/keep' => 60);
my $deleted = grep { http(DELETE => "/jobs/$_")->code == 204 } @ids[0 .. $#ids / 2];
cmp_ok $deleted, '>', 0, "$deleted can be deleted";
ok eventually(20, sub { main::post()->code == 202 }), 'and then there is room again';
platend_stop();



=== TEST 9: fault 16: no inodes
--- http_config eval: main::at(data => "$::Var/few/data")
--- no_error_log
[emerg]
key-of-
--- flow
return 1 if cannot_mount();
my $worker = main::worker();
my $id = json_of(main::post())->{job_id};
my @made;
while (1) {
    my $path = "$::Var/few/" . @made;
    open my $out, '>', $path or last;
    push @made, $path;
}
cmp_ok scalar(@made), '>', 5, 'the disk has no inode left';
main::refused main::post(), 'refused', 503 for 1 .. 3;
is job($id)->{status}, 'PENDING', 'reading goes on';
ok !spins($worker), 'the worker does not spin';
unlink @made;
is main::post()->code, 202, 'then it goes on';
ok same_worker($worker), 'in the same worker';



=== TEST 10: fault 17: a disk that may only be read
--- http_config eval: main::at(data => "$::Var/work/data", store => "$::Var/store4")
--- no_error_log
[emerg]
key-of-
--- flow
return 1 if cannot_mount();
my ($done) = @{ json_of(get('/jobs?status=SUCCESS'))->{jobs} };
my $wanted = get($done->{download_url})->content;
is system('mount', '-o', 'remount,ro', "$::Var/work"), 0, 'data is read-only now';
main::refused main::post(), 'refused', 503 for 1 .. 3;
is job($done->{job_id})->{status}, 'SUCCESS', 'a status can be read';
is get($done->{download_url})->content, $wanted, 'a result fetched';
is system('mount', '-o', 'remount,rw', "$::Var/work"), 0, 'data can be written again';
is main::post()->code, 202, 'and it goes on';
# The store: no remount while it is open, so its writes are told that it has happened.
order($_, 30, "$::Var/store4") for qw(pwrite write);
main::refused main::post(), 'the store is read-only: refused', 503 for 1 .. 3;
is get($done->{download_url})->content, $wanted, 'a result fetched';
orders_done();
ok eventually(15, sub { main::post()->code == 202 }), 'and it goes on';



=== TEST 11: fault 18: no descriptors in a worker
--- config eval
"client_body_buffer_size 64k; keepalive_requests 10000;
 location / { $::Keys }"
--- no_error_log
[emerg]
key-of-
--- flow
my $worker = main::worker();
my $ua = LWP::UserAgent->new(timeout => 20, keep_alive => 1);
my $ask = sub {
    my $request = HTTP::Request->new(@_ ? (POST => base_url() . '/jobs?to=pdf&filename=a.txt') : (GET => base_url() . '/jobs'));
    $request->header('X-API-Key' => $::Key{alice});
    if (@_) { $request->content($_[0]); $request->header('Content-Length' => length $_[0]) }
    return $ua->request($request);
};
is $ask->()->code, 200, 'a connection';
limit_descriptors($worker);
main::refused $ask->("text\n"), 'nothing can be opened: refused', 503 for 1 .. 3;
is $ask->()->code, 200, 'reading goes on';
my @waiting = map raw_open(), 1 .. 5;
print {$_} "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" for @waiting;
$_->flush for @waiting;
ok !spins($worker), 'the worker does not spin';
limit_descriptors($worker, 'usual');
is_deeply [map read_response($_)->code, @waiting], [(200) x 5], 'those who waited are answered then';
is $ask->("text\n")->code, 202, 'and documents are taken';
ok same_worker($worker), 'by the same worker';



=== TEST 12: fault 18: no descriptors in platend
--- http_config eval: main::at(store => "$::Var/store7", data => "$::Var/data7")
--- flow
platend_start(only_script('held', $main::Copy), 'store/path' => "$::Var/store7", 'data/path' => "$::Var/data7");
my $pid = platend_pid();
is wait_job(json_of(main::post())->{job_id})->{status}, 'SUCCESS', 'it converts';
limit_descriptors($pid);
my $id = json_of(main::post(main::text(3)))->{job_id};
ok eventually(20, sub { platend_log() =~ /Too many open files/ }), 'nothing can be opened, and the log says so';
ok !spins($pid), 'it does not spin';
isnt job($id)->{status}, 'FAILED', 'the document is not at fault';
limit_descriptors($pid, 'usual');
is wait_job($id, 60)->{status}, 'SUCCESS', 'then it is converted';
is platend_pid(), $pid, 'by the same process';
platend_stop();



=== TEST 13: fault 19: every reader's slot is taken
--- http_config eval: main::at(store => "$::Var/store13")
--- no_error_log
[emerg]
key-of-
--- flow
is main::post()->code, 202, 'a store';
readers("$::Var/store13", 1024);
pass 'all slots are taken';



=== TEST 14: fault 19: by the living: refused; by the dead: taken back
--- http_config eval: main::at(store => "$::Var/store13")
--- no_error_log
[emerg]
key-of-
--- flow
readers("$::Var/store13", 1024); # what this nginx has left, which looks into the store at its start
my $late = PlatenServer->new(dir => "$::Var/late", store => "$::Var/store13");
$late->nginx_start;
like $late->http(GET => '/jobs')->code, qr/^50[03]\z/, 'a new worker has none and says so';
like $late->submit("text\n")->code, qr/^50[03]\z/, 'whatever it is asked';
my @holders = grep { (eval { slurp("/proc/$_/cmdline") } // '') =~ /fault_readers\0\Q$::Var\E/ } map { m{(\d+)} } glob '/proc/[0-9]*';
is scalar(@holders), 2, 'their holders';
kill KILL => @holders;
ok eventually(5, sub { $late->http(GET => '/jobs')->code == 200 }), 'are killed: there are slots again';
is $late->submit("text\n")->code, 202, 'for everything';
$late->nginx_stop;
is get('/jobs')->code, 200, 'who had one has it still';



=== TEST 15: fault 20: a reader that stays: an alarm, and a bounded store
--- http_config eval: main::at(store => "$::Var/store15", map => 'map_size=1m', data => "$::Var/data15") . 'platen_max_queue 100000;'
--- no_error_log
[emerg]
key-of-
--- flow
platend_start(only_script('held', $main::Copy), 'store/path' => "$::Var/store15", 'data/path' => "$::Var/data15", 'store/map_size' => '1m',
    'store/reader_alarm' => 2, 'reaper/interval' => 1, 'outbox/keep' => 60);
my $id = json_of(main::post())->{job_id};
is wait_job($id)->{status}, 'SUCCESS', 'it converts';
my $holder = readers("$::Var/store15", 1);
my ($answer, $n);
for ($n = 0; $n < 3000; $n++) {
    $answer = main::post();
    last if $answer->code != 202;
    http(DELETE => '/jobs/' . json_of($answer)->{job_id});
}
main::refused $answer, "the map is full of pages that the reader keeps, after $n jobs that came and went", 503;
ok eventually(15, sub { platend_log() =~ /"level":\s*"error"[^\n]*a reader keeps old pages of the store/ }), 'an alarm';
my ($line) = platend_log() =~ /^(.*a reader keeps old pages.*)$/m;
my $said = Cpanel::JSON::XS->new->decode($line // '{}');
is $said->{pid}, $holder, 'which says who it is';
cmp_ok -s "$::Var/store15/data.mdb", '<=', 1 << 20, 'the store has not grown over its map';
is job($id)->{status}, 'SUCCESS', 'reading goes on';
kill KILL => $holder;
ok eventually(30, sub { main::post()->code == 202 }), 'it is gone: there is room again';
platend_stop();



=== TEST 16: fault 13: room is kept for what was accepted, and given back
--- http_config eval: main::at(data => "$::Var/small/data", store => "$::Var/store16", free => '1m')
--- no_error_log
[emerg]
key-of-
--- flow
return 1 if cannot_mount();
is main::post()->code, 202, 'there is enough';
spew("$::Var/small/filler", 'x' x 1_300_000);
my $response;
ok eventually(5, sub { ($response = main::post())->code != 202 }), 'there is less than platen_min_free';
main::refused $response, 'refused', 507;
is get('/jobs')->code, 200, 'reading goes on';
unlink "$::Var/small/filler";
ok eventually(5, sub { main::post()->code == 202 }), 'there is enough again';
