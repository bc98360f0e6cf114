# Engines gone wrong: each status, each signal, and whatever may lie where the result should be.
# The job's end is right, nothing is paused or tried again for it, and another client's jobs
# go on in their turns.

use lib 't/lib';
use TestArchive;
use TestPlaten;

my $engine = "$Root/build/fault_engine";

# A converter of ours, and the two programs of Platen's own that are found by their directory.
sub gone_wrong {
    my (%set) = @_;
    system('mkdir', '-p', "$Var/libexec") == 0 or die;
    for my $program (qw(platen-tables platen-zip)) {
        system('cp', $engine, "$Var/libexec/$program") == 0 or die;
    }
    platend_start(
        (map { +"engines/$_/enabled" => 0 } qw(lok soffice pandoc poppler mupdf qpdf image)),
        'engines/libexec' => "$Var/libexec",
        'limits/attempts' => 1, 'limits/wall_clock' => 2, 'limits/output_size' => '4m',
        'engine/wrong/from' => 'txt', 'engine/wrong/to' => 'pdf', 'engine/wrong/fork' => 1,
        'engine/right/from' => 'html', 'engine/right/to' => 'pdf',
        map({ +"engine/$_/command" => "$engine {input} {output}" } qw(wrong right)),
        %set);
}

sub told { my ($what, %arg) = @_; submit(content => "EVIL:$what\n", name => 'a.txt', to => 'pdf', %arg)->{job_id} }

# "SUCCESS", or the code of its error.
sub end_of { my ($id) = @_; my $job = wait_job($id, 120); return $job->{error_code} // $job->{status} }

# One test for all that were told: { what => its end }; says which were not as they had to be.
sub ends_are {
    my ($ends, $what, %arg) = @_;
    my %id = map { $_ => told($_, %arg) } sort keys %$ends;
    my %got = map { $_ => end_of($id{$_}) } keys %id;
    is_deeply \%got, $ends, $what;
    my @again = grep { job($id{$_})->{attempts} != 1 } keys %id;
    is_deeply \@again, [], 'each tried once';
    unlike platend_log(), qr/claiming paused|job retried/, 'nothing was paused, or put back';
}

# Everything that runs with this program.
sub running {
    return grep { (readlink("/proc/$_/exe") // '') =~ m{^(?:\Q$engine\E|\Q$Var\E/libexec/)} }
        map m{(\d+)}, glob '/proc/[0-9]*';
}

run_tests();

__DATA__

=== TEST 1: each exit status of an engine of the configuration, without a result
--- flow
main::gone_wrong();
my %end = map { +"exit $_" => 'conversion_failed' } 0 .. 255;
$end{"exit $_"} = 'server_failed' for 64, 69, 71, 72, 78, 126, 127;
@end{map "exit $_", 65, 66, 77, 75} = qw(corrupt_document empty_document password_required converter_crashed);
main::ends_are(\%end, 'the end of each');



=== TEST 2: and with a result: only 0 means that it is one
--- flow
my %end = map { +"convert_exit $_" => 'conversion_failed' } 1, 2, 63, 83, 84, 97, 255;
$end{"convert_exit $_"} = 'server_failed' for 64, 69, 71, 72, 78, 126, 127;
$end{'convert_exit 0'} = 'SUCCESS';
main::ends_are(\%end, 'the end of each');



=== TEST 3: each signal
--- flow
my %end = map { +"signal $_" => 'converter_crashed' } 1 .. 31, 34 .. 64;
$end{"signal $_"} = 'conversion_failed' for 17, 18, 23, 28;  # end no process
$end{"signal $_"} = 'conversion_timeout' for 19 .. 22, 24;   # stop it, or say that its time is over
$end{'signal 25'} = 'too_large_output';
main::ends_are(\%end, 'the end of each');



=== TEST 4: whatever may lie where the result should be
--- flow
my %end = map { $_ => 'conversion_failed' } 'nothing', 'fifo', 'socket', 'symlink', 'loop', 'twice',
    'directory', 'gone', 'log', 'closed', 'sparse 3';
$end{$_} = 'too_large_output' for 'much', 'talk', 'sparse 5', 'sparse 4000000';
$end{$_} = 'SUCCESS' for 'silent', 'fork';
$end{$_} = 'conversion_timeout' for 'hang', 'spin', 'fork_hang';
main::ends_are(\%end, 'the end of each');
ok eventually(10, sub { !main::running() }), 'and no process is left';



=== TEST 5: Platen's own programs, gone wrong in the same ways
--- flow
my %end = map { $_ => 'conversion_failed' } 'exit 0', 'exit 13', 'nothing', 'symlink', 'directory', 'gone';
$end{"exit $_"} = 'server_failed' for 1 .. 9, 64 .. 78, 126, 127, 255;
$end{fifo} = 'server_failed'; # it may make none, and ends with 1
@end{map "exit $_", 10, 14, 17, 18} = qw(corrupt_document out_of_memory empty_document too_large_output);
@end{'signal 6', 'signal 9', 'signal 31', 'hang'} = (('converter_crashed') x 3, 'conversion_timeout');
my %id = map { $_ => submit(content => "EVIL:$_\na,b\n", name => 'a.csv', to => 'json')->{job_id} } keys %end;
is_deeply { map { $_ => main::end_of($id{$_}) } keys %id }, \%end, 'tables';

my %zip = ('exit 0' => 'corrupt_document', 'exit 11' => 'corrupt_document', 'exit 13' => 'server_failed',
    'exit 78' => 'conversion_failed', 'exit 127' => 'conversion_failed', 'signal 9' => 'converter_crashed',
    'gone' => 'corrupt_document');
%id = map { $_ => json_of(http(POST => '/jobs?to=pdf&filename=a.zip',
    content => zip_of("EVIL:$_.txt", 'text')))->{job_id} } keys %zip;
is_deeply { map { $_ => main::end_of($id{$_}) } keys %id }, \%zip, 'archives';
unlike platend_log(), qr/claiming paused/, 'nothing was paused';



=== TEST 6: meanwhile another client has its turns
--- flow
platend_stop();
my $from = length platend_log();
my @wrong = map { main::told($_) } map({ +"exit $_" } 1 .. 60), map({ +"exit $_" } (64 .. 78, 126, 127) x 3),
    map({ +"signal $_" } (6, 9, 11, 31) x 3), 'much', 'talk', 'fifo', 'symlink', 'hang', 'spin', 'fork_hang';
my @right = map { submit(content => "<p>$_\n", name => 'a.html', to => 'pdf', key => 'bob')->{job_id} } 1 .. 12;
main::gone_wrong();
is wait_job($_, 120, key => 'bob')->{status}, 'SUCCESS', 'converted' for @right;
main::end_of($_) for @wrong;
my %bobs = map { $_ => 1 } @right;
my @order = map { $bobs{$_->{job_id}} ? 'b' : 'a' } sort { $a->{started_at} cmp $b->{started_at} }
    map({ job($_) } @wrong), map { job($_, key => 'bob') } @right;
my ($until_last) = join('', @order) =~ /^(.*b)/;
diag "order: $until_last" unless cmp_ok $until_last =~ tr/a//, '<=', 12 + 4,
    'in turns: when the last of them began, no more of the others had';
unlike substr(platend_log(), $from), qr/claiming paused/, 'nothing was paused';



=== TEST 7: a program that cannot be executed keeps no one else from his work
--- flow
platend_stop();
spew("$Var/missing", "no program\n");
chmod 0755, "$Var/missing";
main::gone_wrong('engine/wrong/command' => "$Var/missing {input} {output}");
my $from = length platend_log();
my @wrong = map { main::told('nothing') } 1 .. 20;
my @right = map { submit(content => "<p>$_\n", name => 'a.html', to => 'pdf', key => 'bob')->{job_id} } 1 .. 5;
is wait_job($_, 60, key => 'bob')->{status}, 'SUCCESS', 'converted' for @right;
like job($wrong[0])->{status}, qr/^(?:PENDING|PROCESSING)\z/, 'what cannot run waits';
unlike substr(platend_log(), $from), qr/claiming paused/, 'and pauses nothing';
http(DELETE => "/jobs/$_") for @wrong;



=== TEST 8: a document that no filter has thought of is the document's matter
--- flow
plan(skip_all => 'no pandoc') unless -x '/usr/bin/pandoc';
platend_stop();
platend_start(map { +"engines/$_/enabled" => 0 } qw(lok soffice));
my $from = length platend_log();
for my $size ('1e400', '-1e400', '1e300', '-1', 'nan', 'inf', '0x1p2000', '9' x 400) {
    my $html = qq{<div id="page0"><p><img src="x" width="$size" height="$size"></p></div>};
    my $job = wait_job(submit(content => $html, name => 'a.html', to => 'md')->{job_id});
    is "$job->{status} $job->{attempts}", 'SUCCESS 1', "width $size";
}
unlike substr(platend_log(), $from), qr/claiming paused|left as it was/, 'nothing was paused';
