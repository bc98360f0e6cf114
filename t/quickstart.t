# ./quickstart --once, as the README has it, in a directory and on a port of its own.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(remove_tree);
use File::Temp ();
use Test::More tests => 2;

use TestPlace;

my $temp = File::Temp->newdir('platen-quick-XXXXXX', TMPDIR => 1);
$ENV{PLATEN_VAR} = "$temp/var";
$ENV{PLATEN_PORT} = TestPlace::port();
my $out = `./quickstart --once 2>&1`;
is $?, 0, 'quickstart --once' or diag $out;
like $out, qr/^pages: [1-9]/m, 'converts a document';

# Where nginx's user cannot get at it, it is a link to where it can.
my $real = readlink "$temp/var";
remove_tree($real) if $real;
