# The benchmark in its shortest form: that it measures, not what.

use strict;
use warnings;

use Test::More;

plan skip_all => 'it needs real documents, which PLATEN_CORPUS names' if !$ENV{PLATEN_CORPUS};
plan tests => 1;
my $out = `bench/convert --quick latency 2>&1`;
is $?, 0, 'bench/convert --quick latency';
diag $out;
