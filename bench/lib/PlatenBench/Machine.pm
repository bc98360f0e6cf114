package PlatenBench::Machine;

# The head of the table: the machine, what things cost on it, and versions.

use strict;
use warnings;

use Exporter 'import';
use POSIX qw(strftime);

use PlatenBench;

our @EXPORT = qw(head);

sub version {
    my ($what, $pattern, @command) = @_;
    my $out = eval { capture(@command) } // '';

    return $out =~ $pattern ? "$what $1" : ();
}

# Records and prints it; returns the costs in microseconds.
sub head {
    my ($set, $command) = @_;
    my %cost = map { split } split /\n/, capture("$set->{build}/costs", $dir);
    my ($model) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)$/m;
    my ($kib) = slurp('/proc/meminfo') =~ /^MemTotal:\s+(\d+)/m;
    my $machine = sprintf '%s, %d cores, %.0f GB', $model // 'unknown', $set->{workers}, $kib / 1e6;
    my @versions = (version('', qr/PRETTY_NAME="(.*)"/, 'cat', '/etc/os-release'),
                    version('Linux', qr/(\S+)/, 'uname', '-r'),
                    version('nginx', qr{nginx/(\S+)}, $set->{nginx}, '-v'),
                    version('LibreOffice', qr/LibreOffice (\S+)/, 'soffice', '--version'),
                    version('Platen', qr/([\d.]+\S*)/, "$set->{build}/platend", '-V'));
    my $date = strftime('%Y-%m-%d %H:%M UTC', gmtime);
    my ($load) = `uptime` =~ /load average: (.*)/;

    s/^ // for @versions;
    record(kind => 'head', machine => $machine, versions => \@versions, date => $date, command => $command,
           load => $load, costs => \%cost);
    print "$machine\n", join(', ', @versions), "\n$date, load $load: $command\n";
    printf "a page fault costs %.1f us, of a page that a parent has %.1f us (in bulk %.1f us), a fork %.1f ms, "
        . "an fsync %.1f ms, SHA-256 of 1 MB %.2f ms\n\n", @cost{qw(fault copy populate)},
        map { $cost{$_} / 1000 } qw(fork fsync sha256);
    return \%cost;
}

1;
