# Texts: what they are is decided once, and every word of them comes out.

use utf8;
use lib 't/lib';
use TestPlaten;
use TestCases;

our $Warm;

sub warm {
    platend_start('limits/wall_clock' => 60) unless platend_pid();
    $Warm //= eventually(30, sub { platend_log() =~ /is warm/ });
}

run_tests();

__DATA__

=== TEST 1: nothing guesses a second time what a text or a page is
--- timeout: 120
--- flow
SKIP: {
    skip 'no cases beside the checkout', 1 unless have_cases();
    main::warm();
    cases(['A']);
}



=== TEST 2: a text that looks like something else is a text
--- timeout: 120
--- flow
main::warm();
my @texts = (
    "BM is not a bitmap\nmiddle\nend", "P1 2 2\n0 1\n1 0\nmiddle\nend", "ID;PWXL;N;E\nC;X1;Y1;K1\nmiddle\nend",
    "Path: news.example.org\nFrom: a\@example.org\nNewsgroups: a.b\n\nmiddle\nend",
    "#!/bin/sh\necho middle\nend", "1\n00:00:01,000 --> 00:00:02,000\nmiddle\nend", "GIF89a middle\nend",
    "%!PS-Adobe-3.0\nmiddle\nend", "<svg> middle\nend", "<html> middle </p>\nend", "{ middle\nend", "PK middle\nend",
    "WordPro middle\nend", "RIFF middle\nend", "\x{a4}\x{a4} middle\nend",
    "\x{201c}a\x{201d} \x{2013} middle \x{2013} \x{2018}b\x{2019}\nend", "\x{2022} a\n\x{2022} middle\nend",
);
utf8::encode($_) for @texts;
my @jobs = map { my $text = $_; map { [$text, $_, submit(content => $text, name => 'a.txt', to => $_)->{job_id}] } qw(pdf docx odt) } @texts;
for (@jobs) {
    my ($text, $to, $id) = @$_;
    my $job = wait_job($id);
    my $got = $job->{status} eq 'SUCCESS' ? text_of(get("/jobs/$id/download")->content) : $job->{error};
    my $name = substr($text, 0, 12) =~ s/[^ -~]/./gr;
    like $got, qr/middle.*end/s, "$name to $to" or diag $got;
}



=== TEST 3: charsets, names that say something else, and words that help
--- timeout: 120
--- flow
SKIP: {
    skip 'no cases beside the checkout', 1 unless have_cases();
    main::warm();
    # Pictures, messages and PDF that is cut off are read by nothing here yet.
    cases(['B', 'C1', 'C2'], qr/\.(?:gif|webp|bmp|eml|mhtml) |flatopc|truncated|comment_header/);
}



=== TEST 4: texts of many charsets, in every format of text, come out word by word
--- timeout: 240
--- flow
use Encode ();
main::warm();
my %text = (
    'windows-1252' => 'Größe für Zürich kostet 5 € – „schön“ und café naïve',
    'iso-8859-2' => 'Zażółć gęślą jaźń oraz święta łódź pośród wzgórz',
    'windows-1251' => 'Съешь же ещё этих мягких французских булок да выпей чаю',
    'koi8-r' => 'Широкая электрификация южных губерний даст мощный толчок',
    'windows-1253' => 'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία στον κόσμο',
    'windows-1255' => 'דג סקרן שט בים מאוכזב ולפתע מצא חברה',
    'shift_jis' => '日本語のテキスト、東京と大阪の会議です。',
    'euc-jp' => '日本語のテキスト、東京と大阪の会議です。',
    'gb18030' => '我们的会议在北京举行,请准时参加。',
    'euc-kr' => '다람쥐 헌 쳇바퀴에 타고파 합니다',
    'utf-16le' => 'Größe und мир und 東京 zusammen',
    'utf-16be' => 'Größe und мир und 東京 zusammen',
    'utf-8' => 'שלום עולם नमस्ते สวัสดี 東京 “quotes” – dash • bullet … €',
);
my %perl = ('iso-8859-2' => 'iso-8859-2', 'gb18030' => 'cp936', 'shift_jis' => 'cp932', 'utf-16le' => 'UTF-16LE', 'utf-16be' => 'UTF-16BE');
my %wrap = (
    txt => sub { "$_[0]\nend\n" }, md => sub { "# $_[0]\n\nend\n" }, rst => sub { "$_[0]\n\nend\n" },
    html => sub { "<html><body><p>$_[0]</p><p>end</p></body></html>" }, csv => sub { "text;n\n\"$_[0]\";1\n" },
);
my %to = (txt => [qw(docx pdf)], md => ['html'], rst => ['md'], html => [qw(docx md)], csv => [qw(json xlsx)]);
my @jobs;
for my $charset (sort keys %text) {
    for my $format (sort keys %wrap) {
        my $bytes = Encode::encode($perl{$charset} // $charset, $wrap{$format}->($text{$charset}));
        push @jobs, map { [$charset, $format, $_, submit(content => $bytes, name => "a.$format", to => $_,
            fields => [charset => $charset])->{job_id}] } @{ $to{$format} };
    }
}
for (@jobs) {
    my ($charset, $format, $to, $id) = @$_;
    my $job = wait_job($id, 120);
    my $got = $job->{status} eq 'SUCCESS' ? text_of(get("/jobs/$id/download")->content) : $job->{error};
    my @words = $text{$charset} =~ /(\w+)/g;
    # Right to left, a PDF has its words in the order in which they are seen.
    my $pattern = $to eq 'pdf' ? join '', map "(?=.*\Q$_\E)", grep !/\p{Hebrew}|\p{Mn}|\p{Thai}/, @words
        : join '.*', map quotemeta, @words;
    like $got, qr/$pattern/s, "$charset $format to $to" or diag substr $got, 0, 200;
}



=== TEST 5: what was guessed is said, also by /convert
--- flow
main::warm();
my $job = wait_job(submit(content => "Gr\xf6\xdfe f\xfcr Z\xfcrich\n", name => 'a.txt', to => 'pdf')->{job_id});
like "@{ $job->{warnings} }", qr/taken for windows-1252/, 'a guess';
$job = wait_job(submit(content => "a\xffb", name => 'a.txt', to => 'docx', fields => [charset => 'utf-8'])->{job_id});
like "@{ $job->{warnings} }", qr/1 bytes are no characters of utf-8, the first in line 1, column 2/, 'and what is none';
my $response = post_form('/convert', [ file => [ undef, 'a.doc', Content => '{\rtf1 text}' ], to => 'txt', frobnicate => 1 ]);
is $response->code, 200, 'converted';
is_deeply [map { /frobnicate/ ? 'unknown' : /Rich Text/ ? 'name' : $_ } $response->header('Platen-Warning')],
    ['unknown', 'name'], 'two headers';
problem_is post_form('/jobs', [ file => [ undef, 'a.txt', Content => 'x' ], to => 'pdf', pagse => 1 ]), 422,
    'invalid_parameter', 'a slip';
problem_is http(POST => '/jobs', 'Content-Type' => 'application/json', content => '{"to":"pdf"}'), 422,
    'missing_parameter', 'a body of JSON is told what to be';
like json_of(http(POST => '/jobs', 'Content-Type' => 'application/json', content => '{"to":"pdf"}'))->{detail},
    qr/multipart/, 'and says so';
$job = wait_job(submit(content => "na\xc3\xafve \xe2\x82\xac\n", name => 'a.md', to => 'txt')->{job_id});
is $job->{status}, 'SUCCESS', 'UTF-8 is no guess';
is_deeply $job->{warnings}, [], 'and nothing is said of it';
$job = wait_job(submit(content => "\e\$B\$3\$s\$K\$A\$O\e(B\n", name => 'a.md', to => 'txt')->{job_id});
like get("/jobs/$job->{job_id}/download")->content, qr/\A\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab/, 'ISO-2022-JP is ASCII, and is none';
like "@{ $job->{warnings} }", qr/taken for iso-2022-jp/, 'which is a guess';



=== TEST 6: what pandoc takes for its own markup
--- flow
main::warm();
my $text = sub {
    my ($content, $from, $to, @fields) = @_;
    my $job = wait_job(submit(content => $content, name => "a.$from", to => $to, fields => [@fields])->{job_id});
    return $job->{status} eq 'SUCCESS' ? text_of(get("/jobs/$job->{job_id}/download")->content) : $job->{error};
};
like $text->(":Version: 1.2\n:Author: Me\n\nBODY\n", 'rst', 'docx'), qr/Version.*1\.2.*Author.*Me.*BODY/s, 'fields at the top are not metadata alone';
like $text->("Title\n=====\n\nterm\n  ALPHA\n\n  BETA\n\nend\n", 'rst', 'txt'), qr/Title.*term.*ALPHA.*BETA.*end/s, 'and a list of terms there is none at all';
my @lines = ('1. one', 'b. two', 'iv. three', '- four', '+ five', '# six', '.. seven', ': eight', '> nine', '=====', '--- ten', '&amp; eleven &#65;');
my $page = join '', map { '<p>' . s/&/&amp;/gr =~ s/>/&gt;/gr . '</p>' } @lines;
for my $to ('rst', 'md', 'commonmark') {
    my $markup = $text->($page, 'html', $to =~ s/commonmark/md/r, $to eq 'commonmark' ? (markdown_flavour => $to) : ());
    is join('|', grep /./, split /\n/, $text->($markup, $to =~ s/commonmark/md/r, 'txt')), join('|', @lines), "lines that look like $to are lines";
}
my $job = wait_job(submit(content => "name,value\n", name => 'a.csv', to => 'json')->{job_id});
like "@{ $job->{warnings} }", qr/one row.*header=false/, 'a table of one row';
my $words = "\x{4e00}\x{4e2a}\x{4e2d}\x{6587}\x{6587}\x{4ef6} \x{1f600}\n" x 3;
for my $charset ('UTF-16LE', 'UTF-16BE') {
    like $text->(Encode::encode($charset, $words), 'txt', 'html'), qr/\x{4e00}\x{4e2a}\x{4e2d}/, "Chinese in $charset, which has a NUL in both halves of it";
}



=== TEST 7: HTML in Markdown is in what cannot carry it
--- flow
main::warm();
my $markdown = join "\n", '<details><summary>Sum</summary>', '', 'inside', '', '</details>', '', 'H<sub>2</sub>O red<br>next <!-- COMMENT --> <kbd>C</kbd>', '',
    '<table><tr><td>cell</td></tr>', '', '<tr><td>below</td></tr></table>', '<script>SCRIPT</script>', '', '- item<br/>two', '';
for my $to (qw(docx odt txt rst epub pdf)) {
    my $job = wait_job(submit(content => $markdown, name => 'a.md', to => $to)->{job_id});
    my $got = $job->{status} eq 'SUCCESS' ? text_of(get("/jobs/$job->{job_id}/download")->content) : $job->{error};
    like $got, qr/Sum.*inside.*H.*O red[\s|]+next.*C.*cell.*below.*item[\s|]+two/s, $to;
    unlike $got, qr/COMMENT|SCRIPT/, 'and not what is no text' if $to ne 'epub'; # which keeps its HTML
}



=== TEST 8: a PDF that is cut off is repaired with a warning, or refused as damaged
--- flow
main::warm();
my $job = wait_job(submit(content => "BT (words on a page) Tj ET\n", name => 'a.txt', to => 'pdf')->{job_id});
my $pdf = get("/jobs/$job->{job_id}/download")->content;
my $small = tiny_pdf();

# Of it no program but MuPDF finds the pages.
my $pages = join "\n", '%PDF-1.4', '1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj',
    '2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj',
    '3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>> endobj',
    "4 0 obj <</Length 44>> stream\nBT /F 12 Tf 10 100 Td (words on a page) Tj ET\nendstream endobj",
    '5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj', "xref\n0 6\n0000000000 65535 f \n00000";
for my $to (qw(txt md docx png html pdf)) {
    my $job = wait_job(submit(content => $pages, name => 'a.pdf', to => $to, fields => [ $to eq 'pdf' ? (pages => 1) : () ])->{job_id});
    like "@{ $job->{warnings} // [] }", qr/is damaged, and was repaired/, "what has lost its table to $to" or diag $job->{error} // $job->{status};
    like get("/jobs/$job->{job_id}/download")->content, qr/words on a page/, 'and its words' if $to =~ /txt|md|html/;
}

# Of its content something cannot be read, and much is said after that.
my $content = 'BT /F 12 Tf 10 100 Td (words on a page) Tj [ (lost) << TJ ET ' . join '', map "/Not$_ gs ", 1 .. 200;
spew("$::Var/errors.pdf", $pages =~ s/<<\/Length 44>>.*endstream/"<<\/Length " . length($content) . ">> stream\n$content\nendstream"/ser =~ s/xref.*/trailer <<\/Root 1 0 R>>/sr);
system "qpdf $::Var/errors.pdf $::Var/whole.pdf >/dev/null 2>&1"; # nothing else is wrong with it
my $errors = slurp("$::Var/whole.pdf");
for my $to (qw(md html)) {
    my $job = wait_job(submit(content => $errors, name => 'a.pdf', to => $to)->{job_id});
    like "@{ $job->{warnings} // [] }", qr/is damaged, and was repaired/, "what has errors on a page to $to" or diag $job->{error} // $job->{status};
    like get("/jobs/$job->{job_id}/download")->content, qr/words on a page/, 'and its words';
}

my $two = wait_job(submit(content => "one\ftwo\n", name => 'a.txt', to => 'pdf')->{job_id});
$job = wait_job(submit(content => get("/jobs/$two->{job_id}/download")->content, name => 'Bericht *2.2026.pdf', to => 'png')->{job_id});
spew("$::Var/pages.zip", get("/jobs/$job->{job_id}/download")->content);
is_deeply [split /\n/, `unzip -Z1 $::Var/pages.zip`], ['Bericht _2.2026-1.png', 'Bericht _2.2026-2.png'], 'pages are named after the document';

for my $cut (substr($pdf, 0, length($pdf) / 2), substr($pdf, 0, -40), substr($small, 0, -30), substr($small, 0, 120)) {
    for my $to (qw(docx md txt png html)) {
        my $job = wait_job(submit(content => $cut, name => 'a.pdf', to => $to)->{job_id});
        my $got = $job->{status} eq 'SUCCESS' ? "@{ $job->{warnings} }" : $job->{error_code};
        like $got, qr/is damaged, and was repaired|^(?:corrupt|empty)_document/, length($cut) . " bytes to $to" or diag $job->{error} // $job->{status};
    }
}



=== TEST 9: a page of tags that do not end is looked through once
--- flow
my $page = "$main::Var/tags.html";
for my $tags ('<' x 2_000_000, '<img ' x 400_000, '<link ' x 400_000) {
    spew($page, "$tags>");
    is system("ulimit -t 10; exec $main::Libexec/platen-text --format html $page $page.out"), 0, 'within seconds: ' . substr $tags, 0, 10;
}



=== TEST 10: what a text has placed by blanks stays where it is
--- flow
my $table = "Name      | Amount\n----------+-------\nAnna      |   1.50\n";
my $columns = "Item            Price\npears\t\t10.00\n";
my $grid = "+---+---+\n| a | b |\n+---+---+\n";
my $text = "First line.  Of two\nSecond *line*\n\n$table\n$columns\n$grid\n  indented a little\n\n    all of it\n    indented\n\f1. next page\n";
for my $to (qw(md rst)) {
    my $job = wait_job(submit(content => $text, name => 'a.txt', to => $to)->{job_id});
    my $got = get("/jobs/$job->{job_id}/download")->content;
    like $got, qr/^First line. Of two\n\nSecond \\\*line\\?\*\n\n/, "$to: lines are paragraphs";
    my $by = $to eq 'md' ? '    ' : '   ';
    like $got, qr/\Q$_\E/, 'as it is: ' . substr $_, 0, 12 for map s/^/$by/gmr, $table, $columns, $grid, "    all of it\n    indented\n";
    like $got, qr/\nindented a little\n/, 'and a little space at the beginning is none';
    like $got, qr/\n1?\\[.1].{0,2} ?next page\n\z/, 'a page begins a paragraph';
}



=== TEST 11: a character beyond the first 65,536 begins a line of preformatted text
--- flow
my $face = "\xf0\x9f\x98\x80";
my $page = "<html><body><pre>${face}a\n${face}b\n\n${face}c</pre><p>\n${face}d</p>";
for my $to (qw(csv odt)) {
    my $job = wait_job(submit(content => $page, name => 'a.html', to => $to)->{job_id});
    spew("$::Var/face.$to", get("/jobs/$job->{job_id}/download")->content);
    my $got = $to eq 'odt' ? `unzip -p $::Var/face.odt content.xml` : slurp("$::Var/face.csv");
    like $got, qr/${face}$_/, "$to: whole in line $_" for qw(a b c d);
}
