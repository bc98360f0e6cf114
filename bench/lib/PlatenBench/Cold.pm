package PlatenBench::Cold;

# From nothing that runs to the first PDF: Platen beside FastAPI with soffice, each with an
# empty directory, as a container's start is.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(time);

use PlatenBench;
use PlatenBench::Server;
use PlatenBench::Stacks;

our @EXPORT = qw(bench_cold);

sub platen {
    my ($set) = @_;
    my $began = time();
    my $platen = start_platen(%$set, cold => 1);
    my ($status, $body) = request(POST => '/convert?to=pdf&filename=a.docx', slurp($set->{samples}[0]));
    my $took = time() - $began;

    die "POST /convert: $status $body\n" if $status != 200 || $body !~ /^%PDF/;
    stop_platen($platen);
    return $took;
}

sub fastapi {
    my ($set) = @_;
    my $began = time();
    my $stack = start_fastapi(%$set);
    my $said = stack_convert($stack, 1, $set->{samples}[0]);
    my $took = time() - $began;

    die "FastAPI: ", values %$said, "\n" if $said->{ $set->{samples}[0] } ne 'ok';
    stop_stack($stack);
    return $took;
}

sub bench_cold {
    my (%set) = @_;
    my %side = (ours => sub { platen(\%set) }, theirs => sub { fastapi(\%set) });
    my (%got, @ratios);

    return print("  without its peer, nothing is compared\n\n") unless $set{peers};
    for my $pair (0 .. $set{pairs_cold}) {
        my %took = map { $_ => $side{$_}->() } $pair % 2 ? qw(ours theirs) : qw(theirs ours);
        next if $pair == 0 && !$set{quick};
        push @{ $got{$_} }, $took{$_} for keys %took;
        push @ratios, $took{ours} / $took{theirs};
    }
    figure(name => 'cold start to first PDF', unit => 's', ours => $got{ours}, beside => $got{theirs},
           against => 'FastAPI + soffice', ratios => \@ratios, aim => '<= 1.0');
}

1;
