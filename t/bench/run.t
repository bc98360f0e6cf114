# The benchmark in its shortest form: that it measures, not what; and that what it wrote
# down is made into a page and plots.

use strict;
use warnings;

use File::Temp;
use Cpanel::JSON::XS ();
use Test::More;

use lib 'bench/lib';
use PlatenBench;

my $temp = File::Temp->newdir;
my $out = `bench/run --short --no-peers --results $temp/results.jsonl upload status latency 2>&1`;
is $?, 0, 'bench/run --short' or diag $out;
my @lines = map { Cpanel::JSON::XS::decode_json($_) } split /\n/, slurp("$temp/results.jsonl");
my ($head) = grep { $_->{kind} eq 'head' } @lines;
cmp_ok scalar(grep { $_ > 0 } @{ $head->{costs} }{qw(fault copy populate fork fsync sha256)}), '==', 6, 'its head has what things cost';
my @figures = grep { $_->{kind} eq 'figure' } @lines;
is_deeply [map { $_->{part} } @figures], [qw(upload status status latency)], 'each part has its figures';
ok !(grep { !@{ $_->{ours} } || !@{ $_->{beside} } || !@{ $_->{ratios} } || !defined $_->{met} } @figures), 'beside something, each judged';

$out = `bench/report $temp/results.jsonl $temp 2>&1`;
is $?, 0, 'bench/report' or diag $out;
my $page = slurp("$temp/RESULTS.md");
is scalar(grep { index($page, "| $_->{name} |") < 0 } @figures), 0, 'the page has each figure';
is system("xmllint --noout $temp/targets.svg $temp/rates.svg"), 0, 'the plots are XML' if grep { -x "$_/xmllint" } split /:/, $ENV{PATH};
like slurp("$temp/targets.svg"), qr{<svg .*<circle .*</svg>}s, 'a plot has points';

$out = `bench/run --short no-such-part 2>&1`;
is $? >> 8, 2, 'a part that is not there is refused';
like $out, qr/^unknown: no-such-part\nusage: /, 'with how to use it';
$out = `bench/run --build /nonexistent status 2>&1`;
is $? >> 8, 2, 'a build that is not there too';
like $out, qr{missing: /nonexistent/platend \(make sidecar\)}, 'with what to make';

done_testing;
