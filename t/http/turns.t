# Turns of a worker: what one client sends or asks for is dealt with in pieces, and others have theirs between them.
# The worker says itself how many there were, and what the longest took.

use lib 't/lib';
use TestPlaten;
use TestArchive;
use WebSocket;

master_on();

# The turns of a worker that is asked to end by a reload, once the check has run.
sub turns {
    my ($check) = @_;
    my ($master, $worker) = nginx_pids();
    $check->($worker);
    kill HUP => $master;
    my ($turns, $longest);
    eventually(30, sub {
        ($turns, $longest) = error_log_text() =~ /\[notice\] $worker#\d+: platen: this worker had (\d+) turns, the longest of (\d+) ms/;
    });
    note 'turns ', $turns // 'none', ', the longest of ', $longest // '?', ' ms';
    return ($turns // 0, $longest // 0);
}

platend_start(only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var));
run_tests();

__DATA__

=== TEST 1: frames of a WebSocket
--- flow
my ($turns) = main::turns(sub {
    my ($worker) = @_;
    my $ws = WebSocket->new('/ws');
    is $ws->{code}, 101, 'a WebSocket';
    # all of them are there before the worker looks
    kill STOP => $worker;
    syswrite $ws->{socket}, ("\x89\x80" . "\0" x 4) x 8000;
    kill CONT => $worker;
    my $pongs = 0;
    while ($pongs < 8000) {
        my $frame = $ws->frame or last;
        $pongs++ if $frame->{opcode} == 10;
    }
    is $pongs, 8000, 'a pong to each ping';
    $ws->send(8, '');
    1 while $ws->frame;
});
cmp_ok $turns, '>=', 8000 / 16, 'and others had their turn between them';



=== TEST 2: a batch that is told of as a whole, and in part
--- flow
my $files = 1500;
my $zip = zip_of(map { sprintf('%04d.txt', $_) => "text $_" } 1 .. $files);
# one of them has a result; the others are passed over
platend_stop();
platend_start(only_script(hold => 'read -r word n < "$1"; while [ "$n" != 1500 ] && [ -e ' . "$::Var/hold" . ' ]; do /bin/sleep 0.1; done; exec /bin/cp $TINY_PDF "$2"', $::Var),
    workers => 4);
spew("$::Var/hold", '');
my $id = json_of(http(POST => '/api/v1/jobs/', 'Content-Type' => 'application/zip', content => $zip))->{job_id};
my $status;
eventually(120, sub { $status = json_of(get("/api/v1/jobs/$id")); @{ $status->{files} } == $files }) or diag platend_log();
is scalar @{ $status->{files} }, $files, 'each is told of';
is_deeply [ map $_->{id}, @{ $status->{files} } ], [ 0 .. $files - 1 ], 'once, and in order';
my $bad = 0;
my ($turns) = main::turns(sub {
    for (1 .. 30) { $bad++ if @{ json_of(get("/api/v1/jobs/$id"))->{files} } != $files }
});
is $bad, 0, 'every time';
cmp_ok $turns, '>=', 30 * ($files / 256 - 1) + 30, 'in several turns';
unlink "$::Var/hold";
is http(DELETE => "/jobs/$id")->code, 204, 'gone';
--- timeout: 200
