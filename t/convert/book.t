# A book with more notes, locked fonts and style sheets than could be looked for one by one: platen-text, alone.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More tests => 7;
use TestArchive;

my $text = abs_path($ENV{PLATEN_BUILD} // 'build') . '/platen-text';
my $dir = tempdir(CLEANUP => 1);
my $n = 200_000;

# A book of one page, without what pandoc would leave out; undef: it is locked.
sub read_book {
    my ($locks, $body, @more) = @_;
    open my $f, '>:raw', "$dir/a.epub" or die;
    print $f zip_of(mimetype => 'application/epub+zip', 'META-INF/encryption.xml' => $locks,
        'a.xhtml' => qq(<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>$body</body></html>), @more);
    close $f or die;
    unlink "$dir/copy.epub";
    # A minute of CPU time is a hundred times what it takes; looking for each would take an hour.
    system 'sh', '-c', 'cd "$1" && shift && ulimit -t 60 && exec "$@"', 'sh', $dir, $text, '--book', "$dir/a.epub", "$dir/copy.epub", '/bin/true';
    return undef if $?;
    open $f, '<:raw', "$dir/copy.epub" or die;
    my %in = unzip(do { local $/; scalar <$f> });
    return $in{'a.xhtml'};
}

my $font = '<enc:EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/>';
my $note = join '', map qq(<aside epub:type="footnote" id='n$_'>x</aside>), 1 .. $n;
my $kinds = qr/ epub:type="footnote" id='n(\d+)'/;

is scalar(() = read_book($font, $note) =~ /$kinds/g), 0, 'notes of other pages are shown';
my $all = read_book($font, $note . join '', map qq(<a href="#n$_">x</a>), 1 .. $n);
is scalar(() = $all =~ /$kinds/g), $n, 'notes of this one are notes';
is_deeply [read_book($font, qq($note<a href="b.xhtml#n7">x</a><a href='#n8'>x</a> #n9 <a href="#n10.">x</a><a title="#n12" href=#n11>x</a><a href="#)) =~ /$kinds/g],
    [7, 8, 12], 'by a whole reference';
ok defined read_book('<EncryptionMethod/>' x $n . $font, 'text'), 'fonts are no lock';
ok !defined read_book($font x 2 . '<EncryptionMethod Algorithm="x"/>', 'text'), 'anything else is';
ok defined read_book('Algorithm="x" ' . '<EncryptionMethod/>' x $n, 'text'), 'what is no method is none';
ok defined read_book($font, '<link rel="stylesheet" href="a.css"/>' x $n, 'a.css' => ' ' x 1_000_000), 'a style sheet that is named so often';
