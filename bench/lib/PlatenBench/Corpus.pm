package PlatenBench::Corpus;

# Many documents, several at a time: Platen beside long-lived soffice over UNO and beside
# the stacks of bench/peers, how fast each is and what each converts.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use Time::HiRes qw(time);

use PlatenBench;
use PlatenBench::Peers;
use PlatenBench::Server;
use PlatenBench::Stacks;

our @EXPORT = qw(bench_corpus documents some_of round_platen);

my @kinds = qw(docx doc odt rtf pptx ppt odp xlsx xls ods);

sub documents {
    my ($corpus) = @_;
    my %is = map { $_ => 1 } @kinds;

    opendir my $dh, $corpus or die "$corpus: $!\n";
    return map { "$corpus/$_" } sort grep { /\.(\w+)$/ && $is{$1} } readdir $dh;
}

# Each round: { seconds, said => { file => 'ok' or why not }, restarts }.
sub round_platen {
    my (@files) = @_;
    my @pids = platen_pids();
    my $cpu = cpu_of(@pids);
    my $began = time();
    my @jobs = map { submit($_) } @files;

    @jobs = wait_jobs(0.02, @jobs);
    my %round = (seconds => time() - $began, cpu => cpu_of(@pids) - $cpu);
    die "not converted again: results were cached\n" if grep { $_->{cached} } @jobs;
    for (0 .. $#files) {
        $round{said}{$files[$_]} = $jobs[$_]{status} eq 'SUCCESS' ? 'ok'
                                   : $jobs[$_]{error_code} // $jobs[$_]{status};
    }
    return \%round;
}

# The stacks over HTTP: FastAPI with a soffice for each, UNO behind HTTP, Celery.
sub round_stack {
    my ($set, $stack, @files) = @_;
    my @pids = stack_pids($stack);
    my $cpu = cpu_of(@pids);
    my $began = time();
    my $said = $stack->{tasks} ? stack_each_job($stack, @files)
                               : stack_convert($stack, $set->{workers}, @files);

    return { seconds => time() - $began, cpu => cpu_of(@pids) - $cpu, said => $said };
}

sub round_uno {
    my ($peer, @files) = @_;
    my (%round, %out);
    my $number = 0;
    my $cpu = cpu_of(tree($peer->{pid}));

    spew("$dir/uno.list", map { $out{$_} = "$dir/uno/out-" . $number++ . '.pdf'; "$_\t$out{$_}\n" }
                          @files);
    my @said = split /\t/, ask($peer, "$dir/uno.list");
    while (@said == 2) {
        my ($file, $what) = @said;
        $round{said}{$file} = $what ne 'ok' ? $what : is_pdf($out{$file}) ? 'ok' : 'no PDF';
        @said = split /\t/, answer($peer);
    }
    (undef, @round{qw(seconds restarts)}, my @pids) = split ' ', $said[0];
    $round{pids} = \@pids;
    # One that has died has left its time to its parent, with that of its start.
    $round{cpu} = cpu_of(tree($peer->{pid})) - $cpu;
    unlink glob "$dir/uno/out-*";
    return \%round;
}

sub converted { scalar grep { $_ eq 'ok' } values %{ $_[0]{said} } }

# Every so many, so that each kind is among them.
sub some_of {
    my ($n, @files) = @_;

    return @files if $n >= @files;
    return @files[map { int($_ * @files / $n) } 0 .. $n - 1];
}

# Rounds of Platen and a peer, in turn, with the same files.
sub against {
    my ($set, $name, $aim, $pairs, $peer, @files) = @_;
    my $n = @files;
    my (@ours, @theirs, @cpu, %last);

    for my $pair (1 .. $pairs) {
        for my $side ($pair % 2 ? qw(platen peer) : qw(peer platen)) {
            my $round = $last{$side} = $side eq 'platen' ? round_platen(@files) : $peer->(@files);
            push @{ $side eq 'platen' ? \@ours : \@theirs }, $n / $round->{seconds};
            push @{ $cpu[$side eq 'peer'] }, $round->{cpu} / $n;
        }
    }
    my ($we, $they) = map { converted($last{$_}) } qw(platen peer);
    printf "corpus: %d documents, %d at a time; converted %d, %s %d; CPU s a document %.3f beside %.3f\n",
        $n, $set->{workers}, $we, $name, $they, map { median(@$_) } @cpu;
    for my $file (@files) {
        my ($a, $b) = map { $last{$_}{said}{$file} } qw(platen peer);
        printf "  %s: Platen %s, the peer %s\n", basename($file), $a, substr $b, 0, 60
            if ($a eq 'ok') != ($b eq 'ok');
    }
    figure(name => "mixed corpus, $set->{workers} at a time", unit => '/s', ours => \@ours, beside => \@theirs,
           against => $name, ratios => [map { $ours[$_] / $theirs[$_] } 0 .. $#ours],
           cpu_s => [map { median(@$_) } @cpu], documents => $n, converted => [$we, $they],
           defined $aim ? (aim => $aim) : ());
}

# The documents of `corpus`, `workers` at a time; fewer of them for the slow ones.
sub bench_corpus {
    my (%set) = @_;
    my @files = some_of($set{corpus_files}, documents($set{corpus}));
    my @few = some_of($set{corpus_few}, @files);

    mkdir "$dir/uno";
    my $peer = start_peer($set{python}, "$set{top}/bench/peers/uno_lines.py", "$set{office}/soffice.bin",
                          "$dir/uno", $set{workers}, $set{limit});
    # What each needs once: profiles, modules in the page cache.
    round_uno($peer, (@{ $set{samples} }) x 2);
    round_platen(@{ $set{samples} });
    against(\%set, 'UNO pair, no HTTP', '>= 1.15', $set{pairs_corpus}, sub { round_uno($peer, @_) }, @files);
    stop($peer->{pid});
    return unless $set{peers};

    for (['UNO pair behind HTTP', undef, \&start_uno_http, \@files],
         ['FastAPI + soffice', '>= 4', \&start_fastapi, \@few],
         ['Celery stack', '>= 4', \&start_celery, \@few]) {
        my ($name, $aim, $start, $of) = @$_;
        my $stack = $start->(%set);
        round_stack(\%set, $stack, (@{ $set{samples} }) x 2);
        against(\%set, $name, $aim, 2, sub { round_stack(\%set, $stack, @_) }, @$of);
        stop_stack($stack);
    }
}

1;
