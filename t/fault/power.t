# What a power failure may leave of the store: its last pages written in part.  Either the last
# state that was whole, or a refusal that says why.  Whole images of what was on the disk at
# each sync: powerloss.t.

use lib 't/lib';
use TestFault;
use TestPlaten;

our $Page = 4096;
our @Copy = only_script('copies', qq{exec /bin/cp $Var/tiny.pdf "\$2"});

# A store of its own with those bytes, that the next blocks use.
sub torn {
    my ($name, $bytes) = @_;
    mkdir "$Var/$name";
    spew("$Var/$name/data.mdb", $bytes);
}

# What both processes get, as settings.
sub settings { my ($name) = @_; return (@Copy, 'store/path' => "$Var/$name") }
sub at { my ($name) = @_; return "platen_store $Var/$name; platen_data $Var/data; platen_queue off; platen_result_cache off;" }

# The two meta pages' transaction numbers (the last eight bytes of what LMDB writes there).
sub meta_txn { my ($bytes, $n) = @_; return unpack 'Q<', substr $bytes, $n * $Page + 144, 8 }

# Starts platend on that store; what it says when it cannot.
sub start_says {
    my ($name) = @_;
    spew("$Var/platend.cfg", TestPlaten::zpl('data/path' => "$Var/data", 'queue/endpoint' => "ipc://$Var/run/other.sock",
        'engines/libexec' => $Libexec, settings($name)));
    my $out = `timeout 20 $Root/build/platend -c $Var/platend.cfg 2>&1`;
    return ($out, $? >> 8);
}

our (@Ids, $Before, $After);

run_tests();

__DATA__

=== TEST 1: a store, as it was before the last change and after it
--- http_config eval: main::at('store')
--- flow
platend_start(main::settings('store'));
@main::Ids = map { submit(content => "text $_\n", name => 'a.txt', to => 'pdf')->{job_id} } 1 .. 5;
is wait_job($_)->{status}, 'SUCCESS', 'converted' for @main::Ids;
platend_stop();
$main::Before = slurp("$::Var/store/data.mdb");
push @main::Ids, submit(content => "the last one\n", name => 'a.txt', to => 'pdf')->{job_id};
$main::After = slurp("$::Var/store/data.mdb");
my ($old, $new) = map { my $bytes = $_; (sort { $b <=> $a } map main::meta_txn($bytes, $_), 0, 1)[0] } $main::Before, $main::After;
is $new, $old + 1, 'one transaction lies between them';

my ($last) = grep main::meta_txn($main::After, $_) == $new, 0, 1;
my $meta = $last * $main::Page;
my $size = length $main::After;

# The pages of the last change are there, but not the page that makes them count.
my $unwritten = $main::After;
substr($unwritten, $meta, $main::Page) = substr $main::Before, $meta, $main::Page;
main::torn(unwritten => $unwritten);

# That page is there, with nothing in it; with noise in it; both of them are.
my $blank = $main::After;
substr($blank, $meta, $main::Page) = "\0" x $main::Page;
main::torn(blank => $blank);
my $noise = $main::After;
substr($noise, $meta, 512) = join '', map chr(($_ * 7919 + 13) % 251), 1 .. 512;
main::torn(noise => $noise);
main::torn(blanks => "\0" x (2 * $main::Page) . substr $main::After, 2 * $main::Page);
main::torn(short => substr $main::After, 0, 100);

# Pages that the last whole state does not use are torn.
my $free = $unwritten;
for (my $at = 2 * $main::Page; $at < $size; $at += $main::Page) {
    next if $at < length $main::Before && substr($main::Before, $at, $main::Page) eq substr $main::After, $at, $main::Page;
    substr($free, $at + 2048, 2048) = "\xa5" x 2048 if $at + $main::Page <= $size;
}
isnt $free, $unwritten, 'some pages were written by the last change';
main::torn(free => $free);
pass 'torn';



=== TEST 2: fault 11: the last page was not written: the state before it
--- http_config eval: main::at('unwritten')
--- flow
is json_of(get('/jobs'))->{total}, 5, 'five jobs';
is get("/jobs/$_/download")->code, 200, 'whole' for @main::Ids[0 .. 4];
is get("/jobs/$main::Ids[5]")->code, 404, 'the sixth was never answered in such a case';
platend_start(main::settings('unwritten'));
is wait_job(submit(content => "next\n", name => 'a.txt', to => 'pdf')->{job_id})->{status}, 'SUCCESS', 'and it goes on';
platend_stop();



=== TEST 3: fault 11: pages of a change that does not count are torn: nothing of it is seen
--- http_config eval: main::at('free')
--- flow
is json_of(get('/jobs'))->{total}, 5, 'five jobs';
is get("/jobs/$_/download")->code, 200, 'whole' for @main::Ids[0 .. 4];
platend_start(main::settings('free'));
is wait_job(submit(content => "next\n", name => 'a.txt', to => 'pdf')->{job_id})->{status}, 'SUCCESS', 'and it goes on';
platend_stop();



=== TEST 4: fault 11: a page that decides is torn: refused, in words, by both
--- http_config eval: main::at('noise')
--- no_error_log
[emerg]
key-of-
--- flow
problem_is get('/jobs'), 503, 'store_unavailable', 'nginx refuses';
problem_is http(POST => '/jobs?to=pdf', content => "x\n"), 503, 'store_unavailable', 'everything';
is get('/health')->code, 200, 'but lives';
like error_log_text(), qr{\[alert\].*store "$::Var/noise": cannot open}, 'and says why';
for my $name (qw(noise blank blanks short)) {
    my $bytes = slurp("$::Var/$name/data.mdb");
    my ($out, $status) = main::start_says($name);
    is $status, 1, "$name: platend does not start";
    like $out, qr{cannot start.*cannot open}, 'and says why';
    is sha256_hex(slurp("$::Var/$name/data.mdb")), sha256_hex($bytes), 'and has not touched it';
}
