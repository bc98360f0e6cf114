# Documents of kinds that other programs write: what they say is in their results.

use utf8;
use lib 't/lib';
use TestPlaten;
use TestOffice;
use Encode ();
use Hostile ();
use Unicode::Normalize ();

sub text { my ($job, $file) = convert(@_); return (scalar TestOffice::text_of($file), "@{ $job->{warnings} }") }

# A PDF of one line, whose glyphs are these characters (in hexadecimal, as UTF-16), left to right.
sub pdf_of {
    my (@codes) = @_;
    my $n = 0;
    my $map = join '', map { sprintf "<%02x> <%s>\n", ++$n, $_ } @codes;
    my $cmap = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def\n1 begincodespacerange <00> <ff> endcodespacerange\n"
        . scalar(@codes) . " beginbfchar\n${map}endbfchar\nendcmap end end";
    my $content = 'BT /F 24 Tf 72 700 Td <' . join('', map sprintf('%02x', $_), 1 .. $n) . '> Tj ET';
    my @objects = ('<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 4 0 R >> >> /Contents 6 0 R >>',
        '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 1 /LastChar ' . $n . ' /Widths [' . '500 ' x $n . '] /ToUnicode 5 0 R >>',
        '<< /Length ' . length($cmap) . " >>\nstream\n$cmap\nendstream", '<< /Length ' . length($content) . " >>\nstream\n$content\nendstream");
    my ($pdf, @at) = ("%PDF-1.4\n");
    for my $i (0 .. $#objects) { push @at, length $pdf; $pdf .= ($i + 1) . " 0 obj\n$objects[$i]\nendobj\n" }
    my $xref = length $pdf;
    return $pdf . 'xref' . "\n0 " . (@objects + 1) . "\n0000000000 65535 f \n" . join('', map sprintf("%010d 00000 n \n", $_), @at)
        . 'trailer << /Size ' . (@objects + 1) . " /Root 1 0 R >>\nstartxref\n$xref\n%%EOF\n";
}

# A compound file ([MS-CFB]) of streams of 4 KB, by their names in the order of its tree.
sub compound {
    my (@names) = @_;
    my ($free, $end) = (0xffffffff, 0xfffffffe);
    my @next = (0xfffffffd, $end, map { my $first = 2 + 8 * $_; ($first + 1 .. $first + 7, $end) } 0 .. $#names);
    my $entry = sub {
        my ($name, $type, $right, $child, $start, $size) = @_;
        my $utf16 = Encode::encode('UTF-16LE', "$name\0");
        return pack 'a64 v C2 V3 x36 V3', $utf16, length $utf16, $type, 1, $free, $right, $child, $start, $size, 0;
    };
    my $n = 0;
    my $directory = $entry->('Root Entry', 5, $free, 1, $end, 0)
        . join '', map { $n++; $entry->($_, 2, $n < @names ? $n + 1 : $free, $free, 2 + 8 * ($n - 1), 4096) } @names;
    return pack('H16 x16 v5 x6 V10 V108', 'd0cf11e0a1b11ae1', 0x3e, 3, 0xfffe, 9, 6, 0, 1, 1, 0, 4096, $end, 0, $end, 0, 0, ($free) x 108)
        . pack('V128', @next, ($free) x (128 - @next)) . pack('a512', $directory) . "\1" x (4096 * @names);
}

platend_start();
run_tests();

__DATA__

=== TEST 1: cells of RTF in no row
--- timeout: 60
--- flow
for my $to (qw(txt md html docx)) {
    my ($text) = main::text(name => 'a.rtf', content => '{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\f0 one\cell two\cell }\par \\\\cell}', to => $to);
    unlike $text, qr/onetwo/, $to;
    like $text, qr/one\s*<.*two|one\s.*two/s, "both";
    like $text, qr/\\\\?cell/, 'and what is escaped is text';
}
my ($text) = main::text(name => 'a.rtf', content => '{\rtf1\ansi\trowd\cellx3000\cellx6000\intbl one\cell two\cell\row\pard last\par}', to => 'html');
like $text, qr/<table.*one.*<td.*two/s, 'a table stays one';



=== TEST 2: the text of a PDF that is not what is read
--- timeout: 60
--- flow
# MuPDF 1.25 turns what is drawn from the left, 1.21 leaves it: what is said is true of the text.
my $shalom = "\x{5e9}\x{5dc}\x{5d5}\x{5dd}";
my $word = "\x{639}\x{631}\x{628}\x{64a}\x{629}";
my %case = ('drawn from the left' => [md => $shalom, [map sprintf('%04x', $_), reverse 0x5e9, 0x5dc, 0x5d5, 0x5dd]],
    'in the order in which it is read' => [docx => $shalom, [map sprintf('%04x', $_), 0x5e9, 0x5dc, 0x5d5, 0x5dd]],
    'in forms that Arabic letters have in a word' => [md => $word, [qw(fe94 fef4 fe91 feae fecc)]]);
for my $name (sort keys %case) {
    my ($to, $read, $drawn) = @{ $case{$name} };
    my ($text, $warnings) = main::text(name => 'a.pdf', content => main::pdf_of(@$drawn), to => $to);
    $text = Unicode::Normalize::NFKC(Encode::decode('UTF-8', $text));
    like $text, qr/$read|${\ scalar reverse $read}/, "$name: its letters";
    is $warnings =~ /Hebrew or Arabic is in the order in which/ ? 'said' : 'not said', $text =~ /$read/ ? 'not said' : 'said', 'and whether they are not in the order in which it is read';
    $case{$name} = $text =~ /$read/;
}
isnt $case{'drawn from the left'}, $case{'in the order in which it is read'}, 'which is so of one of them';
my (undef, $warnings) = main::text(name => 'a.pdf', content => main::pdf_of('0041', 'fffd', 'fffd', '0042'), to => 'md');
like $warnings, qr/^2 characters of the PDF are glyphs/m, 'glyphs without a meaning';



=== TEST 3: what a page says in its head is not on it
--- flow
my $page = '<html><head><title>TITLED</title><meta name="author" content="WRITER"><meta name="date" content="2006-07-15"></head><body><p>BODY</p></body></html>';
for my $to (qw(docx odt md txt)) {
    my ($text) = main::text(name => 'a.html', content => $page, to => $to);
    like $text, qr/BODY/, $to;
    unlike $text, qr{WRITER|2006-07}, 'and nothing else';
}



=== TEST 4: nothing of LibreOffice's own is in a page: content controls, fields of forms, notes
--- flow
my $body = '<w:p><w:r><w:t xml:space="preserve">before </w:t></w:r><w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent><w:r><w:t>CONTROLLED</w:t></w:r></w:sdtContent></w:sdt></w:p>'
    . '<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="A"/><w:enabled/><w:textInput/></w:ffData></w:fldChar></w:r><w:r><w:instrText> FORMTEXT </w:instrText></w:r>'
    . '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>FILLED</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>';
for my $to (qw(html txt md)) {
    my ($text) = main::text(name => 'a.docx', content => docx(body => $body), to => $to);
    like $text, qr/CONTROLLED.*FILLED/s, $to;
    unlike $text, qr/[\x00-\x08\x0b\x0e-\x1f]/, 'and no control characters';
}



=== TEST 5: a table in a table of RTF that leaves a level out
--- timeout: 60
--- flow
for my $level (2, 3) {
    my $inner = '\pard\intbl\itap' . $level . ' deep\nestcell{\*\nesttableprops\trowd\cellx1000\nestrow}{\nonesttables\par}';
    my $rtf = '{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 before\par\trowd\cellx4000\cellx8000\pard\intbl\itap1 one\par' . $inner
        . '\pard\intbl\itap1 last\cell two\cell\row\pard after \\\\itap9\par}';
    for my $to (qw(txt html)) {
        my ($text, $warnings) = main::text(name => 'a.rtf', content => $rtf, to => $to);
        if ($level == 3) { like $warnings, qr/In 1 cell of the RTF the levels of tables in tables leave one out/, "$to: said" }
        else { like $text, qr/deep/, "$to: has it"; unlike $warnings, qr/levels of tables/, 'and nothing is said' }
    }
}



=== TEST 6: cells of several lines: each line is on the page
--- timeout: 60
--- flow
my $csv = qq(name,note,end\nfirst,"one\ntwo\nthree",x\nsecond,"four\r\nfive\r\nsix",y\n);
my ($text) = main::text(name => 'a.csv', content => $csv, to => 'pdf');
like $text, qr/one.*two.*three.*four.*five.*six/s, 'of CSV';
my (undef, $book) = convert(name => 'a.csv', content => $csv, to => 'xlsx');
like `unzip -p $book xl/styles.xml`, qr/wrapText="1"/, 'and a workbook of it shows them';
my @cells = ('t="s"><v>1</v>', 't="inlineStr"><is><t>four&#10;five&#10;six</t></is>', 't="str"><v>seven&#10;eight&#10;nine</v>', 't="s"><v>0</v>');
my $row = 0;
my $rows = join '', map { $row++; qq(<row r="$row"><c r="A$row" $_</c></row>) } @cells;
($text) = main::text(name => 'a.xlsx', content => xlsx(strings => '<si><t>last</t></si><si><r><t>one&#10;</t></r><r><t>two&#10;three</t></r></si>', sheets => [['One', $rows]]), to => 'pdf');
like $text, qr/one.*two.*three.*four.*five.*six.*seven.*eight.*nine.*last/s, 'of a workbook whose cells do not wrap';



=== TEST 7: every column of a page's table
--- timeout: 60
--- flow
my $table = '<table><colgroup><col width="40"><col span="3" width="50"></colgroup><tr><td>one</td><td>two</td><td>three</td><td>four</td></tr></table>'
    . '<table><col><thead><tr><th>five<th>six<tbody><tr><td rowspan="2">seven<td>eight<tr><td>nine<td>ten</table>';
my @pages = (['a.html', "<html><body>$table</body></html>", qw(md txt docx odt epub pdf)],
    ['a.epub', Hostile::epub(qq(<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>)
        . '<table><colgroup><col/><col span="3"/></colgroup><tr><td>one</td><td>two</td><td>three</td><td>four</td></tr><tr><td>five</td></tr></table>'
        . '<table><tr><td>six</td><td rowspan="2">seven</td></tr><tr><td>eight</td><td>nine</td><td>ten</td></tr></table></body></html>'), qw(md docx)]);
for (@pages) {
    my ($name, $content, @to) = @$_;
    for my $to (@to) {
        my ($text) = main::text(name => $name, content => $content, to => $to);
        like $text, qr/\b$_\b/, "$name, $to: $_" for qw(one two three four five six seven eight nine ten);
    }
}



=== TEST 8: texts of one byte to a letter, whose letters are few
--- flow
my %text = (
    'windows-1254' => 'Ayşe yarın sabah İstanbul\'a gidecek; ağabeyi ise kışı köyde geçirmek için şimdilik Çanakkale yakınlarında kalıyor. Yağmur dindiğinde çocuklar bahçeye çıktı.',
    'iso-8859-9' => 'Kapının önünde duran yaşlı adam, gözlüğünü çıkarıp uzun uzun ağaçlara baktı. Dışarısı soğuktu, ışıklar sönmüştü; kimse bir şey söylemedi.',
    'windows-1250' => "Preşedintele a spus că „ţara trebuie să îşi apere cetăţenii” şi că măsurile luate astăzi vor fi discutate în Parlament. Şeful guvernului a adăugat că străinii sunt bineveniţi.",
    'windows-1252' => 'Þetta er íslenskur texti sem segir frá því þegar maðurinn fór út í búð og keypti sér brauð. Hún sagði að veðrið væri gott en það yrði kalt í nótt, því himinninn var heiðskír.',
);
for my $charset (sort keys %text) {
    my ($text, $warnings) = main::text(name => 'a.txt', content => Encode::encode($charset =~ s/windows-/cp/r, $text{$charset}), to => 'html');
    like Encode::decode('UTF-8', $text) =~ s/\s+/ /gr =~ s/&quot;/"/gr =~ s/&#39;|&rsquo;/'/gr, qr/\Q$text{$charset}\E/, $charset;
}



=== TEST 9: a comment that never ends
--- flow
my $md = "before\n\n```\n<!-- code\n```\n\n<!-- a\n--> x\n\n";
my ($text, $warnings) = main::text(name => 'a.md', content => "$md<!-- GONE\n\nwith it\n", to => 'html');
like $warnings, qr/^The comment that begins in line 10 never ends; what follows it is not in the result\.$/m, 'of Markdown is told';
(undef, $warnings) = main::text(name => 'a.md', content => $md, to => 'html');
unlike $warnings, qr/never ends/, 'others are not';
(undef, $warnings) = main::text(name => 'a.html', content => '<p>before</p><!-- <p>GONE</p>', to => 'txt');
like $warnings, qr/^A comment of the page never ends/m, 'and of HTML';



=== TEST 10: an encrypted document whose streams LibreOffice does not find is no empty page
--- flow
for my $names ([qw(ENCRYPTIONINFO ENCRYPTEDPACKAGE)], [qw(encryptioninfo encryptedpackage)], [qw(EncryptionInfo Encryptedpackage)]) {
    my $job = wait_job(submit(name => 'a.docx', content => main::compound(@$names), to => 'pdf')->{job_id});
    is "$job->{status} $job->{error_code}", 'FAILED corrupt_document', "@$names";
}
