# The prisoner on this kernel: what is not in the table of the sandbox is refused from
# inside each engine's policy, and what is in it works.  `make prisoner` is the long form.

use strict;
use warnings;

use File::Spec::Functions 'rel2abs';
use Test::More;

my $build = rel2abs($ENV{PLATEN_BUILD} || 'build');

my $said = `$build/prisoner 2>&1`;
my $status = $?;
if ($status >> 8 == 2 && $said =~ /does not hold here/) {
    plan skip_all => $said;
}
is $status, 0, 'nothing went otherwise' or diag $said;
unlike $said, qr/WRONG/, 'not one attempt';
my ($refused, $work) = $said =~ /(\d+) refused, +(\d+) work, 0 wrong/;
cmp_ok $refused // 0, '>', 13 * 500, 'hundreds of attempts for each engine' or diag $said;
cmp_ok $work // 0, '>', 13 * 30, 'and what the table has';

# The table, as it is printed.
open my $config, '>', "$build/prisoner.cfg" or die $!;
print $config qq(store\n    path = "$build/prisoner-store"\ndata\n    path = "$build/prisoner-data"\n);
close $config;
my $ctl = "$build/platenctl -c $build/prisoner.cfg";
my $lok = `$ctl sandbox lok`;
is $?, 0, 'platenctl sandbox lok';
like $lok, qr/^  layers .*landlock/m, 'says which layers hold';
like $lok, qr/^  landlock   ABI \d/m, 'and the ABI of Landlock';
like $lok, qr/^lok: .*^  reads .*\{document\}.*^  writes +\{run\} \/dev\/null$/ms, 'what it may read and write';
like $lok, qr/^  refused .*\btruncate\b.*^  absent .*\bclone3\b.*^  fatal .*\bptrace\b/ms, 'the calls';
like $lok, qr/^  in part    kill and tgkill: itself alone$/m, 'those that some arguments are refused of';
unlike $lok, qr/^  executes/m, 'who may execute nothing has no program to';
like `$ctl sandbox pandoc`, qr/^  executes   \{program\} .*pandoc$/ms, 'who may has it';
is join('', grep length > 79, split /^/, $lok), '', 'in lines that a terminal has';
unlike $lok, qr/pixmaps|\/usr\/share$| \/usr | \/usr\/local /m, 'nothing of other programs below /usr';
like $lok, qr/^  limits .*address_space=\d+/m, 'and limits';
like `$ctl --json sandbox`, qr/"engine": "soffice-pdf".*"fatal"/s, 'all of them, as JSON';
like `$ctl sandbox nosuch 2>&1`, qr/has no engine "nosuch"; it has lok soffice /, 'an engine that there is not';
is $? >> 8, 2, 'is a mistake in the command line';
unlink "$build/prisoner.cfg";

done_testing;
