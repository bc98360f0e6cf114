# conf/openapi.json as Redocly and Spectral see it: nothing to say.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $dir = ($ENV{PLATEN_BUILD} || "$root/build") . '/lint';
my $bin = "$dir/node_modules/.bin";
my $why = -e "$dir/version" ? '' : qx($root/t/lib/fetch-lint $dir 2>&1);
plan skip_all => "Redocly and Spectral are not to be had: $why" if !-e "$dir/version";

@ENV{qw(REDOCLY_TELEMETRY REDOCLY_SUPPRESS_UPDATE_NOTICE NO_COLOR)} = ('off', 'true', 1);
my $said = qx($bin/redocly lint --config $root/t/house/redocly.yaml $root/conf/openapi.json 2>&1);
is $?, 0, 'Redocly finds no error' or diag $said;
unlike $said, qr/\[1\] /, 'and nothing to warn of' or diag $said;
$said = qx($bin/spectral lint --ruleset $root/t/house/spectral.yaml --fail-severity hint $root/conf/openapi.json 2>&1);
is $?, 0, 'nor does Spectral' or diag $said;
done_testing;
