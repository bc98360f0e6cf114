package ProvokePages;

# How each answer of the page and of its files comes about, for t/http/openapi.t.

use strict;
use warnings;

use TestPlaten;

my @Html = (Accept => 'text/html,*/*;q=0.8');
my @Of = (['/', '/', @Html], ['/docs', '/docs'], ['/web/{name}', '/web/style.css']);

sub add {
    my ($provoke) = @_;
    my %fresh;
    for (@Of) {
        my ($path, $where, @as) = @$_;
        my $operation = "GET,HEAD $path";
        $fresh{"$operation 200"} = sub { my $method = shift; (map http($method => $where, key => undef, @$_),
            [], [@as], [@as, 'Accept-Encoding' => 'gzip'], ['Accept-Encoding' => 'br']) };
        $fresh{"$operation 304"} = sub { http($_[0] => $where, @as, 'If-None-Match' => '*') };
        $fresh{"$operation 412"} = sub { http($_[0] => $where, @as, 'If-Match' => '"x"') };
        $provoke->{shipped}{"$operation default"} = sub {
            (http($_[0] => $where, 'X-Long' => 'x' x 9000), http($_[0] => "$where?" . 'x' x 9000)) };
    }
    $fresh{'GET,HEAD /docs 301'} = sub { raw("$_[0] /docs/ HTTP/1.0\r\nHost: x\r\n\r\n") };
    $fresh{'GET,HEAD /web/{name} 404'} = sub { http($_[0] => '/web/none.js') };
    $provoke->{fresh}{$_} = $fresh{$_} for keys %fresh;
}

# "METHOD path status" => why no test of this kind gets there.
sub unreachable {
    return map { ("$_ /docs 500" => 'only if nginx gets no memory', "$_ /web/{name} 500" => 'only if nginx gets no memory',
        "$_ / 301" => 't/http/page.t has it') } qw(GET HEAD);
}

1;
