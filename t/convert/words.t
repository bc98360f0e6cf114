# Texts of every script, charset and format: every word comes out (t/words).
#
#   WORDS_STEPS=N  40 texts; make words is the longer form, with other texts each time
#   WORDS_SEED=N   the same texts again; 1, as a check asks the same of each commit

use strict;
use warnings;

use Test::More tests => 2;

my $steps = $ENV{WORDS_STEPS} // 40;
my $seed = $ENV{WORDS_SEED} // 1;
my $out = `t/words --steps $steps --seed $seed 2>&1`;
is $?, 0, 'each word is in the result, in order, or a warning says what is not so';
like $out, qr/^words: .* 0 lost words/m, 'in one line';
diag $out;
