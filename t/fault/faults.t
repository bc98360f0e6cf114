# Names each fault of process, power, disk, messaging and HTTP, with the tests that bring it
# about; fails if one has none.

use strict;
use warnings;

use Test::More;

my %tests;
for my $file (sort glob 't/fault/*.t') {
    open my $in, '<', $file or die "$file: $!";
    while (<$in>) {
        next unless /^(?:=== TEST (\d+): |# )fault (\d+): (.*)/;
        push @{ $tests{$2} }, defined $1 ? "$3 ($file, TEST $1)" : "$3 ($file)";
    }
}

for my $fault (1 .. 23, 33 .. 47) {
    ok $tests{$fault}, "fault $fault" or next;
    diag "fault $fault: $_" for @{ $tests{$fault} };
}

done_testing();
