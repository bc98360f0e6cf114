package TestArchive;

# ZIP archives made and read.

use strict;
use warnings;

use Exporter 'import';
use IO::Compress::Zip qw(:zip_method);
use IO::Uncompress::Unzip;

our @EXPORT = qw(zip_of unzip);

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

1;
