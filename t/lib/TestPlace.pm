package TestPlace;

# Where a test has its servers: ports and a server root that no other test on this machine has
# at the same time, whoever has started them.  Used before Test::Nginx, which reads both at
# its start; TestPlaten and PlatenServer do so.
#
#     use TestPlace;                 # TEST_NGINX_PORT and TEST_NGINX_SERVROOT are this test's
#     my $port = TestPlace::port();  # one more, for a server beside it; give_back($port)
#
# Ports come in blocks of 16: a block is held by a lock on a file, as long as the process that
# took it lives, and is not taken if anything listens on a port of it.  Test::Nginx has the
# first port, a .t the seven after it, port() gives the rest.
#
#   TEST_NGINX_PORT      where to look from, 18000; up to 960 ports above it
#   TEST_NGINX_SERVROOT  what the name of the root begins with, build/servroot
#
# The root goes at the end of a test that has passed.

use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(:flock O_RDWR O_CREAT);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use Socket;

use constant { BLOCK => 16, OWN => 8, RANGE => 960 };

my $from = $ENV{TEST_NGINX_PORT} || 18000;
my $locks = '/tmp/platen-ports';
my $owner = $$;
my $taker = 0; # the process that the free ports belong to: a child takes its own
my (@held, @free);

our $Port = take();
our $ServRoot = ($ENV{TEST_NGINX_SERVROOT} || abs_path(dirname(__FILE__) . '/../..') . '/build/servroot') . "-$Port";
make_path(dirname($ServRoot));
remove_tree($ServRoot); # of one that was killed on these ports

delete @ENV{qw(TEST_NGINX_SERVER_PORT TEST_NGINX_CLIENT_PORT TEST_NGINX_RANDOMIZE)};
$ENV{TEST_NGINX_PORT} = $Port;
$ENV{TEST_NGINX_SERVROOT} = $ServRoot;

# What this test starts looks for its own from here on, below a name that it was given.
END { remove_tree($ServRoot) if $$ == $owner && !$? }

# How long a limit of that many seconds is waited for, on a machine that may be four times slower
# and have other tests to run.  A few seconds are what a test asserts, and stay what they are.
sub patience { my ($seconds) = @_; return $seconds > 3 ? 4 * $seconds : $seconds }

# A block that is nobody's: its first port.
sub take {
    if (!-d $locks) {
        mkdir $locks;
        chmod 01777, $locks;
    }
    for (my $port = $from; $port < $from + RANGE; $port += BLOCK) {
        sysopen my $lock, "$locks/$port", O_RDWR | O_CREAT, 0666 or next;
        next unless flock $lock, LOCK_EX | LOCK_NB;
        next if grep { !is_free($_) } $port .. $port + BLOCK - 1;
        push @held, $lock;
        @free = () if $taker != $$;
        push @free, $port + OWN .. $port + BLOCK - 1;
        $taker = $$;
        return $port;
    }
    die "no port is free from $from on: are tests running that nobody waits for?\n";
}

sub is_free {
    my ($port) = @_;
    socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
    return bind $socket, sockaddr_in($port, INADDR_LOOPBACK);
}

sub port {
    take() if $taker != $$ || !@free;
    return shift @free;
}

sub give_back {
    my ($port) = @_;
    push @free, $port if $taker == $$;
}

1;
