package PlatenBench::Store;

# The store: what durability costs, and what a full store costs.

use strict;
use warnings;

use Exporter 'import';
use File::Path qw(remove_tree);
use Cpanel::JSON::XS ();
use LWP::UserAgent;
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Http;
use PlatenBench::Web;

our @EXPORT = qw(bench_commits bench_read bench_start);


# --- commits -----------------------------------------------------------------

# Commits of a store up to now.
sub commits {
    my ($web) = @_;

    return (capture('mdb_stat', '-e', "$web->{home}/store") =~ /Last transaction ID: (\d+)/)[0];
}

# One round of uploads; what it wrote is gone and the disk at rest after it.
sub accepts {
    my ($set, $web, $connections) = @_;
    my $before = commits($web);
    my $got = wrk($web, connections => $connections, seconds => $set->{seconds}, method => 'POST',
                  path => '/jobs?to=docx&filename=a.pdf', body => "$dir/pdf", type => 'application/pdf');
    $got->{commits} = (commits($web) - $before) / $got->{n};
    clear_uploads($web);
    return $got;
}

# POST /jobs of 100 KiB beside the same with platen_sync off; then the commits of LMDB that an
# accepted job takes, at 1 to 128 at once.
sub bench_commits {
    my (%set) = @_;

    make_pdf("$dir/pdf", 100 * 1024);
    my ($synced, $not) = map { start_web("sync-$_", http => "    platen_sync $_;") } qw(on off);
    my ($ours) = pairs(\%set, 'accept 100 KiB, 32 at once', 'platen_sync off', '>= 0.5',
                       map { my $web = $_; sub { accepts(\%set, $web, 32) } } $synced, $not);
    figure(name => 'its p99, beside its p50', unit => 'ms', ours => [map { $_->{p99} } @$ours],
           beside => [map { $_->{p50} } @$ours], against => 'p50',
           ratios => [map { $_->{p99} / $_->{p50} } @$ours], aim => '<= 5');

    my @load = map { [$_, accepts(\%set, $synced, $_)] } 1, 4, 32, 128;
    print_table(map { my ($n, $got) = @$_;
                      ["$n at once", sprintf('%.0f /s', $got->{rate}),
                       sprintf('%.1f ms p50, %.1f ms p99', @$got{qw(p50 p99)}),
                       sprintf('%.3f commits a job', $got->{commits})] } @load);
    my ($one, $many) = ($load[0][1]{commits}, $load[-1][1]{commits});
    figure(name => 'commits a job, at 128 at once', unit => '', ours => [$many], beside => [$one],
           against => 'one at a time', ratios => [$many / $one], aim => '<= 1.0');
    stop_web($synced, $not);
}


# --- read --------------------------------------------------------------------

# Ids from the whole list, one in `step`.
sub ids_of {
    my ($server, $step) = @_;
    my $ua = LWP::UserAgent->new(keep_alive => 1);
    my ($cursor, $i, @ids) = ('', 0);

    do {
        my $response = $ua->get("http://127.0.0.1:$server->{port}/jobs?limit=100$cursor", 'X-API-Key' => 'bench-key');
        die $response->as_string unless $response->is_success;
        my $page = Cpanel::JSON::XS::decode_json($response->content);
        push @ids, map { $_->{job_id} } grep { $i++ % $step == 0 } @{ $page->{jobs} };
        $cursor = defined $page->{next_cursor} ? "&cursor=$page->{next_cursor}" : '';
    } while $cursor;
    return @ids;
}

sub bench_read {
    my (%option) = @_;
    my @sides;

    for (['few', 1000], ['many', $option{jobs}]) {
        my ($name, $n) = @$_;
        make_jobs($name, $n);
        my $server = start_web($name);
        my @ids = ids_of($server, $n < 10_000 ? 1 : int($n / 10_000));
        spew("$dir/$name.ids", map { "$_\n" } @ids);
        push @sides, $server;
    }
    my $n = $option{jobs} =~ s/(?<=\d)(?=(?:\d{3})+$)/,/gr;
    my $random = sub { <<"END" };
local ids = {}
for line in io.lines("$dir/$_[0]{name}.ids") do ids[#ids + 1] = "/jobs/" .. line end
function request() return wrk.format("GET", ids[math.random(#ids)]) end
END

    for (['status of a random job', $random, '/'], ['list of 20 jobs', sub { '' }, '/jobs?limit=20'],
         ['list of 20 of a state', sub { '' }, '/jobs?limit=20&status=PENDING']) {
        my ($what, $script, $path) = @$_;
        my (@few, @many, @ratio);

        my $side = sub {
            my ($web) = @_;
            return wrk($web, connections => 2, seconds => $option{seconds}, script => $script->($web), path => $path);
        };
        $side->($_) for @sides;
        for (1 .. $option{pairs}) {
            push @few, $side->($sides[0]);
            push @many, $side->($sides[1]);
            push @ratio, $many[-1]{p99} / $few[-1]{p99};
        }
        print "$what, 2 at once: $option{pairs} pairs of 2 x $option{seconds} s, median (min .. max)\n";
        print_table(map { my ($name, @of) = @$_;
                          [$name, map { my $f = $_; spread($f->[1], map { $_->{ $f->[0] } } @of) . " $f->[2]" }
                           ['rate', '%.0f', '/s'], ['p50', '%.2f', 'ms p50'], ['p99', '%.2f', 'ms p99']] }
                    ["$n jobs", @many], ['1,000 jobs', @few]);
        figure(name => "p99, $what, $n jobs", unit => 'ms', ours => [map { $_->{p99} } @many],
               beside => [map { $_->{p99} } @few], against => '1,000 jobs', ratios => \@ratio, aim => '<= 1.5');
    }
    stop_web(@sides);
}


# --- start -------------------------------------------------------------------

# Seconds from the start of platend: ready, the first job claimed, the first finished.
sub first_job {
    my ($set, $name) = @_;
    my $home = "$dir/$name";

    spew("$home/platend.cfg", <<"END");
workers = 2
sandbox = "available"
store
    path = "$home/store"
data
    path = "$home/data"
queue
    endpoint = "ipc://$home/hints"
engines
    libexec = "$set->{build}"
log
    level = debug
END
    unlink "$home/log";
    capture('sync', '-f', $dir);
    my ($began, %at) = time();
    my $pid = start("$home/log", "$set->{build}/platend", '-c', "$home/platend.cfg");
    while (time() - $began < 60 && !$at{'job finished'}) {
        die "platend ended:\n", slurp("$home/log") if ended($pid);
        my $log = slurp("$home/log");
        for ('ready', 'job claimed', 'job finished') {
            $at{$_} //= time() - $began if index($log, "\"msg\":\"$_\"") >= 0 || index($log, "\"msg\": \"$_\"") >= 0;
        }
        sleep 0.005;
    }
    stop($pid);
    die "no job was finished:\n", substr slurp("$home/log"), -4000 unless $at{'job finished'};
    return \%at;
}

sub bench_start {
    my (%option) = @_;
    my $sample = $option{samples}[0];
    my $rounds = $option{pairs} < 5 ? $option{pairs} : 5;
    my (@full, @one, @ratio);

    make_jobs('full', "$option{pending}:$sample");
    for (1 .. $rounds) {
        push @full, first_job(\%option, 'full');
        remove_tree("$dir/one");
        make_jobs('one', "1:$sample");
        push @one, first_job(\%option, 'one');
        push @ratio, $full[-1]{'job finished'} / $one[-1]{'job finished'};
    }
    my $n = $option{pending} =~ s/(?<=\d)(?=(?:\d{3})+$)/,/gr;
    print "start of platend, $rounds times each in turn, seconds, median (min .. max)\n";
    print_table(map { my ($name, @of) = @$_;
                      [$name, map { my $what = $_; "$what " . spread('%.2f', map { $_->{$what} } @of) }
                       'ready', 'job claimed', 'job finished'] }
                ["$n DOCX waiting", @full], ['one', @one]);
    figure(name => "first of $n finished, from platend's start", unit => 's',
           ours => [map { $_->{'job finished'} } @full], beside => [map { $_->{'job finished'} } @one],
           against => 'one waiting', aim => '<= 2');
}

1;
