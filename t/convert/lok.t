# platen-lok by itself: conversions, sandbox, hostile documents, crashes.

use strict;
use warnings;

my $build = $ENV{PLATEN_BUILD} || 'build';
exec "$build/lok_driver", "$build/platen-lok" or die "$build/lok_driver: $!";
