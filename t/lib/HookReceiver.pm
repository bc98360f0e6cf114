package HookReceiver;

# An HTTP server that webhooks lead to, in a process of its own on 127.0.0.1 (or `host`).
#
#     my $hooks = HookReceiver->new(dir => $Var);
#     $hooks->url('/ok');
#     $hooks->requests;                # { time, method, path, header => {}, body }, in order of arrival
#     $hooks->told('/ok');             # the same for one path
#
# The path says what it answers:
#     /flaky/N/NAME   500 to the first N requests of that path, then 200
#     /later/NAME     503 with Retry-After: 2 once, then 200
#     /busy/NAME      429 with Retry-After: 1 once, then 200
#     /partial/N      200 with what OTLP says of N spans that were not taken
#     /slow/S/NAME    200 after S seconds
#     /status/N       N
#     /redirect       302 to /ok?redirected
#     /big            200 with a body that does not end
#     anything else   200

use strict;
use warnings;

use Fcntl qw(:flock);
use IO::Socket::IP ();
use Cpanel::JSON::XS ();
use POSIX ();
use Time::HiRes qw(sleep time);

sub new {
    my ($class, %arg) = @_;
    my $self = bless { host => '127.0.0.1', %arg, log => "$arg{dir}/hooks-" . int(rand 1e9), owner => $$ }, $class;
    my $listen = IO::Socket::IP->new(Listen => 128, LocalHost => $self->{host}, LocalPort => 0, ReuseAddr => 1)
        or die "listen: $@";
    $self->{port} = $listen->sockport;
    open my $fh, '>', $self->{log} or die;
    $self->{pid} = fork // die "fork: $!";
    if ($self->{pid} == 0) {
        POSIX::setpgid(0, 0); # with those that still answer somebody
        $SIG{$_} = 'DEFAULT' for qw(TERM INT);
        $SIG{CHLD} = 'IGNORE';
        $SIG{PIPE} = 'IGNORE';
        my $parent = getppid;
        while (1) {
            my $client = $listen->accept or next;
            POSIX::_exit(0) if getppid != $parent;
            my $pid = fork // next;
            if ($pid == 0) {
                close $listen;
                eval { $self->serve($client) };
                POSIX::_exit(0);
            }
            close $client;
        }
    }
    return $self;
}

sub url { my ($self, $path, $host) = @_; return 'http://' . ($host // $self->{host}) . ":$self->{port}$path" }

sub serve {
    my ($self, $client) = @_;
    my $text = '';
    until ($text =~ /\r\n\r\n/) { sysread $client, $text, 65536, length $text or return }
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($line, @fields) = split /\r\n/, $head;
    my %header = map { /^([^:]+):\s*(.*)/ ? (lc $1 => $2) : () } @fields;
    while (length $body < ($header{'content-length'} // 0)) { sysread $client, $body, 65536, length $body or return }
    my ($method, $path) = split / /, $line;

    open my $log, '+>>', $self->{log} or return;
    flock $log, LOCK_EX;
    seek $log, 0, 0;
    my $before = grep { Cpanel::JSON::XS->new->decode($_)->{path} eq $path } <$log>;
    print {$log} Cpanel::JSON::XS->new->canonical->ascii->encode({ time => time, method => $method, path => $path,
        header => \%header, body => $body, raw => $line }) . "\n";
    close $log;

    my ($status, $more) = (200, '');
    if ($path =~ m{^/flaky/(\d+)/}) { $status = 500 if $before < $1 }
    elsif ($path =~ m{^/later/}) { ($status, $more) = (503, "Retry-After: 2\r\n") if $before == 0 }
    elsif ($path =~ m{^/busy/}) { ($status, $more) = (429, "Retry-After: 1\r\n") if $before == 0 }
    elsif ($path =~ m{^/slow/([\d.]+)/}) { sleep $1 }
    elsif ($path =~ m{^/status/(\d+)}) { $status = $1 }
    elsif ($path =~ m{^/redirect\b}) { ($status, $more) = (302, "Location: /ok?redirected\r\n") }
    elsif ($path eq '/big') {
        syswrite $client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" or return;
        1 while syswrite $client, 'x' x 65536;
        return;
    }
    my $said = $path =~ m{^/partial/(\d+)} ? qq({"partialSuccess":{"rejectedSpans":"$1","errorMessage":"too old"}}) : "ok\n";
    syswrite $client, "HTTP/1.1 $status Status\r\n${more}Content-Length: " . length($said) . "\r\nConnection: close\r\n\r\n$said";
}

sub requests {
    my ($self) = @_;
    open my $log, '<', $self->{log} or die "$self->{log}: $!";
    flock $log, LOCK_SH;
    return map { Cpanel::JSON::XS->new->decode($_) } <$log>;
}

sub told { my ($self, $path) = @_; return grep { $_->{path} eq $path } $self->requests }

# The names of the events of one path, in order of arrival.
sub events { my ($self, $path) = @_; return map { $_->{header}{'x-platen-event'} } $self->told($path) }

sub DESTROY {
    my ($self) = @_;
    local ($?, $!);
    return if $self->{owner} != $$ || !$self->{pid};
    POSIX::setpgid($self->{pid}, $self->{pid}); # if it has not come to it
    kill KILL => -$self->{pid};
    waitpid $self->{pid}, 0;
}

1;
