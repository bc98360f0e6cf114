# A TypeScript client that is made of conf/openapi.json compiles, strictly, and converts.

use lib 't/lib';
use TestPlaten;

our $Dir = "$TestPlaten::Build/typescript";
our %Engine = only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var);

# Makes, compiles and runs it; what it says, or undef with $Why.
our $Why = '';
sub run_it {
    $Why = -e "$Dir/version" ? '' : qx($Root/t/lib/fetch-typescript $Dir 2>&1);
    return if !-e "$Dir/version";
    my $bin = "$Dir/node_modules/.bin";
    my $work = "$Var/ts";
    mkdir $work;
    symlink "$Dir/node_modules", "$work/node_modules";
    spew("$work/package.json", '{ "type": "module" }');
    spew("$work/convert.ts", slurp("$Root/t/house/typescript.ts"));
    my $said = qx(cd $work && $bin/openapi-typescript $Root/conf/openapi.json -o api.d.ts 2>&1);
    is $?, 0, 'the types are made' or diag $said;
    $said = qx(cd $work && $bin/tsc --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --target es2022 --module nodenext --skipLibCheck --types node convert.ts 2>&1);
    is $?, 0, 'and the client compiles' or diag $said;
    return scalar qx(cd $work && node convert.js @{[ base_url() ]} key-of-alice 2>&1);
}

run_tests();

__DATA__

=== TEST 1: made, compiled, run
--- flow
SKIP: {
    platend_start(%::Engine);
    my $said = main::run_it();
    skip "what makes it is not to be had: $main::Why", 1 if !defined $said;
    like $said, qr/\ASUCCESS a\.pdf \d+ job_not_found\n\z/, 'and converts';
}
platend_stop();
