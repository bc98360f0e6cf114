package PlatenBench;

# What the benchmarks share: a temporary directory, processes that are all
# stopped at the end, whatever the end is, and figures.
#
#     use lib "$FindBin::Bin/lib";
#     use PlatenBench;
#     bench_begin(keep => 0);              # makes $dir, takes the signals
#     my $pid = start("$dir/out", 'nginx', ...);
#     begin_part('upload');
#     figure(name => 'upload 1 MB', unit => '/s', ours => [...], beside => [...],
#            against => 'a dav PUT', ratios => [...], aim => '>= 0.9');
#     print_summary();

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Handle;
use IO::Socket::INET;
use Cpanel::JSON::XS ();
use POSIX qw(:sys_wait_h _exit);
use Time::HiRes qw(time sleep);

our @EXPORT = qw($dir bench_begin in_path check_needs start stop ended capture stop_all
                 slurp spew free_port children_of tree memory_of cpu_of median spread
                 begin_part figure record print_summary print_table);

our $dir;

my ($owner, $keep, $results, $part, %children, @summary);


# --- beginning and end -------------------------------------------------------

sub bench_begin {
    my (%option) = @_;

    $owner = $$;
    $keep = $option{keep};
    $SIG{$_} = sub { print STDERR "bench: interrupted\n"; exit 1 } for qw(INT TERM HUP);
    $SIG{PIPE} = 'IGNORE';
    $dir = abs_path(tempdir('platen-bench-XXXXXX', DIR => $ENV{TMPDIR} // '/tmp'));
    if (defined $option{results}) {
        open $results, '>:raw', $option{results} or die "$option{results}: $!\n";
        $results->autoflush(1);
    }
}

END {
    if (defined $owner && $$ == $owner) {
        my $status = $?;

        stop_all();
        if ($dir && $keep) {
            print STDERR "bench: kept $dir\n";
        } elsif ($dir) {
            remove_tree($dir);
        }
        $? = $status;
    }
}

sub in_path {
    my ($name) = @_;

    return -x $name if $name =~ m{/};
    return scalar grep { -x "$_/$name" } split /:/, $ENV{PATH};
}

# Exits with 2 if something is not there; [whether it is, what to do]...
sub check_needs {
    my @missing = map { $_->[1] } grep { !$_->[0] } @_;

    return unless @missing;
    print STDERR "bench: missing: $_\n" for @missing;
    exit 2;
}


# --- processes ---------------------------------------------------------------

# Starts a command in a process group of its own; everything that runs is in
# %children until it is reaped.  `out` is a file, or handles [stdin, stdout]
# for which stderr goes to $dir/peer.err.
sub start {
    my ($out, @command) = @_;
    my $pid = fork() // die "cannot fork: $!\n";

    if ($pid == 0) {
        setpgrp;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        if (ref $out) {
            open STDIN, '<&', $out->[0] or _exit(126);
            open STDOUT, '>&', $out->[1] or _exit(126);
            open STDERR, '>', "$dir/peer.err" or _exit(126);
        } else {
            open STDIN, '<', '/dev/null' or _exit(126);
            open STDOUT, '>', $out or _exit(126);
            open STDERR, '>&', \*STDOUT or _exit(126);
        }
        exec { $command[0] } @command or _exit(127);
    }

    $children{$pid} = $command[0];
    return $pid;
}

# Whether a child has ended; with no pid, which one has, or 0.
sub ended {
    my ($pid) = @_;
    my $got = waitpid $pid // -1, WNOHANG;

    return 0 if $got <= 0;
    my $status = $?;
    kill KILL => -$got;
    delete $children{$got};
    $? = $status;
    return $got;
}

# Runs a command to its end and returns what it printed.
sub capture {
    my @command = @_;
    my $pid = start("$dir/out", @command);

    waitpid $pid, 0;
    delete $children{$pid};
    my $text = slurp("$dir/out");
    die "@command failed:\n$text\n" if $? != 0;
    return $text;
}

# SIGTERM, and after some seconds SIGKILL; what is left of a group goes, too.
sub stop {
    my %left = map { $_ => 1 } grep { $children{$_} } @_;
    my $until = time() + 6;

    kill TERM => keys %left;
    while (%left && time() < $until) {
        for my $pid (keys %left) {
            if (waitpid($pid, WNOHANG) != 0) {
                delete $left{$pid};
                delete $children{$pid};
            }
        }
        sleep 0.02 if %left;
    }
    kill KILL => map { -$_ } @_;
    for my $pid (keys %left) {
        waitpid $pid, 0;
        delete $children{$pid};
    }
}

sub stop_all { stop(keys %children) }

sub children_of {
    my ($pid) = @_;

    return map { split ' ', slurp($_) } glob "/proc/$pid/task/*/children";
}

sub tree {
    my ($pid) = @_;

    return ($pid, map { tree($_) } children_of($pid));
}

# Bytes that are a process's alone (USS), its share of all (PSS), and what of
# its own it has written (the rest are pages of files that no other process
# happens to have mapped).  Empty if it is gone.
sub memory_of {
    my ($pid) = @_;
    my $text = slurp("/proc/$pid/smaps_rollup");
    my $uss = 0;

    my @of = map { $text =~ /^$_:\s+(\d+) kB/m } qw(Pss Private_Dirty Anonymous);
    return unless @of == 3;
    $uss += $1 while $text =~ /^Private_\w+:\s+(\d+) kB/mg;
    return map { 1024 * $_ } $uss, @of;
}

# Seconds of CPU that processes have used, with those of their children that
# have ended and been waited for.
sub cpu_of {
    my $ticks = 0;

    for my $pid (@_) {
        my @field = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\)//sr;
        $ticks += $_ for @field[11 .. 14];
    }
    return $ticks / POSIX::sysconf(&POSIX::_SC_CLK_TCK);
}


# --- files and ports ---------------------------------------------------------

sub slurp {
    my ($file) = @_;

    open my $fh, '<:raw', $file or return '';
    local $/;
    return scalar(<$fh>) // '';
}

sub spew {
    my ($file, @content) = @_;

    open my $fh, '>:raw', $file or die "$file: $!\n";
    print $fh @content;
    close $fh or die "$file: $!\n";
}

sub free_port {
    my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1',
                                       Proto => 'tcp')
        or die "no free port: $!\n";

    return $socket->sockport;
}


# --- figures -----------------------------------------------------------------

sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $middle = int(@sorted / 2);

    return @sorted % 2 ? $sorted[$middle] : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

sub spread {
    my ($format, @values) = @_;
    my @sorted = sort { $a <=> $b } @values;

    return sprintf "$format ($format .. $format)", median(@values), $sorted[0], $sorted[-1];
}

sub print_table {
    my @rows = @_;
    my @width;

    for my $row (@rows) {
        for (0 .. $#$row) {
            $width[$_] = length $row->[$_] if length $row->[$_] > ($width[$_] // -1);
        }
    }
    for my $row (@rows) {
        my $line = join '  ', map { sprintf '%-*s', $width[$_], $row->[$_] } 0 .. $#$row;
        print '  ', $line =~ s/ +$//r, "\n";
    }
}

sub begin_part { ($part) = @_ }

# A line of JSON of what was measured.
sub record {
    my (%what) = @_;

    print {$results} Cpanel::JSON::XS->new->canonical->encode({ part => $part, %what }), "\n" if $results;
}

sub shown {
    my ($unit, @values) = @_;
    my $middle = median(@values);
    my $format = $unit eq 'x' || $middle < 10 ? '%.2f' : $middle < 1000 ? '%.1f' : '%.0f';

    return sprintf("$format%s", $middle, $unit =~ m{^/} ? $unit : $unit eq '' ? '' : " $unit");
}

# One figure: `name`, its `unit`, what was measured of `ours` and, where there is something
# to compare with, `beside` of what stands in `against`; `ratios`, each of a pair; and its `aim`,
# '>= N' or '<= N' of the ratio's median, or without ratios of ours.
sub figure {
    my (%figure) = @_;
    my ($op, $limit) = ($figure{aim} // '') =~ /^([<>]=) ([\d.]+)/;
    my @judged = $figure{ratios} ? @{ $figure{ratios} } : @{ $figure{ours} };

    if (defined $op) {
        my $value = median(@judged);
        $figure{limit} = $limit + 0;
        $figure{met} = ($op eq '>=' ? $value >= $limit : $value <= $limit) ? Cpanel::JSON::XS::true : Cpanel::JSON::XS::false;
    }
    record(kind => 'figure', %figure);
    push @summary, [$figure{name}, shown($figure{unit}, @{ $figure{ours} }),
                    $figure{beside} ? shown($figure{unit}, @{ $figure{beside} }) : '',
                    $figure{against} // '',
                    $figure{ratios} ? spread('%.2f', @{ $figure{ratios} }) : '',
                    $figure{aim} // '', !defined $op ? '' : $figure{met} ? 'met' : 'missed'];
    print '  ', join('  ', grep { $_ ne '' } @{ $summary[-1] }), "\n\n";
}

sub print_summary {
    print "summary: medians; of a ratio, with its smallest and largest\n";
    print_table(['', 'Platen', 'beside', 'against', 'ratio', 'aim', ''], @summary);
}

1;
