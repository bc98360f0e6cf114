package TestFault;

# What t/fault needs beside TestPlaten: calls that fail, small disks, processes
# out of descriptors, readers that hold the store.  Used before TestPlaten:
#
#     use lib 't/lib';
#     use TestFault qw(errors disks);  # either, both or none
#     use TestPlaten;
#
# "errors" loads build/fault_errors.so into nginx and platend, for order();
# "disks" gives the test a mount namespace of its own, in which disk() mounts.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use POSIX ();
use Time::HiRes ();

my $root = abs_path(dirname(__FILE__) . '/../..');
my $build = "$root/build";
our ($Orders, $Mounts);
my @holders;

my @names = qw(order orders_done disk fill cannot_mount spins cpu_of limit_descriptors store_driver
               readers same_worker);

sub import {
    my ($class, @want) = @_;
    no strict 'refs';

    for my $want (@want) {
        if ($want eq 'errors') {
            $Orders = File::Temp->newdir('platen-orders-XXXXXX', TMPDIR => 1);
            $ENV{PLATEN_ERRORS} = "$Orders";
            $ENV{LD_PRELOAD} = "$build/fault_errors.so";
        } elsif ($want eq 'disks') {
            # unshare(CLONE_NEWNS): whatever the end of the test is, the mounts end with it.
            $Mounts = $> == 0 && syscall(272, 0x20000) == 0
                && system('mount --make-rprivate / 2> /dev/null') == 0;
        } else {
            die "TestFault: $want";
        }
    }
    for my $name (@names) {
        *{"main::$name"} = \&$name;
    }
}

# From now on the call fails with that errno (0: it does not) on paths that
# begin with $prefix, after so many microseconds, or ('while') once there is no such order; see
# t/fault/errors.c.
sub order {
    my ($call, $errno, $prefix, $wait) = @_;
    my $text = $call eq 'clock' ? $errno : "$errno $prefix " . ($wait // 0);

    open my $out, '>', "$Orders/.new" or die "$Orders: $!";
    print {$out} $text;
    close $out or die $!;
    rename "$Orders/.new", "$Orders/$call" or die $!;
}

sub orders_done { unlink glob "$Orders/*" }

# A file system in memory, mounted on a new directory: disk($path, 'size=1m')
sub disk {
    my ($path, $options) = @_;

    mkdir $path or die "$path: $!";
    return unless $Mounts;
    system('mount', '-t', 'tmpfs', '-o', $options, 'none', $path) == 0 or die "mount $path";
}

# One passed test that says why there is no more; true, for a flow to return.
sub cannot_mount {
    return 0 if $Mounts;
    Test::Builder->new->skip('needs to be root, to mount file systems');
    return 1;
}

# Writes a file until the disk is full, leaving $leave bytes.
sub fill {
    my ($path, $leave) = @_;
    my $chunk = 'x' x 4096;
    my $n = 0;

    open my $out, '>:raw', $path or die "$path: $!";
    while (defined(my $written = syswrite $out, $chunk)) { $n += $written }
    truncate $out, $n - ($leave // 0) or die $! if $leave;
    close $out;
    return $n;
}

# Seconds of CPU that a process has taken.
sub cpu_of {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/stat" or return 0;
    my @field = split ' ', scalar(<$in>) =~ s/^.*\)//sr;
    return ($field[11] + $field[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Whether the process takes most of a core while nobody asks for anything.
sub spins {
    my ($pid) = @_;
    my $from = cpu_of($pid);

    Time::HiRes::sleep(1.5);
    return cpu_of($pid) - $from > 0.9;
}

# No descriptor more than it has now; or as many as usual again.
sub limit_descriptors {
    my ($pid, $usual) = @_;
    my %open = map { m{(\d+)\z} ? ($1 => 1) : () } glob "/proc/$pid/fd/*";
    my $limit = 0;

    $limit++ while $open{$limit};
    $limit = 1024 if $usual;
    system('prlimit', "--pid=$pid", "--nofile=$limit:") == 0 or die 'prlimit';
}

# What t/store_driver.c does; returns its output, and dies if it fails.
sub store_driver {
    my ($store, @arguments) = @_;

    open my $in, '-|', "$build/store_driver", $store, @arguments or die "store_driver: $!";
    my $text = do { local $/; <$in> } // '';
    close $in or die "store_driver @arguments: $text";
    return $text;
}

# A process that has read transactions of the store open: its pid, when it has them.
sub readers {
    my ($store, $count) = @_;
    my $pid = open my $in, '-|', "$build/fault_readers", $store, $count or die "readers: $!";
    my $line = <$in> // '';

    $line =~ /^(\d+)/ && $1 == $count or die "readers: $line";
    push @holders, [$pid, $in]; # closing it would wait
    return $pid;
}

END { kill KILL => map $_->[0], @holders }

# Whether nginx's first worker is still that process.
sub same_worker {
    my ($pid) = @_;
    return kill 0, $pid;
}

1;
