package TestEngine;

# An engine that is a shell script, from txt to pdf, and alone: for TestPlaten's only_script() and
# PlatenServer.
#
#     platend_start(script_engine($dir, copies => 'exec /bin/cp $TINY_PDF "$2"'));

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(script_engine tiny_pdf @NoEngine);

# Settings by which platend has none of its own engines.
our @NoEngine = map { +"engines/$_/enabled" => 0 } qw(lok soffice tables pandoc poppler mupdf qpdf image);

# The smallest PDF that is one.
sub tiny_pdf {
    return "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        . "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        . "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
}

# Settings for that script, which is written to $dir and gets its input and its output as $1 and $2: it
# may start programs, read @read, and copy $TINY_PDF, which is $dir/tiny.pdf.
sub script_engine {
    my ($dir, $name, $text, @read) = @_;
    my $pdf = "$dir/tiny.pdf";
    written($pdf, tiny_pdf());
    written("$dir/$name", "#!/bin/sh\nTINY_PDF=$pdf\n$text\n");
    chmod 0755, "$dir/$name";
    my %block = (from => 'txt', to => 'pdf', command => "$dir/$name {input} {output}",
        read => join(' ', $pdf, @read), fork => 1, cost => 1);
    return (@NoEngine, map { +"engine/$name/$_" => $block{$_} } keys %block);
}

sub written {
    my ($path, $bytes) = @_;
    open my $out, '>:raw', $path or die "$path: $!";
    print {$out} $bytes;
    close $out or die "$path: $!";
}

1;
