# A PDF whose columns are drawn row by row is read column by column, and tables, lists and
# forms row by row (sidecar/mupdf/platen_mupdf.js).  What MuPDF's `draw` makes of a page is
# what all others are to become, to the byte.

use strict;
use warnings;

use File::Temp ();
use FindBin;
use Test::More;

my $script = "$FindBin::Bin/../../sidecar/mupdf/platen_mupdf.js";
my $dir = File::Temp->newdir;
my $lead = 14;

# Of a PDF: pages of content; more => [objects], from number 5 on; font => more of the font.
sub pdf {
    my (%arg) = @_;
    my @pages = map +{ of => 100 + 2 * $_, content => $arg{pages}[$_] }, 0 .. $#{ $arg{pages} };
    my %object = (
        1 => '<< /Type /Catalog /Pages 2 0 R >>',
        2 => '<< /Type /Pages /Kids [' . join(' ', map "$_->{of} 0 R", @pages) . '] /Count ' . @pages . ' >>',
        3 => '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica ' . ($arg{font} // '') . ' >>',
        4 => '<< /Creator (' . ($arg{creator} // 'A program') . ') >>',
        (map { (5 + $_ => $arg{more}[$_]) } 0 .. $#{ $arg{more} // [] }),
        (map {
            my $n = $_->{of};
            ($n => '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >>' . ($arg{more} ? ' /XObject << /I 5 0 R >>' : '') . ' >>'
                . ' /Contents ' . ($n + 1) . ' 0 R >>',
                $n + 1 => '<< /Length ' . length($_->{content}) . " >>\nstream\n$_->{content}\nendstream")
        } @pages),
    );
    my ($pdf, %at) = ("%PDF-1.4\n");
    for my $n (sort { $a <=> $b } keys %object) { $at{$n} = length $pdf; $pdf .= "$n 0 obj\n$object{$n}\nendobj\n" }
    my $xref = length $pdf;
    $pdf .= "xref\n0 1\n0000000000 65535 f \n" . join '', map sprintf("%d 1\n%010d 00000 n \n", $_, $at{$_}), sort { $a <=> $b } keys %at;
    return $pdf . 'trailer << /Size ' . (1 + (sort { $b <=> $a } keys %at)[0]) . " /Root 1 0 R /Info 4 0 R >>\nstartxref\n$xref\n%%EOF\n";
}

sub piece {
    my ($x, $y, $words, $size) = @_;
    return sprintf "BT /F %d Tf %d %d Td (%s) Tj ET\n", $size // 10, $x, $y, $words;
}

# Rows of pieces at these places, drawn row by row.
sub rows {
    my ($places, @rows) = @_;
    my ($y, $drawn) = (760, '');
    for my $row (@rows) {
        $y -= $lead;
        $drawn .= piece($places->[$_], $y, $row->[$_]) for grep defined $row->[$_], 0 .. $#$row;
    }
    return $drawn;
}

sub lines { my ($n, @names) = @_; return map { my $i = $_; [map "$_ column has its line $i", @names] } 1 .. $n }

sub html {
    my ($pdf, @command) = @_;
    open my $file, '>', "$dir/in.pdf" or die;
    print $file $pdf;
    close $file or die;
    unlink "$dir/out.html";
    my $status = system "mutool @command >$dir/said 2>&1";
    local $/;
    open $file, '<', $status == 0 ? "$dir/out.html" : "$dir/said" or die;
    return <$file>;
}

sub ours { return html($_[0], 'run', $script, 61, "$dir/in.pdf", "$dir/out.html") }
sub mupdfs { return html($_[0], 'draw', '-q', '-r', 61, '-F', 'xhtml', '-o', "$dir/out.html", "$dir/in.pdf") }
sub words { return $_[0] =~ s/.*<body>//sr =~ s/<[^>]+>/ /gr =~ s/\s+/ /gr }

sub in_order {
    my ($pdf, $name, @words) = @_;
    my $want = join '.*', map quotemeta, @words;
    like words(ours($pdf)), qr/$want/, $name;
}

sub kept {
    my ($pdf, $name) = @_;
    my $html = ours($pdf);
    ok $html eq mupdfs($pdf), "$name stays as it is" or diag substr words($html), 0, 500;
}

my @names = qw(first second third);
my @places = (50, 220, 390);
for my $columns (2, 3) {
    my @of = @names[0 .. $columns - 1];
    my $page = piece(50, 790, 'A heading over all of the columns on this page', 18) . rows(\@places, lines(10, @of))
        . piece(50, 60, '1 A note that stands below all of the columns and is as wide as these are');
    in_order(pdf(pages => [$page, $page]), "$columns columns between a heading and a note, on each page",
        (('heading over all', (map { my $name = $_; map "$name column has its line $_", 1 .. 10 } @of), '1 A note that') x 2));
}

my @two = map { my $name = $_; map "$name column has its line $_", 1 .. 10 } qw(first second);
my $one = 'BT /F 10 Tf ' . join('', map { my $y = 760 - 12 * $_; "1 0 0 1 50 $y Tm (first column has its line $_) Tj 1 0 0 1 310 $y Tm (second column has its line $_) Tj " } 1 .. 10) . 'ET';
in_order(pdf(pages => [$one]), 'columns that are one text to the page', @two);
in_order(pdf(pages => [$one =~ s/Tf/Tf 2 Tr/r]), '... filled and stroked', @two);
unlike words(ours(pdf(pages => [$one =~ s/Tf/Tf 2 Tr/r]))), qr/(first column has its line 3\b).*\1/, '... are there once';

my @lines = lines(10, 'first', 'second');
in_order(pdf(pages => [rows([50, 310], map [$_->[0], undef], @lines[0, 1]) . rows([50, 310], [], [], @lines[2 .. 9])]),
    'a column that is longer than the other', @two[0 .. 9, 12 .. 19]);
in_order(pdf(pages => [rows([50, 310, 330], map [$lines[$_][0], $_ % 5 == 0 ? "$_." : undef, $lines[$_][1]], 0 .. 9)]),
    'a list in a column', @two[0 .. 9], '0.', $two[10], '5.', $two[15]);

my $picture = '<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Length 1 >>' . "\nstream\nx\nendstream";
my $html = ours(pdf(more => [$picture], pages => [rows([50, 310], @lines[0 .. 5]) . "q 100 0 0 20 60 640 cm /I Do Q\n" . rows([50, 310], ([]) x 9, @lines[6 .. 9])]));
like $html =~ s/\s+/ /gr, qr/first column has its line 6.*<img.*first column has its line 7.*second column has its line 1/, 'a picture in a column is in it';

# Letters of a Latin font that say they are Hebrew ones.
my $map = '/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <00> <ff> endcodespacerange'
    . ' 2 beginbfrange <20> <40> <0020> <61> <7a> <05d0> endbfrange endcmap end end';
my $hebrew = pdf(font => '/ToUnicode 5 0 R', more => ['<< /Length ' . length($map) . " >>\nstream\n$map\nendstream"],
    pages => [rows([50, 310], map ["aj bb cc dd ee ff gg $_", "aj hh ii kk ll mm nn $_"], 1 .. 9)]);
my ($left, $right) = map { join '', map sprintf('&#x%x;', 0x5d0 + ord($_) - ord 'a'), split // } 'ff', 'mm';
like ours($hebrew), qr/\Q$right\E.*\Q$left\E/s, 'of columns that are written from right to left the right one is the first';
unlike ours($hebrew), qr/\Q$left\E.*\Q$right\E/s, '... and all of it';

my %rows = (
    'a table' => [[50, 250, 400], map ["Goods $_", "1$_.50", $_], 1 .. 9],
    'a list' => [[50, 80], map ["$_.", "what the list has to say in its place $_"], 1 .. 9],
    'a form' => [[50, 300], map ["A question of number $_:", "an answer of number $_"], 1 .. 9],
    'a table of contents' => [[50, 500], map ["The chapter that has the number $_", 10 * $_], 1 .. 9],
    'what is short' => [[50, 310], @lines[0 .. 4]],
    'a single column' => [[50], map ["All of the page is one column, and this is line $_"], 1 .. 40],
);
kept(pdf(pages => [rows(@{ $rows{$_} })]), $_) for sort keys %rows;

my $y = 760;
my $texts = join '', map { my $n = $_; $y -= 8; map { $y -= 12; piece(50, $y, "what the cell $n says in $_") . piece(310, $y, "what is beside it, cell $n, in $_") } 1, 2 } 1 .. 9;
kept(pdf(pages => [$texts]), 'a table of texts, with room between its rows');
my $ruled = rows([50, 310], @lines) . join '', map { my $at = 755 - $lead * $_; "50 $at m 500 $at l S\n" } 1 .. 10;
kept(pdf(pages => [$ruled]), 'a table with lines');
my $around = "q 100 0 0 140 200 620 cm /I Do Q\n" . rows([50, 310], map ['text on the left of the picture', 'and goes on to its right'], 1 .. 10);
kept(pdf(more => [$picture], pages => [$around]), 'text around a picture');
kept(pdf(pages => [rows([50, 310], @lines)], creator => $_), "a table of $_") for 'Calc', 'Microsoft Excel', 'TeX';

# Pages that are to be no burden.
kept(pdf(pages => [join '', map piece(50 + 260 * ($_ % 2), 800 - int($_ / 2) / 2, "hostile column has its line $_"), 0 .. 2500]), 'a page of too many lines');
kept(pdf(pages => ['BT /F 10 Tf 9' . '9' x 30 . ' 0 0 0.0000001 -9' . '9' x 36 . ' 0 Tm (out) Tj ET ' x 20]), 'a page of no sizes');
like ours('%PDF-1.4'), qr/no objects found|cannot/, 'what cannot be read is said';

done_testing;
