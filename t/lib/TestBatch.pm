package TestBatch;

# Batches, and what is told of their files.  After TestPlaten.

use strict;
use warnings;

use Exporter 'import';
use TestArchive;
use TestPlaten;

our @EXPORT = (@TestArchive::EXPORT, qw(tiny_pdf fsck_clean files_of));

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
