# GET /formats, what a submission takes of it, and that each conversion it lists is really done.

use lib 't/lib';
use TestPlaten;

our (%Pair, @Formats, %Input);
our @Engines = qw(lok soffice tables pandoc poppler mupdf qpdf image);

# from => to => entry, of pairs of two formats; with $same those of one format with itself.
sub matrix {
    my ($path, $same) = @_;
    my %pair;
    for my $from (@{ json_of(get(($path // '') . '/formats', key => undef))->{conversions} }) {
        for (grep { !!$same == ($_->{format} eq $from->{from}) } @{ $from->{to} }) {
            $pair{ $from->{from} }{ $_->{format} } = $_;
        }
    }
    return %pair;
}

sub pairs { my %pair = @_; return map { my $from = $_; map "$from:$_", sort keys %{ $pair{$from} } } sort keys %pair }

# The smallest table in XML of Excel 2003.
our $Excel = '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    . '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    . '<Worksheet ss:Name="S"><Table><Row><Cell><Data ss:Type="String">name</Data></Cell></Row><Row><Cell><Data ss:Type="String">Platenprobe</Data></Cell></Row></Table></Worksheet></Workbook>';

# Bytes that are of that format for whoever only looks at the beginning.
sub made_up {
    my ($format) = @_;
    my %bytes = (
        pdf => "%PDF-1.4\n", png => "\x89PNG\r\n\x1a\n" . "\0\0\0\rIHDR" . "\0" x 20,
        jpeg => "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1" . "\0" x 20, parquet => "PAR1\0\0\0\0PAR1",
        html => '<!DOCTYPE html><html><p>x</html>', svg => '<svg xmlns="http://www.w3.org/2000/svg"/>',
        json => '{"a":1}', jsonl => qq({"a":1}\n{"a":2}\n), csv => "a,b\n1,2\n", txt => "text\n", md => "# text\n", rst => "text\n====\n",
        rtf => '{\rtf1 text}', tsv => "a\tb\n1\t2\n", 'excel-xml' => $Excel, tiff => "II*\0\x08\0\0\0\0\0\0\0\0\0",
    );
    return $bytes{$format};
}

# How a result begins, and what besides must be in it.
our $Ole = qr/^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/;
our $Zip = qr/^PK\x03\x04/;
our %Magic = (
    pdf => qr/^%PDF-1\.\d/, doc => $Ole, xls => $Ole, ppt => $Ole, rtf => qr/^\{\\rtf1/,
    html => qr/^\s*(?:<\?xml[^>]*>\s*)?<!DOCTYPE html/i, txt => qr/^[^\0]+\z/, tsv => qr/^[^\0]+\z/, csv => qr/^[^\0]+\z/,
    md => qr/^[^\0]+\z/, rst => qr/^[^\0]+\z/, json => qr/^\s*[\[{]/, jsonl => qr/^(?:\{.*\}\n)+\z/, png => qr/^\x89PNG\r\n/, parquet => qr/^PAR1.*PAR1\z/s,
    epub => qr/^PK\x03\x04.{26}mimetypeapplication\/epub\+zip/s,
    docx => $Zip, xlsx => $Zip, pptx => $Zip, odt => $Zip, ods => $Zip, odp => $Zip,
);
# The parts of a ZIP that have the text.
our %Part = (docx => 'word/document.xml', xlsx => 'xl/s*.xml xl/worksheets/*.xml', pptx => 'ppt/slides/slide*.xml',
    odt => 'content.xml', ods => 'content.xml', odp => 'content.xml', epub => '*.xhtml');
# There is no text in what comes from these, nor in what becomes these.
our %Picture = map { $_ => 1 } qw(png jpeg tiff svg parquet);

# The text of a result, with its markup taken out; undef: of that format we cannot tell.
sub text_of {
    my ($format, $file) = @_;
    return `pdftotext $file - 2>/dev/null` if $format eq 'pdf';
    return `unzip -p $file @{[ map "'$_'", split ' ', $Part{$format} ]} 2>/dev/null` =~ s/<[^>]*>//gr if $Part{$format};
    return slurp($file) =~ s/<[^>]*>//gr if $format =~ /^(?:html|txt|csv|tsv|md|rst|jsonl?)\z/;
    return slurp($file) =~ s/\\'[0-9a-f]{2}|\\[a-z]+-?\d* ?|[{}\r\n]//gr if $format eq 'rtf';
    # Office 97: one byte or two to a character.
    return slurp($file) =~ s/\0//gr if $format =~ /^(?:doc|xls|ppt)\z/;
    return undef;
}

run_tests();

__DATA__

=== TEST 1: before any sidecar has run, nobody knows
--- flow
problem_is get('/formats', key => undef), 503, 'service_not_ready', 'refused';
like get('/formats')->decoded_content, qr/start platend/, 'and it says what to do';
is get('/formats')->header('Retry-After'), 5, 'Retry-After';
is post_form('/jobs', [ file => [sample('hello.docx')], to => 'parquet' ])->code, 202,
    'a submission is taken all the same: the sidecar will decide';
platend_start();
is get('/formats')->code, 200, 'then it is known';
is wait_job(json_of(get('/jobs'))->{jobs}[0]{job_id})->{error_code}, 'unsupported_conversion', 'and decided';
platend_stop();
is get('/formats')->code, 200, 'and it stays known without the sidecar';



=== TEST 2: its shape
--- flow
my $response = get('/formats', key => undef);
is $response->header('Content-Type'), 'application/json', 'JSON';
my $list = json_of($response);
is_deeply [sort keys %$list], [qw(conversions formats options)], 'three members';
@main::Formats = @{ $list->{formats} };
for (@main::Formats) {
    is_deeply [sort keys %$_], [qw(aliases content_type name title)], "format $_->{name}";
    like $_->{content_type}, qr{^[a-z]+/[A-Za-z0-9.+-]+\z}, 'its media type';
}
my %known = map { $_->{name} => 1 } @main::Formats;
is scalar(keys %known), scalar(@main::Formats), 'each once';
my %alias;
$alias{$_}++ for map { $_->{name}, @{ $_->{aliases} } } @main::Formats;
is_deeply [grep { $alias{$_} > 1 } keys %alias], [], 'no alias is another name';
%main::Pair = matrix();
my @pairs = pairs(%main::Pair);
cmp_ok scalar(@pairs), '>=', 50, 'conversions: ' . @pairs;
is_deeply [grep { my ($from, $to) = split /:/; !$known{$from} || !$known{$to} || $from eq $to } @pairs], [],
    'between formats that are listed, and to another';
my %same = matrix(undef, 1);
my %option = map { $_->{name} => 1 } @{ $list->{options} };
for my $entry (map values %$_, values %main::Pair, values %same) {
    is_deeply [sort keys %$entry], [qw(engine format options via)], "to $entry->{format}, $entry->{engine}";
    is scalar(split /\+/, $entry->{engine}), 1 + @{ $entry->{via} }, 'an engine for each step';
    is_deeply [grep { !$known{$_} } @{ $entry->{via} }], [], 'the formats between them are listed';
    is_deeply [grep { !$option{$_} } @{ $entry->{options} }], [], 'and so are the options';
}
is_deeply [grep { !@{ $same{$_}{$_}{options} } } keys %same], [], 'a format into itself always has options';
is @pairs + keys %same, scalar(map @{ $_->{to} }, @{ $list->{conversions} }), 'each once';
is http(HEAD => '/formats')->header('Content-Length'), length $response->content, 'HEAD';



=== TEST 3: the matrix and what a submission accepts are the same
--- flow
my ($taken, $refused, @wrong) = (0, 0);
for my $from (map $_->{name}, @main::Formats) {
    my $content = $from eq 'docx' ? slurp(sample('hello.docx')) : made_up($from) // next;
    for my $to (grep { $_ ne $from } map $_->{name}, @main::Formats) {
        my $response = http(POST => "/jobs?to=$to&from=$from", content => $content);
        if ($main::Pair{$from}{$to}) {
            push @wrong, "$from:$to " . $response->as_string if $response->code != 202;
            $taken++;
        } else {
            my $problem = json_of($response);
            push @wrong, "$from:$to " . $response->as_string
                unless $response->code == 400 && $problem->{code} eq 'unsupported_conversion'
                    && $problem->{detail} =~ /\bconvert $from to $to;.*GET \/formats/;
            $refused++;
        }
    }
}
is_deeply \@wrong, [], 'taken if listed, else 400 unsupported_conversion, which names both';
cmp_ok $taken, '>=', 10, "taken: $taken";
cmp_ok $refused, '>=', 50, "refused: $refused";
my %value = (pages => 1, password => 'x', output_password => 'x', pdfa => '2b', pdfua => 1, landscape => 1, image_quality => 50,
    image_resolution => 150, single_page_sheets => 1, csv_delimiter => 'tab', charset => 'utf-8',
    markdown_flavour => 'gfm', width => 100, resolution => 100, layout => 'exact', sheet => 1, header => 'false', values => 'display',
    track_changes => 'original', comments => 'margin', fit => 'width', orientation => 'landscape', paper => 'A5', margins => '1cm');
my %takes = map { ("docx:$_" => $main::Pair{docx}{$_}{options}) } keys %{ $main::Pair{docx} };
for my $pair (sort keys %takes) {
    my ($from, $to) = split /:/, $pair;
    my @taken = grep {
        my $response = http(POST => "/jobs?to=$to&$_=$value{$_}", content => slurp(sample('hello.docx')));
        http(DELETE => '/jobs/' . json_of($response)->{job_id}) if $response->code == 202;
        $response->code == 202 or json_of($response)->{code} ne 'unsupported_option';
    } sort keys %value;
    is_deeply \@taken, [sort @{ $takes{$pair} }], "$pair takes the options that are listed";
}
problem_is http(POST => '/jobs?to=parquet&filename=a.docx', content => slurp(sample('hello.docx'))), 400,
    'unsupported_conversion', 'docx to parquet';
my %alias = map { my $name = $_->{name}; map { $_ => $name } @{ $_->{aliases} } } @main::Formats;
for my $alias (grep { $main::Pair{docx}{ $alias{$_} } } sort keys %alias) {
    my $response = http(POST => '/jobs?to=' . uc $alias, content => slurp(sample('hello.docx')));
    is json_of($response)->{target_format}, $alias{$alias}, "the alias $alias, in capitals";
}
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left of the refused';
http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs?limit=1000'))->{jobs} };



=== TEST 4: platen_formats restricts the list and the submission alike
--- config eval
"client_body_buffer_size 64k;
 platen_api_keys $::Var/keys;
 location / { platen_api; }
 location /pdf { platen_api; platen_formats *:pdf; }
 location /docx { platen_api; platen_formats docx:*; }
 location /two { platen_api; platen_formats docx:odt docm:pdf; }
 location /beyond { platen_api; platen_formats docx:parquet; }
 location /all { platen_api; platen_formats all; }
 location /any { platen_api; platen_formats *:*; }"
--- flow
my %all = matrix();
my %want = (
    '/pdf' => [grep /:pdf\z/, pairs(%all)], '/docx' => [grep /^docx:/, pairs(%all)],
    '/two' => ['docx:odt', 'docx:pdf'], '/beyond' => [], '/all' => [pairs(%all)], '/any' => [pairs(%all)],
);
my $docx = slurp(sample('hello.docx'));
for my $path (sort keys %want) {
    is_deeply [pairs(matrix($path))], $want{$path}, "$path lists";
    is scalar(@{ json_of(get("$path/formats"))->{formats} }), scalar(@main::Formats), 'and knows all formats';
    for my $to (qw(pdf odt rtf parquet)) {
        my $listed = grep { $_ eq "docx:$to" } @{ $want{$path} };
        my $response = http(POST => "$path/jobs?to=$to", content => $docx);
        is $response->code, $listed ? 202 : 400, "$path docx:$to";
        like $response->decoded_content, qr/does not convert docx to $to/, 'says so' unless $listed;
    }
    is http(POST => "$path/jobs?to=pdf", content => 'text')->code,
        (grep { $_ eq 'txt:pdf' } @{ $want{$path} }) ? 202 : 400, "$path txt:pdf";
}
http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs?limit=1000'))->{jobs} };



=== TEST 5: a sidecar with other engines: the list follows
--- flow
my %none = map { ("engines/$_/enabled" => 0) } @main::Engines;
platend_start(%none);
is_deeply [pairs(matrix())], [], 'none';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], to => 'pdf' ]), 400, 'unsupported_conversion',
    'and none is accepted';
platend_stop();
platend_start(%none, 'engines/soffice/enabled' => 1, 'engines/soffice/path' => "$::Var/no-such-program");
is_deeply [pairs(matrix())], [], 'nor with a program that is not there';
platend_stop();
platend_start();
is_deeply [pairs(matrix())], [pairs(%main::Pair)], 'and all again';



=== TEST 6: every conversion that is listed is done
--- timeout: 120
--- flow
my ($word, %job, %bytes) = ('Platenprobe');
my $html = "<!DOCTYPE html><html><head><title>t</title></head><body><p>$word one</p><p>two</p></body></html>\n";
my $csv = "name,count\n$word,42\n\"with, comma\",7\n";
$bytes{html} = $html;
$bytes{csv} = $csv;
$bytes{txt} = "$word one\ntwo\n";
$bytes{docx} = slurp(sample('hello.docx'));
$bytes{md} = "# $word\n\nA *text*.\n";
$bytes{rst} = "$word\n===========\n\nA *text*.\n";
$bytes{json} = qq([{"name":"$word","count":42},{"name":"b","count":7}]\n);
$bytes{jsonl} = qq({"name":"$word","count":42}\n{"name":"b","count":7}\n);
$bytes{tsv} = $csv =~ tr/,/\t/r;
$bytes{'excel-xml'} = $main::Excel;
$bytes{svg} = '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="20"><rect width="40" height="10"/></svg>';
my %word = map { $_ => $word } qw(html txt csv tsv excel-xml xlsx xls ods md rst json jsonl epub);

my $fetch = sub { get("/jobs/$_[0]/download")->content };

# The first round makes the other inputs.
my %seed = map { $_->[1] => submit(content => $bytes{ $_->[0] }, name => "a.$_->[0]", to => $_->[1])->{job_id} }
    grep { $main::Pair{ $_->[0] }{ $_->[1] } }
    ['docx', 'doc'], ['docx', 'odt'], ['docx', 'rtf'], ['docx', 'pdf'], ['html', 'epub'],
    ['csv', 'xlsx'], ['csv', 'xls'], ['csv', 'ods'], ['csv', 'parquet'];
$job{'docx:txt'} = submit(content => $bytes{docx}, name => 'a.docx', to => 'txt')->{job_id};
my $corpus = corpus();
my $pptx = $corpus && "$corpus/sample.pptx";
if ($pptx && -e $pptx) {
    $bytes{pptx} = slurp($pptx);
    $seed{$_} = submit(content => $bytes{pptx}, name => 'a.pptx', to => $_)->{job_id} for qw(ppt odp);
    $job{'pptx:pdf'} = submit(content => $bytes{pptx}, name => 'a.pptx', to => 'pdf')->{job_id};
}
for my $format (sort keys %seed) {
    my $job = wait_job($seed{$format}, 60);
    is $job->{status}, 'SUCCESS', "an input in $format" or do { diag $job->{error}; next };
    $bytes{$format} = $fetch->($seed{$format});
    $job{"$job->{source_format}:$format"} = $seed{$format};
}

# A word of the sample, for what comes from it.
($word{docx}) = sort { length $b <=> length $a } $fetch->(wait_job($job{'docx:txt'})->{job_id}) =~ /\b([A-Za-z]{4,})\b/g;
ok length($word{docx} // ''), "the sample says $word{docx}";
$word{$_} = $word{docx} for qw(doc odt rtf pdf);
spew("$::Var/page.pdf", $bytes{pdf});
for (['png', 'png'], ['jpeg', 'jpg'], ['tiff', 'tif']) {
    my ($format, $extension) = @$_;
    system("pdftoppm -$format -r 40 -singlefile $::Var/page.pdf $::Var/page") == 0 or die 'pdftoppm';
    $bytes{$format} = slurp("$::Var/page.$extension");
}
if ($job{'pptx:pdf'}) {
    spew("$::Var/slides.pdf", $fetch->(wait_job($job{'pptx:pdf'})->{job_id}));
    ($word{pptx}) = sort { length $b <=> length $a } text_of('pdf', "$::Var/slides.pdf") =~ /\b([A-Za-z]{4,})\b/g;
    $word{$_} = $word{pptx} for qw(ppt odp);
}

my %skipped;
for (pairs(%main::Pair)) {
    my ($from, $to) = split /:/;
    if (!defined $bytes{$from}) { $skipped{$from}++; next }
    $job{$_} //= submit(content => $bytes{$from}, name => "a.$from", to => $to)->{job_id};
}
diag "no sample of $_ here: $skipped{$_} conversions are not tried" for sort keys %skipped;
is_deeply [grep !/^(?:ppt|pptx|odp)\z/, keys %skipped], [], 'an input for each format, slides aside';

for my $pair (sort keys %job) {
    my ($from, $to) = split /:/, $pair;
    my $job = wait_job($job{$pair}, 90);
    is $job->{status}, 'SUCCESS', $pair or do { diag $job->{error}; next };
    my $file = "$::Var/result.$to";
    my $download = get($job->{download_url});
    spew($file, $download->content);
    ok -s $file, "$pair: a result";
    if ($to eq 'png' && $job->{output_file} =~ /\.zip\z/) {
        is $download->header('Content-Type'), 'application/zip', "$pair: several pages";
        is `unzip -p $file "*-1.png" | head -c 4`, "\x89PNG", 'are images';
        next;
    }
    like $download->content, $main::Magic{$to} // qr/unknown $to/, "$pair: of the right kind";
    my ($format) = grep { $_->{name} eq $to } @main::Formats;
    is $download->header('Content-Type'), $format->{content_type} . ($format->{content_type} =~ m{^text/} ? '; charset=utf-8' : ''),
        "$pair: Content-Type";
    next if $main::Picture{$from} || $main::Picture{$to} || grep { $main::Picture{$_} } @{ $main::Pair{$from}{$to}{via} };
    my $got = text_of($to, $file);
    ok defined $got && $got =~ /\Q$word{$from}\E/i, "$pair: says $word{$from}"
        or diag substr $got // 'no text', 0, 300;
}
is scalar(keys %job), scalar(pairs(%main::Pair)) - eval { my $n = 0; $n += $_ for values %skipped; $n },
    'that was each of them: ' . keys %job;
is_deeply [files_below("$::Var/data/tmp")], [], 'nothing is left';
