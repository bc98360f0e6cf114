# Pages as the client wants them: paper, orientation, margins, sheets that fit; hidden sheets.

use lib 't/lib';
use TestPlaten;
use TestOffice;

# The size of the first page in points, and where its first word begins.
sub size { my ($pdf) = @_; return `pdfinfo $pdf` =~ /^Page size:\s+([\d.]+) x ([\d.]+)/m ? map sprintf('%.0f', $_), $1, $2 : () }
sub first_word { my ($pdf) = @_; return `pdftotext -bbox $pdf -` =~ /<word xMin="([\d.]+)" yMin="([\d.]+)"/ ? ($1, $2) : () }
sub text { my ($pdf) = @_; return join ' ', split ' ', read_pdf($pdf) }

# Rows of so many cells.
sub grid {
    my ($rows, $columns) = @_;
    return join '', map { my $r = $_; "<row r=\"$r\">" . join('', map "<c t=\"inlineStr\"><is><t>r${r}c$_</t></is></c>", 1 .. $columns) . '</row>' } 1 .. $rows;
}

platend_start('workers' => 2);
run_tests();

__DATA__

=== TEST 1: paper, orientation and margins of whatever has pages
--- flow
my @sources = (['docx', file => sample('hello.docx')], ['txt', content => "text\n", name => 'a.txt'], ['md', content => "# text\n", name => 'a.md'],
    ['html', content => '<p>text</p>', name => 'a.html'], ['csv', content => "a,b\n1,2\n", name => 'a.csv']);
for (@sources) {
    my ($what, @arg) = @$_;
    my (undef, $pdf) = convert(@arg, to => 'pdf', fields => [paper => 'Letter', orientation => 'landscape', margins => '3cm 2cm 1cm 4cm']);
    is_deeply [main::size($pdf)], [792, 612], "$what: the paper, turned";
    my ($left, $top) = main::first_word($pdf);
    cmp_ok abs($left - 113.4), '<', 6, 'the left margin';
    cmp_ok abs($top - 85), '<', 30, 'the upper one';
}
my (undef, $pdf) = convert(file => sample('hello.docx'), to => 'pdf', fields => [landscape => 1, paper => 'A5']);
is_deeply [main::size($pdf)], [595, 420], 'landscape is the older name of an orientation';
(undef, $pdf) = convert(file => sample('hello.docx'), to => 'pdf', fields => [landscape => 1, orientation => 'portrait']);
is_deeply [main::size($pdf)], [612, 792], 'which comes first';
my ($job) = convert(content => slurp(sample('hello.docx')), name => 'a.docx', to => 'pdf', fields => [margins => '1in,0']);
is_deeply $job->{options}, { margins => '25.40mm 0mm 25.40mm 0mm' }, 'margins as the job shows them';



=== TEST 2: sheets that fit
--- flow
my @book = (name => 'a.xlsx', content => xlsx(sheets => [['Data', main::grid(130, 20)]]));
my ($plain, $width, $page, $wide) = map { (convert(@book, to => 'pdf', fields => $_))[1] }
    [], [fit => 'width'], [fit => 'page'], [fit => 'width', orientation => 'landscape', margins => '1cm'];
my ($pages, $high) = map pages_of($_), $plain, $width;
cmp_ok $high, '<', $pages, "to the width of a page: $high pages instead of $pages";
cmp_ok $high, '>', 1, 'but as many below each other as it takes';
like main::text($width), qr/^r1c1 .* r1c20 r2c1 /, 'with whole rows';
is pages_of($page), 1, 'to one page';
like main::text($page), qr/r130c20$/, 'with all of it';
cmp_ok +(main::size($wide))[0], '>', (main::size($wide))[1], 'turned';
like main::text($wide), qr/^r1c1 .* r1c20 r2c1 /, 'and to its width';
my (undef, $ods) = convert(@book, to => 'ods');
is pages_of((convert(file => $ods, to => 'pdf', fields => [fit => 'page']))[1]), 1, 'of ODS, too';
is_deeply [read_pdf((convert(@book, to => 'pdf', fields => [fit => 'width', pages => '1']))[1]) =~ /r130/g], [], 'and of these some pages';



=== TEST 3: what no route can do is refused
--- flow
my %formats;
for my $from (@{ json_of(get('/formats'))->{conversions} }) {
    $formats{"$from->{from}:$_->{format}"} = { map { $_ => 1 } @{ $_->{options} } } for @{ $from->{to} };
}
for (['xlsx:pdf', qw(fit orientation paper margins)], ['csv:pdf', qw(fit paper)], ['docx:pdf', qw(orientation paper margins)], ['md:pdf', qw(paper)]) {
    my ($pair, @options) = @$_;
    ok $formats{$pair}{$_}, "$pair takes $_" for @options;
}
ok !$formats{$_->[0]}{ $_->[1] }, "$_->[0] has no $_->[1]" for ['docx:pdf', 'fit'], ['pptx:pdf', 'paper'], ['xlsx:csv', 'fit'], ['pdf:pdf', 'margins'];
my $response = post_form('/jobs', [to => 'pdf', fit => 'width', file => [ sample('hello.docx') ]]);
problem_is $response, 422, 'unsupported_option', 'a text has no sheets';
like json_of($response)->{detail}, qr/fit is no option of docx to pdf/, 'and it says so';



=== TEST 4: hidden sheets are nowhere, and what is computed from them is
--- flow
my $hidden = '<row r="1"><c r="A1"><v>41</v></c><c r="B1" t="inlineStr"><is><t>SECRET</t></is></c></row>';
my $shown = '<row r="1"><c r="A1" t="inlineStr"><is><t>shown</t></is></c><c r="B1"><f>\'Not this\'!A1+1</f><v>42</v></c><c r="C1"><f>B1*2</f><v>84</v></c>'
    . '<c r="D1" t="str"><f>"t"&amp;\'Not this\'!A1</f><v>t41</v></c><c r="E1" t="b"><f>B1&gt;2</f><v>1</v></c></row>'
    . '<row r="2" hidden="1"><c r="A2" t="inlineStr"><is><t>HIDDENROW</t></is></c></row>';
my @book = (name => 'a.xlsx', content => xlsx(sheets => [['Not this', $hidden, 'state="hidden"'], ['First', $shown], ['Nor this', $hidden, 'state="veryHidden"'],
    ['Last', '<row r="1"><c r="A1" t="inlineStr"><is><t>last</t></is></c></row>']], before => '<cols><col min="7" max="7" width="9" hidden="1"/></cols>'));
for ([], [single_page_sheets => 1], [fit => 'width']) {
    my ($job, $pdf) = convert(@book, to => 'pdf', fields => $_);
    is pages_of($pdf), 2, "a page to each sheet that is shown (@$_)";
    is main::text($pdf), 'shown 42 84 t41 TRUE last', 'with its values, and without hidden rows';
    unlike "@{ $job->{warnings} }", qr/idden/, 'of which nothing need be said';
}
my (undef, $pdf) = convert(@book, to => 'pdf', fields => [single_page_sheets => 1, pages => 2]);
is main::text($pdf), 'last', 'pages are those of the result';
(undef, my $xls) = convert(@book, to => 'xls');
(undef, $pdf) = convert(file => $xls, to => 'pdf', fields => [single_page_sheets => 1]);
like main::text($pdf), qr{^shown 42 84 t41 (TRUE|1) last$}, 'of XLS, too';
$shown = '<row r="1"><c r="A1"><f>\'Bob\'\'s &amp; co\'!A1+1</f><v>42</v></c></row>';
(undef, $pdf) = convert(name => 'a.xlsx', content => xlsx(sheets => [["Bob's &amp; co", $hidden, 'state="hidden"'], ['First', $shown]],
    workbook => '<calcPr fullCalcOnLoad="1"/>'), to => 'pdf', fields => [single_page_sheets => 1]);
is main::text($pdf), '42', 'of one with an apostrophe in its name, too';



=== TEST 5: rows as high as their text, if they have no height of their own
--- flow
my $long = 'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu last';
my $cell = qq(s="1" t="inlineStr"><is><t>$long</t></is></c>);
my $hidden = $cell =~ s/alpha/HIDDEN/r;
my $rows = qq(<row r="2"><c r="A2" $cell</row><row r="4" hidden="1"><c r="A4" $hidden</row><row r="5"><c r="A5" s="2" t="inlineStr"><is><t>LARGE</t></is></c></row>)
    . '<row r="6"><c r="A6" t="inlineStr"><is><t>below</t></is></c></row><row r="7" ht="15" customHeight="1"><c r="A7" s="2" t="inlineStr"><is><t>OWN</t></is></c></row>'
    . '<row r="8"><c r="A8" t="inlineStr"><is><t>end</t></is></c></row>';
my $styles = '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Liberation Sans"/></font>'
    . '<font><sz val="40"/><name val="Liberation Sans"/></font></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    . '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" xfId="0"/>'
    . '<xf numFmtId="0" xfId="0" applyAlignment="1"><alignment wrapText="1"/></xf><xf numFmtId="0" fontId="1" xfId="0" applyFont="1"/></cellXfs></styleSheet>';
my (undef, $pdf) = convert(name => 'a.xlsx', content => xlsx(sheets => [['One', ''], ['Data', $rows]], parts => { 'xl/styles.xml' => $styles },
    before => '<cols><col min="1" max="1" width="12" customWidth="1"/></cols>'), to => 'pdf');
my $words = main::text($pdf);
like $words, qr{^$long LARGE (below OWN|OWN below) end$}, 'all of a text that is wrapped; a hidden row stays hidden';
my %bottom = reverse `pdftotext -bbox $pdf -` =~ m{yMax="([\d.]+)">(last|LARGE|below|end)<}g;
cmp_ok $bottom{below} - $bottom{last}, '>', 60, 'and of a large one';
cmp_ok $bottom{end} - $bottom{below}, '<', 35, 'a height of its own stays';



=== TEST 6: a hidden sheet that is the active one stays hidden, whatever it is called
--- flow
my ($hidden, $shown) = map "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>$_</t></is></c></row>", 'SECRET', 'shown';
for my $name ('A', 'A&quot;B', 'A&#10;B', 'A&#9;B', 'a' . "\xc3\xa9" x 200) {
    my ($job, $pdf) = convert(name => 'a.xlsx', content => xlsx(sheets => [[$name, $hidden, 'state="hidden"'], ['First', $shown]]), to => 'pdf');
    is $job->{error_code}, undef, "$name: it is converted";
    is defined $pdf ? main::text($pdf) : '', 'shown', 'without it';
}



=== TEST 7: what of a drawing is not drawn is told
--- flow
my $svg = sub { return '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="30">' . shift() . '<text y="20">foreignObject</text></svg>' };
my %told = ('<foreignObject width="9" height="9"><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>' => qr/^HTML in the drawing \(foreignObject\) is not drawn; the text of 1 element/,
    '<image xlink:href="https://other.test/a.png" width="9" height="9"/><use href="#a"/>' => qr{^The drawing names 1 file that it does not contain \(https://other\.test/a\.png\)},
    '<image href="data:image/png;base64,iVBORw0KGgo=" width="9" height="9"/>' => qr/^\z/);
for my $to (qw(pdf png)) {
    for my $part (sort keys %told) {
        my ($job) = convert(content => $svg->($part), name => 'a.svg', to => $to);
        like "@{ $job->{warnings} }", $told{$part}, "$to: " . substr $part, 0, 20;
    }
}



=== TEST 8: a table of a page is in the result as wide as it is
--- flow
my $table = sub { return '<table border=1><tr>' . join('', map "<td>column$_</td>", 1 .. shift()) . '</tr></table>' };
for ([3, '', 595], [12, '', 842], [30, '', 1680], [30, '<style>@page { size: 148mm 210mm }</style>', 420]) {
    my ($columns, $style, $width) = @$_;
    my (undef, $pdf) = convert(content => "<!DOCTYPE html><html><head>$style</head><body><h1>t</h1>" . $table->($columns), name => 'a.html', to => 'pdf');
    cmp_ok abs((main::size($pdf))[0] - $width), '<', 2, "$columns columns: the page" or diag join ' ', main::size($pdf);
    like main::text($pdf), qr/column$columns\b/, 'and the last of them' unless $style;
}



=== TEST 9: what HTML in Markdown hides is in no result
--- flow
my $page = <<'MD';
first <span style="display: none">GONE</span> and <b hidden>GONE</b> end

<p hidden>GONE</p>

<div style="visibility:hidden">

GONE

</div>

<template>GONE</template><p>inner<i hidden>GONE</i>most</p>

<span hidden> never closed
MD
for my $flavour (qw(gfm commonmark markdown)) {
    my (undef, $file) = convert(name => 'a.md', content => $page, to => 'txt', markdown_flavour => $flavour);
    my $text = slurp($file);
    unlike $text, qr/GONE/, "$flavour: is gone";
    like $text, qr/first\s+and\s+end.*innermost.*never closed/s, 'and nothing else';
}



=== TEST 10: a tick of a form without a font of its own
--- flow
my $marks = 'q BT /Z 12 Tf 1 2 Td (4 8) Tj ET Q';
my $text = 'BT /H 12 Tf 50 250 Td (I agree) Tj ET';
my @object = ('<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>', '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</H 5 0 R>>>>/Annots[6 0 R]>>',
    '<</Length ' . length($text) . ">>stream\n$text\nendstream", '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>',
    '<</Type/Annot/Subtype/Widget/FT/Btn/T(agree)/V/Yes/AS/Yes/Rect[30 246 44 260]/F 4/P 3 0 R/AP<</N<</Yes 7 0 R>>>>>>',
    '<</Type/XObject/Subtype/Form/BBox[0 0 40 14]/Resources<</Font<</Z 8 0 R>>>>/Length ' . length($marks) . ">>stream\n$marks\nendstream",
    '<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>');
my ($pdf, $n, @at) = "%PDF-1.4\n";
for (@object) { push @at, length $pdf; $pdf .= ++$n . " 0 obj\n$_\nendobj\n" }
$pdf .= join '', "xref\n0 " . ($n + 1) . "\n0000000000 65535 f \n", (map sprintf("%010d 00000 n \n", $_), @at),
    "trailer<</Size " . ($n + 1) . "/Root 1 0 R>>\nstartxref\n" . length($pdf) . "\n%%EOF\n";
for my $to (qw(txt md)) {
    my ($job, $file) = convert(name => 'a.pdf', content => $pdf, to => $to);
    like slurp($file), qr/\xe2\x9c\x94.*\xe2\x9c\x98/s, "$to has it";
    like "@{ $job->{warnings} }", qr/ZapfDingbats/, 'and says that it is a guess' if $to eq 'md';
}
