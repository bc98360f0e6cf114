# Texts that do not say it: which way their paragraphs go (Unicode Standard Annex 9, P2 and P3).

use utf8;
use lib 't/lib';
use TestPlaten;
use TestOffice;
use Encode ();

our $Hebrew = "\x{5e9}\x{5dc}\x{5d5}\x{5dd} \x{5e2}\x{5d5}\x{5dc}\x{5dd}";
our $Arabic = "\x{645}\x{631}\x{62d}\x{628}\x{627}";

# Whether each word of a PDF begins in the right half of its page, by the word.
sub right_half {
    my ($file) = @_;
    my $boxes = `pdftotext -bbox $file -`;
    my ($width) = $boxes =~ /<page width="([\d.]+)/;
    return map { $_->[1] => $_->[0] > $width / 2 ? 1 : 0 } map [/xMin="([\d.]+)".*>(\S+)<\/word>/], $boxes =~ /(<word .*?<\/word>)/g;
}

platend_start();
run_tests();

__DATA__

=== TEST 1: plain text
--- timeout: 60
--- flow
my $text = Encode::encode('utf-8', "$main::Hebrew END1\nSTART2 $main::Hebrew\n123 ($main::Arabic) END3\n\n\f$main::Arabic END5\n77 \x{2067}$main::Hebrew\x{2069} END6\n");
my (undef, $file) = convert(name => 'a.txt', content => $text, to => 'pdf');
my %right = main::right_half($file);
is join(' ', map $right{$_} // '-', 'END1', 'START2', 'END3', 'END5', 'END6'), '1 0 1 1 0', 'in a PDF';
(undef, $file) = convert(name => 'a.txt', content => $text, to => 'docx');
my @paragraphs = TestOffice::text_of($file) =~ /(<w:p>.*?<\/w:p>)/g;
is join(' ', map { /<w:bidi(?: w:val="(?:true|1)")?\/>/ ? 1 : 0 } grep /<w:t/, @paragraphs), '1 0 1 1 0', 'in a DOCX';
is pages_of(+(convert(name => 'a.txt', content => $text, to => 'pdf'))[1]), 2, 'and its pages are still its own';
(undef, $file) = convert(name => 'a.txt', content => Encode::encode('utf-8', "a\n" . "$main::Arabic  <&>\t$main::Hebrew\n" x 70), to => 'docx');
is scalar(() = TestOffice::text_of($file) =~ /<w:bidi(?: w:val="(?:true|1)")?\/>/g), 70, 'many of them';



=== TEST 2: Markdown and reStructuredText
--- timeout: 60
--- flow
my $text = Encode::encode('utf-8', "# $main::Hebrew\n\n$main::Arabic **END1**\n\nSTART2 $main::Hebrew\n\n- $main::Hebrew END3\n- START4\n\n> $main::Arabic END5\n\n"
    . "```\ncode\n```\n\n| a | $main::Hebrew |\n|---|---|\n| $main::Arabic | b |\n");
my (undef, $file) = convert(name => 'a.md', content => $text, to => 'pdf');
my %right = main::right_half($file);
is join(' ', map $right{$_} // '-', qw(END1 START2 END3 START4 END5 code)), '1 0 1 0 1 0', 'in a PDF';
for my $to (qw(html epub)) {
    my $html = TestOffice::text_of((convert(name => 'a.md', content => $text, to => $to))[1]);
    like $html, qr/<h1[^>]* dir="rtl"|<section[^>]* dir="rtl"[^>]*>\s*<h1/, "$to: a heading";
    like $html, qr/<div dir="rtl">\s*<p>[^<]*<strong>END1/, 'a paragraph';
    like $html, qr/<p>START2/, 'one from the left';
    like $html, qr/<div dir="rtl">\s*<ul>\s*<li>[^<]*END3<\/li>\s*<li><div dir="ltr">\s*START4/, 'items';
}
(undef, $file) = convert(name => 'a.rst', content => Encode::encode('utf-8', "$main::Hebrew\n\nplain\n"), to => 'docx');
is scalar(() = TestOffice::text_of($file) =~ /<w:bidi \/>/g), 1, 'reStructuredText';
