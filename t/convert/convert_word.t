# Texts of word processors: what their readers pass over is in the result, or told.

use lib 't/lib';
use TestPlaten;
use TestOffice;

our $W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';

sub text { my ($job, $file) = convert(@_); return (scalar TestOffice::text_of($file), "@{ $job->{warnings} }") }
sub p { my ($text, $run, $paragraph) = @_; '<w:p>' . ($paragraph // '') . '<w:r>' . ($run // '') . "<w:t xml:space=\"preserve\">$text</w:t></w:r></w:p>" }

# A text box, as Word has it: once for programs that know shapes, and once for others.
sub box {
    my ($content) = @_;
    return '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="2" '
        . 'behindDoc="0" locked="0" layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/><wp:positionH relativeFrom="column"><wp:posOffset>0</wp:posOffset></wp:positionH>'
        . '<wp:positionV relativeFrom="paragraph"><wp:posOffset>0</wp:posOffset></wp:positionV><wp:extent cx="2000000" cy="500000"/><wp:wrapNone/><wp:docPr id="1" name="S"/><a:graphic>'
        . '<a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/>'
        . '<a:ext cx="2000000" cy="500000"/></a:xfrm><a:prstGeom prst="rect"/></wps:spPr><wps:txbx><w:txbxContent>' . $content . '</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp>'
        . '</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape style="width:200pt;height:40pt"><v:textbox><w:txbxContent>' . $content
        . '</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>';
}

our %Parts = (
    'header1.xml' => ['header', 'header', "<w:hdr $W>" . p('ABOVE') . '</w:hdr>'],
    'footnotes.xml' => ['footnotes', 'footnotes', "<w:footnotes $W><w:footnote w:id=\"2\">" . p('BELOW') . '</w:footnote></w:footnotes>'],
    'endnotes.xml' => ['endnotes', 'endnotes', "<w:endnotes $W><w:endnote w:id=\"2\">" . p('BEHIND') . '</w:endnote></w:endnotes>'],
    'comments.xml' => ['comments', 'comments', "<w:comments $W><w:comment w:id=\"0\" w:author=\"B\">" . p('REMARK') . '</w:comment></w:comments>'],
    'styles.xml' => ['styles', 'styles', "<w:styles $W><w:style w:type=\"paragraph\" w:styleId=\"gone\"><w:name w:val=\"gone\"/><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"],
);
our $Body = '<w:p><w:r><w:t>anchor</w:t></w:r>' . box(p('BOXONE') . p('BOXTWO')) . '</w:p>' . p('after')
    . '<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r>' . box(p('BOXCELL')) . '</w:p></w:tc><w:tc>' . p('OTHERCELL') . '</w:tc></w:tr></w:tbl>'
    . p('SECRET', '<w:rPr><w:vanish/></w:rPr>') . p('SECRET', '', '<w:pPr><w:pStyle w:val="gone"/></w:pPr>')
    . '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t xml:space="preserve">noted</w:t></w:r><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'
    . '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t xml:space="preserve"> twice</w:t></w:r><w:r><w:endnoteReference w:id="2"/></w:r></w:p>'
    . p('last') . '<w:sectPr><w:headerReference w:type="default" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>';
our @Doc = (name => 'a.docx', content => docx(body => $Body, parts => \%Parts));

platend_start();
run_tests();

__DATA__

=== TEST 1: text boxes, notes, tables without a grid; nothing hidden
--- timeout: 120
--- flow
my @docs = ([docx => @main::Doc]);
for my $format (qw(odt doc)) {
    my (undef, $file) = convert(@main::Doc, to => $format);
    push @docs, [$format, file => $file];
}
for my $doc (@docs) {
    my ($from, @doc) = @$doc;
    for my $to ($from eq 'docx' ? qw(txt md rst html epub) : qw(txt md html)) {
        my ($text) = main::text(@doc, to => $to);
        is scalar(() = $text =~ /$_/g), 1, "$from to $to: $_ once" for qw(BOXONE BOXTWO BOXCELL OTHERCELL BELOW BEHIND last);
        unlike $text, qr/SECRET/, 'and nothing that is hidden';
        next if $to eq 'html';
        like $text, qr/anchor.*BOXONE.*BOXTWO.*after.*cell.*BOXCELL.*noted.*last/s, 'in their order';
    }
}
my ($text) = main::text(@main::Doc, to => 'txt');
like $text, qr/^noted\[1\] twice\[2\]\s.*^\[1\] BELOW\s+^\[2\] BEHIND/sm, 'notes of a text, by their numbers';



=== TEST 2: what is not in a result
--- flow
for my $to (qw(txt md)) {
    my (undef, $warnings) = main::text(@main::Doc, to => $to);
    like $warnings, qr/Headers and footers are not/, "$to: headers";
    like $warnings, qr/Comments are not/, "$to: comments";
}
my (undef, $warnings) = main::text(@main::Doc, to => 'pdf');
unlike $warnings, qr/Headers/, 'a PDF has its headers';
like $warnings, qr/Comments are not/, 'and no comments, unless';
unlike +(main::text(@main::Doc, to => 'pdf', fields => [comments => 'margin']))[1], qr/Comments/, 'they are asked for';
my $graphic = sub { "<w:p><w:r><w:t>BESIDE</w:t><w:drawing><wp:inline><wp:extent cx=\"400000\" cy=\"400000\"/><wp:docPr id=\"1\" name=\"G\"/><a:graphic><a:graphicData uri=\"$_[0]\">$_[1]</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>" };
my $uri = 'http://schemas.openxmlformats.org/drawingml/2006';
my ($text) = ('', '');
($text, $warnings) = main::text(name => 'a.docx', to => 'md', content => docx(body => $graphic->("$uri/chart", "<c:chart xmlns:c=\"$uri/chart\" r:id=\"rId9\"/>")
    . $graphic->("$uri/diagram", "<dgm:relIds xmlns:dgm=\"$uri/diagram\"/>")
    . $graphic->("$uri/picture", "<pic:pic xmlns:pic=\"$uri/picture\"><pic:nvPicPr/></pic:pic>")));
like $warnings, qr/\b$_\b/, "$_" for qw(Charts SmartArt Pictures);
is scalar(() = $text =~ /BESIDE/g), 3, 'and no text is lost that is beside a drawing';



=== TEST 3: fields are what Word shows
--- flow
my $field = sub { my ($instruction, $result, $begin) = @_;
    return '<w:p><w:r><w:fldChar w:fldCharType="begin" ' . ($begin // '') . "/></w:r><w:r><w:instrText>$instruction</w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>"
        . "<w:r><w:t>$result</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>" };
my $break = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>';
my $chapters = join '', map $break . main::p("Chapter $_", '', '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'), qw(one two);
my @dirty = ('w:dirty="true"');
my %style = ('styles.xml' => ['styles', 'styles', "<w:styles $main::W><w:style w:type=\"paragraph\" w:styleId=\"Heading1\"><w:name w:val=\"heading 1\"/><w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr></w:style></w:styles>"]);
my ($text, $warnings) = main::text(name => 'a.docx', to => 'pdf', content => docx(parts => \%style, body => $field->('TOC \o "1-3" \h', 'STALE', @dirty) . $chapters));
like $text, qr/Chapter one\.*\s*2\s+Chapter two\.*\s*3\s/, 'a table of contents that is to be updated is';
unlike "$text $warnings", qr/STALE|as it was saved/, 'and nothing is left of the other';
my $settings = { %style, 'settings.xml' => ['settings', 'settings', "<w:settings $main::W><w:updateFields w:val=\"true\"/></w:settings>"] };
($text) = main::text(name => 'a.docx', to => 'txt', content => docx(parts => $settings, body => $field->('TOC \o "1-3" \h', 'STALE') . $chapters));
like $text, qr/Chapter one\s+2/, 'as the settings say, in plain text, too';
($text) = main::text(name => 'a.docx', to => 'pdf', content => docx(parts => \%style, body => $field->('TOC \o "1-3" \h', 'AUTHORS') . $chapters));
like $text, qr/AUTHORS/, 'one that is not stays as it is';
($text, $warnings) = main::text(name => 'a.docx', to => 'pdf', content => docx(parts => $settings,
    body => $field->('TOC \o "1-3"', 'CACHED1') . $field->('BIBLIOGRAPHY', 'CACHED2') . main::p('no headings')));
like $text, qr/CACHED1.*CACHED2/s, 'and so does one of which nothing would be left';
like $warnings, qr/as it was saved/, 'which is told';
($text) = main::text(name => 'a.docx', to => 'pdf', content => docx(parts => $settings,
    body => $field->('TOC \o "1-3"', 'STALE') . $field->('INDEX', 'CACHED') . $chapters));
like $text, qr/Chapter one\.*\s*2.*CACHED/s, 'beside one that is updated';
($text) = main::text(name => 'a.docx', to => 'pdf', content => docx(body => join '', map $field->(@$_),
    ['REF gone \h', 'CACHED1'], ['IF 1 = 1 "a" "b"', 'CACHED2'], ['DOCPROPERTY None', 'CACHED3'], ['NUMPAGES', 'STALE']));
like $text, qr/CACHED1\s+CACHED2\s+CACHED3\s+1\s/, 'and what cannot be worked out is as it was saved';



=== TEST 4: files of other formats in a DOCX
--- flow
my $chunk = sub { "<w:altChunk r:id=\"rId$_[0]\"/>" };
my $inner = docx(body => main::p('OUTER') . $chunk->(1) . main::p('OUTEREND'), parts => { 'c.docx' => ['aFChunk', undef, docx(body => main::p('INNER'))] });
my $message = "MIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html; charset=\"utf-8\"\r\n"
    . "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>PAGE Gr=C3=B6=\r\n=C3=9Fe</p>\r\n--b--\r\n";
my @doc = (name => 'a.docx', content => docx(body => join('', main::p('BEGIN'), map($chunk->($_) . main::p("after$_"), 1 .. 5), main::p('END')), parts => {
    'a.html' => ['aFChunk', undef, '<html><body><h1>HEAD</h1><img src="file:///etc/hostname"></body></html>'], 'b.rtf' => ['aFChunk', undef, '{\rtf1\ansi RICH\par}'],
    'c.docx' => ['aFChunk', undef, $inner], 'd.mht' => ['aFChunk', undef, $message], 'e.bin' => ['aFChunk', undef, "\0\1\2"] }));
for my $to (qw(pdf md txt)) {
    my ($text, $warnings) = main::text(@doc, to => $to);
    like $text, qr/BEGIN\s+(?:# )?HEAD\s+after1\s+RICH\s+after2\s+OUTER\s+INNER\s+OUTEREND\s+after3\s+PAGE Gr\xc3\xb6\xc3\x9fe\s+after4\s+after5\s+END/, "$to: each in its place";
    like $warnings, qr/as LibreOffice reads it.*cannot be read/, 'and what cannot be read is told';
}



=== TEST 5: characters that no font has
--- flow
my ($text, $warnings) = main::text(name => 'a.txt', content => "Latin \xce\xb5 \xe2\x88\x91", to => 'pdf');
unlike $warnings, qr/No font/, 'those that some font has';
SKIP: {
    skip 'a font here has hieroglyphs', 2 if `fc-list :charset=13000` =~ /\S/;
    ($text, $warnings) = main::text(name => 'a.txt', content => "sign \xf0\x93\x80\x80", to => 'pdf');
    like $warnings, qr/No font .*: \x{13000} \(old scripts, 1 of them\); apt install fonts-noto-core\./, 'those of a script, and a package';
    ($text, $warnings) = main::text(name => 'a.txt', content => "sign \xf0\x93\x80\x80", to => 'odt');
    unlike $warnings, qr/No font/, 'which a result that draws nothing does not miss';
}



=== TEST 6: symbols are what they are in Unicode
--- flow
my $run = sub { my ($font, $text) = @_; return "<w:r><w:rPr><w:rFonts w:ascii=\"$font\" w:hAnsi=\"$font\"/></w:rPr><w:t>$text</w:t></w:r>" };
my $sym = sub { my ($font, $char) = @_; return "<w:r><w:sym w:font=\"$font\" w:char=\"$char\"/></w:r>" };
my $body = join '', map "<w:p>$_</w:p>", $sym->('Symbol', 'F061') . $sym->('Wingdings', 'F0FE') . $run->('Wingdings', "\xef\x83\xa0 J"), $sym->('My Font', 'F041');
for my $to (qw(txt md html epub)) {
    my ($text, $warnings) = main::text(name => 'a.docx', to => $to, content => docx(body => $body));
    like $text, qr/\xce\xb1\s*\xe2\x98\x91\s*\xe2\x86\x92\s+\xe2\x98\xba/, $to;
    like $warnings, qr/^1 characters of symbol fonts \(the first of "My Font"\) are not known/m, 'what is not known is told';
    for my $reference ('&#xF041;', '&#xf041;', '&#61505;') {
        (undef, $warnings) = main::text(name => 'a.docx', to => $to, content => docx(body => '<w:p>' . $run->('My Font', $reference) . '</w:p>'));
        like $warnings, qr/of a symbol font|of symbol fonts/, "however it is written: $reference";
    }
}



=== TEST 7: what is damaged, and what is in other files
--- flow
my ($job) = convert(name => 'a.svg', content => "<svg xmlns=\"http://www.w3.org/2000/svg\">\n<a></svg>", to => 'pdf');
like $job->{error}, qr/not well-formed, in line 2, column \d+/, 'a line and a column';
my (undef, $warnings) = main::text(name => 'a.html', content => '<p>x</p><img alt="a" src="data:image/png;base64,AA=="><IMG SRC=one.png><link rel=stylesheet href="two.css"><link rel="icon" href="three.ico">', to => 'txt');
like $warnings, qr/names 2 files that it does not contain \(one\.png, \.\.\.\)/, 'files that a page names';
my ($text) = main::text(name => 'a.md', content => "<details><summary>Sum</summary>\n\nInside\n\n</details>\n\n<table><tr><td>cell</td></tr></table>\n\none<br>two\n", to => 'txt');
like $text, qr/Sum\s+Inside.*cell.*one\ntwo/s, 'HTML in Markdown';



=== TEST 8: comments behind the text
--- flow
my @content = (content => docx(parts => { 'comments.xml' => $main::Parts{'comments.xml'} },
    body => '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>noted</w:t></w:r><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>' . main::p('last')));
my (undef, $odt) = convert(name => 'a.docx', @content, to => 'odt', fields => [comments => 'margin']);
for my $case (['docx', 'pdf', 'end'], ['docx', 'txt', 'end'], ['docx', 'html', 'margin'], ['docx', 'md', 'end'], ['odt', 'pdf', 'end'], ['odt', 'md', 'end']) {
    my ($from, $to, $comments) = @$case;
    my ($text, $warnings) = main::text($from eq 'odt' ? (file => $odt) : (name => 'a.docx', @content), to => $to, fields => [comments => $comments]);
    like $text =~ s/<[^>]+>|\\//gr, qr/noted\[1\]\s+last\s+\[1\] B: REMARK/, "$from to $to";
    unlike $warnings, qr/Comments/, 'which are there';
}



=== TEST 9: equations, text above a text, simple fields, and what one reader cannot read
--- timeout: 120
--- flow
my $run = sub { "<m:r><m:t>$_[0]</m:t></m:r>" };
my $body = '<w:p><w:r><w:t xml:space="preserve">sum </w:t></w:r><m:oMath><m:f><m:num>' . $run->('a+b') . '</m:num><m:den>' . $run->('c') . '</m:den></m:f>' . $run->('&lt;')
    . '<m:sSup><m:e>' . $run->('x') . '</m:e><m:sup>' . $run->('2') . '</m:sup></m:sSup><m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>' . $run->('y') . '</m:e></m:rad>'
    . '<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>' . $run->('z') . '</m:e></m:d></m:oMath></w:p>'
    . '<w:p><w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>ABOVE</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>BASE</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>'
    . '<w:p><w:fldSimple w:instr=" MERGEFIELD Phone "><w:r><w:t>MERGED</w:t></w:r></w:fldSimple></w:p>' . main::p('last');
my @doc = (name => 'a.docx', content => docx(body => $body));
my (undef, $odt) = convert(@doc, to => 'odt');
for my $doc ([docx => @doc], [odt => file => $odt]) {
    my ($from, @doc) = @$doc;
    for my $to (qw(txt md html)) {
        my ($text) = main::text(@doc, to => $to);
        like $text, qr/BASE\s*(?:<[^>]*>\s*)*\\?\(?\s*(?:<[^>]*>\s*)*ABOVE/, "$from to $to: text above a text";
        like $text, qr/MERGED/, 'a field';
    }
}
my ($text) = main::text(@doc, to => 'txt');
like $text, qr/^sum \(a\+b\)\/c<x\^2\xe2\x88\x9ay\[z\]\s/m, 'an equation as text';
like +(main::text(file => $odt, to => 'txt'))[0], qr/sum.*a.*b.*c.*x.*2.*y.*z/, 'of an ODT, too';
my $foreign = docx(body => main::p('OTHERPREFIX'));
my $dir = "$TestPlaten::Var/prefix";
mkdir $dir;
TestPlaten::spew("$dir/a.docx", $foreign);
my $xml = `unzip -p $dir/a.docx word/document.xml` =~ s/\bw:/ns0:/gr =~ s/xmlns:w=/xmlns:ns0=/r;
mkdir "$dir/word";
TestPlaten::spew("$dir/word/document.xml", $xml);
system("cd $dir && zip -q a.docx word/document.xml");
for my $to (qw(md txt)) {
    like +(main::text(file => "$dir/a.docx", name => 'a.docx', to => $to))[0], qr/OTHERPREFIX/, "another prefix for its elements, to $to";
}
