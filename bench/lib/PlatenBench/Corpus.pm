package PlatenBench::Corpus;

# All documents, several at a time: Platen, loops of soffice and long-lived
# soffice over UNO, how fast each is and what each converts.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use File::Path ();
use Time::HiRes qw(time sleep);

use PlatenBench;
use PlatenBench::Figures;
use PlatenBench::Peers;
use PlatenBench::Server;

our @EXPORT = qw(bench_corpus);

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

# Of our own children that have ended.
sub children_cpu { (times)[2] + (times)[3] }

sub round_soffice {
    my ($set, @files) = @_;
    my (%running, %round, @free);
    my $number = 0;
    my $cpu = children_cpu();
    my $began = time();

    @free = (1 .. $set->{workers});
    while (@files || %running) {
        if (@files && @free) {
            my $file = shift @files;
            my $slot = shift @free;
            my $out = "$dir/soffice/" . $number++;
            my $pid = soffice_start("profile-$slot", $file, $out);
            $running{$pid} = { file => $file, slot => $slot, out => $out,
                               until => time() + $set->{limit} };
            next;
        }
        for my $pid (keys %running) {
            my $run = $running{$pid};
            kill KILL => -$pid if time() > $run->{until};
            next unless ended($pid);
            $round{said}{$run->{file}} = is_pdf(pdf_of($run->{out}, $run->{file})) ? 'ok'
                                         : time() > $run->{until} ? 'timed out' : 'refused';
            push @free, $run->{slot};
            delete $running{$pid};
        }
        sleep 0.005;
    }
    @round{qw(seconds cpu)} = (time() - $began, children_cpu() - $cpu);
    File::Path::remove_tree("$dir/soffice", { keep_root => 1 });
    return \%round;
}

sub round_uno {
    my ($peer, @files) = @_;
    my (%round, %out);
    my $number = 0;
    my $cpu = cpu_of(tree($peer->{pid}));

    spew("$dir/uno.list", map { $out{$_} = "$dir/uno/" . $number++ . '.pdf'; "$_\t$out{$_}\n" }
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
    File::Path::remove_tree("$dir/uno", { keep_root => 1 });
    return \%round;
}

sub converted { scalar grep { $_ eq 'ok' } values %{ $_[0]{said} } }

# What was not converted, by reason: "corrupt_document 2, password_required 1".
sub reasons {
    my ($round, @files) = @_;
    my %n;

    $n{ substr $round->{said}{$_}, 0, 40 }++ for grep { $round->{said}{$_} ne 'ok' } @files;
    return join ', ', map { "$_ $n{$_}" } sort { $n{$b} <=> $n{$a} || $a cmp $b } keys %n;
}

sub kind { $_[0] =~ /\.(\w+)$/ ? $1 : '' }

sub print_kinds {
    my ($files, %last) = @_;
    my @table = (['', 'documents', 'Platen', 'soffice', 'UNO', 'not converted by Platen']);

    for my $kind (@kinds, '') {
        my @of = grep { $kind eq '' || kind($_) eq $kind } @$files or next;
        my $count = sub { my ($r) = @_; scalar grep { $r->{said}{$_} eq 'ok' } @of };
        push @table, [$kind || 'all', scalar @of,
                      (map { $count->($last{$_}) } qw(platen soffice uno)),
                      reasons($last{platen}, @of)];
    }
    print "converted, of the last round\n";
    print_table(@table);
    print "\n";
}

# What a peer converts and Platen does not, and the reverse.
sub print_differences {
    my ($files, %last) = @_;
    my @table;

    for my $file (@$files) {
        my %said = map { $_ => $last{$_}{said}{$file} } keys %last;
        my %ok = map { $_ => $said{$_} eq 'ok' } keys %said;
        next if $ok{platen} == $ok{soffice} && $ok{platen} == $ok{uno};
        push @table, [basename($file), map { substr $said{$_}, 0, 60 } qw(platen soffice uno)];
    }
    if (@table) {
        print "not the same for all\n";
        print_table(['', 'Platen', 'soffice', 'UNO'], @table);
    } else {
        print "all convert the same documents\n";
    }
    print "\n";
}

# The documents of `corpus`, in `pairs` rounds, `workers` at a time.
sub bench_corpus {
    my (%set) = @_;
    my @files = documents($set{corpus});
    my $n = @files;
    my (%seconds, %cpu, %last, %ratio, %count, $restarts);

    mkdir "$dir/$_" for qw(uno soffice);
    my $peer = start_peer($set{python}, $set{uno_peer}, "$set{office}/soffice.bin", $dir,
                          $set{workers}, $set{limit});

    # What each needs once: profiles, modules in the page cache.
    for my $slot (1 .. $set{workers}) {
        my $pid = soffice_start("profile-$slot", $set{samples}[0], "$dir/soffice/warm-$slot");
        until (ended($pid)) { sleep 0.01 }
    }
    round_uno($peer, @{ $set{samples} });
    round_platen(@{ $set{samples} });

    my %side = (platen  => sub { round_platen(@files) },
                soffice => sub { round_soffice(\%set, @files) },
                uno     => sub { round_uno($peer, @files) });

    my $take = sub {
        my ($name) = @_;
        my $round = $last{$name} = $side{$name}->();
        push @{ $seconds{$name} }, $round->{seconds};
        push @{ $cpu{$name} }, $round->{cpu};
        $count{$name}{ converted($round) } = 1;
        $restarts += $round->{restarts} // 0;
        return $round->{seconds};
    };
    for my $pair (1 .. $set{pairs}) {
        for my $turn (1 .. 3) {
            my %took = map { $_ => $take->($_) } $turn % 2 ? qw(platen uno) : qw(uno platen);
            push @{ $ratio{uno} }, $took{uno} / $took{platen};
        }
        push @{ $ratio{soffice} }, $take->('soffice') / median(@{ $seconds{platen} }[-3 .. -1]);
    }

    my ($uss) = private_of(@{ $last{uno}{pids} });
    my %note = (uno => sprintf '%d restarts, %.0f MB private at the end', $restarts, $uss / 1e6);
    stop($peer->{pid});

    my %name = (platen => 'Platen', soffice => 'soffice --convert-to', uno => 'soffice over UNO');
    print "corpus: $n office documents, $set{workers} at a time, median (min .. max) of ",
        join(', ', map { scalar @{ $seconds{$_} } } qw(platen soffice uno)), " rounds\n";
    print_table(
        ['', 'documents/s', 'seconds', 'CPU s/document', 'converted', ''],
        map {
            my $side = $_;
            [$name{$side}, spread('%.2f', map { $n / $_ } @{ $seconds{$side} }),
             spread('%.1f', @{ $seconds{$side} }), spread('%.2f', map { $_ / $n } @{ $cpu{$side} }),
             join(' or ', sort keys %{ $count{$side} }),
             $note{$side} // '']
        } qw(platen soffice uno));
    print "\n";
    print_kinds(\@files, %last);
    print_differences(\@files, %last);

    for (['soffice', 4], ['uno', 1]) {
        my ($peer, $least) = @$_;
        row("corpus, Platen / $name{$peer}",
            map({ sprintf '%.2f/s', $n / median(@{ $seconds{$_} }) } 'platen', $peer),
            sprintf('%.2f x', median(@{ $ratio{$peer} })), sprintf('>= %.1f x', $least),
            aim(median(@{ $ratio{$peer} }) >= $least));
    }
    my ($ours, $theirs) = map { converted($last{$_}) } qw(platen soffice);
    row('corpus, converted, against soffice --convert-to', $ours, $theirs, '', 'as many',
        aim($ours >= $theirs));
}

1;
