# Documents that were not as LibreOffice makes them of itself: drawings across a page's end, comments
# in sheets, comments and tracked changes in formats other than DOCX.  make fidelity has all of them.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $corpus = $ENV{PLATEN_CORPUS} || "$root/../shared/corpus";
-d $corpus or plan skip_all => 'no corpus beside the checkout';

my @names = qw(39512.xls right-to-left.xlsx testODTStyles3.odt Fuzzed.doc 52449.docx);
my $out = `$root/t/fidelity --out $root/build/fidelity.t @{[ map "$corpus/$_", @names ]} 2>&1`;
is $?, 0, 'nothing is different' or diag $out;
like $out, qr/^\Q$_\E .*  same$/m, $_ for @names;
done_testing();
