package Looks;

# How a page looks, and whether everyone can use it:
#
#     use Looks;
#     looks($page, 'empty');   # axe-core, what is cut off, what is too small for a finger
#
# By day at a desk and by night on a phone, which has each rule asked of each colour and width;
# with PLATEN_SHOTS_ALL=1 in all four, and PLATEN_SHOTS=DIR has the pictures.

use strict;
use warnings;
use utf8;

use Exporter 'import';
use Test::More;
use TestPlaten ();

our @EXPORT = qw(follows_language looks tiny_pages violations);

my %width = (desk => [1100, 900], phone => [390, 760]);
my ($axe, $no_axe);

# What a person sees of it, and should not: what is wider than its place, wider than the window, or
# smaller than a finger (24 CSS pixels, WCAG 2.2; for a phone 32).
my $ugly = q{(() => {
    const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.hidden, .skip, thead, [inert]');
    const root = document.querySelector('dialog[open]') ?? document;
    const say = (e, what) => `${e.id || e.className || e.tagName}: ${what}: ${e.textContent.trim().slice(0, 40)}`;
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than its window');
    for (const e of root.querySelectorAll('*')) {
        if (!seen(e) || e.matches('option, iframe, script, meter *, #staged-list *')) continue;
        const { width, height, left, right } = e.getBoundingClientRect();
        if (getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1 && !e.matches('select, pre, input')) found.push(say(e, 'cut off'));
        if (width && (right > innerWidth + 1 || left < -1)) found.push(say(e, 'outside'));
        const least = innerWidth < 600 ? 32 : 24;
        if (e.matches('button, select, summary, input:not([type=checkbox]), header a') && height < least) found.push(say(e, `${height} pixels high`));
    }
    return found;
})()};

# npm's axe-core, or undef.
sub axe {
    return $axe if $axe || $no_axe;
    my $at = "$TestPlaten::Root/build/npm/node_modules/axe-core/axe.min.js";
    if (!-e $at && (system('command -v npm > /dev/null 2>&1') != 0
        || system("npm install --no-audit --no-fund --prefix $TestPlaten::Root/build/npm axe-core\@4 > $TestPlaten::Var/npm.log 2>&1") != 0)) {
        $no_axe = 'the npm registry does not answer, or there is no npm';
        return;
    }
    return $axe = TestPlaten::slurp($at);
}

sub violations {
    my ($page, $what) = @_;
  SKIP: {
        skip "no axe-core: $no_axe", 1 unless axe();
        $page->js(axe() . '; true') unless $page->js('Boolean(window.axe)');
        is_deeply $page->js(q{axe.run({ rules: { 'target-size': { enabled: true } } }).then((r) => r.violations.map((v) =>
            `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join('; ')}`))}), [],
            "$what: axe-core finds nothing";
    }
}

sub looks {
    my ($page, $name) = @_;
    my @looks = $ENV{PLATEN_SHOTS_ALL} ? map({ my $at = $_; map [$at, $_], qw(light dark) } qw(desk phone)) : (['desk', 'light'], ['phone', 'dark']);
    for (@looks) {
        my ($at, $scheme) = @$_;
        $page->resize(@{ $width{$at} });
        $page->scheme($scheme);
        $page->screenshot("$ENV{PLATEN_SHOTS}/$name-$at-$scheme.png", 1) if $ENV{PLATEN_SHOTS} && $ENV{PLATEN_SHOTS_ALL};
        is_deeply $page->js($ugly), [], "$name, $at, $scheme: nothing is cut off, nothing too small to be hit";
        violations($page, "$name, $at, $scheme");
    }
    $page->resize(@{ $width{desk} });
    $page->scheme('light');
}

# Whether all that is to be read is in the language: no text is what it is in English, but for names, what
# the server says in its own words, and what is called so everywhere.
sub follows_language {
    my ($page, $what) = @_;
    my $texts = q{(() => { const all = []; const root = document.querySelector('dialog[open]') ?? document.body;
        const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        for (let n; (n = walk.nextNode());) { const e = n.parentElement;
            if (e.closest('bdi, #language, noscript, [lang]:not(html)') || e.matches('h1') || !(e.closest('select') ?? e).checkVisibility()) continue;
            for (const word of n.data.split(' · ')) all.push(word.trim()); }
        for (const e of root.querySelectorAll('[aria-label]')) if (e.checkVisibility()) all.push(e.getAttribute('aria-label').split(':')[0]);
        return all.filter((s) => /[A-Za-z]{2}/.test(s) && !/→|^· |^\\d+ bytes( |$)|^[\\d.,]+ (k|M)B( \\/ .*)?$|^Name$|^(PDF|HTML|CSV|JSON|EPUB|Markdown|SVG|Word|Excel|PowerPoint|Rich Text|TSV|reStructuredText)( 97)? /.test(s)); })()};
    my %english = map { $_ => 1 } @{ $page->js($texts) };
    ok scalar(keys %english) > 5, "$what: there is something to be read";
    for my $tag (qw(de pt)) {
        $page->set('#language', $tag);
        $page->until(10, "document.documentElement.lang === '$tag'");
        is_deeply [grep { $english{$_} } @{ $page->js($texts) }], [], "$what: nothing is left of it in $tag";
    }
    $page->set('#language', 'en');
    $page->until(10, q{document.documentElement.lang === 'en'});
}

# A document of two pages.
sub tiny_pages {
    my @text = map "BT /F1 24 Tf 20 100 Td ($_) Tj ET", 'Platen', 'The second page';
    my $n = 3 + 2 * @text;
    my $pages = join '', map sprintf('%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 424]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>endobj'
        . "\n%d 0 obj<</Length %d>>stream\n%s\nendstream endobj\n", 4 + 2 * $_, 5 + 2 * $_, 5 + 2 * $_, length $text[$_], $text[$_]), 0 .. $#text;
    return "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[" . join(' ', map 4 + 2 * $_ . ' 0 R', 0 .. $#text)
        . ']/Count ' . @text . ">>endobj\n3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n$pages" . "trailer<</Root 1 0 R>>\n%%EOF\n";
}

1;
