package TestBatch;

# Archives made and read, and what is told of their files.  After TestPlaten.

use strict;
use warnings;

use Exporter 'import';
use IO::Compress::Zip qw(:zip_method);
use IO::Uncompress::Unzip;

use TestPlaten;

our @EXPORT = qw(zip_of unzip tiny_pdf fsck_clean files_of);

# An archive of name => bytes, in that order.
sub zip_of {
    my (@entries) = @_;
    my ($bytes, $zip) = ('');
    return "PK\x05\x06" . "\0" x 18 if !@entries;
    while (my ($name, $content) = splice @entries, 0, 2) {
        my @entry = (Name => $name, Method => ZIP_CM_DEFLATE, Time => 400000000, Stream => 0);
        if ($zip) {
            $zip->newStream(@entry);
        } else {
            $zip = IO::Compress::Zip->new(\$bytes, @entry) or die 'zip';
        }
        $zip->print($content);
    }
    $zip->close;
    return $bytes;
}

# name => bytes
sub unzip {
    my ($bytes) = @_;
    my %in;
    my $zip = IO::Uncompress::Unzip->new(\$bytes) or die 'no archive';
    for (my $more = 1; $more > 0; $more = $zip->nextStream) {
        my $name = $zip->getHeaderInfo->{Name};
        $in{$name} = '';
        1 while $zip->read($in{$name}, 65536, length $in{$name}) > 0;
    }
    return %in;
}

sub tiny_pdf {
    return "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        . "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        . "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
}

# name => what is told of it
sub files_of { my ($job) = @_; return map { ($_->{filename} => $_) } @{ $job->{files} } }

sub fsck_clean {
    my ($what) = @_;
    is platenctl('fsck', '--deep'), 0, $what or diag $CtlOut . $CtlErr;
}

1;
