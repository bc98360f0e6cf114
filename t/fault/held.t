# What platend's loop does while a disk, or the store's lock, holds what its threads are about to do:
# all the rest.  Nothing here is timed: what is held is let go only after the rest has happened.

use lib 't/lib';
use TestFault qw(errors);
use TestPlaten;
use TestArchive;

# It copies, at once or when $Var/go is there; or it hangs.
our @Engine = only_script(engine => <<"SH");
read -r word < "\$1"
case \$word in
hang) exec /bin/sleep 1057;;
wait) while [ ! -e $Var/go ]; do /bin/sleep 0.05; done;;
esac
exec /bin/cp \$TINY_PDF "\$2"
SH

# One after the other in the places of the pool, the first of which is 0.
our @Settings = (@Engine, 'workers' => 4, 'standby' => 0, 'limits/attempts' => 1, 'limits/grace' => 60);

sub text { submit(content => "$_[0]\n", name => 'a.txt', to => 'pdf')->{job_id} }

sub becomes {
    my ($id, $status) = @_;
    return eventually(30, sub { job($id)->{status} eq $status });
}

# A job in place 0 whose result is there, and is not judged: its engine has ended.
sub held_job {
    order('fdatasync', 0, "$Var/data/runs/0/", 'while');
    my $id = text('copy');
    eventually(30, sub { -s "$Var/data/runs/0/out/in.pdf" }) or die 'no result';
    eventually(30, sub { !grep { (slurp_or("/proc/$_/cmdline") =~ m{\Q$Var\E/engine}) } below(platend_pid()) }) or die 'its engine runs';
    return $id;
}

sub slurp_or { my ($path) = @_; return eval { slurp($path) } // '' }
sub outputs_of { my ($id) = @_; grep /\Q$id\E/, files_below("$Var/data/output") }

# Engines that hang, which are known by what they wait for.
sub below { my ($pid) = @_; return map { ($_, below($_)) } children_of($pid) }

sub hanging {
    return grep { slurp_or("/proc/$_/cmdline") =~ m{\A/bin/sleep\0001057\0} } below(platend_pid());
}

run_tests();

__DATA__

=== TEST 1: a result that is being judged holds no other job, no kill by the wall clock, and no hint
--- flow
platend_start(@main::Settings, 'limits/wall_clock' => 3);
my $held = main::held_job();
my $hang = main::text('hang');
is wait_job(main::text('copy'))->{status}, 'SUCCESS', "another one's end is written, and a hint heard";
my $job = wait_job($hang, 60);
is "$job->{status} $job->{error_code}", 'FAILED conversion_timeout', 'what hangs is killed by the wall clock';
is wait_job(main::text('copy'))->{status}, 'SUCCESS', 'and its place taken';
is job($held)->{status}, 'PROCESSING', 'it is held still';
orders_done();
is wait_job($held)->{status}, 'SUCCESS', 'then it ends';
is get("/jobs/$held/download")->code, 200, 'and can be fetched';



=== TEST 2: a job that is removed while its result is judged: nothing is left of it
--- flow
my $held = main::held_job();
is http(DELETE => "/jobs/$held")->code, 204, 'removed';
is wait_job(main::text('copy'))->{status}, 'SUCCESS', 'others go on';
orders_done();
ok eventually(30, sub { platend_log() =~ /"msg": *"job discarded[^}]*\Q$held\E/ }), 'it is discarded then';
is_deeply [main::outputs_of($held)], [], 'with its result';
is get("/jobs/$held")->code, 404, 'and is gone';
is wait_job(main::text('copy'))->{status}, 'SUCCESS', 'its place is free';



=== TEST 3: the store's lock, held by a commit that does not end: what hangs is killed all the same
--- flow
unlink "$::Var/go";
platend_stop();
platend_start(@main::Settings, 'limits/wall_clock' => 5);
my ($waits, $hangs) = (main::text('wait'), main::text('hang'));
ok main::becomes($hangs, 'PROCESSING') && eventually(30, sub { main::hanging() }), 'it hangs';
order('fdatasync', 0, "$::Var/store", 'while');
spew("$::Var/go", '');
ok eventually(60, sub { !main::hanging() }), 'until the wall clock, although nothing can be written';
is job($_)->{status}, 'PROCESSING', 'the records say nothing of it' for $waits, $hangs;
orders_done();
is wait_job($waits)->{status}, 'SUCCESS', 'then they do, of what has ended before';
is wait_job($hangs)->{error_code}, 'conversion_timeout', 'and of what was killed';



=== TEST 4: an archive whose files are put in their places
--- flow
unlink "$::Var/go";
platend_stop();
platend_start(@main::Settings, 'limits/wall_clock' => 20);
my ($waits, $hangs) = (main::text('wait'), main::text('hang'));
ok main::becomes($hangs, 'PROCESSING') && main::becomes($waits, 'PROCESSING'), 'they run';
my $batch = submit(content => zip_of(map { sprintf('%03d.txt', $_) => "copy\n" } 1 .. 40), name => 'a.zip', to => 'pdf')->{job_id};
order('rename', 0, "$::Var/data/input", 'while');
ok eventually(30, sub { glob "$::Var/data/runs/batch-*/list" }), 'it is taken apart';
spew("$::Var/go", '');
is wait_job($waits)->{status}, 'SUCCESS', 'another one ends';
is wait_job($hangs, 60)->{error_code}, 'conversion_timeout', 'and what hangs is killed';
is scalar(@{ job($batch)->{files} // [] }), 0, 'it is held still';
orders_done();
my $job = wait_job($batch, 120);
is "$job->{status} $job->{counts}{success}", 'SUCCESS 40', 'then each of its files is converted';



=== TEST 5: a stop waits for what is judged, and a kill does not
--- flow
my $held = main::held_job();
kill TERM => platend_pid();
ok eventually(30, sub { platend_log() =~ /"msg": *"stopping"/ }), 'told to stop';
is job($held)->{status}, 'PROCESSING', 'with a result that is judged';
orders_done();
platend_stop();
is job($held)->{status}, 'SUCCESS', 'it ends before';
platend_start(@main::Settings);
$held = main::held_job();
platend_kill();
orders_done();
is_deeply [main::outputs_of($held)], [], 'killed before: it has no result';
platend_start(@main::Settings);
is wait_job($held)->{status}, 'SUCCESS', 'and is converted again';
is scalar(main::outputs_of($held)), 1, 'once';



=== TEST 6: a job whose directory is not made yet
--- flow
platend_stop();
platend_start(@main::Settings);
order('mkdir', 0, "$::Var/data/runs/0", 'while');
my $held = main::text('copy');
ok main::becomes($held, 'PROCESSING'), 'it is claimed';
is wait_job(main::text('copy'))->{status}, 'SUCCESS', 'another one runs and ends';
is job($held)->{status}, 'PROCESSING', 'it is held still';
orders_done();
is wait_job($held)->{status}, 'SUCCESS', 'then it runs';
order('mkdir', 0, "$::Var/data/runs/0", 'while');
$held = main::text('copy');
ok main::becomes($held, 'PROCESSING'), 'another';
my $stops = () = platend_log() =~ /"msg": *"stopping"/g;
kill TERM => platend_pid();
ok eventually(30, sub { (() = platend_log() =~ /"msg": *"stopping"/g) > $stops }), 'told to stop';
orders_done();
platend_stop();
is job($held)->{status}, 'PENDING', 'what has not begun goes back to the queue';
is job($held)->{attempts}, 0, 'as if it had never been taken';
