# Films and sounds that a document names: nothing plays them, and a page shows a sign in their place.

use lib 't/lib';
use TestPlaten;
use Hostile;
use HostileLinks;

our @Carriers = grep { $_->[0] =~ /^(?:pptx: film|od[tsp]: plug-in|odp: sound)$/ } carriers();

run_tests();

__DATA__

=== TEST 1: by a warm LibreOffice, and by one that is started for each
--- timeout: 300
--- flow
is scalar @::Carriers, 5, 'documents with films and sounds';
for my $warm (1, 0) {
    platend_start('limits/wall_clock' => 60, 'limits/attempts' => 1, 'engines/lok/enabled' => $warm);
    my @some = $warm ? @::Carriers : grep { $_->[1] =~ /p/ } @::Carriers;
    my @jobs = map [$_->[0], submit(content => $_->[3]->('http://127.0.0.1:9/film.mp4'), name => "a.$_->[1]", to => 'pdf')->{job_id}], @some;
    for (@jobs) {
        my $job = wait_job($_->[1], 200);
        is "$job->{status} @{ $job->{engines} }", $warm ? 'SUCCESS lok' : 'SUCCESS soffice', $_->[0] or diag $job->{error};
        like text_of($job->{download_url} ? get($job->{download_url})->content : ''), qr/before/, 'with its text';
    }
    platend_stop();
}
