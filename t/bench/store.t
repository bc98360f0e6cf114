# The benchmark in its shortest form: that it measures, not what.

use strict;
use warnings;

use Test::More;

plan tests => 1;
my $out = `bench/store --quick --pairs 1 accept read 2>&1`;
is $?, 0, 'bench/store --quick --pairs 1 accept read';
diag $out;
