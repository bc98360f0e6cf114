# Clients that do at random what clients do, against a model of what must be true (t/walk).
#
#   WALK_S=N     60 seconds; make walk is the longer form, with other steps each time
#   WALK_SEED=N  the same steps of each client again; 1, as a check asks the same of each commit

use strict;
use warnings;

use Test::More tests => 2;

my $seconds = $ENV{WALK_S} // 60;
my $seed = $ENV{WALK_SEED} // 1;
my $out = `t/walk --seconds $seconds --seed $seed 2>&1`;
is $?, 0, 'what was answered is so: nothing lost, nothing twice, nothing of anyone else, and what is counted is what there is';
like $out, qr/^walk: .*nothing wrong$/m, 'in one line';
diag $out;
