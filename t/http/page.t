# The page and the reference as they are served: what they weigh, what they may load, below any prefix.
# What they do is in t/browser/page.t.

use lib 't/lib';
use TestPlaten;
use IO::Uncompress::Gunzip qw(gunzip);

our @Html = (key => undef, Accept => 'text/html,application/xhtml+xml,*/*;q=0.8');

# The file and all that it loads before anything is asked of it, as a browser finds them.
sub loaded {
    my ($prefix, $start) = @_;
    my (%seen, @due);
    my $take = sub {
        my ($path, @more) = @_;
        return if $seen{$path};
        my $response = http(GET => $path, key => undef, 'Accept-Encoding' => 'gzip', @more);
        return fail("$path: " . $response->code) if $response->code != 200;
        $seen{$path} = length $response->content;
        my $bytes = $response->content;
        gunzip \$bytes => \my $text;
        (my $dir = $path) =~ s{[^/]*\z}{};
        push @due, map "$dir$_", $text =~ /(?:src|href)="(web\/[^"]+)"/g, $text =~ /^(?:import|export) .*?from '\.\/([^']+)'/mg;
    };
    $take->("$prefix$start", Accept => 'text/html');
    while (defined(my $path = shift @due)) { $take->($path) }
    return \%seen;
}

our $Config = "$ApiConfig
    location /deep/er/ { platen_api; platen_api_keys $Var/keys; }
    location /bare { platen_api; platen_api_keys $Var/keys; }";

run_tests();

__DATA__

=== TEST 1: for browsers the page, for others the word that they look for
--- config eval: $::Config
--- flow
is_deeply json_of(get('/', key => undef)), { message => 'Service is running successfully' }, 'for who names no type';
is_deeply json_of(get('/', key => undef, Accept => $_)), { message => 'Service is running successfully' }, "for $_"
    for '*/*', 'application/json', 'text/plain, */*', 'text/html;q=0, */*', 'text/html;q=0.5, application/json', 'text/htmlx';
my $page = get('/', @::Html);
is $page->code, 200, 'without a key';
is $page->header('Content-Type'), 'text/html; charset=utf-8', 'HTML';
like $page->content, qr/\A<!doctype html>/, 'the page';
is $page->header('Vary'), 'Accept, Accept-Encoding', 'caches keep the two apart';
my $tag = $page->header('ETag');
is get('/', @::Html, 'If-None-Match' => $tag)->code, 304, 'not twice to who has it';
my $packed = get('/', @::Html, 'Accept-Encoding' => 'gzip');
is $packed->header('Content-Encoding'), 'gzip', 'compressed for who takes that';
isnt $packed->header('ETag'), $tag, 'under another tag';
gunzip \$packed->content => \my $bytes;
is $bytes, $page->content, 'the same page';
is http(HEAD => '/', @::Html)->header('Content-Length'), length $page->content, 'HEAD';
for my $path ('/', '/docs', '/web/app.js', '/web/style.css') {
    my $policy = get($path, @::Html)->header('Content-Security-Policy');
    like $policy, qr/default-src 'none'; script-src 'self'; style-src 'self';/, "$path: nothing but its own";
    unlike $policy, qr/unsafe|https?:|\*/, 'and no way around that';
}
problem_is get("/web/$_"), 404, 'not_found', "no $_" for 'embed', 'none.js', '..%2fconf', 'index.html.gz';
is http(POST => '/docs')->header('Allow'), 'GET, HEAD', 'methods';



=== TEST 2: what is loaded at first, below any prefix
--- config eval: $::Config
--- flow
for my $prefix ('', '/deep/er') {
    my $seen = main::loaded($prefix, '/');
    my $sum = 0;
    $sum += $_ for values %$seen;
    cmp_ok scalar(keys %$seen), '>=', 9, "'$prefix': the page and what it names";
    cmp_ok $sum, '<', 60_000, "$sum bytes";
    $seen = main::loaded($prefix, '/docs');
    ok $seen->{"$prefix/web/docs.js"}, 'the reference, too';
}
my $response = raw("GET /bare HTTP/1.0\r\nHost: x\r\nAccept: text/html\r\n\r\n");
is $response->code, 301, 'without a slash its names would lead elsewhere';
is $response->header('Vary'), 'Accept', 'for who takes HTML';
like $response->header('Location'), qr{(?:\A|[^/])/bare/\z}, 'so it is at the address with one';
$response = raw("GET /deep/er/docs/ HTTP/1.0\r\nHost: x\r\n\r\n");
like $response->header('Location'), qr{(?:\A|[^/])/deep/er/docs\z}, 'and the reference at that without';



=== TEST 3: no file of the page names another host, builds markup of texts, or lacks a word
--- flow
my %text = map { (m{([^/]+)\z})[0] => slurp($_) } glob "$::Root/web/*.{html,js,css,svg}";
for (sort keys %text) {
    unlike $text{$_} =~ s{http://www\.w3\.org/2000/svg}{}r, qr{https?://|//[a-z]+\.[a-z]}, "$_: no other host";
    unlike $text{$_}, qr/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\sstyle=|\son[a-z]+="/, "$_: no markup of texts";
}
my %words = map { my $of = $_; $of => { map { $_ => 1 } $text{"$of.js"} =~ /^  '?([\w.]+)'?: /mg } } qw(en de pt);
# In English a job's error and a format have the server's own words; others have one for each.
my %code = map { $_ => 1 } slurp("$::Root/conf/openapi.json") =~ /"(\w+)"/g, map $_->{name}, @{ json_of(get('/formats', key => undef))->{formats} };
for my $of (qw(de pt)) {
    is_deeply [grep { !$words{en}{$_} && !(/\A(?:error|format)\.(.+)/ && $code{$1}) } sort keys %{ $words{$of} }], [], "$of: nothing that English does not have";
    is_deeply [grep { !$words{$of}{$_} && $_ ne 'of' } sort keys %{ $words{en} }], [], "$of: nothing missing";
}
my %used = map { $_ => 1 } map { (/data-t(?:-label)?="([\w.]+)"/g, /\bt\('([\w.]+)'/g) } @text{ grep /html|js/, keys %text };
is_deeply [grep !$words{en}{$_}, sort keys %used], [], 'every word that is used is there';
is_deeply [grep !$words{en}{"option.$_"}, map $_->{name}, @{ json_of(get('/formats', key => undef))->{options} // [] }], [], 'and every option has a name';
