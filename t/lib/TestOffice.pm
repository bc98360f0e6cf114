package TestOffice;

# Office documents made of the parts that a test names, and conversions of them.

use strict;
use warnings;

use Exporter 'import';

use Hostile ();
use TestPlaten qw(get spew submit wait_job $Var);
use TestCases ();

our @EXPORT = qw(docx xlsx convert cases read_pdf pages_of);

my $PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
my $OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
my $SHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
my $WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
my $XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

sub types {
    my (%override) = @_;
    return qq($XML<Types xmlns="$PACKAGE/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>)
        . '<Default Extension="xml" ContentType="application/xml"/><Default Extension="html" ContentType="text/html"/>'
        . join('', map qq(<Override PartName="/$_" ContentType="application/vnd.openxmlformats-officedocument.$override{$_}+xml"/>), sort keys %override)
        . '</Types>';
}

# A workbook.  sheets => [ [ name, rows, attributes of <sheet> ], ... ], rows the
# content of <sheetData>; strings => the content of <sst>; formats => [ codes ]: the
# cell format 1 is the first, and so on; workbook => more of <workbook>;
# properties => attributes of <workbookPr>.
sub xlsx {
    my (%arg) = @_;
    my @sheets = @{ $arg{sheets} };
    my @formats = @{ $arg{formats} // [] };
    my $n = 0;
    my %part = (
        '_rels/.rels' => Hostile::rels([officeDocument => 'xl/workbook.xml']),
        'xl/_rels/workbook.xml.rels' => Hostile::rels((map { $n++; [worksheet => "worksheets/sheet$n.xml"] } @sheets),
            [sharedStrings => 'sharedStrings.xml'], [styles => 'styles.xml']),
        'xl/sharedStrings.xml' => qq($XML<sst xmlns="$SHEET">) . ($arg{strings} // '') . '</sst>',
    );
    $n = 0;
    $part{'xl/workbook.xml'} = qq($XML<workbook xmlns="$SHEET" xmlns:r="$OFFICE"><workbookPr ) . ($arg{properties} // '') . '/><sheets>'
        . join('', map { $n++; my ($name, undef, $more) = @$_; qq(<sheet name="$name" sheetId="$n" r:id="rId$n" ) . ($more // '') . '/>' } @sheets)
        . '</sheets>' . ($arg{workbook} // '') . '</workbook>';
    my $id = 163;
    my @codes = map { my $code = s/"/&quot;/gr; $id++; qq(<numFmt numFmtId="$id" formatCode="$code"/>) } @formats;
    $id = 163;
    $part{'xl/styles.xml'} = qq($XML<styleSheet xmlns="$SHEET">) . (@codes ? '<numFmts count="' . @codes . '">' . join('', @codes) . '</numFmts>' : '')
        . '<fonts count="1"><font><sz val="11"/><name val="Liberation Sans"/></font></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        . '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="' . (1 + @codes) . '"><xf numFmtId="0" xfId="0"/>'
        . join('', map { $id++; qq(<xf numFmtId="$id" applyNumberFormat="1" xfId="0"/>) } @codes) . '</cellXfs></styleSheet>';
    $n = 0;
    my %type = ('xl/workbook.xml' => 'spreadsheetml.sheet.main', 'xl/sharedStrings.xml' => 'spreadsheetml.sharedStrings',
        'xl/styles.xml' => 'spreadsheetml.styles');
    for (@sheets) {
        my $name = 'xl/worksheets/sheet' . ++$n . '.xml';
        $part{$name} = qq($XML<worksheet xmlns="$SHEET" xmlns:r="$OFFICE">) . ($arg{before} // '') . "<sheetData>$_->[1]</sheetData>"
            . ($arg{after} // '') . '</worksheet>';
        $type{$name} = 'spreadsheetml.worksheet';
    }
    $part{'[Content_Types].xml'} = types(%type);
    return Hostile::zip_file(Hostile::parts(%part, %{ $arg{parts} // {} }));
}

# A text document.  body => the content of <w:body>; parts => { path => [ type of the
# relationship, content type after "wordprocessingml.", bytes ] }
sub docx {
    my (%arg) = @_;
    my %parts = %{ $arg{parts} // {} };
    my @paths = sort keys %parts;
    return Hostile::zip_file(Hostile::parts(
        '_rels/.rels' => Hostile::rels([officeDocument => 'word/document.xml']),
        'word/_rels/document.xml.rels' => Hostile::rels(map [ $parts{$_}[0], $_ ], @paths),
        'word/document.xml' => qq($XML<w:document xmlns:w="$WORD" xmlns:r="$OFFICE" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" )
            . 'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
            . 'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
            . 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
            . 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
            . "<w:body>$arg{body}</w:body></w:document>",
        (map { ("word/$_" => $parts{$_}[2]) } @paths),
        '[Content_Types].xml' => types('word/document.xml' => 'wordprocessingml.document.main',
            map { $parts{$_}[1] ? ("word/$_" => "wordprocessingml.$parts{$_}[1]") : () } @paths)));
}

# Converts, as submit(); returns the job and the path of the result, or the job alone.
my $number = 0;
sub convert {
    my (%arg) = @_;
    my $job = wait_job(submit(%arg)->{job_id});
    return ($job) if $job->{status} ne 'SUCCESS';
    my ($end) = $job->{output_file} =~ /\.(\w+)\z/;
    my $path = "$Var/office" . ++$number . ".$end";
    spew($path, get($job->{download_url})->content);
    return ($job, $path);
}

# The directory of small documents that show what goes wrong elsewhere; undef without it.
sub cases { return -d "$TestCases::Dir/files" ? "$TestCases::Dir/files" : undef }

# The text of a result, with the markup of those that have it.
sub text_of {
    my ($file) = @_;
    return '' unless defined $file;
    return read_pdf($file) if $file =~ /\.pdf\z/;
    return scalar `unzip -p $file word/document.xml content.xml 2>/dev/null` if $file =~ /\.(?:docx|odt)\z/;
    return scalar `unzip -p $file '*.xhtml' 2>/dev/null` if $file =~ /\.epub\z/;
    return TestPlaten::slurp($file);
}

sub read_pdf { my ($file) = @_; return scalar `pdftotext -layout $file -` }
sub pages_of { my ($file) = @_; return `pdfinfo $file 2>/dev/null` =~ /^Pages:\s+(\d+)/m ? $1 : 0 }

1;
