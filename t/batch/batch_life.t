# Batches obey what single jobs do: cancel, retry, turns, limits, ttl, quota, idempotency, kills; and
# however many files there are, memory is the same.

use lib 't/lib';
use TestPlaten;
use TestBatch;
use Hostile ();

use Socket ();

# Waits while $Var/hold is there (a document with "slow" in it also for $Var/hold-slow), and fails while
# $Var/broken is.
our @Engine = (only_script(engine => qq{while [ -e $Var/hold ]; do /bin/sleep 0.02; done
if /bin/grep -q slow "\$1"; then while [ -e $Var/hold-slow ]; do /bin/sleep 0.02; done; fi
[ ! -e $Var/broken ] || exit 1
/bin/cat \$TINY_PDF "\$1" > "\$2"}, $Var));

sub batch_of { my ($n, %arg) = @_; return submit(content => zip_of(map { ("$_.txt" => "file $_ of " . rand() . "\n") } 1 .. $n), name => 'set.zip', to => 'pdf', %arg) }
sub hold { spew("$Var/hold", '') }
sub release { unlink "$Var/hold" }
sub restart { platend_stop(); unlink map "$Var/$_", qw(hold hold-slow broken); platend_start(@Engine, @_) }
sub counts { return job($_[0])->{counts} }
# Deletes all that either client has.
sub forget {
    for my $key (qw(alice bob)) {
        http(DELETE => "/jobs/$_->{job_id}", key => $key) for @{ json_of(get('/jobs?limit=1000', key => $key))->{jobs} };
    }
    eventually(20, sub { !left() }) or die join "\n", left();
}
sub left { return files_below("$Var/data/input", "$Var/data/output") }
# Memory of its own that a process has, in KiB.
sub memory { my ($pid) = @_; return (slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m)[0] }
# An archive of so many entries, which is taken apart while no file of it is converted.
sub taken_apart {
    my ($entries) = @_;
    my $zip = Hostile::zip_file(map { { name => "d" . ($_ % 10) . "/$_.txt", data => "file $_\n", method => 0 } } 1 .. $entries);
    my $id = submit(content => $zip, name => 'many.zip', to => 'pdf')->{job_id};
    ok eventually(120, sub { counts($id)->{total} == $entries }), "an archive of $entries is taken apart";
    return $id;
}

run_tests();

__DATA__

=== TEST 1: a batch is cancelled with all that runs of it
--- flow
main::restart();
main::hold();
my $id = main::batch_of(40)->{job_id};
ok eventually(10, sub { main::counts($id)->{processing} >= 2 && main::counts($id)->{total} == 40 }), 'its files run';
my $job = job($id);
is $job->{status}, 'PROCESSING', 'and so it does';
is $job->{counts}{pending} + $job->{counts}{processing}, 40, 'nothing has ended';
is $job->{progress}, 0, 'no progress yet';
is http(DELETE => "/jobs/$id")->code, 204, 'it is deleted';
ok eventually(5, sub { !grep { -e "$_/in.txt" || -l "$_/in.txt" } glob "$Var/data/runs/*" }), 'its conversions end';
main::release();
ok eventually(10, sub { !main::left() }), 'nothing is left of its files';
is json_of(get('/usage'))->{used_bytes}, 0, 'nor in the usage';
fsck_clean('nor in the store');



=== TEST 2: what has failed is done again, and nothing else
--- flow
main::restart();
my $id = main::batch_of(4)->{job_id};
wait_job($id, 20);
is job($id)->{status}, 'SUCCESS', 'all is well';
is http(POST => "/jobs/$id/retry")->code, 409, 'and cannot be done again';
spew("$Var/broken", '');
$id = submit(content => zip_of('a.txt' => "x\n", 'b.docx' => 'none', 'c.txt' => "y\n"), name => 'set.zip', to => 'pdf')->{job_id};
my $job = wait_job($id, 20);
is "$job->{status} $job->{error_code}", 'FAILED all_files_failed', 'an engine that is broken fails them all';
unlink "$Var/broken";
is http(POST => "/jobs/$id/retry")->code, 202, 'the batch is retried';
$job = wait_job($id, 20);
is $job->{status}, 'PARTIAL_SUCCESS', 'those that can be are converted now';
is $job->{counts}{success}, 2, 'two';
my @first = map { (stat)[9] . " $_" } main::left();
is http(POST => "/jobs/$id/retry")->code, 202, 'once more';
is wait_job($id, 20)->{counts}{success}, 2, 'those that are done stay so';
my @then = map { (stat)[9] . " $_" } main::left();
is scalar(@then), scalar(@first), 'with as many files';
fsck_clean('the store is sound');



=== TEST 3: other clients have their turns
--- flow
main::restart('workers' => 1, 'standby' => 0);
main::hold();
my $big = main::batch_of(60)->{job_id};
ok eventually(10, sub { main::counts($big)->{total} == 60 }), 'a batch of sixty waits';
my $small = submit(content => "one\n", name => 'a.txt', to => 'pdf', key => 'bob')->{job_id};
main::release();
wait_job($small, 20, key => 'bob');
cmp_ok main::counts($big)->{success}, '<', 30, 'one document of another client does not wait for all of it';
is wait_job($big, 60)->{status}, 'SUCCESS', 'which goes on to its end';



=== TEST 4: limits that are of jobs count a batch as one
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_max_queue 3 client=2;/r
--- flow
main::restart();
main::hold();
my $id = main::batch_of(30)->{job_id};
ok eventually(10, sub { main::counts($id)->{total} == 30 }), 'thirty files wait';
is post_form('/jobs', [ file => [undef, 'a.txt', Content => 'x'], target_format => 'pdf' ], key => 'bob')->code, 202,
    'there is room in the queue for others';
is post_form('/jobs', [ file => [undef, 'a.txt', Content => 'x'], target_format => 'pdf' ])->code, 202, 'and for oneself';
main::release();
is wait_job($id, 30)->{status}, 'SUCCESS', 'it ends';



=== TEST 5: a client that may have one conversion at a time
--- flow
main::restart('limits/per_client' => 1);
my @ids = map { main::batch_of(3)->{job_id} } 1 .. 3;
is wait_job($_, 30)->{counts}{success}, 3, 'has its batches done' for @ids;
is json_of(get('/jobs?status=PROCESSING'))->{total}, 0, 'and none is left at work';
fsck_clean('the store is sound');



=== TEST 6: ttl, quota and idempotency
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_quota 20k;/r
--- flow
main::restart('reaper/interval' => 1);
main::forget();
my $zip = zip_of('a.txt' => "x\n", 'b.txt' => "y\n");
my @again = map post_form('/jobs', [ file => [undef, 'set.zip', Content => $zip], target_format => 'pdf', ttl => 1 ],
    'Idempotency-Key' => 'a batch'), 1, 2;
is json_of($again[0])->{job_id}, json_of($again[1])->{job_id}, 'the same key gives the same batch';
is $again[1]->header('Idempotent-Replayed'), 'true', 'and says so';
my $id = json_of($again[0])->{job_id};
my $job = wait_job($id, 20);
my $bytes = length($zip) + $job->{output_size};
$bytes += $_->{output_size} + 2 for @{ $job->{files} };
is json_of(get('/usage'))->{used_bytes}, $bytes, 'archive, files and results count, to the byte';
ok eventually(10, sub { get("/jobs/$id")->code == 404 && !main::left() }), 'it expires with its files';
is json_of(get('/usage'))->{used_bytes}, 0, 'and counts no more';
problem_is(post_form('/jobs', [ file => [undef, 'set.zip', Content => zip_of('a.txt' => join '', map chr(rand 256), 1 .. 30_000)],
    target_format => 'pdf' ]), 507, 'quota_exceeded', 'an archive beyond the quota is refused');
fsck_clean('the store is sound');



=== TEST 7: a kill between the last file and the archive
--- flow
main::restart();
main::hold();
my $id = main::batch_of(3)->{job_id};
ok eventually(10, sub { main::counts($id)->{processing} >= 2 }), 'files run';
platend_kill();
main::release();
platend_start(@::Engine);
is wait_job($id, 20)->{status}, 'SUCCESS', 'the next platend goes on';
is job($id)->{counts}{success}, 3, 'with all of them';
my %in = unzip(get("/jobs/$id/download")->content);
is scalar(keys %in), 4, 'which are delivered';



=== TEST 8: what is there can be had before the rest
--- config eval
"$::ApiConfig location /slowly/ { platen_api; platen_api_keys $::Var/keys; limit_rate 8k; }"
--- flow
main::restart();
main::forget();
spew("$::Var/hold-slow", '');
my $slow_id = submit(content => zip_of('a.txt' => "x\n", 'slow.txt' => 'slow'), name => 'small.zip', to => 'pdf')->{job_id};
ok eventually(20, sub { main::counts($slow_id)->{success} == 1 }), 'one of two is done';
my @names = map "d/$_.txt", 1 .. 40;
my $id = submit(content => zip_of((map { ($_ => "$_ " . 'x' x 300_000) } @names), 'd/slow.txt' => 'slow', 'd/1.md' => '# 1', 'r' => 'x'),
    name => 'set.zip', to => 'pdf')->{job_id};
problem_is(get("/jobs/$id/download?partial=1"), 400, 'not_ready', 'nothing is there');
ok eventually(20, sub { main::counts($id)->{success} == 40 }), 'all but one are done';
problem_is(get("/jobs/$id/download"), 400, 'not_ready', 'the archive is not there yet');
my $partial = get("/jobs/$id/download?partial=1");
is $partial->code, 200, 'a part of it is';
is $partial->header('Content-Type'), 'application/zip', 'as an archive';
spew("$::Var/partial.zip", $partial->content);
is system('unzip', '-tqq', "$::Var/partial.zip"), 0, 'that is sound';
my %in = unzip($partial->content);
is_deeply [sort keys %in], [sort map s/txt\z/pdf/r, @names], 'with all that are done';
is $in{'d/7.pdf'}, get((grep $_->{filename} eq 'd/7.txt', @{ job($id)->{files} })[0]{download_url})->content, 'as they are';
is http(HEAD => "/jobs/$id/download?partial=1")->code, 200, 'HEAD';
problem_is(get("/jobs/$id/download?partial=1", key => 'bob'), 404, 'job_not_found', 'it is no one else\'s');

# One who takes it slowly: 12 MB do not fit in any buffer.
my $socket = raw_open();
setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 131072;
$socket->print("GET /jobs/$id/download?partial=1 HTTP/1.0\r\nX-API-Key: $Key{alice}\r\n\r\n");
my ($slow, $n) = ('', 0);
while (sysread $socket, $slow, 65536, length $slow) { sleep 0.01 if $n++ % 16 == 0 }
is sha256_hex($slow =~ s/\A.*?\r\n\r\n//sr), sha256_hex($partial->content), 'a slow reader gets the same';

# At a rate that leaves the last octets for later.
is sha256_hex(http(GET => "/slowly/jobs/$slow_id/download?partial=1")->content), sha256_hex(http(GET => "/jobs/$slow_id/download?partial=1")->content),
    'at a limited rate it ends, too';

# It is deleted while it is sent.
$socket = raw_open();
setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 131072;
$socket->print("GET /jobs/$id/download?partial=1 HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\n\r\n");
sysread $socket, my $cut, 1000;
is http(DELETE => "/jobs/$id")->code, 204, 'it is deleted meanwhile';
http(DELETE => "/jobs/$slow_id");
ok eventually(10, sub { !main::left() }), 'with its files';
1 while sysread $socket, $cut, 65536, length $cut;
unlike $cut, qr/\r\n0\r\n\r\n\z/, 'the answer then has no end';

unlink "$::Var/hold-slow";
$id = main::batch_of(2)->{job_id};
wait_job($id, 20);
is get("/jobs/$id/download?partial=1")->content, get("/jobs/$id/download")->content, 'at the end it is the usual one';
my $single = wait_job(submit(content => "x\n", name => 'a.txt', to => 'pdf')->{job_id}, 20);
is get("$single->{download_url}?partial=1")->content, get($single->{download_url})->content, 'as for what is no batch';



=== TEST 9: ten thousand entries
--- timeout: 240
--- flow
main::restart('workers' => 2);
main::hold();
# What a slice of an archive takes (changed pages, threads) is there after the first thousand.
main::taken_apart(1000);
main::forget();
my ($pid) = platend_pid();
my ($before, %before) = (main::memory($pid), map { $_ => main::memory($_) } nginx_pids());
my $sent = time;
my $id = main::taken_apart(10_000);
diag sprintf 'taken apart after %.1f s', time - $sent;
diag sprintf 'platend has %d KiB more, nginx %s', main::memory($pid) - $before, join ' ', map { main::memory($_) - $before{$_} } nginx_pids();
cmp_ok main::memory($pid) - $before, '<', 8192, 'platend has not grown with it' unless $ENV{ASAN_OPTIONS};
my $page = json_of(get("/jobs/$id/files?offset=9990&limit=20"));
is scalar(@{ $page->{files} }), 10, 'its last page is short';
is scalar(@{ job($id)->{files} }), 1000, 'the job shows the first thousand';
my $began = time;
is http(DELETE => "/jobs/$id")->code, 204, 'it is deleted';
main::release();
ok eventually(60, sub { !main::left() }), 'its files go';
diag sprintf 'taken away after %.1f s', time - $began;
fsck_clean('and nothing stays');
