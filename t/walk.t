# Clients that do at random what clients do, against a model of what must be true (t/walk).
#
#   WALK_S=N     60 seconds; make walk is the longer form
#   WALK_SEED=N  the same steps of each client again

use strict;
use warnings;

use Test::More tests => 2;

my $seconds = $ENV{WALK_S} // 60;
my @seed = defined $ENV{WALK_SEED} ? "--seed $ENV{WALK_SEED}" : ();
my $out = `t/walk --seconds $seconds @seed 2>&1`;
is $?, 0, 'what was answered is so: nothing lost, nothing twice, nothing of anyone else, and what is counted is what there is';
like $out, qr/^walk: .*nothing wrong$/m, 'in one line';
diag $out;
