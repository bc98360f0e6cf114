package WebSocket;

# A WebSocket client that hides nothing (RFC 6455): one connection, the answer to
# the handshake, each frame as it came, and frames of any kind to send.
#
#     my $ws = WebSocket->new('/ws', key => 'bob', Origin => 'http://localhost');
#     $ws->{code}; $ws->{head};
#     my $f = $ws->frame;        # { opcode, fin, payload }, or undef at the end
#     my $e = $ws->next;         # the next text, decoded; answers pings
#     $ws->send(1, 'text');      # opcode, payload; mask => 0, fin => 0, rsv => 4
#     $ws->{closed};             # the code of the close frame that came

use strict;
use warnings;

use Digest::SHA qw(sha1_base64);
use IO::Select;
use Cpanel::JSON::XS ();
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(time);

use TestPlaten ();

sub new {
    my ($class, $path, %header) = @_;
    my $client = exists $header{key} ? delete $header{key} : 'alice';
    my $self = bless { socket => TestPlaten::raw_open(delete $header{port}), raw => '', pings => 0 }, $class;
    my $behind = delete $header{behind} // '';
    my $nonce = encode_base64(join('', map chr rand 256, 1 .. 16), '');
    my %all = (Host => 'localhost', Upgrade => 'websocket', Connection => 'Upgrade', 'Sec-WebSocket-Version' => 13,
        'Sec-WebSocket-Key' => $nonce, defined $client ? ('X-API-Key' => $TestPlaten::Key{$client}) : (), %header);
    syswrite $self->{socket}, "GET $path HTTP/1.1\r\n"
        . join('', map { defined $all{$_} ? "$_: $all{$_}\r\n" : () } sort keys %all) . "\r\n$behind";
    $self->_read(TestPlace::patience(30)) or return $self until $self->{raw} =~ /\r\n\r\n/;
    ($self->{head}, $self->{raw}) = $self->{raw} =~ /\A(.*?\r\n)\r\n(.*)\z/s;
    ($self->{code}) = $self->{head} =~ m{\AHTTP/1\.1 (\d+)};
    $self->{accepted} = ($self->header('Sec-WebSocket-Accept') // '')
        eq sha1_base64($nonce . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
    return $self;
}

sub header { my ($self, $name) = @_; return $self->{head} =~ /^\Q$name\E: (.*?)\r$/mi ? $1 : undef }

# What it answered in place of a handshake.
sub response {
    my ($self) = @_;
    return HTTP::Response->parse("$self->{head}\r\n") if $self->{code} == 101;
    1 while length $self->{raw} < ($self->header('Content-Length') // 0) && $self->_read(TestPlace::patience(30));
    return HTTP::Response->parse("$self->{head}\r\n$self->{raw}");
}

# Reads some bytes; false at the end, dies after so many seconds without any.
sub _read {
    my ($self, $seconds) = @_;
    die "nothing came for $seconds s" unless IO::Select->new($self->{socket})->can_read($seconds);
    return sysread $self->{socket}, $self->{raw}, 65536, length $self->{raw};
}

# The next frame, whatever it is; undef when the connection has ended.
sub frame {
    my ($self, $seconds) = @_;
    my $until = time + ($seconds // TestPlace::patience(30));
    while (1) {
        if ($self->{raw} =~ /\A(.)(.)/s) {
            my ($first, $len, $at) = (ord $1, ord $2, 2);
            die 'a masked frame of a server' if $len & 0x80;
            if ($len >= 126) {
                $at = $len == 126 ? 4 : 10;
                $len = length $self->{raw} < $at ? undef
                    : $at == 4 ? unpack('n', substr $self->{raw}, 2, 2) : unpack('Q>', substr $self->{raw}, 2, 8);
            }
            if (defined $len && length $self->{raw} >= $at + $len) {
                my $payload = substr $self->{raw}, $at, $len;
                substr $self->{raw}, 0, $at + $len, '';
                die 'reserved bits' if $first & 0x70;
                my $frame = { opcode => $first & 15, fin => $first >> 7, payload => $payload };
                ($self->{closed}, $self->{reason}) = unpack 'na*', $payload if $frame->{opcode} == 8;
                return $frame;
            }
        }
        my $left = $until - time;
        die 'no frame' if $left <= 0;
        return undef unless $self->_read($left);
    }
}

# The next text as it is; pings are answered; undef at a close or the end.
sub text {
    my ($self, $seconds) = @_;
    my $until = time + ($seconds // TestPlace::patience(30));
    while (my $frame = $self->frame($until - time)) {
        return $frame->{payload} if $frame->{opcode} == 1;
        return undef if $frame->{opcode} == 8;
        if ($frame->{opcode} == 9) {
            $self->{pings}++;
            $self->send(10, $frame->{payload});
        }
    }
    return undef;
}

sub next {
    my ($self, $seconds) = @_;
    my $text = $self->text($seconds) // return undef;
    return Cpanel::JSON::XS->new->utf8->decode($text);
}

sub rest {
    my ($self, $seconds) = @_;
    my @events;
    while (my $e = $self->next($seconds)) { push @events, $e }
    return @events;
}

sub send {
    my ($self, $opcode, $payload, %how) = @_;
    my $len = length($payload .= ''); # a number has no bytes to mask
    my $mask = join '', map chr rand 256, 1 .. 4;
    my $bit = ($how{mask} // 1) ? 0x80 : 0;
    my $bytes = chr(($how{fin} // 1) << 7 | ($how{rsv} // 0) << 4 | $opcode)
        . ($len < 126 ? chr($bit | $len) : $len < 65536 ? pack('Cn', $bit | 126, $len) : pack('CQ>', $bit | 127, $len));
    $bytes .= $mask . ($payload ^ substr $mask x ($len / 4 + 1), 0, $len) if $bit;
    $bytes .= $payload unless $bit;
    local $SIG{PIPE} = 'IGNORE';
    return $how{bytes} ? $bytes : syswrite $self->{socket}, $bytes;
}

# The code with which the server closes, once it has been given what is to be refused; 'end' without one.
sub closes { my ($self, $seconds) = @_; 1 while defined $self->text($seconds); return $self->{closed} // 'end' }

sub close { close $_[0]{socket} }

1;
