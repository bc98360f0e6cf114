# What is a document of its own within another: an equation, a chart, a table of cells.

use lib 't/lib';
use TestPlaten;
use TestOffice;
use Hostile ();

our %Space = (office => 'office', text => 'text', table => 'table', draw => 'drawing', chart => 'chart', svg => 'svg-compatible', style => 'style', fo => 'xsl-fo-compatible');
our $Spaces = join ' ', (map qq(xmlns:$_="urn:oasis:names:tc:opendocument:xmlns:$Space{$_}:1.0"), sort keys %Space), 'xmlns:xlink="http://www.w3.org/1999/xlink"', 'office:version="1.2"';

our $Odf = 'application/vnd.oasis.opendocument';

# A text with these inside: type => content.xml.
sub with_inside {
    my (@inside) = @_;
    my ($n, $frames, %part, %type) = (0, '');
    while (my ($type, $content) = splice @inside, 0, 2) {
        $part{'Object ' . ++$n . '/content.xml'} = $content;
        @type{"Object $n/", "Object $n/content.xml"} = ("$Odf.$type", 'text/xml');
        $frames .= qq(<text:p><draw:frame text:anchor-type="as-char" svg:width="9cm" svg:height="6cm"><draw:object xlink:href="./Object $n" xlink:type="simple"/></draw:frame></text:p>);
    }
    $part{'content.xml'} = content("<office:text><text:p>before</text:p>$frames<text:p>after</text:p></office:text>");
    @type{'/', 'content.xml'} = ("$Odf.text", 'text/xml');
    $part{'META-INF/manifest.xml'} = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        . join('', map qq(<manifest:file-entry manifest:full-path="$_" manifest:media-type="$type{$_}"/>), sort keys %type) . '</manifest:manifest>';
    return Hostile::zip_file({ name => 'mimetype', data => "$Odf.text" }, Hostile::parts(%part));
}

sub content { my ($body) = @_; return qq(<?xml version="1.0" encoding="UTF-8"?><office:document-content $Spaces><office:body>$body</office:body></office:document-content>) }
sub cells { return '<table:table table:name="T">' . join('', map { '<table:table-row>' . join('', map qq(<table:table-cell office:value-type="string"><text:p>$_</text:p></table:table-cell>), @$_) . '</table:table-row>' } @_) . '</table:table>' }

our $Equation = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>alpha</mi><mi>beta</mi></mfrac></math>';
our $Chart = content('<office:chart><chart:chart chart:class="chart:bar" svg:width="9cm" svg:height="6cm"><chart:title svg:x="1cm" svg:y="0.2cm"><text:p>TITLED</text:p></chart:title>'
    . '<chart:plot-area><chart:axis chart:dimension="x"/><chart:axis chart:dimension="y"/></chart:plot-area></chart:chart></office:chart>');

platend_start();
run_tests();

__DATA__

=== TEST 1: it is on the page, and in a document that becomes another
--- timeout: 60
--- flow
my @inside = (formula => $::Equation, chart => $::Chart, spreadsheet => main::content('<office:spreadsheet>' . main::cells(['INNER', 'CELL']) . '</office:spreadsheet>'));
my @doc = (name => 'a.odt', content => main::with_inside(@inside));
my ($job, $pdf) = convert(@doc, to => 'pdf');
my $text = read_pdf($pdf);
like $text, qr/\b$_\b/, $_ for qw(before alpha beta TITLED after);
(undef, my $docx) = convert(@doc, to => 'docx');
$text = read_pdf((convert(file => $docx, to => 'pdf'))[1]);
like $text, qr/\b$_\b/, "$_, by way of DOCX" for qw(alpha beta TITLED INNER after);
