package HostileLinks;

# Every way in which a document can name something else that a program in Perl can make: for
# t/hostile_links.t.  Each carrier takes an address and gives a document with the word "before".
#
#     carriers()                         [ name, extension, target formats, code that takes an address ]
#     addresses($port, $image, $text)    [ name, address ]: of what must not be reached

use strict;
use warnings;

use Exporter 'import';
use Hostile;

our @EXPORT = qw(carriers addresses);

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

# --- OpenDocument: each thing in each kind of document ----------------------

sub frame { return qq(<draw:frame svg:x="1cm" svg:y="1cm" svg:width="3cm" svg:height="3cm">$_[0]</draw:frame>) }
sub automatic { return "<office:automatic-styles>$_[0]</office:automatic-styles>" }
sub sheet { return qq(<table:table table:name="S">$_[0]<table:table-row><table:table-cell office:value-type="string">$_[1]<text:p>before</text:p></table:table-cell>$_[2]</table:table-row></table:table>) }

my $Link = 'xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad" xlink:href="%s"';
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
    return (@all,
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
        fields(),
        $of->('rtf', ['pdf'], ['template', '{\rtf1{\*\template %s}before}'], ['file table', '{\rtf1{\*\filetbl{\file\fid1\frelative0 %s}}before}'],
            ['linked object', '{\rtf1 before{\object\objautlink\objw999\objh999{\*\objclass Word.Document.8}{\*\objalias %s}{\result y}}}']),
        odfs(),
        slide('picture', image => "<p:pic>$pic<p:blipFill><a:blip r:link=\"rId1\"/></p:blipFill><p:spPr>AT</p:spPr></p:pic>"),
        slide('picture as if inside', image => "<p:pic>$pic<p:blipFill><a:blip r:embed=\"rId1\"/></p:blipFill><p:spPr>AT</p:spPr></p:pic>"),
        slide('fill', image => "<p:sp>$sp<p:spPr>AT<a:blipFill><a:blip r:link=\"rId1\"/><a:stretch/></a:blipFill></p:spPr></p:sp>"),
        slide('film', video => '<p:pic><p:nvPicPr><p:cNvPr id="4" name="p"/><p:cNvPicPr/><p:nvPr><a:videoFile r:link="rId1"/></p:nvPr></p:nvPicPr><p:blipFill/><p:spPr>AT</p:spPr></p:pic>'),
        $of->('html', ['pdf', 'docx'], ['image', '<p>before<img src="%s">'], ['srcset', '<p>before<img srcset="%s 1x">'], ['base', '<base href="%s"><p>before<img src="">'],
            ['background', '<body background="%s"><p>before<table background="%s"><tr><td background="%s">x</table>'],
            ['style', '<style>@import url(%s); p { background: url(%s) } @font-face { font-family: f; src: url(%s) }</style><p>before'],
            ['inline style', '<p style="background-image:url(%s)">before<ul style="list-style-image:url(%s)"><li>x</ul>'], ['style sheet', '<link rel="stylesheet" href="%s"><p>before'],
            ['refresh', '<meta http-equiv="refresh" content="0;url=%s"><p>before'], ['frames', '<p>before<iframe src="%s"></iframe><object data="%s"></object><embed src="%s">'],
            ['film', '<p>before<video poster="%s" src="%s"></video><audio src="%s"></audio>'], ['form', '<p>before<form action="%s"><input type="image" src="%s"></form>']),
        $svg->('image', '<image width="90" height="90" xlink:href="%s"/><image width="90" height="90" href="%s"/>'), $svg->('use', '<use xlink:href="%s#a"/>'),
        $svg->('filter', '<filter id="f"><feImage xlink:href="%s"/></filter><rect width="9" height="9" filter="url(#f)"/>'),
        $svg->('style', '<style>@import url(%s); rect { fill: url(%s#a) }</style><rect width="9" height="9"/>'),
        $svg->('pattern', '<pattern id="p" width="90" height="90"><image width="90" height="90" xlink:href="%s"/></pattern><rect width="90" height="90" fill="url(#p)"/>'),
        $svg->('xml-stylesheet', '', '<?xml version="1.0"?><?xml-stylesheet href="%s" type="text/css"?>'),
        $svg->('entity', '<text y="30">&x;</text>', '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "%s">]>'),
        $of->('md', ['html', 'docx'], ['image', "before ![i](%s)\n"], ['reference', "before ![i][r]\n\n[r]: %s\n"], ['raw', "before <img src=\"%s\">\n"], ['attribute', "before ![i](%s){width=9}\n"],
            ['head', "---\ncss: '%s'\nbibliography: '%s'\nheader-includes: '<link href=\"%s\">'\n---\nbefore\n"]),
        $of->('rst', ['html', 'docx'], ['image', "before\n\n.. image:: %s\n"], ['figure', "before\n\n.. figure:: %s\n\n   y\n"], ['include', "before\n\n.. include:: %s\n"],
            ['raw file', "before\n\n.. raw:: html\n   :file: %s\n"], ['raw address', "before\n\n.. raw:: html\n   :url: %s\n"], ['table', "before\n\n.. csv-table::\n   :file: %s\n"]),
    );
}

sub addresses {
    my ($port, $image, $text) = @_;
    return (['http', "http://127.0.0.1:$port/i.png"], ['an image', "file://$image"], ['a text', "file://$text"], ['a path', $text], ['UNC', "//127.0.0.1\@$port/s/i.png"]);
}

1;
