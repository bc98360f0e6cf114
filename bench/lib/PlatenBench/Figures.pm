package PlatenBench::Figures;

# How the benchmarks of conversion write their figures down, and what several of
# them measure.

use strict;
use warnings;

use Exporter 'import';

use PlatenBench;

our @EXPORT = qw(ms mb private_of percentile);

sub ms { sprintf '%.1f ms', $_[0] / 1000 }

sub mb { sprintf '%.1f MB', $_[0] / 1e6 }

# Sums of what memory_of() says.
sub private_of {
    my @sum = (0) x 4;

    for (@_) {
        my @of = memory_of($_);
        $sum[$_] += $of[$_] for 0 .. $#of;
    }
    return @sum;
}

sub percentile {
    my ($p, @values) = @_;
    my @sorted = sort { $a <=> $b } @values;

    return $sorted[int($p * $#sorted)] // 0;
}

1;
