# Traces: what a collector is sent, by the field names of OTLP's protocol; collectors that are down,
# slow, busy or refuse; and the process that sends, killed.  Nothing of it is there unless it is asked for.

use lib 't/lib';
use TestPlaten;
use HookReceiver;
use TestArchive ();
use TestFault;
use File::Path qw(make_path);

our $Collector = HookReceiver->new(dir => $Var);
our %Engine = (only_script(traced => "/bin/grep -q bad \"\$1\" && exit 3
if /bin/grep -q slow \"\$1\"; then while [ ! -e $Var/go ]; do /bin/sleep 0.05; done; fi; exec /bin/cp \$TINY_PDF \"\$2\"", $Var),
    'webhook/unsigned' => 1, 'webhook/allow' => '127.0.0.0/8', 'webhook/backoff' => 1, 'limits/attempts' => 1);
our $Config = "client_body_buffer_size 64k; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now;
    location / { platen_api; platen_webhooks on; } location /metrics { platen_metrics; }";
our $Trace = '4bf92f3577b34da6a3ce929d0e0e4736';
our $Count = 0;

# Starts platend with that path of the collector and more of the environment.
sub start {
    my ($path, %env) = @_;
    local %ENV = (%ENV, OTEL_BSP_SCHEDULE_DELAY => 50, OTEL_EXPORTER_OTLP_ENDPOINT => $Collector->url($path), %env);
    delete $ENV{$_} for grep { !defined $ENV{$_} } keys %ENV;
    platend_start(%Engine);
}

# A job, at its end.
sub traced {
    my (%arg) = @_;
    my $name = $arg{name} // 'a.txt';
    my $id = json_of(post_form('/jobs', [file => [undef, $name, Content => ($arg{content} // 'text') . ($arg{name} ? '' : ' ' . ++$Count . "\n")],
        to => 'pdf', @{ $arg{fields} // [] }], 'X-Request-ID' => "traced-$Count", $arg{parent} ? (traceparent => $arg{parent}) : ()))->{job_id};
    wait_job($id);
    return $id;
}

# All spans that came at the path, each checked to be one.
sub spans {
    my ($path) = @_;
    my (@all, @wrong);
    my %field = (resource => [qw(attributes)], scope => [qw(name version)],
        span => [qw(traceId spanId parentSpanId name kind startTimeUnixNano endTimeUnixNano attributes status)]);
    my $known = sub {
        my ($what, $object) = @_;
        for my $name (keys %$object) { push @wrong, "$what: $name" if !grep { $_ eq $name } @{ $field{$what} } }
    };
    for my $request ($Collector->told("$path/v1/traces")) {
        push @wrong, "$request->{method} $request->{header}{'content-type'}" if "$request->{method} $request->{header}{'content-type'}" ne 'POST application/json';
        my $body = Cpanel::JSON::XS->new->utf8->decode($request->{body});
        push @wrong, "top: @{[ keys %$body ]}" if "@{[ keys %$body ]}" ne 'resourceSpans';
        for my $resource (@{ $body->{resourceSpans} }) {
            $known->(resource => $resource->{resource});
            for my $scope (@{ $resource->{scopeSpans} }) {
                $known->(scope => $scope->{scope});
                for my $span (@{ $scope->{spans} }) {
                    $known->(span => $span);
                    push @wrong, "ids: $span->{traceId} $span->{spanId}" if "$span->{traceId} $span->{spanId}" !~ /\A(?!0+ )[0-9a-f]{32} (?!0+\z)[0-9a-f]{16}\z/;
                    push @wrong, "times: $span->{startTimeUnixNano} $span->{endTimeUnixNano}"
                        if "$span->{startTimeUnixNano} $span->{endTimeUnixNano}" !~ /\A\d{19} \d{19}\z/ || $span->{endTimeUnixNano} < $span->{startTimeUnixNano};
                    push @all, { %$span, resource => values_of($resource->{resource}{attributes}), is => values_of($span->{attributes}) };
                }
            }
        }
    }
    is_deeply \@wrong, [], "what came at $path is OTLP" if @all;
    return @all;
}
sub values_of { return { map { ($_->{key} => (values %{ $_->{value} })[0]) } @{ $_[0] } } }
sub of_job { my ($id, @spans) = @_; return grep { $_->{is}{'platen.job.id'} eq $id } @spans }
# Waits for as many of a job; a webhook may be tried more often meanwhile.
sub told {
    my ($path, $id, $n) = @_;
    my @found;
    { local $Test::Builder::Level = 99; eventually(20, sub { my $count = () = join('', map $_->{body}, $Collector->told("$path/v1/traces")) =~ /"\Q$id\E"/g; $count >= $n }) }
    @found = of_job($id, spans($path));
    cmp_ok scalar(@found), '>=', $n, "$n spans of it" or diag join(' ', map $_->{name}, @found), last_lines();
    return map { ($_->{name} => $_) } @found;
}
# platen_trace_spans_total by result.
sub counted { my $page = get('/metrics')->decoded_content; return { map { /^platen_trace_spans_total\{result="(\w+)"\} (\d+)/ ? ($1 => $2) : () } split /\n/, $page } }
sub last_lines { my @lines = split /\n/, platend_log(); return join "\n", '', @lines > 6 ? @lines[-6 .. -1] : @lines }
# As many, or, of ">=N", no fewer.
sub counts_are {
    my ($expected, $what) = @_;
    my $now;
    my $fit = sub { my ($result) = @_; my $n = $now->{$result} // 0; return $expected->{$result} =~ /^>=(\d+)/ ? $n >= $1 : $n == $expected->{$result} };
    ok eventually(30, sub { $now = counted(); !grep { !$fit->($_) } keys %$expected }), $what
        or diag join(' ', map { "$_ $now->{$_}" } sort keys %$now), last_lines();
}
sub helpers { return grep { (readlink("/proc/$_/exe") // '') =~ /platen-otlp/ } children_of(platend_pid()) }

run_tests();

__DATA__

=== TEST 1: nobody asked: no process, no numbers, and the environment can say no
--- config eval: $::Config
--- flow
main::start('/off', OTEL_EXPORTER_OTLP_ENDPOINT => undef);
my $id = main::traced(parent => "00-$::Trace-00f067aa0ba902b7-01");
is scalar(main::helpers()), 0, 'no process';
is_deeply main::counted(), {}, 'no numbers';
platend_stop();
main::start('/off', OTEL_TRACES_EXPORTER => 'none');
is scalar(main::helpers()), 0, 'nor with OTEL_TRACES_EXPORTER=none';
platend_stop();
main::start('/off', OTEL_EXPORTER_OTLP_PROTOCOL => 'grpc');
is scalar(main::helpers()), 0, 'nor for gRPC,';
like platend_log(), qr/"msg": *"no traces: the environment asks for what Platen has not".*grpc|grpc.*no traces/, 'which is said';
platend_stop();



=== TEST 2: spans of a job: whose child each is, how it ended, and how its lines in the log find it
--- config eval: $::Config
--- flow
main::start('/ok', OTEL_SERVICE_NAME => 'convert', OTEL_RESOURCE_ATTRIBUTES => 'deployment.environment=t%20est,service.name=other',
    OTEL_EXPORTER_OTLP_HEADERS => 'x-tenant=a%2Cb,authorization=Bearer%20secret-of-otlp');
my $id = main::traced(parent => "00-$::Trace-00f067aa0ba902b7-01", fields => [webhook_url => $::Collector->url('/status/410')]);
my %span = main::told('/ok', $id, 6);
is $span{accept}{traceId}, $::Trace, 'the trace of the request';
is $span{accept}{parentSpanId}, '00f067aa0ba902b7', 'which is the parent';
is "$span{accept}{kind} $span{wait}{kind} $span{webhook}{kind}", '2 1 3', 'a server, our own, a client';
is $span{$_}{parentSpanId}, $span{accept}{spanId}, "$_ belongs to it" for qw(wait convert webhook);
is $span{traced}{parentSpanId}, $span{convert}{spanId}, 'and the step to the attempt';
is $span{convert}{is}{'platen.request.id'}, "traced-$::Count", 'with the id of the request';
is_deeply $span{webhook}{status}, { code => 2, message => '410' }, 'a webhook that was not taken says so';
is_deeply [@{ $span{accept}{resource} }{qw(service.name deployment.environment)}], ['convert', 't est'], 'the resource as the environment has it';
my ($request) = $::Collector->told('/ok/v1/traces');
is "$request->{header}{'x-tenant'} $request->{header}{authorization}", 'a,b Bearer secret-of-otlp', 'and the headers';
unlike platend_log(), qr/secret-of-otlp/, 'which no log has';
my @kin = grep { slurp("/proc/$_/environ") =~ /secret-of-otlp/ } children_of(platend_pid());
is_deeply \@kin, [main::helpers()], 'and no other process';
is_deeply [grep { !/"trace_id": *"$::Trace"/ } grep { /"$id"/ } split /\n/, platend_log()], [], 'each line about the job names the trace';

my $bad = main::traced(parent => "00-$::Trace-00f067aa0ba902b7-01", content => 'bad');
%span = main::told('/ok', $bad, 5);
is "$span{convert}{status}{code} $span{convert}{is}{'error.type'}", '2 conversion_failed', 'a failure has its code';
is $span{traced}{is}{'process.exit.code'}, 3, 'and what the engine has said';

my $quiet = main::traced(parent => "00-$::Trace-00f067aa0ba902b7-00");
my $own = main::traced();
%span = main::told('/ok', $own, 5);
is $span{accept}{traceId}, $own =~ tr/-//dr, 'without a trace of the caller the job has its own';
ok !exists $span{accept}{parentSpanId}, 'with no parent';
is scalar(main::of_job($quiet, main::spans('/ok'))), 0, 'what the caller does not record is not sent';
main::counts_are({ exported => '>=16', dropped => 0, rejected => 0 }, 'all are counted');

my $open = '';
ok eventually(10, sub { $open = get('/metrics', Accept => 'application/openmetrics-text; version=1.0.0')->decoded_content; $open =~ /# \{trace_id="$::Trace"\}/ }),
    'times in /metrics name a trace, for OpenMetrics';
my @exemplified = $open =~ /^(platen_\w+_bucket\{.*\} \d+ # .*)$/mg;
is_deeply [grep !/\{.*le="([^"]+)"\} [1-9]\d* # \{trace_id="[0-9a-f]{32}"\} (\d+\.\d{6}) \d{10}\.\d{6}\z/ || ($1 ne '+Inf' && $2 > $1), @exemplified], [], 'each within its bucket';
is_deeply [grep { my $family = $_; !grep /^${family}_bucket/, @exemplified } qw(platen_job_wait_seconds platen_job_conversion_seconds platen_engine_step_seconds)], [],
    'waits, conversions and steps';
unlike get('/metrics')->decoded_content, qr/trace_id/, 'and the text format has none';



=== TEST 3: the process is killed: another one goes on
--- config eval: $::Config
--- flow
my ($pid) = main::helpers();
kill KILL => $pid;
ok eventually(20, sub { my ($now) = main::helpers(); $now && $now != $pid }), 'it is started again';
my %span = main::told('/ok', main::traced(), 5);
my @spans = main::spans('/ok');
my %seen;
$seen{ $_->{spanId} }++ for @spans;
is scalar(grep { $_ > 1 } values %seen), 0, 'no number twice';
platend_stop();



=== TEST 4: a batch's files belong to its trace
--- config eval: $::Config
--- flow
main::start('/batch');
my $id = main::traced(name => 'a.zip', content => TestArchive::zip_of('a.txt' => "a\n", 'b.txt' => "b\n"), parent => "00-$::Trace-00f067aa0ba902b7-01");
ok eventually(20, sub { 2 <= grep { $_->{name} eq 'convert' } main::spans('/batch') }), 'its files are converted' or diag platend_log();
ok eventually(20, sub { grep { $_->{name} eq 'pack' && !$_->{is}{'platen.engine'} } main::spans('/batch') }), 'and packed';
my @spans = main::spans('/batch');
my ($root) = map $_->{spanId}, grep { $_->{name} eq 'accept' } @spans;
is_deeply [map $_->{parentSpanId}, grep { $_->{name} eq 'convert' } @spans], [$root, $root], 'and belong to the request';
is_deeply [grep { $_->{traceId} ne $::Trace } @spans], [], 'all of one trace';
platend_stop();



=== TEST 5: another log file: the helpers end, and others write into it
--- config eval: $::Config
--- flow
local $::Engine{'log/file'} = "$::Var/platend.log";
main::start('/moved');
my $there = sub { my %is = map { ((readlink("/proc/$_/exe") // '') =~ m{/(platen-\w+)} ? $1 : '') => $_ } children_of(platend_pid()); return @is{qw(platen-webhook platen-otlp)} };
my @before;
ok eventually(30, sub { @before = $there->(); 2 == grep defined, @before }), 'both are there';
rename "$::Var/platend.log", "$::Var/platend.log.1" or die;
my $said = sub { return -e "$::Var/platend.log" ? platend_log() : '' };
ok eventually(60, sub { $said->() =~ /webhooks are delivered/ && $said->() =~ /traces are sent/ }), 'and others are, which write into the new file' or diag $said->();
ok eventually(30, sub { my @now = $there->(); 2 == grep { defined $now[$_] && $now[$_] != $before[$_] } 0, 1 }), 'in place of those';
my $id = main::traced(fields => [webhook_url => $::Collector->url('/status/410')]);
ok eventually(30, sub { $said->() =~ /"webhook given up.*"$id"/ }), 'where a webhook that fails is told' or diag $said->();
my %span = main::told('/moved', $id, 6);
unlike $said->(), qr/has ended/, 'nobody takes that for a fault';
platend_stop();



=== TEST 6: collectors: busy, later, in part, refusing, slow, down
--- config eval: $::Config
--- flow
main::start('/busy/a');
main::traced();
main::counts_are({ exported => 5, dropped => 0, rejected => 0 }, '429 with Retry-After: once more, and taken');
is scalar($::Collector->told('/busy/a/v1/traces')) > 1, 1, 'which took two requests';
platend_stop();
main::start('/later/a');
main::traced();
main::counts_are({ exported => 5, dropped => 0, rejected => 0 }, '503 with Retry-After: the same');
my @times = map $_->{time}, $::Collector->told('/later/a/v1/traces');
cmp_ok $times[1] - $times[0], '>=', 2, 'after as long as it has said';
platend_stop();
main::start('/partial/1');
main::traced();
main::counts_are({ rejected => '>=1', dropped => 0 }, 'what it says that it has not taken is counted');
ok eventually(10, sub { my $now = main::counted(); $now->{exported} + $now->{rejected} == 5 && $now->{rejected} == $::Collector->told('/partial/1/v1/traces') }),
    'and no more than that';
platend_stop();
main::start('/status/400');
main::traced();
main::counts_are({ exported => 0, rejected => 5, dropped => 0 }, '400: dropped at once');
platend_stop();
main::start('/slow/30/a', OTEL_EXPORTER_OTLP_TIMEOUT => 100, OTEL_BSP_MAX_QUEUE_SIZE => 4);
main::traced() for 1 .. 3;
main::counts_are({ exported => 0, dropped => '>=11' }, 'slow: what has no room in the queue is dropped, and jobs go on');
platend_stop();
my $log = length platend_log();
main::start('/x', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT => 'http://127.0.0.1:1/v1/traces', OTEL_BSP_MAX_QUEUE_SIZE => 6, OTEL_BSP_MAX_EXPORT_BATCH_SIZE => 2);
main::traced() for 1 .. 3;
main::counts_are({ exported => 0, dropped => '>=9' }, 'down: the same');
like substr(platend_log(), $log), qr/traces are not delivered/, 'which is said';
platend_stop();



=== TEST 7: each line about a job names its trace: of a picture, of one that was lost, of what cannot be told
--- config eval: $::Config
--- flow
my $parent = "00-$::Trace-00f067aa0ba902b7-01";
my $traces = sub { my ($like) = @_; return [map { Cpanel::JSON::XS::decode_json($_)->{trace_id} } grep { $_ =~ $like } split /\n/, platend_log()] };
local %::Engine = (%::Engine, map { +"engines/$_/enabled" => 1 } qw(poppler qpdf mupdf));
main::start('/ok');
my $id = main::traced();
is get("/jobs/$id/thumbnail?width=40", traceparent => $parent)->code, 200, 'a picture' or diag main::last_lines();
is_deeply $traces->(qr/"job finished".*"png"/), [$::Trace], 'made for whoever has asked';

my $slow = json_of(post_form('/jobs', [file => [undef, 'a.txt', Content => "slow\n"], to => 'pdf'], traceparent => $parent))->{job_id};
becomes($slow, 'PROCESSING');
platend_kill();
my $bucket = substr($slow =~ tr/-//dr, 0, 7);
make_path("$::Var/data/output/$bucket/$slow.1"); # what no unlink removes
spew("$::Var/go", '');
main::start('/ok');
is wait_job($slow)->{status}, 'SUCCESS', 'one whose sidecar was killed';
is_deeply $traces->(qr/"job requeued: .*"$slow"/), [$::Trace], 'is put back';
is_deeply $traces->(qr/"cannot remove an unfinished result".*"$slow"/), [$::Trace], 'with what is left of it';
platend_stop();

my $untold = json_of(post_form('/jobs', [file => [undef, 'a.txt', Content => "untold\n"], to => 'pdf', webhook_url => $::Collector->url('/x')],
    traceparent => $parent))->{job_id};
store_driver("$::Var/store", claim => $untold);
store_driver("$::Var/store", finish => $untold, 'FAILED', 'webhook_url=ftp://127.0.0.1/');
main::start('/ok');
ok eventually(30, sub { @{ $traces->(qr/"webhook given up".*"$untold"/) } }), 'a webhook that cannot even be tried is given up' or diag main::last_lines();
is_deeply $traces->(qr/"webhook given up".*"$untold"/), [$::Trace], 'which says whose';
platend_stop();
