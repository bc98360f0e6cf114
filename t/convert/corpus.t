# Real documents, each with the outcome that the corpus's manifest names; faults 54, 60 and 62.
#
# Needs the corpus beside the checkout; without it there is nothing to test.

use lib 't/lib';
use TestPlaten;

our $Corpus = corpus();
our @Documents = $Corpus ? map { my %d; @d{qw(file target outcome pages note)} = split /\t/; \%d }
    grep !/^file\t/, split /\n/, slurp("$Corpus/manifest.tsv") : ();

# What the manifest's words allow: status, and the error's code.
our %Allowed = (
    converted => qr/^SUCCESS -\z/,
    password_required => qr/^FAILED password_required\z/,
    converted_or_password_required => qr/^(?:SUCCESS -|FAILED password_required)\z/,
    contained => qr/^(?:SUCCESS -|FAILED \w+)\z/,
);

# Where the number of pages is not the manifest's: two sheets with the fonts that a test machine
# has; and HTML, which is laid out as a text document, since 7.4's web layout loses headings.
our %Pages = ('57171_57163_57165.xlsx' => qr/^[68]\z/, 'chartTitle_withTitle.xlsx' => qr/^[12]\z/,
    'testHTML.html' => 1, 'resume.html' => qr/^\d+\z/);

sub pages {
    my ($file) = @_;
    return `pdfinfo $file 2>/dev/null` =~ /^Pages:\s+(\d+)/m ? $1 : 0;
}

run_tests();

__DATA__

=== TEST 1: every document has the outcome that its manifest names
--- timeout: 600
--- flow
SKIP: {
    skip 'no corpus beside the checkout', 1 unless @main::Documents;
    platend_start('limits/wall_clock' => 60);
    ok eventually(30, sub { platend_log() =~ /is warm/ }), 'LibreOffice is warm';
    my @before = zygotes();
    is scalar(@before), 1, 'one zygote';
    my $started = time;
    for my $d (@main::Documents) {
        my $response = post_form('/jobs', [ file => ["$main::Corpus/$d->{file}"], to => $d->{target} ]);
        my $answer = json_of($response);
        $d->{job} = $answer->{job_id};
        $d->{refused} = $answer->{code} unless $response->is_success;
    }
    my %count;
    for my $d (@main::Documents) {
        my $job = $d->{job} ? wait_job($d->{job}, 120) : { status => 'FAILED', error_code => $d->{refused} };
        my $got = "$job->{status} " . ($job->{error_code} // '-');
        $count{ $job->{error_code} // 'converted' }++;
        like $got, $main::Allowed{ $d->{outcome} }, "$d->{file}: $d->{outcome}" or diag $job->{error};
        next if $job->{status} ne 'SUCCESS' || $d->{pages} !~ /^\d+\z/;
        spew("$::Var/result.pdf", get($job->{download_url})->content);
        my $pages = $main::Pages{ $d->{file} } // $d->{pages};
        like main::pages("$::Var/result.pdf"), ref $pages ? $pages : qr/^$pages\z/, "$d->{file}: pages";
    }
    diag sprintf '%d documents in %.1f s: %s', scalar @main::Documents, time - $started,
        join ', ', map "$count{$_} $_", sort keys %count;

    is_deeply [zygotes()], \@before, 'the zygote is the one that it was';
    is wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id})->{status}, 'SUCCESS',
        'and goes on converting';
    unlike platend_log(), qr/has died|cannot clear|"level":"error"/, 'the log has no error';
}



=== TEST 2: a password opens what it protects, and nothing else does; fault 60
--- timeout: 120
--- flow
SKIP: {
    skip 'no corpus beside the checkout', 1 unless @main::Documents;
    for my $d (grep { $_->{outcome} eq 'password_required' && $_->{note} =~ /password: \S/ } @main::Documents) {
        my ($password) = $d->{note} =~ /password: (\S+)/;
        for ([$password, 'SUCCESS -'], ["not-$password", 'FAILED wrong_password']) {
            my $id = submit(file => "$main::Corpus/$d->{file}", name => "it" . ($d->{file} =~ /(\.\w+)\z/)[0], to => 'pdf',
                fields => [password => $_->[0]])->{job_id};
            my $job = wait_job($id);
            is "$job->{status} " . ($job->{error_code} // '-'), $_->[1], "$d->{file} with $_->[0]" or diag $job->{error};
            unlike platend_log() . get("/jobs/$id")->content, qr/\Q$_->[0]\E/, 'which is shown nowhere';
        }
    }
}
