# Text documents: what of them is in a result, and what is told of the rest.

use lib 't/lib';
use TestPlaten;
use TestOffice;

sub text { my (undef, $file) = convert(@_); return $file ? TestOffice::text_of($file) : '' }
sub p { my ($text) = @_; return "<w:p><w:r><w:t xml:space=\"preserve\">$text</w:t></w:r></w:p>" }

our $Who = 'w:author="A" w:date="2024-01-01T00:00:00Z"';
our $Tracked = docx(body => "<w:p><w:r><w:t>price</w:t></w:r><w:del w:id=\"1\" $Who><w:r><w:delText xml:space=\"preserve\"> TEN</w:delText></w:r></w:del>"
    . "<w:ins w:id=\"2\" $Who><w:r><w:t xml:space=\"preserve\"> TWELVE</w:t></w:r></w:ins><w:r><w:rPr><w:b/><w:rPrChange w:id=\"3\" $Who><w:rPr><w:i/></w:rPr></w:rPrChange></w:rPr><w:t> euro</w:t></w:r></w:p>"
    . "<w:moveFromRangeStart w:id=\"4\" w:name=\"m\" $Who/><w:p><w:moveFrom w:id=\"5\" $Who><w:r><w:t>WANDERER</w:t></w:r></w:moveFrom></w:p><w:moveFromRangeEnd w:id=\"4\"/>"
    . p('between') . "<w:p><w:moveTo w:id=\"6\" $Who><w:r><w:t>WANDERER</w:t></w:r></w:moveTo></w:p>");
our $Comments = ['comments', 'comments', '<?xml version="1.0"?><w:comments xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    . '<w:comment w:id="0" w:author="Bob" w:initials="B"><w:p><w:r><w:t>REMARKABLE</w:t></w:r></w:p></w:comment></w:comments>'];
our $Marked = '<w:commentRangeStart w:id="0"/><w:r><w:t>Body</w:t></w:r><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>';

platend_start();
run_tests();

__DATA__

=== TEST 1: tracked changes: accepted, rejected or shown, the same in every target
--- flow
for my $to (qw(pdf txt html md odt rtf)) {
    my $text = main::text(name => 'a.docx', content => $main::Tracked, to => $to);
    like $text, qr/TWELVE/, "$to: what was inserted";
    unlike $text, qr/TEN|rPrChange/, 'what was deleted is not there';
    is scalar(() = $text =~ /WANDERER/g), 1, 'what was moved is in one place';
    $text = main::text(name => 'a.docx', content => $main::Tracked, to => $to, fields => [track_changes => 'original']);
    like $text, qr/TEN/, "$to: what was deleted";
    unlike $text, qr/TWELVE/, 'what was inserted is not there';
}
like main::text(name => 'a.docx', content => $main::Tracked, to => 'pdf', fields => [track_changes => 'show']), qr/TEN\s*TWELVE/, 'both';
my (undef, $odt) = convert(name => 'a.docx', content => $main::Tracked, to => 'odt', fields => [track_changes => 'show']);
like TestOffice::text_of($odt), qr/text:changed-region/, 'both, as changes of another format';
for my $to (qw(pdf txt docx)) {
    my $text = main::text(file => $odt, to => $to);
    like $text, qr/TWELVE/, "ODT to $to: what was inserted";
    unlike $text, qr/TEN/, 'what was deleted is not there';
}



=== TEST 2: comments
--- flow
my $content = docx(body => "<w:p>$main::Marked</w:p>", parts => { 'comments.xml' => $main::Comments });
my @doc = (name => 'a.docx', content => $content);
for my $to (qw(pdf txt html odt)) {
    my $text = main::text(@doc, to => $to);
    like $text, qr/Body/, "$to: the text";
    unlike $text, qr/REMARKABLE/, 'without comments';
}
my (undef, $pdf) = convert(@doc, to => 'pdf', fields => [comments => 'margin']);
like scalar(`qpdf --qdf --object-streams=disable $pdf - 2>/dev/null`), qr{/Subtype/Text\b|/Subtype /Text\b}, 'as a note of the PDF';
my (undef, $odt) = convert(@doc, to => 'odt', fields => [comments => 'margin']);
like TestOffice::text_of($odt), qr/REMARKABLE/, 'kept in another format';
unlike main::text(file => $odt, to => 'docx'), qr/commentReference/, 'and left out from there';



=== TEST 3: a comment in a header, on which LibreOffice fails
--- flow
my $header = '<?xml version="1.0"?><w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p>' . $main::Marked . '</w:p></w:hdr>';
my ($job, $file) = convert(name => 'a.docx', to => 'pdf', fields => [comments => 'margin'], content => docx(parts => { 'comments.xml' => $main::Comments, 'header1.xml' => ['header', 'header', $header] },
    body => main::p('Text') . '<w:sectPr><w:headerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'));
is $job->{status}, 'SUCCESS', 'is converted' or diag $job->{error};
like TestOffice::text_of($file), qr/Body.*Text/s, 'with its header';



=== TEST 4: the name of the document, pages, equations
--- flow
my $field = sub { qq(<w:p><w:fldSimple w:instr=" $_[0] "><w:r><w:t>STALE</w:t></w:r></w:fldSimple></w:p>) };
my $body = $field->('FILENAME') . $field->('NUMPAGES') . '<w:p><w:r><w:br w:type="page"/></w:r></w:p>' . main::p('second');
my $text = main::text(name => 'annual report.docx', content => docx(body => $body), to => 'pdf');
like $text, qr/annual report\.docx\s+2\s/, 'as the client calls it, and how many there are';
unlike $text, qr/STALE/, 'nothing that was saved long ago';
like main::text(name => 'annual report.docx', content => docx(body => $body), to => 'pdf', fields => [landscape => 'true']),
    qr/annual report\.docx\s/, 'with its pages turned, too';
for my $to (qw(odt doc rtf)) {
    my (undef, $other) = convert(name => 'a.docx', to => $to, fields => [track_changes => 'show'],
        content => docx(body => $field->('FILENAME') . "<w:p><w:ins w:id=\"2\" $main::Who><w:r><w:t>TWELVE</w:t></w:r></w:ins></w:p>"));
    like main::text(file => $other, name => "last year.$to", to => 'pdf'), qr/last year\.\w+\s+TWELVE/, "$to with tracked changes, too";
}
my $math = '<w:p><m:oMathPara><m:oMath><m:f><m:num><m:r><m:t>alpha</m:t></m:r></m:num><m:den><m:r><m:t>beta</m:t></m:r></m:den></m:f></m:oMath></m:oMathPara></w:p>';
like main::text(name => 'a.docx', content => docx(body => $math), to => 'pdf'), qr/alpha.*beta/s, 'a fraction on a page';
like main::text(name => 'a.docx', content => docx(body => $math), to => 'md'), qr/^\$\$\\frac\{alpha\}\{beta\}\$\$$/m, 'a fraction as TeX';



=== TEST 5: what is not in a result is told
--- flow
my ($job) = convert(name => 'a.docx', to => 'pdf', content => docx(body => main::p('Text') . '<w:altChunk r:id="rId1"/>',
    parts => { 'chunk.html' => ['aFChunk', undef, '<html><body>CHUNK</body></html>'] }));
like "@{ $job->{warnings} }", qr/altChunk/, 'a file of another format in it';
my $notes = '<?xml version="1.0"?><w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="2"><w:p><w:r><w:t>below</w:t></w:r></w:p></w:footnote></w:footnotes>';
my @doc = (name => 'a.docx', content => docx(body => '<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>',
    parts => { 'footnotes.xml' => ['footnotes', 'footnotes', $notes] }));
like main::text(@doc, to => $_), qr/below/, "$_ has footnotes" for qw(txt md pdf);
my $box = sub { '<draw:frame svg:x="0cm" svg:y="0cm" svg:width="9cm" svg:height="2cm" ' . "$_[0]><draw:text-box><text:p>$_[1]</text:p></draw:text-box></draw:frame>" };
my $deck = sub { Hostile::odf(presentation => '<draw:page draw:name="p">' . $box->('', 'shown') . '<presentation:notes>'
    . $box->('presentation:class="notes"', $_[0]) . '</presentation:notes></draw:page>') };
($job) = convert(name => 'a.odp', content => $deck->('said'), to => 'pptx');
is_deeply [grep /notes/, @{ $job->{warnings} }], [], 'slides that are written as slides have their notes';
my $spaces = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    . 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';
my $shape = sub { qq(<p:sp><p:nvSpPr><p:cNvPr id="$_[0]" name="n"/><p:cNvSpPr/><p:nvPr>$_[1]</p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="3000000" cy="900000"/></a:xfrm>)
    . qq(<a:prstGeom prst="rect"/></p:spPr><p:txBody><a:bodyPr/><a:p><a:r><a:t>$_[2]</a:t></a:r></a:p></p:txBody></p:sp>) };
my $tree = sub { my ($kind, @shapes) = @_; "<p:$kind $spaces><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id=\"1\" name=\"\"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>@shapes</p:spTree></p:cSld></p:$kind>" };
my $pptx = sub { Hostile::ooxml('ppt/presentation.xml', 'presentationml.presentation',
    qq(<p:presentation $spaces><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/></p:presentation>),
    'ppt/_rels/presentation.xml.rels' => Hostile::rels([slide => 'slides/slide1.xml']), 'ppt/slides/slide1.xml' => $tree->('sld', $shape->(2, '', 'shown')),
    'ppt/slides/_rels/slide1.xml.rels' => Hostile::rels([notesSlide => '../notesSlides/notesSlide1.xml']),
    'ppt/notesSlides/notesSlide1.xml' => $tree->('notes', $shape->(2, '<p:ph type="body"/>', $_[0]), $shape->(3, '<p:ph type="sldNum"/>', 1)),
    types => join '', map { my ($part, $type) = @$_; qq(<Override PartName="/ppt/$part" ContentType="application/vnd.openxmlformats-officedocument.presentationml.$type+xml"/>) }
        ['slides/slide1.xml', 'slide'], ['notesSlides/notesSlide1.xml', 'notesSlide']) };
for my $of ([name => 'a.odp', content => $deck->('said')], [name => 'a.pptx', content => $pptx->('said')]) {
    for my $to (qw(pdf md)) {
        ($job) = convert(@$of, to => $to);
        like "@{ $job->{warnings} }", qr/notes of 1 slide are not in the result/, "of $job->{source_format}, $to has none";
    }
}
for ([odp => $deck->(' ')], [pptx => $pptx->(' ')]) {
    ($job) = convert(name => "a.$_->[0]", content => $_->[1], to => 'pdf');
    is_deeply [grep /notes/, @{ $job->{warnings} }], [], "$_->[0]: nothing is said of notes without a word";
}



=== TEST 6: the cases
--- flow
SKIP: {
    my $cases = cases() // skip 'no cases beside the checkout', 1;
    unlike main::text(file => "$cases/d_tracked.docx", to => 'txt'), qr/DELETEDTEN/, 'tracked changes';
    like main::text(file => "$cases/d_numpages.docx", to => 'pdf'), qr/d_numpages\.docx/, 'its name';
    like "@{ +(convert(file => \"$cases/d_wholealt.docx\", to => 'pdf'))[0]{warnings} }", qr/altChunk/, 'a chunk';
    is +(convert(file => "$cases/d_comment_header.docx", to => 'pdf'))[0]{status}, 'SUCCESS', 'a comment in a header';
    like main::text(file => "$cases/d_math.docx", to => 'md'), qr/[^\\]\\frac/, 'an equation as TeX';
}
