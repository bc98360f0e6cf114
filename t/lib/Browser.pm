package Browser;

# A real browser, Debian's chromium without a window: t/browser/page.html in it does what it is
# ordered, and what it notes comes here.  Used before TestPlaten:
#
#     use lib 't/lib';
#     use Browser;                          # fails without chromium
#     use TestPlaten;
#     my $browser = Browser->new(base_url() . '/browser/page.html');
#     $browser->order(events => 'sse', "/jobs/$id/events?$signed");
#     $browser->order(ws => 'ws', "/jobs/$id/ws?$signed");
#     $browser->until(30, sub { $browser->count(ws => 'end') });
#     $browser->notes('ws');                # { as, what, ... } each, in order
#
# Ways are those of t/browser/page.js.  Each browser has a profile of its own, below $Var, and ends
# with its object, with the test however that ends, or after half an hour, whichever is first.
#
# PLATEN_NO_BROWSER=1 goes without: the test is skipped then.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Cpanel::JSON::XS ();
use POSIX ();
use Time::HiRes qw(time);

my (%running, $profiles);

sub import {
    my ($found) = grep -x, map "$_/chromium", split /:/, $ENV{PATH};

    if ($ENV{PLATEN_NO_BROWSER}) {
        require Test::More;
        Test::More::plan(skip_all => 'PLATEN_NO_BROWSER says so');
    }
    die "chromium is not there: apt-get install chromium, or go without by PLATEN_NO_BROWSER=1\n" unless $found;
}

# Starts one, and waits until the page is there.
sub new {
    my ($class, $url) = @_;
    require TestPlaten;

    my $listen = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', Blocking => 0) or die "listen: $@";
    my $self = bless { listen => $listen, raw => {} }, $class;
    $self->_blank;
    $self->_launch($self->_address($url));
    $self->_arrives;
    return $self;
}

# Starts chromium with a profile of its own and these words.
sub _launch {
    my ($self, @words) = @_;
    my $profile = $self->{profile} = "$TestPlaten::Var/browser-" . ++$profiles;
    mkdir $profile or die "$profile: $!";

    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        # What ends together.
        setpgrp;
        # It leaves nothing elsewhere, and uses no proxy.
        @ENV{qw(HOME TMPDIR)} = ($profile) x 2;
        delete $ENV{$_} for grep /\A(?:LD_PRELOAD|XDG_.*|DBUS_.*|.*_proxy)\z/i, keys %ENV;
        open STDIN, '<', '/dev/null' or POSIX::_exit(1);
        open STDOUT, '>', "$profile/log" or POSIX::_exit(1);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
        # Its sandbox does not start as root, nor in most containers; the pages are ours.
        # Names are resolved to nothing, so that it calls no one else.
        exec qw(setpriv --pdeathsig TERM timeout -k 5 1800 chromium --headless --no-sandbox --disable-gpu
            --disable-dev-shm-usage --no-first-run --no-default-browser-check --disable-extensions --disable-sync
            --disable-background-networking --disable-component-update --disable-breakpad
            --disable-background-timer-throttling --disable-renderer-backgrounding --no-proxy-server),
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', "--user-data-dir=$profile/data",
            @words
            or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $running{$pid} = $profile;
}

# Another page, in the same profile; what the one before has noted is forgotten.
sub visit {
    my ($self, $url) = @_;
    $self->order(visit => '', $self->_address($url));
    my $orders = @{ $self->{orders} };
    $self->until(30, sub { $self->{given} == $orders }) or die 'the page does not leave';
    $self->_blank;
    $self->_arrives;
}

# Has the page do something, and note it under that name.
sub order {
    my ($self, $way, $as, $url, %more) = @_;
    push @{ $self->{orders} }, { way => $way, as => $as, url => $url, %more };
}

# Orders it and returns what it has noted, a single answer.
sub ask {
    my ($self, $way, $url, %more) = @_;
    my $as = 'answer ' . @{ $self->{orders} };
    $self->order($way, $as, $url, %more);
    $self->until(60, sub { $self->notes($as) }) or die "no answer to $way " . ($url // '') . $self->log;
    return ($self->notes($as))[0];
}

sub notes {
    my ($self, $as) = @_;
    return grep { $_->{as} eq $as } @{ $self->{notes} };
}

sub count {
    my ($self, $as, $what) = @_;
    return scalar grep { $_->{what} eq $what } $self->notes($as);
}

# The events under that name: [what, seq] of each.
sub events {
    my ($self, $as) = @_;
    return map [ $_->{what}, $_->{seq} ], grep { defined $_->{seq} } $self->notes($as);
}

# Listens until the check returns true; false after so many seconds.
sub until {
    my ($self, $seconds, $check) = @_;
    my $end = time + $seconds;

    until ($check->()) {
        return 0 if time > $end;
        $self->_listen(0.1);
    }
    return 1;
}

# What the browser itself has said, and what the page has noted: for a test that fails.
sub log {
    my ($self) = @_;
    my $json = Cpanel::JSON::XS->new->canonical;
    return join "\n", '', map($json->encode($_), @{ $self->{notes} }), TestPlaten::slurp("$self->{profile}/log");
}

sub close {
    my ($self) = @_;
    _end(delete $self->{pid}) if $self->{pid};
}

sub DESTROY { local ($?, $@); $_[0]->close }

END {
    my $status = $?;
    _end($_) for keys %running;
    $? = $status;
}

sub _end {
    my ($pid) = @_;
    my $profile = delete $running{$pid};
    kill KILL => -$pid;
    waitpid $pid, 0;
    # Its children are not ours to wait for, but the profile cannot go before them.
    TestPlaten::eventually(10, sub { !_lives($pid, $profile) });
}

# Whether there is a process of that group, or its reporter of crashes, which has left it: any that
# is more than a zombie.
sub _lives {
    my ($group, $profile) = @_;
    for my $process (glob '/proc/[0-9]*') {
        my ($stat, $words) = map { eval { TestPlaten::slurp("$process/$_") } // '' } qw(stat cmdline);
        my ($state, undef, $of) = split ' ', $stat =~ s/^.*\) //sr;
        next unless defined $of; # it has just ended
        return 1 if $state ne 'Z' && ($of == $group || index($words, "$profile/") >= 0);
    }
    return 0;
}

sub _address {
    my ($self, $url) = @_;
    return "$url#" . $self->{listen}->sockport;
}

sub _blank {
    my ($self) = @_;
    @$self{qw(notes orders given reports)} = ([], [], 0, 0);
}

sub _arrives {
    my ($self) = @_;
    $self->until(60, sub { $self->{reports} }) or die 'the page is not there: ' . $self->log;
}

# Takes what comes within so many seconds.
sub _listen {
    my ($self, $seconds) = @_;
    my $raw = $self->{raw};

    for my $socket (IO::Select->new($self->{listen}, map $_->{socket}, values %$raw)->can_read($seconds)) {
        if ($socket == $self->{listen}) {
            my $new = $socket->accept or next;
            $raw->{ fileno $new } = { socket => $new, bytes => '' };
            next;
        }
        my $from = $raw->{ fileno $socket };
        my $got = sysread $socket, $from->{bytes}, 65536, length $from->{bytes};
        my ($length, $body) = $from->{bytes} =~ /\APOST .*?^Content-Length: (\d+)\r\n.*?\r\n\r\n(.*)\z/msi;
        next if $got && (!defined $length || length $body < $length);
        delete $raw->{ fileno $socket };
        $self->_report($socket, $body) if $got;
        CORE::close $socket;
    }
}

sub _report {
    my ($self, $socket, $body) = @_;
    my $report = Cpanel::JSON::XS->new->utf8->decode($body);

    $self->{reports}++;
    splice @{ $self->{notes} }, $report->{from}, scalar @{ $self->{notes} }, @{ $report->{notes} };
    my @orders = @{ $self->{orders} };
    my $answer = Cpanel::JSON::XS->new->utf8->encode([ @orders[ $report->{followed} .. $#orders ] ]);
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($answer) . "\r\nConnection: close\r\n\r\n$answer";
    $self->{given} = @orders;
}

1;
