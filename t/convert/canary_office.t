# The canary where LibreOffice converts.

use lib 't/lib';
use TestPlaten;

run_tests();

__DATA__

=== TEST 1: by the warm LibreOffice, once it is warm; at its end nothing is left of it
--- flow
platend_start('canary/interval' => 1);
is get('/health/ready', key => undef)->code, 200, 'ready while LibreOffice warms: jobs wait that long';
my $canary;
ok eventually(60, sub { $canary = json_of(get('/health/ready', key => undef))->{canary} }), 'converted';
is_deeply [@$canary{qw(from to)}, @{ $canary->{engines} }], [qw(rtf pdf lok)], 'RTF to PDF by the warm one';
like platend_log(), qr/LibreOffice is warm.*"msg":"canary converted"/s, 'after it was warm';
unlike platend_log(), qr/"level":"error"/, 'without an error';
is platend_stop(), 0, 'stopped';
