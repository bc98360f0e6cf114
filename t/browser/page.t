# The page of web/ in a real browser, worked as a person does: what is dropped, watched, looked at,
# saved, cancelled and tried again; across reloads, broken lines, refused keys and full quotas; states.t
# asks how all of it looks.  With PLATEN_SHOTS=DIR the pictures of the README are made again.

use lib 't/lib';
use Looks;
use Page;
use TestPlaten;
use Compress::Zlib qw(crc32);

our $Pdf = do {
    my $text = "BT /F1 24 Tf 20 60 Td (Platen) Tj ET";
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        . "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 150]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1"
        . "/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length " . length($text) . ">>stream\n$text\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
};
spew("$Var/page.pdf", $Pdf);

# Waits as long as $Var/hold is there; what has "bad" in it fails until $Var/mended is.
our @Engines = (only_script(works => qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done
[ ! -e $Var/mended ] && /bin/grep -q bad "\$1" && exit 3
exec /bin/cp $Var/page.pdf "\$2"}, $Var), (map { +"engines/$_/enabled" => 1 } qw(poppler qpdf)), 'queue/events' => "ipc://$Var/run/events.sock");

our $Http = "$HttpConfig    platen_events ipc://$Var/run/events.sock;\n";
our $Common = "client_body_buffer_size 64k; platen_signing_key $Var/signing-now; platen_events_retry 200ms; platen_api_keys $Var/keys;";
our $Config = "$Common
    location / { platen_api; platen_client cookie; platen_quota 50m; platen_upload_max_size 20m; }
    location /key/ { platen_api; }
    location /poor/ { platen_api; platen_client cookie; platen_quota 2k; }";

sub file { my ($name, $text) = @_; spew("$Var/$name", $text); return "$Var/$name" }
# An archive of files of those names, of which texts are one byte, and the rest are nothing that is known.
sub stored {
    my ($local, $central) = ('', '');
    for my $name (@_) {
        my $bytes = $name =~ /txt\z/ ? 'a' : "\0";
        my $head = pack 'v5 V3 v2', 20, 0, 0, 0, 0x2821, crc32($bytes), 1, 1, length $name, 0;
        $central .= pack('a4 v', "PK\1\2", 20) . $head . pack('v3 V2', 0, 0, 0, 0, length $local) . $name;
        $local .= "PK\3\4$head$name$bytes";
    }
    return $local . $central . pack 'a4 v4 V2 v', "PK\5\6", 0, 0, scalar @_, scalar @_, length $central, length $local, 0;
}

sub clean { my ($page, $what) = @_; is_deeply $page->{wrong}, [], "$what: nothing is thrown, nothing refused by its policy"; $page->{wrong} = [] }
sub drop {
    my ($page, @paths) = @_;
    $page->drop('#drop', @paths);
    $page->until(20, '!document.querySelector("#staged").hidden && !document.querySelector("#convert").disabled') or die $page->log;
}
# Two are the README's; PLATEN_SHOTS_ALL=1 is for who wants to see all that the test sees.
sub shot {
    my ($page, $name) = @_;
    my $wanted = $ENV{PLATEN_SHOTS_ALL} || grep { $_ eq $name } qw(page-light phone);
    $page->screenshot("$ENV{PLATEN_SHOTS}/$name.png") if $ENV{PLATEN_SHOTS} && $wanted;
}

run_tests();

__DATA__

=== TEST 1: three documents: dropped, watched, looked at, saved, tried again, cancelled, deleted
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
platend_start(@::Engines);
my $page = Page->new(base_url() . '/');
is $page->text('#jobs-title'), 'Documents', 'the page is there';
spew("$::Var/hold", '');
my $hostile = '<img src=x onerror=document.title=1>.txt';
main::drop($page, main::file('report.txt', "a report\n"), main::file($hostile, "hostile\n"), main::file('wrong.txt', "bad\n"));
is $page->count('#staged-list li'), 3, 'three are to be converted';
like $page->text('#target'), qr/^PDF/, 'to PDF, first of all';
main::shot($page, 'drop');
$page->click('#convert');
ok $page->until(30, q{document.querySelectorAll('#jobs-list .job').length === 3 && document.querySelector('[data-status="PROCESSING"]')}), 'on their way' or diag $page->log;
is_deeply [sort $page->texts('#jobs-list .name')], [sort $hostile, 'report.txt', 'wrong.txt'], 'by their names, whatever they say';
unlink "$::Var/hold";
ok $page->until(30, q{document.querySelectorAll('#jobs-list .done').length === 2 && document.querySelector('#jobs-list .failed')}), 'done, and failed, live' or diag $page->log;
like $page->text('#jobs-list .failed .notes'), qr/\w.*\./, 'the reason is a sentence';
ok $page->until(5, q{!document.querySelector('#all-row').hidden}), 'both can be downloaded at once';
is $page->js('document.title'), 'Platen', 'no name has become markup';
ok $page->until(10, q{!document.querySelector('#usage').hidden}), 'what is used is told';
like $page->text('#usage-text'), qr/of .* used/, 'of how much';

$page->js(q{[...document.querySelectorAll('.done button')].find((b) => b.textContent === 'Preview').click()});
ok $page->until(30, q{document.querySelector('#preview-body img')?.naturalWidth === 800}), 'the first page as a picture' or diag $page->log;
main::shot($page, 'preview');
$page->click('#preview-body button');
ok $page->until(30, q{document.querySelector('#preview-body iframe')?.src.startsWith('blob:')}), 'and all of it in a frame';
$page->click('#preview-close');
ok $page->until(5, q{!document.querySelector('#preview').open && !document.querySelector('#preview-body').children.length}), 'closed, and forgotten';
$page->js(q{[...document.querySelectorAll('.done')].find((li) => li.innerText.includes('report')).querySelector('button.main').click()});
ok eventually(20, sub { $page->js('1'); ($page->saved)[0] && -s(($page->saved)[0]) == length $::Pdf }), 'saved' or diag join ' ', $page->saved;
like(($page->saved)[0] // '', qr{/report\.pdf\z}, 'under its name');

spew("$::Var/mended", '');
$page->js(q{[...document.querySelectorAll('.failed button')].find((b) => b.textContent === 'Try again').click()});
ok $page->until(30, q{document.querySelectorAll('#jobs-list .done').length === 3}), 'tried again, and done' or diag $page->log;
unlink "$::Var/mended";
spew("$::Var/hold", '');
main::drop($page, main::file('long.txt', "long\n"));
$page->click('#convert');
ok $page->until(30, q{document.querySelector('[data-status="PROCESSING"]')}), 'one that takes long';
$page->js(q{document.querySelector('[data-status="PROCESSING"] button').click()});
ok $page->until(20, q{document.querySelectorAll('#jobs-list .job').length === 3}), 'is cancelled, and gone';
unlink "$::Var/hold";
$page->js(q{[...document.querySelectorAll('.done')].find((li) => li.innerText.includes('wrong')).querySelector('.buttons').lastChild.click()});
ok $page->until(20, q{document.querySelectorAll('#jobs-list .job').length === 2}), 'one is deleted';
my $id = $page->js(q{document.querySelector('.done').dataset.id});
$page->js("fetch('/jobs/$id', { method: 'DELETE' }).then(() => 1)");
ok $page->until(20, q{document.querySelectorAll('#jobs-list .job').length === 1}), 'one that is deleted elsewhere goes here, too';
$page->reload;
ok $page->until(20, q{document.querySelectorAll('#jobs-list .job').length === 1}), 'the rest is there after a reload';
main::clean($page, 'so far');



=== TEST 2: batches: several documents in one job, one of which is bad; and very many
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $page = Page->new(base_url() . '/');
main::drop($page, map main::file("part$_.txt", $_ == 2 ? "bad\n" : "part $_\n"), 1 .. 3);
$page->click('#together');
$page->click('#convert');
ok $page->until(30, q{document.querySelector('[data-status="PARTIAL_SUCCESS"]')}), 'one bad document does not spoil the others' or diag $page->log;
like $page->text('.job .about'), qr{3 files\W+2 ready\W+1 failed}, 'how many are ready, and how many are not';
$page->click('.files summary');
ok $page->until(20, q{document.querySelectorAll('.files tbody tr').length === 3}), 'a row for each' or diag $page->log;
like join("\n", $page->texts('.files tbody tr')), qr/part2\.txt\s+Failed\n/, 'the bad one among them';
my $zip = main::file('many.zip', main::stored('a.txt', map sprintf('f%05d.xyz', $_), 1 .. 249));
main::drop($page, $zip);
$page->click('#convert');
ok $page->until(120, q{document.querySelectorAll('.job.done').length === 2}), 'very many' or diag $page->log;
$page->click('.job .files summary');
ok $page->until(20, q{document.querySelectorAll('.files tbody tr').length >= 100}), 'a page of them is shown';
cmp_ok $page->count('.job:first-child .files tbody tr'), '<=', 100, 'and no more';
$page->js(q{[[...document.querySelectorAll('.job:first-child .files button')].find((b) => b.textContent === 'Next')].flatMap((b) => [b, b]).forEach((b) => b.click())});
ok $page->until(20, q{document.querySelector('.job:first-child .files').innerText.includes('101 to 200 of')}), 'and the next' or diag $page->log;
$page->js(q{[...document.querySelectorAll('.job:first-child .files button')].find((b) => b.textContent === 'Next').click()});
ok $page->until(20, q{document.querySelector('.job:first-child .files').innerText.includes('201 to 250 of')}), 'and the last, however often the one before was asked for'
    or diag $page->log;
$page->close;
spew("$::Var/hold", '');
$page = Page->new(base_url() . '/');
ok $page->until(20, q{document.querySelector('#usage').checkVisibility()}), 'a page that knows who asks' or diag $page->log;
# More than a page of the list come between two readings of it, as one takes long.
$page->js(q{(() => { const now = fetch; window.fetch = (url, how) => (/jobs\?limit/.test(url)
    ? new Promise((go) => setTimeout(go, 1000)).then(() => now(url, how)) : now(url, how)); })()});
my $ids = $page->js(q{(async () => { const ids = []; for (let n = 0; n < 205; n += 41) ids.push(...await Promise.all([...Array(41).keys()].map((k) =>
    fetch(`/jobs?to=pdf&filename=${n + k}.txt`, { method: 'POST', body: `${n + k}` }).then((r) => r.json()).then((job) => job.job_id)))); return ids; })()});
is scalar(grep defined, @$ids), 205, 'many jobs, which wait';
ok $page->until(60, q{document.querySelectorAll('#jobs-list .job').length === 200 && !document.querySelector('#more').hidden}),
    'of which the newest have rows' or diag $page->count('#jobs-list .job');
ok $page->until(20, q{/number \d+ in the queue/.test(document.querySelector('#jobs-list').innerText)}), 'with their places';
$page->click('#more');
ok $page->until(20, q{document.querySelectorAll('#jobs-list .job').length === 205}), 'and the older ones when they are asked for'
    or diag $page->count('#jobs-list .job');
$page->js('Promise.all(' . Cpanel::JSON::XS->new->encode($ids) . q{.map((id) => fetch(`/jobs/${id}`, { method: 'DELETE' }))).then(() => 1)});
ok $page->until(60, q{!document.querySelector('#jobs-list .job')}), 'all are deleted' or diag $page->count('#jobs-list .job');
# What was asked before a job was removed, and is answered after it, does not bring it back.
$page->close;
$page = Page->new(undef);
$page->ask('Page.addScriptToEvaluateOnNewDocument', source => q{{ const real = fetch; window.free = {}; window.fetch = (url, how) => {
    const [what] = String(url).match(/jobs(?=\?limit)|formats$/) ?? [];
    return what && !free[what] ? new Promise((go) => { free[what] = go; }).then(() => real(url, how)) : real(url, how); }; }});
$page->visit(base_url() . '/');
my $submit = q{const id = await fetch('/jobs?to=pdf&filename=%s.txt', { method: 'POST', body: '%s' }).then((r) => r.json()).then((job) => job.job_id); };
$page->js(q{(() => { const d = new DataTransfer(); d.items.add(new File(['one'], 'one.txt'));
    const f = document.querySelector('#files'); f.files = d.files; f.dispatchEvent(new Event('change')); })()});
is $page->js(q{document.querySelector('#convert').checkVisibility() && document.querySelector('#convert').disabled}), 1, 'into what is not known yet';
$page->js('free.formats()');
ok $page->until(20, q{!document.querySelector('#convert').disabled}), 'until the formats are' or diag $page->log;
$page->click('#convert');
is $page->count('#uploads-list [data-status="queued"]'), 1, 'before it is known who asks nothing is sent' or diag $page->log;
$page->js('free.jobs()');
ok $page->until(30, q{document.querySelector('#jobs-list .job')?.innerText.includes('one')}), 'a page with one job';
$page->js(q{window.held = []; const real = window.fetch; window.fetch = async (...a) => { const r = await real(...a);
    if ((a[1]?.method ?? 'GET') === 'GET' && /\/jobs\/[0-9a-f-]{36}$/.test(String(a[0]))) await new Promise((done) => window.held.push(done));
    return r; }; 1});
$page->js(sprintf "(async () => { ${submit}window.first = id; return id; })()", ('first') x 2);
ok $page->until(30, q{held.length >= 1}), 'another is asked for';
$page->js(sprintf "(async () => { await fetch(`/jobs/\${first}`, { method: 'DELETE' }); ${submit}return id; })()", ('second') x 2);
ok $page->until(30, q{held.length >= 2}), 'after it was removed, the next is';
$page->js(q{held.forEach((done) => done()); held.push = (done) => done(); 1});
ok $page->until(30, q{document.querySelector('#jobs-list .job')?.innerText.includes('second')}), 'which is shown';
is $page->count('#jobs-list .job'), 2, 'and the first is not';
unlink "$::Var/hold";
main::clean($page, 'so far');



=== TEST 3: a reload in the middle of an upload, and a line that breaks
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $page = Page->new(base_url() . '/');
$page->online(1, uploadThroughput => 1_500_000);
main::drop($page, main::file('large.txt', "a line of a large document\n" x 230_000));
$page->click('#convert');
ok $page->until(60, q{document.querySelector('.job progress')?.value > 0.2}), 'under way' or diag $page->log;
$page->reload;
ok $page->until(30, q{document.querySelector('#uploads-list .job, #jobs-list .job')}), 'there again after a reload' or diag $page->log;
ok $page->until(30, q{document.querySelector('#uploads-list progress')?.value > 0.1 || document.querySelector('#jobs-list .job')}), 'where it was';
$page->online(0);
ok $page->until(30, q{!document.querySelector('#banner').hidden}), 'a line that breaks is told of' or diag $page->log;
like $page->text('#banner'), qr/cannot be reached/, 'in words';
$page->online(1);
ok $page->until(90, q{document.querySelector('#jobs-list .done')}), 'and back: it is uploaded and done' or diag $page->log;
my $log = slurp("$Test::Nginx::Util::ServRoot/logs/access.log");
is scalar(() = $log =~ m{"POST /uploads/ }g), 1, 'one upload, which went on';
my ($job) = @{ $page->js(q{fetch('/jobs').then((r) => r.json())})->{jobs} };
is $job->{input_size}, -s "$::Var/large.txt", 'and is whole';
my ($master) = nginx_pids();
kill QUIT => $master;
ok eventually(30, sub { !kill 0, $master }), 'the server goes away';
ok $page->until(30, q{!document.querySelector('#banner').hidden && /cannot be reached/.test(document.querySelector('#banner').textContent)}),
    'which is told' or diag $page->log;
main::drop($page, main::file('meanwhile.txt', "meanwhile\n"));
$page->click('#convert');
ok $page->until(30, q{/Trying again in/.test(document.querySelector('#uploads-list')?.innerText)}), 'what is converted meanwhile waits' or diag $page->log;
my $root = $Test::Nginx::Util::ServRoot;
is system("$Test::Nginx::Util::NginxBinary -e $root/logs/error.log -p $root/ -c $root/conf/nginx.conf > /dev/null 2>&1"), 0, 'it comes back';
ok $page->until(60, q{document.querySelectorAll('#jobs-list .done').length === 2}), 'and all goes on by itself' or diag $page->log;
ok $page->until(30, q{document.querySelector('#banner').hidden}), 'the banner goes';
$page->js('window.setTimeout = () => 0'); # what waits for another try does so for ever
$page->online(0);
main::drop($page, map main::file("waits$_.txt", "waits\n"), 1 .. 4);
$page->click('#convert');
ok $page->until(30, q{document.querySelectorAll('[data-status="paused"]').length === 3 && document.querySelector('[data-status="queued"]')}), 'three wait, and a fourth for them'
    or diag $page->log;
$page->click('[data-status="paused"] button');
ok $page->until(30, q{document.querySelectorAll('[data-status="paused"]').length === 3 && !document.querySelector('[data-status="queued"]')}),
    'which has the place of one that is removed' or diag $page->log;



=== TEST 4: keys and quotas
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $page = Page->new(base_url() . '/key/');
ok $page->until(20, q{document.querySelector('#key').open}), 'a key is asked for' or diag $page->log;
$page->set('#key-value', 'nonsense');
$page->click('#key .main');
ok $page->until(20, q{document.querySelector('#key').open && /does not know this key/.test(document.querySelector('#key-why').textContent)}),
    'one that is refused is asked for again' or diag $page->log;
$page->set('#key-value', 'key-of-bob');
$page->click('#key-keep');
$page->click('#key .main');
ok $page->until(20, q{!document.querySelector('#key').open}), 'a good one is taken';
main::drop($page, main::file('mine.txt', "mine\n"));
$page->click('#convert');
ok $page->until(30, q{document.querySelector('#jobs-list .done')}), 'and converts' or diag $page->log;
$page->js(q{document.querySelector('.done button.main').click()});
ok eventually(20, sub { $page->js('1'); scalar $page->saved }), 'and saves, by a link that needs no key';
unlike $page->js('document.documentElement.outerHTML + location.href'), qr/key-of-bob/, 'the key is nowhere on the page';
# A request with an old key may be answered when there is another one already.
is $page->js(q{(async () => { const { call, setKey } = await import('/key/web/api.js'); setKey('nonsense'); const answer = call('jobs');
    setKey('key-of-bob', true); return answer.catch((e) => `${e.status} ${e.passes} ${document.querySelector('#key').open}`); })()}), '401 true false',
    'that the one before is refused is not said of it';
$page->reload;
ok $page->until(20, q{document.querySelector('#jobs-list .done')}), 'kept for the tab, as was asked';
$page->js('sessionStorage.clear()');
$page->reload;
ok $page->until(20, q{document.querySelector('#key').open}), 'or not';

$page->visit(base_url() . '/poor/');
main::drop($page, main::file('big.txt', 'x' x 3000));
$page->click('#convert');
ok $page->until(20, q{document.querySelector('#uploads-list .failed')}), 'a full quota' or diag $page->log;
like $page->text('#uploads-list .failed .notes'), qr/space on this server is full\. Delete/, 'in one sentence, with what to do';
$page->set('#language', 'de');
ok $page->until(10, q{/Ihr Platz auf diesem Server ist voll/.test(document.querySelector('#uploads-list .failed .notes').textContent)}), 'and in another language' or diag $page->log;
main::clean($page, 'so far');



=== TEST 5: for everyone: keys, languages, right to left, a phone; and the reference
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $page = Page->new(base_url() . '/');
# What a first visit fetches, and how long it is until the page can be worked: printed, and not judged.
my $load = $page->js(q{(() => { const [page] = performance.getEntriesByType('navigation');
    const all = [page, ...performance.getEntriesByType('resource').filter((e) => /\/web\//.test(e.name))];
    return { ms: performance.getEntriesByName('ready')[0]?.startTime ?? 0, files: all.length, bytes: all.reduce((n, e) => n + e.transferSize, 0) }; })()});
note sprintf 'the first visit: %d files, %.1f KB with their headers, and usable after %.0f ms', $load->{files}, $load->{bytes} / 1000, $load->{ms};
cmp_ok $load->{files}, '>=', 8, 'the page and what it is made of';
cmp_ok $load->{bytes}, '<', 60_000, 'which is less than 60 KB';
# What is found only by reading another one costs a round trip of its own.
is_deeply $page->js(q{(() => { const named = [...document.querySelectorAll('link[rel=modulepreload], script[src]')].map((e) => e.href || e.src);
    const [{ startTime: ready }] = performance.getEntriesByName('ready');
    return performance.getEntriesByType('resource').filter((e) => e.startTime < ready).map((e) => e.name).filter((n) => /\.js$/.test(n) && !named.includes(n)); })()}), [],
    'its head names each script that it begins with';
$page->js(q{(() => { const d = new DataTransfer(); for (const n of ['invoice\u202efdp.txt', 'a\nb.txt', '\u05e9\u05dc\u05d5\u05dd 12.txt']) d.items.add(new File(['x'], n));
    const f = document.querySelector('#files'); f.files = d.files; f.dispatchEvent(new Event('change')); })()});
ok $page->until(20, q{document.querySelectorAll('#staged-list bdi').length === 3}), 'names that would be read as others' or diag $page->log;
is_deeply [map { sprintf '%vx', $_ } @{ $page->js(q{[...document.querySelectorAll('#staged-list bdi')].map((e) => e.textContent)}) }],
    [map { sprintf '%vx', $_ } "invoice\x{fffd}fdp.txt", "a\x{fffd}b.txt", "\x{5e9}\x{5dc}\x{5d5}\x{5dd} 12.txt"], 'are shown as they are';
$page->click('#clear');
$page->js('document.activeElement.blur()');
$page->reload;
$page->press('Tab', 'Tab');
is $page->js('document.activeElement.id'), 'language', 'by keyboard, one after the other';
main::drop($page, main::file('Quarterly report.txt', "a report\n"), main::file('broken.txt', "bad\n"), main::file('Minutes.txt', "minutes\n"));
$page->click('#convert');
ok $page->until(30, q{document.querySelectorAll('#jobs-list .done').length === 2 && document.querySelector('.failed')}), 'converted' or diag $page->log;
is $page->js('document.activeElement.id'), 'jobs-title', 'the focus goes where it goes on';
is $page->js(q{getComputedStyle(document.querySelector('#choose-folder')).color}), $page->js(q{getComputedStyle(document.querySelector('#download-all')).color}),
    'a button that works has the colour of one';
ok $page->until(20, q{document.querySelector('#usage').checkVisibility()}), 'what is used is told' or diag $page->log;
for my $scheme (qw(light dark)) {
    $page->scheme($scheme);
    main::shot($page, "page-$scheme");
}
$page->resize(390, 760);
main::shot($page, 'phone');
is $page->js('document.documentElement.scrollWidth <= innerWidth'), 1, 'a phone does not scroll sideways' or diag $page->js('document.documentElement.scrollWidth');
$page->js(q{document.documentElement.dir = 'rtl'});
is $page->js('document.documentElement.scrollWidth <= innerWidth'), 1, 'nor from right to left';
# Which of these is further to the left, its first letter or its last.
is_deeply $page->js(q{['#usage-text', '#choose-files', '#choose-folder'].filter((s) => { const text = document.querySelector(s).firstChild;
    const [a, b] = [0, text.length - 1].map((n) => { const r = document.createRange(); r.setStart(text, n); r.setEnd(text, n + 1); return r.getBoundingClientRect().left; });
    return a >= b; })}), [], 'where words that are read from the left stay in order';
main::shot($page, 'phone-rtl');
$page->js(q{document.documentElement.dir = 'ltr'});
for my $tag (qw(de pt)) {
    $page->set('#language', $tag);
    ok $page->until(10, "document.documentElement.lang === '$tag'"), "a phone in $tag";
    is_deeply $page->js(q{[document.documentElement, ...document.querySelectorAll('header *, main *')].filter((e) => e.scrollWidth > e.clientWidth + 1
        && !e.matches('.hidden, option, #staged-list *') && getComputedStyle(e).display !== 'inline' && e.checkVisibility()).map((e) => e.id || e.outerHTML.slice(0, 80))}), [],
        'cuts nothing off';
    main::shot($page, "phone-$tag");
}
$page->resize(1100, 900);
for (['de', 'Dokumente', 'Fertig'], ['pt', 'Documentos', 'Pronto'], ['en', 'Documents', 'Ready']) {
    my ($tag, $title, $ready) = @$_;
    $page->set('#language', $tag);
    ok $page->until(10, "document.querySelector('#jobs-title').textContent === '$title' && document.querySelector('.done .state').textContent === '$ready'"),
        "in $tag" or diag $page->log;
    is $page->js('document.documentElement.lang'), $tag, 'and says so';
}
$page->scheme('light');
$page->visit(base_url() . '/docs?plain');
ok $page->count('article') > 40, 'the reference has every call';
$page->js(q{document.querySelector('#getUsage details').open = true});
$page->until(5, q{document.querySelector('#getUsage details details')});
$page->js(q{document.querySelector('#getUsage details details').open = true});
$page->until(5, q{document.querySelector('#getUsage form')}) or diag $page->log;
violations($page, 'the reference');
$page->set('#key', 'key-of-alice');
$page->click('#getUsage form button');
ok $page->until(20, q{/^200 [^]*"used_bytes"/.test(document.querySelector('#getUsage pre').textContent)}), 'and tries one with a key' or diag $page->text('#getUsage pre');
main::shot($page, 'docs');
SKIP: {
    skip 'the module was built without Swagger UI: make swagger', 3 if get('/web/swagger-ui.css', key => undef)->code != 200;
    $page->visit(base_url() . '/docs');
    ok $page->until(30, q{document.querySelectorAll('.opblock').length > 40}), 'Swagger UI has every call' or diag $page->log;
    $page->set('#key', 'key-of-alice');
    $page->click('[id$="getUsage"] .opblock-summary-control');
    ok $page->until(20, q{document.querySelector('[id$="getUsage"] .execute')}), 'which can be tried' or diag $page->log;
    $page->click('[id$="getUsage"] .execute');
    ok $page->until(20, q{/used_bytes/.test(document.querySelector('[id$="getUsage"] .live-responses-table')?.innerText)}), 'with a key' or diag $page->log;
    main::shot($page, 'swagger');
}
main::clean($page, 'so far');
platend_stop();
