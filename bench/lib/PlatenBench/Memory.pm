package PlatenBench::Memory;

# Private memory of Platen's processes: at work, idle, and after many conversions.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Server;

our @EXPORT = qw(bench_memory);

# Converts `total` documents with `at_once` handed in and not final, and calls
# `look` as often as it can meanwhile; without it, polls now and then.
sub convert_many {
    my ($file, $total, $at_once, $pause, $look) = @_;
    my ($given, $done, $polled, @jobs) = (0, 0, 0);

    while ($done < $total) {
        if (@jobs < $at_once && $given < $total) {
            sleep $pause if $pause;
            push @jobs, submit($file);
            $given++;
            next;
        }
        if ($look) {
            $look->() while time() - $polled < 0.02;
        } else {
            sleep 0.02;
        }
        $polled = time();
        while (@jobs) {
            my $job = job($jobs[0]{job_id});
            last unless is_final($job);
            die "not converted: $job->{error_code}\n" if $job->{status} ne 'SUCCESS';
            die "not converted again: the result was cached\n" if $job->{cached};
            $done++;
            shift @jobs;
        }
    }
}

# [USS, what it has written] of each child that converts, when the first is at
# its highest.  It is in a run's directory; one that waits is in the zygote's.
sub child_peaks {
    my ($file, $total, $at_once, $pause) = @_;
    my $zygote = zygote();
    my %peak;

    convert_many($file, $total, $at_once, $pause, sub {
        for my $pid (children_of($zygote)) {
            next unless (readlink("/proc/$pid/cwd") // '') =~ m{/runs/\d+$};
            my ($uss, undef, $dirty) = memory_of($pid) or next;
            $peak{$pid} = [$uss, $dirty] if $uss > ($peak{$pid}[0] // 0);
        }
    });
    return values %peak;
}

# Of the first of `samples`; `quick`: of few conversions.
sub bench_memory {
    my (%set) = @_;
    my ($children, $many, $idle) = $set{quick} ? (20, 40, 5) : (150, 2000, 40);
    my $file = $set{samples}[0];
    my $zygote = zygote();

    convert_many($file, 5, 1, 0);
    sleep 1;
    my @before = memory_of($zygote);

    my $took = time();
    convert_many($file, $many, 40, 0);
    $took = time() - $took;
    sleep 1;
    die "the zygote was renewed\n" if zygote() != $zygote;
    my @after = memory_of($zygote);

    my @busy = child_peaks($file, $children, 8, 0);
    my @ahead = child_peaks($file, int($children / 3), 1, 0.25);
    die "no child was seen\n" unless @busy && @ahead;

    sleep $idle;
    my @all = tree(platend_pid());
    my ($uss) = private_of(@all);
    my ($busy, $ahead) = map { median(map { $_->[0] } @$_) } \@busy, \@ahead;

    my $child = sub {
        my ($name, $what, @peaks) = @_;
        return [$name, spread('%.1f', map { $_->[0] / 1e6 } @peaks) . ' MB',
                sprintf '%.1f MB of it written; %d seen, %s',
                median(map { $_->[1] / 1e6 } @peaks), scalar(@peaks), $what];
    };
    my $of = sub {
        my ($name, @pids) = @_;
        my ($own, $share, $dirty) = private_of(@pids);
        return [$name, mb($own), mb($dirty) . ' of it written; PSS ' . mb($share)];
    };
    print "memory: private (USS)\n";
    print_table(
        $child->("child at its peak, $set{workers} at a time", 'forked when asked for', @busy),
        $child->('child at its peak, one at a time', 'forked ahead if there was time', @ahead),
        ["zygote before $many conversions", mb($before[0]),
         mb($before[3]) . ' anonymous, in part shared with its children'],
        ['zygote after them', mb($after[0]),
         sprintf '%s anonymous; %d s, %.1f/s', mb($after[3]), $took, $many / $took],
        $of->("all, $idle s after the last job", @all),
        map { $of->('  ' . slurp("/proc/$_/comm") =~ s/\n//r . " $_", $_) } @all);
    print "\n";

    row("idle, platend and all below, $idle s after", mb($uss), '', '', '<= 120 MB',
        aim($uss <= 120e6));
    row('child of 1 page at its peak, forked on demand', mb($busy), '', '', '<= 40 MB',
        aim($busy <= 40e6));
    row('child of 1 page at its peak, forked ahead', mb($ahead), '', '', '<= 40 MB',
        aim($ahead <= 40e6));
    # Private is what no child shares at the moment; anonymous is the zygote's, whoever shares it.
    my $grown = $after[3] - $before[3];
    row("zygote, growth over $many conversions, anonymous", sprintf('%+.2f MB', $grown / 1e6),
        '', '', '<= 1 MB', aim($grown <= 1e6));
}

1;
