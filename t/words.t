# Texts of every script, charset and format: every word comes out (t/words).
#
#   WORDS_STEPS=N  40 texts; make words is the longer form
#   WORDS_SEED=N   the same texts again

use strict;
use warnings;

use Test::More tests => 2;

my $steps = $ENV{WORDS_STEPS} // 40;
my @seed = defined $ENV{WORDS_SEED} ? "--seed $ENV{WORDS_SEED}" : ();
my $out = `t/words --steps $steps @seed 2>&1`;
is $?, 0, 'each word is in the result, in order, or a warning says what is not so';
like $out, qr/^words: .* 0 lost words/m, 'in one line';
diag $out;
