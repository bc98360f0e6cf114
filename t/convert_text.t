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
