package TestUploaders;

# Processes that submit while something happens, and what has become of what was answered.  After TestPlaten.
#
#     my @pids = uploaders(4, 16_000);   ...; more_uploads(10);
#     my ($accepted, $refused) = uploaded(@pids);
#     is_deeply [lost($accepted)], [], 'all are there';

use strict;
use warnings;

use Exporter 'import';

use TestPlaten;

our @EXPORT = qw(uploaders more_uploads uploaded lost input_of);

sub input_of { my ($id) = @_; return "$Var/data/input/" . substr($id, 0, 7) . "/$id" }

# Starts $n processes that submit one after the other until $Var/stop is there, each on a
# connection of its own, and write a line for each: "id sha256" or "- status".
sub uploaders {
    my ($n, $size) = @_;
    unlink "$Var/stop";
    unlink "$Var/done.$_" for 1 .. $n;
    my @pids;
    for my $child (1 .. $n) {
        my $pid = fork // die;
        if ($pid) { push @pids, $pid; next }
        open my $out, '>', "$Var/done.$child" or POSIX::_exit(1);
        for (my $i = 0; !-e "$Var/stop"; $i++) {
            my $body = "upload $child $i\n" x ($size / 16 + $i % 7);
            my $response = http(POST => '/jobs?to=pdf&filename=a.txt', content => $body);
            my $job = eval { json_of($response) } || {};
            syswrite $out, $response->code == 202 && $job->{job_id}
                ? "$job->{job_id} " . sha256_hex($body) . "\n" : '- ' . $response->status_line . "\n";
        }
        POSIX::_exit(0);
    }
    return @pids;
}

# Waits for so many more lines of theirs.
sub more_uploads {
    my ($n) = @_;
    my $done = sub { scalar map { split /\n/, slurp($_) } glob "$Var/done.*" };
    my $now = $done->();
    eventually(60, sub { $done->() >= $now + $n }) or die 'uploads stand still';
}

# Ends them; returns { id => sha256 } of what was accepted, and what was not.
sub uploaded {
    my @pids = @_;
    spew("$Var/stop", '');
    waitpid $_, 0 for @pids;
    my (%accepted, @refused);
    for my $child (1 .. @pids) {
        for (split /\n/, slurp("$Var/done.$child")) {
            my ($id, $rest) = split / /, $_, 2;
            if ($id eq '-') { push @refused, $rest } else { $accepted{$id} = $rest }
        }
    }
    return (\%accepted, \@refused);
}

# Of those accepted, the ones that are not there as they were sent.
sub lost {
    my ($accepted) = @_;
    return grep { get("/jobs/$_")->code != 200
        || (eval { sha256_hex(slurp(input_of($_))) } // '') ne $accepted->{$_} } sort keys %$accepted;
}

1;
