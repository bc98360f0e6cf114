package PlatenServer;

# An nginx and a platend of their own in one directory, to be started, killed and
# started again at will, where Test::Nginx would start one nginx to a block.
#
#     my $server = PlatenServer->new(dir => $dir, workers => 2); # on a port of its own
#     $server->nginx_start;   $server->nginx_stop;     # or nginx_kill
#     $server->platend_start('reaper/interval' => 1);  # settings over $server->{settings}
#     my $response = $server->http(POST => '/jobs?to=pdf', content => 'x');
#
# The one engine is a shell script, txt to pdf: it waits while $dir/hold is there, and
# `delay` seconds besides.
# A start takes %ENV as it is then.  Dies if something does not start.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use HTTP::Request ();
use IO::Socket::INET ();
use Cpanel::JSON::XS ();
use LWP::UserAgent ();
use POSIX ();
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

use TestEngine qw(script_engine);
use TestPlace;

our $Root = abs_path(dirname(__FILE__) . '/../..');
our $Build = $ENV{PLATEN_BUILD} || "$Root/build";
our %Key = (alice => 'key-of-alice', bob => 'key-of-bob');

my (%scratch, %servers);

# The directory of a program that is not a .t, for its servers and all else: it goes with the program, however
# that ends, when the servers are stopped; with $keep it stays, and is told.
sub scratch {
    my ($program, $keep) = @_;
    my $dir = tempdir("platen-$program-XXXXXX", DIR => $ENV{TMPDIR} // '/var/tmp');
    $scratch{$dir} = { owner => $$, program => $program, keep => $keep };
    $| = 1;
    $SIG{$_} = sub { exit 1 } for qw(INT TERM);
    return $dir;
}

END {
    my $status = $?;
    my @mine = grep { $scratch{$_}{owner} == $$ } sort keys %scratch;
    $_->stop for @mine ? grep { $_ && $_->{owner} == $$ } values %servers : ();
    for my $dir (@mine) {
        $scratch{$dir}{keep} ? print STDERR "$scratch{$dir}{program}: kept $dir\n" : remove_tree($dir);
    }
    $? = $status;
}

sub new {
    my ($class, %arg) = @_;
    my $self = bless { workers => 1, owner => $$, max_queue => 1_000_000,
                       settings => {}, api => '', http => '', %arg }, $class;
    my $dir = $self->{dir};

    weaken($servers{$self} = $self);
    $self->{port} //= $self->{lent} = TestPlace::port();
    make_path("$dir/run", "$dir/logs");
    $self->{store} //= "$dir/store";
    $self->{data} //= "$dir/data";
    spew("$dir/keys", join '', map { "$_:" . sha256_hex($Key{$_}) . "\n" } sort keys %Key);
    # The result has the document in it, so that no other's could pass for it.
    $self->{engine} = { script_engine($dir, engine => "while [ -e $dir/hold ]; do /bin/sleep 0.05; done\n"
        . ($self->{delay} ? "/bin/sleep $self->{delay}\n" : '') . q{/bin/cat $TINY_PDF "$1" > "$2"}, $dir) };
    return $self;
}

sub nginx_start {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $user = $> == 0 ? 'user root;' : '';

    spew("$dir/nginx.conf", <<"CONF");
load_module $Build/ngx_http_platen_module.so;
daemon off; master_process on; worker_processes $self->{workers}; $user
pid $dir/nginx.pid; error_log $dir/logs/error.log notice;
env PLATEN_CRASH_POINT;
events { worker_connections 1024; }
http {
    access_log off;
    platen_store $self->{store}; platen_data $self->{data}; platen_queue ipc://$dir/run/platend.sock;
    platen_min_free 0;
    $self->{http}
    server {
        listen 127.0.0.1:$self->{port};
        client_body_buffer_size 64k; client_body_temp_path $dir/temp;
        location / {
            platen_api; platen_api_keys $dir/keys; platen_max_queue $self->{max_queue};
            $self->{api}
        }
    }
}
CONF
    $self->{nginx} = spawn("$dir/logs/nginx.out", $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx', '-c', "$dir/nginx.conf",
        '-e', "$dir/logs/error.log", '-p', $dir);
    eventually(20, sub {
        die 'nginx ended at its start: ' . slurp("$dir/logs/nginx.out") . slurp("$dir/logs/error.log")
            if waitpid($self->{nginx}, POSIX::WNOHANG()) > 0;
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
    }) or die 'nginx does not listen: ' . slurp("$dir/logs/error.log");
}

sub nginx_workers { my ($self) = @_; return children_of($self->{nginx}) }

sub nginx_stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{nginx} // return;

    my @all = ($pid, children_of($pid));
    kill $signal // 'QUIT', ($signal // '') eq 'KILL' ? @all : $pid;
    waitpid $pid, 0;
    eventually(5, sub { !grep { alive($_) } @all }) or die "nginx is still there: @all";
}

# Without waiting for it to be ready; see platend_ready().
sub platend_launch {
    my ($self, %set) = @_;
    my $dir = $self->{dir};

    %set = (
        'store/path' => $self->{store}, 'data/path' => $self->{data}, 'queue/endpoint' => "ipc://$dir/run/platend.sock",
        'workers' => 2, 'limits/spare' => 0, 'canary/interval' => 0, 'engines/libexec' => $Build,
        'nice' => 0, # other tests run beside
        %{ $self->{engine} }, %{ $self->{settings} }, %set,
    );
    delete $set{$_} for grep { !defined $set{$_} } keys %set;
    spew("$dir/platend.cfg", zpl(%set));
    $self->{seen} = -s "$dir/logs/platend.log" // 0;
    return $self->{platend} = spawn("$dir/logs/platend.log", "$Build/platend", '-c', "$dir/platend.cfg");
}

# Waits until platend is ready; false if it has ended instead, with its status in $?.
sub platend_ready {
    my ($self) = @_;
    my $ended = 0;

    eventually(30, sub {
        $ended = waitpid($self->{platend}, POSIX::WNOHANG()) > 0;
        $ended || $self->platend_said =~ /"msg":\s*"ready"/;
    }) or die 'platend is not ready: ' . $self->platend_log;
    delete $self->{platend} if $ended;
    return !$ended;
}

sub platend_start {
    my ($self, %set) = @_;
    $self->platend_launch(%set);
    $self->platend_ready or die 'platend ended at its start: ' . $self->platend_said;
}

# Whether it has ended, with its status in $?.
sub platend_ended {
    my ($self) = @_;
    return 1 unless $self->{platend};
    return 0 unless waitpid($self->{platend}, POSIX::WNOHANG()) > 0;
    delete $self->{platend};
    return 1;
}

sub platend_stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{platend} // return 0;
    kill $signal // 'TERM', $pid;
    waitpid $pid, 0;
    return $?;
}

sub platend_log { slurp("$_[0]{dir}/logs/platend.log") }

# What it has said since it was started last.
sub platend_said {
    my ($self) = @_;
    open my $in, '<:raw', "$self->{dir}/logs/platend.log" or return '';
    seek $in, $self->{seen} // 0, 0;
    local $/;
    return scalar(<$in>) // '';
}

sub error_log { slurp("$_[0]{dir}/logs/error.log") }

sub stop {
    my ($self) = @_;
    $self->platend_stop('KILL');
    $self->nginx_stop('KILL');
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@);
    return if $self->{owner} != $$;
    eval { $self->stop } if $self->{nginx} || $self->{platend};
    TestPlace::give_back($self->{lent}) if $self->{lent};
}

# http(GET => '/jobs', key => 'bob', 'Idempotency-Key' => ...); "content" is the body.
sub http {
    my ($self, $method, $path, %header) = @_;
    my $request = HTTP::Request->new($method => "http://127.0.0.1:$self->{port}$path");
    my $content = delete $header{content};

    $request->header('X-API-Key' => $Key{ delete $header{key} // 'alice' });
    $request->header($_ => $header{$_}) for keys %header;
    if (defined $content) {
        $request->content($content);
        $request->header('Content-Length' => length $content);
    }
    # One to a process: a connection belongs to whoever has made it.
    $self->{ua}{$$} //= LWP::UserAgent->new(timeout => TestPlace::patience(60));
    return $self->{ua}{$$}->request($request);
}

sub submit { my ($self, $body, %header) = @_; return $self->http(POST => '/jobs?to=pdf&filename=a.txt', content => $body, %header) }

# { id => { status, epoch, input, output } } of one client, from the store itself.
sub jobs {
    my ($self, $client) = @_;
    my %jobs;
    for (split /\n/, $self->driver('jobs', $client // 'alice')) {
        my ($id, @rest) = split / /;
        @{ $jobs{$id} }{qw(status epoch input output)} = @rest;
    }
    return \%jobs;
}

sub driver {
    my ($self, @arguments) = @_;
    open my $in, '-|', "$Build/store_driver", $self->{store}, @arguments or die "store_driver: $!";
    my $text = do { local $/; <$in> } // '';
    close $in or die "store_driver @arguments: status $?: $text";
    return $text;
}

# What platenctl fsck exits with; what it says is in {fsck} then.
sub fsck {
    my ($self) = @_;
    $self->{fsck} = `$Build/platenctl -c $self->{dir}/platend.cfg fsck 2>&1`;
    return $? >> 8;
}

sub input_path { my ($self, $id) = @_; return "$self->{data}/input/" . substr($id, 0, 7) . "/$id" }
sub output_path { my ($self, $id, $epoch) = @_; return "$self->{data}/output/" . substr($id, 0, 7) . "/$id.$epoch" }

# Inputs and outputs that no record names.
sub orphans {
    my ($self) = @_;
    my %named;
    for (split /\n/, $self->driver('records')) {
        my ($id, $epoch, $none) = split / /;
        $named{ $self->input_path($id) } = () unless $none;
        $named{ $self->output_path($id, $epoch) } = ();
    }
    return grep { !exists $named{$_} } map files_below("$self->{data}/$_"), qw(input output);
}


# --- processes and files ---------------------------------------------------

sub spawn {
    my ($log, @command) = @_;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDERR, '>>', $log or POSIX::_exit(126);
        open STDOUT, '>&', \*STDERR or POSIX::_exit(126);
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    return $pid;
}

sub alive { my ($pid) = @_; return kill(0, $pid) && slurp("/proc/$pid/stat") !~ /\) Z / }
sub children_of { my ($pid) = @_; return map { split ' ', slurp($_) } glob "/proc/$pid/task/*/children" }
sub tree { my ($pid) = @_; return ($pid, map { tree($_) } children_of($pid)) }
sub descriptors { my ($pid) = @_; return scalar(() = glob "/proc/$pid/fd/*") }

sub slurp {
    my ($file) = @_;
    open my $in, '<:raw', $file or return '';
    local $/;
    return scalar(<$in>) // '';
}

sub spew {
    my ($file, $bytes) = @_;
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} $bytes;
    close $out or die "$file: $!";
}

sub files_below {
    my ($dir) = @_;
    opendir my $dh, $dir or return;
    return map { my $path = "$dir/$_"; -d $path && !-l $path ? files_below($path) : $path }
        sort grep { !/^\.\.?\z/ } readdir $dh;
}

sub eventually {
    my ($seconds, $check) = @_;
    my $end = time + TestPlace::patience($seconds);
    while (1) {
        return 1 if $check->();
        return 0 if time > $end;
        sleep 0.02;
    }
}

# Settings as ZPL (RFC 4/ZPL): four spaces of indentation to a level.
sub zpl {
    my (%set) = @_;
    my (%tree, $print);
    for my $key (keys %set) {
        my $node = \%tree;
        my @path = split m{/}, $key;
        my $leaf = pop @path;
        $node = $node->{$_} ||= {} for @path;
        $node->{$leaf} = $set{$key};
    }
    $print = sub {
        my ($node, $indent) = @_;
        return join '', map {
            ref $node->{$_} ? "$indent$_\n" . $print->($node->{$_}, "$indent    ") : "$indent$_ = \"$node->{$_}\"\n"
        } sort keys %$node;
    };
    return $print->(\%tree, '');
}

1;
