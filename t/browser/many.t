# Ten thousand documents on the page, in a real browser: what is dropped, uploaded and listed has a
# bound, however much there is.  How long tasks of the page take is printed, and not judged.
# PLATEN_MANY=10000 uploads and follows as many, each a job of its own, and prints what it sees.

use lib 't/lib';
use Page;
use TestPlaten;

our $Files = 10000;
our $Followed = $ENV{PLATEN_MANY} // 90;

# Waits as long as $Var/hold is there.
our @Engines = (only_script(works => qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done\n/bin/echo %PDF-1.4 > "\$2"}, $Var),
    'queue/events' => "ipc://$Var/run/events.sock");
our $Http = "$HttpConfig    platen_events ipc://$Var/run/events.sock;\n";
our $Config = "client_body_buffer_size 64k; platen_signing_key $Var/signing-now; platen_api_keys $Var/keys; platen_max_queue 20000;
    location / { platen_api; platen_client cookie; platen_quota 500m; }";

# As many as that, chosen from a list of files.
sub choose {
    my ($page, $n) = @_;
    $page->js(qq{window.made = new DataTransfer(); for (let i = 1; i <= $n; i++) made.items.add(new File([`\${i}`], `\${i}.txt`)); true});
    $page->js(q{new Promise((done) => setTimeout(done, 50)).then(() => { seen.tasks.length = 0; })}); # of the test's own
    $page->js(q{(() => { const f = document.querySelector('#files'); f.files = made.files; f.dispatchEvent(new Event('change')); })()});
    $page->until(60, '!document.querySelector("#staged").hidden && !document.querySelector("#convert").disabled') or die $page->log;
}

# What the page asks for, and how long it keeps everything else waiting.
sub watch {
    my ($page) = @_;
    $page->js(q{window.seen = { tasks: [], under: 0, most: 0, asked: 0, nodes: 0 };
        new PerformanceObserver((l) => seen.tasks.push(...l.getEntries().map((e) => Math.round(e.duration)))).observe({ type: 'longtask' });
        const real = fetch; window.fetch = async (...all) => {
            if (/\/jobs/.test(all[0])) { seen.asked++; seen.most = Math.max(seen.most, ++seen.under); }
            try { return await real(...all); } finally { if (/\/jobs/.test(all[0])) seen.under--; }
        }; new MutationObserver(() => { seen.nodes = Math.max(seen.nodes, document.querySelectorAll('*').length); })
            .observe(document.body, { childList: true, subtree: true }); true});
}
sub figures {
    my ($page, $what) = @_;
    my $seen = $page->js('({ ...seen, heap: performance.memory.usedJSHeapSize })');
    my $say = $ENV{PLATEN_MANY} ? \&diag : \&note; # t/run shows what goes to the standard error
    $say->(sprintf '%s: %d requests for jobs, %d at once; %d elements at most; heap %.1f MB; tasks over 50 ms: %s', $what,
        @$seen{qw(asked most nodes)}, $seen->{heap} / 1e6, join(' ', @{ $seen->{tasks} }) || 'none');
    return $seen;
}

run_tests();

__DATA__

=== TEST 1: ten thousand are dropped by mistake, and taken back
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
platend_start(@::Engines);
spew("$::Var/hold", '');
my $page = Page->new(base_url() . '/');
main::watch($page);
main::choose($page, $::Files);
is $page->text('#staged-title'), "$::Files documents to convert", 'all are counted';
cmp_ok $page->count('#staged-list li'), '<=', 61, 'and the first of them shown';
$page->click('#convert');
ok $page->until(30, q{document.querySelectorAll('#jobs-list .job').length >= 3}), 'they begin to be uploaded' or diag $page->log;
cmp_ok $page->count('#uploads-list .job'), '<=', 63, 'the next of them have rows';
like $page->text('#uploads-rest'), qr/\Aand 9\d\d\d more uploads\s+Stop all uploads\z/, 'and the others are counted';
$page->click('#uploads-clear');
ok $page->until(30, q{!document.querySelector('#uploads-list .job') && document.querySelector('#uploads-rest').hidden}), 'all stop at once'
    or diag $page->log;
my $seen = main::figures($page, 'dropped and stopped');
cmp_ok $seen->{nodes}, '<', 3000, 'the page has never had more elements than it can show';
is_deeply $page->{wrong}, [], 'nothing is thrown';



=== TEST 2: as many events as come are followed by few requests, and nothing is missed
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $page = Page->new(base_url() . '/');
main::watch($page);
main::choose($page, $::Followed);
$page->click('#convert');
if ($::Followed > 1000) {
    unlink "$::Var/hold"; # or what waits comes to the limit of a conversion
    for (1 .. 4000) {
        last if $page->js(q{!document.querySelector('#uploads-list .job')});
        note $page->text('#uploads-rest') =~ s/\n/ /r if $_ % 60 == 0;
        sleep 1;
    }
}
ok $page->until(120, q{!document.querySelector('#uploads-list .job')}), 'all are uploaded' or diag $page->log;
main::figures($page, 'uploaded');
unlink "$::Var/hold";
ok $page->until($::Followed > 1000 ? 3600 : 120, q{document.querySelector('#jobs-list .done') && !document.querySelector('#jobs-list .busy, #jobs-list .failed')}),
    'all are ready, and each row says so' or diag $page->log;
cmp_ok $page->count('#jobs-list .job'), '>=', $::Followed > 200 ? 200 : $::Followed, 'of as many as are shown';
my $seen = main::figures($page, 'followed');
cmp_ok $seen->{most}, '<=', 5, 'a few requests at a time, whatever happens';
cmp_ok $seen->{nodes}, '<', 10000, 'with as many elements as there are rows for';
is_deeply $page->{wrong}, [], 'nothing is thrown';
$page->close;
platend_stop();
