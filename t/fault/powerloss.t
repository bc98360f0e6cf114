# fault 10: the power fails: at every sync that ends, three images of what the disk may hold
# (t/lib/PlatenReplay.pm), recorded from a run of nginx and platend under load
# (t/fault/record.c, which says what it cannot see).  In each of them the store opens, each job
# that was answered 202 by then is there with its document, and each SUCCESS with its result;
# some are started again as a whole.
#
#   PLATEN_IMAGES=N    syncs to look at, evenly spread (200); 0: all of them
#   PLATEN_SEED=N      of what is torn

use strict;
use warnings;

use lib 't/lib';

use Digest::SHA qw(sha256_hex);
use Fcntl qw(O_WRONLY O_APPEND O_CREAT);
use File::Path qw(make_path);
use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep);

use PlatenReplay;
use PlatenServer;

my $seed = $ENV{PLATEN_SEED} // time;
my $limit = $ENV{PLATEN_IMAGES} // 200;
my $temp = File::Temp->newdir('platen-power-XXXXXX', DIR => '/var/tmp');
my ($volume, $record) = ("$temp/volume", "$temp/record");
mkdir $volume or die $!;
diag "PLATEN_SEED=$seed";

# --- the replay itself -----------------------------------------------------

# Two threads sync a directory at a time, and the one that began later has ended: what it has seen is durable.
{
    open my $out, '>:raw', $record or die "$record: $!";
    for (['B', 1, $volume, 1], ['M', 0, "$volume/d", 2], ['E', 1, $volume, 1], ['B', 1, $volume, 1], ['E', 1, $volume, 1],
        ['B', 1, "$volume/d", 2], ['C', 0, "$volume/d/f", 3], ['B', 2, "$volume/d/f", 3], ['E', 2, "$volume/d/f", 3],
        ['B', 2, "$volume/d", 2], ['E', 2, "$volume/d", 2]) {
        my ($kind, $thread, $path, $inode) = @$_;
        print {$out} pack('L A Q Q L', 21 + length $path, $kind, $inode, $thread, length $path) . $path;
    }
    close $out or die $!;
    my $replay = PlatenReplay->new($record, $volume);
    1 while $replay->step;
    is_deeply [sort keys %{ $replay->image('strict') }], [$volume, "$volume/d", "$volume/d/f"], 'two syncs of a directory at a time';
    unlink $record or die $!;
}

# --- a run, recorded -------------------------------------------------------

my $server = PlatenServer->new(dir => "$temp/server", store => "$volume/store", data => "$volume/data", workers => 2,
    settings => { 'reaper/interval' => 1 }, api => "platen_signing_key $temp/signing;");
PlatenServer::spew("$temp/signing", "this-key-signs-urls-in-these-tests\n");
{
    local $ENV{PLATEN_RECORD} = $record;
    local $ENV{PLATEN_RECORD_DIR} = $volume;
    local $ENV{LD_PRELOAD} = "$PlatenServer::Build/fault_record.so";
    $server->nginx_start;
    $server->platend_start;
}

# Like the library's own records: what a client was answered, after it was.
sub mark {
    my ($what, $digest) = @_;
    sysopen my $out, $record, O_WRONLY | O_APPEND | O_CREAT or die "$record: $!";
    my $rest = $what . $digest;
    syswrite $out, pack('L A Q Q L', 21 + length $rest, 'A', 0, 0, length $what) . $rest or die $!;
}

# One that is announced, uploaded and enqueued.
sub document {
    my ($body) = @_;
    my $made = $server->http(POST => '/documents/initiate-upload', 'Content-Type' => 'application/json',
        content => '{"filename":"a.txt","content_type":"text/plain"}');
    my $id = $made->code == 201 ? Cpanel::JSON::XS->new->decode($made->content)->{document_id} : return;
    return if $server->http(PUT => "/documents/$id/content", 'Content-Type' => 'text/plain', content => $body)->code != 204;
    mark($id, sha256_hex($body));
    $server->http(POST => "/documents/$id/enqueue");
}

my @clients;
for my $n (1 .. 3) {
    my $pid = fork // die "fork: $!";
    if ($pid) { push @clients, $pid; next }
    my @mine;
    for my $i (1 .. 12) {
        # Every third is one that others send, too: answered from an earlier result.
        my $body = $i % 3 ? "client $n document $i\n" x (1 + 700 * ($i % 4)) : "shared $i\n";
        my $response = $server->http(POST => '/jobs?to=pdf&filename=a.txt' . ($i % 5 ? '' : '&ttl=1'), content => $body);
        next unless $response->code == 202;
        my $id = Cpanel::JSON::XS->new->decode($response->content)->{job_id};
        mark($i % 5 ? $id : "mortal $id", sha256_hex($body));
        document("client $n document $i\n") if $i % 4 == 1;
        push @mine, $id;
        sleep 0.1 if $i % 4 == 0;
        if ($i % 6 == 0) {
            my $old = shift @mine;
            mark("delete $old", ''); # from here on it may be gone
            $server->http(DELETE => "/jobs/$old");
        }
    }
    POSIX::_exit(0);
}
waitpid $_, 0 for @clients;
PlatenServer::eventually(60, sub { !grep { $_->{status} =~ /PENDING|PROCESSING/ } values %{ $server->jobs } })
    or fail 'jobs that do not end';
PlatenServer::eventually(60, sub { $server->platend_said =~ /"expired jobs removed"/ }) or fail 'none expires';
is $server->platend_stop, 0, 'the run is over';
$server->nginx_stop;

# --- images ----------------------------------------------------------------

my $total = 0;
{
    my $replay = PlatenReplay->new($record, $volume);
    while ($replay->step) { $total++ if $replay->{kind} eq 'E' }
}
cmp_ok $total, '>', 100, "$total syncs are recorded";
my $every = $limit && $total > $limit ? $total / $limit : 1;

my $image = PlatenServer->new(dir => "$temp/image", store => "$temp/image/store");
mkdir $image->{store} or die $!;
my (%answered, %released, %seen, @again);
my ($syncs, $next, $images, $jobs_seen, $successes) = (0, 0, 0, 0, 0);
my $random = do { srand $seed; sub { rand } };
my @wrong;

my $replay = PlatenReplay->new($record, $volume);
while ($replay->step) {
    if ($replay->{kind} eq 'A') {
        my ($word, $id) = $replay->{path} =~ /^(?:(delete|mortal) )?(\S+)\z/;
        $answered{$id} = $replay->{data} unless ($word // '') eq 'delete';
        $released{$id} = 1 if $word;
    }
    next if $replay->{kind} ne 'E' || ++$syncs < $next;
    $next += $every;
    for my $form (qw(strict all torn)) {
        my $tree = $replay->image($form, $random);
        push @wrong, map "sync $syncs, $form: $_", look_at($tree);
        $images++;
    }
    push @again, { at => $syncs, answered => {%answered}, released => {%released}, tree => $replay->image($_, $random), form => $_ }
        for !@again || $syncs >= $total * @again / 4 ? (qw(strict torn))[@again % 2] : ();
}
is_deeply [@wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]], [], "$images images, of $syncs syncs: nothing is wrong, of @{[scalar @wrong]}";
cmp_ok $jobs_seen, '>', 20 * @again, "jobs were in them: $jobs_seen";
cmp_ok $successes, '>', 100, "results were in them: $successes";

# What is wrong with one.
sub look_at {
    my ($tree) = @_;
    my $bytes = $tree->{"$volume/store/data.mdb"};

    if (!defined $bytes || $bytes eq '') {
        return %answered ? 'there is no store' : ();
    }
    unlink "$image->{store}/lock.mdb";
    PlatenServer::spew("$image->{store}/data.mdb", $bytes);
    my $jobs = eval { $image->jobs } or return %answered ? "the store does not open: $@" : ();
    my @found;
    for my $id (sort keys %answered) {
        push @found, "$id was answered and is not there" if !$jobs->{$id} && !$released{$id};
    }
    for my $id (sort keys %$jobs) {
        my $job = $jobs->{$id};
        my $input = $tree->{ $server->input_path($id) };
        $jobs_seen++;
        # only announced: it has no bytes yet, or none that were answered for
        next if $job->{status} eq 'INITIATED' && !exists $answered{$id} && $job->{input} eq '-';
        push @found, "$id has another digest than was sent" if exists $answered{$id} && $job->{input} ne $answered{$id};
        push @found, "$id has no document" if !defined $input;
        push @found, "$id has another document" if defined $input && sha256_hex($input) ne $job->{input};
        next unless $job->{status} eq 'SUCCESS';
        my $output = $tree->{ $server->output_path($id, $job->{epoch}) };
        $successes++;
        push @found, "$id is SUCCESS and has no result" if !defined $output;
        push @found, "$id has another result" if defined $output && sha256_hex($output) ne $job->{output};
    }
    return @found;
}

# --- some of them, started again -------------------------------------------

for my $n (1 .. $#again) {
    my $case = $again[$n];
    subtest "fault 10: started again after sync $case->{at}, $case->{form}" => sub {
        my $dir = "$temp/again-$n";
        my $again = PlatenServer->new(dir => $dir, store => "$dir/volume/store", data => "$dir/volume/data",
            settings => { 'reaper/interval' => 1, 'reaper/orphan_age' => 1, 'reaper/orphan_interval' => 1 });
        for my $path (sort keys %{ $case->{tree} }) {
            my $to = "$dir/volume" . substr $path, length $volume;
            defined $case->{tree}{$path} ? PlatenServer::spew($to, $case->{tree}{$path}) : make_path($to);
        }
        unlink "$dir/volume/store/lock.mdb";
        $again->nginx_start;
        $again->platend_start;
        my $jobs;
        ok PlatenServer::eventually(60, sub { $jobs = $again->jobs; !grep { $_->{status} !~ /\A(?:SUCCESS|INITIATED)\z/ } values %$jobs }),
            'every job ends with success' or diag join ' ', map $_->{status}, values %$jobs;
        is_deeply [grep { !$jobs->{$_} && !$case->{released}{$_} } sort keys %{ $case->{answered} }], [], 'none is lost';
        my @bad = grep { my $r = $again->http(GET => "/jobs/$_/download"); $r->code != 200 || sha256_hex($r->content) ne $jobs->{$_}{output} }
            grep { $again->jobs->{$_} } grep { $jobs->{$_}{status} eq 'SUCCESS' } sort keys %$jobs;
        is_deeply [grep { $again->jobs->{$_} } @bad], [], 'each can be fetched';
        my $more = $again->submit("after it\n");
        is $more->code, 202, 'another one is taken';
        ok PlatenServer::eventually(20, sub { !grep { $_->{status} !~ /\A(?:SUCCESS|INITIATED)\z/ } values %{ $again->jobs } }), 'and converted';
        ok PlatenServer::eventually(20, sub { !$again->orphans($again->jobs) }), 'no file is left that no job names';
        $again->stop;
    };
}
done_testing();
