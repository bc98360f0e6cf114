# Turns of a worker: what one client sends or asks for is dealt with in pieces, and others have theirs between them.
# The worker says itself how many there were, and what the longest took.

use lib 't/lib';
use TestPlaten;
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
