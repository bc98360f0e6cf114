package PlatenBench::Large;

# Large documents, made here: time and peak memory beside soffice, and what small ones beside
# them feel of it.

use strict;
use warnings;

use Exporter 'import';
use IO::Compress::Zip qw(:zip_method);
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Peers;
use PlatenBench::Server;

our @EXPORT = qw(bench_large bench_sizes pages_docx);

my $words = 'Large documents are read by few and sent by many, and each of their pages has to be laid out. ';
my $xml = qq{<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n};
my $relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

sub package_of {
    my ($type, $main, %part) = @_;
    my ($bytes, $zip) = ('');
    my @entries = (
        ['[Content_Types].xml', $xml . '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
         . '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         . '<Default Extension="xml" ContentType="application/xml"/>'
         . "<Override PartName=\"/$main\" ContentType=\"application/vnd.openxmlformats-officedocument.$type.main+xml\"/>"
         . '</Types>'],
        ['_rels/.rels', $xml . '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
         . "<Relationship Id=\"r1\" Type=\"$relations/officeDocument\" Target=\"$main\"/></Relationships>"],
        map { [$_, $part{$_}] } sort keys %part);

    for (@entries) {
        my @entry = (Name => $_->[0], Method => ZIP_CM_DEFLATE, Stream => 0);
        if ($zip) { $zip->newStream(@entry) }
        else { $zip = IO::Compress::Zip->new(\$bytes, @entry) or die "cannot make a document\n" }
        $zip->print($_->[1]);
    }
    $zip->close;
    return $bytes;
}

# A DOCX of so many pages.
sub pages_docx {
    my ($pages) = @_;
    my $body = '';

    for my $page (1 .. $pages) {
        $body .= '<w:p>' . ($page > 1 && '<w:pPr><w:pageBreakBefore/></w:pPr>') . "<w:r><w:t>Page $page</w:t></w:r></w:p>";
        $body .= "<w:p><w:r><w:t>$page.$_ " . $words x 3 . '</w:t></w:r></w:p>' for 1 .. 10;
    }
    return package_of('wordprocessingml.document', 'word/document.xml', 'word/document.xml' => $xml
        . '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        . "$body</w:body></w:document>");
}

# An XLSX of so many rows.
sub rows_xlsx {
    my ($rows) = @_;
    my $data = join '', map { "<row><c><v>$_</v></c><c><v>" . $_ * 7 . "</v></c><c t=\"inlineStr\"><is><t>Row $_</t></is></c></row>" } 1 .. $rows;

    return package_of('spreadsheetml.sheet', 'xl/workbook.xml',
        'xl/workbook.xml' => $xml . '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="'
            . $relations . '"><sheets><sheet name="Rows" sheetId="1" r:id="r1"/></sheets></workbook>',
        'xl/_rels/workbook.xml.rels' => $xml . '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            . "<Relationship Id=\"r1\" Type=\"$relations/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        'xl/worksheets/sheet1.xml' => $xml . '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            . "<sheetData>$data</sheetData></worksheet>");
}

# An ODP of so many slides.
sub slides_odp {
    my ($slides) = @_;
    my $urn = 'urn:oasis:names:tc:opendocument:xmlns';
    my $type = 'application/vnd.oasis.opendocument.presentation';
    my $bytes = '';
    my $content = qq{<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content xmlns:office="$urn:office:1.0" }
        . qq{xmlns:draw="$urn:drawing:1.0" xmlns:text="$urn:text:1.0" xmlns:svg="$urn:svg-compatible:1.0" office:version="1.2">}
        . '<office:body><office:presentation>'
        . join('', map { "<draw:page draw:name=\"s$_\"><draw:frame svg:x=\"2cm\" svg:y=\"2cm\" svg:width=\"20cm\" svg:height=\"10cm\">"
                         . "<draw:text-box><text:p>Slide $_</text:p><text:p>$words</text:p></draw:text-box></draw:frame></draw:page>" } 1 .. $slides)
        . '</office:presentation></office:body></office:document-content>';
    my $manifest = qq{<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest xmlns:manifest="$urn:manifest:1.0" manifest:version="1.2">}
        . qq{<manifest:file-entry manifest:full-path="/" manifest:media-type="$type"/>}
        . '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>';

    my $zip = IO::Compress::Zip->new(\$bytes, Name => 'mimetype', Method => ZIP_CM_STORE, Stream => 0)
        or die "cannot make a document\n";
    $zip->print($type);
    for (['content.xml', $content], ['META-INF/manifest.xml', $manifest]) {
        $zip->newStream(Name => $_->[0], Method => ZIP_CM_DEFLATE, Stream => 0);
        $zip->print($_->[1]);
    }
    $zip->close;
    return $bytes;
}

# The highest that a process and those below it have had, in MB.
sub highest {
    my ($most) = (0);

    for my $pid (@_) {
        my ($kib) = slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m or next;
        $most = $kib if $kib > $most;
    }
    return $most * 1024 / 1e6;
}

# [seconds, MB at its peak].
sub by_platen {
    my ($file) = @_;
    my $zygote = zygote();
    my $job = submit($file);
    my $peak = 0;

    until (is_final($job)) {
        my $now = highest(grep { (readlink("/proc/$_/cwd") // '') =~ m{/runs/\d+$} } children_of($zygote));
        $peak = $now if $now > $peak;
        sleep 0.05;
        $job = job($job->{job_id});
    }
    return [job_us($job) / 1e6, $peak];
}

sub by_soffice {
    my ($file) = @_;
    my $began = time();
    my $pid = soffice_start('profile-large', $file, "$dir/large");
    my $peak = 0;

    until (ended($pid)) {
        my $now = highest(tree($pid));
        $peak = $now if $now > $peak;
        sleep 0.02;
    }
    my $took = time() - $began;
    my $pdf = pdf_of("$dir/large", $file);
    die "soffice does not convert $file\n", slurp("$dir/soffice.out") unless is_pdf($pdf);
    unlink $pdf;
    return [$took, $peak];
}

sub beside_soffice {
    my ($pairs, $name, $file, @aim) = @_;
    my (@ours, @theirs);

    for my $pair (1 .. $pairs) {
        for my $side ($pair % 2 ? qw(ours theirs) : qw(theirs ours)) {
            if ($side eq 'ours') { push @ours, by_platen($file) } else { push @theirs, by_soffice($file) }
        }
    }
    for ([0, '', 's'], [1, ', memory of its process', 'MB']) {
        my ($i, $what, $unit) = @$_;
        figure(name => "$name$what", unit => $unit, ours => [map { $_->[$i] } @ours], beside => [map { $_->[$i] } @theirs],
               against => 'soffice --convert-to', ratios => [map { $ours[$_][$i] / $theirs[$_][$i] } 0 .. $#ours], @aim);
    }
}

sub one_page { my ($job) = wait_jobs(0.005, submit($_[0])); return job_us($job) / 1000 }

# A page at a time, alone and beside a large one, in turn; only what was beside it from
# its beginning to its end counts.
sub neighbours {
    my ($name, $file, $small) = @_;
    my (@alone, @beside);

    for (1 .. 8) {
        sleep 0.25;
        push @alone, one_page($small);
        my $large = submit($file);
        sleep 0.05 while ($large = job($large->{job_id}))->{status} eq 'PENDING';
        sleep 0.25;
        my $took = one_page($small);
        $large = job($large->{job_id});
        push @beside, $took if !is_final($large);
        request(DELETE => "/jobs/$large->{job_id}");
        sleep 0.5;
    }
    return print "  no page was beside a $name from its beginning to its end\n\n" unless @beside;
    figure(name => "a 1-page job beside a $name", unit => 'ms', ours => \@beside, beside => \@alone,
           against => 'its idle time', ratios => [map { $_ / median(@alone) } @beside], aim => '<= 1.5');
}

sub document {
    my ($name, $bytes) = @_;

    spew("$dir/$name", $bytes);
    mkdir "$dir/large";
    return "$dir/$name";
}

sub bench_large {
    my (%set) = @_;
    my $pages = $set{pages};
    my $file = document("$pages.docx", pages_docx($pages));
    my $name = $pages =~ s/(?<=\d)(?=(?:\d{3})+$)/,/gr . '-page DOCX';

    soffice_profile($set{samples}[0]);
    beside_soffice($set{pairs_large}, $name, $file, aim => '<= 1.0');
    neighbours($name, $file, $set{samples}[0]);
}

# What `soffice --convert-to` needs once.
sub soffice_profile { document('unused', ''); my $pid = soffice_start('profile-large', $_[0], "$dir/large"); sleep 0.05 until ended($pid) }

sub bench_sizes {
    my (%set) = @_;
    my $rows = $set{quick} ? 1000 : 100_000;

    soffice_profile($set{samples}[0]);
    for (['50-page DOCX', '50.docx', sub { pages_docx(50) }], ['200-page DOCX', '200.docx', sub { pages_docx(200) }],
         ["$rows-row XLSX", 'rows.xlsx', sub { rows_xlsx($rows) }],
         ['300-slide ODP', 'slides.odp', sub { slides_odp(300) }]) {
        my ($name, $file, $make) = @$_;
        beside_soffice($set{pairs_large}, $name, document($file, $make->()), aim => '<= 1.0');
    }
}

1;
