# What is refused at the door, why, and that nothing of it stays on disk.  More of it in
# t/fault/http.t.

use lib 't/lib';
use TestPlaten;
use TestForm;

our $Docx = slurp(sample('hello.docx'));

run_tests();

__DATA__

=== TEST 1: missing and wrong parameters
--- flow
main::nothing_new('at first');
problem_is post_form('/jobs', [ file => [sample('hello.docx')] ]), 422, 'missing_parameter',
    'no target';
problem_is post_form('/jobs', [ target_format => 'pdf' ]), 422, 'missing_file', 'no file';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'wat' ]),
    400, 'unsupported_format', 'unknown target';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'pdf',
    source_format => 'wat' ]), 400, 'unsupported_format', 'unknown source';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'docx' ]),
    400, 'identical_formats', 'docx to docx';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'DOCM' ]),
    400, 'identical_formats', 'by an alias, in capitals';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], target_format => 'x' x 300 ]),
    422, 'invalid_parameter', 'a target of 300 bytes';
problem_is http(POST => '/jobs?to=' . 'x' x 300, content => $main::Docx), 422,
    'invalid_parameter', 'in the query';
problem_is post_form('/jobs', [ file => [sample('hello.docx')], file => [sample('hello.docx')],
    target_format => 'x' ]), 400, 'unsupported_format', 'two files';
problem_is post_form('/jobs', [ document => [sample('hello.docx')], target_format => 'pdf' ]),
    422, 'invalid_parameter', 'a file in a field of another name';
main::nothing_new('parameters');



=== TEST 2: content that is not what it claims; fault 61
--- flow
my $pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
my @cases = (
    ['a.docx', $pdf, qr/named as docx.*content is PDF/],
    ['a.pdf', $main::Docx, qr/named as pdf.*content is Word/],
    ['a.xlsx', $main::Docx, qr/named as xlsx.*content is Word/],
    ['a.docx', "just text\n", qr/content is plain text/],
    ['a.docx', substr($main::Docx, 0, 4000), qr/damaged ZIP/],
    ['a.doc', "\x7fELF" . "\0" x 100, qr/content is application/],
    ['a.docx', join('', map chr(($_ * 7919 + ($_ >> 3)) % 251), 1 .. 4000), qr/content is /],
    ['polyglot.pdf', "PK\3\4" . $pdf, qr/damaged ZIP/],
);
for my $case (@cases) {
    my ($name, $content, $says) = @$case;
    my $response = post_form('/jobs', [
        file => [ undef, $name, Content => $content ], target_format => 'html' ]);
    problem_is $response, 422, 'content_mismatch', $name;
    like json_of($response)->{detail}, $says, 'says what it is';
}
my $unknown = post_form('/jobs', [ file => [ undef, 'noext', Content => "\0\1\2\3" x 50 ],
    target_format => 'pdf' ]);
problem_is $unknown, 422, 'unknown_content', 'unknown bytes without a name';
like json_of($unknown)->{detail}, qr/of no kind that is known here/, 'which says so in words';
main::nothing_new('mismatches');
is post_form('/jobs', [ file => [ undef, 'a.bin', Content => $main::Docx,
    'Content-Type' => 'application/pdf' ], target_format => 'pdf' ])->code, 202,
    'a wrong Content-Type does no harm: the content decides';
main::anew();



=== TEST 3: several requests on one connection, refused ones among them
--- flow
my $form = main::form('BB', main::part('file', $main::Docx, 'a.docx'), main::part('to', 'pdf'));
my $request = sub {
    my ($key) = @_;
    "POST /jobs HTTP/1.1\r\nHost: x\r\nX-API-Key: $key\r\n"
    . "Content-Type: multipart/form-data; boundary=BB\r\nContent-Length: " . length($form) . "\r\n\r\n$form";
};
my $text = raw($request->($::Key{alice}) . $request->('wrong') . $request->($::Key{alice})
    . "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")->as_string;
is join(' ', $text =~ m{HTTP/1\.1 (\d+)}g), '202 401 202 200', 'pipelined, each answered in order';
