package PlatenBench::Latency;

# A document at a time: Platen, LibreOfficeKit in one process and soffice, in turn.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Peers;
use PlatenBench::Server;

our @EXPORT = qw(bench_latency);

# Time for a child to be forked ahead and for the disk to come to rest, so
# that one does not pay for the other.
sub rest { sleep 0.25 }

sub measure_latency {
    my ($file, $kit, $documents) = @_;
    my $name = basename($file);
    my (@platen, @kit, @close, @soffice, @client, @ratios, @stream);

    for (1 .. 3) {
        wait_jobs(0.005, submit($file));
        in_process($kit, $file);
    }
    soffice($file) for 1 .. 2;

    for my $n (1 .. $documents) {
        rest();
        my $began = time();
        my ($job) = wait_jobs(0.005, submit($file));
        push @client, 1e6 * (time() - $began);
        push @platen, job_us($job);

        rest();
        my ($load, $save, $close) = @{ in_process($kit, $file) };
        push @kit, $load + $save;
        push @close, $close;
        push @ratios, $platen[-1] / $kit[-1];

        next if $n % 4;
        rest();
        push @soffice, soffice($file);
    }

    # No rest between them: no child is ready, and each is forked on demand.
    for (1 .. $documents) {
        my ($job) = wait_jobs(0.002, submit($file));
        push @stream, job_us($job);
    }

    my $times = sub { spread('%.1f', map { $_ / 1000 } @_) . ' ms' };
    my $faster = @soffice ? median(@soffice) / median(@platen) : 0;

    print "latency of $name (", -s $file, " bytes), one at a time, median (min .. max)\n";
    print_table(['Platen', $times->(@platen), @platen . ' jobs, created_at to completed_at'],
                ['', $times->(@client), 'as the client sees it, polling every 5 ms'],
                ['', $times->(@stream), 'without a pause between them'],
                ['LibreOfficeKit', $times->(@kit), 'load + save in one process; close takes '
                                                   . ms(median(@close)) . ' more'],
                ['soffice', $times->(@soffice), @soffice . ' times --convert-to'],
                ['ratio', spread('%.2f', @ratios), 'of Platen to LibreOfficeKit']);
    print "\n";

    row("$name, Platen / LibreOfficeKit", ms(median(@platen)), ms(median(@kit)),
        sprintf('%.2f x', median(@ratios)), '<= 1.4 x', aim(median(@ratios) <= 1.4));
    row("$name, soffice / Platen", ms(median(@platen)), ms(median(@soffice)),
        sprintf('%.1f x', $faster), '>= 10 x', aim($faster >= 10));
}

# Each of `samples`, `documents` times.
sub bench_latency {
    my (%set) = @_;
    my $kit = start_peer("$set{build}/lok_inproc", $set{office}, "$dir/profile-kit", 'pdf');

    measure_latency($_, $kit, $set{documents}) for @{ $set{samples} };
    stop($kit->{pid});
}

1;
