package EventStream;

# A client of Server-Sent Events that hides nothing: one HTTP/1.1 connection,
# the response's head, each event and comment as it came, and how it ended.
#
#     my $s = EventStream->new("/jobs/$id/events", 'Last-Event-ID' => 7);
#     $s->{code}; $s->{head};
#     my $e = $s->next;          # { id, event, data (decoded) }, or undef
#     my @e = $s->rest;          # up to the end of the stream
#     $s->{end};                 # 'last' after the last chunk, else 'closed'

use strict;
use warnings;

use IO::Select;
use Cpanel::JSON::XS ();
use Time::HiRes qw(time);

use TestPlaten ();

sub new {
    my ($class, $path, %header) = @_;
    my $client = exists $header{key} ? delete $header{key} : 'alice';
    my $port = delete $header{port};
    my $self = bless {
        socket => TestPlaten::raw_open($port), raw => '', text => '', comments => 0, retry => undef,
    }, $class;
    $header{'X-API-Key'} = $TestPlaten::Key{$client} if defined $client;
    $self->{socket}->print("GET $path HTTP/1.1\r\nHost: localhost\r\n"
        . join('', map "$_: $header{$_}\r\n", sort keys %header) . "\r\n");
    $self->{socket}->flush;

    $self->_read(TestPlace::patience(30)) or die 'no response' until $self->{raw} =~ s/\A(.*?\r\n)\r\n//s;
    $self->{head} = $1;
    ($self->{code}) = $self->{head} =~ m{\AHTTP/1\.1 (\d+)};
    $self->_dechunk;
    return $self;
}

sub header { my ($self, $name) = @_; return $self->{head} =~ /^\Q$name\E: (.*?)\r$/mi ? $1 : undef }

# Reads some bytes; false at the end, dies after so many seconds without any.
sub _read {
    my ($self, $seconds) = @_;
    die "nothing came for $seconds s" unless IO::Select->new($self->{socket})->can_read($seconds);
    my $n = sysread $self->{socket}, $self->{raw}, 65536, length $self->{raw};
    return $n;
}

sub _dechunk {
    my ($self) = @_;
    while ($self->{raw} =~ /\A([0-9a-fA-F]+)\r\n/) {
        my ($line, $len) = (length $&, hex $1);
        return if length $self->{raw} < $line + $len + 2;
        $self->{text} .= substr $self->{raw}, $line, $len;
        substr $self->{raw}, 0, $line + $len + 2, '';
        $self->{end} = 'last' if $len == 0;
    }
}

# The next event; undef at the end of the stream; dies after $seconds (30).
sub next {
    my ($self, $seconds) = @_;
    my $until = time + ($seconds // TestPlace::patience(30));
    while (1) {
        while ($self->{text} =~ s/\A(.*?)\n\n//s) {
            my %e;
            for my $line (split /\n/, $1) {
                $self->{comments}++, next if $line =~ /\A:/;
                my ($name, $value) = $line =~ /\A(\w+): ?(.*)\z/ or die "not a field: $line";
                $self->{retry} = $value, next if $name eq 'retry';
                die "two lines of $name" if exists $e{$name};
                $e{$name} = $value;
            }
            next unless %e;
            $e{data} = Cpanel::JSON::XS->new->utf8->decode($e{data}) if defined $e{data};
            return \%e;
        }
        return undef if $self->{end};
        my $left = $until - time;
        die 'no event' if $left <= 0;
        if (!$self->_read($left)) {
            $self->{end} = 'closed';
            return undef;
        }
        $self->_dechunk;
    }
}

sub rest {
    my ($self, $seconds) = @_;
    my @events;
    while (my $e = $self->next($seconds)) { push @events, $e }
    return @events;
}

# Whether no event comes for so many seconds, and the stream is still open.
sub silent {
    my ($self, $seconds) = @_;
    return !eval { $self->next($seconds); 1 };
}

sub close { close $_[0]{socket} }

1;
