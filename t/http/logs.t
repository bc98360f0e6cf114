# The logs: lines of the access log, of nginx and the module, of platend and of platenctl have one form,
# the one that docs/operations.md has; and logrotate loses none of them.

use lib 't/lib';
use TestPlaten;
use TestBatch;

master_on();

our @Copies = only_script(copies => 'read -r word < "$1"; [ "$word" != bad ] || exit 65
while [ "$word" = slow -a ! -e ' . "$Var/go" . ' ]; do /bin/sleep 0.05; done; exec /bin/cp $TINY_PDF "$2"', $Var);
our %Set = (@Copies, 'log/file' => "$Var/platend.log", 'log/audit' => "$Var/audit.log");

# As conf/nginx.conf has it.
my ($format) = slurp("$Root/conf/nginx.conf") =~ /^(    log_format platen escape=json.*?;\n)/ms;
our $Logs = "$format    access_log $Var/access.log platen;\n    platen_log $Var/nginx.log info;\n";

# The table of docs/operations.md: name => where it is.
our %Field = slurp("$Root/docs/operations.md") =~ /^\| `(\w+)` \| ([^|]*?) \|/mg;

sub lines { my ($name) = @_; return -e "$Var/$name" ? map Cpanel::JSON::XS::decode_json($_), split /\n/, slurp("$Var/$name") : () }

# What is wrong with a line, by the table; '' if nothing is.
sub wrong {
    my ($line) = @_;
    my @wrong = map "no $_", grep !defined $line->{$_}, qw(ts level source msg);
    push @wrong, map "$_ is in no table", grep !exists $Field{$_}, sort keys %$line;
    push @wrong, "ts $line->{ts}" if ($line->{ts} // '') !~ /\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\z/;
    push @wrong, "level $line->{level}" if ($line->{level} // '') !~ /\A(?:debug|info|warn|error)\z/;
    push @wrong, "job_id $line->{job_id}" if length($line->{job_id} // '') && $line->{job_id} !~ /\A[0-9a-f-]{36}\z/;
    push @wrong, 'a job without its request' if $line->{job_id} && !$line->{request_id} && $line->{source} ne 'platenctl';
    return @wrong ? join('; ', @wrong) . ': ' . Cpanel::JSON::XS->new->canonical->encode($line) : '';
}

run_tests();

__DATA__

=== TEST 1: one form: access log, nginx, platend, platenctl
--- http_config eval
$::HttpConfig . $::Logs . 'large_client_header_buffers 4 16k;'
--- config eval
"$::ApiConfig location /files/ { root $::Var; }"
--- flow
platend_start(%main::Set);
my $r = post_form('/jobs', [ file => [ undef, "a\e\"\xff.txt", Content => "text\n" ], to => 'pdf' ], 'X-Request-ID' => 'req-submit');
is $r->code, 202, 'a job';
my $id = json_of($r)->{job_id};
wait_job($id);
is http(GET => "/jobs/$id", 'X-Request-ID' => 'req-view')->code, 200, 'its state';
is http(POST => '/jobs?to=nonsense', content => 'x', 'X-Request-ID' => 'req-bad')->code, 400, 'one that is refused';
is http(GET => '/jobs/01900000-0000-7000-8000-000000000000', 'X-Request-ID' => 'req-none')->code, 404, 'one that is not there';
my $bad = main::text_job("bad\n");
is wait_job($bad)->{status}, 'FAILED', 'one that fails';
is http(DELETE => "/jobs/$id", 'X-Request-ID' => 'req-delete')->code, 204, 'deleted';
my @archive = ('Content-Type' => 'application/zip', 'Idempotency-Key' => 'once', content => zip_of('a.txt' => 'one'));
my @bulk = map json_of(http(POST => '/api/v1/jobs/', @archive, 'X-Request-ID' => "req-bulk$_"))->{job_id}, 1, 2;
my $slow = main::text_job("slow\n");
is http(DELETE => "/jobs/$slow", 'X-Request-ID' => 'req-cancel')->code, 204, 'cancelled';
is platenctl('delete', $bad), 0, 'deleted by an operator' or diag $CtlErr;
get('/hostile%22%0a%7b?x=%5c', key => "\xff\\\"");

get('/files/' . '%01' x 1800); # each of them is six characters of JSON

ok eventually(30, sub { grep($_->{msg} =~ m{^open\(\) ".*/files/\x01{1800}" failed}, main::lines('nginx.log')) }), 'a line of what has to be escaped is whole';
ok eventually(30, sub { grep(($_->{request_id} // '') eq 'req-cancel', main::lines('access.log')) }), 'all is written';
my %all = map { $_ => [main::lines($_)] } qw(access.log nginx.log platend.log audit.log);
for my $log (sort keys %all) {
    ok @{ $all{$log} } > 0, "$log has lines";
    is join("\n", grep length, map main::wrong($_), @{ $all{$log} }), '', "$log: each has the form";
}
my %access = map { $_->{request_id} => $_ } grep $_->{request_id}, @{ $all{'access.log'} };
is_deeply [map $access{$_}{job_id} // '', qw(req-submit req-view req-bad req-delete)], [$id, $id, '', $id], 'the job of each request';
is_deeply [map $access{$_}{job_id}, qw(req-bulk1 req-bulk2)], [@bulk[0, 0]], 'and of one that was sent again, the one that is there';
is_deeply [@{ $access{'req-submit'} }{qw(client status method)}], ['alice', 202, 'POST'], 'and what it was';
my ($problem) = grep(($_->{request_id} // '') eq 'req-bad', @{ $all{'nginx.log'} });
like $problem->{msg}, qr/^platen: 400 /, 'nginx says why under the id of the request';
is $problem->{remote_addr}, '127.0.0.1', 'and of whom';
my ($ended) = grep(($_->{job_id} // '') eq $id && $_->{msg} eq 'job finished', @{ $all{'platend.log'} });
is $ended->{request_id}, 'req-submit', 'and platend, under the one that brought the job';

my @audit = map { my $line = $_; join ' ', @$line{grep defined $line->{$_}, qw(source msg job_id request_id)} } grep $_->{audit}, map @{ $all{$_} }, qw(nginx.log platend.log audit.log);
ok scalar(grep $_ eq "nginx job deleted $id req-delete", @audit), 'a deletion is in the trail' or diag explain \@audit;
ok scalar(grep $_ eq "nginx job cancelled $slow req-cancel", @audit), 'a cancellation';
ok scalar(grep $_ eq "platenctl job deleted $bad", @audit), "an operator's";
ok scalar(grep /^platend configuration loaded/, @audit), "platend's configuration";
is scalar(grep /key-of-/, map slurp("$Var/$_"), keys %all), 0, 'no key is in a log';



=== TEST 1b: the trace of a request is in all that is said of it, and of its job
--- http_config eval
$::HttpConfig . $::Logs
--- flow
my $trace = '4bf92f3577b34da6a3ce929d0e0e4736';
my %sent = (good => "00-$trace-00f067aa0ba902b7-01", later => "01-$trace-00f067aa0ba902b7-01-more", short => "00-$trace-00f067aa0ba902b7",
    long => "00-$trace-00f067aa0ba902b7-01-x", upper => '00-' . uc($trace) . '-00f067aa0ba902b7-01', ff => "ff-$trace-00f067aa0ba902b7-01",
    zero => '00-' . '0' x 32 . '-00f067aa0ba902b7-01', parent => "00-$trace-" . '0' x 16 . '-01', hostile => "00-$trace-00f067aa0ba902\"7-01");
http(GET => '/jobs/01900000-0000-7000-8000-000000000000', 'X-Request-ID' => "tr-$_", traceparent => $sent{$_}) for sort keys %sent;
my $id = json_of(post_form('/jobs', [ file => [ undef, 'a.txt', Content => "text\n" ], to => 'pdf' ], traceparent => $sent{good}))->{job_id};
wait_job($id);
ok eventually(30, sub { grep(($_->{request_id} // '') eq 'tr-zero', main::lines('access.log')) }), 'all is written';
for my $log (qw(access.log nginx.log)) {
    my %trace = map { $_->{request_id} => $_->{trace_id} } grep { ($_->{request_id} // '') =~ /^tr-/ } main::lines($log);
    is_deeply [map $trace{"tr-$_"} || '', qw(good later short long upper ff zero parent hostile)], [$trace, $trace, ('') x 7], "in $log";
}
is_deeply [map $_->{trace_id} // '', grep { ($_->{job_id} // '') eq $id && $_->{msg} eq 'job finished' } main::lines('platend.log')], [$trace], 'in that of platend';
is main::ctl_json('inspect', $id)->{trace_id}, $trace, 'and with the job';



=== TEST 2: nginx's configuration is in the trail when it is loaded again
--- http_config eval
$::HttpConfig . $::Logs
--- flow
my $before = grep $_->{msg} =~ /^configuration loaded: /, main::lines('nginx.log');
kill HUP => (nginx_pids())[0];
ok eventually(30, sub { $before < grep $_->{msg} =~ /^configuration loaded: /, main::lines('nginx.log') }), 'once more';
is platenctl('keys', 'list', '--file', "$Var/keys"), 0, 'and a look at keys is not';
is scalar(grep $_->{msg} =~ /key/, main::lines('audit.log')), 0, 'in it';



=== TEST 3: logrotate, while all run: no line is lost
--- http_config eval
$::HttpConfig . $::Logs
--- flow
SKIP: {
    my ($logrotate) = grep -x, '/usr/sbin/logrotate', '/usr/bin/logrotate';
    skip 'there is no logrotate', 1 if !$logrotate;
    my $conf = slurp("$Root/conf/logrotate");
    like $conf, qr/^\s+daily$/m, 'daily';
    like $conf, qr/^\s+rotate 30$/m, 'thirty are kept';
    my $nginx = (nginx_pids())[0];
    $conf =~ s{/var/log/platen}{$Var}g;
    $conf =~ s{^\s+su .*\n}{}mg;
    $conf =~ s{(create \d+) \w+ \w+}{$1}g;
    $conf =~ s{/run/platen-nginx\.pid}{$Var/log-nginx.pid}g;
    spew("$Var/logrotate.conf", $conf);
    chmod 0644, "$Var/logrotate.conf";
    spew("$Var/log-nginx.pid", "$nginx\n");
    my @ids;
    my $rotate = sub {
        my $said = qx($logrotate -f -s $Var/logrotate.state $Var/logrotate.conf 2>&1);
        is $? >> 8, 0, 'rotated' or diag $said;
    };
    my $job = sub { my $r = post_form('/jobs', [ file => [ undef, 'a.txt', Content => "text $_[0]\n" ], to => 'pdf' ], 'X-Request-ID' => "rot-$_[0]"); push @ids, json_of($r)->{job_id} };
    for my $n (1 .. 30) {
        $job->($n);
        $rotate->() if $n % 10 == 5;
    }
    wait_job($_) for @ids;
    http(DELETE => "/jobs/$ids[-1]");
    my $text = sub { my ($log) = @_; return join '', map { /\.gz\z/ ? scalar qx(gzip -dc $_) : slurp($_) } glob "$Var/$log.log*" };
    ok eventually(30, sub { my $access = $text->('access'); !grep $access !~ /"rot-$_"/, 1 .. 30 }), 'each request is in the access log, or an earlier one';
    my $platend = $text->('platend');
    is join(' ', grep $platend !~ /"job finished".*"job_id":"$_"/, @ids), '', 'each job in those of platend';
    is join(' ', grep $platend !~ /"job finished".*"request_id":"rot-$_"/, 1 .. 30), '', 'under its request';
    is scalar(grep { !eval { Cpanel::JSON::XS::decode_json($_); 1 } } split /\n/, $platend . $text->('access') . $text->('nginx')), 0, 'and none is broken';
    ok eventually(30, sub { main::text_job('x'); slurp("$Var/platend.log") =~ /job finished/ && slurp("$Var/access.log") =~ /\S/ }), 'new lines are in the new files';
    is scalar(grep /\.1\z/, glob "$Var/*"), 4, 'each log is rotated' or diag join ' ', glob "$Var/*";
    is +(stat "$Var/nginx.log")[2] & 07777, 0640, 'which others cannot read';
}
