# The page in each state that a person may find it in: nothing yet, what is to be converted, waiting,
# converting, ready with notes, failed, a batch with a bad file, looks at results, a wrong key, a full
# quota, no server; in the colours of day and night, at a desk and on a phone.  Each is asked what
# axe-core says, whether something is cut off, and whether a finger can hit what is to be pressed.
# PLATEN_SHOTS_ALL=1 PLATEN_SHOTS=DIR makes a picture of each, in both colours and widths.

use lib 't/lib';
use Page;
use Looks;
use TestPlaten;

our $Pdf = tiny_pages();
spew("$Var/page.pdf", $Pdf);

# Waits as long as $Var/hold is there; a text may ask to fail, or for notes beside its result.
our @Engines = (only_script(works => qq{while [ -e $Var/hold ]; do /bin/sleep 0.07; done
/bin/grep -q bad "\$1" && exit 3
/bin/grep -q noted "\$1" && /usr/bin/printf '%s\\n' 'The font "Helvetica Neue" is not installed here; "Liberation Sans" was used instead.' 'Comments are not in the result; with comments=margin or comments=end they are.' 'A table of contents that wants to be updated when the document is opened is in the result as it was saved.' > warnings
exec /bin/cp $Var/page.pdf "\$2"}, $Var), (map { +"engines/$_/enabled" => 1 } qw(poppler qpdf)), 'queue/events' => "ipc://$Var/run/events.sock");

our $Http = "$HttpConfig    platen_events ipc://$Var/run/events.sock;\n";
our $Config = "client_body_buffer_size 64k; platen_signing_key $Var/signing-now; platen_events_retry 200ms; platen_api_keys $Var/keys;
    location / { platen_api; platen_client cookie; platen_quota 50m; platen_upload_max_size 20m; }
    location /key/ { platen_api; }
    location /poor/ { platen_api; platen_client cookie; platen_quota 2k; }";

sub file { my ($name, $text) = @_; spew("$Var/$name", $text); return "$Var/$name" }

run_tests();

__DATA__

=== TEST 1: each state, as it looks and for everyone
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
platend_start(@::Engines);
my $page = Page->new(base_url() . '/');
ok $page->until(20, q{document.querySelector('#empty').checkVisibility() && document.querySelector('#usage').checkVisibility()}), 'nothing yet' or diag $page->log;
looks($page, 'empty');
$page->press('Tab') for 1 .. 5;
looks($page, 'focus');

# What is refused can be chosen otherwise.
$page->stage(main::file('Offer.txt', "offer\n"));
$page->set('#option-pages', 'everything');
$page->click('#convert');
ok $page->until(20, q{document.querySelector('#uploads-list .failed')}), 'a value that an option does not take' or diag $page->log;
like $page->text('#uploads-list .notes'), qr/\AThe option .Pages. does not fit\. Correct it or leave it out/, 'is told of by the name of the form';
looks($page, 'refused');
follows_language($page, 'what is refused');
$page->js(q{[...document.querySelectorAll('#uploads-list button')].find((b) => /^Change/.test(b.textContent)).click()});
is $page->js(q{[document.activeElement.id, document.querySelector('#option-pages').value, document.querySelector('#options-box').open,
    document.querySelectorAll('#staged-list bdi').length, document.querySelectorAll('#uploads-list .job').length].join()}), 'target,everything,true,1,0',
    'and is in the form again' or diag $page->log;
$page->click('#clear');

spew("$::Var/hold", '');
my $long = 'Abschlussbericht der Vertragsverhandlungen_zwischen_den_Gesellschaften_und_ihren_Beauftragten_2026-11-30_v17_final.txt';
$page->stage(map main::file(@$_), ['Quarterly report.txt', "noted\n"], ['Minutes.txt', "minutes\n"], [$long, "long\n"], ['broken.txt', "bad\n"],
    ["\x{5d3}\x{5d5}\x{5d7} 2026.txt", "hebrew\n"], ['Offer.txt', "offer\n"]);
looks($page, 'chosen');
$page->js(q{document.querySelector('#options-box').open = true});
looks($page, 'options');
follows_language($page, 'the form');
$page->click('#convert');
ok $page->until(30, q{document.querySelectorAll('#jobs-list .job').length === 6 && document.querySelector('[data-status="PROCESSING"]') && document.querySelector('[data-status="PENDING"]')}),
    'converting, and waiting' or diag $page->log;
looks($page, 'working');
unlink "$::Var/hold";
ok $page->until(30, q{document.querySelectorAll('#jobs-list .done').length === 5 && document.querySelector('#jobs-list .failed')}), 'ready, and failed' or diag $page->log;
$page->js(q{document.querySelector('.notes details').open = true});
looks($page, 'ended');
follows_language($page, 'the list');
if ($ENV{PLATEN_SHOTS_ALL}) {
    for my $tag (qw(de pt)) {
        $page->set('#language', $tag);
        $page->until(10, "document.documentElement.lang === '$tag'");
        looks($page, "ended-$tag");
    }
}
$page->set('#language', 'en');
$page->js(q{document.documentElement.dir = 'rtl'});
looks($page, 'ended-rtl');
$page->js(q{document.documentElement.dir = 'ltr'});

$page->js(q{[...document.querySelectorAll('.done button')].find((b) => b.textContent === 'Preview').click()});
ok $page->until(30, q{document.querySelector('#preview-body img')?.naturalWidth === 800}), 'a picture of the first page' or diag $page->log;
looks($page, 'picture');
$page->click('#preview-body button');
ok $page->until(30, q{document.querySelector('#preview-body iframe')?.src.startsWith('blob:')}), 'the whole document';
looks($page, 'document');
$page->click('#preview-close');

# A document that wants a password is asked for it, and not tried again without.
my $locked = main::file('Locked.pdf', $::Pdf);
system('qpdf', '--no-warn', '--encrypt', 'open sesame', 'owner', '256', '--', $locked, "$locked.new");
ok -s "$locked.new", 'a document with a password';
rename "$locked.new", $locked or die $!;
$page->stage($locked);
$page->set('#target', 'txt');
$page->click('#convert');
ok $page->until(30, q{document.querySelector('#jobs-list .job.failed')?.innerText.includes('Locked.pdf')}), 'is not converted without' or diag $page->log;
like $page->text('#jobs-list .failed .notes'), qr/password/, 'which is said';
$page->js(q{[...document.querySelectorAll('.failed button')].find((b) => b.textContent === 'Try again').click()});
ok $page->until(10, q{document.querySelector('#asked')}), 'it is asked for' or diag $page->log;
looks($page, 'password');
$page->set('#asked', 'open sesame');
$page->click('dialog[open] .main');
ok $page->until(30, q{document.querySelector('#jobs-list .job').matches('.done')}), 'and converted with it' or diag $page->log;
$page->js(q{[...document.querySelectorAll('.done button')].find((b) => b.textContent === 'Delete').click()});
ok $page->until(10, q{document.querySelectorAll('#jobs-list .job').length === 6}), 'deleted' or diag $page->log;

$page->stage(map main::file("part $_.txt", $_ == 2 ? "bad\n" : "part $_\n"), 1 .. 4);
is $page->js(q{document.querySelector('#target').value}), 'pdf', 'texts do not become texts because documents before them did';
$page->click('#together');
$page->click('#convert');
ok $page->until(30, q{document.querySelector('[data-status="PARTIAL_SUCCESS"]')}), 'a batch with a bad file' or diag $page->log;
$page->click('.files summary');
ok $page->until(20, q{document.querySelectorAll('.files tbody tr').length === 4}), 'a row for each' or diag $page->log;
$page->js(q{document.querySelector('.files').scrollIntoView({ block: 'center' })});
looks($page, 'batch');
follows_language($page, 'a batch');
ok $page->js(q{document.querySelector('.files').open}), 'whose files are still shown';

$page->online(0);
ok $page->until(30, q{!document.querySelector('#banner').hidden}), 'no server' or diag $page->log;
$page->stage(main::file('meanwhile.txt', "meanwhile\n"));
$page->click('#convert');
ok $page->until(30, q{/Trying again in/.test(document.querySelector('#uploads-list')?.innerText)}), 'what is converted meanwhile waits' or diag $page->log;
looks($page, 'away');
follows_language($page, 'no server');
$page->online(1);

$page->visit(base_url() . '/poor/');
$page->stage(main::file('Large.txt', 'x' x 3000));
$page->click('#convert');
ok $page->until(20, q{document.querySelector('#uploads-list .failed')}), 'a full quota' or diag $page->log;
looks($page, 'full');
follows_language($page, 'a full quota');

$page->visit(base_url() . '/key/');
ok $page->until(20, q{document.querySelector('#key').open}), 'a key is asked for' or diag $page->log;
looks($page, 'key');
$page->set('#key-value', 'nonsense');
$page->click('#key .main');
ok $page->until(20, q{document.querySelector('#key').open && /does not know/.test(document.querySelector('#key').innerText)}), 'and refused' or diag $page->log;
looks($page, 'key-refused');

# Whatever the server may say by a code has a sentence in each language.
my $schemas = Cpanel::JSON::XS->new->utf8->decode(slurp("$TestPlaten::Root/conf/openapi.json"))->{components}{schemas};
my $codes = Cpanel::JSON::XS->new->encode([$schemas->{ProblemCode}{enum}, [map @{ $schemas->{$_}{enum} }, qw(JobError FileRefusal)]]);
my $said = $page->js("(async () => { const { speak, why } = await import('/web/text.js'); const { Problem } = await import('/web/api.js');
    const [problems, errors] = $codes; const all = {};
    for (const tag of ['en', 'de', 'pt']) { await speak(tag); all[tag] = [problems.map((code) => [code, new Problem(code, { id: 'R7' }).sentence]),
        errors.map((code) => [code, why('p', { error: 'English', error_code: code }).textContent]), new Problem('unknown').sentence]; }
    return all; })()");
# By what words of the server the page knows its notes, is in the server's sources.
my $sources = join '', map slurp($_), glob "$TestPlaten::Root/{proto/format,sidecar/{engine,lok,text}}/*.c";
$sources =~ s/"\s*\n\s*"//g;
$sources =~ s/\\"/"/g;
$sources =~ s/(?:%[.*]*\w)+/{}/g;
my $known = $page->js("import('/web/en.js').then(({ default: words }) => Object.entries(words).filter(([key]) => key.startsWith('note.')))");
cmp_ok scalar(@$known), '>', 3, 'notes of the server that have other words in other languages';
is_deeply [grep { my $words = $_->[1] =~ s/\{\w+\}/{}/gr; index($sources, $words) < 0 } @$known], [], 'are what it says';
my %english = map @$_, @{ $said->{en}[0] };
cmp_ok scalar(keys %english), '>', 50, 'every code of an error';
for my $tag (qw(en de pt)) {
    my ($problems, $errors, $unknown) = @{ $said->{$tag} };
    is_deeply [map $_->[0], grep { $_->[0] ne 'internal_error' && ($_->[1] eq $unknown || $_->[1] !~ /\A\w.+\.\z/ || $_->[1] =~ /[{}]/)
        || $tag ne 'en' && $_->[1] eq $english{$_->[0]} } @$problems], [], "$tag: has a sentence";
    is_deeply [map $_->[0], grep { ($_->[1] eq 'English') != ($tag eq 'en') } @$errors], [], "$tag: as has every reason why a job or a file fails";
}
is_deeply $page->{wrong}, [], 'nothing is thrown, nothing refused by its policy';
platend_stop();
