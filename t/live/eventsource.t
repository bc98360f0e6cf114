# A real EventSource, npm's "eventsource" under node: it sees every transition of a job, also
# across a reload and a killed worker, and stops when there is no more to hear.

use lib 't/lib';
use TestPlaten;

master_on();

our $Module = "$Root/build/npm/node_modules/eventsource";
our $Missing;
if (system('command -v node npm > /dev/null 2>&1') != 0) {
    $Missing = 'no node and npm';
} elsif (!-d $Module) {
    system("npm install --no-audit --no-fund --prefix $Root/build/npm eventsource\@2 > $Var/npm.log 2>&1") == 0
        or $Missing = 'the npm registry does not answer: ' . slurp("$Var/npm.log") =~ s/\n.*//sr;
}

# Starts one on a job; returns its output as a file handle.
sub listen_to {
    my ($id) = @_;
    open my $fh, '-|', 'node', "$Root/t/live/eventsource.js", $Module, base_url() . "/jobs/$id/events", $Key{alice} or die;
    return $fh;
}

sub heard { return Cpanel::JSON::XS->new->decode(scalar readline $_[0]) }

run_tests();

__DATA__

=== TEST 1: every transition, and the end
--- flow
SKIP: {
    skip "no EventSource: $main::Missing", 5 if $main::Missing;
    my $id = submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
    my $fh = main::listen_to($id);
    is main::heard($fh)->{event}, 'open', 'open';
    is main::heard($fh)->{status}, 'PENDING', 'the state';
    platend_start();
    my @rest = map Cpanel::JSON::XS->new->decode($_), <$fh>;
    is_deeply [map $_->{event}, grep { $_->{status} && $_->{event} ne 'error' } @rest], [qw(job_processing job_done)],
        'every transition, and none twice';
    ok !(grep { $_->{event} eq 'state' || $_->{event} eq 'reset' } @rest), 'though it has come back once';
    ok $rest[-1]{closed}, 'it is told not to come again';
}



=== TEST 2: across a reload and a killed worker
--- no_error_log
[emerg]
--- flow
SKIP: {
    skip "no EventSource: $main::Missing", 4 if $main::Missing;
    platend_stop() if platend_pid();
    my $id = submit(file => sample('hello.docx'), to => 'pdf')->{job_id};
    my $fh = main::listen_to($id);
    is main::heard($fh)->{event}, 'open', 'open';
    is main::heard($fh)->{status}, 'PENDING', 'the state';
    my ($master, $worker) = nginx_pids();
    kill HUP => $master;
    ok eventually(20, sub { !kill 0 => $worker }), 'another worker';
    kill KILL => (nginx_pids())[1];
    platend_start();
    my @rest = map Cpanel::JSON::XS->new->decode($_), <$fh>;
    is_deeply [map $_->{event}, grep { $_->{status} && $_->{event} ne 'error' } @rest], [qw(job_processing job_done)],
        'every transition, and none twice' or diag explain \@rest;
}
