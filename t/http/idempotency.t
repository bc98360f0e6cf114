# What an Idempotency-Key is compared by, what it lets through, and whom it binds.

use lib 't/lib';
use TestPlaten;
use TestFault;

use HTTP::Cookies ();

master_on();

# One engine, which converts while there is a file "go".
our @Waits = only_script(waits => "while [ ! -e $Var/go ]; do /bin/sleep 0.05; done; exec /bin/cp \$TINY_PDF \"\$2\"", $Var);

sub config {
    my ($more) = @_;
    return "location / { platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now; $more }";
}

sub keyed {
    my ($key, %arg) = @_;
    return post_form($arg{path} // '/jobs', [ file => [ undef, 'a.txt', Content => $arg{text} // "text\n" ], to => 'pdf',
        @{ $arg{fields} // [] } ], key => $arg{client} // 'alice', 'Idempotency-Key' => $key);
}

# POST /convert whose answer is left for later.
sub convert {
    my ($key) = @_;
    my $socket = raw_open();
    $socket->print("POST /convert?to=pdf&filename=a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        . "X-API-Key: $Key{alice}\r\nIdempotency-Key: $key\r\nContent-Length: 5\r\n\r\ntext\n");
    $socket->flush;
    return $socket;
}

sub raw_job { return http(POST => '/jobs?to=pdf&filename=a.txt', content => "text\n", 'Idempotency-Key' => $_[0]) }

sub the_job {
    my ($job) = ();
    eventually(20, sub { ($job) = @{ json_of(get('/jobs?limit=1'))->{jobs} } }) or die 'there is none';
    return $job;
}

sub delete_all { http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs?limit=1000'))->{jobs} } }

sub gone { my ($id) = @_; return eventually(10, sub { get("/jobs/$id")->code == 404 }) }

# A client that leaves, and then a request by another: the first has been noticed by then.
sub leave {
    my ($socket) = @_;
    my $seen = () = error_log_text() =~ /the client has gone/g;
    close $socket;
    eventually(10, sub { (() = error_log_text() =~ /the client has gone/g) > $seen }) or die 'it is not noticed';
    # its removal, if there is one, is in the queue before this change
    my $other = submit(content => "other\n", name => 'b.txt', to => 'pdf');
    http(DELETE => "/jobs/$other->{job_id}");
}

run_tests();

__DATA__

=== TEST 1: a client that waits and leaves takes only a job that nobody else was told of
--- config eval: main::config('')
--- flow
for my $state (qw(PENDING PROCESSING)) {
    platend_start(@main::Waits) if $state eq 'PROCESSING';

    main::delete_all();
    my $first = main::convert("alone-$state");
    my $id = main::the_job()->{job_id};
    ok eventually(20, sub { job($id)->{status} eq $state }), "$state";
    main::leave($first);
    ok main::gone($id), "$state: alone, it takes its job with it";

    main::delete_all();
    $first = main::convert("told-$state");
    $id = main::the_job()->{job_id};
    ok eventually(20, sub { job($id)->{status} eq $state }), "$state";
    my $told = main::raw_job("told-$state");
    is $told->code . ' ' . ($told->header('Idempotent-Replayed') // ''), '202 true', "$state: another is told of the job";
    is json_of($told)->{job_id}, $id, 'of that one';
    main::leave($first);
    is get("/jobs/$id")->code, 200, 'and finds it when the first has left';

    main::delete_all();
    $first = main::convert("both-$state");
    $id = main::the_job()->{job_id};
    my $second = main::convert("both-$state");
    eventually(20, sub { json_of(main::raw_job("both-$state"))->{job_id} eq $id });
    main::leave($first);
    is get("/jobs/$id")->code, 200, "$state: one that another waits for stays as well";
    if ($state eq 'PROCESSING') {
        spew("$::Var/go", '');
        my $response = read_response($second);
        is $response->code, 200, 'and the second gets its result';
        is wait_job($id)->{status}, 'SUCCESS', 'of the job of the first';
    }
}
unlink "$::Var/go";
platend_stop();



=== TEST 2: what the client said is compared, not what the server made of it
--- config eval: main::config('platen_job_ttl 1h max=2h;')
--- flow
my $first = json_of(main::keyed('ttl'));
$::Ttl = json_of(main::keyed('ttl-said', fields => [ttl => 600]))->{job_id};
$::None = $first->{job_id};
problem_is main::keyed('ttl', fields => [ttl => 3600]), 422, 'idempotency_key_reused', 'to say the usual is to say something else';
problem_is main::keyed('ttl-said', fields => [ttl => 601]), 422, 'idempotency_key_reused', 'another ttl';



=== TEST 3: after the server's own ttl was changed
--- config eval: main::config('platen_job_ttl 30m max=1h;')
--- flow
is json_of(main::keyed('ttl'))->{job_id}, $::None, 'the same submission is the same job';
is json_of(main::keyed('ttl-said', fields => [ttl => 600]))->{job_id}, $::Ttl, 'with a ttl as well';



=== TEST 4: a client by cookie, whose jobs end with it, a second later
--- config eval: main::config('platen_client cookie;')
--- flow
my $browser = LWP::UserAgent->new(timeout => 60, cookie_jar => HTTP::Cookies->new);
my @answers;
my $second = 0;
for (1 .. 2) {
    # not before the clock has gone on
    eventually(5, sub { int(time) > $second }) or die;
    $second = int time;
    push @answers, $browser->post(base_url() . '/jobs', Content_Type => 'form-data', 'Idempotency-Key' => 'c',
        Content => [ file => [ undef, 'a.txt', Content => "text\n" ], to => 'pdf' ]);
    $second = int time;
}
is_deeply [map $_->code, @answers], [202, 202], 'is taken, and taken again';
is json_of($answers[1])->{job_id}, json_of($answers[0])->{job_id}, 'as the same job';
is $answers[1]->header('Idempotent-Replayed'), 'true', 'and told so';



=== TEST 5: another password is another submission
--- config eval: main::config('')
--- flow
platend_start(@main::Waits, 'engines/qpdf/enabled' => 1);
my $first = main::keyed('pw', fields => [output_password => 'secret-one']);
is $first->code, 202, 'with a password';
is json_of(main::keyed('pw', fields => [output_password => 'secret-one']))->{job_id}, json_of($first)->{job_id}, 'the same again';
problem_is main::keyed('pw', fields => [output_password => 'secret-two']), 422, 'idempotency_key_reused', 'another';
problem_is main::keyed('pw'), 422, 'idempotency_key_reused', 'or none';
unlike error_log_text(), qr/secret-(?:one|two)/, 'none of them is in the log';
spew("$::Var/go", '');
is wait_job(json_of($first)->{job_id})->{status}, 'SUCCESS', 'when it is converted and the passwords are gone';
is json_of(main::keyed('pw', fields => [output_password => 'secret-one']))->{job_id}, json_of($first)->{job_id}, 'the same is still the same';
problem_is main::keyed('pw', fields => [output_password => 'secret-two']), 422, 'idempotency_key_reused', 'and another still another';
platend_stop();
unlink "$::Var/go";
main::delete_all();



=== TEST 6: a full queue refuses what is new, not what is there
--- config eval: main::config('platen_max_queue 2 client=1;')
--- flow
main::delete_all();
my $first = main::keyed('full');
is $first->code, 202, 'taken';
problem_is main::keyed('new'), 429, 'too_many_jobs', "the client's share is used up";
is json_of(main::keyed('full'))->{job_id}, json_of($first)->{job_id}, 'for new ones';
is main::keyed('full', client => 'bob')->code, 202, "another client's of the same key is another";
problem_is main::keyed('new', client => 'bob'), 503, 'queue_full', 'the queue is full';
my $again = main::keyed('full');
is $again->code . ' ' . json_of($again)->{job_id}, '202 ' . json_of($first)->{job_id}, 'for new ones';
problem_is main::keyed('full', text => "another\n"), 422, 'idempotency_key_reused', 'and another document is told so';
is main::keyed('full', path => '/jobs/submit')->code, 200, 'by each way in';
my $socket = main::convert('full');
is scalar(@{ json_of(get('/jobs'))->{jobs} }), 1, 'there is one';
close $socket;
is get('/jobs/' . json_of($first)->{job_id})->code, 200, 'and it stays';



=== TEST 7: no room to compare: the answer says what is stored
--- http_config eval
$::HttpConfig . "\n platen_min_free 100000g;"
--- config eval: main::config('')
--- flow
my $first = main::the_job();
my $refused = main::keyed('full');
problem_is $refused, 507, 'storage_full', 'the document cannot be taken in';
like json_of($refused)->{detail}, qr/is stored, as job $first->{job_id}/, 'and what was stored is named';
like json_of(main::keyed('new'))->{detail}, qr/^Nothing was stored/, 'while of a new one nothing was';



=== TEST 8: a record that cannot be read: the log says so
--- config eval: main::config('')
--- flow
my $first = main::the_job();
main::store_driver("$::Var/store", spoil => $first->{job_id});
problem_is main::keyed('full'), 503, 'store_unavailable', 'whether the key was used is not known';
my @lines = error_log_text() =~ /reading the queue failed: (.*?) \(/g;
is "@lines", 'a stored record is corrupt', 'and why is in the log';
--- no_error_log
[emerg]
