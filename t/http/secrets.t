# Passwords at rest: they are sealed in the store, so that no copy of it has them, neither while
# their job waits nor in the pages that it leaves behind; and what becomes of them without their key.

use lib 't/lib';
use TestFault ();
use TestPlaten;

our $Secret = 'Sesame-Open-77';

# The text, to be a PDF that opens with the password.
sub with_password { return submit(content => "some text\n", name => 'a.txt', to => 'pdf', fields => [output_password => $Secret])->{job_id} }

sub known { return scalar grep { slurp($_) =~ /$Secret/ } files_below("$Var/store") }

run_tests();

__DATA__

=== TEST 1: a job waits, is converted, and is gone: the store's files have its password at no time
--- flow
my $id = main::with_password();
is job($id)->{status}, 'PENDING', 'it waits';
is main::known(), 0, 'the store does not have the password';
like join("", TestFault::store_driver("$::Var/store", 'options', $id)), qr/^output_password=$::Secret$/m, 'but for whoever has the key';
my $key = "$::Var/store/secrets.key";
is sprintf('%o', (stat $key)[2] & 0777), '640', 'which is not for everyone';
platend_start();
is wait_job($id)->{status}, 'SUCCESS', 'platend can use it';
spew("$::Var/a.pdf", get("/jobs/$id/download")->content);
is system('qpdf', "--password=$::Secret", '--check', "$::Var/a.pdf", '--no-warn') >> 8, 0, 'the result opens with it';
isnt system("qpdf --check $::Var/a.pdf 2>/dev/null") >> 8, 0, 'and not without';
is main::known(), 0, 'nor do the pages have it that are free now';
http(DELETE => "/jobs/$id");
is main::known(), 0, 'nor when the job is gone';
platend_stop();



=== TEST 2: the key is gone: the job asks for its password, and is not converted without
--- flow
my $id = main::with_password();
unlink "$::Var/store/secrets.key" or die;
platend_start();
my $job = wait_job($id);
is "$job->{status} $job->{error_code}", 'FAILED password_required', 'not converted';
like $job->{error}, qr/can no longer be read.*Submit.*again/, 'with what to do';
is wait_job(text_job())->{status}, 'SUCCESS', 'others are';
