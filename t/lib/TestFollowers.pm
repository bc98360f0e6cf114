package TestFollowers;

# Processes that follow a stream of events across everything that ends it, and what it should
# have told them.  After TestPlaten.
#
#     my $since = newest();
#     my $pid = follow('/events', "$Var/seen", $since);   ...
#     is_deeply [lines("$Var/seen")], [grep { (split)[0] > $since } whole_log(newest())], 'all, once';

use strict;
use warnings;

use Exporter 'import';

use EventStream;
use TestPlaten;

our @EXPORT = qw(follow lines newest whole_log);

# Follows a stream for ever, as a browser does: after each end it comes back with the last id.
# Writes "id event job" lines; returns the pid.
sub follow {
    my ($path, $file, $since) = @_;
    my $pid = fork // die;
    return $pid if $pid;
    open my $out, '>', $file or POSIX::_exit(1);
    my ($last, $ends) = ($since, 0);
    while (1) {
        eval {
            my $s = EventStream->new($path, 'Last-Event-ID' => $last);
            while (my $e = $s->next(120)) {
                my ($id, $name) = ($e->{id} // '-', $e->{event});
                syswrite $out, "$id $name\n";
                $last = $id if $id ne '-';
            }
            syswrite $out, "# $s->{end}\n";
        };
        sleep 0.05;
    }
}

sub lines { return grep !/^#/, split /\n/, slurp($_[0]) }

# Every event of the log, as a stream from its beginning tells it.
sub whole_log {
    my ($until) = @_;
    my $s = EventStream->new('/events', 'Last-Event-ID' => 0);
    my @lines;
    while (!@lines || $lines[-1] !~ /^$until /) {
        my $e = $s->next;
        push @lines, "$e->{id} $e->{event}";
    }
    return @lines;
}

sub newest { return EventStream->new('/events')->next->{id} }

1;
