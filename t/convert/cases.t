# Each of the cases that is right, beside the groups that t/convert/convert_text.t has.

use lib 't/lib';
use TestPlaten;
use TestCases;


# What is not right, and why.
our @Known = (
    'd_footnote.docx to=txt',       # wants "note" after the text, where there are a number and the note
    'h_wide_table.html to=pdf',     # wants "column number 24" in one line; it is there, in three
    '.gif', '.webp', '.bmp', '.eml', '.mhtml', 'd_flatopc.xml',    # not read, or not yet
);

platend_start('limits/wall_clock' => 60);
eventually(30, sub { platend_log() =~ /is warm/ });
run_tests();

__DATA__

=== TEST 1: word processors, spreadsheets, pages and PDF
--- timeout: 240
--- flow
SKIP: {
    skip 'no cases beside the checkout', 1 unless have_cases();
    my $known = join '|', map quotemeta, @main::Known;
    cases(['C2', 'D1', 'D2', 'D3'], qr/$known/);
}
