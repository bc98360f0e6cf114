package ProvokeWebSocket;

# Answers to handshakes of WebSockets, for t/http/openapi.t: as in ProvokeDocuments.

use strict;
use warnings;

use TestPlaten;
use WebSocket;

my $None = '01890000-0000-7000-8000-000000000000';
my $Io = '/socket.io?EIO=4&transport=websocket';

sub shake { return WebSocket->new(@_)->response }

# Adds them to a table.  $job is a sub that returns the id of a job with a result.
sub add {
    my ($provoke, $job) = @_;
    my %path = ('/ws' => sub { '/ws' }, '/socket.io' => sub { $Io }, '/jobs/{id}/ws' => sub { '/jobs/' . $job->() . '/ws' });
    my $one = 'GET /jobs/{id}/ws';

    my %more = (
        running => {
            (map { my $path = $path{$_}; (
                "GET $_ 101" => sub { WebSocket->new($path->())->response },
                "GET $_ 400" => sub { shake($path->(), 'Sec-WebSocket-Key' => 'x') },
                "GET $_ 401" => sub { shake($path->(), key => undef) },
                "GET $_ 403" => sub { shake($path->(), Origin => 'http://evil.example') },
                "GET $_ 422" => sub { get($path->() . ($path->() =~ /\?/ ? '&' : '?') . 'since=x') },
                "GET $_ 426" => sub { get($path->()) },
            ) } keys %path),
            "$one 403" => sub { (shake($path{'/jobs/{id}/ws'}->(), Origin => 'http://evil.example'),
                get("/jobs/$None/ws?expires=9999999999&signature=" . 'x' x 43, key => undef)) },
            "$one 404" => sub { (shake("/jobs/$None/ws"), shake($path{'/jobs/{id}/ws'}->(), key => 'bob')) },
            "$one 422" => sub { (get('/jobs/no-id/ws'), get("/jobs/$None/ws?since=x")) },
            'GET /socket.io 422' => sub { map get("/socket.io?$_"), 'EIO=3&transport=websocket', 'EIO=4&transport=polling',
                'EIO=4&transport=websocket&since=x' },
        },
        shipped => {
            map { my $where = s/\{id\}/$None/r; ("GET $_ default" => sub { http($_[0] => $where, 'X-Long' => 'x' x 9000) }) } keys %path
        },
        broken => { "$one 503" => sub { shake("/jobs/$None/ws") }, 'GET /ws 503' => sub { shake('/ws') } },
    );

    for my $state (keys %more) {
        $provoke->{$state}{$_} = $more{$state}{$_} for keys %{ $more{$state} };
    }
}

# "METHOD path status" => why no test of this kind gets there.
sub unreachable {
    return ((map { ("GET $_ 500" => 'only if nginx gets no memory') } '/ws', '/jobs/{id}/ws', '/socket.io'),
        'GET /socket.io 503' => 'the store is read when the connection stands; closed with 1011 then');
}

1;
