package Words;

# Texts of every script, put into documents of every format of text, and found again in what
# was made of them: for t/words and t/convert/words.t.
#
#     my @tokens = Words::text($rand, 'greek', 20);  # $rand->(N) is a number below N
#     my $bytes = Words::document($rand, 'md', 'koi8-r', 'option', @tokens); # undef: it cannot be written so
#     my $text = Words::found('docx', $path);        # what is to be read there, without blanks
#     my $lost = Words::lost('docx', { script => 'greek' }, $text, @tokens); # undef, or the first that is not there
#
# A token is a word with punctuation about it and its number behind it, so that each is there
# once.  Where the format has a markup, its characters are escaped, as whoever writes it does.

use strict;
use warnings;
use utf8;

use Encode ();
use Cpanel::JSON::XS ();
use PlatenServer ();
use Unicode::Normalize qw(NFC NFKC);

# Words, and charsets in which they can be written.
our %Script = (
    latin => ['Größe Zürich Straße café naïve œuvre señor mañana coração português Ærø smørrebrød',
        qw(windows-1252 iso-8859-15 macintosh ibm858)],
    polish => ['zażółć gęślą jaźń źdźbło święty łódź pięć', qw(windows-1250 iso-8859-2 ibm852 iso-8859-16)],
    turkish => ['İstanbul ığdır şeker çiçek öğrenci güneş', qw(windows-1254 iso-8859-9 ibm857)],
    baltic => ['ąžuolas šešėlis ūkis žąsis ļoti ķēve ģimene', qw(windows-1257 iso-8859-13)],
    vietnamese => ['Việt tiếng đường nghệ thuật', qw(viscii)],
    marks => ["e\x{301}te\x{301} n\x{303}o a\x{30a}ngstro\x{308}m q\x{307}\x{323} Z\x{351}"],
    greek => ['Ξεσκεπάζω την ψυχοφθόρα βδελυγμία κόσμος', qw(windows-1253 iso-8859-7 ibm737)],
    cyrillic => ['Съешь ещё этих мягких французских булок выпей чаю', qw(windows-1251 koi8-r ibm866 iso-8859-5 mac-cyrillic)],
    ukrainian => ['їжак ґанок єдність Київ пісня', qw(windows-1251 koi8-u)],
    hebrew => ['שלום עולם ספר ילדה בוקר', qw(windows-1255 iso-8859-8 ibm862)],
    arabic => ['مرحبا العالم كتاب مدرسة صباح', qw(windows-1256 iso-8859-6)],
    hindi => ['नमस्ते दुनिया किताब हिन्दी प्रार्थना'],
    bengali => ['নমস্কার পৃথিবী বই বাংলা স্বাধীনতা'],
    tamil => ['வணக்கம் உலகம் தமிழ் புத்தகம்'],
    thai => ['สวัสดี โลก ภาษาไทย หนังสือ น้ำ', qw(tis-620 windows-874)],
    khmer => ['សួស្តី ពិភពលោក ភាសាខ្មែរ'],
    georgian => ['გამარჯობა მსოფლიო წიგნი ქართული', qw(georgian-ps)],
    armenian => ['Բարեւ աշխարհ գիրք հայերեն'],
    amharic => ['ሰላም ዓለም መጽሐፍ አማርኛ'],
    chinese => ['你好 世界 我们的会议 北京 请准时参加', qw(gb18030 gbk gb2312)],
    taiwanese => ['你好 世界 我們的會議 臺北 準時', qw(big5 euc-tw)],
    japanese => ['こんにちは 世界 日本語 テキスト 東京', qw(shift_jis euc-jp iso-2022-jp)],
    korean => ['안녕하세요 세계 한국어 다람쥐 쳇바퀴', qw(euc-kr iso-2022-kr)],
    emoji => ["\x{1f600} \x{1f469}\x{200d}\x{1f52c} \x{1f1ea}\x{1f1fa} \x{2764}\x{fe0f} \x{1f44d}\x{1f3fd}"],
    plain => ['Invoice total Article Scope payment the of and within days', qw(us-ascii ibm437 windows-1252 utf-7)],
);
our @Wide = qw(utf-8 utf-16le utf-16be utf-32le utf-32be);
our %Right = map { $_ => 1 } qw(hebrew arabic);
# What a PDF's glyphs say of these is not the order in which they are written.
our %Shaped = map { $_ => 1 } qw(hebrew arabic hindi bengali tamil thai khmer emoji marks vietnamese georgian armenian);
# Scripts for which a machine may have no font; then a PDF has empty boxes.
our %Lang = (hindi => 'hi', bengali => 'bn', tamil => 'ta', thai => 'th', khmer => 'km', amharic => 'am', chinese => 'zh-cn',
    taiwanese => 'zh-tw', japanese => 'ja', korean => 'ko', emoji => 'und-zsye', hebrew => 'he', arabic => 'ar', georgian => 'ka', armenian => 'hy');

# Perl's names, where they are not iconv's.
our %Perl = ('ibm858' => 'cp858', 'ibm852' => 'cp852', 'ibm857' => 'cp857', 'ibm737' => 'cp737', 'ibm866' => 'cp866',
    'ibm862' => 'cp862', 'ibm437' => 'cp437', 'shift_jis' => 'cp932', 'euc-kr' => 'cp949', 'tis-620' => 'iso-8859-11',
    'windows-874' => 'cp874', 'macintosh' => 'MacRoman', 'mac-cyrillic' => 'MacCyrillic');

# Punctuation that means something somewhere.
our @Before = ('', '', '', "\x{201c}", "\x{2018}", '(', '[', '*', '_', '`', '<', '"', "'", '$', '@', '~', '{', "\x{ab}", "\x{2022} ",
    '#', '-', '+', '>', '\\', '=', '|', '&', '^', ':', '!', '%', '/');
our @After = ('', '', '', "\x{201d}", "\x{2019}", ')', ']', '*', '_', '`', '>', '"', "'", '$', '.', ',', '~', '}', "\x{bb}", "\x{2026}",
    ' &amp;', '\\', '|', '_', ';', ':', '^', '!', '%', "\x{20ac}");
our @First = ('Article 1. ', '1. ', '12) ', '# ', '## ', '- ', '* ', '+ ', '> ', '% ', '@', '//', '.. ', ': ', '=', '    ', "\x{2022} ",
    'a. ', 'I. ', '(1) ', '--- ', '| ', '{ ', '<!-- ', 'BM', '~~~ ', '``` ', '[1]: ', '$$ ', "\x{2014} ", '');

# Whether a PDF can show it.
sub is_shown { my ($script) = @_; return !$Lang{$script} || `fc-list ':lang=$Lang{$script}' family` =~ /\S/ ? 1 : 0 }

sub charsets { my ($script) = @_; my (undef, @own) = @{ $Script{$script} }; return (@own, @Wide) }

sub text {
    my ($rand, $script, $count) = @_;
    my @pool = split ' ', $Script{$script}[0];
    my @tokens;
    for my $n (1 .. $count) {
        push @tokens, $Before[ $rand->(scalar @Before) ] . $pool[ $rand->(scalar @pool) ] . (100 + $n) . $After[ $rand->(scalar @After) ];
    }
    return @tokens;
}

# Whether all of it can be written in that charset.
sub written {
    my ($text, $charset) = @_;
    my $perl = $Perl{$charset} // $charset;
    my $bytes = eval { Encode::encode($perl, my $copy = $text, Encode::FB_CROAK) } // return undef;
    return eval { Encode::decode($perl, my $copy = $bytes, Encode::FB_CROAK) eq $text } ? $bytes : undef;
}

sub html { return $_[0] =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr =~ s/"/&quot;/gr }
# Every ASCII punctuation may be escaped (CommonMark 2.4), and in a line's beginning has to be.
sub md { return $_[0] =~ s/([!-\/:-\@\[-`{-~])/\\$1/gr }
sub rst { return $_[0] =~ s/([\x{2022}\\*`|_<>:.\-=~#^"'+&%\$\@!(){}\[\]\/,;?])/\\$1/gr }
sub csv { return '"' . $_[0] =~ s/"/""/gr . '"' }
sub rtf { return join '', map { $_ >= 0x10000 ? sprintf('\\u%d?\\u%d?', (0xd7c0 + ($_ >> 10)) - 65536, (0xdc00 + ($_ & 0x3ff)) - 65536)
    : $_ >= 128 ? '\\u' . ($_ > 32767 ? $_ - 65536 : $_) . '?' : chr($_) =~ s/([\\{}])/\\$1/r } map ord, split //, $_[0] }

# Paragraphs of a few words each.
sub lines { my ($n, @tokens) = @_; my @lines; push @lines, [splice @tokens, 0, $n] while @tokens; return @lines }

our %Wrap = (
    txt => sub { my ($rand, @tokens) = @_; my $end = ("\n", "\n\n", "\r\n", "\n")[ $rand->(4) ];
        my $first = $First[ $rand->(scalar @First) ];
        return $first . join($end, map { join ' ', @$_ } lines(1 + $rand->(6), @tokens)) . $end },
    md => sub { my ($rand, @tokens) = @_;
        return join "\n", map { my $text = join ' ', map md($_), @$_; my $raw = join ' ', map html($_), @$_;
            ("$text\n", "# $text\n", "- $text\n", "> $text\n", "**$text**\n", "1. $text\n", "| $text | x |\n| --- | --- |\n| $text | y |\n",
             "[$text](http://example.org/)\n", "$text  \nend\n", "~~$text~~\n", "- a\n\n    - $text\n", "### $text ###\n",
             "<details><summary>$raw</summary>\n\nopen\n\n</details>\n", "<p>$raw</p>\n", "<table><tr><td>$raw</td></tr></table>\n",
             "<kbd>$text</kbd><br>end<sub>$text</sub>\n" =~ s/<sub>.*/<sub>2<\/sub>\n/sr)[ $rand->(16) ] }
            lines(2 + $rand->(5), @tokens) },
    html => sub { my ($rand, @tokens) = @_;
        my $page = join "\n", map { my $text = join ' ', map html($_), @$_;
            ("<p>$text</p>", "<h2>$text</h2>", "<ul><li>$text</li></ul>", "<table><tr><th>a</th></tr><tr><td>$text</td></tr></table>",
             "<pre>$text</pre>", "<div><span>$text</span></div>", "<blockquote>$text</blockquote>", "<p><b>$text</b><br><i>end</i></p>",
             "<dl><dt>$text</dt><dd>x</dd></dl>", "<p><a href=\"http://example.org/\">$text</a></p>", "<details><summary>$text</summary>x</details>",
             "<section><h3>$text</h3></section>", "$text<hr>", "<p>a<sup>$text</sup></p>", "<ol><li><p>$text</p></li></ol>",
             "<code>$text</code>", "<figure><figcaption>$text</figcaption></figure>", "<fieldset><legend>$text</legend></fieldset>",
             "<article>$text</article>", "<main>$text</main>", "<p>x</p><footer>$text</footer>",
             "<table><colgroup><col span=\"2\"></colgroup><tr><td>a</td><td>$text</td></tr></table>",
             "<table><tr><td rowspan=\"2\">a</td><td>b</td></tr><tr><td>c</td><td>$text</td></tr></table>")[ $rand->(23) ] } lines(2 + $rand->(5), @tokens);
        return "<!DOCTYPE html>\n<html><head>META<title>t</title></head><body>$page</body></html>\n" },
    rst => sub { my ($rand, @tokens) = @_;
        return join "\n", map { my $text = join ' ', map rst($_), @$_;
            ("$text\n", "- $text\n", "| $text\n", "  $text\n", "term\n  $text\n", "1. $text\n")[ $rand->(6) ] . "\n" }
            lines(2 + $rand->(5), @tokens) },
    csv => sub { my ($rand, @tokens) = @_; my $d = (',', ';', "\t")[ $rand->(3) ];
        return join '', map { join($d, map csv($_), @$_) . "\n" } ['first', 'second', 'third'],
            map { [(map { $rand->(4) ? $_ : "$_\nx" } @$_), ('x') x (3 - @$_)] } lines(3, @tokens) },
    tsv => sub { my ($rand, @tokens) = @_;
        return join '', map { join("\t", map { /["\n]/ ? csv($_) : $_ } @$_) . "\n" } ['first', 'second'], map { [@$_, ('x') x (2 - @$_)] } lines(2, @tokens) },
    json => sub { my ($rand, @tokens) = @_; my $json = Cpanel::JSON::XS->new->canonical;
        $json->ascii if $rand->(3) == 0;
        return $json->encode([ map { +{ a => $_->[0], b => $_->[1] // 'x' } } lines(2, @tokens) ]) },
    rtf => sub { my ($rand, @tokens) = @_;
        return '{\rtf1\ansi\uc1 ' . join('\par ', map { join ' ', map rtf($_), @$_ } lines(1 + $rand->(6), @tokens)) . '}' },
);

# A document in that charset, with what says so; undef if it cannot be written so.
sub document {
    my ($rand, $format, $charset, $says, @tokens) = @_;
    my $text = $Wrap{$format}->($rand, @tokens);
    return $text if $format eq 'rtf';
    my $meta = $says eq 'meta' ? "<meta charset=\"$charset\">" : '';
    $text =~ s/META/$meta/;
    $text = "\x{feff}$text" if $says eq 'mark';
    return written($text, $charset);
}

# What is read in ------------------------------------------------------------

our %Part = (docx => 'word/document.xml word/footnotes.xml', xlsx => 'xl/sharedStrings.xml xl/worksheets/*.xml', odt => 'content.xml',
    ods => 'content.xml', epub => 'EPUB/text/*.xhtml');

sub unescaped {
    my ($xml) = @_;
    $xml =~ s/<(?:style|title)\b.*?<\/(?:style|title)>//gs;
    return entities($xml =~ s/<[^>]*>//gr);
}

sub entities {
    my %entity = (lt => '<', gt => '>', quot => '"', apos => "'", amp => '&', nbsp => "\x{a0}");
    return $_[0] =~ s/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/defined $1 ? chr hex $1 : defined $2 ? chr $2 : $entity{$3} \/\/ "&$3;"/geir;
}

sub squashed { return NFC($_[0] =~ s/[\s\x{feff}\x{ad}\x{200b}]+//gr) }

sub plain { return entities($_[0] =~ tr/\\//dr) }

# A word of which a part is in bold type, as LibreOffice has it where two scripts meet.
sub unbold { return $_[0] =~ s/(?<!\\)\*\*//gr }

# The strings of JSON as they stand there, the names of the first row before its values.
sub strings_of {
    my ($json) = @_;
    my (@names, @values, %seen);
    while ($json =~ /"((?:[^"\\]|\\.)*)"\s*(:?)/g) {
        my ($string, $name) = (Cpanel::JSON::XS->new->allow_nonref->decode("\"$1\""), $2);
        $name ? $seen{$string}++ || push @names, $string : push @values, $string;
    }
    return join "\n", @names, @values;
}

# The text of a result, without blanks.  Of doc, xls and rtf nothing is read here: they are converted on.
sub found {
    my ($format, $path) = @_;
    my $bytes = $format eq 'pdf' ? `pdftotext -raw -enc UTF-8 '$path' - 2>/dev/null`
        : $Part{$format} ? `unzip -p '$path' @{[ map "'$_'", split ' ', $Part{$format} ]} 2>/dev/null` : PlatenServer::slurp($path);
    my $text = Encode::decode('UTF-8', $bytes);
    $text = unescaped($text) if $Part{$format} || $format eq 'html';
    # What is literal in these two is not escaped: neither escapes nor entities are told from it.
    $text = plain(unbold($text) =~ s/<\/?(?:br|su[bp]|table|t[rdh]|tbody|thead|col|colgroup|p|div|span|u|d[ldt]|strong|em|figure|figcaption|a|details|summary)(?:\s[^>]*|\/)?>//gr)
        if $format eq 'md';
    $text = plain(unbold($text)) if $format eq 'rst';
    $text = strings_of($text) if $format eq 'json';
    $text =~ s/""/"/g if $format =~ /^[ct]sv\z/;
    return squashed($format eq 'pdf' ? NFKC($text) : $text);
}

# The first token that is not there behind the one before it; undef if all are.
sub lost {
    my ($format, $step, $text, @tokens) = @_;
    if ($format eq 'pdf' && $Shaped{ $step->{script} }) {
        # Each letter as often as it is written, and each number.
        my %left;
        $left{$_}++ for split //, $text;
        for my $token (@tokens) {
            my ($number) = $token =~ /(\d+)/;
            # Marks are drawn where they belong, and read in any order.
            my @letters = grep /\pL/, split //, NFKC($token);
            return $token if index($text, $number) < 0 && index($text, reverse $number) < 0;
            for (@letters) { return "$_ of $token" if --($left{$_} //= 0) < 0 }
        }
        return undef;
    }
    my $at = 0;
    for my $token (@tokens) {
        my $word = squashed($format eq 'pdf' ? NFKC($token) : $format =~ /^(?:md|rst)\z/ ? plain($token) : $token);
        my $here = index($text, $word, $at);
        return $token if $here < 0;
        $at = $here + length $word;
    }
    return undef;
}

1;
