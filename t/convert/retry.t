# Once more: POST /jobs/{id}/retry, and the same submission again under its Idempotency-Key.

use lib 't/lib';
use TestPlaten;

# Fails for as long as $Var/broken is there; what it was given goes into the result's place.
our @Fails = only_script(fails => '[ ! -e ' . "$Var/broken" . ' ] || exit 3; exec /bin/cp $TINY_PDF "$2"', $Var);


# One submission with that key.
sub keyed {
    my ($key, %arg) = @_;
    return post_form('/jobs', [ file => [undef, $arg{name} // 'a.txt', Content => $arg{text} // "text\n"],
        to => 'pdf', @{ $arg{fields} // [] } ], key => $arg{client} // 'alice', 'Idempotency-Key' => $key);
}

run_tests();

__DATA__

=== TEST 1: a job that has failed, again
--- flow
spew("$::Var/broken", '');
platend_start(@::Fails);
my $id = text_job();
my $job = wait_job($id);
is $job->{status}, 'FAILED', 'it has failed';
my ($input) = files_below("$::Var/data/input");
unlink "$::Var/broken";
my $response = http(POST => "/jobs/$id/retry");
is $response->code, 202, 'accepted';
is $response->header('Location'), "/jobs/$id", 'it is the same job';
my $again = json_of($response);
is $again->{status}, 'PENDING', 'PENDING';
is_deeply [@$again{qw(attempts error error_code started_at completed_at expires_at)}], [0, (undef) x 5], 'as if new';
$job = wait_job($id);
is $job->{status}, 'SUCCESS', 'and now it succeeds';
is $job->{attempts}, 1, 'at the first attempt';
is get($job->{download_url})->code, 200, 'there is a result';
my $refused = http(POST => "/jobs/$id/retry");
problem_is $refused, 409, 'invalid_transition', 'a success is not retried';



=== TEST 2: what cannot be retried
--- flow
problem_is http(POST => '/jobs/01900000-0000-7000-8000-000000000000/retry'), 404, 'job_not_found', 'an unknown one';
problem_is http(POST => '/jobs/nonsense/retry'), 422, 'invalid_id', 'a malformed id';
spew("$::Var/broken", '');
my $id = text_job("other\n");
wait_job($id);
problem_is http(POST => "/jobs/$id/retry", key => 'bob'), 404, 'job_not_found', "another client's";
problem_is http(POST => "/jobs/$id/retry", key => undef), 401, 'unauthorized', 'without a key';
is http(GET => "/jobs/$id/retry")->code, 405, 'GET is none of its methods';
platend_stop();
is http(POST => "/jobs/$id/retry")->code, 202, 'it waits for the sidecar';
problem_is http(POST => "/jobs/$id/retry"), 409, 'invalid_transition', 'and is not retried while it waits';
unlink "$::Var/broken";
platend_start(@::Fails);
is wait_job($id)->{status}, 'SUCCESS', 'which comes';
platend_stop();



=== TEST 3: a retry brings the passwords that the job had
--- flow
platend_start('limits/attempts' => 1);
my $job = submit(content => "text\n", name => 'a.txt', to => 'pdf', fields => [output_password => 's3cret']);
is wait_job($job->{job_id})->{status}, 'SUCCESS', 'with a password';
platend_stop();
spew("$::Var/broken", '');
platend_start(@::Fails, 'engines/qpdf/enabled' => 1, 'limits/attempts' => 1);
$job = submit(content => "text 2\n", name => 'a.txt', to => 'pdf', fields => [output_password => 's3cret']);
is wait_job($job->{job_id})->{status}, 'FAILED', 'one that fails';
platend_stop();
unlink "$::Var/broken";
platend_start();
my $response = http(POST => "/jobs/$job->{job_id}/retry");
problem_is $response, 422, 'missing_parameter', 'not without it';
like json_of($response)->{detail}, qr/output_password/, 'it says which';
is job($job->{job_id})->{status}, 'FAILED', 'and nothing has changed';
is http(POST => "/jobs/$job->{job_id}/retry?output_password=s3cret")->code, 202, 'with it';
is wait_job($job->{job_id})->{status}, 'SUCCESS', 'converted';
spew("$::Var/out.pdf", get("/jobs/$job->{job_id}/download")->content);
isnt system("qpdf --check $::Var/out.pdf >/dev/null 2>&1"), 0, 'the result does not open without';
is system("qpdf --password=s3cret --check $::Var/out.pdf >/dev/null 2>&1"), 0, 'but with it';
unlike error_log_text() . platend_log(), qr/s3cret/, 'which is in no log';
platend_stop();



=== TEST 4: the same key again is the same job
--- flow
my $first = keyed('k-1');
is $first->code, 202, 'accepted';
is $first->header('Idempotent-Replayed'), undef, 'for the first time';
my $again = keyed('k-1');
is $again->code, 202, 'accepted again';
is $again->header('Idempotent-Replayed'), 'true', 'as a replay';
is json_of($again)->{job_id}, json_of($first)->{job_id}, 'it is the same job';
is $again->header('Location'), $first->header('Location'), 'in the same place';
is json_of(keyed('k-1', client => 'bob'))->{job_id} eq json_of($first)->{job_id}, '', "another client's key is another";
problem_is keyed('k-1', text => "other text\n"), 422, 'idempotency_key_reused', 'another document';
problem_is keyed('k-1', name => 'b.txt'), 422, 'idempotency_key_reused', 'another name';
problem_is keyed('k-1', fields => [pages => 1]), 422, 'idempotency_key_reused', 'another option';
problem_is keyed('k-1', fields => [priority => 'high']), 422, 'idempotency_key_reused', 'another priority';
isnt json_of(keyed('k-2'))->{job_id}, json_of($first)->{job_id}, 'another key is another job';
problem_is keyed($_), 422, 'invalid_parameter', 'no key: ' . substr $_, 0, 10 for "\x{e9}", 'x' x 256;
is keyed('x' x 255)->code, 202, 'a long one';
my $id = json_of($first)->{job_id};
is http(DELETE => "/jobs/$id")->code, 204, 'with the job';
isnt json_of(keyed('k-1'))->{job_id}, $id, 'goes the key';
is scalar(files_below("$::Var/data/input")), json_of(get('/jobs'))->{total} + json_of(get('/jobs', key => 'bob'))->{total},
    'no replay left a file';



=== TEST 5: and so it is after it has been converted
--- flow
platend_start(@::Fails);
my $job = wait_job(json_of(keyed('k-3'))->{job_id});
my $again = keyed('k-3');
is json_of($again)->{status}, 'SUCCESS', 'the answer is the job as it is now';
is json_of($again)->{job_id}, $job->{job_id}, 'which is the same';
platend_stop();



=== TEST 6: fault 42: the same submission a hundred times at once is one job
--- flow
my @pids;
for my $child (1 .. 20) {
    my $pid = fork // die;
    if ($pid) { push @pids, $pid; next }
    open my $out, '>', "$::Var/replay.$child" or POSIX::_exit(1);
    for (1 .. 5) {
        my $response = keyed('k-parallel', text => "parallel\n" x 1000);
        syswrite $out, $response->code . ' ' . (eval { json_of($response)->{job_id} } // '-') . "\n";
    }
    POSIX::_exit(0);
}
waitpid $_, 0 for @pids;
my %seen;
for my $child (1 .. 20) { $seen{$_}++ for split /\n/, slurp("$::Var/replay.$child") }
is scalar(keys %seen), 1, 'one answer, a hundred times: ' . join ', ', map "$_ x $seen{$_}", sort keys %seen;
my ($id) = map { (split / /)[1] } keys %seen;
is scalar(grep /\Q$id\E/, files_below("$::Var/data/input")), 1, 'and one file';
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left of the others';
