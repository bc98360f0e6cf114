# platen, the client for the command line, against servers that are none, or mean it no good.

use strict;
use warnings;

use lib 't/lib';
use Cpanel::JSON::XS qw(encode_json);
use File::Temp qw(tempdir);
use IO::Pty;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use TestPlace;

my $cli = ($ENV{PLATEN_BUILD} // 'build') . '/platen';
$cli = "$ENV{PWD}/$cli" unless $cli =~ m{^/};
my $dir = tempdir(CLEANUP => 1);
my $id = '01900000-0000-7000-8000-000000000000';
my ($out, $err);

sub spew { my ($path, $text) = @_; open my $f, '>', $path or die "$path: $!"; print $f $text; close $f or die }
sub slurp { my ($path) = @_; open my $f, '<', $path or return ''; local $/; return scalar <$f> }

# A server: the answer to a request is that of the first of @ways whose pattern its first line has, as what
# follows "HTTP/1.1 ", or as JSON with 200.  What was asked is in $dir/asked.
sub serve {
    my (@ways) = @_;
    my $listen = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
    spew("$dir/asked", '');
    my $pid = fork // die;
    return ('http://127.0.0.1:' . $listen->sockport, $pid) if $pid;
    while (my $client = $listen->accept) {
        my ($head, $len) = ('');
        1 while $head !~ /\r\n\r\n/ && sysread $client, $head, 4096, length $head;
        ($len) = $head =~ /^Content-Length: (\d+)/mi;
        1 while defined $len && length($head) < index($head, "\r\n\r\n") + 4 + $len && sysread $client, $head, 65536, length $head;
        my ($line) = $head =~ /^(.*?) HTTP/;
        open my $asked, '>>', "$dir/asked" or die;
        syswrite $asked, "$line\n";
        my ($way) = grep $line =~ $ways[$_], grep $_ % 2 == 0, 0 .. $#ways;
        my $answer = defined $way ? $ways[$way + 1] : '404 No';
        $answer = $answer->($head) if ref $answer eq 'CODE';
        $answer = '200 OK' . "\r\nContent-Length: " . length(encode_json($answer)) . "\r\n\r\n" . encode_json($answer) if ref $answer;
        syswrite $client, "HTTP/1.1 $answer" . ($answer =~ /\r\n\r\n/ ? '' : "\r\nContent-Length: 0\r\n\r\n");
        shutdown $client, 1;
        1 while sysread $client, $head, 4096;
    }
    POSIX::_exit(0);
}

sub body { my ($status, $bytes, @headers) = @_; return join "\r\n", $status, 'Content-Length: ' . length $bytes, @headers, '', $bytes }

sub start {
    my ($how, $url, @words) = @_;
    my $pid = fork // die;
    return $pid if $pid;
    %ENV = (PATH => $ENV{PATH}, HOME => $dir, PLATEN_URL => $url,
        map { defined $ENV{$_} ? ($_ => $ENV{$_}) : () } qw(ASAN_OPTIONS UBSAN_OPTIONS LD_PRELOAD PLATEN_ERRORS PLATEN_RECORD PLATEN_RECORD_DIR));
    chdir $dir or die;
    open STDIN, '<&', $how->{in} // do { open my $null, '<', '/dev/null'; $null } or die;
    open STDOUT, $how->{tty} ? '>&' : '>', $how->{tty} // "$dir/out" or die;
    open STDERR, '>', "$dir/err" or die;
    exec $cli, @words or POSIX::_exit(127);
}

# Its exit code; what it printed is in $out and $err.
sub ended {
    my ($pid) = @_;
    waitpid $pid, 0;
    ($out, $err) = (slurp("$dir/out"), slurp("$dir/err"));
    return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

sub platen { my ($ways, @words) = @_; my ($url, $server) = serve(@$ways); my $code = ended(start({}, $url, @words)); stop($server); return $code }
sub stop { my ($pid) = @_; kill KILL => $pid; waitpid $pid, 0 }
sub names { my ($in) = @_; opendir my $d, $in or return; return [sort grep !/^\.\.?\z/, readdir $d] }
sub job { my (%more) = @_; return { job_id => $id, status => 'SUCCESS', %more } }

# Control characters, as no terminal shall get them from a server.
my $evil = "\x1b[2Jx\x{9b}31m\x{202e}y";
my $controls = qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae/;

subtest 'what a server says does not reach the terminal as commands' => sub {
    for ([[qr/ready/ => { $evil => $evil, list => [$evil] }], 'status'],
        [[qr/^GET/ => job(status => $evil, completed_at => 'x')], 'cancel', $id],
        [[qr/^GET/ => { jobs => [job(status => $evil, input_filename => $evil, created_at => $evil)] }], 'jobs'],
        [[qr/^POST/ => { job_id => $evil }, qr/^GET/ => { detail => $evil }], 'convert', '-t', 'pdf', "$dir/in.txt"],
        [[qr/^GET/ => body('404 No', encode_json({ detail => $evil }))], 'download', $id]) {
        my ($ways, @words) = @$_;
        spew("$dir/in.txt", "text\n");
        platen($ways, @words);
        unlike "$out$err", $controls, $words[0];
        like "$out$err", qr/./, 'and it is told';
    }

    my ($url, $server) = serve(qr/./ => body('200 OK', qq({"jobs": [],\n"x\xc2\x9b": "\x7f"})));
    my $pty = IO::Pty->new;
    my $slave = $pty->slave;
    is ended(start({ tty => $slave }, $url, '--json', 'jobs')), 0, '--json on a terminal';
    close $slave;
    sysread $pty, my $shown, 4096;
    is $shown, qq({"jobs": [],\r\n"x?": "?"}\r\n), 'has its lines, and no control characters';
    is ended(start({}, $url, '--json', 'jobs')), 0, 'and into a file';
    is $out, qq({"jobs": [],\n"x\xc2\x9b": "\x7f"}\n), 'it is what the server said';
    stop($server);
};

subtest 'what is no JSON is no answer' => sub {
    for my $body ('', '<html></html>', '[' x 100000) {
        for my $words (['jobs'], ['--json', 'jobs'], ['formats'], ['--json', 'formats'], ['status'], ['--json', 'status'],
            ['download', $id], ['cancel', $id]) {
            isnt platen([qr/./ => body('200 OK', $body)], @$words), 0, "@$words";
            like $err, qr/\Aplaten: .+\n\z/, 'in a sentence';
            is $out, '', 'and no more';
        }
    }
};

subtest 'what is not the result is not kept as one' => sub {
    my $part = 'bytes 0-3/8';
    for (["206 Partial", 'half', "Content-Range: $part"], ['204 No', ''], ['203 Other', 'half'], ['302 Found', '', 'Location: file:///etc/passwd']) {
        my ($status, $bytes, @headers) = @$_;
        mkdir "$dir/results";
        is platen([qr/download/ => body($status, $bytes, @headers), qr/./ => job(output_file => 'a.pdf')], 'download', '-o', 'results', $id), 1, $status;
        is_deeply names("$dir/results"), [], 'nothing is there' or diag $err;
    }

    # A line that broke, and then a part that begins elsewhere.
    my $broken = "200 OK\r\nContent-Length: 8\r\nETag: \"x\"\r\n\r\nhalf";
    for my $from (0, 3, 5) {
        is platen([qr/download/ => sub { $_[0] =~ /^Range: bytes=4-/mi ? body('206 Part', 'rest', 'ETag: "x"', "Content-Range: bytes $from-7/8") : $broken },
            qr/./ => job(output_file => 'a.pdf')], 'download', '-o', 'results', $id), 1, "from $from";
        is_deeply names("$dir/results"), [], 'nothing is there' or diag $err;
    }
};

subtest 'a signal ends what waits for its document' => sub {
    pipe my $in, my $hold or die;
    my $pid = start({ in => $in }, 'http://127.0.0.1:1', 'convert', '-t', 'pdf', '-o', 'never.pdf', '-');
    syswrite $hold, 'x' or die;
    # It has taken what there is (FIONREAD): from there on it waits.
    select undef, undef, undef, 0.01 while do { my $n = pack 'L', 0; ioctl($in, 0x541B, $n) or die; unpack 'L', $n };
    kill TERM => $pid;
    is ended($pid), 130, 'standard input that does not end';

    POSIX::mkfifo("$dir/fifo", 0600) or die;
    is platen([], 'convert', '-t', 'pdf', '-o', 'never.pdf', 'fifo'), 1, 'a FIFO';
    like $err, qr/it is no file/, 'is no document';
};

subtest 'no document is overwritten by a result' => sub {
    mkdir "$dir/mine";
    spew("$dir/mine/$_", "my $_\n") for 'a.txt', 'b.pdf', 'old.pdf';
    my @names = ('b.pdf', 'a.txt');
    is platen([qr/^POST/ => sub { my ($name) = $_[0] =~ /filename="([ab])/; body('202 Yes', encode_json({ job_id => $name eq 'a' ? $id : 'b' x 36 })) },
        qr/download/ => body('200 OK', 'result'), qr/$id/ => job(output_file => 'b.pdf'), qr/b{36}/ => job(output_file => 'old.pdf')],
        'convert', '--force', '-j', 1, '-t', 'pdf', '-o', 'mine', 'mine/a.txt', 'mine/b.pdf'), 0, 'two documents, with --force' or diag $err;
    is_deeply { map { $_ => slurp("$dir/mine/$_") } @{ names("$dir/mine") } },
        { 'a.txt' => "my a.txt\n", 'b.pdf' => "my b.pdf\n", 'b (2).pdf' => 'result', 'old.pdf' => 'result' }, 'only the old result is';
};

SKIP: {
    skip 'a sanitizer has to be loaded first', 2 if $ENV{PLATEN_BUILD};
    subtest 'a job is deleted when its result is on the disk, with its name' => sub {
        mkdir "$dir/$_" for 'kept', 'errors';
        spew("$dir/seen", '');
        my @ways = (qr/^POST/ => body('202 Yes', encode_json({ job_id => $id })), qr/download/ => body('200 OK', 'result'),
            qr/^DELETE/ => sub { # what has been done by now (t/fault/record.c)
                my $record = slurp("$dir/record");
                while (length $record) {
                    my ($kind, undef, undef, $path) = unpack 'a1 Q Q L/a', substr $record, 4, unpack 'L', $record;
                    spew("$dir/seen", slurp("$dir/seen") . "$kind $path\n");
                    $record = substr $record, 4 + unpack 'L', $record;
                }
                return '204 Gone';
            }, qr/./ => job(output_file => 'a.pdf'));
        {
            local @ENV{qw(LD_PRELOAD PLATEN_RECORD PLATEN_RECORD_DIR)} = ("$ENV{PWD}/build/fault_record.so", "$dir/record", "$dir/kept");
            is platen(\@ways, 'convert', '--delete', '-t', 'pdf', '-o', "$dir/kept", "$dir/in.txt"), 0, 'converted' or diag $err;
        }
        my @synced = slurp("$dir/seen") =~ /^E \Q$dir\E\/(.*)$/mg;
        like "@synced", qr{\Akept/\.platen-\w+ kept\z}, 'the file first, and then the directory';

        local @ENV{qw(LD_PRELOAD PLATEN_ERRORS)} = ("$ENV{PWD}/build/fault_errors.so", "$dir/errors");
        spew("$dir/errors/fsync", "28 $dir/out");
        is platen(\@ways, 'convert', '--delete', '-t', 'pdf', '-o', '-', "$dir/in.txt"), 5, 'a disk that is full when it is asked';
        like $err, qr/cannot write: No space left/, 'is told';
        unlike slurp("$dir/asked"), qr/^DELETE/m, 'and nothing is deleted';
        unlink "$dir/errors/fsync";
    };
    subtest 'a result gets its name on any file system, and no file loses its own' => sub {
        my @ways = (qr/download/ => body('200 OK', 'result'), qr/./ => job(output_file => 'a.pdf'));
        local @ENV{qw(LD_PRELOAD PLATEN_ERRORS)} = ("$ENV{PWD}/build/fault_errors.so", "$dir/errors");
        mkdir "$dir/usb";
        for ([1, 'link'], [22, 'renameat2'], [0, 'none']) {
            my ($errno, $call) = @$_;
            spew("$dir/errors/$call", "$errno /"), spew("$dir/usb/b.pdf", 'mine');
            is platen(\@ways, 'download', '-o', "$dir/usb", $id), 0, "without $call" or diag $err;
            is platen(\@ways, 'download', '-o', "$dir/usb", $id), 5, 'once';
            is platen(\@ways, 'download', '-o', "$dir/usb/b.pdf", $id), 5, 'not over another';
            is_deeply [names("$dir/usb"), slurp("$dir/usb/a.pdf"), slurp("$dir/usb/b.pdf")], [['a.pdf', 'b.pdf'], 'result', 'mine'], 'as it should be';
            unlink "$dir/errors/$call", "$dir/usb/a.pdf";
        }
    };
}

subtest 'a result that is moved into a watched directory is no document' => sub {
    mkdir "$dir/watched";
    spew("$dir/watched/a.txt", 'a');
    spew("$dir/watched/.b.txt", 'b');
    my ($url, $server) = serve(qr/^POST/ => sub { my ($name) = $_[0] =~ /filename="(\w)/; body('202 Yes', encode_json({ job_id => $name x 36 })) },
        qr/download/ => body('200 OK', 'result'), qr/a{36}/ => job(output_file => 'a.zip'), qr/b{36}/ => job(output_file => 'b.zip'));
    my $pid = start({}, $url, 'convert', '--force', '-j', 1, '-t', 'png', '--watch', 'watched');
    select undef, undef, undef, 0.02 until slurp("$dir/watched/a.zip") eq 'result' || kill(0, $pid) == 0;
    rename "$dir/watched/.b.txt", "$dir/watched/b.txt";
    select undef, undef, undef, 0.02 until -e "$dir/watched/b.zip" || kill(0, $pid) == 0;
    kill TERM => $pid;
    is ended($pid), 0, 'it ends';
    is scalar(() = slurp("$dir/asked") =~ /^POST/mg), 2, 'two documents were sent' or diag slurp("$dir/asked"), $err;
    stop($server);
};

done_testing;
