# A stream across everything that ends it: reloads, killed workers, a killed sidecar; fault 1, 2, 5.

use lib 't/lib';
use TestPlaten;
use EventStream;
use TestFollowers;

master_on();
workers(2);

sub workers_now { my ($master, @workers) = nginx_pids(); return @workers }

run_tests();

__DATA__

=== TEST 1: a reload ends streams cleanly, and they go on where they were
--- flow
my $job = submit(content => "text\n", name => 'a.txt', to => 'pdf')->{job_id};
my @s = map EventStream->new($_), "/jobs/$job/events", '/events';
my @id = map $_->next->{id}, @s;
my @before = main::workers_now();
kill HUP => (nginx_pids())[0];
for (@s) {
    is $_->next(20), undef, 'the stream ends';
    is $_->{end}, 'last', 'with its last chunk';
}
ok eventually(10, sub { !grep { kill 0 => $_ } @before }), 'and no longer keeps its worker';
@s = map EventStream->new($_, 'Last-Event-ID' => $id[0]), "/jobs/$job/events", '/events';
platend_start();
for (@s) {
    is_deeply [map $_->{event}, map $s[0]->next, 1 .. 2], [qw(job_processing job_done)], 'the rest comes to the new one';
    shift @s;
}



=== TEST 2: nothing is lost, nothing comes twice, whatever is killed
--- no_error_log
[emerg]
--- flow
my $since = main::newest();
my @followers = map main::follow('/events', "$::Var/seen.$_", $since), 1 .. 3;
my @jobs;
my $quit = time + 18;
for (my $n = 0; time < $quit || @jobs <= 30 && time < $quit + TestPlace::patience(60); $n++) {
    for (1 .. 3) {
        my $response = http(POST => '/jobs?to=md&filename=a.html', content => "<p>$n.$_</p>");
        push @jobs, json_of($response)->{job_id} if $response->code == 202;
    }
    http(DELETE => "/jobs/$jobs[-1]") if $n % 4 == 1;
    my @workers = main::workers_now();
    kill KILL => $workers[rand @workers] if $n % 5 == 2 && @workers;
    kill HUP => (nginx_pids())[0] if $n % 7 == 3;
    if ($n % 9 == 4) {
        platend_kill();
        platend_start();
    }
    my $now = main::newest();
    eventually(5, sub { main::newest() > $now }); # as fast as it goes
}
cmp_ok scalar(@jobs), '>', 30, 'jobs: ' . @jobs;
ok eventually(60, sub { my @left = grep { $_->{status} =~ /PENDING|PROCESSING/ } @{ json_of(get('/jobs?limit=1000'))->{jobs} }; !@left }),
    'all are final';
my $until = main::newest();
my @log = grep { (split)[0] > $since } main::whole_log($until);
for my $n (1 .. 3) {
    ok eventually(15, sub { (main::lines("$::Var/seen.$n"))[-1] =~ /^$until / }), "follower $n has all";
    my @seen = main::lines("$::Var/seen.$n");
    is_deeply \@seen, \@log, 'each event once, in order: ' . @seen;
    my $breaks = () = slurp("$::Var/seen.$n") =~ /^#/mg;
    diag "follower $n: $breaks regular ends";
}
kill KILL => @followers;
waitpid $_, 0 for @followers;
my $log = error_log_text();
is_deeply [grep !/exited on signal 9/, $log =~ /\[alert\].*/g], [], 'no alert but of those that were killed';
