# The queue without a sidecar, full, and drained again.

use lib 't/lib';
use TestPlaten;

our @Ids;

run_tests();

__DATA__

=== TEST 1: fault 8: accepted until full, then 503 with Retry-After, and nothing stored
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; platen_max_queue 3; }"
--- flow
@main::Ids = map { submit(content => "n $_\n", name => "n$_.txt", to => 'pdf')->{job_id} } 1 .. 3;
for my $try (1 .. 2) {
    my $response = post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'pdf' ]);
    problem_is $response, 503, 'queue_full', 'full';
    is $response->header('Retry-After'), 5, 'Retry-After';
}
is scalar(files_below("$::Var/data/input")), 3, 'three inputs';
is_deeply [files_below("$::Var/data/tmp")], [], 'and no leftover';
is get("/jobs/$main::Ids[0]")->code, 200, 'reading goes on';
is http(DELETE => "/jobs/$main::Ids[1]")->code, 204, 'so does deleting';
$main::Ids[1] = submit(content => "again\n", name => 'a.txt', to => 'pdf')->{job_id};
cmp_ok job($main::Ids[1])->{queue_position}, '>=', 3, 'which makes room at the end';



=== TEST 2: the limit is exact under parallel submissions
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; platen_max_queue 20; }"
--- flow
for my $child (1 .. 8) {
    my $pid = fork // die;
    next if $pid;
    http(POST => '/jobs?to=pdf&filename=x.txt', content => "child $child $_\n") for 1 .. 6;
    POSIX::_exit(0);
}
1 while wait != -1;
is json_of(get('/jobs?status=PENDING'))->{total}, 20, 'exactly as many as allowed';
is scalar(files_below("$::Var/data/input")), 20, 'and as many inputs';
is_deeply [files_below("$::Var/data/tmp")], [], 'no leftover';



=== TEST 3: fault 8: the sidecar comes back and runs what waited, in order
--- flow
platend_start(workers => 1);
my @all = reverse map $_->{job_id}, @{ json_of(get('/jobs?limit=100'))->{jobs} };
is scalar(@all), 20, 'twenty jobs';
wait_job($_, 120) for @all[0 .. 4];
my @first = map { job($_) } @all[0 .. 4];
is_deeply [map $_->{status}, @first], [('SUCCESS') x 5], 'converted';
my @started = map $_->{started_at}, @first;
is_deeply \@started, [sort @started], 'first come, first served';



=== TEST 4: fault 21: without hints a job still starts within about a second
--- http_config eval
"platen_store $::Var/store; platen_data $::Var/data; platen_queue off;"
--- flow
http(DELETE => "/jobs/$_->{job_id}")
    for @{ json_of(get('/jobs?status=PENDING&limit=100'))->{jobs} };
my $job = submit(file => sample('hello.docx'), to => 'pdf');
is wait_job($job->{job_id})->{status}, 'SUCCESS', 'converted without a hint';
