package PlatenBench::Stacks;

# The peers of bench/peers that speak HTTP: what each needs is started, on ports of its own, in a
# directory of its own below $dir, and ended at the end.
#
#     my $stack = start_fastapi(%set);         # or start_uno_http, start_celery
#     my $said = stack_convert($stack, 2, @files);
#     stop_stack($stack);

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use IO::Select;
use IO::Socket::INET;
use Cpanel::JSON::XS ();
use Time::HiRes qw(time sleep);

use PlatenBench;

our @EXPORT = qw(stacks_missing start_fastapi start_uno_http start_celery stop_stack stack_pids
                 stack_convert stack_each_job stack_jobs);

my $number = 0;

# What the stacks need and is not here.
sub stacks_missing {
    my ($python) = @_;
    my @missing = grep { system("$python -c 'import $_' 2>/dev/null") != 0 }
                  qw(fastapi uvicorn celery redis psycopg2 sqlalchemy multipart uno);

    push @missing, 'redis-server' unless in_path('redis-server');
    push @missing, 'postgres' unless postgres_bin();
    return @missing;
}

sub postgres_bin {
    my @bin = sort glob '/usr/lib/postgresql/*/bin/initdb';

    return @bin ? $bin[-1] =~ s{/initdb$}{}r : undef;
}

sub new_stack {
    my ($name) = @_;
    my $home = "$dir/$name-" . ++$number;

    mkdir $home or die "$home: $!\n";
    return { name => $name, home => $home, port => free_port(), pids => [] };
}

# A program of the stack's, with these variables.
sub run_in {
    my ($stack, $log, $env, @command) = @_;
    my $pid = start("$stack->{home}/$log.log", '/usr/bin/env', (map { "$_=$env->{$_}" } sort keys %$env), @command);

    push @{ $stack->{pids} }, $pid;
    return $pid;
}

sub answers {
    my ($stack, $log, $pid, $check) = @_;

    for (1 .. 3000) {
        return if $check->();
        die "$stack->{name} ended at its start:\n", slurp("$stack->{home}/$log.log") if ended($pid);
        sleep 0.02;
    }
    die "$stack->{name} is not ready:\n", slurp("$stack->{home}/$log.log");
}

sub uvicorn {
    my ($stack, $set, $app, %env) = @_;
    my $pid = run_in($stack, 'uvicorn', { PYTHONPATH => "$set->{top}/bench/peers", PYTHONDONTWRITEBYTECODE => 1, PEER_DIR => $stack->{home},
                                          PEER_SLOTS => $set->{workers}, PEER_LIMIT => $set->{limit}, %env },
                     $set->{python}, '-m', 'uvicorn', "$app:app", '--host', '127.0.0.1', '--port', $stack->{port},
                     '--log-level', 'warning');
    answers($stack, 'uvicorn', $pid, sub { (ask_once($stack, "GET /health HTTP/1.1\r\n"))[0] == 200 });
    return $stack;
}

# FastAPI and a soffice for each document.
sub start_fastapi {
    my (%set) = @_;

    return uvicorn(new_stack('fastapi'), \%set, 'fastapi_soffice');
}

# FastAPI and long-lived soffices over UNO.
sub start_uno_http {
    my (%set) = @_;

    return uvicorn(new_stack('uno'), \%set, 'uno_http', PEER_SOFFICE => "$set{office}/soffice.bin");
}

# FastAPI, Celery, Redis and PostgreSQL, which refuses to be root.
sub start_celery {
    my (%set) = @_;
    my $stack = new_stack('celery');
    my $bin = postgres_bin();
    my @user = $> == 0 ? ('setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups') : ();
    my ($database, $redis) = (free_port(), free_port());

    # Others may pass, not look.
    chmod 0711, $dir, $stack->{home};
    mkdir "$stack->{home}/pg";
    if (@user) {
        my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
        chown $uid, $gid, "$stack->{home}/pg";
    }
    capture(@user, "$bin/initdb", '-D', "$stack->{home}/pg/data", '-U', 'peer', '-A', 'trust', '-E', 'UTF8', '--locale=C');
    my $pid = run_in($stack, 'postgres', {}, @user, "$bin/postgres", '-D', "$stack->{home}/pg/data", '-h', '127.0.0.1',
                     '-p', $database, '-k', "$stack->{home}/pg");
    answers($stack, 'postgres', $pid, sub {
        system("$bin/pg_isready", '-q', '-h', '127.0.0.1', '-p', $database, '-U', 'peer', '-d', 'postgres') == 0 });
    $pid = run_in($stack, 'redis', {}, 'redis-server', '--port', $redis, '--bind', '127.0.0.1', '--dir', $stack->{home});
    answers($stack, 'redis', $pid, sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$redis") });

    my %env = (PEER_DATABASE => "postgresql://peer\@127.0.0.1:$database/postgres",
               PEER_REDIS => "redis://127.0.0.1:$redis/0");
    uvicorn($stack, \%set, 'celery_stack', %env);
    $pid = run_in($stack, 'celery', { PYTHONPATH => "$set{top}/bench/peers", PYTHONDONTWRITEBYTECODE => 1, PEER_DIR => $stack->{home},
                               PEER_LIMIT => $set{limit}, %env },
           $set{python}, '-m', 'celery', '-A', 'celery_stack:queue', '--workdir', $stack->{home}, 'worker',
           '--concurrency', $set{workers}, '--loglevel', 'info');
    answers($stack, 'celery', $pid, sub { slurp("$stack->{home}/celery.log") =~ / ready\.$/m });
    $stack->{tasks} = $pid;
    return $stack;
}

# The last that was started first: who uses the others goes before them.
sub stop_stack {
    my ($stack) = @_;

    stop($_) for reverse @{ $stack->{pids} };
}

sub stack_pids { return map { tree($_) } @{ $_[0]{pids} } }


# --- the client --------------------------------------------------------------

sub open_request {
    my ($stack, $head, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$stack->{port}") or return;
    my $sent = "${head}Host: bench\r\nConnection: close\r\n"
        . (defined $body ? 'Content-Length: ' . length($body) . "\r\n" : '') . "\r\n" . ($body // '');

    while (length $sent) {
        my $n = syswrite $socket, $sent or return;
        substr $sent, 0, $n, '';
    }
    return $socket;
}

sub ask_once {
    my ($stack, $head, $body) = @_;
    my $socket = open_request($stack, $head, $body) or return 0;
    my $got = '';

    1 while sysread $socket, $got, 65536, length $got;
    my ($first, $content) = split /\r\n\r\n/, $got, 2;
    return ($first =~ m{^HTTP/1.1 (\d+)} ? $1 : 0, $content // '');
}

# Head and body of a form with one file.
sub form {
    my ($path, $name, $bytes) = @_;
    my $boundary = 'platen-bench-7MA4YWxkTrZu0gW';

    return ("POST $path HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=$boundary\r\n",
            "--$boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"$name\"\r\n"
            . "Content-Type: application/octet-stream\r\n\r\n$bytes\r\n--$boundary--\r\n");
}

# POST /convert of each, so many at a time; { file => 'ok' or why not }.
sub stack_convert {
    my ($stack, $at_once, @files) = @_;
    my $select = IO::Select->new;
    my (%of, %said);

    while (@files || $select->count) {
        while (@files && $select->count < $at_once) {
            my $file = shift @files;
            my $socket = open_request($stack, form('/convert', basename($file), slurp($file)))
                or die "$stack->{name}: cannot connect\n", slurp("$stack->{home}/uvicorn.log");
            $of{$socket} = { file => $file, got => '' };
            $select->add($socket);
        }
        for my $socket ($select->can_read) {
            my $run = $of{$socket};
            next if sysread $socket, $run->{got}, 65536, length $run->{got};
            $select->remove($socket);
            close $socket;
            my ($head, $body) = split /\r\n\r\n/, $run->{got}, 2;
            $said{ $run->{file} } = ($head // '') =~ m{^HTTP/1.1 200} && $body =~ /^%PDF-/ ? 'ok' : substr $body // 'closed', 0, 80;
        }
    }
    return \%said;
}

sub stack_submit {
    my ($stack, $name, $bytes) = @_;
    my ($status, $body) = ask_once($stack, form('/jobs', $name, $bytes));

    die "$stack->{name}: $status $body\n", slurp("$stack->{home}/uvicorn.log") if $status != 202;
    return Cpanel::JSON::XS::decode_json($body)->{id};
}

# Its state when it has ended.
sub stack_end {
    my ($stack, $id) = @_;

    while (1) {
        my ($status, $body) = ask_once($stack, "GET /jobs/$id HTTP/1.1\r\n");
        die "$stack->{name}: $status $body\n" if $status != 200;
        my $job = Cpanel::JSON::XS::decode_json($body);
        return $job if $job->{status} eq 'completed';
        die "$stack->{name}: its worker ended\n", slurp("$stack->{home}/celery.log") if ended($stack->{tasks});
        sleep 0.05;
    }
}

# A job of its own for each file.
sub stack_each_job {
    my ($stack, @files) = @_;
    my @ids = map { stack_submit($stack, basename($_), slurp($_)) } @files;
    my %said;

    $said{ $files[$_] } = stack_end($stack, $ids[$_])->{done} ? 'ok' : 'not converted' for 0 .. $#files;
    return \%said;
}

# Jobs of [name, bytes], until their archives of results are here; how many were converted.
sub stack_jobs {
    my ($stack, @jobs) = @_;
    my $done = 0;

    for my $id (map { stack_submit($stack, @$_) } @jobs) {
        $done += stack_end($stack, $id)->{done};
        my ($status, $body) = ask_once($stack, "GET /jobs/$id/download HTTP/1.1\r\n");
        die "$stack->{name}: $status\n" if $status != 200 || $body !~ /^PK/;
    }
    return $done;
}

1;
