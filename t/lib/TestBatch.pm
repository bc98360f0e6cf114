package TestBatch;

# Batches, and what is told of their files.  After TestPlaten.

use strict;
use warnings;

use Exporter 'import';
use TestArchive;
use TestPlaten;

our @EXPORT = (@TestArchive::EXPORT, qw(fsck_clean files_of));

# name => what is told of it
sub files_of { my ($job) = @_; return map { ($_->{filename} => $_) } @{ $job->{files} } }

sub fsck_clean {
    my ($what) = @_;
    is platenctl('fsck', '--deep'), 0, $what or diag $CtlOut . $CtlErr;
}

1;
