package HostileLinks;

# Every way in which a document can name something else that a program in Perl can make: for
# t/hostile/hostile_links.t.  Each carrier takes an address and gives a document with the word "before".
#
#     carriers()                         [ name, extension, target formats, code that takes an address ]
#     addresses($port, $image, $text)    [ name, address, what shows a text of there ]: of what must not
#                                        be reached, and no engine may read
#     readable(\%table)                  the same of files that an engine may read, by the sandbox's
#                                        table as `platenctl --json sandbox` prints it: pictures first
#     pictures($bytes)                   what of pictures is in a result
#     all_of($bytes)                     all that can be read in it, be it seen or not

use strict;
use warnings;

use Exporter 'import';
use MIME::Base64 ();

use Hostile;

our @EXPORT = qw(carriers addresses readable pictures all_of);

my $Xml = '<?xml version="1.0" encoding="UTF-8"?>';

# The format's every %s is the address.
sub filled { my ($format) = @_; return sub { my ($url) = @_; return $format =~ s/%s/$url/gr } }

# --- word processing --------------------------------------------------------

# A DOCX with that run in its paragraph, and a relationship that leaves it.
sub word {
    my ($name, $type, $run) = @_;
    return ["docx: $name", 'docx', ['pdf', 'odt'], sub {
        docx("<w:p><w:r><w:t>before</w:t></w:r>$run</w:p>", 'word/_rels/document.xml.rels' => Hostile::rels([$type => $_[0], 1]));
    }];
}

sub shape { return qq(<w:r><w:pict><v:rect id="s" style="width:99pt;height:99pt">$_[0]</v:rect></w:pict></w:r>) }

sub fields {
    my @codes = ('INCLUDEPICTURE "%s" \d', 'INCLUDEPICTURE "%s" \* MERGEFORMAT', 'INCLUDETEXT "%s"', 'IMPORT "%s"',
        'LINK Word.Document.12 "%s" "" \a \p', 'DDEAUTO soffice "%s" x', 'DDE soffice "%s" x', 'RD "%s"', 'DATABASE \d "%s"');
    return map { my $code = $_;
        ["docx: $code", 'docx', ['pdf'], sub {
            my $said = filled($code)->($_[0]);
            docx('<w:p><w:r><w:t>before</w:t></w:r><w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
                . qq(<w:r><w:instrText>$said</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>)
                . '<w:r><w:t>y</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>');
        }],
        ["rtf: $code", 'rtf', ['pdf', 'docx'], filled('{\rtf1 before {\field{\*\fldinst ' . $code =~ s/\\/\\\\/gr . ' }{\fldrslt y}}}')],
    } @codes;
}

# A drawing that names an image.
sub drawing {
    my ($url, $more) = @_;
    return '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="90"><text x="1" y="9">inside</text>'
        . qq(<image width="90" height="90" xlink:href="$url"/></svg>);
}

sub inline { my ($type, $bytes) = @_; return "data:$type;base64," . MIME::Base64::encode_base64($bytes, '') }

# What is a document of its own in a part of a DOCX.
sub chunk {
    my ($ext, $type, $make) = @_;
    return ["docx: $ext in it", 'docx', ['pdf', 'odt'], sub {
        docx('<w:p><w:r><w:t>before</w:t></w:r></w:p><w:altChunk r:id="rId1"/><w:p/>', "word/chunk.$ext" => $make->($_[0]),
            'word/_rels/document.xml.rels' => Hostile::rels([aFChunk => "chunk.$ext"]), types => qq(<Default Extension="$ext" ContentType="$type"/>));
    }];
}

my $Picture = '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="0" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>BLIP<a:stretch/></pic:blipFill>'
    . '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic>';

sub inline_picture {
    my ($blip) = @_;
    return '<w:r><w:drawing><wp:inline><wp:extent cx="990000" cy="990000"/><wp:docPr id="1" name="p"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        . $Picture =~ s/BLIP/$blip/r . '</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>';
}

# --- workbooks --------------------------------------------------------------

my $Drawing = 'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';

# A sheet with that behind its cells, and the relationships of it and of its drawing.
sub workbook {
    my ($after, $rels, %parts) = @_;
    my $sheet = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
    my $cells = delete $parts{cells} // '';
    return xlsx('', 'xl/worksheets/_rels/sheet1.xml.rels' => Hostile::rels(@$rels), %parts,
        'xl/worksheets/sheet1.xml' => qq($Xml<worksheet xmlns="$sheet" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheetData>)
            . qq(<row r="1"><c r="A1" t="inlineStr"><is><t>before</t></is></c>$cells</row></sheetData>$after</worksheet>));
}

sub drawn {
    my ($shape, @rels) = @_;
    my $anchor = '<xdr:from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>3</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>9</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>';
    my $types = join '', map qq(<Override PartName="/xl/$_->[0].xml" ContentType="application/vnd.openxmlformats-officedocument.$_->[1]+xml"/>), ['worksheets/sheet1', 'spreadsheetml.worksheet'], ['drawings/drawing1', 'drawing'];
    return workbook('<drawing r:id="rId1"/>', [[drawing => '../drawings/drawing1.xml']], types => $types,
        'xl/drawings/_rels/drawing1.xml.rels' => Hostile::rels(@rels),
        'xl/drawings/drawing1.xml' => qq($Xml<xdr:wsDr $Drawing><xdr:twoCellAnchor>$anchor$shape<xdr:clientData/></xdr:twoCellAnchor></xdr:wsDr>));
}

sub workbooks {
    my $at = '<xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>';
    my $pic = '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="p"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill><a:blip r:%s="rId1"/><a:stretch/></xdr:blipFill>' . "$at</xdr:spPr></xdr:pic>";
    my $sp = '<xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" name="p"/><xdr:cNvSpPr/></xdr:nvSpPr>' . $at . '<a:blipFill><a:blip r:link="rId1"/><a:stretch/></a:blipFill></xdr:spPr></xdr:sp>';
    my $book = sub { my ($cell, $link, @rels) = @_; workbook('', [], cells => $cell, books => '<externalReferences><externalReference r:id="rId2"/></externalReferences>',
        'xl/externalLinks/externalLink1.xml' => qq($Xml<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">$link</externalLink>),
        'xl/externalLinks/_rels/externalLink1.xml.rels' => Hostile::rels(@rels)) };
    my $each = sub { my ($name, $make) = @_; ["xlsx: $name", 'xlsx', ['pdf', 'ods'], $make] };
    return (
        $each->('picture', sub { drawn(sprintf($pic, 'link'), [image => $_[0], 1]) }), $each->('picture as if inside', sub { drawn(sprintf($pic, 'embed'), [image => $_[0], 1]) }),
        $each->('fill', sub { drawn($sp, [image => $_[0], 1]) }), $each->('background', sub { workbook('<picture r:id="rId1"/>', [[image => $_[0], 1]]) }),
        $each->('other book', sub { $book->('<c r="B1"><f>[1]S!A1</f></c>', '<externalBook r:id="rId1"><sheetNames><sheetName val="S"/></sheetNames></externalBook>', [externalLinkPath => $_[0], 1]) }),
        $each->('OLE link', sub { $book->('<c r="B1"><f>[1]!x</f></c>', '<oleLink r:id="rId1" progId="Word.Document.12"><oleItems><oleItem name="x" advise="1"/></oleItems></oleLink>', [oleObject => $_[0], 1]) }),
        $each->('DDE', sub { $book->("<c r=\"B1\"><f>[1]!'A1'</f></c>", qq(<ddeLink ddeService="soffice" ddeTopic="$_[0]"><ddeItems><ddeItem name="A1" advise="1"/></ddeItems></ddeLink>)) }),
        $each->('WEBSERVICE', sub { workbook('', [], cells => qq(<c r="B1"><f>_xlfn.WEBSERVICE("$_[0]")</f></c>)) }),
    );
}

# --- OpenDocument: each thing in each kind of document ----------------------

sub frame { return qq(<draw:frame svg:x="1cm" svg:y="1cm" svg:width="3cm" svg:height="3cm">$_[0]</draw:frame>) }
sub automatic { return "<office:automatic-styles>$_[0]</office:automatic-styles>" }
sub sheet { return qq(<table:table table:name="S">$_[0]<table:table-row><table:table-cell office:value-type="string">$_[1]<text:p>before</text:p></table:table-cell>$_[2]</table:table-row></table:table>) }

my $Link = 'xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad" xlink:href="%s"';
my $Ns = join ' ', map { my ($n, $u) = @$_; qq(xmlns:$n="urn:oasis:names:tc:opendocument:xmlns:$u:1.0") } [qw(office office)], [qw(style style)], [qw(draw drawing)], [qw(fo xsl-fo-compatible)], [qw(svg svg-compatible)], [qw(text text)];
$Ns .= ' xmlns:xlink="http://www.w3.org/1999/xlink"';
my $Head = qq($Xml<office:document-content $Ns office:version="1.2">);
my $Styles = '<?xml version="1.0"?><office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    . ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">'
    . qq(<office:styles><draw:fill-image draw:name="B" $Link/></office:styles></office:document-styles>);

sub odfs {
    my @things = (['image', frame("<draw:image $Link/>")], ['grouped image', '<draw:g>' . frame("<draw:image $Link/>") . '</draw:g>'],
        ['object', frame("<draw:object $Link/>")], ['OLE object', frame("<draw:object-ole $Link/>")],
        ['plug-in', frame(qq(<draw:plugin $Link draw:mime-type="application/vnd.sun.star.media"/>))],
        ['floating frame', frame(qq(<draw:floating-frame $Link draw:frame-name="f"/>))],
        ['fill', '<draw:rect draw:style-name="A" svg:x="1cm" svg:y="1cm" svg:width="3cm" svg:height="3cm"/>',
            automatic('<style:style style:name="A" style:family="graphic"><style:graphic-properties draw:fill="bitmap" draw:fill-image-name="B"/></style:style>')]);
    my %around = (
        odt => [text => 'docx', sub { "<text:p>before$_[0]</text:p>" }],
        ods => [spreadsheet => 'xlsx', sub { sheet("<table:shapes>$_[0]</table:shapes>", '', '') }],
        odp => [presentation => 'pptx', sub { '<draw:page draw:name="p"><draw:frame svg:x="0cm" svg:y="0cm" svg:width="9cm" svg:height="2cm">'
            . "<draw:text-box><text:p>before</text:p></draw:text-box></draw:frame>$_[0]</draw:page>" }]);
    my @all;
    for my $thing (@things) {
        my ($name, $inside, $head) = @$thing;
        for my $ext (sort keys %around) {
            my ($kind, $to, $around) = @{ $around{$ext} };
            push @all, ["$ext: $name", $ext, ['pdf', $to], sub {
                my ($url) = @_;
                odf($kind => $around->(filled($inside)->($url)), head => $head // '', $head ? ('styles.xml' => filled($Styles)->($url)) : ());
            }];
        }
    }
    my $text = '<text:p>before</text:p>';
    my $inner = sub { my ($url) = @_; $Head . '<office:body><office:drawing><draw:page draw:name="p">' . filled(frame("<draw:image $Link/>"))->($url) . '</draw:page></office:drawing></office:body></office:document-content>' };
    my $page = sub { my ($kind, $url) = @_; filled(qq($Xml<office:document-styles $Ns office:version="1.2"><office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm">)
        . qq(<style:background-image $Link/></style:page-layout-properties></style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="Standard" style:page-layout-name="L"/></office:master-styles></office:document-styles>))->($url) };
    return (@all,
        ['odt: page', 'odt', ['pdf', 'docx'], sub { odf(text => $text, 'styles.xml' => $page->(text => $_[0])) }],
        ['ods: page', 'ods', ['pdf', 'xlsx'], sub { odf(spreadsheet => sheet('', '', ''), 'styles.xml' => $page->(spreadsheet => $_[0]) =~ s/"Standard"/"Default"/r) }],
        ['odt: table', 'odt', ['pdf', 'docx'], sub { odf(text => $text . '<table:table table:name="T" table:style-name="T"><table:table-column/><table:table-row><table:table-cell table:style-name="C"><text:p>x</text:p></table:table-cell></table:table-row></table:table>',
            head => automatic(filled(qq(<style:style style:name="T" style:family="table"><style:table-properties><style:background-image $Link/></style:table-properties></style:style>)
                . qq(<style:style style:name="C" style:family="table-cell"><style:table-cell-properties><style:background-image $Link/></style:table-cell-properties></style:style>))->($_[0]))) }],
        ['odp: page', 'odp', ['pdf', 'pptx'], sub { odf(presentation => '<draw:page draw:name="p" draw:style-name="P"><draw:frame svg:x="0cm" svg:y="0cm" svg:width="9cm" svg:height="2cm"><draw:text-box><text:p>before</text:p></draw:text-box></draw:frame></draw:page>',
            head => automatic('<style:style style:name="P" style:family="drawing-page"><style:drawing-page-properties draw:fill="bitmap" draw:fill-image-name="B" presentation:background-visible="true"/></style:style>'), 'styles.xml' => filled($Styles)->($_[0])) }],
        ['odp: sound', 'odp', ['pdf', 'pptx'], sub { odf(presentation => '<draw:page draw:name="p" draw:style-name="P"><draw:frame svg:x="0cm" svg:y="0cm" svg:width="9cm" svg:height="2cm"><draw:text-box><text:p>before</text:p></draw:text-box></draw:frame></draw:page>',
            head => automatic(filled(qq(<style:style style:name="P" style:family="drawing-page"><style:drawing-page-properties><presentation:sound $Link/></style:drawing-page-properties></style:style>))->($_[0]))) }],
        ['odt: button', 'odt', ['pdf', 'docx'], sub { odf(text => filled('<office:forms xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0"><form:form form:name="F"><form:image form:name="i" form:control-implementation="ooo:com.sun.star.form.component.ImageButton" xml:id="c" form:id="c" form:image-data="%s"/>'
            . '<form:image-frame form:name="j" form:control-implementation="ooo:com.sun.star.form.component.DatabaseImageControl" xml:id="d" form:id="d" form:image-data="%s"/></form:form></office:forms>')->($_[0]) . $text
            . '<text:p><draw:control draw:control="c" svg:width="3cm" svg:height="3cm"/><draw:control draw:control="d" svg:width="3cm" svg:height="3cm"/></text:p>') }],
        ['odt: object inside with an image', 'odt', ['pdf', 'docx'], sub { odf(text => $text . '<text:p>' . frame('<draw:object xlink:type="simple" xlink:href="./Object 1"/>') . '</text:p>', 'Object 1/content.xml' => $inner->($_[0])) }],
        ['odt: SVG inside with an image', 'odt', ['pdf', 'docx'], sub { odf(text => $text . '<text:p>' . frame('<draw:image xlink:type="simple" xlink:href="Pictures/i.svg"/>') . '</text:p>', 'Pictures/i.svg' => drawing($_[0])) }],
        ['odt: template and script', 'odt', ['pdf', 'docx'], sub { odf(text => filled(qq(<text:p>before<text:script script:language="x" $Link/></text:p>))->($_[0]),
            'meta.xml' => filled(qq($Xml<office:document-meta $Ns xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" office:version="1.2"><office:meta><meta:template $Link/><meta:auto-reload $Link/></office:meta></office:document-meta>))->($_[0])) }],
        (map { my $part = $_; ["odt: entity in $part", 'odt', ['pdf'], sub { odf(text => $text, $part => qq(<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "$_[0]">]><d>&x;</d>)) }] } qw(meta.xml styles.xml settings.xml manifest.rdf)),
        ['ods: database', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', '', '') . filled('<table:database-ranges><table:database-range table:name="D" table:target-range-address="S.A3:S.B9" table:refresh-delay="PT1S">'
            . '<table:database-source-sql table:sql-statement="SELECT * FROM &quot;there&quot;" table:parse-sql-statement="true"><form:connection-resource xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0" xlink:href="sdbc:flat:%s"/></table:database-source-sql></table:database-range></table:database-ranges>')->($_[0])) }],
        ['ods: data mapping', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', '', '') . filled('<calcext:data-mappings xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><calcext:data-mapping xlink:href="%s" calcext:provider="org.libreoffice.calc.csv" calcext:database-name="D"/></calcext:data-mappings>'
            . '<table:database-ranges><table:database-range table:name="D" table:target-range-address="S.A3:S.B9"/></table:database-ranges>')->($_[0])) }],
        ['odt: bullet', 'odt', ['pdf', 'docx'], sub { odf(text => '<text:list text:style-name="L"><text:list-item><text:p>before</text:p></text:list-item></text:list>',
            head => automatic(filled(qq(<text:list-style style:name="L"><text:list-level-style-image text:level="1" $Link>)
                . '<style:list-level-properties fo:width="3cm" fo:height="3cm"/></text:list-level-style-image></text:list-style>')->($_[0]))) }],
        ['odt: background', 'odt', ['pdf', 'docx'], sub { odf(text => '<text:p text:style-name="A">before</text:p>',
            head => automatic(filled(qq(<style:style style:name="A" style:family="paragraph"><style:paragraph-properties><style:background-image $Link/></style:paragraph-properties></style:style>))->($_[0]))) }],
        ['odt: section', 'odt', ['pdf', 'txt'], sub { odf(text => $text . filled("<text:section text:name=\"S\"><text:section-source $Link/><text:p>old</text:p></text:section>")->($_[0])) }],
        ['odt: entity', 'odt', ['pdf', 'txt'], sub { odf(text => '<text:p>before&x;</text:p>', doctype => qq(<!DOCTYPE d [<!ENTITY x SYSTEM "$_[0]">]>)) }],
        ['ods: other book', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', '', qq(<table:table-cell table:formula="of:='$_[0]'#\$S.A1"/>))) }],
        ['ods: WEBSERVICE', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', '', qq(<table:table-cell table:formula="of:=WEBSERVICE(&quot;$_[0]&quot;)"/>))) }],
        ['ods: DDE', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', '', qq(<table:table-cell table:formula="of:=DDE(&quot;soffice&quot;;&quot;$_[0]&quot;;&quot;A1&quot;)"/>))) }],
        ['ods: linked sheet', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', '', '') . filled(qq(<table:table table:name="T"><table:table-source $Link table:table-name="S" table:mode="copy-all"/><table:table-row><table:table-cell/></table:table-row></table:table>))->($_[0])) }],
        ['ods: linked area', 'ods', ['pdf', 'csv'], sub { odf(spreadsheet => sheet('', filled(qq(<table:cell-range-source $Link table:name="S" table:last-column-spanned="1" table:last-row-spanned="1"/>))->($_[0]), '')) }],
    );
}

# --- slides -----------------------------------------------------------------

sub slide {
    my ($name, $type, $shape) = @_;
    my $at = '<a:xfrm><a:off x="990000" y="990000"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/>';
    return ["pptx: $name", 'pptx', ['pdf', 'odp'], sub { pptx($shape =~ s/AT/$at/r, [$type => $_[0], 1]) }];
}

sub carriers {
    my $svg = sub { my ($name, $inside, $head) = @_; ["svg: $name", 'svg', ['pdf', 'png'],
        filled(($head // '') . '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="90"><text x="1" y="9">before</text>' . "$inside</svg>")] };
    my $of = sub { my ($ext, $targets, @rest) = @_; map { ["$ext: $_->[0]", $ext, $targets, filled($_->[1])] } @rest };
    my $sp = '<p:nvSpPr><p:cNvPr id="4" name="p"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>';
    my $pic = '<p:nvPicPr><p:cNvPr id="4" name="p"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>';
    return (
        word('picture (VML)', image => shape('<v:imagedata r:href="rId1"/>')), word('picture as if inside (VML)', image => shape('<v:imagedata r:id="rId1"/>')),
        word('fill (VML)', image => shape('<v:fill r:id="rId1" type="frame"/>')),
        word('OLE link', oleObject => '<w:r><w:object><v:shape id="s" style="width:99pt;height:99pt"/><o:OLEObject Type="Link" ProgID="Word.Document.12" ShapeID="s" DrawAspect="Content" ObjectID="_1" r:id="rId1" UpdateMode="Always"/></w:object></w:r>'),
        word('sub-document', subDocument => '<w:subDoc r:id="rId1"/>'), word('alternative part', aFChunk => '</w:p><w:altChunk r:id="rId1"/><w:p>'),
        word('picture', image => inline_picture('<a:blip r:link="rId1"/>')), word('picture as if inside', image => inline_picture('<a:blip r:embed="rId1"/>')),
        ['docx: SVG in it', 'docx', ['pdf', 'odt'], sub { docx('<w:p><w:r><w:t>before</w:t></w:r>' . inline_picture('<a:blip r:embed="rId1"/>') . '</w:p>', 'word/media/i.svg' => drawing($_[0]),
            'word/_rels/document.xml.rels' => Hostile::rels([image => 'media/i.svg']), types => '<Default Extension="svg" ContentType="image/svg+xml"/>') }],
        chunk(html => 'text/html', filled('<html><body><p>x<img src="%s"></p></body></html>')), chunk(rtf => 'application/rtf', filled('{\rtf1 x{\field{\*\fldinst INCLUDEPICTURE "%s" \\\\d }{\fldrslt y}}}')),
        chunk(docx => 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', sub { docx('<w:p><w:r><w:t>x</w:t></w:r>' . inline_picture('<a:blip r:link="rId1"/>') . '</w:p>', 'word/_rels/document.xml.rels' => Hostile::rels([image => $_[0], 1])) }),
        workbooks(),
        fields(),
        $of->('rtf', ['pdf'], ['template', '{\rtf1{\*\template %s}before}'], ['file table', '{\rtf1{\*\filetbl{\file\fid1\frelative0 %s}}before}'],
            ['shape', '{\rtf1 before {\shp{\*\shpinst\shpleft0\shptop0\shpright1700\shpbottom1700{\sp{\sn shapeType}{\sv 75}}{\sp{\sn pibName}{\sv %s}}{\sp{\sn pibFlags}{\sv 10}}{\sp{\sn fillType}{\sv 3}}{\sp{\sn fillBlipName}{\sv %s}}{\sp{\sn fillBlipFlags}{\sv 10}}}}}'],
            ['next file', '{\rtf1{\*\nextfile %s}{\*\mailmerge\mmdatatypeaccess{\mmdatasource %s}}before}'],
            ['linked object', '{\rtf1 before{\object\objautlink\objw999\objh999{\*\objclass Word.Document.8}{\*\objalias %s}{\result y}}}']),
        odfs(),
        slide('picture', image => "<p:pic>$pic<p:blipFill><a:blip r:link=\"rId1\"/></p:blipFill><p:spPr>AT</p:spPr></p:pic>"),
        slide('picture as if inside', image => "<p:pic>$pic<p:blipFill><a:blip r:embed=\"rId1\"/></p:blipFill><p:spPr>AT</p:spPr></p:pic>"),
        slide('fill', image => "<p:sp>$sp<p:spPr>AT<a:blipFill><a:blip r:link=\"rId1\"/><a:stretch/></a:blipFill></p:spPr></p:sp>"),
        slide('film', video => '<p:pic><p:nvPicPr><p:cNvPr id="4" name="p"/><p:cNvPicPr/><p:nvPr><a:videoFile r:link="rId1"/></p:nvPr></p:nvPicPr><p:blipFill/><p:spPr>AT</p:spPr></p:pic>'),
        slide('bullet', image => "<p:sp>$sp<p:spPr>AT</p:spPr><p:txBody><a:bodyPr/><a:p><a:pPr><a:buBlip><a:blip r:link=\"rId1\"/></a:buBlip></a:pPr><a:r><a:t>x</a:t></a:r></a:p></p:txBody></p:sp>"),
        slide('object', oleObject => '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="o"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></p:xfrm>'
            . '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/presentationml/2006/ole"><p:oleObj name="o" r:id="rId1" imgW="990000" imgH="990000" progId="Word.Document.12"><p:link updateAutomatic="1"/></p:oleObj></a:graphicData></a:graphic></p:graphicFrame>'),
        $of->('html', ['pdf', 'docx'], ['image', '<p>before<img src="%s">'], ['srcset', '<p>before<img srcset="%s 1x">'], ['base', '<base href="%s"><p>before<img src="">'],
            ['background', '<body background="%s"><p>before<table background="%s"><tr><td background="%s">x</table>'],
            ['style', '<style>@import url(%s); p { background: url(%s) } @font-face { font-family: f; src: url(%s) }</style><p>before'],
            ['inline style', '<p style="background-image:url(%s)">before<ul style="list-style-image:url(%s)"><li>x</ul>'], ['style sheet', '<link rel="stylesheet" href="%s"><p>before'],
            ['refresh', '<meta http-equiv="refresh" content="0;url=%s"><p>before'], ['frames', '<p>before<iframe src="%s"></iframe><object data="%s"></object><embed src="%s">'],
            ['film', '<p>before<video poster="%s" src="%s"></video><audio src="%s"></audio>'], ['form', '<p>before<form action="%s"><input type="image" src="%s"></form>'],
            ['drawing', '<p>before<svg width="90" height="90"><image width="90" height="90" href="%s"/></svg><picture><source srcset="%s"></picture>']),
        ['html: SVG in it', 'html', ['pdf', 'docx'], sub { '<p>before<img width="90" height="90" src="' . inline('image/svg+xml', drawing($_[0])) . '">' }],
        ['md: SVG in it', 'md', ['pdf', 'docx'], sub { 'before ![i](' . inline('image/svg+xml', drawing($_[0])) . ")\n" }],
        ['svg: SVG in it', 'svg', ['pdf', 'png'], sub { drawing(inline('image/svg+xml', drawing($_[0]))) }],
        (map { my ($name, $inside) = @$_; ["epub: $name", 'epub', ['html', 'docx'], sub { epub(qq($Xml<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>before</p>) . filled($inside)->($_[0]) . '</body></html>') }] }
            ['image', '<p><img src="%s"/></p>'], ['drawing', '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image width="9" height="9" xlink:href="%s"/></svg>'],
            ['frames', '<p><object data="%s"></object></p><iframe src="%s"></iframe>'], ['include', '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="%s" parse="text"/>']),
        ['pdf: streams outside', 'pdf', ['png', 'txt', 'html'], sub { pdf_of($_[0]) }],
        $svg->('image', '<image width="90" height="90" xlink:href="%s"/><image width="90" height="90" href="%s"/>'), $svg->('use', '<use xlink:href="%s#a"/>'),
        $svg->('filter', '<filter id="f"><feImage xlink:href="%s"/></filter><rect width="9" height="9" filter="url(#f)"/>'),
        $svg->('style', '<style>@import url(%s); rect { fill: url(%s#a) }</style><rect width="9" height="9"/>'),
        $svg->('pattern', '<pattern id="p" width="90" height="90"><image width="90" height="90" xlink:href="%s"/></pattern><rect width="90" height="90" fill="url(#p)"/>'),
        $svg->('xml-stylesheet', '', '<?xml version="1.0"?><?xml-stylesheet href="%s" type="text/css"?>'),
        $svg->('include', '<text y="30"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="%s" parse="text"/></text>'),
        $svg->('entity', '<text y="30">&x;</text>', '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "%s">]>'),
        $of->('md', ['html', 'docx'], ['image', "before ![i](%s)\n"], ['reference', "before ![i][r]\n\n[r]: %s\n"], ['raw', "before <img src=\"%s\">\n"], ['attribute', "before ![i](%s){width=9}\n"],
            ['head', "---\ncss: '%s'\nbibliography: '%s'\nheader-includes: '<link href=\"%s\">'\n---\nbefore\n"]),
        $of->('rst', ['html', 'docx'], ['image', "before\n\n.. image:: %s\n"], ['figure', "before\n\n.. figure:: %s\n\n   y\n"], ['include', "before\n\n.. include:: %s\n"],
            ['raw file', "before\n\n.. raw:: html\n   :file: %s\n"], ['raw address', "before\n\n.. raw:: html\n   :url: %s\n"], ['table', "before\n\n.. csv-table::\n   :file: %s\n"]),
    );
}

# A page with the word, whose contents and image go on in files.
sub pdf_of {
    my ($url) = @_;
    my $path = $url =~ s{\Afile://}{}r;
    my $words = 'BT /F1 24 Tf 9 60 Td (before) Tj ET q 50 0 0 50 9 0 cm /I Do Q';
    return "%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n"
        . '3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents [4 0 R 7 0 R] /Resources <</Font <</F1 5 0 R>> /XObject <</I 6 0 R>>>>>> endobj' . "\n"
        . '4 0 obj <</Length ' . length($words) . ">> stream\n$words\nendstream endobj\n5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj\n"
        . "6 0 obj <</Type /XObject /Subtype /Image /Width 61 /Height 67 /ColorSpace /DeviceRGB /BitsPerComponent 8 /F ($path) /FFilter /DCTDecode /Length 0>> stream\n\nendstream endobj\n"
        . "7 0 obj <</F <</Type /Filespec /F ($path) /UF ($path)>> /Length 0>> stream\n\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";
}

# --- what must not come out -------------------------------------------------

sub addresses {
    my ($port, $image, $text) = @_;
    return (['http', "http://127.0.0.1:$port/i.png"], ['an image', "file://$image"], ['a text', "file://$text"], ['a path', $text], ['UNC', "//127.0.0.1\@$port/s/i.png"]);
}

# Small, so that it is found.
sub picture_in {
    my ($dir) = @_;
    my ($found) = split /\n/, Hostile::stdin_of('', 'find', '-L', $dir, '-maxdepth', '5', '-type', 'f', '-size', '-200k', '(', (map { ('-name', "*.$_", '-o') } qw(png gif jpg)), '-name', '*.jpeg', ')', '-print', '-quit');
    return $found;
}

sub readable {
    my ($table) = @_;
    my (%seen, @pictures, @texts);
    my $office = '/usr/lib/libreoffice';
    for my $engine (@{ $table->{engines} }) {
        next if $engine->{engine} =~ /^command/;
        for my $place (@{ $engine->{read} }) {
            my $dir = $place =~ s/\{office\}/$office/r;
            next if $dir =~ /[{}]|^\/(?:proc|dev)/ || $seen{$dir}++;
            my $picture = picture_in($dir);
            push @pictures, ["a picture in $dir", "file://$picture"] if defined $picture && !$seen{$picture}++;
        }
    }
    my $icons = "$office/share/config/images_colibre.zip";
    (my $inside = "file://$icons") =~ s/([^A-Za-z0-9.])/sprintf '%%%02X', ord $1/ge;
    push @pictures, ['a picture in an archive', "vnd.sun.star.zip://$inside/res/info.png"], ['by a variable', 'vnd.sun.star.expand:$BRAND_BASE_DIR/program/intro.png'],
        ['by way of /proc', "file:///proc/self/root$office/program/intro.png"], ['around', "file://$office/share/config/soffice.cfg/../../../program/intro.png"], ['escaped', "file://$office/program/%69ntro.png"];
    push @pictures, map [$_, $_], 'private:graphicrepository/res/info.png', 'private:graphicrepository/cmd/32/open.png', 'private:standardimage/error', 'vnd.sun.star.extension://x/y.png';
    push @texts, ['the environment', 'file:///proc/self/environ', qr/UserInstallation=|SAL_USE_VCLPLUGIN=|LC_ALL=/], ['the memory', 'file:///proc/self/maps', qr/r-xp .*lib/],
        ['settings', 'file:///etc/fonts/fonts.conf', qr/fontconfig|cachedir/i], ['a version', "file://$office/program/versionrc", qr/buildid=/i], ['a descriptor', 'file:///dev/fd/3', qr/r-xp/],
        ['data of pandoc', '/usr/share/pandoc/data/abbreviations', qr/Capt\.|aetat/], ['data of pandoc, as it finds it', 'data/data/abbreviations', qr/Capt\.|aetat/], ['the log', 'log', qr/platen/];
    return (\@pictures, \@texts);
}

# The pictures of a result, and other files in it that no document of these has: size by size,
# and byte by byte where they are as they were.
sub pictures {
    my ($bytes) = @_;
    if ($bytes =~ /\A%PDF/) {
        return join ' ', sort map { /^\s*\d+\s+\d+\s+image\s+(\d+)\s+(\d+)/ ? "$1x$2" : () } split /\n/, Hostile::stdin_of($bytes, qw(pdfimages -list -));
    }
    if ($bytes =~ /\APK/) {
        my @found;
        while ($bytes =~ /PK\x01\x02.{12}(.{4}).{8}(..)(.{16})/gs) {
            my ($sum, $name) = (unpack('V', $1), substr $bytes, $+[0], unpack 'v', $2);
            push @found, sprintf '%s:%08x', $name =~ /(\w+)\z/, $sum if $name =~ /\.(?:png|gif|jpe?g|svg|bmp|emf|wmf|svm|css|mp4|wav|ogg|bin|ttf)\z/i && $name !~ /Thumbnails|styles\/|svg\z/;
        }
        return join ' ', sort @found;
    }
    return sprintf 'png:%08x', Compress::Raw::Zlib::crc32($bytes) if $bytes =~ /\A\x89PNG/;
    return join ' ', sort map { sprintf 'data:%08x', Compress::Raw::Zlib::crc32($_) } $bytes =~ /base64,([A-Za-z0-9+\/=]+)/g;
}

# Objects of a PDF and parts of an archive, and text of two bytes a character as that of one.
sub all_of {
    my ($bytes) = @_;
    my $text = text_of($bytes) . ($bytes =~ /\A%PDF/ ? Hostile::stdin_of($bytes, qw(qpdf --qdf --object-streams=disable - -)) : $bytes);
    return "$text\n" . $text =~ tr/\0//dr;
}

1;
