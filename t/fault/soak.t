# fault 9: random SIGKILLs of every process under load: accepted = ended, each once (t/fault/soak)
#
#   PLATEN_SOAK_KILLS=N   150; make soak is the longer form, KILLS=100000 the long one

use strict;
use warnings;

use Test::More tests => 2;

my $kills = $ENV{PLATEN_SOAK_KILLS} // 150;
my $out = `t/fault/soak --kills $kills 2>&1`;
is $?, 0, "fault 9: $kills kills: nothing lost, nothing twice, nothing left behind";
like $out, qr/^soak: $kills kills .*nothing wrong$/m, 'in one line';
diag $out;
