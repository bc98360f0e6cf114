# DELETE in every state, and what it leaves: nothing.

use lib 't/lib';
use TestPlaten;

run_tests();

__DATA__

=== TEST 1: a waiting job
--- flow
my $job = submit(file => sample('hello.docx'), to => 'pdf');
my $response = http(DELETE => "/jobs/$job->{job_id}");
is $response->code, 204, 'deleted';
is $response->content, '', 'without a body';
problem_is get("/jobs/$job->{job_id}"), 404, 'job_not_found', 'gone';
problem_is http(DELETE => "/jobs/$job->{job_id}"), 404, 'job_not_found', 'once only';
is json_of(get('/jobs'))->{total}, 0, 'not counted';
is_deeply [files_below("$::Var/data/input")], [], 'no file';



=== TEST 2: a finished job
--- flow
platend_start();
my $job = wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id});
is http(DELETE => "/jobs/$job->{job_id}")->code, 204, 'deleted';
problem_is get($job->{download_url}), 404, 'job_not_found', 'gone';
is_deeply [files_below("$::Var/data/input", "$::Var/data/output")], [], 'no file';
