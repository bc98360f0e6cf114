# There and back again: a document in another format and back in its own has lost no word.

use utf8;
use lib 't/lib';
use TestPlaten;
use TestOffice;
use Words;

# Every word of it, with the numbers that a table has.
our @Words = ('Größe', '“schön”', 'naïve', 'Ελλάδα', 'Привет', 'שלום', '東京', 'O’Brien', '1.', '-', '#', '&amp;', '<b>', 'a|b', '*star*', '_under_', '`tick`', '\\');

sub html_of { return join '', '<!DOCTYPE html><html><head><meta charset="utf-8"><title>t</title></head><body>',
    (map "<$_[0]>" . Words::html($_) . "</$_[0]>", @Words), '<ul><li>item</li></ul><table><tr><th>left</th><th>right</th></tr><tr><td>cell</td><td>end</td></tr></table></body></html>' }

# Name of a source => what it is, and what is in it, in order.
our %Source = (
    txt => [join("\n", @Words, 'end') . "\n", @Words, 'end'],
    md => [join("\n\n", (map Words::md($_), @Words), "- item", "| left | right |\n|---|---|\n| cell | end |") . "\n", @Words, qw(item left right cell end)],
    rst => [join("\n\n", (map Words::rst($_), @Words), "- item", "end") . "\n", @Words, qw(item end)],
    html => [html_of('p'), @Words, qw(item left right cell end)],
    csv => [join("\n", 'word,number', (map Words::csv($_) . ',7', @Words), 'end,1.5') . "\n", 'word', 'number', @Words, 'end', '1.5'],
    tsv => [join("\n", "word\tnumber", (map "$_\t7", @Words), "end\t8") . "\n", 'word', 'number', @Words, 'end', '8'],
    json => [Cpanel::JSON::XS->new->encode([map +{ word => $_ }, @Words, 'end']), 'word', @Words, 'end'],
);

# Each by way of these, one after the other, and back.
our @Ways = map [split], (
    'txt docx', 'txt odt', 'txt html', 'txt md', 'txt doc',
    'md html', 'md docx', 'md rst', 'md epub', 'md rtf', 'md docx odt docx',
    'rst html', 'rst md', 'rst docx', 'rst odt',
    'html docx', 'html odt', 'html md', 'html rst', 'html rtf', 'html docx rtf docx',
    'csv xlsx', 'csv ods', 'csv xls', 'csv json', 'csv jsonl', 'csv tsv', 'csv xlsx ods xlsx', 'csv html',
    'tsv json', 'tsv ods xlsx ods',
    'json csv', 'json xlsx ods xlsx',
);

run_tests();

__DATA__

=== TEST 1: no word is lost
--- timeout: 300
--- flow
platend_start('limits/wall_clock' => 60);
for my $way (@main::Ways) {
    my ($from, @by) = @$way;
    my ($text, @expected) = @{ $main::Source{$from} };
    utf8::encode($text);
    my ($file, $failed) = ("$::Var/source.$from");
    spew($file, $text);
    for my $to (@by, $from) {
        (my $job, $file) = convert(file => $file, name => 'a' . ($file =~ /(\.\w+)\z/)[0], to => $to);
        $failed = $file ? next : "to $to: $job->{error}";
        last;
    }
    my $found = $failed ? '' : Words::found($from, $file);
    my $lost = $failed // Words::lost($from, { script => 'latin' }, $found, @expected);
    is $lost, undef, "@$way $from" or diag $found;
}



=== TEST 2: a cell of a page is what is written in it
--- flow
my @cells = ('007', '1.', '1/2', '12345678901234567890', '1e5', '=1+1', '1,234.50', '50%', '2024-01-05', '+49 170', '-7', '0.5');
my $page = '<table><tr><th>value</th><th>n</th></tr>' . join('', map "<tr><td><b>$_</b></td><td>42</td></tr>", @cells) . '</table>';
my ($job, $file) = convert(name => 'a.html', content => $page, to => 'json');
my $rows = $file ? Cpanel::JSON::XS->new->utf8->decode(slurp($file)) : [];
is join('|', map $_->{value}, @$rows), join('|', @cells), 'neither a number of other digits nor a formula' or diag $job->{error};
like slurp($file), qr/"n":42[,}]/, 'and a number is one';



=== TEST 3: no two marks beside each other, at a word's beginning, in it or at its end, are markup
--- timeout: 120
--- flow
my @marks = split //, '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
my @in = ('<p>%s</p>', '<p>x %s y</p>', '<h2>%s</h2>', '<table><tr><th>a</th></tr><tr><td>%s</td></tr><tr><td>b</td></tr></table>', '<dl><dt>%s</dt><dd>x</dd></dl>',
    '<p>x <b>%s</b> y</p>', '<p>x<code>%s</code>y</p>', '<p>x <a href="http://example.org/">%s</a> y</p>', '<p>x<sup>%s</sup> y</p>');
my ($page, @tokens) = '<title>t</title>';
my $add = sub { push @tokens, $_[0]; $page .= sprintf($in[ @tokens % @in ], Words::html($_[0])) . "\n" };
my $n = 1000;
for my $one (@marks) {
    for my $two (@marks) {
        $n++;
        $add->($n % 3 == 0 ? "w$n$one${two}v" : $n % 3 == 1 ? "$one${two}w$n" : $one eq ':' ? "w$n." : "w$n$one$two");
    }
}
$add->("$_ w" . $n++) for '1.', '123456789012.', '#.', '.. a::', ':a:', ':', '~', '~~~', '```', '[1]:', '&amp;', 'C#', '|a|_', "7\x{201c}a\x{201d}", 'a__', '``a`';
for my $way (['rst'], map ['md', markdown_flavour => $_], qw(gfm commonmark markdown)) {
    my ($to, @option) = @$way;
    my ($job, $file) = convert(name => 'a.html', content => Encode::encode('UTF-8', "<meta charset=utf-8>$page"), to => $to, @option);
    ($job, $file) = convert(file => $file, name => "a.$to", to => 'html', @option) if $file;
    my $found = $file ? Words::found('html', $file) : '';
    is $file && Words::lost('html', { script => 'latin' }, $found, @tokens), undef, "@$way" or diag $job->{error} // $found;
}
