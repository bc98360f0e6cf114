# LibreOffice out of order: what needs it waits, however much that is; everything else goes on,
# and nothing is made by others in its place.

use lib 't/lib';
use TestArchive;
use TestPlaten;

our $xlsx;

# Platen's programs in a directory of their own, from which platen-lok can be taken.
sub programs {
    system('mkdir', '-p', "$Var/libexec") == 0 or die;
    system('cp', '-p', "$Root/build/platen-$_", "$Var/libexec/") == 0 or die $_
        for qw(tables zip lok webhook pandoc.lua docx text);
}

# The process of the warm LibreOffice, of this platend.
sub office {
    my ($pid) = grep { (readlink("/proc/$_/exe") // '') =~ m{^\Q$Var\E/libexec/platen-lok}
        && (slurp("/proc/$_/stat") =~ /^\d+ \(.*\) \S (\d+)/)[0] == platend_pid() } map m{(\d+)}, glob '/proc/[0-9]*';
    return $pid;
}

sub break_office {
    my $pid = office() // die 'no platen-lok';
    rename "$Var/libexec/platen-lok", "$Var/libexec/away" or die $!;
    system('cp', '/bin/false', "$Var/libexec/platen-lok") == 0 or die;
    kill KILL => $pid;
    eventually(60, sub { (() = platend_log() =~ /LibreOffice does not get ready/g) >= 3 }) or die 'it is in order';
}

sub mend_office { rename "$Var/libexec/away", "$Var/libexec/platen-lok" or die $! }

sub done { my ($id, %arg) = @_; my $job = wait_job($id, 120, %arg); return $job->{error_code} // $job->{status} }

run_tests();

__DATA__

=== TEST 1: more that waits for it than one look takes in hides no other client, nor one's own
--- timeout: 240
--- flow
main::programs();
platend_start('engines/libexec' => "$Var/libexec", 'engines/soffice/enabled' => 0);
my $csv = submit(content => "a,b\n1,2\n", name => 'a.csv', to => 'xlsx');
is main::done($csv->{job_id}), 'SUCCESS', 'a spreadsheet';
$main::xlsx = get("/jobs/$csv->{job_id}/download")->content;
main::break_office();
my @waiting = map { submit(content => $main::xlsx, name => "$_.xlsx", to => 'pdf')->{job_id} } 1 .. 540;
my @others = map { submit(content => "a,b\n$_,2\n", name => 'b.csv', to => 'json', key => 'bob')->{job_id} } 1 .. 5;
is main::done($_, key => 'bob'), 'SUCCESS', 'another client' for @others;
my $own = submit(content => "a,b\n1,2\n", name => 'c.csv', to => 'json')->{job_id};
is main::done($own), 'SUCCESS', 'its own, behind all that waits';
is json_of(get('/jobs?status=PENDING'))->{total}, 540, 'which waits';
my $ready;
ok eventually(10, sub { ($ready = get('/health/ready', key => undef))->code == 503 }), 'the server says that it is not ready';
like json_of($ready)->{detail}, qr/^LibreOffice does not start/, 'and why';
is job($waiting[0])->{attempts}, 0, 'and was not tried';
http(DELETE => "/jobs/$_") for @waiting[1 .. 539];
main::mend_office();
is main::done($waiting[0]), 'SUCCESS', 'until it is in order again';
ok eventually(10, sub { get('/health/ready', key => undef)->code == 200 }), 'as the server says';



=== TEST 2: batches that wait hide nothing, either
--- timeout: 240
--- flow
main::break_office();
my @batches = map { json_of(http(POST => "/jobs?to=pdf&filename=$_.zip",
    content => zip_of("a.xlsx", $main::xlsx, "b.xlsx", $main::xlsx)))->{job_id} } 1 .. 12;
my @others = map { submit(content => "a,b\n$_,2\n", name => 'b.csv', to => 'json', key => 'bob')->{job_id} } 1 .. 5;
is main::done($_, key => 'bob'), 'SUCCESS', 'another client' for @others;
my $own = submit(content => "a,b\n1,2\n", name => 'c.csv', to => 'json')->{job_id};
is main::done($own), 'SUCCESS', 'its own';
main::mend_office();
is main::done($_), 'SUCCESS', 'a batch' for @batches;



=== TEST 3: no other engines make what LibreOffice makes best
--- timeout: 240
--- flow
main::break_office();
my $pdf = submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
my $images = submit(file => sample('hello.docx'), to => 'pdf', fields => [ image_quality => 50 ])->{job_id};
my @others = map { submit(content => "a,b\n$_,2\n", name => 'b.csv', to => 'json')->{job_id} } 1 .. 3;
is main::done($_), 'SUCCESS', 'what needs no LibreOffice' for @others;
is job($_)->{status}, 'PENDING', 'what needs it waits' for $pdf, $images;
main::mend_office();
is main::done($_), 'SUCCESS', 'for it' for $pdf, $images;
is_deeply job($_)->{engines}, ['lok'], 'and the job says so' for $pdf, $images;
is platenctl('inspect', $pdf), 0, 'inspect';
like $CtlOut, qr/^engines +"lok"$/m, 'says it, too';
my $md = submit(content => "# a\n", name => 'a.md', to => 'pdf')->{job_id};
is main::done($md), 'SUCCESS', 'in two steps';
is_deeply job($md)->{engines}, -x '/usr/bin/pandoc' ? ['pandoc', 'lok'] : [], 'both are named';
like platend_log(), qr/"job finished".*"engine": *"pandoc\+lok"/, 'in the log as well';
