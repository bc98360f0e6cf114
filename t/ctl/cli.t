# platen, the client for the command line, against a real server.

use lib 't/lib';
use TestPlaten;
use IO::Pty;
use IO::Select;
use TestPlace;

our $Cli = "$TestPlaten::Build/platen";
our ($Out, $Err);
our $Port = TestPlace::port();

# It fails what says so, and keeps what says so until $Var/go is there.
our @Copies = only_script(copies => 'read -r word < "$1"; [ "$word" != bad ] || exit 65
while [ "$word" = slow -a ! -e ' . "$Var/go" . ' ]; do /bin/sleep 0.05; done; exec /bin/cp $TINY_PDF "$2"', $Var);

# Runs platen as alice; returns its exit code, with what it printed in $Out and $Err.  %How: env, in, under.
sub platen {
    my ($how, @words) = ref $_[0] ? @_ : ({}, @_);
    my $pid = platen_start($how, @words);
    waitpid $pid, 0;
    ($Out, $Err) = (slurp("$Var/cli.out"), slurp("$Var/cli.err"));
    return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

sub platen_start {
    my ($how, @words) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    %ENV = (PATH => $ENV{PATH}, HOME => "$Var/home", PLATEN_URL => base_url(), PLATEN_KEY => $Key{alice},
        (map { defined $ENV{$_} ? ($_ => $ENV{$_}) : () } qw(ASAN_OPTIONS UBSAN_OPTIONS LD_LIBRARY_PATH)), %{ $how->{env} // {} });
    delete $ENV{$_} for grep !defined $ENV{$_}, keys %ENV;
    chdir($how->{dir} // $Var) or die;
    open STDIN, '<', $how->{in} // '/dev/null' or die;
    open STDOUT, '>', $how->{out} // "$Var/cli.out" or die;
    open STDERR, '>', "$Var/cli.err" or die;
    exec @{ $how->{under} // [] }, $Cli, @words or POSIX::_exit(127);
}

sub names { my ($dir) = @_; opendir my $d, $dir or return; return sort grep !/^\.\.?\z/, readdir $d }

# A way to the server on which the first connection that brings more than $after bytes stands still; returns
# its port and a pipe, from which the bytes of each connection can be read when it ends.
sub slow_way {
    my ($after) = @_;
    my $listen = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
    pipe my $told, my $tell or die;
    my $pid = fork // die;
    if ($pid) {
        return ($listen->sockport, $told, $pid);
    }
    $SIG{CHLD} = 'IGNORE';
    my $stuck = "$Var/stuck";
    while (my $client = $listen->accept) {
        next if fork;
        my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => Test::Nginx::Util::server_port()) or POSIX::_exit(1);
        my $select = IO::Select->new($client, $server);
        my $sent = 0;
        ways: while (1) {
            for my $from ($select->can_read) {
                sysread $from, my $bytes, 65536 or last ways;
                if ($from == $client) {
                    $sent += length $bytes;
                    if ($sent > $after && !-e $stuck) {
                        spew($stuck, $sent);
                        # it stands still, with what the server has got so far, until it is given up
                        $select->remove($client);
                        1 while sysread $client, $bytes, 1;
                        last ways;
                    }
                }
                my $to = $from == $client ? $server : $client;
                while (length $bytes) {
                    my $n = syswrite $to, $bytes or last ways;
                    substr $bytes, 0, $n, '';
                }
            }
        }
        syswrite $tell, "$sent\n";
        POSIX::_exit(0);
    }
    POSIX::_exit(0);
}

# A server with one job and its result, which gives one of @answers to each download: status, ETag, how long the
# result is said to be from there on, and what of it is sent before the line breaks.  Returns how to use it, and its pid.
sub breaking {
    my (@answers) = @_;
    my $listen = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
    my $pid = fork // die;
    return ({ env => { PLATEN_URL => 'http://127.0.0.1:' . $listen->sockport } }, $pid) if $pid;
    while (my $client = $listen->accept) {
        my $head = '';
        1 while $head !~ /\r\n\r\n/ && sysread $client, $head, 4096, length $head;
        my ($status, $etag, $len, $bytes) = $head =~ m{^GET \S+/download } ? @{ shift @answers // [410, '"x"', 0, ''] }
            : (200, '"job"', undef, '{"job_id":"' . 'a' x 36 . '","status":"SUCCESS","output_file":"r.bin"}');
        my $range = $status == 206 && $head =~ /^Range: (bytes)=(\d+-)/mi ? "Content-Range: $1 $2/*\r\n" : '';
        syswrite $client, "HTTP/1.1 $status X\r\n${range}ETag: $etag\r\nContent-Length: " . ($len // length $bytes) . "\r\nConnection: close\r\n\r\n$bytes";
        shutdown $client, 1;
        1 while sysread $client, $head, 4096;
    }
    POSIX::_exit(0);
}

mkdir "$Var/home";
platend_start(@Copies);
run_tests();

__DATA__

=== TEST 1: the command line and the settings
--- flow
for my $words ([], ['nonsense'], ['convert'], ['convert', 'a.txt'], ['convert', '--to', 'pdf'], ['convert', '--to', 'pdf', '-j', '0', 'a'],
    ['convert', '--to', 'pdf', '-O', 'x', 'a'], ['convert', '--to', 'pdf', '--watch', '.', 'a'], ['convert', '--to', 'pdf', '-', 'a'],
    ['jobs', '-n', '0'], ['jobs', 'x'], ['download'], ['download', '../x'], ['delete', 'x'], ['-u', 'ftp://x', 'status'], ['formats', 1, 2]) {
    is main::platen(@$words), 2, "a mistake: platen @$words";
    isnt $main::Err, '', 'which is told';
}
is main::platen('--help'), 0, 'help';
is main::platen($_, '--help'), 0, "$_ --help" for qw(convert status jobs formats download delete cancel retry);
is main::platen('-V'), 0, 'version';

is main::platen({ env => { PLATEN_KEY => 'wrong' } }, 'jobs'), 4, 'a wrong key';
is $main::Err, "platen: the server does not take this key: ask who runs it for another\n", 'what to do';
is main::platen({ env => { PLATEN_KEY => undef } }, 'jobs'), 4, 'no key';
like $main::Err, qr/set PLATEN_KEY/, 'what to do';
my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;
my $port = $free->sockport;
close $free;
is main::platen({ env => { PLATEN_URL => "http://127.0.0.1:$port" } }, 'jobs'), 3, 'no server';
like $main::Err, qr{^platen: http://127\.0\.0\.1:$port cannot be reached: }, 'which is told';

mkdir "$Var/home/.config";
mkdir "$Var/home/.config/platen";
my $config = "$Var/home/.config/platen/config";
spew($config, "# mine\nurl = " . base_url() . "/\nkey = $Key{alice}\n");
chmod 0644, $config;
my %none = (env => { PLATEN_URL => undef, PLATEN_KEY => undef });
is main::platen(\%none, 'jobs'), 2, 'a key that others may read';
is $main::Err, "platen: $config: it has a key, and others may read it: chmod 600 it\n", 'is refused';
chmod 0600, $config;
is main::platen(\%none, 'jobs'), 0, 'one that nobody else may' or diag $main::Err;
spew("$Var/key", "$Key{bob}\n");
chmod 0600, "$Var/key";
is main::platen('--key-file', "$Var/key", 'jobs'), 0, 'a file with a key';
unlink $config;



=== TEST 2: twenty documents, twenty PDFs, and bars on a terminal
--- flow
mkdir "$Var/in";
spew("$Var/in/$_.txt", "text $_\n") for map { sprintf 'document %02d', $_ } 1 .. 20;
my $pty = IO::Pty->new;
my $pid = fork // die;
if ($pid == 0) {
    my $tty = $pty->slave;
    open STDERR, '>&', $tty or die;
    open STDOUT, '>', '/dev/null' or die;
    $ENV{PLATEN_URL} = base_url();
    $ENV{PLATEN_KEY} = $Key{alice};
    exec $main::Cli, 'convert', '--to', 'pdf', '-j', '6', '-o', "$Var/out/", glob("'$Var/in/*.txt'") or POSIX::_exit(127);
}
$pty->close_slave;
my $seen = '';
1 while sysread $pty, $seen, 4096, length $seen;
waitpid $pid, 0;
is $?, 0, 'done' or diag $seen;
is_deeply [main::names("$Var/out")], [map { sprintf 'document %02d.pdf', $_ } 1 .. 20], 'twenty PDFs';
is scalar(grep { slurp($_) eq tiny_pdf() } glob("'$Var/out/*'")), 20, 'whole';
like $seen, qr/all +\[#{24}\] 20 of 20/, 'the bar of all is full';
like $seen, qr/(?:sends|waits|converts|fetches) +\[[#.]{24}\] .*document \d\d\.txt/, 'each had its own';

spew("$Var/out/document 03.pdf", 'mine');
is main::platen('convert', '--to', 'pdf', '-o', "$Var/out", "$Var/in/document 03.txt"), 5, 'a result that is there';
like $main::Err, qr/document 03\.pdf is there already: --force overwrites it/, 'is not overwritten';
is slurp("$Var/out/document 03.pdf"), 'mine', 'really';
is main::platen('convert', '--to', 'pdf', '--force', '-o', "$Var/out", "$Var/in/document 03.txt"), 0, 'with --force';
is slurp("$Var/out/document 03.pdf"), tiny_pdf(), 'it is';
is scalar(grep /\.platen-/, main::names("$Var/out")), 0, 'nothing is left beside them';



=== TEST 3: standard input and output; one file; what fails
--- flow
spew("$Var/a.txt", "text\n");
is main::platen({ in => "$Var/a.txt" }, 'convert', '--to', 'pdf', '--name', 'a.txt', '-'), 0, 'stdin to stdout' or diag $main::Err;
is $main::Out, tiny_pdf(), 'the result and nothing else';
is main::platen('convert', '-t', 'pdf', '-o', "$Var/named.pdf", "$Var/a.txt"), 0, 'a file by name';
is slurp("$Var/named.pdf"), tiny_pdf(), 'is there';
is main::platen('convert', '-t', 'pdf', '-o', "$Var/named.pdf", "$Var/a.txt"), 5, 'and not overwritten';
spew("$Var/bad.txt", "bad\n");
mkdir "$Var/some";
is main::platen('convert', '-t', 'pdf', '-o', "$Var/some", "$Var/bad.txt", "$Var/a.txt", "$Var/none.txt"), 1, 'one that cannot be, and one that is not there';
like $main::Err, qr{^\Q$Var\E/bad\.txt: .+ \(job [0-9a-f-]{36}\)$}m, 'what is wrong with the document, and its job';
like $main::Err, qr{^\Q$Var\E/none\.txt: No such file or directory$}m, 'and with the other';
is_deeply [main::names("$Var/some")], ['a.pdf'], 'the third is converted';
is main::platen('convert', '-t', 'nonsense', "$Var/a.txt"), 1, 'a format that there is not';
like $main::Err, qr/target_format names no known format; GET/, 'is told by the server';
spew("$Var/windows.txt", "caf\xe9 \x80 und so weiter\n");
is main::platen('convert', '-t', 'pdf', '-o', "$Var/some", "$Var/windows.txt"), 0, 'what had to be guessed';
like $main::Err, qr/windows\.txt: warning: .*(?:charset|1252|8859)/i, 'is a warning';



=== TEST 4: names: safe ones, and two that are the same
--- flow
mkdir "$Var/$_" for qw(one two names);
my $hostile = "$Var/one/a\e[31mb\n.txt";
spew($_, "text\n") for "$Var/one/same.txt", "$Var/two/same.txt", "$Var/one/.hidden.txt", $hostile;
is main::platen('convert', '-t', 'pdf', '-j', 1, '-o', "$Var/names", "$Var/one/same.txt", "$Var/two/same.txt", "$Var/one/.hidden.txt", $hostile), 0, 'done'
    or diag $main::Err;
my @names = main::names("$Var/names");
is scalar(@names), 4, 'four results' or diag explain \@names;
ok !(grep /^\.|[\x00-\x1f\/]/, @names), 'none is hidden or has control characters' or diag explain \@names;
ok !(grep !{ map { $_ => 1 } @names }->{$_}, 'same.pdf', 'same (2).pdf'), 'the same name twice';
unlike $main::Err, qr/\e/, 'and no terminal sequence comes from a name';



=== TEST 5: killed in the middle of an upload, and again: it goes on where it was
--- flow
my $size = 3_000_000;
spew("$Var/large.txt", "line of a large text\n" x ($size / 21));
$size = -s "$Var/large.txt";
my ($port, $told, $way) = main::slow_way(1_000_000);
my %env = (env => { PLATEN_URL => "http://127.0.0.1:$port" });
my @words = ('convert', '-t', 'pdf', '--resumable-from', 1, '-o', "$Var/large.pdf", "$Var/large.txt");
my $pid = main::platen_start(\%env, @words);
ok eventually(30, sub { -s "$Var/stuck" }), 'in the middle';
kill KILL => $pid;
waitpid $pid, 0;
my @kept = files_below("$Var/home/.local/state/platen/uploads");
is scalar(@kept), 1, 'the upload is remembered';
my ($id) = slurp($kept[0]) =~ /^([0-9a-f-]{36})$/m;
my $offset;
ok eventually(30, sub { $offset = tus(HEAD => "/uploads/$id")->header('Upload-Offset') }), "the server has a part: $offset";
ok $offset > 0 && $offset < $size, 'of it';
is main::platen(\%env, @words), 0, 'again' or diag $main::Err;
is slurp("$Var/large.pdf"), tiny_pdf(), 'the result';
is get("/jobs/$id")->code, 200, 'it is the job of that upload';
ok eventually(30, sub { $told->blocking(0); my $said = join '', readline $told; my @n = split /\n/, $said; state_sum(\@n) });
sub state_sum { our @all; push @all, @{ $_[0] }; return @all >= 2 }
our @all;
my ($most) = sort { $b <=> $a } @all[1 .. $#all];
ok $most < $size - $offset / 2, "the second time sent $most of $size";
is_deeply [files_below("$Var/home/.local/state/platen/uploads")], [], 'and nothing is remembered any more';
kill KILL => $way;
waitpid $way, 0;



=== TEST 6: no room for the result
--- flow
spew("$Var/a.txt", "text\n");
is main::platen({ out => '/dev/full' }, 'convert', '-t', 'pdf', '-o', '-', "$Var/a.txt"), 5, 'standard output is full';
like $main::Err, qr/cannot write: No space left/, 'which is told';
mkdir "$Var/tight";
is main::platen({ under => ['/bin/sh', '-c', 'ulimit -f 0; exec "$@" 2>&-', 'sh'] }, 'convert', '-t', 'pdf', '-o', "$Var/tight", "$Var/a.txt"), 5, 'no file may have a byte';
is_deeply [main::names("$Var/tight")], [], 'and none is left';
is main::platen('convert', '-t', 'pdf', '-o', "$Var/a.txt/", "$Var/a.txt"), 5, 'a directory that is none';



=== TEST 7: status, formats, jobs, download, cancel, delete, retry
--- flow
is main::platen('status'), 0, 'status' or diag $main::Err, $main::Out;
is main::platen('formats', 'txt'), 0, 'formats';
like $main::Out, qr/^txt +.*\bpdf\b/m, 'of a text';
is main::platen('formats', 'nonsense'), 1, 'of none';
spew("$Var/slow.txt", "slow\n");
my $id = main::text_job("slow\n");
is main::platen('jobs', '-n', 2), 0, 'jobs';
like $main::Out, qr/^ID .*\n$id  (?:PENDING|PROCESSING) .*txt>pdf +a\.txt$/m, 'are listed';
is main::platen('--json', 'jobs', '--status', 'FAILED'), 0, 'for programs';
is Cpanel::JSON::XS::decode_json($main::Out)->{total}, 1, 'the one that failed';
is main::platen('download', $id), 1, 'not yet';
is main::platen('cancel', $id), 0, 'cancel';
is get("/jobs/$id")->code, 404, 'it is gone';
my $failed = json_of(get('/jobs?status=FAILED'))->{jobs}[0]{job_id};
is main::platen('retry', $failed), 0, 'retry';
is wait_job($failed)->{status}, 'FAILED', 'it fails again';
is main::platen('cancel', $failed), 1, 'what has ended is not cancelled';
is main::platen('delete', $failed), 0, 'but deleted';
is main::platen('delete', $failed), 1, 'once';
my $done = main::text_job("text\n", name => 'b.txt');
wait_job($done);
mkdir "$Var/down";
is main::platen('download', '-o', "$Var/down", $done), 0, 'download' or diag $main::Err;
is slurp("$Var/down/b.pdf"), tiny_pdf(), 'under its name';
is main::platen('download', '-o', "$Var/down", $done), 5, 'not over it';
is main::platen('download', '-o', '-', $done), 0, 'to standard output';
is $main::Out, tiny_pdf(), 'the same';

# A line that breaks.
my @part = map { $_ x 20000 } 'a' .. 'c';
mkdir "$Var/broken";
my @download = ('download', '-o', "$Var/broken", 'a' x 36);
my ($how, $pid) = main::breaking([200, '"1"', 60000, $part[0]], [200, '"2"', 60000, $part[1]], [206, '"2"', 20000, $part[2]]);
is main::platen($how, 'convert', '-t', 'pdf', '-o', "$Var/broken", "$Var/slow.txt"), 1, 'what is another result meanwhile does not';
like $main::Err, qr/: the result has changed \(job /, 'which is told';
is_deeply [main::names("$Var/broken")], [], 'and nothing is kept';
kill TERM => $pid;
waitpid $pid, 0;
($how, $pid) = main::breaking([200, '"1"', 60000, $part[0]], [206, '"1"', 40000, $part[1]], [206, '"1"', 20000, $part[2]]);
is main::platen($how, @download), 0, 'what breaks goes on where it was' or diag $main::Err;
is slurp("$Var/broken/r.bin"), join('', @part), 'whole';
kill TERM => $pid;
waitpid $pid, 0;



=== TEST 8: a directory is watched; a signal stops it, and what waits
--- flow
mkdir "$Var/$_" for qw(watched results);
spew("$Var/watched/before.txt", "text\n");
my $pid = main::platen_start({}, 'convert', '-t', 'pdf', '--watch', "$Var/watched", '-o', "$Var/results");
ok eventually(30, sub { -e "$Var/results/before.pdf" }), 'what was there';
spew("$Var/new.txt", "text\n");
rename "$Var/new.txt", "$Var/watched/moved.txt" or die;
spew("$Var/watched/written.txt", "text\n");
ok eventually(30, sub { -e "$Var/results/moved.pdf" && -e "$Var/results/written.pdf" }), 'what comes';
kill TERM => $pid;
waitpid $pid, 0;
is $?, 0, 'it ends when asked to';
$pid = main::platen_start({}, 'convert', '-t', 'pdf', '--watch', "$Var/watched", '-o', "$Var/results");
spew("$Var/watched/later.txt", "text\n");
ok eventually(30, sub { -e "$Var/results/later.pdf" }), 'another one';
kill TERM => $pid;
waitpid $pid, 0;
is slurp("$Var/cli.err") =~ tr/\n//, 1, 'what was converted before is not again' or diag slurp("$Var/cli.err");

spew("$Var/slow.txt", "slow\n");
$pid = main::platen_start({}, 'convert', '-t', 'pdf', '-o', "$Var/results", "$Var/slow.txt");
my $jobs;
ok eventually(30, sub { $jobs = json_of(get('/jobs?status=PROCESSING'))->{total} }), 'one that takes its time';
kill INT => $pid;
waitpid $pid, 0;
is $? >> 8, 130, 'is left on the server';
like slurp("$Var/cli.err"), qr/slow\.txt: stopped \(job [0-9a-f-]{36}\)/, 'and told by its id';
spew("$Var/go", '');



=== TEST 9: a proxy that takes the wait out is not asked all the time
--- http_config eval
"$::HttpConfig log_format asked '\$request_method'; server { listen 127.0.0.1:$::Port; access_log $::Var/asked.log asked;"
    . " location / { proxy_pass http://127.0.0.1:" . Test::Nginx::Util::server_port() . "\$uri; } location = /jobs { proxy_pass http://127.0.0.1:" . Test::Nginx::Util::server_port() . "; } }"
--- flow
unlink "$Var/go";
spew("$Var/slow.txt", "slow\n");
my $pid = main::platen_start({ env => { PLATEN_URL => "http://127.0.0.1:$::Port" } }, 'convert', '-t', 'pdf', 'slow.txt', '-o', "$Var/waited.pdf");
ok eventually(30, sub { my ($job) = @{ json_of(get('/jobs?status=PROCESSING'))->{jobs} }; $job }), 'it is converted';
sleep 2;
spew("$Var/go", '');
waitpid $pid, 0;
is $?, 0, 'and comes' or diag slurp("$Var/cli.err");
my $asked = () = slurp("$Var/asked.log") =~ /^GET/mg;
cmp_ok $asked, '<', 100, "asked $asked times in some seconds";
