package PlatenBench::Latency;

# A document at a time: Platen, LibreOfficeKit in one process and soffice, in turn.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use Time::HiRes qw(sleep);

use PlatenBench;
use PlatenBench::Peers;
use PlatenBench::Server;

our @EXPORT = qw(bench_latency latency_aim);

# Time for a child to be forked ahead and for the disk to come to rest, so
# that one does not pay for the other.
sub rest { sleep 0.25 }

# The target is 1.15 where a fault costs a microsecond and 1.5 where it costs fifteen: a
# process for each document is faults, of which one that goes on has none.
sub latency_aim {
    my ($fault) = @_;
    my $aim = 1.15 + 0.35 * ($fault - 1) / 14;

    return sprintf '<= %.2f', $aim < 1.15 ? 1.15 : $aim > 1.5 ? 1.5 : $aim;
}

sub measure_latency {
    my ($set, $file, $kit) = @_;
    my $name = '1-page DOCX';
    my (@platen, @kit, @soffice, @stream);

    for (1 .. 3) {
        wait_jobs(0.005, submit($file));
        in_process($kit, $file);
    }
    soffice($file);

    for my $n (1 .. $set->{documents}) {
        for my $side ($n % 2 ? qw(platen kit) : qw(kit platen)) {
            rest();
            if ($side eq 'platen') {
                my ($job) = wait_jobs(0.005, submit($file));
                push @platen, job_us($job) / 1000;
            } else {
                my ($load, $save) = @{ in_process($kit, $file) };
                push @kit, ($load + $save) / 1000;
            }
        }
        next if $n % 5;
        rest();
        push @soffice, soffice($file) / 1000;
    }

    # No rest between them: no child is ready, and each is forked on demand.
    for (1 .. $set->{documents}) {
        my ($job) = wait_jobs(0.002, submit($file));
        push @stream, job_us($job) / 1000;
    }

    print "latency of ", basename($file), " (", -s $file, " bytes), one at a time; without a pause between them ",
        spread('%.1f', @stream), " ms\n";
    figure(name => "$name, created to completed", unit => 'ms', ours => \@platen, beside => \@kit,
           against => 'bare LibreOfficeKit, load + save',
           ratios => [map { $platen[$_] / $kit[$_] } 0 .. $#platen],
           aim => latency_aim($set->{costs}{fault}));
    figure(name => "$name, created to completed", unit => 'ms', ours => [median(@platen)], beside => \@soffice,
           against => 'soffice --convert-to', ratios => [map { median(@platen) / $_ } @soffice],
           aim => '<= 0.1') if @soffice;
}

# Each of `samples`, `documents` times.
sub bench_latency {
    my (%set) = @_;
    my $kit = start_peer("$set{build}/lok_inproc", $set{office}, "$dir/profile-kit", 'pdf');

    measure_latency(\%set, $_, $kit) for @{ $set{samples} };
    stop($kit->{pid});
}

1;
