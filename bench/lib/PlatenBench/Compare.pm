package PlatenBench::Compare;

# Two builds of Platen, in alternating pairs: what one makes better or worse.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(sleep);

use PlatenBench;
use PlatenBench::Corpus;
use PlatenBench::Http;
use PlatenBench::Server;
use PlatenBench::Web;

our @EXPORT = qw(compare_http compare_conversions);

sub compare_http {
    my ($a, $b, %set) = @_;
    my $size = 100 * 1024;
    my @web;

    make_pdf("$dir/pdf", $size);
    for (['a', $a], ['b', $b]) {
        my ($name, $build) = @$_;
        my ($waiting, $finished) = make_jobs($name, 1000, 10_240);
        push @web, [start_web($name, build => $build), $waiting->[0], $finished->[0]];
    }
    my @ask = (seconds => $set{seconds});
    pairs(\%set, 'status', $b, undef,
          map { my ($web, $id) = @$_; sub { wrk($web, @ask, connections => 64, path => "/jobs/$id") } } @web);
    pairs(\%set, 'download 10 KiB', $b, undef,
          map { my ($web, undef, $id) = @$_; sub { wrk($web, @ask, connections => 64, path => "/jobs/$id/download") } } @web);
    pairs(\%set, 'accept 100 KiB, 16 at once', $b, undef,
          map { my ($web) = @$_;
                sub {
                    my $got = wrk($web, @ask, connections => 16, method => 'POST', path => '/jobs?to=docx&filename=a.pdf',
                                  body => "$dir/pdf", type => 'application/pdf');
                    clear_uploads($web);
                    return $got;
                } } @web);
    stop_web(map { $_->[0] } @web);
}

sub compare_conversions {
    my ($a, $b, %set) = @_;
    my @platen = map { start_platen(%set, build => $_) } $a, $b;
    my @files = $set{have_corpus} ? some_of($set{corpus_files}, documents($set{corpus})) : ();

    for my $platen (@platen) {
        use_platen($platen);
        wait_jobs(0.01, submit($set{samples}[0])) for 1 .. 3;
    }
    my (@ms, @rate, @cpu);
    for my $n (1 .. $set{documents}) {
        for my $side ($n % 2 ? (0, 1) : (1, 0)) {
            use_platen($platen[$side]);
            sleep 0.25;
            push @{ $ms[$side] }, job_us((wait_jobs(0.005, submit($set{samples}[0])))[0]) / 1000;
        }
    }
    figure(name => '1-page DOCX, created to completed', unit => 'ms', ours => $ms[0], beside => $ms[1], against => $b,
           ratios => [map { $ms[0][$_] / $ms[1][$_] } 0 .. $#{ $ms[0] }]);

    for my $n (1 .. (@files ? $set{pairs_corpus} : 0)) {
        for my $side ($n % 2 ? (0, 1) : (1, 0)) {
            use_platen($platen[$side]);
            my $round = round_platen(@files);
            push @{ $rate[$side] }, @files / $round->{seconds};
            push @{ $cpu[$side] }, 1000 * $round->{cpu} / @files;
        }
    }
    for (['mixed corpus', '/s', \@rate], ['mixed corpus, CPU of a document', 'ms', \@cpu]) {
        my ($name, $unit, $of) = @$_;
        figure(name => $name, unit => $unit, ours => $of->[0], beside => $of->[1], against => $b,
               ratios => [map { $of->[0][$_] / $of->[1][$_] } 0 .. $#{ $of->[0] }]) if @files;
    }
    stop_platen($_) for @platen;
}

1;
