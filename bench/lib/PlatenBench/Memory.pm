package PlatenBench::Memory;

# Private memory of Platen's processes: at work, idle, and after many conversions.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Server;
use PlatenBench::Stacks;

our @EXPORT = qw(bench_memory bench_leak);

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

# Idle and ready, beside the Celery stack that has done a document; of a child at its peak.
sub bench_memory {
    my (%set) = @_;
    my $file = $set{samples}[0];

    my $stack = $set{peers} ? start_celery(%set) : undef;
    stack_jobs($stack, [basename($file), slurp($file)]) for $stack ? 1 .. $set{workers} : ();
    convert_many($file, $set{quick} ? 5 : 20, 2, 0);
    my @busy = map { $_->[0] / 1e6 } child_peaks($file, $set{quick} ? 12 : 60, 8, 0);
    die "no child was seen\n" unless @busy;

    sleep($set{quick} ? 2 : 10);
    my @pids = (platen_pids(), children_of(zygote()));
    my ($ours, $share) = map { $_ / 1e6 } private_of(@pids);
    my ($theirs, $theirs_share) = $stack ? map { $_ / 1e6 } private_of(stack_pids($stack)) : ();
    stop_stack($stack) if $stack;

    print "memory: private (USS); with its share of what is shared (PSS) ",
        join(' beside ', map { sprintf '%.0f MB', $_ } grep { defined } $share, $theirs_share), "\n";
    figure(name => 'memory, idle and ready: nginx, platend and LibreOffice', unit => 'MB', ours => [$ours],
           defined $theirs ? (beside => [$theirs], against => 'Celery stack, idle', ratios => [$ours / $theirs],
                              aim => '<= 0.5') : ());
    figure(name => 'memory of a child that converts a page, private, at its peak', unit => 'MB', ours => \@busy,
           aim => '<= 25');
}

# Of the zygote, over many conversions.
sub bench_leak {
    my (%set) = @_;
    my $many = $set{quick} ? 40 : 2000;
    my $zygote = zygote();

    convert_many($set{samples}[0], 5, 1, 0);
    sleep 1;
    my @before = memory_of($zygote);
    convert_many($set{samples}[0], $many, 40, 0);
    sleep 1;
    die "the zygote was renewed\n" if zygote() != $zygote;
    my @after = memory_of($zygote);

    # Private is what no child shares at the moment; anonymous is the zygote's, whoever shares it.
    figure(name => "growth of the warm LibreOffice over $many conversions, anonymous", unit => 'MB',
           ours => [($after[3] - $before[3]) / 1e6], aim => '<= 1');
}

1;
