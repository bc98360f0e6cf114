# The benchmark in its shortest form: that it measures, not what.

use strict;
use warnings;

use Test::More;

plan tests => 1;
my $out = `bench/run --quick --pairs 1 2>&1`;
is $?, 0, 'bench/run --quick --pairs 1';
diag $out;
