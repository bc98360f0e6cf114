package Sizes;

# The tables of t/http/sizes.t and t/http/sizes_in.t: sizes at which something changes, by each protocol, compared to
# the last byte.  After TestPlaten.
#
#   PLATEN_SIZES   other sizes, in bytes ("1073741824"), by the fewest modes: `make sizes-large`

use strict;
use warnings;

use Exporter 'import';

use TestPlaten;

our @EXPORT = qw(@Size $Large $Master @Protocol url_of servers certificate curl_all each_cell differs master_made);

our $Large = $ENV{PLATEN_SIZES} ? 1 : 0;
our @Size = $Large ? split(' ', $ENV{PLATEN_SIZES})
    : (0, 1, 65535, 65536, 65537, 2 * 1048576 - 1, 2 * 1048576, 2 * 1048576 + 1, 20 * 1048576);
our $Master = "$Var/master"; # each size is that many bytes of it, and no two places of it are alike
our @Protocol = ('HTTP/1.1', 'HTTP/2', 'TLS');

my @slow = map "slow $_", @Protocol;
my $port = server_port();
my %port = map { (($_ < @Protocol ? $Protocol[$_] : $slow[$_ - @Protocol]) => $port + 1 + $_) } 0 .. 2 * @Protocol - 1;
my %listen = ('HTTP/1.1' => '', 'HTTP/2' => ' http2', 'TLS' => ' ssl');
my %curl = ('HTTP/1.1' => 'http1.1', 'HTTP/2' => 'http2-prior-knowledge', 'TLS' => "insecure\nhttp1.1");

# Below that protocol's server; "slow": one with a small socket buffer.
sub url_of {
    my ($protocol, $slow, $path) = @_;
    return ($protocol eq 'TLS' ? 'https' : 'http') . '://127.0.0.1:' . $port{ $slow ? "slow $protocol" : $protocol } . $path;
}

sub master_made {
    open my $fh, '>:raw', $Master or die "$Master: $!";
    my ($largest) = sort { $b <=> $a } @Size;
    for (my ($at, $n) = (0, 0); $at < $largest; ) {
        my $block = join '', map sprintf("line %011d of a text with no two places alike, %08x\n", $n + $_, ($n + $_) * 2654435761 & 0xffffffff), 0 .. 9999;
        $n += 10000;
        $at += length $block;
        print {$fh} $block or die $!;
    }
    close $fh or die $!;
}

sub certificate {
    system("openssl req -x509 -newkey rsa:2048 -nodes -keyout $Var/tls.key -out $Var/tls.crt -days 2 -subj /CN=localhost 2>/dev/null") == 0
        or die 'openssl';
}

# An http_config in which each protocol has a server with those locations.
sub servers {
    my ($locations, $more) = @_;
    return join '', "$HttpConfig $more ssl_certificate $Var/tls.crt; ssl_certificate_key $Var/tls.key;\n", map {
        my $slow = /^slow/ ? ' sndbuf=16k rcvbuf=16k' : '';
        my $protocol = s/^slow //r;
        "server { listen 127.0.0.1:$port{$_}$listen{$protocol}$slow; $locations }\n"
    } @Protocol, @slow;
}

# A list of { url, ... options of curl's configuration }, on one connection; but curl 7.88 sends the preface of
# HTTP/2 again when it uses one again, so there each has its own.  Adds to each "came" (bytes of the
# body as it was sent), "status" and "version", and
# "file", which has the body.
sub curl_all {
    my ($protocol, $options, @requests) = @_;
    return map curl_each($protocol, $options, $_), @requests if $protocol eq 'HTTP/2';
    return curl_each($protocol, $options, @requests);
}

my $answers = 0;

sub curl_each {
    my ($protocol, $options, @requests) = @_;
    my @blocks;
    for my $request (@requests) {
        $request->{file} = "$Var/answer.$$." . $answers++;
        my @lines = (qq(url = "$request->{url}"), qq(output = "$request->{file}"), 'silent', 'max-time = 300',
            'write-out = "%{http_code} %{http_version} %{size_download} %{errormsg}\\n"', $curl{$protocol}, @$options, @{ $request->{options} || [] });
        push @lines, qq(header = "X-API-Key: $Key{alice}") unless $request->{open};
        push @blocks, join "\n", @lines, '';
    }
    spew("$Var/curl.$$", join "next\n", @blocks);
    open my $pipe, '-|', 'curl', '-K', "$Var/curl.$$" or die "curl: $!";
    my @told = <$pipe>;
    close $pipe;
    for my $request (@requests) {
        @{$request}{qw(status version came error)} = split ' ', shift(@told) // '000 0 0 no answer', 4;
        spew($request->{file}, '') unless -e $request->{file};
    }
    return @requests;
}

# Every cell of a table: each size by each way of %$ways, by each protocol, by each mode ([ name, ... ]).
# Tests that each is right, and that none was left out.
#
#     $asked->($way, $size, $protocol, $m)   what curl_all() takes, but "url" is "path" below the mode's location
#     $wrong->($cell, $mode)                 what is wrong with what came; or nothing
#
# A "slow" mode is one with a small socket buffer, and limit-rate.
sub each_cell {
    my ($name, $ways, $modes, $asked, $wrong) = @_;
    my $cells = 0;
    for my $m (0 .. $#$modes) {
        my $mode = $modes->[$m][0];
        my $slow = $mode =~ /^slow/;
        my @options = ($slow ? 'limit-rate = 30M' : (), $mode eq 'gzip' ? 'compressed' : ());
        my %found = by_protocol(sub {
            my ($protocol) = @_;
            my (@asked, @wrong);
            for my $way (sort keys %$ways) {
                for my $size (@Size) {
                    my $request = $asked->($way, $size, $protocol, $m);
                    push @asked, { %$request, url => url_of($protocol, $slow, "/m$m/$request->{path}"), way => $way, size => $size };
                }
            }
            for my $cell (curl_all($protocol, \@options, @asked)) {
                my $fault = $cell->{version} ne ($protocol eq 'HTTP/2' ? '2' : '1.1') ? "HTTP version $cell->{version}, status $cell->{status} $cell->{error}"
                    : $wrong->($cell, $mode);
                push @wrong, "$cell->{way} of $cell->{size}: $fault" if defined $fault;
                unlink $cell->{file};
            }
            return (scalar(@asked), @wrong);
        });
        for my $protocol (@Protocol) {
            my ($n, @wrong) = @{ $found{$protocol} };
            is_deeply \@wrong, [], "$protocol, $mode: $n cells";
            $cells += $n;
        }
    }
    is $cells, keys(%$ways) * @Size * @Protocol * @$modes, 'no cell was left out';
    diag "$name: $cells cells";
}

# The same for each protocol at once: calls $cells->($protocol), which returns what is to be known, in a process of
# its own; returns protocol => [that].
sub by_protocol {
    my ($cells) = @_;
    my %pipe;
    for my $protocol (@Protocol) {
        my $pid = open($pipe{$protocol}, '-|') // die "fork: $!";
        next if $pid;
        my @said = eval { $cells->($protocol) };
        @said = (0, "died: $@") if $@;
        print Cpanel::JSON::XS->new->ascii->encode(\@said);
        STDOUT->flush;
        POSIX::_exit(0);
    }
    return map { my $pipe = $pipe{$_}; my $said = do { local $/; <$pipe> }; ($_ => Cpanel::JSON::XS->new->decode($said || '[0, "ended early"]')) } @Protocol;
}

# What is wrong with a file that is to be `size` bytes of another, from `at` on in it; or nothing.
sub differs {
    my ($file, $size, $other, $at) = @_;
    $at //= 0;
    my $got = -s $file // -1;
    return "$got bytes, not " . ($at + $size) if $got < $at + $size;
    open my $fh, '<:raw', $file or return "$file: $!";
    open my $as, '<:raw', $other or return "$other: $!";
    seek $fh, $at, 0;
    for (my $done = 0; $done < $size; ) {
        my $n = $size - $done < 1048576 ? $size - $done : 1048576;
        my ($mine, $theirs);
        read $fh, $mine, $n;
        read $as, $theirs, $n;
        return "other bytes after $done" if length $mine != $n || $mine ne $theirs;
        $done += $n;
    }
    return;
}

1;
