# Books: what an EPUB shows is in its results, and what it hides in none.

use lib 't/lib';
use TestPlaten;
use TestOffice;

our @Targets = qw(txt md rst html docx odt pdf);

# A book of these pages and parts, in the order in which they are read.
sub book {
    my ($pages, %parts) = @_;
    my $xml = '<?xml version="1.0" encoding="UTF-8"?>';
    my @names = map $_->[0], @$pages;
    return Hostile::zip_file(
        { name => 'mimetype', data => 'application/epub+zip', method => 0 },
        { name => 'META-INF/container.xml', data => qq($xml<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">)
            . '<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles></container>' },
        { name => 'c.opf', data => qq($xml<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">)
            . '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">i</dc:identifier><dc:title>t</dc:title><dc:language>en</dc:language></metadata>'
            . '<manifest>' . join('', map qq(<item id="i$_" href="$names[$_]" media-type="application/xhtml+xml"/>), 0 .. $#names)
            . '</manifest><spine>' . join('', map qq(<itemref idref="i$_"/>), 0 .. $#names) . '</spine></package>' },
        (map { { name => $_->[0], data => qq($xml<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>t</title>$_->[2]</head>)
            . "<body>$_->[1]</body></html>" } } @$pages),
        map { { name => $_, data => $parts{$_} } } sort keys %parts);
}

sub encrypted {
    return '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        . join('', map qq(<enc:EncryptedData><enc:EncryptionMethod Algorithm="$_"/><enc:CipherData><enc:CipherReference URI="f.otf"/></enc:CipherData></enc:EncryptedData>), @_)
        . '</encryption>';
}

platend_start();
run_tests();

__DATA__

=== TEST 1: what a book hides is in no result, and all else is
--- timeout: 120
--- flow
my $sheet = '<link rel="stylesheet" type="text/css" href="../css/b%20c.css"/>';
my $book = main::book([
    ['text/a.xhtml', '<section epub:type="titlepage"><h1>TITLED</h1><p>BYLINE</p></section><nav epub:type="toc" id="n"><ol><li><a href="b.xhtml">LISTED</a></li></ol></nav>'
        . '<p>ALPHA<a epub:type="noteref" href="#n1">1</a></p><p hidden="hidden">SECRET</p><p class="gone">SECRET</p><aside epub:type="footnote" id="n1"><p>NOTED</p></aside>', $sheet],
    ['text/b.xhtml', '<p>second<a epub:type="noteref" href="../c.xhtml#n2">2</a></p><div style="display:none">SECRET</div><p><span class="gone">SECRET</span>third</p>', $sheet],
    ['c.xhtml', '<section epub:type="rearnotes"><aside epub:type="rearnote" id="n2"><p>BEHIND</p></aside></section>', '<style>.gone { display: block }</style>'],
], 'css/b c.css' => '.gone { display: none }');
for my $to (@main::Targets) {
    my ($job, $file) = convert(name => 'a.epub', content => $book, to => $to);
    is $job->{error}, undef, $to;
    my $text = TestOffice::text_of($file);
    $text .= `unzip -p $file word/footnotes.xml` if $to eq 'docx';
    is scalar(() = $text =~ /$_/g), 1, "$to: $_ once" for qw(TITLED BYLINE LISTED ALPHA second third NOTED BEHIND);
    unlike $text, qr/SECRET/, 'nothing that is hidden';
    is "@{ $job->{warnings} }", '', 'and nothing is told';
}



=== TEST 2: scrambled fonts are no lock; a lock is
--- timeout: 60
--- flow
my @page = ['a.xhtml', '<p>readable</p>', ''];
my @fonts = ('http://www.idpf.org/2008/embedding', 'http://ns.adobe.com/pdf/enc#RC');
for my $to (qw(pdf txt)) {
    my (undef, $file) = convert(name => 'a.epub', to => $to, content => main::book([@page], 'META-INF/encryption.xml' => main::encrypted(@fonts)));
    like TestOffice::text_of($file), qr/readable/, "$to: fonts";
    my $job = wait_job(submit(name => 'a.epub', to => $to,
        content => main::book([@page], 'META-INF/encryption.xml' => main::encrypted(@fonts, 'http://www.w3.org/2001/04/xmlenc#aes128-cbc')))->{job_id});
    like $job->{error}, qr{protected by a password}, "$to: a page";
}
