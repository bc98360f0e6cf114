# Conversion options: how they are sent, what is refused, what the job shows of them, and secrets.

use lib 't/lib';
use TestPlaten;
use TestFault;

our @All = qw(pages password output_password pdfa pdfua landscape image_quality image_resolution
    single_page_sheets csv_delimiter charset markdown_flavour width resolution layout sheet header values
    track_changes comments fit orientation paper margins);
our $Matrix = "docx pdf lok - pages,password,output_password,pdfa,pdfua,landscape,image_quality,image_resolution\n"
    . "docx txt lok - password\ndocx odt lok - -\ndocx png lok+poppler pdf pages,width\n"
    . "csv pdf lok - " . join(',', @All) . ",watermark\n"
    . "csv xlsx tables - csv_delimiter,charset\npdf pdf qpdf - pages,password,output_password\n"
    . "docx html lok - pages\n";

# No sidecar: the matrix and the outcomes are put into the store.
sub driver { store_driver("$Var/store", @_) }

sub set_matrix {
    open my $fh, '|-', "$Root/build/store_driver", "$Var/store", 'matrix' or die;
    print {$fh} @_;
    close $fh or die 'store_driver matrix';
}

our $Docx = slurp(sample('hello.docx'));
our $Csv = "a;b\n1;2\n";
our $Pdf = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

sub file { [ undef, $_[0] // 'a.csv', Content => $_[1] // $Csv ] }
sub form { post_form('/jobs', [@_]) }
sub raw_body { my ($query, $content) = @_; http(POST => "/jobs?$query", content => $content // $Csv) }

# The options of an accepted job, or what was answered instead.
sub options_of {
    my ($response) = @_;
    return $response->code == 202 ? json_of($response)->{options} : $response->as_string;
}

sub detail { my ($response) = @_; json_of($response)->{detail} }

sub forget_jobs { http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs?limit=1000'))->{jobs} } }

run_tests();

__DATA__

=== TEST 1: three ways to send them
--- flow
main::set_matrix($main::Matrix);
my @form = (pages => ' 1 - 3, 007-', pdfa => 'PDF/A-2b', pdfua => 'yes', landscape => 'off', image_quality => '080',
    csv_delimiter => ';', charset => 'Latin1', layout => 'flow');
my $want = { pages => '1-3,7-', pdfa => '2b', pdfua => Cpanel::JSON::XS::true, image_quality => 80,
    csv_delimiter => 'semicolon', charset => 'iso-8859-1' };
my $query = '';
for (my @left = @form; my ($name, $value) = splice @left, 0, 2;) {
    $value =~ s/([^A-Za-z0-9 ])/sprintf '%%%02X', ord $1/ge;
    $query .= "$name=" . ($value =~ tr/ /+/r) . '&';
}
my %sent = (
    'fields before the file' => main::form(@form, to => 'pdf', file => main::file()),
    'fields behind the file' => main::form(file => main::file(), to => 'pdf', @form),
    'the query, with a form' => post_form("/jobs?${query}to=pdf", [ file => main::file() ]),
    'the query, with a raw body' => main::raw_body("${query}filename=a.csv&to=pdf"),
    'POST /jobs/submit' => post_form('/jobs/submit', [ file => main::file(), @form, to => 'pdf' ]),
);
for (sort keys %sent) {
    my $job = json_of($sent{$_});
    is_deeply $job->{options}, $want, $_ or diag $sent{$_}->as_string;
    like $sent{$_}->content, qr/"pdfua":true.*"image_quality":80\b/, 'a truth and a number';
    is_deeply json_of(get("/jobs/$job->{job_id}")), $job, 'GET /jobs/{id} says the same';
    is_deeply $job->{warnings}, [], 'no warnings';
    ok !$job->{cached} && ref $job->{cached}, 'not cached';
}
is_deeply $_->{options}, $want, 'and so does GET /jobs' for @{ json_of(get('/jobs'))->{jobs} };
main::forget_jobs();



=== TEST 2: names: either case, hyphens, aliases; the last value counts, and the form's after the query's
--- flow
my %same = ('CSV-Delimiter' => 'csv_delimiter', pageRanges => 'pages', page_ranges => 'pages', delimiter => 'csv_delimiter',
    csv_encoding => 'charset', encoding => 'charset', markdown_flavor => 'markdown_flavour', 'Image-Quality' => 'image_quality');
my %value = (pages => '2', csv_delimiter => 'tab', charset => 'utf-8', markdown_flavour => 'gfm', image_quality => 5);
for (sort keys %same) {
    is_deeply main::options_of(main::form(file => main::file(), to => 'pdf', $_ => $value{ $same{$_} })),
        { $same{$_} => $value{ $same{$_} } }, "$_ is $same{$_}";
}
is_deeply main::options_of(post_form('/jobs?pages=1&pdfa=1b', [ pages => 2, file => main::file(), pages => 3, to => 'pdf' ])),
    { pages => '3', pdfa => '1b' }, 'the last';
is_deeply main::options_of(post_form('/jobs?pdfua=1&pages=1', [ pdfua => 'no', pages => '', file => main::file(), to => 'pdf' ])),
    {}, 'and it may take away';
is_deeply main::options_of(main::raw_body('to=pdf&filename=a.csv&delimiter=+')), { csv_delimiter => 'space' }, 'a space';
is_deeply main::options_of(main::form(file => main::file(), to => 'pdf', colour => 'red')), {}, 'an unknown name is passed over';
main::forget_jobs();



=== TEST 3: values that an option does not take
--- flow
my %allowed = map { $_->{name} => $_->{values} } @{ json_of(get('/formats'))->{options} };
my @wrong = ([pages => '0', 'a', '3-1', '1,,2', '100000'], [password => "a\tb", 'x' x 128, "\xff"], [output_password => "\x01"],
    [pdfa => '1a', 'true'], [pdfua => 'maybe'], [landscape => 'portrait'], [image_quality => 0, 101, '5%'],
    [image_resolution => 200], [single_page_sheets => 2], [csv_delimiter => ':', 'ab'], [charset => 'ebcdic'],
    [markdown_flavour => 'asciidoc'], [width => 15, 4097], [resolution => 35, 601, '1e2'], [layout => 'wide'],
    [sheet => "a\tb", 'x' x 128], [header => 'maybe'], [values => 'all'],
    [track_changes => 'all'], [comments => 'all'], [fit => 'height'], [orientation => 'true'], [paper => 'A44'],
    [margins => '20', '1mm,,2mm']);
is_deeply [map $_->[0], @wrong], \@main::All, 'each option';
for (@wrong) {
    my ($name, @values) = @$_;
    for my $value (@values) {
        my $escaped = $value =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
        for my $response (main::form(to => 'pdf', $name => $value, file => main::file()),
                          main::form(file => main::file(), $name => $value, to => 'pdf'),
                          main::raw_body("to=pdf&filename=a.csv&$name=$escaped")) {
            problem_is $response, 422, 'invalid_parameter', $name;
            is main::detail($response), "$name takes $allowed{$name}.", 'and it says what the field takes';
        }
    }
}
my $response = main::form(file => main::file(), width => 'x', pages => 'x', width => 100, to => 'nope');
is main::detail($response), 'width takes a number from 16 to 4096.', 'of several, the first';
is main::detail(post_form('/jobs?pages=x', [ width => 'x', file => main::file(), to => 'pdf' ])),
    "pages takes $allowed{pages}.", 'that of the query before the form';
$response = main::form(file => main::file(), pages => '1,' x 150, to => 'pdf');
is main::detail($response), 'pages is longer than 256 bytes.', 'a field that is too long';
ok eventually(5, sub { !files_below("$::Var/data/tmp") }), 'nothing is left of the refused';



=== TEST 4: options that a conversion does not take
--- flow
for my $response (main::form(file => main::file('a.docx', $main::Docx), to => 'txt', width => 100),
                  main::form(width => 100, to => 'txt', file => main::file('a.docx', $main::Docx)),
                  main::raw_body('to=txt&width=100', $main::Docx)) {
    problem_is $response, 422, 'unsupported_option', 'one that docx to txt does not take';
    is main::detail($response), 'width is no option of docx to txt, which takes password.', 'field, pair, and what it takes';
}
is main::detail(main::raw_body('to=odt&pdfua=1', $main::Docx)), 'pdfua is no option of docx to odt, which takes none.', 'none';
is main::detail(main::raw_body('to=pdf&resolution=100', $main::Docx)), 'resolution is no option of docx to pdf, which takes '
    . 'pages, password, output_password, pdfa, pdfua, landscape, image_quality, image_resolution.', 'a list';
is_deeply main::options_of(main::raw_body('to=txt&width=&pdfua=no&layout=flow', $main::Docx)), {}, 'what says nothing is no option';
problem_is main::raw_body('to=rtf&width=100', $main::Docx), 400, 'unsupported_conversion', 'the pair is looked at first';
problem_is main::raw_body('to=rtf&width=1', $main::Docx), 422, 'invalid_parameter', 'and the value before it';
is_deeply main::options_of(main::raw_body('to=png&width=100', $main::Docx)), { width => 100 }, 'a conversion of two steps';
ok eventually(5, sub { !files_below("$::Var/data/tmp") }), 'nothing is left of the refused';
main::forget_jobs();



=== TEST 5: a format into itself
--- config eval
"client_body_buffer_size 64k; platen_api_keys $::Var/keys;
 location / { platen_api; }
 location /docx/ { platen_api; platen_formats docx:*; }"
--- flow
problem_is main::raw_body('to=pdf', $main::Pdf), 400, 'identical_formats', 'without an option';
problem_is main::raw_body('to=pdf&filename=a.pdf', $main::Pdf), 400, 'identical_formats', 'and by name';
problem_is main::raw_body('to=pdf&pages=', $main::Pdf), 400, 'identical_formats', 'an option that says nothing is none';
my $response = main::raw_body('to=pdf&filename=a.pdf&pages=2-', $main::Pdf);
is $response->code, 202, 'with one it is a conversion' or diag $response->as_string;
my $job = json_of($response);
is "$job->{source_format} $job->{target_format}", 'pdf pdf', 'of pdf to pdf';
is main::form(file => main::file('a.pdf', $main::Pdf), to => 'pdf', password => 'x')->code, 202, 'a password is an option';
problem_is main::raw_body('to=pdf&filename=a.pdf&width=100', $main::Pdf), 422, 'unsupported_option', 'but not any';
problem_is main::raw_body('to=csv&filename=a.csv&pages=1'), 400, 'identical_formats', 'nor any format';
problem_is main::raw_body('to=csv&filename=a.csv'), 400, 'identical_formats', 'csv to csv';
problem_is http(POST => '/docx/jobs?to=pdf&pages=1', content => $main::Pdf), 400, 'identical_formats',
    'nor where platen_formats keeps it out';
main::forget_jobs();



=== TEST 6: passwords are stored until the job is final, and shown nowhere
--- config eval
"client_body_buffer_size 64k; platen_api_keys $::Var/keys;
 access_log $::Var/access.log;
 location / { platen_api; }"
--- no_error_log
[alert]
[emerg]
hunter2
s3cr%C3%A9t
--- flow
my $secret = "s3cr\xc3\xa9t hunter2";
my $escaped = 's3cr%C3%A9t+hunter2';
my @sent = (
    main::form(password => $secret, to => 'pdf', file => main::file('a.docx', $main::Docx), output_password => 'hunter2-out'),
    main::form(file => main::file('a.docx', $main::Docx), output_password => 'hunter2-out', password => $secret, to => 'pdf'),
    main::raw_body("to=pdf&password=$escaped&filename=a.docx&output-password=hunter2-out&pages=1", $main::Docx),
    raw("POST /jobs?password=$escaped&PASSWORD=hunter2&to=pdf&output_password=hunter2-out&password=$escaped HTTP/1.0\r\n"
        . "Host: x\r\nX-API-Key: $::Key{alice}\r\nContent-Length: " . length($main::Docx) . "\r\n\r\n$main::Docx"),
    post_form("/jobs/submit?password=$escaped", [ file => main::file('a.docx', $main::Docx), to => 'pdf',
        output_password => 'hunter2-out' ]),
);
my @refused = (
    main::raw_body("to=pdf&width=100&password=$escaped", $main::Docx),
    main::raw_body("to=odt&password=$escaped", $main::Docx),
    main::form(file => main::file('a.docx', $main::Docx), to => 'odt', password => $secret),
    main::raw_body("to=pdf&password=hunter2%01", $main::Docx),
    main::raw_body("to=pdf&password=hunter2" . 'x' x 300, $main::Docx),
    http(POST => "/jobs?password=$escaped", key => undef),
    http(GET => "/jobs?limit=0&password=$escaped"),
    http(GET => "/nothing?password=$escaped"),
);
my @jobs;
for (@sent) {
    cmp_ok $_->code, '<', 300, 'taken' or diag $_->as_string;
    push @jobs, json_of($_);
}
cmp_ok $_->code, '>=', 400, 'refused' for @refused;
my $shown = join "\n", map $_->as_string, @sent, @refused, get('/jobs'), map get("/jobs/$_->{job_id}"), @jobs;
unlike $shown, qr/hunter2|s3cr/, 'no answer shows them';
unlike error_log_text(), qr/hunter2|s3cr/, 'nor does the error log';
like error_log_text(), qr/request: "GET \/nothing\?password=\*+ HTTP/, 'which has asterisks';
my $access = slurp("$::Var/access.log");
unlike $access, qr/hunter2|s3cr/, 'nor does the access log';
like $access, qr/"POST \/jobs\?to=pdf&password=\*+&filename=a\.docx&output-password=\*+&pages=1 HTTP/, 'the rest of the query stays';

is main::driver(options => $_->{job_id}) =~ s/^pages=1\n//r, "password=$secret\noutput_password=hunter2-out\n", 'the record has them'
    for @jobs;
main::driver(claim => $jobs[0]{job_id});
main::driver('put-back' => $jobs[0]{job_id});
like main::driver(options => $jobs[0]{job_id}), qr/hunter2/, 'another attempt still has them';
for my $state (qw(SUCCESS FAILED PARTIAL_SUCCESS CANCELLED)) {
    my $id = (shift @jobs)->{job_id};
    main::driver(claim => $id);
    main::driver(finish => $id, $state, $state =~ /SUCCESS/ ? ("$::Var/data", 'result') : ());
    unlike main::driver(options => $id), qr/password/, "gone with $state";
}
main::forget_jobs();



=== TEST 7: passwords over HTTP/2, whose request line is made anew, and after a rewrite
--- http_config eval
my $port = Test::Nginx::Util::server_port() + 1;
"$::HttpConfig
 server {
     listen 127.0.0.1:$port http2;
     access_log $::Var/access2.log;
     platen_api_keys $::Var/keys;
     location / { platen_api; }
     location /old/ { rewrite ^/old/(.*)\$ /jobs/\$1 last; }
 }"
--- no_error_log
[alert]
[emerg]
hunter2
--- flow
my $url = 'http://127.0.0.1:' . (Test::Nginx::Util::server_port() + 1);
my $curl = "curl -s --max-time 20 --http2-prior-knowledge -H 'X-API-Key: $::Key{alice}'";
my $file = sample('hello.docx');
my $job = Cpanel::JSON::XS->new->utf8->decode(`$curl --data-binary \@$file '$url/jobs?to=pdf&password=hunter2&pages=1'`);
is_deeply $job->{options}, { pages => '1' }, 'taken';
is main::driver(options => $job->{job_id}), "pages=1\npassword=hunter2\n", 'stored';
`$curl --data-binary \@$file '$url/old/submit?to=odt&password=hunter2'`;
`$curl '$url/nothing?password=hunter2'`;
unlike error_log_text(), qr/hunter2/, 'not in the error log';
like error_log_text(), qr/request: "GET \/nothing\?password=\*+ HTTP\/2/, 'which has asterisks';
my $access = slurp("$::Var/access2.log");
unlike $access, qr/hunter2/, 'nor in the access log';
like $access, qr/"POST \/jobs\?to=pdf&password=\*{7}&pages=1 HTTP\/2/, 'the rest of the query stays';
like $access, qr/"POST \/old\/submit\?to=odt&password=\*{7} HTTP\/2/, 'nor after a rewrite';
main::forget_jobs();



=== TEST 8: warnings, cached, and a result of another format
--- flow
my $job = json_of(main::raw_body('to=png&width=100&filename=pages.docx', $main::Docx));
main::driver(claim => $job->{job_id});
main::driver(finish => $job->{job_id}, 'SUCCESS', "$::Var/data", 'PK-result', 'cached=1', 'output_format=zip',
    "warnings=The font \"Foo\" is missing; another was taken.\nA macro was left out.");
$job = job($job->{job_id});
is $job->{status}, 'SUCCESS', 'done';
is_deeply $job->{warnings}, ['The font "Foo" is missing; another was taken.', 'A macro was left out.'], 'warnings';
ok ref $job->{cached} && $job->{cached}, 'cached';
is $job->{target_format}, 'png', 'what was asked for';
is $job->{output_file}, 'pages.zip', 'what it is';
my $download = get($job->{download_url});
is $download->header('Content-Type'), 'application/zip', 'Content-Type';
like $download->header('Content-Disposition'), qr/^attachment; filename="pages\.zip"/, 'Content-Disposition';
is $download->content, 'PK-result', 'its bytes';
is_deeply json_of(get('/jobs'))->{jobs}[0], $job, 'the list says the same';
main::forget_jobs();



=== TEST 9: GET /formats
--- flow
my $list = json_of(get('/formats', key => undef));
is_deeply [map $_->{name}, @{ $list->{options} }], \@main::All, 'every option';
is_deeply [grep { join(' ', sort keys %$_) ne 'name values' || !length $_->{values} } @{ $list->{options} }], [], 'and what it takes';
my %to;
for my $from (@{ $list->{conversions} }) {
    $to{"$from->{from} $_->{format}"} = $_ for @{ $from->{to} };
}
is_deeply $to{'docx png'}, { format => 'png', engine => 'lok+poppler', via => ['pdf'], options => [qw(pages width)] }, 'two steps';
is_deeply $to{'docx odt'}, { format => 'odt', engine => 'lok', via => [], options => [] }, 'no options';
is_deeply $to{'csv pdf'}{options}, \@main::All, 'all of them, without one of a later version';
is_deeply $to{'pdf pdf'}, { format => 'pdf', engine => 'qpdf', via => [], options => [qw(pages password output_password)] },
    'a format into itself';
is scalar(keys %to), 8, 'and no more';
main::set_matrix("docx pdf lok - -\n");
problem_is main::raw_body('to=pdf&pages=1', $main::Docx), 422, 'unsupported_option', 'what the store says now counts';



=== TEST 10: before any sidecar has run, options are taken and the sidecar will decide
--- http_config eval
"platen_store $::Var/fresh; platen_data $::Var/data; platen_queue off;"
--- flow
is_deeply main::options_of(main::raw_body('to=pdf&filename=a.csv&width=100')), { width => 100 }, 'taken';
problem_is main::raw_body('to=pdf&filename=a.csv&width=1'), 422, 'invalid_parameter', 'a wrong value is not';
problem_is main::raw_body('to=pdf&pages=1', $main::Pdf), 400, 'identical_formats', 'nor a format into itself';
