# GET /metrics: every number beside what was done, in both of its formats.

use lib 't/lib';
use TestPlaten;
use Time::HiRes qw(sleep);

our $Config = "
    location / { platen_api; platen_api_keys $Var/keys; }
    location = /numbers { platen_metrics; allow 127.0.0.1; deny all; }
    location = /kept { platen_metrics; deny all; }";

# A page, as { 'name{labels}' => value }; every line of it has to be one of the format's.
sub read_page {
    my ($text, $open) = @_;
    my (%value, %type, %help, $family, @wrong);
    my $name = qr/[a-z][a-z0-9_]*/;
    my $label = qr/[a-z]+="(?:[^"\\\n]|\\["\\n])*"/;
    push @wrong, 'no # EOF' if $open && $text !~ s/# EOF\n\z//;
    push @wrong, 'no line feed at the end' if $text !~ /\n\z/;
    for my $line (split /\n/, $text) {
        if ($line =~ /^# HELP ($name) [^\\]+$/) {
            push @wrong, "twice: $line" if $help{$1}++;
        } elsif ($line =~ /^# TYPE ($name) (counter|gauge|histogram)$/) {
            ($family, my $kind) = ($1, $2);
            push @wrong, "type without help: $line" if !$help{$family};
            push @wrong, "twice: $line" if $type{$family};
            push @wrong, "of a counter: $line" if $kind eq 'counter' && ($family =~ /_total$/ ? $open : !$open);
            $type{$family} = $kind;
        } elsif ($line =~ /^($name)(\{$label(?:,$label)*\})? ([0-9]+(?:\.[0-9]+)?)$/) {
            my ($sample, $labels, $value) = ($1, $2 // '', $3);
            my $suffix = { counter => $open ? qr/_total/ : qr//, gauge => qr//, histogram => qr/_(?:bucket|sum|count)/ }->{ $type{$family} };
            push @wrong, "not of $family: $line" if $sample !~ /^\Q$family\E$suffix$/;
            push @wrong, "twice: $line" if exists $value{"$sample$labels"};
            $value{"$sample$labels"} = $value;
        } else {
            push @wrong, "no line of the format: $line";
        }
    }
    is "@wrong", '', 'each line is as the format has it';
    return \%value;
}

# As they are after platend's next page at the latest.
sub numbers {
    my ($path) = @_;
    my $response = get($path // '/metrics');
    is $response->code, 200, 'metrics';
    return read_page($response->content);
}

# What has become more, of those whose names fit.
sub more {
    my ($fit, $before, $after) = @_;
    return { map { /$fit/ && $after->{$_} != ($before->{$_} // 0) ? ($_ => $after->{$_} - ($before->{$_} // 0)) : () } keys %$after };
}

# Until platend has written that.
sub told {
    my ($name, $value) = @_;
    return eventually(30, sub { my ($is) = get('/metrics')->content =~ /^\Q$name\E (\S+)$/m; defined $is && $is == $value });
}

# Pandoc and others are enough.
our @Quick = ('engines/lok/enabled' => 0, 'engines/soffice/enabled' => 0);

run_tests();

__DATA__

=== TEST 1: who may read it
--- config eval: $::Config
--- flow
problem_is get('/metrics', key => undef), 401, 'unauthorized', 'without a key';
is get('/metrics')->code, 200, 'with one';
my $page = get('/numbers', key => undef);
is $page->code, 200, 'in a location of its own without one';
is $page->header('Content-Type'), 'text/plain; version=0.0.4; charset=utf-8', 'its type';
is get('/kept', key => undef)->code, 403, 'as that location says';
my $head = http(HEAD => '/numbers', key => undef);
is $head->code, 200, 'HEAD';
is length $head->content, 0, 'has no body';
for my $path ('/metrics', '/numbers') {
    my $post = http(POST => $path);
    problem_is $post, 405, 'method_not_allowed', "POST $path";
    is $post->header('Allow'), 'GET, HEAD', 'with what there is';
}
# There is no platend, and never was one.
my $n = main::numbers();
is $n->{platen_sidecar_up}, 0, 'no platend';
is_deeply [grep /^platen_(?:jobs_ended|engine|workers)/, keys %$n], [], 'and no number of it';
is $n->{platen_store_up}, 1, 'but a store';
is $n->{'platen_build_info{version="0.2.0"}'}, 1, 'and a version';



=== TEST 2: OpenMetrics for those who would rather have it
--- config eval: $::Config
--- flow
platend_start('workers' => 2, @main::Quick);
ok main::told('platen_workers', 2), 'platend tells its numbers';
my $page = get('/metrics', Accept => 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1');
is $page->header('Content-Type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'its type';
is $page->header('Vary'), 'Accept', 'caches keep the two apart';
for ('text/plain, application/openmetrics-text;q=0', 'application/openmetrics-text; version=1.0.0; Q=0.000', 'text/plain;q=0.5,application/openmetrics-text;q=0.4',
    'application/openmetrics-textual', 'a/b;c="application/openmetrics-text, application/openmetrics-text;"', '*/*', ';q=1,,;', 'application/openmetrics-text;q=') {
    my $wanted = /q=\z/;
    (my $type = get('/metrics', Accept => $_)->header('Content-Type')) =~ s/;.*//;
    is $type, $wanted ? 'application/openmetrics-text' : 'text/plain', "for $_";
}
is get('/metrics', Accept => ['text/plain;q=0.3', 'Application/OpenMetrics-Text ; q=0.5'])->header('Content-Type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'in two lines';
my $open = main::read_page($page->content, 1);
my $plain = main::numbers();
is_deeply [sort keys %$open], [sort keys %$plain], 'the same numbers in both';
SKIP: {
    my $promtool = promtool();
    skip 'there is no promtool (t/lib/fetch-promtool)', 1 if !$promtool;
    spew("$::Var/page", get('/metrics')->content);
    is `$promtool check metrics < $::Var/page 2>&1`, '', 'promtool finds nothing';
}
platend_stop();
ok !-e "$::Var/run/platend.sock.metrics", 'what it has told goes with it';



=== TEST 3: each job once, by what became of it
--- config eval: $::Config
--- flow
platend_start('workers' => 2, @main::Quick);
ok main::told('platen_workers', 2), 'platend tells its numbers';
my $before = main::numbers();
for (1 .. 3) {
    wait_job(submit(content => "# Title\n\ntext $_\n", name => 'a.md', to => 'html')->{job_id}, 30);
}
is wait_job(submit(content => "%PDF-1.4\n%%EOF\n", name => 'a.pdf', to => 'txt')->{job_id}, 30)->{status}, 'FAILED', 'one of four fails';
problem_is get('/jobs/00000000-0000-7000-8000-000000000000'), 404, 'job_not_found', 'and one is asked for that is not there';
ok main::told('platen_jobs_ended_total{from="md",to="html",result="success"}', 3), 'three end well';
ok main::told('platen_jobs_ended_total{from="pdf",to="txt",result="failed"}', 1), 'and one does not';
my $after = main::numbers();
my ($code) = keys %{ main::more(qr/^platen_job_failures_total/, $before, $after) };
is_deeply main::more(qr/^platen_jobs_ended_total/, $before, $after),
    { 'platen_jobs_ended_total{from="md",to="html",result="success"}' => 3, 'platen_jobs_ended_total{from="pdf",to="txt",result="failed"}' => 1 }, 'each is counted once';
like $code, qr/^platen_job_failures_total\{code="[a-z_]+"\}$/, 'why it failed';
is main::more(qr/^platen_job_wait_seconds_count/, $before, $after)->{platen_job_wait_seconds_count}, 4, 'four have waited';
is $after->{'platen_job_conversion_seconds_count{to="html"}'} - ($before->{'platen_job_conversion_seconds_count{to="html"}'} // 0), 3, 'three took their time';
is $after->{'platen_engine_steps_total{engine="pandoc",outcome="done"}'} - ($before->{'platen_engine_steps_total{engine="pandoc",outcome="done"}'} // 0), 3, 'by pandoc';
is $after->{platen_upload_seconds_count} - $before->{platen_upload_seconds_count}, 4, 'four were taken in';
is $after->{'platen_http_requests_total{route="jobs",status="2xx"}'} - ($before->{'platen_http_requests_total{route="jobs",status="2xx"}'} // 0), 4, 'by as many requests';
is $after->{'platen_http_problems_total{code="job_not_found"}'} - ($before->{'platen_http_problems_total{code="job_not_found"}'} // 0), 1, 'one problem';
ok $after->{platen_committed_operations_total} - $before->{platen_committed_operations_total} >= 4, 'their commits';
is $after->{platen_jobs} - $before->{platen_jobs}, 4, 'they are in the store';
ok $after->{platen_events_total} - $before->{platen_events_total} >= 12, 'with their events';
# Each histogram: its buckets grow, and the last is all of it.
for my $count (grep /_seconds_count/, keys %$after) {
    my ($name, $labels) = split /_count/, $count;
    $labels = $labels eq '' ? '' : substr($labels, 1, -1) . ',';
    my @buckets = map $after->{"${name}_bucket{${labels}le=\"$_\"}"},
        qw(0.001 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 10 30 120 600 +Inf);
    is_deeply [sort { $a <=> $b } @buckets], \@buckets, "the buckets of $count grow";
    is $buckets[-1], $after->{$count}, 'to all';
}
platend_stop();



=== TEST 4: what waits, and for how long
--- config eval: $::Config
--- flow
platend_start('workers' => 1, @main::Quick);
ok main::told('platen_workers', 1), 'platend tells its numbers';
platend_stop();
my $before = main::numbers();
submit(content => "text\n", name => "$_.md", to => 'html') for 1 .. 3;
sleep 1.2;
my $after = main::numbers();
is $after->{'platen_queue_length{due="yes"}'} - $before->{'platen_queue_length{due="yes"}'}, 3, 'three wait';
cmp_ok $after->{platen_queue_oldest_wait_seconds}, '>=', 1.2, 'for as long as they do';
cmp_ok $after->{platen_queue_oldest_wait_seconds}, '<', 60, 'and no longer';
is $after->{platen_jobs_processing}, 0, 'none is converted';
is $after->{platen_sidecar_up}, 0, 'platend is not there';
# One that was killed has left its page behind, which is not believed for long.
my $old = "$::Var/run/platend.sock.metrics";
spew($old, "# HELP platen_workers x\n# TYPE platen_workers gauge\nplaten_workers 7\n");
is main::numbers()->{platen_workers}, 7, 'a page of now';
utime time - 60, time - 60, $old;
is main::numbers()->{platen_sidecar_up}, 0, 'a page of a minute ago';
unlink $old;
# And what is no file of platend's is none.
symlink '/etc/passwd', $old;
is main::numbers()->{platen_sidecar_up}, 0, 'a link';
unlink $old;



=== TEST 5: those who wait for events, and those who stop waiting
--- config eval: $::Config
--- flow
is main::numbers()->{platen_subscribers}, 0, 'nobody';
my @streams = map raw_open(), 1 .. 3;
for my $stream (@streams) {
    $stream->print("GET /events HTTP/1.1\r\nHost: x\r\nX-API-Key: $::Key{alice}\r\n\r\n");
    $stream->flush;
}
ok main::told('platen_subscribers', 3), 'three streams';
close $_ for @streams;
ok main::told('platen_subscribers', 0), 'nobody again';
