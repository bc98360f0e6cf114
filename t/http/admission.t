# Who is let in, and who is next: queue, store and disk with room to spare, clients that take turns,
# priorities, times to live.

use lib 't/lib';
use TestPlaten;

# A script that waits for its turn to be let go, so that the order in which jobs start can be seen.
our @Slow = only_script(slow => 'read -r word < "$1"; [ "$word" != slow ] || /bin/sleep 0.3; exec /bin/cp $TINY_PDF "$2"');

our $small = "$Var/small";

sub form_job {
    my (%arg) = @_;
    my $response = post_form('/jobs', [ file => [undef, 'a.txt', Content => $arg{text} // "fast\n"],
        to => 'pdf', @{ $arg{fields} // [] } ], key => $arg{key} // 'alice');
    return $response->is_success ? json_of($response) : $response;
}

sub started { my ($id, $key) = @_; job($id, key => $key // 'alice')->{started_at} }

sub delete_all {
    for my $key (qw(alice bob)) {
        http(DELETE => "/jobs/$_->{job_id}", key => $key)
            for @{ json_of(get('/jobs?limit=1000', key => $key))->{jobs} };
    }
}

END { local $?; system("umount $small 2>/dev/null") if $small && -d $small }

run_tests();

__DATA__

=== TEST 1: a thousand jobs of one client do not keep another's one waiting
--- http_config eval: $::HttpConfig . 'platen_max_queue 2000;'
--- flow
my @many = map form_job()->{job_id}, 1 .. 60;
my $one = form_job(key => 'bob');
cmp_ok $one->{queue_position}, '<=', 4, "bob's is among the first, in spite of alice's 60";
my @few = map form_job(key => 'bob')->{job_id}, 1 .. 4;
platend_start(@::Slow);
wait_job($_, 60, key => 'bob') for $one->{job_id}, @few;
my @order = sort { $a->[0] cmp $b->[0] } (map [started($_, 'bob'), 'b'], $one->{job_id}, @few),
    map [started($_) // 'z', 'a'], @many;
my ($last) = grep { $order[$_][1] eq 'b' } reverse 0 .. $#order;
cmp_ok $last - 4, '<', 15, "of alice's, @{[ $last - 4 ]} had begun before the last of bob's five";
my $run = 0;
for (@order[0 .. 9]) { $run = $_->[1] eq 'a' ? $run + 1 : 0; last if $run > 3 }
cmp_ok $run, '<=', 3, 'while both had jobs, they took turns: ' . join '', map $_->[1], @order[0 .. 12];
platend_stop();
delete_all();



=== TEST 2: priority is among one's own
--- flow
my @ids = map form_job(fields => [priority => $_])->{job_id}, qw(low normal high normal HIGH);
my $other = form_job(key => 'bob')->{job_id};
is_deeply [map job($_)->{priority}, @ids], [qw(low normal high normal high)], 'shown';
platend_start(@::Slow, workers => 1, standby => 0);
wait_job($_) for @ids;
my @order = sort { started($ids[$a]) cmp started($ids[$b]) } 0 .. 4;
is_deeply \@order, [2, 4, 1, 3, 0], 'the urgent ones first, then as they came';
wait_job($other, 10, key => 'bob');
cmp_ok started($other, 'bob'), 'lt', started($ids[4]), "and bob's has had its turn meanwhile";
problem_is form_job(fields => [priority => 'now']), 422, 'invalid_parameter', 'a priority that is none';
like json_of(form_job(fields => [priority => 'now']))->{detail}, qr/low, normal or high/, 'says which there are';
platend_stop();
delete_all();



=== TEST 3: jobs of one client that run at a time
--- flow
platend_start(@::Slow, workers => 4, 'limits/per_client' => 1);
my @ids = map form_job(text => "slow\n")->{job_id}, 1 .. 4;
my $other = form_job(key => 'bob', text => "slow\n")->{job_id};
my $most = 0;
eventually(20, sub {
    my $running = json_of(get('/jobs?status=PROCESSING'))->{total};
    $most = $running if $running > $most;
    return !grep { job($_)->{status} ne 'SUCCESS' } @ids;
});
is $most, 1, 'never more than one of alice';
is job($other, key => 'bob')->{status}, 'SUCCESS', "while bob's ran";
my @jobs = map job($_), @ids;
cmp_ok started($other, 'bob'), 'lt', $jobs[1]{completed_at}, 'beside them';
platend_stop();
delete_all();



=== TEST 4: jobs of one client that wait
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; platen_max_queue 10 client=3; }"
--- flow
my @ids = map form_job()->{job_id}, 1 .. 3;
my $response = form_job();
problem_is $response, 429, 'too_many_jobs', 'the fourth is refused';
is $response->header('Retry-After'), 5, 'with Retry-After';
ok form_job(key => 'bob')->{job_id}, 'another client is let in';
for my $child (1 .. 6) {
    next if fork // die;
    form_job(key => 'bob') for 1 .. 3;
    POSIX::_exit(0);
}
1 while wait != -1;
is json_of(get('/jobs', key => 'bob'))->{total}, 3, 'exactly three, also in parallel';
is scalar(files_below("$::Var/data/input")), 6, 'and no file without a job';
delete_all();



=== TEST 5: a time to live of the client's own
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; platen_job_ttl 1h max=2h; }"
--- flow
my $span = sub {
    my ($job) = @_;
    require Time::Piece;
    my @t = map { Time::Piece->strptime(substr($_, 0, 19), '%Y-%m-%dT%H:%M:%S')->epoch } @$job{qw(completed_at expires_at)};
    return $t[1] - $t[0];
};
platend_start(@::Slow, 'reaper/interval' => 1);
my $short = form_job(fields => [ttl => 1])->{job_id};
my $usual = form_job()->{job_id};
my $long = form_job(fields => [ttl => 7200])->{job_id};
is $span->(wait_job($usual)), 3600, 'without a wish, platen_job_ttl';
is $span->(wait_job($long)), 7200, 'up to max';
problem_is form_job(fields => [ttl => 7201]), 422, 'invalid_parameter', 'not more';
problem_is form_job(fields => [ttl => $_]), 422, 'invalid_parameter', "ttl=$_" for '0', '-1', '1h', '99999999999';
ok eventually(10, sub { get("/jobs/$short")->code == 404 }), 'the short one is gone';
is scalar(grep /\Q$short\E/, files_below("$::Var/data")), 0, 'with its files';
is get("/jobs/$long/download")->code, 200, 'the long one is there';
platend_stop();
delete_all();



=== TEST 6: fault 15: a store that is nearly full takes nothing in, and goes on otherwise
--- http_config eval
"platen_store $::Var/tight map_size=1m; platen_data $::Var/data; platen_queue ipc://$::Var/run/platend.sock;
 platen_result_cache off; platen_max_queue 100000;"
--- no_error_log
[emerg]
key-of-
--- flow
my (@ids, $response);
for (1 .. 5000) {
    $response = form_job();
    last if ref $response ne 'HASH';
    push @ids, $response->{job_id};
}
cmp_ok scalar(@ids), '>', 100, 'it took ' . @ids;
problem_is $response, 503, 'store_full', 'then no more';
is $response->header('Retry-After'), 60, 'with Retry-After';
my $ready = get('/health/ready', key => undef);
problem_is $ready, 503, 'service_not_ready', 'nor is it ready';
like json_of($ready)->{detail}, qr/^The job store is nearly full, .* map_size/, 'and it says why';
is get("/jobs/$ids[0]")->code, 200, 'reading goes on';
platend_start(@::Slow, 'store/path' => "$::Var/tight", 'store/map_size' => '1m');
is wait_job($_)->{status}, 'SUCCESS', 'so does converting' for @ids[0 .. 3];
platend_stop();
is scalar(grep { http(DELETE => "/jobs/$_")->code != 204 } @ids), 0, 'and deleting';
ok eventually(5, sub { ref form_job() eq 'HASH' }), 'which makes room again';
like error_log_text(), qr/the store .* is \d+% full/, 'the log says it';



=== TEST 7: fault 13: a disk that is nearly full takes nothing in
--- http_config eval
mkdir $::small; system("mount -t tmpfs -o size=24m tmpfs $::small 2>/dev/null");
"platen_store $::Var/store; platen_data $::small/data; platen_queue off; platen_min_free 16m; platen_result_cache off;"
--- no_error_log
[emerg]
key-of-
--- flow
SKIP: {
    skip 'no file system can be mounted here', 5 if `stat -f -c %T $::small` !~ /tmpfs/;
    my $id = form_job()->{job_id};
    ok $id, 'there is room';
    system("head -c 12m /dev/zero > $::small/filler");
    my $response;
    ok eventually(5, sub { $response = form_job(); ref $response ne 'HASH' }), 'then there is none';
    problem_is $response, 507, 'storage_full', 'which is said';
    is get("/jobs/$id")->code, 200, 'reading goes on';
    unlink "$::small/filler";
    ok eventually(5, sub { ref form_job() eq 'HASH' }), 'and taking in, when there is room again';
}
