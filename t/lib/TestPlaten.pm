package TestPlaten;

# What every .t of Platen shares: a store and a data directory of its own, two
# clients with keys, the real sidecar on demand, and a block section "flow" for
# what takes more than one request.
#
#     use lib 't/lib';
#     use TestPlaten;                  # after it, $HttpConfig and the helpers
#     platend_start();                 # if the file needs conversions
#     run_tests();
#     __DATA__
#     === TEST 1: a document becomes a PDF
#     --- flow
#     my $job = submit(file => sample('hello.docx'), to => 'pdf');
#     is wait_job($job->{job_id})->{status}, 'SUCCESS', 'converted';
#
# A block without --- config gets platen_api in location /; one without
# --- request asks for /health, and its flow runs while that server is up.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(hmac_sha256_base64 sha256_hex);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp ();
use HTTP::Request::Common ();
use IO::Socket::INET;
use Cpanel::JSON::XS ();
use LWP::UserAgent;
use POSIX ();
use Time::HiRes qw(sleep time);

use TestEngine qw(script_engine tiny_pdf);
use TestPlace; # before Test::Nginx
use Test::Nginx::Socket 'no_plan';
use Test::More;

our @EXPORT = (
    @Test::Nginx::Socket::EXPORT,
    @Test::More::EXPORT,
    qw(%SigningKey signed $CtlOut $CtlErr platenctl ctl_json
       $Root $Libexec $Duckdb $Var $HttpConfig $ApiConfig %Key
       platend_start platend_stop platend_kill platend_log platend_pid only_script tiny_pdf
       base_url http get post_form submit text_job tus wait_job becomes job json_of raw raw_open
       read_response problem_is sample slurp spew files_below corpus
       nginx_pids children_of zygotes error_log_text promtool eventually has_read leave platend_turns sha256_hex sleep time)
);

our $Root = abs_path(dirname(__FILE__) . '/../..');
our $Build = $ENV{PLATEN_BUILD} || "$Root/build";
our $Ctl = "$Build/platenctl";
our ($CtlOut, $CtlErr);
our $Libexec = "$Root/build";
our $Duckdb = $ENV{PLATEN_DUCKDB} || "$Root/build/duckdb/libduckdb.so";

# Not below /tmp: LibreOffice in a process of its own gets another /tmp.
our $Temp = File::Temp->newdir('platen-t-XXXXXX', DIR => '/var/tmp');
our $Var = "$Temp";
our %Key = (alice => 'key-of-alice', bob => 'key-of-bob');

make_path("$Var/run");
spew("$Var/keys", join '', map { "$_:" . sha256_hex($Key{$_}) . "\n" } sort keys %Key);

# The secret that URLs and cookies are signed with, and one that was used before.
our %SigningKey = (now => 'this-key-signs-urls-in-these-tests', old => 'this-one-has-signed-them-until-now');
for (keys %SigningKey) {
    spew("$Var/signing-$_", "$SigningKey{$_}\n");
    chmod 0600, "$Var/signing-$_";
}

our $HttpConfig = <<"CONF";
    platen_store $Var/store;
    platen_data  $Var/data;
    platen_queue ipc://$Var/run/platend.sock;
    platen_result_cache off;
CONF

our $ApiConfig = <<"CONF";
    client_body_buffer_size 64k;
    location / {
        platen_api;
        platen_api_keys $Var/keys;
        platen_signing_key $Var/signing-now;
    }
CONF

$ENV{TEST_NGINX_PLATEN_VAR} = $Var;
$Test::Nginx::Util::LoadModules ||= "$Build/ngx_http_platen_module.so" unless $ENV{PLATEN_STATIC};

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

no_shuffle();
no_root_location();
worker_connections(1024);
log_level($ENV{TEST_NGINX_LOG_LEVEL} || 'info');

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('http_config', $HttpConfig)
        unless defined $block->http_config;
    $block->set_value('config', $ApiConfig) unless defined $block->config;
    $block->set_value('request', 'GET /health')
        unless defined $block->request || defined $block->raw_request
            || defined $block->must_die;
    $block->set_value('timeout', TestPlace::patience($block->timeout // 60));

    # What must never be in a log, whatever a test is about.
    $block->set_value('no_error_log', "[alert]\n[emerg]\nkey-of-\nthis-key-signs\nthis-one-has-signed")
        unless defined $block->no_error_log || defined $block->must_die;
});

add_response_body_check(sub {
    my ($block, $body, $req_idx, $repeated, $dry_run) = @_;

    return if $dry_run || $repeated || $req_idx || !defined $block->flow;

    my $code = "package main; use strict; use warnings;\n#line 1 \""
        . $block->name . "\"\n" . $block->flow;
    eval "$code; 1" or fail($block->name . ": flow died: $@");
});


# --- the sidecar -----------------------------------------------------------

my $platend;

# Starts platend with the given settings over the defaults ("a/b" => value).
sub platend_start {
    my (%set) = @_;

    die 'platend is running' if $platend;
    %set = (
        'store/path' => "$Var/store",
        'data/path' => "$Var/data",
        'queue/endpoint' => "ipc://$Var/run/platend.sock",
        'workers' => 2, 'limits/spare' => 0, 'nice' => 0, # other tests run beside
        'canary/interval' => 0, # what is converted is what a test asks for
        'engines/libexec' => defined $set{user} ? libexec_for_all() : $Libexec,
        'engines/tables/duckdb' => $Duckdb,
        # AddressSanitizer has reserved more than any limit, and a child's stack could not grow.
        $ENV{ASAN_OPTIONS} ? ('limits/address_space' => 0) : (),
        %set,
    );
    delete $set{$_} for grep { !defined $set{$_} } keys %set;
    spew("$Var/platend.cfg", zpl(%set));

    die 'this test starts LibreOffice, and t/groups does not say so'
        if $ENV{PLATEN_NO_OFFICE} && ($set{'engines/lok/enabled'} // 1);

    my $log = "$Var/platend.log";
    my $seen = -s $log // 0;
    $platend = fork // die "fork: $!";
    if ($platend == 0) {
        open STDERR, '>>', $log or die;
        open STDOUT, '>&', \*STDERR or die;
        exec "$Build/platend", '-c', "$Var/platend.cfg" or POSIX::_exit(127);
    }

    eventually(30, sub {
        die 'platend ended at its start: ' . platend_log()
            if waitpid($platend, POSIX::WNOHANG()) > 0;
        substr(platend_log(), $seen) =~ /"msg":\s*"ready"/;
    }) or die 'platend is not ready: ' . platend_log();
    return $platend;
}

# The programs of the engines where another user may execute them: the checkout may lie below
# a directory that is root's alone.
sub libexec_for_all {
    my $dir = "$Var/libexec";
    mkdir $dir;
    chmod 0755, $dir;
    system('cp', '-p', (grep -f, glob "$Libexec/platen-*"), "$dir/") == 0 or die "$dir: not copied";
    return $dir;
}

# Settings as ZPL (RFC 4/ZPL): four spaces of indentation to a level.
sub zpl {
    my (%set) = @_;
    my %tree;
    for my $key (keys %set) {
        my $node = \%tree;
        my @path = split m{/}, $key;
        my $leaf = pop @path;
        $node = $node->{$_} ||= {} for @path;
        $node->{$leaf} = $set{$key};
    }

    my $print;
    $print = sub {
        my ($node, $indent) = @_;
        return join '', map {
            ref $node->{$_}
                ? "$indent$_\n" . $print->($node->{$_}, "$indent    ")
                : "$indent$_ = \"$node->{$_}\"\n"
        } sort keys %$node;
    };
    return $print->(\%tree, '');
}

# Settings by which platend has one engine: that shell script, from txt to pdf.  It gets its input
# and its output as $1 and $2, may start programs, read @read, and $TINY_PDF is a PDF to copy.
sub only_script { return script_engine($Var, @_) }

# Runs platenctl, for the configuration of the last platend_start() or the defaults; returns its
# exit code, with what it printed in $CtlOut and $CtlErr.
sub platenctl {
    my (@words) = @_;
    if (!grep $_ eq '-c', @words) {
        spew("$Var/platend.cfg", zpl('store/path' => "$Var/store", 'data/path' => "$Var/data",
            'queue/endpoint' => "ipc://$Var/run/platend.sock")) unless -e "$Var/platend.cfg";
        unshift @words, '-c', "$Var/platend.cfg";
    }
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$Var/ctl.out" or die;
        open STDERR, '>', "$Var/ctl.err" or die;
        exec $Ctl, @words or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    ($CtlOut, $CtlErr) = (slurp("$Var/ctl.out"), slurp("$Var/ctl.err"));
    return $? >> 8;
}

# What platenctl says in JSON.
sub ctl_json {
    platenctl('--json', @_);
    die $CtlErr if $CtlErr;
    return Cpanel::JSON::XS->new->utf8->decode($CtlOut);
}

sub platend_pid { $platend }
sub platend_log { -e "$Var/platend.log" ? slurp("$Var/platend.log") : '' }

# Waits until platend has looked at everything that it looks at each second, $seconds times: it has
# woken five times for each, by its own timers at least.
sub platend_turns {
    my ($seconds) = @_;
    my $woken = sub { slurp("/proc/$platend/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m ? $1 : 0 };
    my ($from, $start) = ($woken->(), time);
    eventually(60, sub { time - $start >= $seconds && $woken->() - $from >= 5 * $seconds }) or die 'platend stands still';
}

# SIGTERM and wait; returns the wait status.
sub platend_stop {
    my $pid = $platend // return;
    kill TERM => $pid;
    waitpid $pid, 0;
    undef $platend;
    return $?;
}

sub platend_kill {
    my $pid = $platend // return;
    kill KILL => $pid;
    waitpid $pid, 0;
    undef $platend;
}

END {
    my $status = $?;
    platend_kill() if $platend;
    $? = $status;
}


# --- requests --------------------------------------------------------------

my $ua = LWP::UserAgent->new(timeout => TestPlace::patience(60), keep_alive => 0,
    parse_head => 0); # headers are those that were sent

sub base_url { 'http://127.0.0.1:' . server_port() }

# http(GET => '/jobs', key => 'bob', 'If-None-Match' => ...); "key" is a
# client's name (default alice), or undef for none; "content" the body.
sub http {
    my ($method, $path, %header) = @_;
    my $client = exists $header{key} ? delete $header{key} : 'alice';
    my $content = delete $header{content};

    my $request = HTTP::Request->new($method => base_url() . $path);
    $request->header($_ => $header{$_}) for keys %header;
    $request->header('X-API-Key' => $Key{$client} // $client) if defined $client;
    if (defined $content) {
        $request->content($content);
        $request->header('Content-Length' => length $content);
    }
    return $ua->request($request);
}

sub get { http(GET => @_) }

# post_form('/jobs', [ file => [...], ... ], key => 'bob')
sub post_form {
    my ($path, $form, %header) = @_;
    my $request = HTTP::Request::Common::POST("http://x$path",
        Content_Type => 'form-data', Content => $form);
    return http(POST => $path, 'Content-Type' => $request->header('Content-Type'),
        content => $request->content, %header);
}

# Submits a file and returns the job; dies unless accepted.
#   file => path, or content => bytes with name => filename; to => format;
#   from => format; fields => [ name => value, ... ], more of the form
sub submit {
    my (%arg) = @_;
    my $content = exists $arg{content} ? $arg{content} : slurp($arg{file});
    my $name = $arg{name} // ($arg{file} =~ m{([^/]+)\z})[0];
    my $response = post_form($arg{path} // '/jobs', [
        file => [ undef, $name, Content => $content,
                  'Content-Type' => 'application/octet-stream' ],
        target_format => $arg{to},
        $arg{from} ? (source_format => $arg{from}) : (),
        @{ $arg{fields} // [] },
    ], key => $arg{key} // 'alice');
    die 'not accepted: ' . $response->as_string unless $response->is_success;
    return json_of($response);
}

# A text that is to become a PDF: the id of its job.  Its content may come first; the rest is for submit().
sub text_job {
    my $content = @_ % 2 ? shift : undef;
    return submit(content => $content // "text\n", name => 'a.txt', to => 'pdf', @_)->{job_id};
}

# A request of the tus protocol; what has a content is bytes of a file.
sub tus {
    my ($method, $path, %header) = @_;
    return http($method => $path, 'Tus-Resumable' => '1.0.0',
        defined $header{content} ? ('Content-Type' => 'application/offset+octet-stream') : (), %header);
}

# The query that makes a URL a signed one, by proto/base/sign.h to the letter.
#   expires => seconds since 1970; type, max: of a PUT; key => now or old
sub signed {
    my ($method, $path, %arg) = @_;
    my $expires = $arg{expires} // int(time) + 60;
    my $mac = hmac_sha256_base64(join("\n", 'platen-url-1', $method, $path, $expires, $arg{type} // '',
        $arg{max} // ''), $SigningKey{ $arg{key} // 'now' });
    return "expires=$expires" . ($arg{max} ? "&max=$arg{max}" : '') . '&signature=' . $mac =~ tr{+/}{-_}r;
}

sub json_of { Cpanel::JSON::XS->new->utf8->decode($_[0]->content) }

sub job {
    my ($id, %header) = @_;
    my $response = get("/jobs/$id", %header);
    die "no job $id: " . $response->as_string unless $response->is_success;
    return json_of($response);
}

# Polls until the job is final, or dies after $seconds (60).
sub wait_job {
    my ($id, $seconds, %header) = @_;
    my $job;
    eventually($seconds // 60, sub {
        $job = job($id, %header);
        $job->{status} =~ /^(?:SUCCESS|PARTIAL_SUCCESS|FAILED|CANCELLED)\z/;
    }) or die "job $id is still $job->{status}\n" . platend_log();
    return $job;
}

# Whether a job gets that status within so many seconds (10).
sub becomes {
    my ($id, $status, $seconds) = @_;
    return eventually($seconds // 10, sub { job($id)->{status} eq $status });
}

sub raw_open {
    my ($port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port // server_port(), Timeout => 10) // die "connect: $!";
}

# Sends bytes as they are; returns everything until the server closes.
sub raw {
    my ($bytes, $port) = @_;
    my $socket = raw_open($port);
    local $SIG{PIPE} = 'IGNORE';
    $socket->print($bytes);
    $socket->flush;
    return read_response($socket);
}

sub read_response {
    my ($socket) = @_;
    my $text = '';
    local $SIG{ALRM} = sub { die "no end of the response: $text" };
    alarm TestPlace::patience(30);
    while (sysread $socket, my $buffer, 65536) { $text .= $buffer }
    alarm 0;
    return HTTP::Response->parse($text);
}

# One test: that status and code, as a complete problem with the request's id.
sub problem_is {
    my ($response, $status, $code, $what) = @_;
    my $problem = eval { json_of($response) } || {};
    my $got = join ' ', $response->code, $problem->{code} // '-',
        $response->header('Content-Type') // '-';
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is $got, "$status $code application/problem+json", $what
        unless $got eq "$status $code application/problem+json";
    ok $problem->{status} == $status && length $problem->{detail}
        && $problem->{type} eq "urn:platen:problem:$code" && length $problem->{title}
        && $problem->{request_id} eq $response->header('X-Request-ID'), $what
        or diag $response->as_string;
}


# --- files and processes ---------------------------------------------------

sub slurp {
    my ($path) = @_;
    open my $fh, '<:raw', $path or die "$path: $!";
    local $/;
    return scalar <$fh>;
}

sub spew {
    my ($path, $bytes) = @_;
    open my $fh, '>:raw', $path or die "$path: $!";
    print {$fh} $bytes;
    close $fh or die "$path: $!";
}

sub sample { "$Root/t/data/$_[0]" }

# The directory of real documents, if this checkout has one beside it.
sub corpus {
    my $dir = $ENV{PLATEN_CORPUS} || "$Root/../shared/corpus";
    return -d $dir ? $dir : undef;
}

# Every regular file below the directories, sorted.
sub files_below {
    my @files;
    for my $dir (grep { -d } @_) {
        # What is being taken away may be gone by now.
        opendir my $dh, $dir or $!{ENOENT} ? next : die "$dir: $!";
        for my $name (sort grep { !/^\.\.?\z/ } readdir $dh) {
            my $path = "$dir/$name";
            push @files, -d $path && !-l $path ? files_below($path) : $path;
        }
    }
    return @files;
}

sub nginx_pids {
    my $master = slurp("$Test::Nginx::Util::ServRoot/logs/nginx.pid") + 0;
    my $children = "/proc/$master/task/$master/children";
    return ($master, -e $children ? split(' ', slurp($children)) : ());
}

# By what each process says of its parent: the kernel's own list may lack one while another ends.
sub children_of {
    my ($pid) = @_;
    return grep { (eval { slurp("/proc/$_/stat") } // '') =~ /\) \S $pid / } map { m{(\d+)} } glob '/proc/[0-9]*';
}

# Each warm LibreOffice: one that is being replaced has the other beside it.
sub zygotes { return grep { (eval { slurp("/proc/$_/comm") } // '') eq "platen-lok\n" } children_of($platend) }

# Prometheus' own checker, as t/lib/fetch-promtool or the machine has it; undef: neither.
sub promtool { return (grep { -x } "$Root/build/promtool", map "$_/promtool", split /:/, $ENV{PATH})[0] }

sub error_log_text { slurp("$Test::Nginx::Util::ServRoot/logs/error.log") }

# The server's end of a connection, as the kernel has it: state, bytes that wait to be read, inode
# (0: not accepted yet, or closed); nothing when it is gone.
sub _server_end {
    my ($ours, $theirs) = @_;
    my $end = sprintf ' \w+:%04X \w+:%04X (\w\w) \w+:(\w+) \S+ \S+ +\d+ +\d+ (\d+) ', $theirs, $ours;
    return slurp('/proc/net/tcp') =~ /$end/ ? (hex $1, hex $2, $3) : ();
}

# Waits until the server has read all that was sent on that connection, or has closed it.
sub has_read {
    my ($socket) = @_;
    my @ports = ($socket->sockport, $socket->peerport);
    $socket->flush;
    return eventually(30, sub { my ($state, $unread, $inode) = _server_end(@ports); !$state || ($inode ? !$unread : $state > 3) })
        || die 'the server does not read';
}

# Closes a connection, and waits until the server has noticed and closed its end.
sub leave {
    my ($socket) = @_;
    my @ports = ($socket->sockport, $socket->peerport);
    close $socket;
    return eventually(30, sub { my ($state, undef, $inode) = _server_end(@ports); !$state || (!$inode && $state > 3) })
        || die 'the server does not notice that its client is gone';
}

# Calls $check until it returns true or $seconds have passed: what a test says is within a few
# seconds is so, and a longer limit is one that only ends a test that would not end.
sub eventually {
    my ($seconds, $check) = @_;
    my $end = time + TestPlace::patience($seconds);
    while (1) {
        return 1 if $check->();
        return 0 if time > $end;
        sleep 0.05;
    }
}

1;
