# A result answers for the same submission again: when, for whom, for how long.

use lib 't/lib';
use TestPlaten;

our $Cache = $HttpConfig =~ s/platen_result_cache off;/platen_result_cache on;/r;
our $Rtf = "{\\rtf1 one text}";
our $Short = "$Cache platen_job_ttl 3s;";

# Submits one text and waits; "cached" or the engine's "converted", with its bytes.
sub ask {
    my (%arg) = @_;
    my $job = submit(content => "one text\n", name => 'a.txt', to => 'pdf', %arg);
    my $at_once = $job->{status};
    $job = wait_job($job->{job_id}, 30, key => $arg{key} // 'alice') if $job->{status} ne 'SUCCESS';
    return ($job->{cached} ? "cached $at_once" : 'converted', $job);
}

sub body_of { my ($job, $key) = @_; return get($job->{download_url}, key => $key // 'alice') }

# How many names the result of a job has.
sub links { my ($job) = @_; return (stat((grep m{/\Q$job->{job_id}\E}, files_below("$Var/data/output"))[0]))[3] }

run_tests();

__DATA__

=== TEST 1: the same again is answered at once
--- http_config eval: $::Cache
--- flow
platend_start();
my ($how, $first) = main::ask();
is $how, 'converted', 'the first time it is converted';
ok !$first->{cached}, 'and says so';
($how, my $second) = main::ask();
is $how, 'cached SUCCESS', 'the second time it is there at once';
isnt $second->{job_id}, $first->{job_id}, 'as a job of its own';
my ($a, $b) = map main::body_of($_), $first, $second;
is $b->code, 200, 'its download';
is sha256_hex($b->content), sha256_hex($a->content), 'is the same bytes';
is $b->header('ETag'), $a->header('ETag'), 'and ETag';
is main::links($second), 2, 'of one file';
is $second->{$_}, $first->{$_}, $_ for qw(output_size attempts);
is job($second->{job_id})->{cached}, Cpanel::JSON::XS::true, 'the job says so later, too';
my ($head) = grep /"$second->{job_id}"/, split /\n/, platend_log();
is $head, undef, 'platend has had nothing to do with it';



=== TEST 2: what differs is converted
--- http_config eval: $::Cache
--- flow
for (['another client', key => 'bob'], ['another target', to => 'odt'], ['an option', fields => [pages => '1']],
     ['other bytes', content => "another text\n"]) {
    my ($what, @arg) = @$_;
    is((main::ask(@arg))[0], 'converted', $what);
    is((main::ask(@arg))[0], 'cached SUCCESS', 'which is remembered in its turn');
}
is((main::ask(name => 'b.txt'))[0], 'cached SUCCESS', 'another name of the file makes no difference');
is((main::ask(content => $main::Rtf, name => 'a.rtf'))[0], 'converted', 'a document that may say its name');
is((main::ask(content => $main::Rtf, name => $_->[0]))[0], $_->[1], $_->[0]) for ['b.rtf', 'converted'], ['a.rtf', 'cached SUCCESS'];
my $of_bob = (main::ask(key => 'bob'))[1];
is get("/jobs/$of_bob->{job_id}")->code, 404, 'a cached job is its own client\'s only';



=== TEST 3: what needs a password is not remembered
--- http_config eval: $::Cache
--- flow
my @arg = (fields => [output_password => 'geheim']);
is((main::ask(@arg))[0], 'converted', 'once') for 1 .. 2;



=== TEST 4: a failure is not remembered
--- http_config eval: $::Cache
--- flow
my @arg = (fields => [pages => '77']);
for (1 .. 2) {
    my ($how, $job) = main::ask(@arg);
    is "$how $job->{status}", 'converted FAILED', 'tried';
}



=== TEST 5: the first job goes, its copies stay
--- http_config eval: $::Cache
--- flow
my @arg = (content => "text of a job that is removed\n");
my ($first, $second) = map { (main::ask(@arg))[1] } 1 .. 2;
is http(DELETE => "/jobs/$first->{job_id}")->code, 204, 'removed';
is main::body_of($second)->code, 200, 'the copy is still there';
is((main::ask(@arg))[0], 'converted', 'and the next one is converted: a copy is no source');



=== TEST 6: a result whose file is gone does not answer
--- http_config eval: $::Cache
--- flow
my @arg = (content => "text of a result that is lost\n");
my ($how, $first) = main::ask(@arg);
unlink grep m{/\Q$first->{job_id}\E}, files_below("$::Var/data/output");
is((main::ask(@arg))[0], 'converted', 'it is made anew');



=== TEST 7: no longer than its time to live
--- http_config eval: $::Short
--- flow
my @arg = (content => "text of a short life\n");
is((main::ask(@arg))[0], 'converted', 'the first');
my @how;
ok eventually(30, sub { push @how, (main::ask(@arg))[0]; $how[-1] eq 'converted' }), 'not for ever, though copies are made meanwhile';
pop @how;
is $how[0], 'cached SUCCESS', 'within the time';
is_deeply [grep { $_ ne 'cached SUCCESS' } @how], [], 'and all of it';



=== TEST 8: switched off
--- flow
is((main::ask())[0], 'converted', 'always') for 1 .. 2;
platend_stop();
