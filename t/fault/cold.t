# A LibreOffice that cannot be kept warm, from the start: platend goes on with one process per
# document, says so, and tries again.

use lib 't/lib';
use TestPlaten;

# Platen's programs in a directory of their own, with another platen-lok.
sub programs {
    my ($lok) = @_;
    system('mkdir', '-p', "$Var/libexec") == 0 or die;
    system('cp', '-p', glob("$Root/build/platen-*"), "$Var/libexec/") == 0 or die;
    rename "$Var/libexec/platen-lok", "$Var/libexec/away" or die $!;
    spew("$Var/libexec/platen-lok", $lok);
    chmod 0755, "$Var/libexec/platen-lok";
}

sub ready { return get('/health/ready', key => undef) }

run_tests();

__DATA__

=== TEST 1: a document at a time instead, and warm as soon as it can be
--- timeout: 240
--- flow
main::programs("#!/bin/sh\necho 'LibreOffice has a thread of its own: it must not be forked' >&2\nexit 3\n");
platend_start('engines/libexec' => "$Var/libexec");
ok eventually(60, sub { platend_log() =~ /LibreOffice does not get ready/ }), 'it cannot be warmed';
my $job = submit(file => sample('hello.docx'), to => 'pdf');
is wait_job($job->{job_id}, 120)->{status}, 'SUCCESS', 'a document is converted';
is_deeply job($job->{job_id})->{engines}, ['soffice'], 'by a process of its own';
my $response; # what is the matter is written beside the loop, and may come after the job
eventually(10, sub { @{ json_of($response = main::ready())->{warnings} } && platend_log() =~ /not as it should be/ });
is $response->code, 200, 'the service is ready';
like join("\n", @{ json_of($response)->{warnings} }), qr/^LibreOffice cannot be kept warm: /, 'and says what is not as it should be';
like platend_log(), qr/"msg":"not as it should be",.*"reasons":\["LibreOffice cannot be kept warm/, 'in the log as well';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 0, 'doctor' or diag grep /^FAIL/m, split /^/, $CtlOut;
like $CtlOut, qr/^warn  LibreOffice cannot be kept warm: .* — .*LibreOffice does not get ready/m, 'warns of it';
my $tries = () = platend_log() =~ /LibreOffice does not get ready/g;
ok eventually(60, sub { (() = platend_log() =~ /LibreOffice does not get ready/g) > $tries }), 'it is tried again';
rename "$Var/libexec/away", "$Var/libexec/platen-lok" or die $!;
ok eventually(90, sub { platend_log() =~ /LibreOffice is warm/ }), 'until it can be';
ok eventually(10, sub { !@{ json_of(main::ready())->{warnings} } }), 'and then there is nothing to say';
$job = submit(file => sample('hello.docx'), to => 'pdf');
is_deeply wait_job($job->{job_id}, 60)->{engines}, ['lok'], 'the warm one converts';
like platend_log(), qr/"msg":"as it should be again"/, 'as the log says';
is platend_stop(), 0, 'platend has lived on';



=== TEST 2: without the other way what needs it waits, and the rest is done
--- timeout: 240
--- flow
main::programs("#!/bin/sh\nexit 3\n");
platend_start('engines/libexec' => "$Var/libexec", 'engines/soffice/enabled' => 0);
my $csv = submit(content => "a,b\n1,2\n", name => 'a.csv', to => 'json');
is wait_job($csv->{job_id})->{status}, 'SUCCESS', 'what needs no LibreOffice';
my $pdf = submit(file => sample('hello.docx'), to => 'pdf');
my $response;
ok eventually(60, sub { ($response = main::ready())->code == 503 }), 'the service is not ready';
like json_of($response)->{detail}, qr/^LibreOffice does not start/, 'and says why';
is platenctl('doctor', '--web-user', scalar getpwuid $>), 1, 'doctor';
like $CtlOut, qr/^FAIL  LibreOffice does not start/m, 'fails';
is job($pdf->{job_id})->{status}, 'PENDING', 'what needs it waits';
rename "$Var/libexec/away", "$Var/libexec/platen-lok" or die $!;
is wait_job($pdf->{job_id}, 120)->{status}, 'SUCCESS', 'until it starts';
is platend_stop(), 0, 'platend has lived on';
