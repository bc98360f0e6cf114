# Four workers and a master: parallel submissions, reloads and killed workers under load.

use lib 't/lib';
use TestPlaten;
use TestUploaders;

master_on();
workers(4);

# Says which worker has answered.
our $Config = "$ApiConfig
    add_header X-Worker \$pid always;";

# One submission as bytes, in two pieces of which the second completes it.
sub request {
    my ($body) = @_;
    return ("POST /jobs?to=pdf&filename=a.txt HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\n"
        . "Connection: close\r\nContent-Length: " . length($body) . "\r\n\r\n" . substr($body, 0, -1),
        substr $body, -1);
}

# Every id that the list has, however many pages.
sub listed {
    my ($cursor, @ids);
    do {
        my $page = json_of(get('/jobs?limit=1000' . ($cursor ? "&cursor=$cursor" : '')));
        push @ids, map $_->{job_id}, @{ $page->{jobs} };
        $cursor = $page->{next_cursor};
    } while $cursor;
    return @ids;
}

sub workers_now { my (undef, @pids) = nginx_pids(); return @pids }
sub descriptors { my ($pid) = @_; return scalar(() = glob "/proc/$pid/fd/*") }

run_tests();

__DATA__

=== TEST 1: 200 submissions at the same time over four workers
--- config eval: $::Config
--- flow
my (@open, %sha256, %worker, @status);
for my $n (1 .. 200) {
    my ($first, $last) = request("document $n\n" x (1 + $n * 5));
    my $socket = raw_open();
    syswrite $socket, $first;
    push @open, [$socket, $last, $n];
}
is scalar(workers_now()), 4, 'four workers';
ok eventually(10, sub { files_below("$::Var/data/tmp") == 200 }), '200 uploads are under way';
syswrite $_->[0], $_->[1] for @open;
for (@open) {
    my ($socket, undef, $n) = @$_;
    my $response = read_response($socket);
    push @status, $response->code;
    $sha256{ json_of($response)->{job_id} } = sha256_hex("document $n\n" x (1 + $n * 5));
    $worker{ $response->header('X-Worker') }++;
}
is_deeply \@status, [(202) x 200], 'all are accepted';
is scalar(keys %sha256), 200, 'each under an id of its own';
cmp_ok scalar(keys %worker), '>', 1, 'by more than one worker: ' . join ' ', values %worker;
is_deeply [lost(\%sha256)], [], 'each is there, as it was sent';
is_deeply [sort(listed())], [sort keys %sha256], 'each is listed once';
is json_of(get('/jobs'))->{total}, 200, 'and counted once';
is_deeply [sort map { s{.*/}{}r } files_below("$::Var/data/input")], [sort keys %sha256], 'one file each';
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left';
my %position = map { $_->{queue_position} => 1 } @{ json_of(get('/jobs?limit=200'))->{jobs} };
is_deeply [sort { $a <=> $b } keys %position], [1 .. 200], 'each has a place of its own in the queue';



=== TEST 2: the sidecar converts what four workers took in: each once
--- config eval: $::Config
--- flow
my @ids = listed();
http(DELETE => "/jobs/$_") for @ids[0 .. 193];
platend_start();
wait_job($_) for @ids[194 .. 199];
is_deeply [map job($_)->{status}, @ids[194 .. 199]], [('SUCCESS') x 6], 'converted';
is_deeply [map job($_)->{attempts}, @ids[194 .. 199]], [(1) x 6], 'at the first attempt';
is scalar(files_below("$::Var/data/output")), 6, 'one result each';
is scalar(files_below("$::Var/data/input")), 6, 'the deleted ones have no file';
platend_stop();



=== TEST 3: fault 5: 20 reloads while clients upload: no request fails
--- http_config eval: $::HttpConfig . 'platen_max_queue 100000;'
--- config eval: $::Config
--- no_error_log
[emerg]
key-of-
--- flow
my ($master) = nginx_pids();
my @before = workers_now();
# What each has open once it is at work.
my $most = sub { (sort { $b <=> $a } map descriptors($_), workers_now())[0] };
ok eventually(20, sub { get('/jobs'); !grep { my $pid = $_; !grep { (readlink // '') =~ /data\.mdb\z/ } glob "/proc/$pid/fd/*" } @before }),
    'all have the store open';
my $descriptors = $most->();
my @pids = uploaders(6, 60_000);
for my $n (1 .. 20) {
    my %old = map { $_ => 1 } workers_now();
    my $there = files_below("$::Var/data/input");
    kill HUP => $master;
    eventually(5, sub { 4 <= grep { !$old{$_} } workers_now() }) or fail("reload $n");
    eventually(20, sub { files_below("$::Var/data/input") >= $there + 2 }) or fail("uploads beside reload $n");
}
my ($accepted, $refused) = uploaded(@pids);
is_deeply $refused, [], 'no request failed';
cmp_ok scalar(keys %$accepted), '>', 20, 'of ' . keys %$accepted;
ok eventually(20, sub { workers_now() == 4 }), 'the old workers are gone';
is scalar(grep { my $pid = $_; grep { $_ == $pid } @before } workers_now()), 0, 'all of them';
is_deeply [lost($accepted)], [], 'each upload is there, as it was sent';
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left';
my %alert = map { s/\d+/N/gr => 1 } error_log_text() =~ /\[alert\].*/g;
is_deeply [sort keys %alert], [], 'no alert, such as of a worker that left with connections open';
get('/jobs') for 1 .. 20;
# What is lost never comes back; what is being closed does.
eventually(20, sub { $most->() <= $descriptors + 2 });
cmp_ok $most->(), '<=', $descriptors + 2,
    'no descriptor is lost to a reload';



=== TEST 4: fault 1: workers killed while clients upload: nothing accepted is lost
--- http_config eval: $::HttpConfig . 'platen_max_queue 100000;'
--- config eval: $::Config
--- no_error_log
[emerg]
key-of-
--- flow
my %known = map { $_ => 1 } listed(), map { s{.*/}{}r } files_below("$::Var/data/tmp", "$::Var/data/input");
my @pids = uploaders(8, 30_000);
my @killed;
for my $n (1 .. 15) {
    more_uploads(8);
    my @workers = workers_now() or redo;
    push @killed, $workers[rand @workers];
    kill KILL => $killed[-1];
}
more_uploads(8);
my ($accepted, $refused) = uploaded(@pids);
ok eventually(10, sub { workers_now() == 4 }), 'there are four workers again';
cmp_ok scalar(keys %$accepted), '>', 50, 'accepted: ' . keys %$accepted;
diag scalar(@$refused) . " requests went with their workers" if @$refused;
is_deeply [grep !/^500 (?:Server closed|read timeout|Can't|Status read failed|read failed|write failed)/, @$refused], [],
    'no other answer than a closed connection';
is_deeply [lost($accepted)], [], 'each that was accepted is there, as it was sent';
my @more = grep { !$known{$_} && !$accepted->{$_} } listed();
cmp_ok scalar(@more), '<=', scalar(@$refused), 'beside them at most those whose answer was lost: ' . @more;
my @odd = grep { !-s input_of($_) } @more;
is_deeply \@odd, [], 'which are complete, too';
my @left = grep { !$known{ s{.*/}{}r } } files_below("$::Var/data/tmp");
cmp_ok scalar(@left), '<=', scalar(@$refused) - @more, 'no temporary file but those of killed workers: ' . @left;
my %job = map { $_ => 1 } listed();
my @orphans = grep { my $name = s{.*/}{}r; !$job{$name} && !$known{$name} } files_below("$::Var/data/input");
cmp_ok @orphans + @left + @more, '<=', scalar(@$refused), 'nor an input without a job: ' . @orphans;
my $log = error_log_text();
is scalar(() = $log =~ /exited on signal 9/g), scalar(@killed), 'each kill is in the log';
is_deeply [grep !/exited on signal 9/, $log =~ /\[alert\].*/g], [], 'and no other alert';
is post_form('/jobs', [ file => [sample('hello.docx')], to => 'pdf' ])->code, 202, 'and all goes on';



=== TEST 5: what a killed worker left is swept, and nothing of another
--- config eval: $::Config
--- flow
unlink $_ for files_below("$::Var/data/tmp");
spew("$::Var/data/tmp/00000000000000aa", 'of a killed worker');
spew("$::Var/data/tmp/00000000000000bb", 'of one that lives');
utime time - 4000, time - 4000, "$::Var/data/tmp/00000000000000aa";
http(DELETE => "/jobs/$_") for listed();
platend_start();
ok eventually(5, sub { !-e "$::Var/data/tmp/00000000000000aa" }), 'after an hour it goes';
ok -e "$::Var/data/tmp/00000000000000bb", 'not before';
