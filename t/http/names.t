# Names of fields and options, and of formats, as people write them: every option in every form, and slips of each.

use lib 't/lib';
use TestPlaten;
use MIME::Base64 qw(encode_base64);

# A value of each, as it is and as it is shown.
our %Value = (pages => '1-3', password => 'x', output_password => 'x', pdfa => '2b', pdfua => 'true', landscape => 'true', image_quality => 50,
    image_resolution => 150, single_page_sheets => 'true', csv_delimiter => 'tab', charset => 'utf-8', markdown_flavour => 'gfm', width => 100,
    resolution => 100, layout => 'exact', sheet => 2, header => 'false', values => 'display', track_changes => 'show', comments => 'margin',
    fit => 'width', orientation => 'landscape', paper => 'a5', margins => '1cm');
our @Fields = qw(target_format source_format webhook_url priority);

sub send_csv { my ($query) = @_; return http(POST => "/jobs?filename=a.csv&$query", content => "a,b\n1,2\n") }

sub camel { $_[0] =~ s/_(\w)/\U$1/gr }

# One letter left out, doubled, changed, or swapped with its neighbour; none of them another name.
sub slips {
    my ($name) = @_;
    my $at = int(length($name) / 2);
    my ($before, $letter, $next, $behind) = $name =~ /^(.{$at})(.)(.)(.*)\z/ or return;
    my $plain = $name =~ tr/_//dr;
    return grep { length > 3 && tr/_//dr ne $plain } "$before$next$behind", "$before$letter$letter$next$behind", "$before$next$letter$behind", "${before}q$next$behind";
}

run_tests();

__DATA__

=== TEST 1: every option in every form
--- flow
open my $driver, '|-', "$main::Root/build/store_driver", "$main::Var/store", 'matrix' or die;
print {$driver} "csv pdf lok - " . join(',', sort keys %main::Value) . "\ncsv txt lok - -\n";
close $driver or die 'store_driver';
my %known = map { $_->{name} => 1 } @{ json_of(get('/formats'))->{options} };
is_deeply \%known, { map { $_ => 1 } keys %main::Value }, 'each option has a value here';
for my $name (sort keys %main::Value) {
    my %seen;
    for my $form (grep !$seen{$_}++, $name, uc $name, $name =~ tr/_/-/r, ucfirst($name =~ s/_(\w)/-\U$1/gr), main::camel($name), ucfirst main::camel($name), $name =~ tr/_//dr) {
        my $response = main::send_csv("to=pdf&$form=$main::Value{$name}");
        is $response->code, 202, "$form is $name" or diag $response->content;
        my $job = json_of($response);
        ok exists $job->{options}{$name} || $name =~ /password/, 'as the job shows' or diag $response->content;
        is_deeply $job->{warnings}, [], 'and nothing is unknown';
    }
}



=== TEST 2: slips are told with the name that is meant, wherever they are sent
--- flow
for my $name (grep length > 3, sort(keys %main::Value), @main::Fields) {
    for my $slip (main::slips($name)) {
        my $response = main::send_csv("to=pdf&$slip=1");
        problem_is $response, 422, 'invalid_parameter', $slip;
        my $meant = $slip =~ /^(?:pdua|pdufa)\z/ ? 'pdfa' : $name; # which is as near
        is json_of($response)->{detail}, qq(There is no parameter "$slip"; "$meant" may be what was meant.), 'and which name it is of';
    }
}
for my $response (post_form('/jobs', [ passwrod => 'x', to => 'pdf', file => [ undef, 'a.csv', Content => "a\n1\n" ] ]),
                  post_form('/jobs', [ file => [ undef, 'a.csv', Content => "a\n1\n" ], to => 'pdf', passwrod => 'x' ]),
                  post_form('/convert', [ file => [ undef, 'a.csv', Content => "a\n1\n" ], to => 'pdf', passwrod => 'x' ]),
                  http(POST => '/uploads/', 'Tus-Resumable' => '1.0.0', 'Upload-Length' => 8, 'Upload-Metadata' => 'filename ' . encode_base64('a.csv', '')
                      . ',target_format ' . encode_base64('pdf', '') . ',passwrod ' . encode_base64('x', ''))) {
    problem_is $response, 422, 'invalid_parameter', 'in a form, before and behind the file, and in metadata of tus';
    like json_of($response)->{detail}, qr/"password" may be/, 'with the name';
}
my $job = json_of(main::send_csv('to=pdf&frobnicate=1&tll=2'));
is_deeply $job->{warnings}, [map qq(The parameter "$_" is not known to this server and was left out of account.), qw(frobnicate tll)], 'any other is a warning';



=== TEST 3: what to convert to, in all of its spellings
--- flow
for my $field (qw(to To TO target_format targetFormat Target-Format output_format outputFormat)) {
    for my $target (qw(pdf PDF .pdf .PDF application/pdf Application/PDF application%2Fpdf;charset=binary)) {
        my $response = main::send_csv("$field=$target");
        is $response->code, 202, "$field=$target" or diag $response->content;
        is json_of($response)->{target_format}, 'pdf', 'is PDF';
    }
}
is json_of(main::send_csv("to=$_"))->{target_format}, 'txt', $_ for qw(txt .txt text text/plain);
problem_is main::send_csv('to=wordperfect'), 400, 'unsupported_format', 'one that nobody knows';
for my $type ('application/json', 'application/x-www-form-urlencoded') {
    my $response = http(POST => '/jobs', 'Content-Type' => $type, content => '{"to":"pdf"}');
    problem_is $response, 422, 'missing_parameter', $type;
    like json_of($response)->{detail}, qr/multipart\/form-data.*\?to=pdf&filename=/, 'is told what to send';
}
