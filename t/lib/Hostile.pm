package Hostile;

# Files made to do harm, and what shows whether they have: for t/hostile/hostile.t.
#
#     zip_file({ name => 'a', data => 'x', size => 10e9 }, ...)   any header may lie
#     docx('<w:p>...</w:p>', 'word/_rels/document.xml.rels' => ...), xlsx, pptx, odf, epub
#     links($port, $marker, $image)    documents that reach for what is not theirs
#     expansions($port, $marker)       XML that grows, or names other files
#     code($perl)                      a document that is run, by the engines of %Attack
#
# Where a bug of the converter would let a document run code of its own, an
# engine that runs its document is what such a bug gives at most: Perl, in
# the sandbox of every command, once alone and once with processes of its own.

use strict;
use warnings;

use Compress::Raw::Zlib ();
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT = qw(zip_file inflating docx xlsx pptx odf epub image_of links expansions macros code %Attack text_of);

our %Attack = (
    'engine/alone/from' => 'svg',  'engine/alone/to' => 'txt',
    'engine/alone/command' => '/usr/bin/perl {input} {output}', 'engine/alone/cost' => 1,
    'engine/family/from' => 'svg', 'engine/family/to' => 'md',
    'engine/family/command' => '/usr/bin/perl {input} {output}', 'engine/family/cost' => 1,
    'engine/family/fork' => 1,
);

# --- containers ------------------------------------------------------------

sub deflated {
    my ($data) = @_;
    my ($d) = Compress::Raw::Zlib::Deflate->new(-WindowBits => -15, -AppendOutput => 1);
    my $out = '';
    $d->deflate($data, $out);
    $d->flush($out);
    return $out;
}

# A deflate stream of 1 MiB of that byte, $times over: full flushes make its parts repeatable.
sub inflating {
    my ($byte, $times, $head, $tail) = @_;
    my ($d) = Compress::Raw::Zlib::Deflate->new(-WindowBits => -15, -AppendOutput => 1);
    my ($start, $middle) = ('', '');
    $d->deflate($head // '', $start);
    $d->flush($start, Compress::Raw::Zlib::Z_FULL_FLUSH());
    $d->deflate($byte x (1 << 20), $middle);
    $d->flush($middle, Compress::Raw::Zlib::Z_FULL_FLUSH());
    return $start . $middle x $times . deflated($tail // '');
}

# Entries: name, data; method (8), deflate (the bytes as they are), size and compressed as
# claimed, flags, attributes, local_name, at (another entry's header).
sub zip_file {
    my ($file, $central, $n, @at) = ('', '', 0);
    for my $e (@_) {
        my $data = $e->{data} // '';
        my $method = $e->{method} // 8;
        my $stored = $e->{deflate} // ($method == 8 ? deflated($data) : $data);
        my $fields = pack 'v v V V V V', $e->{flags} // 0, $method, 0x210000,
            Compress::Raw::Zlib::crc32($data), $e->{compressed} // length $stored,
            $e->{size} // length $data;
        my $name = $e->{local_name} // $e->{name};
        push @at, defined $e->{at} ? $at[ $e->{at} ] : length $file;
        $file .= "PK\3\4" . pack('v', 20) . $fields . pack('v v', length $name, 0) . $name . $stored
            unless defined $e->{at};
        $central .= "PK\1\2" . pack('v v', 0x314, 20) . $fields
            . pack('v v v v v V V', length $e->{name}, 0, 0, 0, 0, ($e->{attributes} // 0) << 16, $at[-1])
            . $e->{name};
        $n++;
    }
    return $file . $central . "PK\5\6" . pack 'v v v v V V v', 0, 0, $n, $n, length $central, length $file, 0;
}

# Path => data, or a reference to the other fields of an entry.
sub parts {
    my (%parts) = @_;
    return map { { name => $_, ref $parts{$_} ? %{ $parts{$_} } : (data => $parts{$_}) } } sort keys %parts;
}

my $Xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
my $Office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
my $Types = 'http://schemas.openxmlformats.org/package/2006';

sub rels {
    my @rels = @_;
    my $n = 0;
    return qq($Xml<Relationships xmlns="$Types/relationships">) . join('', map {
        my ($type, $target, $external) = @$_;
        $type = "$Office/$type" unless $type =~ /:/;
        sprintf '<Relationship Id="rId%d" Type="%s" Target="%s"%s/>', ++$n, $type, $target,
            $external ? ' TargetMode="External"' : '';
    } @rels) . '</Relationships>';
}

sub ooxml {
    my ($main, $type, $content, %parts) = @_;
    my $more = delete $parts{types} // '';
    return zip_file(
        { name => '[Content_Types].xml', data => qq($Xml<Types xmlns="$Types/content-types">)
            . '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            . '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
            . qq(<Override PartName="/$main" ContentType="application/vnd.openxmlformats-officedocument.$type.main+xml"/>)
            . "$more</Types>" },
        { name => '_rels/.rels', data => rels([officeDocument => $main]) },
        ref $content ? { name => $main, %$content } : { name => $main, data => $content },
        parts(%parts));
}

sub docx {
    my ($body, %parts) = @_;
    my $doctype = delete $parts{doctype} // '';
    return ooxml('word/document.xml', 'wordprocessingml.document', ref $body ? $body : $Xml . $doctype
        . '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        . 'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        . 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        . 'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
        . 'xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:v="urn:schemas-microsoft-com:vml" '
        . qq(xmlns:r="$Office"><w:body>$body</w:body></w:document>), %parts);
}

sub xlsx {
    my ($rows, %parts) = @_;
    my $sheet = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
    my $doctype = delete $parts{doctype} // '';
    my $books = delete $parts{books} // '';
    my @strings = exists $parts{'xl/sharedStrings.xml'} ? ([sharedStrings => 'sharedStrings.xml']) : ();
    return ooxml('xl/workbook.xml', 'spreadsheetml.sheet', qq($Xml<workbook xmlns="$sheet" xmlns:r="$Office">)
        . qq(<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>$books</workbook>),
        'xl/_rels/workbook.xml.rels' => rels([worksheet => 'worksheets/sheet1.xml'], @strings,
            $books ? [externalLink => 'externalLinks/externalLink1.xml'] : ()),
        'xl/worksheets/sheet1.xml' => qq($Xml$doctype<worksheet xmlns="$sheet" xmlns:r="$Office"><sheetData>$rows</sheetData></worksheet>),
        types => join('', map { my ($part, $type) = @$_;
            qq(<Override PartName="/xl/$part.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.$type+xml"/>) }
            ['worksheets/sheet1', 'worksheet'], ['externalLinks/externalLink1', 'externalLink'], ['sharedStrings', 'sharedStrings']),
        %parts);
}

sub pptx {
    my ($shapes, @rels) = @_;
    my $pml = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        . qq(xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="$Office");
    return ooxml('ppt/presentation.xml', 'presentationml.presentation',
        qq($Xml<p:presentation $pml><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>)
            . '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>',
        'ppt/_rels/presentation.xml.rels' => rels([slide => 'slides/slide1.xml']),
        'ppt/slides/_rels/slide1.xml.rels' => rels(@rels),
        'ppt/slides/slide1.xml' => qq($Xml<p:sld $pml><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/>)
            . '<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/><p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/>'
            . '<p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="0"/>'
            . '<a:ext cx="3000000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></p:spPr><p:txBody><a:bodyPr/>'
            . qq(<a:p><a:r><a:t>before</a:t></a:r></a:p></p:txBody></p:sp>$shapes</p:spTree></p:cSld></p:sld>),
        types => '<Override PartName="/ppt/slides/slide1.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.slide+xml"/>');
}

my $Odf = join ' ', map { my ($n, $u) = @$_; "xmlns:$n=\"$u\"" }
    (map { [ $_->[0], "urn:oasis:names:tc:opendocument:xmlns:$_->[1]:1.0" ] } [qw(office office)], [qw(style style)],
        [qw(text text)], [qw(table table)], [qw(draw drawing)], [qw(svg svg-compatible)], [qw(script script)],
        [qw(fo xsl-fo-compatible)], [qw(presentation presentation)]),
    ['of', 'urn:oasis:names:tc:opendocument:xmlns:of:1.2'], ['xlink', 'http://www.w3.org/1999/xlink'],
    ['dom', 'http://www.w3.org/2001/xml-events'], ['ooo', 'http://openoffice.org/2004/office'];

# odf('text', $body, head => before the body, doctype => ..., path => part, ...)
sub odf {
    my ($kind, $body, %parts) = @_;
    my $head = delete $parts{head} // '';
    my $doctype = delete $parts{doctype} // '';
    my $type = "application/vnd.oasis.opendocument.$kind";
    my $content = delete $parts{'content.xml'} // qq(<?xml version="1.0" encoding="UTF-8"?>$doctype<office:document-content $Odf office:version="1.2">)
        . "$head<office:body><office:$kind>$body</office:$kind></office:body></office:document-content>";
    my $manifest = qq($Xml<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">)
        . qq(<manifest:file-entry manifest:full-path="/" manifest:media-type="$type"/>)
        . join('', map qq(<manifest:file-entry manifest:full-path="$_" manifest:media-type="text/xml"/>), 'content.xml', sort keys %parts)
        . '</manifest:manifest>';
    return zip_file({ name => 'mimetype', data => $type, method => 0 }, { name => 'content.xml', ref $content ? %$content : (data => $content) },
        { name => 'META-INF/manifest.xml', data => $manifest }, parts(%parts));
}

sub epub {
    my ($xhtml, %parts) = @_;
    return zip_file(
        { name => 'mimetype', data => 'application/epub+zip', method => 0 },
        { name => 'META-INF/container.xml', data => qq($Xml<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">)
            . '<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles></container>' },
        { name => 'c.opf', data => $parts{opf} // qq($Xml<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">)
            . '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">i</dc:identifier><dc:title>t</dc:title>'
            . '<dc:language>en</dc:language></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
            . '</manifest><spine><itemref idref="a"/></spine></package>' },
        { name => 'a.xhtml', data => $xhtml });
}

# --- what must not come out ------------------------------------------------

# A PNG of that size, with a text in it that a copy of the bytes would show.
sub image_of {
    my ($width, $height, $text) = @_;
    my $chunk = sub { pack('N', length $_[1]) . "$_[0]$_[1]" . pack 'N', Compress::Raw::Zlib::crc32("$_[0]$_[1]") };
    my ($d) = Compress::Raw::Zlib::Deflate->new(-AppendOutput => 1);
    my $pixels = '';
    my $row = "\0" . "\xff\0\0" x $width;
    $d->deflate($row x $height, $pixels);
    $d->flush($pixels);
    return "\x89PNG\r\n\x1a\n" . $chunk->(IHDR => pack 'N N C5', $width, $height, 8, 2, 0, 0, 0)
        . $chunk->(tEXt => "Comment\0$text") . $chunk->(IDAT => $pixels) . $chunk->(IEND => '');
}

# What a program prints that is given those bytes as its input.
sub stdin_of {
    my ($bytes, @command) = @_;
    open my $file, '+>', undef or die $!;
    binmode $file;
    print {$file} $bytes;
    $file->flush;
    seek $file, 0, 0;
    my $pid = open(my $out, '-|') // die "fork: $!";
    if ($pid == 0) {
        open STDIN, '<&', $file or die;
        open STDERR, '>', '/dev/null' or die;
        exec @command or exit 127;
    }
    local $/;
    return scalar(<$out>) // '';
}

# Everything that can be read in a result: its text, the names and sizes of its images, and
# the bytes of whatever it contains.
sub text_of {
    my ($bytes) = @_;
    return stdin_of($bytes, qw(pdftotext - -)) . stdin_of($bytes, qw(pdfimages -list -)) if $bytes =~ /\A%PDF/;
    if ($bytes =~ /\APK/) {
        my $text = '';
        while ($bytes =~ /PK\x01\x02.{6}(..).{8}(.{4}).{18}(.{4})/gs) {
            my ($method, $size, $local) = (unpack('v', $1), unpack('V', $2), unpack 'V', $3);
            my ($name_len, $extra_len) = unpack 'v v', substr $bytes, $local + 26, 4;
            my $data = substr $bytes, $local + 30 + $name_len + $extra_len, $size;
            my ($i) = Compress::Raw::Zlib::Inflate->new(-WindowBits => -15);
            my $out = $data;
            $i->inflate($data, $out) if $method == 8;
            $text .= "$out\n";
        }
        return $text;
    }
    (my $text = $bytes) =~ s{;base64,([A-Za-z0-9+/=]+)}{';' . MIME::Base64::decode($1)}ge;
    return $text;
}

# --- documents that reach out ----------------------------------------------

sub links {
    my ($port, $marker, $image) = @_;
    my $web = "http://127.0.0.1:$port";
    my $picture = sub {
        my ($url) = @_;
        return docx('<w:p><w:r><w:t>before</w:t></w:r><w:r><w:drawing><wp:inline><wp:extent cx="990000" cy="990000"/><wp:docPr id="1" name="p"/>'
            . '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="0" name="p"/>'
            . '<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="rId1"/></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm>'
            . '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>',
            'word/_rels/document.xml.rels' => rels([image => $url, 1]));
    };
    my $field = sub {
        my ($code) = @_;
        return docx("<w:p><w:r><w:t>before</w:t></w:r><w:r><w:fldChar w:fldCharType=\"begin\" w:dirty=\"true\"/></w:r><w:r><w:instrText>$code</w:instrText></w:r>"
            . '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>y</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>');
    };
    my $template = sub {
        my ($url) = @_;
        return docx('<w:p><w:r><w:t>before</w:t></w:r></w:p>',
            'word/_rels/document.xml.rels' => rels([settings => 'settings.xml']), 'word/_rels/settings.xml.rels' => rels([attachedTemplate => $url, 1]),
            'word/settings.xml' => qq($Xml<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="$Office"><w:attachedTemplate r:id="rId1"/></w:settings>));
    };
    my $ole = sub {
        my ($url) = @_;
        return docx('<w:p><w:r><w:t>before</w:t></w:r><w:r><w:object><v:shape id="s" style="width:99pt;height:99pt"/><o:OLEObject Type="Link" ProgID="Word.Document.12"'
            . ' ShapeID="s" DrawAspect="Content" ObjectID="_1" r:id="rId1" UpdateMode="Always"/></w:object></w:r></w:p>',
            'word/_rels/document.xml.rels' => rels([oleObject => $url, 1]));
    };
    my $frame = sub { '<text:p>before<draw:frame svg:width="3cm" svg:height="3cm">' . $_[0] . '</draw:frame></text:p>' };
    my $linked = sub { odf(text => $frame->(qq(<draw:$_[0] xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad" xlink:href="$_[1]"/>))) };
    my $section = sub { odf(text => '<text:p>before</text:p><text:section text:name="S"><text:section-source xlink:type="simple" xlink:show="embed"'
        . qq( xlink:href="$_[0]" text:filter-name="Text"/><text:p>old</text:p></text:section>)) };
    my $cell = sub { odf(spreadsheet => '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string"><text:p>before</text:p></table:table-cell>'
        . qq(<table:table-cell table:formula="of:=$_[0]"/></table:table-row></table:table>)) };
    my $formula = sub { xlsx(qq(<row r="1"><c r="A1" t="inlineStr"><is><t>before</t></is></c><c r="B1"><f>$_[0]</f></c></row>)) };
    my $book = sub { xlsx('<row r="1"><c r="A1" t="inlineStr"><is><t>before</t></is></c><c r="B1"><f>[1]S!A1</f></c></row>',
        books => '<externalReferences><externalReference r:id="rId2"/></externalReferences>',
        'xl/externalLinks/externalLink1.xml' => qq($Xml<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook xmlns:r="$Office" r:id="rId1">)
            . '<sheetNames><sheetName val="S"/></sheetNames></externalBook></externalLink>',
        'xl/externalLinks/_rels/externalLink1.xml.rels' => rels([externalLinkPath => $_[0], 1])) };
    my $slide = sub { pptx('<p:pic><p:nvPicPr><p:cNvPr id="4" name="p"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:link="rId1"/></p:blipFill>'
        . '<p:spPr><a:xfrm><a:off x="990000" y="990000"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/></p:spPr></p:pic>', [image => $_[0], 1]) };
    my $svg = sub { qq(<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="90"><rect width="9" height="9"/>$_[0]</svg>) };
    my $page = sub { epub(qq(<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>before</p>$_[0]</body></html>)) };

    my @both = ([54, "$web/i.png"], [55, "file://$image"]);
    my @where = (@both, [56, "smb://127.0.0.1:$port/s/i.png"], [56, "vnd.sun.star.webdav://127.0.0.1:$port/i.png"],
        [56, "file://127.0.0.1$image"], [56, '\\\\\\\\127.0.0.1\\s\\i.png'], [58, "vnd.sun.star.expand:$web/\$HOME\$PATH\$ORIGIN"],
        [58, "vnd.sun.star.expand:\${file://$marker:A:B}"], [71, 'http://169.254.169.254/latest/meta-data/'], [71, "http://localhost:$port/l.png"]);
    my @all = (
        (map { [ $_->[0], 'docx', pdf => $picture->($_->[1]) ], [ $_->[0], 'odt', pdf => $linked->(image => $_->[1]) ] } @where),
        (map { [ $_->[0], 'docx', html => $picture->($_->[1]) ], [ $_->[0], 'odt', docx => $linked->(image => $_->[1]) ],
            [ $_->[0], 'pptx', pdf => $slide->($_->[1]) ],
            [ $_->[0], 'html', pdf => qq(<p>before<img src="$_->[1]">) ], [ $_->[0], 'html', docx => qq(<p>before<img src="$_->[1]">) ],
            [ $_->[0], 'svg', pdf => $svg->(qq(<image width="90" height="90" xlink:href="$_->[1]"/>)) ],
            [ $_->[0], 'svg', png => $svg->(qq(<use xlink:href="$_->[1]#a"/><style>\@import url($_->[1]);</style>)) ],
            [ $_->[0], 'md', docx => "before ![i]($_->[1])\n" ], [ $_->[0], 'md', epub => "before ![i]($_->[1])\n" ], [ $_->[0], 'md', pdf => "before ![i]($_->[1])\n" ],
            [ $_->[0], 'rst', docx => "before\n\n.. image:: $_->[1]\n" ],
            [ $_->[0], 'epub', html => $page->(qq(<img src="$_->[1]"/>)) ], [ $_->[0], 'epub', docx => $page->(qq(<img src="$_->[1]"/>)) ] } @both),
        (map { [ $_->[0], 'docx', pdf => $template->($_->[1]) ], [ $_->[0], 'docx', pdf => $ole->($_->[1]) ],
            [ $_->[0], 'odt', pdf => $section->($_->[1]) ], [ $_->[0], 'odt', pdf => $linked->(object => $_->[1]) ], [ $_->[0], 'odt', pdf => $linked->('object-ole' => $_->[1]) ],
            [ $_->[0], 'docx', pdf => $field->(qq(INCLUDETEXT "$_->[1]")) ], [ $_->[0], 'docx', pdf => $field->(qq(INCLUDEPICTURE "$_->[1]" \\d)) ],
            [ $_->[0], 'rtf', pdf => qq({\\rtf1 before {\\field{\\*\\fldinst INCLUDETEXT "$_->[1]" }{\\fldrslt y}}}) ],
            [ $_->[0], 'rtf', pdf => qq({\\rtf1 before {\\field{\\*\\fldinst INCLUDEPICTURE "$_->[1]" \\\\d}{\\fldrslt y}}}) ],
            [ $_->[0], 'xlsx', pdf => $formula->("WEBSERVICE(&quot;$_->[1]&quot;)") ], [ $_->[0], 'xlsx', csv => $book->($_->[1]) ],
            [ $_->[0], 'ods', pdf => $cell->("WEBSERVICE(&quot;$_->[1]&quot;)") ], [ $_->[0], 'ods', csv => $cell->("['$_->[1]'#\$S.A1]") ],
            [ $_->[0], 'html', pdf => qq(<head><link rel="stylesheet" href="$_->[1]"><script src="$_->[1]"></script></head><p>before<iframe src="$_->[1]"></iframe>) ],
            [ $_->[0], 'html', pdf => qq(<p>before<object data="$_->[1]"></object><embed src="$_->[1]">) ],
            [ $_->[0], 'md', html => qq(before <img src="$_->[1]"> <iframe src="$_->[1]"></iframe>\n) ],
        } [54, "$web/s.txt"], [55, "file://$marker"], [55, $marker]),
        [ 55, 'odt', pdf => $section->('file:///etc/passwd') ],
        [ 55, 'ods', pdf => $cell->("DDE(&quot;soffice&quot;;&quot;$marker&quot;;&quot;S.A1&quot;)") ],
        [ 55, 'xlsx', pdf => $formula->("'\\\\127.0.0.1\\s\\[b.xlsx]S'!A1") ], [ 55, 'xlsx', pdf => $formula->("soffice|'$marker'!'S.A1'") ],
        [ 55, 'rst', html => "before\n\n.. include:: $marker\n\n.. raw:: html\n   :file: $marker\n\n.. csv-table::\n   :file: $marker\n" ],
        [ 55, 'md', docx => "---\nbibliography: $marker\ncsl: $marker\nreference-doc: $marker\ninclude-before: $marker\ncss: $marker\nepub-cover-image: $image\n---\nbefore\n" ],
        [ 55, 'md', epub => "---\ncover-image: $image\nepub-cover-image: $image\ncss: $marker\n---\nbefore\n" ],
        [ 55, 'epub', html => $page->('<img src="../../../../../..' . $image . '"/><object data="../../../../../..' . $marker . '"></object>') ],
        [ 59, 'odt', pdf => odf(text => '<text:p>before</text:p>', head => '<office:font-face-decls><style:font-face style:name="../../../../..' . "$marker-font"
            . '" svg:font-family="../../../../..' . "$marker-font" . '"><svg:font-face-src><svg:font-face-uri xlink:type="simple" xlink:href="Fonts/f.ttf">'
            . '<svg:font-face-format svg:string="truetype"/></svg:font-face-uri></svg:font-face-src></style:font-face></office:font-face-decls>',
            'Fonts/f.ttf' => "\0\1\0\0\0\0") ],
    );
    return map { { fault => $_->[0], ext => $_->[1], to => $_->[2], bytes => $_->[3] } } @all;
}

# Macros that write $file when the document is opened.
sub macros {
    my ($file) = @_;
    my $lib = 'xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink"';
    my $opens = sub { '<office:scripts><office:event-listeners>' . join('', map
        qq(<script:event-listener script:language="ooo:script" script:event-name="$_" xlink:type="simple" xlink:href="vnd.sun.star.script:@_"/>),
        qw(dom:load office:new office:load-finished dom:unload office:view-created)) . '</office:event-listeners></office:scripts>' };
    my $basic = "Sub Go\nOpen &quot;$file&quot; For Output As #1\nPrint #1, &quot;x&quot;\nClose #1\nShell(&quot;/bin/touch $file&quot;)\nEnd Sub\nSub AutoOpen\nGo\nEnd Sub\nSub Document_Open\nGo\nEnd Sub\n";
    my @basic = ('Basic/script-lc.xml' => qq($Xml<library:libraries $lib><library:library library:name="Standard" library:link="false"/></library:libraries>),
        'Basic/Standard/script-lb.xml' => qq($Xml<library:library $lib library:name="Standard" library:readonly="false" library:passwordprotected="false"><library:element library:name="M"/></library:library>),
        'Basic/Standard/M.xml' => qq($Xml<script:module xmlns:script="http://openoffice.org/2000/script" script:name="M" script:language="StarBasic">$basic</script:module>));
    my $python = "import os\ndef go(*a):\n    open('$file', 'w').write('x')\n    os.system('touch $file')\ngo()\n";
    return (
        [ odt => odf(text => '<text:p>before</text:p>', head => $opens->('Standard.M.Go?language=Basic&amp;location=document'), @basic) ],
        [ ods => odf(spreadsheet => '<table:table table:name="S"><table:table-row><table:table-cell table:formula="of:=GO()"/></table:table-row></table:table>',
            head => $opens->('Standard.M.Go?language=Basic&amp;location=document'), @basic) ],
        [ odt => odf(text => '<text:p>before</text:p>', head => $opens->('m.py$go?language=Python&amp;location=document'), 'Scripts/python/m.py' => $python) ],
        [ odt => odf(text => '<text:p>__import__("os").system("touch ' . $file . '")</text:p>',
            head => $opens->('LibreLogo|LibreLogo.py$run?language=Python&amp;location=share')) ],
        [ odt => odf(text => '<text:p>before</text:p>', head => $opens->("pythonSamples|TableSample.py\$os.system?language=Python&amp;location=share")) ],
        [ odt => odf(text => '<text:p><text:execute-macro text:name="Standard.M.Go">before</text:execute-macro><draw:frame svg:width="3cm" svg:height="3cm">'
            . '<draw:plugin xlink:href="vnd.sun.star.script:Standard.M.Go?language=Basic&amp;location=document"/></draw:frame></text:p>', @basic) ],
        [ html => qq(<html><head><script language="StarBasic">\nSub Main\nOpen "$file" For Output As #1\nEnd Sub\n</script></head><body onload="Main" sdonload-StarBasic="Standard.M.Main"><p>before) ],
    );
}

# XML that grows when it is read, and entities that are files or addresses.
sub expansions {
    my ($port, $marker) = @_;
    my $laughs = join '', '<!ENTITY a0 "ha">', map { sprintf '<!ENTITY a%d "%s">', $_, join '', ('&a' . ($_ - 1) . ';') x 10 } 1 .. 12;
    my %inside = (
        laughs => ["[$laughs]", '&a12;'],
        quadratic => [ '[<!ENTITY q "' . 'q' x 100_000 . '">]', '&q;' x 5000 ],
        file => [ qq([<!ENTITY x SYSTEM "file://$marker">]), '&x;' ],
        web => [ qq([<!ENTITY x SYSTEM "http://127.0.0.1:$port/e.xml">]), '&x;' ],
        parameter => [ qq([<!ENTITY % p SYSTEM "file://$marker"><!ENTITY % w SYSTEM "http://127.0.0.1:$port/p.dtd">%p;%w;]), '' ],
        dtd => [ qq(SYSTEM "http://127.0.0.1:$port/d.dtd"), '' ],
    );
    my @all;
    for my $kind (sort keys %inside) {
        my ($dtd, $use) = @{ $inside{$kind} };
        my $doctype = sub { "<!DOCTYPE $_[0] $dtd>" };
        my $xhtml = $doctype->('html') . qq(<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><p>before $use</p></body></html>);
        my $word = docx("<w:p><w:r><w:t>before $use</w:t></w:r></w:p>", doctype => $doctype->('w:document'));
        my $text = odf(text => "<text:p>before $use</text:p>", doctype => $doctype->('office:document-content'));
        push @all, map { { kind => $kind, ext => $_->[0], to => $_->[1], bytes => $_->[2] } }
            [ docx => pdf => $word ], [ docx => md => $word ], [ odt => pdf => $text ], [ odt => md => $text ],
            [ xlsx => csv => xlsx(qq(<row r="1"><c r="A1" t="inlineStr"><is><t>before $use</t></is></c></row>), doctype => $doctype->('worksheet')) ],
            [ svg => png => '<?xml version="1.0"?>' . $doctype->('svg') . qq(<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><text y="20">before $use</text></svg>) ],
            [ html => pdf => $xhtml ], [ html => md => $xhtml ], [ epub => html => epub($xhtml) ], [ md => html => "before $use\n\n$xhtml\n" ];
    }
    return @all;
}

# A document that is run, and says what it was able to do: try(what, whether it worked).
sub code {
    my ($perl) = @_;
    return <<"PERL" . $perl;
\$| = 1; open our \$Out, '>', \$ARGV[0] or die; select \$Out; \$| = 1;
sub try { my (\$what, \$rc) = \@_; print "\$what ", (\$rc ? 'DONE' : 'refused ' . (0 + \$!)), "\\n" }
PERL
}

1;
