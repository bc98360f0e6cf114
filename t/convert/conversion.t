# What the options of a conversion do to its result, and what a result warns of.

use lib 't/lib';
use TestPlaten;

our $Image;  # a PNG with noise, so that JPEG has something to lose

# Converts; returns the job and the path of the result, which ends in its format.
our $Number = 0;
sub convert {
    my (%arg) = @_;
    my $job = wait_job(submit(%arg)->{job_id});
    return ($job) if $job->{status} ne 'SUCCESS';
    my ($end) = $job->{output_file} =~ /\.(\w+)\z/;
    my $path = "$Var/result" . ++$Number . ".$end";
    spew($path, get($job->{download_url})->content);
    return ($job, $path);
}

sub docx { return convert(file => sample('hello.docx'), to => 'pdf', fields => [@_]) }

sub info { return `pdfinfo $_[0] 2>/dev/null` }
sub pages { return info($_[0]) =~ /^Pages:\s+(\d+)/m ? $1 : 0 }
sub size_of { return info($_[0]) =~ /^Page size:\s+([\d.]+) x ([\d.]+)/m ? ($1, $2) : () }

# Width and height of a PNG (PNG specification, 11.2.2 IHDR).
sub png_size { return unpack 'N2', substr slurp($_[0]), 16, 8 }

# A text document of N pages, each with its number.
sub pages_of { my ($n) = @_; return join "\f", map "This is page number$_ of the document.\n", 1 .. $n }

run_tests();

__DATA__

=== TEST 1: pages
--- flow
platend_start();
my $html = '<html><body>' . join('', map "<p style='page-break-after: always'>This is page number$_.</p>", 1 .. 5) . '</body></html>';
my @arg = (content => $html, name => 'a.html', to => 'pdf');
my (undef, $all) = main::convert(@arg);
is main::pages($all), 5, 'all of them';
for (['2', 1, [2]], ['2-3', 2, [2, 3]], ['4-', 2, [4, 5]], ['1,3,5', 3, [1, 3, 5]]) {
    my ($pages, $n, $which) = @$_;
    my ($job, $pdf) = main::convert(@arg, fields => [pages => $pages]);
    is main::pages($pdf), $n, "pages=$pages: how many";
    is_deeply [`pdftotext $pdf -` =~ /number(\d)/g], $which, 'and which';
    ($job, $pdf) = main::convert(file => $all, to => 'pdf', fields => [pages => $pages]);
    is_deeply [`pdftotext $pdf -` =~ /number(\d)/g], $which, 'the same of a PDF';
}
for (['pdf', $all], ['html', undef]) {
    my ($from, $file) = @$_;
    my ($job) = $file ? main::convert(file => $file, to => 'pdf', fields => [pages => '7']) : main::convert(@arg, fields => [pages => '7']);
    is $job->{error_code}, 'pages_out_of_range', "pages that a document in $from has not";
}
my (undef, $txt) = main::convert(file => $all, to => 'txt', fields => [pages => '3']);
is_deeply [slurp($txt) =~ /number(\d)/g], [3], 'a page as text';



=== TEST 2: archive and accessible PDF
--- flow
for (['1b', 1], ['2b', 2], ['3b', 3]) {
    my ($pdfa, $part) = @$_;
    my (undef, $pdf) = main::docx(pdfa => $pdfa);
    like slurp($pdf), qr/pdfaid:part>$part</, "PDF/A-$pdfa: its part";
    like slurp($pdf), qr/OutputIntent/, 'with an output intent';
}
my (undef, $pdf) = main::docx(pdfua => 'yes');
like slurp($pdf), qr/pdfuaid:part>1</, 'PDF/UA';
like main::info($pdf), qr/^Tagged:\s+yes/m, 'tagged';
(undef, $pdf) = main::docx();
unlike slurp($pdf), qr/pdfaid|pdfuaid/, 'neither, if nobody asks';



=== TEST 3: passwords: out with AES-256, in again, and not with another one
--- flow
my ($job, $pdf) = main::docx(output_password => 'geheim mit Leerzeichen');
my $shown = `qpdf --show-encryption --password='geheim mit Leerzeichen' $pdf 2>&1`;
like $shown, qr/file encryption method: AESv3/, 'AES-256';
isnt system("qpdf --check $pdf > /dev/null 2>&1"), 0, 'closed without the password';
is_deeply $job->{options}, {}, 'the job does not show it';
for ([[password => 'geheim mit Leerzeichen'], 'SUCCESS'], [[password => 'falsch'], 'wrong_password'], [[], 'password_required']) {
    my ($fields, $want) = @$_;
    for my $to (qw(txt png docx html)) {
        my ($job) = main::convert(file => $pdf, to => $to, fields => $fields);
        is $job->{error_code} // $job->{status}, $want, "to $to: $want";
    }
}
my (undef, $open) = main::convert(file => $pdf, to => 'pdf', fields => [password => 'geheim mit Leerzeichen']);
is system("qpdf --check $open > /dev/null 2>&1"), 0, 'opened for good';



=== TEST 4: landscape
--- flow
my $sheet = "a,b,c\n1,2,3\n";
for (['docx', file => sample('hello.docx')], ['txt', content => "text\n", name => 'a.txt'],
     ['md', content => "# text\n", name => 'a.md'], ['html', content => "<p>text</p>", name => 'a.html'],
     ['csv', content => $sheet, name => 'a.csv']) {
    my ($what, @arg) = @$_;
    my ($w, $h) = main::size_of((main::convert(@arg, to => 'pdf'))[1]);
    cmp_ok $w, '<', $h, "$what: upright";
    my ($turned, $high) = main::size_of((main::convert(@arg, to => 'pdf', fields => [landscape => 'true']))[1]);
    cmp_ok $turned, '>', $high, 'turned';
    is "$turned $high", "$h $w", 'the same paper';
}



=== TEST 5: images: their quality and resolution in a PDF
--- flow
# Noise, 600 x 600 at an inch of width.
my $seed = 7;
my $ppm = "P6\n600 600\n255\n" . join '', map { $seed = ($seed * 1103515245 + 12345) & 0x7fffffff; chr($seed >> 16 & 255) } 1 .. 600 * 600 * 3;
spew("$::Var/noise.ppm", $ppm);
my $data = `pnmtopng 2>/dev/null < $::Var/noise.ppm | base64 -w0`;
SKIP: {
    skip 'no pnmtopng (netpbm)', 3 unless length $data;
    my $html = "<html><body><img width='96' height='96' src='data:image/png;base64,$data'></body></html>";
    my @arg = (content => $html, name => 'a.html', to => 'pdf');
    my $full = -s((main::convert(@arg))[1]);
    my $good = -s((main::convert(@arg, fields => [image_quality => 95]))[1]);
    my $poor = -s((main::convert(@arg, fields => [image_quality => 10]))[1]);
    my $small = -s((main::convert(@arg, fields => [image_resolution => 75]))[1]);
    cmp_ok $poor, '<', $good / 2, "quality 10 is smaller than 95: $poor < $good";
    cmp_ok $small, '<', $full / 4, "75 dots per inch are fewer: $small < $full";
    ok $good, 'quality 95';
}



=== TEST 6: spreadsheets: a page to a sheet; delimiter and encoding of CSV
--- flow
my $wide = join "\n", map { my $row = $_; join ',', map "cell$row.$_", 1 .. 30 } 1 .. 200;
my (undef, $xlsx) = main::convert(content => $wide, name => 'a.csv', to => 'xlsx');
my (undef, $pdf) = main::convert(file => $xlsx, to => 'pdf');
cmp_ok main::pages($pdf), '>', 3, 'a wide sheet has many pages: ' . main::pages($pdf);
(undef, $pdf) = main::convert(file => $xlsx, to => 'pdf', fields => [single_page_sheets => 1]);
is main::pages($pdf), 1, 'or one';

my $umlaut = "name;town\nJ\xc3\xb6rg;K\xc3\xb6ln\n";
(undef, $xlsx) = main::convert(content => $umlaut, name => 'a.csv', to => 'xlsx', fields => [csv_delimiter => ';']);
for ([[], "name,town\nJ\xc3\xb6rg,K\xc3\xb6ln\n"], [[csv_delimiter => 'tab'], "name\ttown\nJ\xc3\xb6rg\tK\xc3\xb6ln\n"],
     [[csv_delimiter => '|', csv_encoding => 'latin1'], "name|town\nJ\xf6rg|K\xf6ln\n"]) {
    my ($fields, $want) = @$_;
    my (undef, $csv) = main::convert(file => $xlsx, to => 'csv', fields => $fields);
    is slurp($csv), $want, "CSV out: @$fields";
}
my (undef, $json) = main::convert(content => "a;b\nJ\xf6rg;1\n", name => 'a.csv', to => 'json',
    fields => [csv_delimiter => 'semicolon', csv_encoding => 'iso-8859-1']);
is_deeply(Cpanel::JSON::XS->new->utf8->decode(slurp($json)), [{ a => "J\xf6rg", b => 1 }], 'CSV in, with both');
my (undef, $csv) = main::convert(content => "a,b\n1,2\n", name => 'a.csv', to => 'csv', fields => [csv_delimiter => 'semicolon']);
is slurp($csv), "a;b\n1;2\n", 'CSV to CSV is another delimiter';
# What only looks like a delimiter must not become one on the way.
(undef, $xlsx) = main::convert(content => "a;b\n1;2\n3;4\n", name => 'a.csv', to => 'xlsx', fields => [csv_delimiter => 'comma']);
(undef, $json) = main::convert(file => $xlsx, to => 'json');
is_deeply(Cpanel::JSON::XS->new->decode(slurp($json)), [{ 'a;b' => '1;2' }, { 'a;b' => '3;4' }], 'cells with semicolons stay whole');



=== TEST 7: Markdown: its flavours
--- flow
my $md = "a | b\n--- | ---\n1 | 2\n\n~~gone~~ H~2~O\n";
my ($job, $html) = main::convert(content => $md, name => 'a.md', to => 'html');
like slurp($html), qr/<table.*<del>gone/s, 'GitHub\'s by default';
(undef, $html) = main::convert(content => $md, name => 'a.md', to => 'html', fields => [markdown_flavour => 'commonmark']);
unlike slurp($html), qr/<table|<del>/, 'CommonMark has neither tables nor deletions';
(undef, $html) = main::convert(content => $md, name => 'a.md', to => 'html', fields => [markdown_flavour => 'markdown']);
like slurp($html), qr/H<sub>2<\/sub>O/, 'Pandoc\'s has subscripts';
(undef, my $out) = main::convert(content => '<h1>t</h1><p>x<sub>2</sub></p>', name => 'a.html', to => 'md', fields => [markdown_flavour => 'markdown']);
like slurp($out), qr/^# t\b.*x~2~/s, 'and out again';



=== TEST 8: pages as images
--- flow
my $html = '<html><body>' . join('', map "<p style='page-break-after: always'>page $_</p>", 1 .. 11) . '</body></html>';
my (undef, $pdf) = main::convert(content => $html, name => 'a.html', to => 'pdf');
my ($job, $zip) = main::convert(file => $pdf, to => 'png', name => 'Eleven pages.pdf');
is $job->{output_file}, 'Eleven pages.zip', 'several pages are a ZIP';
is get($job->{download_url})->header('Content-Type'), 'application/zip', 'and served as one';
is_deeply [map { /(\d+)\.png$/ ? $1 + 0 : $_ } split /\n/, `unzip -Z1 $zip`], [1 .. 11], 'in their order';
(undef, my $again) = main::convert(file => $pdf, to => 'png', name => 'Eleven pages.pdf');
is sha256_hex(slurp($again)), sha256_hex(slurp($zip)), 'the same bytes each time';
($job, my $png) = main::convert(file => $pdf, to => 'png', fields => [pages => 2]);
like $job->{output_file}, qr/\.png\z/, 'one page is a PNG';
my ($w, $h) = main::png_size($png);
(undef, $png) = main::convert(file => $pdf, to => 'png', fields => [pages => 2, resolution => 75]);
my ($half) = main::png_size($png);
ok abs($half * 2 - $w) <= 2, "half the resolution is half the width: $half, $w";
(undef, $png) = main::convert(file => sample('hello.docx'), to => 'png', fields => [pages => 1, width => 160]);
is((main::png_size($png))[0], 160, 'a thumbnail of a document');



=== TEST 9: PDF to DOCX: text to go on with, or everything in its place
--- flow
my (undef, $pdf) = main::docx();
my ($of_pdf) = grep { $_->{from} eq 'pdf' } @{ json_of(get('/formats'))->{conversions} };
my $exact = grep { $_->{format} eq 'docx' && grep { $_ eq 'layout' } @{ $_->{options} } } @{ $of_pdf->{to} };
diag 'no LibreOffice in a process of its own here: layout=exact is not tried' unless $exact;
for my $layout ('flow', $exact ? 'exact' : ()) {
    my ($job, $docx) = main::convert(file => $pdf, to => 'docx', fields => [layout => $layout]);
    is $job->{status}, 'SUCCESS', $layout or diag $job->{error};
    my $xml = `unzip -p $docx word/document.xml`;
    like $xml =~ s/<[^>]*>//gr, qr/This is a test document.*BOLD, ITALIC and BOTH/s, 'its text';
    my $frames = () = $xml =~ /<wps:txbx|<w:framePr/g;
    ok $layout eq 'flow' ? !$frames : $frames, $layout eq 'flow' ? 'in paragraphs' : 'in frames';
}



=== TEST 10: fonts that are not there are named, with what is used instead
--- flow
my $html = q{<html><body><p style="font-family: 'No Such Font Anywhere'">text</p><p style="font-family: 'Liberation Serif'">text</p></body></html>};
my ($job, $pdf) = main::convert(content => $html, name => 'a.html', to => 'pdf');
is scalar(@{ $job->{warnings} }), 1, 'one warning' or diag explain $job->{warnings};
my ($used) = $job->{warnings}[0] =~ /^The font "No Such Font Anywhere" is not installed here; "(.+)" was used instead\.\z/;
ok length $used, 'it says which';
like `pdffonts $pdf` =~ s/[- ]//gr, qr/\Q@{[ $used =~ s{ }{}gr ]}\E/i, "and $used is what the PDF has";
unlike "@{ $job->{warnings} }", qr/Liberation/, 'nothing of a font that is there';
platend_stop();
