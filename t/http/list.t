# GET /jobs: newest first, by state, by offset and by cursor.

use lib 't/lib';
use TestPlaten;

our @Ids;

run_tests();

__DATA__

=== TEST 1: newest first, with total, limit, offset and next_cursor
--- flow
@main::Ids = reverse map {
    submit(content => "n $_\n", name => "n$_.txt", to => 'pdf')->{job_id} } 1 .. 7;
submit(content => "other\n", name => 'o.txt', to => 'pdf', key => 'bob');
my $list = json_of(get('/jobs'));
is_deeply [map $_->{job_id}, @{ $list->{jobs} }], \@main::Ids, 'newest first';
is_deeply [@$list{qw(total limit offset next_cursor)}], [7, 50, 0, undef], 'the frame';
is_deeply $list->{jobs}[0], job($main::Ids[0]), 'an element is the job itself';
is_deeply [map $_->{queue_position}, @{ $list->{jobs} }], [8, 8, 8, 7, 5, 3, 1],
    'queue positions, at most: another client may have its turns between';



=== TEST 2: pages by offset and by cursor are the same
--- flow
for my $limit (1, 2, 3, 7, 8) {
    my (@by_offset, @by_cursor, $cursor);
    for (my $offset = 0; $offset < 9; $offset += $limit) {
        my $page = json_of(get("/jobs?limit=$limit&offset=$offset"));
        push @by_offset, map $_->{job_id}, @{ $page->{jobs} };
        is $page->{total}, 7, 'total' if $offset == 0;
    }
    do {
        my $page = json_of(get("/jobs?limit=$limit" . ($cursor ? "&cursor=$cursor" : '')));
        push @by_cursor, map $_->{job_id}, @{ $page->{jobs} };
        $cursor = $page->{next_cursor};
    } while ($cursor);
    is_deeply \@by_offset, \@main::Ids, "offset, limit $limit";
    is_deeply \@by_cursor, \@main::Ids, "cursor, limit $limit";
}



=== TEST 3: by status
--- flow
platend_start();
wait_job($_) for @main::Ids;
platend_stop();
submit(content => "late\n", name => 'late.txt', to => 'pdf');
is json_of(get('/jobs?status=SUCCESS'))->{total}, 7, 'SUCCESS';
is json_of(get('/jobs?status=success&limit=2'))->{total}, 7, 'in small letters';
is json_of(get('/jobs?status=PENDING'))->{total}, 1, 'PENDING';
is json_of(get('/jobs?status=FAILED'))->{total}, 0, 'FAILED';
is_deeply [map $_->{job_id}, @{ json_of(get('/jobs?status=SUCCESS&offset=1&limit=3'))->{jobs} }],
    [@main::Ids[1 .. 3]], 'with offset and limit';
is json_of(get('/jobs'))->{total}, 8, 'all';



=== TEST 4: wrong parameters are 422 and say which
--- flow
for my $query ('limit=0', 'limit=1001', 'limit=x', 'limit=-1', 'limit=99999999999999999999',
               'offset=-1', 'offset=10001', 'offset=1e3', 'status=DONE', 'status=NONE',
               'cursor=abc', 'cursor=01890000-0000-4000-8000-000000000000') {
    my $response = get("/jobs?$query");
    problem_is $response, 422, 'invalid_parameter', $query;
    my ($name) = $query =~ /^(\w+)/;
    like json_of($response)->{detail}, qr/^$name takes/, 'says which and what it takes';
}
is get('/jobs?limit=&offset=&status=&cursor=')->code, 200, 'empty ones are as none';
is get('/jobs?limit=1000&offset=10000')->code, 200, 'at the bounds';
