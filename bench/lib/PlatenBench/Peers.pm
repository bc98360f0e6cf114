package PlatenBench::Peers;

# Other ways to have LibreOffice convert: a long-lived program that answers lines,
# and `soffice --convert-to`.  All of them lie in $dir.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use IO::Handle;
use Time::HiRes qw(time sleep);

use PlatenBench;

our @EXPORT = qw(start_peer answer ask in_process soffice_start pdf_of is_pdf soffice);

# A program that answers lines: { pid, in, out }.
sub start_peer {
    my (@command) = @_;

    pipe my $its_in, my $in or die "pipe: $!\n";
    pipe my $out, my $its_out or die "pipe: $!\n";
    my $peer = { pid => start([$its_in, $its_out], @command), in => $in, out => $out,
                 name => $command[0] };

    $in->autoflush(1);
    close $its_in;
    close $its_out;
    $peer->{ready} = answer($peer);
    return $peer;
}

sub answer {
    my ($peer) = @_;
    my $line = readline $peer->{out};

    die "$peer->{name} has ended:\n", slurp("$dir/peer.err") unless defined $line;
    chomp $line;
    return $line;
}

sub ask {
    my ($peer, $line) = @_;

    print { $peer->{in} } "$line\n";
    return answer($peer);
}

# [load, save, close] in microseconds.
sub in_process {
    my ($peer, $file) = @_;
    my $line = ask($peer, "$file\t$dir/inproc.pdf");

    die "LibreOfficeKit: $file: $line\n" unless $line =~ /^\d+ \d+ \d+$/;
    return [split ' ', $line];
}

sub soffice_start {
    my ($profile, $file, $outdir) = @_;

    mkdir $outdir;
    return start("$dir/soffice.out", 'soffice', "-env:UserInstallation=file://$dir/$profile",
                 '--headless', '--convert-to', 'pdf', '--outdir', $outdir, $file);
}

sub pdf_of { "$_[0]/" . (basename($_[1]) =~ s/\.[^.]*$//r) . '.pdf' }

sub is_pdf {
    my $head = '';

    open my $fh, '<:raw', $_[0] or return 0;
    return read($fh, $head, 5) && $head eq '%PDF-';
}

# Microseconds of one soffice from its start to its end.
sub soffice {
    my ($file) = @_;
    my $began = time();

    unlink pdf_of("$dir/cold", $file);
    my $pid = soffice_start('profile-cold', $file, "$dir/cold");
    until (ended($pid)) { sleep 0.002 }
    die "soffice does not convert $file\n", slurp("$dir/soffice.out")
        unless is_pdf(pdf_of("$dir/cold", $file));
    return 1e6 * (time() - $began);
}

1;
