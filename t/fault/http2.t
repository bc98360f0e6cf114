# HTTP/2 streams that are reset, lied about and abandoned.

use lib 't/lib';
use TestPlaten;
use TestHttp2;

spew("$Var/large.txt", "some text of a large file\n" x 400_000);

run_tests();

__DATA__

=== TEST 1: fault 46: a stream that is reset in the middle of its upload
--- http_config eval: $::Http2
--- flow
my $inputs = files_below("$::Var/data/input");
my $socket = connection();
for my $stream (map 2 * $_ + 1, 0 .. 9) {
    syswrite $socket, post_headers($stream, $stream % 4 == 1 ? 50_000 : undef)
        . frame(0, 0, $stream, 'x' x 5000);
    has_read($socket) if $stream > 9;
    syswrite $socket, reset_stream($stream);
}
syswrite $socket, get_headers(21);
ok defined read_until($socket, 1, 21), 'the connection goes on';
nothing_new($inputs, 'ten streams were reset');

syswrite $socket, post_headers(23) . frame(0, 0, 23, 'x' x 5000) . frame(0, 1, 23, 'y');
ok defined read_until($socket, 1, 23), 'another upload on it';
my $job = decoded(read_until($socket, 0, 23));
is $job->{status}, 'PENDING', 'is accepted';
is $job->{input_size}, 5001, 'whole';
is slurp(input_of($job->{job_id})), 'x' x 5000 . 'y', 'and only its own bytes';
worker_lives();



=== TEST 2: fault 46: a body that is shorter or longer than its length
--- http_config eval: $::Http2
--- flow
my $inputs = files_below("$::Var/data/input");
for (['shorter', frame(0, 1, 1, 'x' x 10)], ['longer', frame(0, 1, 1, 'x' x 200)]) {
    my ($what, $data) = @$_;
    my $socket = connection();
    syswrite $socket, post_headers(1, 100) . $data . get_headers(3);
    ok defined read_until($socket, 1, 3), "$what: the connection goes on";
}
nothing_new($inputs, 'lies');
worker_lives();



=== TEST 3: fault 46: rapid resets, and clients that go away
--- http_config eval: $::Http2
--- flow
my $inputs = files_below("$::Var/data/input");
local $SIG{PIPE} = 'IGNORE';
for my $round (1 .. 5) {
    my $socket = connection();
    my $bytes = join '', map { my $stream = 2 * $_ + 1;
        (post_headers($stream) . frame(0, 0, $stream, 'x' x 200) . reset_stream($stream)) } 0 .. 299;
    syswrite $socket, $bytes;
    has_read($socket);
    close $socket;
}
nothing_new($inputs, '1500 rapid resets');

for my $ms (20, 100, 400) {
    my $pid = fork // die;
    if ($pid == 0) {
        open STDOUT, '>', '/dev/null';
        exec split ' ', "curl -s --http2-prior-knowledge --limit-rate 200k -H X-API-Key:$::Key{alice}"
            . " -T $::Var/large.txt -X POST $main::Url/jobs?to=pdf" or POSIX::_exit(1);
    }
    sleep $ms / 1000; # at whatever it is then
    ok eventually(20, sub { left() }), 'an upload is under way' if $ms == 400;
    kill KILL => $pid;
    waitpid $pid, 0;
}
nothing_new($inputs, 'three clients were killed');

my @open = map connection(), 1 .. 20;
syswrite $_, post_headers(1) . frame(0, 0, 1, 'x' x 10_000) for @open;
ok eventually(5, sub { left() == 20 }), '20 uploads are under way';
close $_ for @open;
nothing_new($inputs, '20 connections were closed');
worker_lives();
