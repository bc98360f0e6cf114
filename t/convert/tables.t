# platen-tables by itself: each pair of formats on real files, what becomes of
# values, hostile and damaged documents, limits.  Parquet only where libduckdb.so
# is (PLATEN_DUCKDB, or sidecar/tables/fetch-duckdb build/duckdb).

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

use lib abs_path('t/lib');
use Hostile ();

my $build = abs_path($ENV{PLATEN_BUILD} || 'build');
my $tables = "$build/platen-tables";
my $library = $ENV{PLATEN_DUCKDB} || "$build/duckdb/libduckdb.so";
my $parquet = -e $library;
my @duckdb = $parquet ? ('--duckdb', $library) : ();
my $dir = tempdir(CLEANUP => 1);

chdir $dir or die "$dir: $!";
mkdir 'tmp' or die "tmp: $!";

sub put {
    my ($name, $bytes) = @_;

    open my $out, '>:raw', $name or die "$name: $!";
    print $out $bytes;
    close $out or die "$name: $!";
    return $name;
}

sub get {
    my ($name) = @_;

    open my $in, '<:raw', $name or return undef;
    local $/;
    return scalar <$in>;
}

# Runs it with limits of the shell's ulimit; the exit code and the last line of
# standard error.  Nothing of the environment but TMPDIR.
sub run_limited {
    my ($limits, @arguments) = @_;
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        open STDERR, '>', "$dir/stderr" or die;
        open STDOUT, '>', "$dir/stdout" or die;
        exec 'env', '-i', "TMPDIR=$dir/tmp", '/bin/sh', '-c', "$limits exec \"\$@\"", 'sh',
            $tables, @arguments or die;
    }
    waitpid $pid, 0;
    my $code = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
    my @lines = split /\n/, get('stderr');
    return ($code, @lines ? $lines[-1] : '');
}

sub run { return run_limited('', @_) }

sub convert {
    my ($from, $to, $input, $output, @options) = @_;

    unlink $output;
    return run('--from', $from, '--to', $to, @duckdb, @options, $input, $output);
}

# That a document of these bytes becomes one of those.
sub becomes {
    my ($from, $to, $bytes, $expected, $what, @options) = @_;
    my ($code, $said) = convert($from, $to, put("in.$from", $bytes), "out.$to", @options);

    is $code, 0, "$what: exit code" or diag $said;
    is get("out.$to"), $expected, $what;
}

# That it is refused, with that code and a sentence, and leaves nothing behind.
sub refused {
    my ($from, $to, $bytes, $expected, $sentence, $what, @options) = @_;
    my ($code, $said) = convert($from, $to, put("in.$from", $bytes), "out.$to", @options);

    is $code, $expected, "$what: exit code";
    like $said, qr/^platen-tables: .*$sentence/, $what;
    ok !-e "out.$to", "$what: no result" unless $expected == 2;
}

sub sheet {
    my ($xlsx) = @_;

    return scalar `unzip -p $xlsx xl/worksheets/sheet1.xml`;
}

# A cell of a sheet: its text or number, with "s:", "n:", "b:" before it.
sub cell {
    my ($sheet, $name) = @_;

    return undef if $sheet !~ m{<c r="$name"([^>]*)>(.*?)</c>}s;
    my ($attributes, $inside) = ($1, $2);
    return "f:$inside" if $inside =~ /<f>/;
    return "b:$1" if $attributes =~ /t="b"/ && $inside =~ m{<v>(.*)</v>};
    return "s:$1" if $attributes =~ /t="inlineStr"/ && $inside =~ m{<t[^>]*>(.*)</t>}s;
    return "n:$1" if $inside =~ m{<v>(.*)</v>};
    return $inside;
}

# What it says it can do.
{
    my ($code) = run('--probe', @duckdb);
    my $pairs = join ', ', sort split /\n/, get('stdout');
    my @formats = qw(csv json jsonl parquet xlsx);
    my $all = join ', ', map { my $from = $_; map "$from $_", grep $_ ne $from, @formats } @formats;
    my $base = join ', ', grep !/parquet/, split /, /, $all;

    is $code, 0, 'probe: exit code';
    is $pairs, $parquet ? $all : $base, 'probe';
    ($code) = run('--probe', '--duckdb', "$dir/none.so");
    is join(', ', sort split /\n/, get('stdout')), $base, 'probe without DuckDB';
}

# The command line.
{
    my $csv = put('in.csv', "a\n1\n");

    for my $wrong ([], ['--from', 'csv'], ['--from', 'xlsx', '--to', 'xlsx'],
                   ['--from', 'json', '--to', 'json'], ['--from', 'csv', '--to', 'pdf'],
                   ['--from', 'csv', '--to', 'json', '--delimiter', ',,'],
                   ['--from', 'csv', '--to', 'json', '--delimiter', '"'],
                   ['--from', 'csv', '--to', 'json', '--encoding', 'ebcdic'],
                   ['--from', 'csv', '--to', 'json', '--out-delimiter', ';'],
                   ['--from', 'json', '--to', 'csv', '--delimiter', ';'],
                   ['--from', 'csv', '--to', 'json', '--memory', '1G'], ['--nonsense']) {
        my ($code, $said) = run(@$wrong, $csv, 'out');

        is $code, 2, "usage: @$wrong";
        like $said, qr/^platen-tables: /, 'a sentence';
    }
    is +(run('--from', 'csv', '--to', 'json', $csv, $csv))[0], 2, 'the document as the result';
    my $other = put('semicolon.csv', "a;b\n\"x,y\";2\n");
    is +(run('--from', 'csv', '--to', 'csv', '--out-delimiter', '|', $other, 'other.csv'))[0], 0, 'CSV to CSV';
    is get('other.csv'), "a|b\nx,y|2\n", 'is another delimiter';
    is +(run('--from', 'csv', '--to', 'parquet', $csv, 'out'))[0], 2, 'Parquet without DuckDB';
    is get($csv), "a\n1\n", 'the document is as it was';
    is +(convert('csv', 'json', 'missing.csv', 'out.json'))[0], 10, 'no document';
    is +(convert('csv', 'json', $csv, 'missing/out.json'))[0], 13, 'no place for the result';
}

# CSV to JSON and back.
my $ordinary = <<'EOF';
id,zip,price,mass,paid,day,note
1,01234,1.50,3,true,2024-02-29,"a, b"
2,12345,20.00,2.25,false,2023-12-31,"say ""yes"""
3,99999,0.10,-0.5,,,"two
lines"
EOF
my $as_json = <<'EOF';
[
{"id":1,"zip":"01234","price":1.50,"mass":3,"paid":true,"day":"2024-02-29","note":"a, b"},
{"id":2,"zip":"12345","price":20.00,"mass":2.25,"paid":false,"day":"2023-12-31","note":"say \"yes\""},
{"id":3,"zip":"99999","price":0.10,"mass":-0.5,"paid":null,"day":null,"note":"two\nlines"}
]
EOF
becomes('csv', 'json', $ordinary, $as_json, 'types are those of whole columns');
becomes('json', 'csv', $as_json, $ordinary, 'and the same CSV comes back');
my $lines = join '', map "$_\n", $as_json =~ /^(\{.*\}),?$/mg;
becomes('csv', 'jsonl', $ordinary, $lines, 'as JSON Lines');
becomes('jsonl', 'json', $lines, $as_json, 'which are an array again');
becomes('json', 'jsonl', $as_json, $lines, 'and lines');

becomes('csv', 'json', "a\n$_\n2\n", qq{[\n{"a":"$_"},\n{"a":"2"}\n]\n}, "$_ is no number")
    for qw(007 +1 1e5 1. .5 -0 0x10 9007199254740993 0.1234567890123456 TRUE 1_000 NaN -);
becomes('csv', 'json', "a\n$_\n", qq{[\n{"a":$_}\n]\n}, "$_ is a value")
    for qw(0 -7 9007199254740992 0.5 -12.30 123456789.123456 true false);
becomes('csv', 'json', "a,a,,a\n1,2,3,4,5\n6\n",
        qq{[\n{"a":1,"a_2":2,"column_3":3,"a_3":4,"column_5":5},\n}
        . qq{{"a":6,"a_2":null,"column_3":null,"a_3":null,"column_5":null}\n]\n},
        'names are unique, and rows of any length');
becomes('csv', 'json', "a,b\nx,\ny,\"\"\n", qq{[\n{"a":"x","b":null},\n{"a":"y","b":""}\n]\n},
        'null and an empty text');
becomes('csv', 'json', "a,b\n1,\n2,\"\"\n3,4\n",
        qq{[\n{"a":1,"b":null},\n{"a":2,"b":null},\n{"a":3,"b":4}\n]\n},
        'no empty text in a column of numbers');
becomes('csv', 'json', "a,b\n", "[]\n", 'a header and no rows');
becomes('csv', 'json', "\n\na,b\n1,2\n\n3,4\n\n",
        qq{[\n{"a":1,"b":2},\n{"a":3,"b":4}\n]\n}, 'empty lines are nothing');
becomes('csv', 'json', "a\n1\n\n2\n\n", qq{[\n{"a":1},\n{"a":null},\n{"a":2}\n]\n},
        'but empty fields where there is one column');
becomes('csv', 'json', "a,b\r\n1,\"x\r\ny\"\r\n2,z", qq{[\n{"a":1,"b":"x\\r\\ny"},\n{"a":2,"b":"z"}\n]\n},
        'CRLF, and no end of the last line');
becomes('csv', 'json', "a,b\n\"x\"y,z\"\"\n", qq{[\n{"a":"xy","b":"z\\"\\""}\n]\n}, 'stray quotes');
becomes('csv', 'json', "a\n\"\x01\\\x1f/\"\n", qq{[\n{"a":"\\u0001\\\\\\u001f/"}\n]\n},
        'control characters');

# Delimiters.
for (['comma', ','], ['semicolon', ';'], ['tab', "\t"], ['pipe', '|']) {
    my ($name, $c) = @$_;

    becomes('csv', 'json', "a${c}b\n1,5${c}\"x${c};,\"\n2${c}y\n",
            qq([\n{"a":"1,5","b":"x) . ($c eq "\t" ? '\\t' : $c) . qq(;,"},\n{"a":"2","b":"y"}\n]\n),
            "$name is seen") if $c ne ',';
    becomes('csv', 'json', "a${c}b\n1${c}2\n", qq{[\n{"a":1,"b":2}\n]\n}, "$name is obeyed",
            '--delimiter', $c);
}
becomes('csv', 'json', "name;price, net\nx;1\ny;2\n",
        qq{[\n{"name":"x","price, net":1},\n{"name":"y","price, net":2}\n]\n},
        'the delimiter that all rows have');
becomes('csv', 'json', "sep=|\na|b,c\n1|2\n", qq{[\n{"a":1,"b,c":2}\n]\n}, 'a line that says it');
becomes('csv', 'json', "a b\n1 2\n", qq{[\n{"a":1,"b":2}\n]\n}, 'a space', '--delimiter', ' ');
becomes('json', 'csv', '[{"a":"x;y","b":"z"}]', qq{a;b\n"x;y";z\n}, 'the delimiter of the result',
        '--out-delimiter', ';');

# Encodings.
my $utf8 = qq{[\n{"n\xc3\xa4me":"\xe2\x82\xac5"}\n]\n};
becomes('csv', 'json', "n\xc3\xa4me\n\xe2\x82\xac5\n", $utf8, 'UTF-8');
becomes('csv', 'json', "\xef\xbb\xbfn\xc3\xa4me\n\xe2\x82\xac5\n", $utf8, 'with a mark');
becomes('csv', 'json', "n\xe4me\n\x805\n", $utf8, 'not UTF-8: windows-1252');
becomes('csv', 'json', "n\xe4me\n\xa45\n", $utf8, 'ISO-8859-15', '--encoding', 'iso-8859-15');
becomes('csv', 'json', "n\xe4me\n\xa45\n", qq{[\n{"n\xc3\xa4me":"\xc2\xa45"}\n]\n}, 'ISO-8859-1',
        '--encoding', 'iso-8859-1');
becomes('csv', 'json', "\xff\xfen\0\xe4\0m\0e\0\n\0\xac\x205\0\n\0", $utf8, 'UTF-16LE');
becomes('csv', 'json', "\xfe\xff\0n\0\xe4\0m\0e\0\n\x20\xac\0005\0\n", $utf8, 'UTF-16BE');
becomes('csv', 'json', "n\0\xe4\0m\0e\0\n\0\xac\x205\0\n\0", $utf8, 'UTF-16 without a mark',
        '--encoding', 'utf-16');
becomes('csv', 'json', "a\n\xff\xfe\x81\n", qq{[\n{"a":"\xc3\xbf\xc3\xbe\xef\xbf\xbd"}\n]\n},
        'a byte that windows-1252 does not have');
refused('csv', 'json', "a\n\xff\n", 10, 'byte 2 .* not UTF-8', 'not the encoding that was given',
        '--encoding', 'utf-8');
refused('csv', 'json', "a\nx\0y\n", 10, 'line 2, column 2 has a NUL', 'a NUL byte');
becomes('json', 'csv', $utf8, "n\xe4me\n\xa45\n", 'to ISO-8859-15', '--out-encoding',
        'iso-8859-15');
becomes('json', 'csv', $utf8, "\xff\xfen\0\xe4\0m\0e\0\n\0\xac\x205\0\n\0", 'to UTF-16',
        '--out-encoding', 'utf-16');
refused('json', 'csv', $utf8, 13, "character \xe2\x82\xac, which iso-8859-1",
        'a character that the encoding does not have', '--out-encoding', 'iso-8859-1');
refused('json', 'csv', $utf8, 13, "character \xc3\xa4, which us-ascii",
        'a character that is none of ASCII', '--out-encoding', 'us-ascii');

# Characters that lie across the pieces in which a document is read.
{
    my $rows = join '', map { "\xe2\x82\xac" x 7 . "x" x ($_ % 3) . "\n" } 1 .. 20000;

    is +(convert('csv', 'json', put('in.csv', "a\n$rows"), 'out.json'))[0], 0, 'pieces, to JSON';
    is +(convert('json', 'csv', 'out.json', 'out.csv'))[0], 0, 'pieces, to CSV';
    ok get('out.csv') eq "a\n$rows", 'pieces: the same rows';
    is +(convert('json', 'csv', 'out.json', 'u16.csv', '--out-encoding', 'utf-16'))[0], 0,
        'pieces, to UTF-16';
    is +(convert('csv', 'json', 'u16.csv', 'u16.json'))[0], 0, 'pieces, from UTF-16';
    ok get('u16.json') eq get('out.json'), 'pieces: the same JSON';
}

# Forms of JSON.
becomes('json', 'csv', '[{"b":1,"a":[1,{"x":null}]},{"c":12345678901234567890,"a":{}},{}]',
        qq{b,a,c\n1,"[1,{""x"":null}]",\n,{},12345678901234567890\n,,\n},
        'keys in order, nested values, exact numbers');
becomes('json', 'csv', qq({"a":1}\n{"a":2,"b":[3]}\n), "a,b\n1,\n2,[3]\n", 'JSON Lines');
becomes('json', 'csv', qq([1,2]\n[3,4]\n), "1,2\n3,4\n", 'JSON Lines of arrays');
becomes('json', 'csv', '[["h","i"],[1,"x"],[2],[3,4,5]]', "h,i,\n1,x,\n2,,\n3,4,5\n",
        'an array of arrays');
becomes('json', 'csv', '{"a":1,"b":{"c":2}}', qq{a,b\n1,"{""c"":2}"\n}, 'one object');
becomes('json', 'csv', '["x","y"]', "value\nx\ny\n", 'an array of texts');
becomes('json', 'csv', '[{"a":1,"a":2}]', "a\n2\n", 'a key twice');
becomes('json', 'csv', '[{"a":"\u00e4\ud83d\ude00\n"}]', qq{a\n"\xc3\xa4\xf0\x9f\x98\x80\n"\n},
        'escapes');
becomes('json', 'csv', '[{"a":"x\u0000y"}]', "a\nx\xef\xbf\xbdy\n", 'a NUL');
refused('json', 'csv', $_->[0], 10, $_->[1], "JSON: $_->[2]")
    for ['[{"a":1}', 'not JSON', 'cut off'], ['[{"a":tru}]', 'not JSON', 'no value'],
        ['[1,{"a":2}]', 'row 2: .* all objects', 'mixed rows'], ['"x"', 'one value', 'a text'],
        ["[" x 300 . "]" x 300, 'nested too deeply', 'nesting'],
        ["[{\"a\":\"\xff\"}]", 'byte 7 .* not UTF-8', 'bytes'],
        ['<a/>', 'not JSON', 'XML'];
refused($_->[0], 'xlsx', $_->[1], 17, 'nothing in the document', "nothing: $_->[2]")
    for ['csv', '', 'no byte'], ['csv', "\n\r\n", 'empty lines'], ['json', '', 'no byte'],
        ['json', " \n", 'white space'], ['json', '[]', 'no row'], ['json', '[{},{}]', 'no key'];
refused('csv', 'json', "a,b\n\xc3\xa9,\"x\n2,y\n", 10, 'begins on line 2, column 3 is never closed', 'no end quote');
refused('csv', 'json', 'a' . ',' x 65536 . "\n", 18, 'more than 65536 fields', 'fields');

# XLSX.
{
    my $csv = "id,zip,sum,price,flag,day,at,=1+1\n"
        . "1,01234,5,1.50,true,2024-02-29,2024-02-29 12:00:00,=cmd|'/C calc'!A0\n"
        . "2,12345,n/a,20.00,false,1999-12-31,1999-12-31 00:00:00,http://example.org\n"
        . "3,9,7.5,3.10,,,,\"_x0041_<&\x01\xef\xbf\xbf\r\nz\"\n";
    my ($code, $said) = convert('csv', 'xlsx', put('in.csv', $csv), 'out.xlsx');
    my $sheet = sheet('out.xlsx');

    is $code, 0, 'XLSX: exit code' or diag $said;
    is system('unzip -tqq out.xlsx'), 0, 'XLSX: a whole ZIP file';
    is cell($sheet, $_->[0]), $_->[1], "XLSX: $_->[0], $_->[2]"
        for ['A1', 's:id', 'a name'], ['H1', 's:=1+1', 'a name that looks like a formula'],
            ['A2', 'n:1', 'a number'], ['B2', 's:01234', 'digits that are a name'],
            ['B3', 's:12345', 'and its like'], ['C2', 'n:5', 'a number beside text'],
            ['C3', 's:n/a', 'text beside numbers'], ['D2', 'n:1.5', 'a price'],
            ['E2', 'b:1', 'a truth value'], ['E4', undef, 'nothing'],
            ['F2', 'n:45351', 'a day'], ['G2', 'n:45351.5', 'a time'],
            ['H2', "s:=cmd|'/C calc'!A0", 'no formula'],
            ['H3', 's:http://example.org', 'no link'],
            ['H4', "s:_x005F_x0041_&lt;&amp;_x0001_\xef\xbf\xbd\nz", 'what XML cannot have'];
    like scalar `unzip -p out.xlsx xl/workbook.xml`, qr/name="Sheet1"/, 'XLSX: its sheet';
    like scalar `unzip -p out.xlsx xl/styles.xml`, qr/formatCode="0\.00"/, 'XLSX: prices';
    like $sheet, qr/<cols><col min="1" max="1" width="8.*max="7" width="20\./, 'XLSX: widths';
}
{
    my $json = '[{"a":"7","b":7,"c":true,"d":[1],"e":12345678901234567890,"f":1e3}]';
    my ($code) = convert('json', 'xlsx', put('in.json', $json), 'out.xlsx');
    my $sheet = sheet('out.xlsx');

    is $code, 0, 'JSON to XLSX: exit code';
    is join(' ', map { cell($sheet, $_) } qw(A2 B2 C2 D2 E2 F2)),
        's:7 n:7 b:1 s:[1] s:12345678901234567890 n:1000', 'JSON to XLSX: types as they are';
}
is +(convert('csv', 'xlsx', put('in.csv', "a\n" . 'x' x 32767 . "\n"), 'out.xlsx'))[0], 0,
    'XLSX: the longest text';
refused('csv', 'xlsx', "a\n" . 'x' x 32768 . "\n", 18, 'row 2 .* 32,767 characters',
        'XLSX: a longer one');
refused('csv', 'xlsx', "a\n" . "\xf0\x9f\x98\x80" x 16384 . "\n", 18, '32,767 characters',
        'XLSX: one that is longer in UTF-16');
refused('csv', 'xlsx', "a\n" . "1\n" x 1048576, 18, '1048577 rows', 'XLSX: too many rows');
refused('csv', 'xlsx', ',' x 16384 . "\n", 18, '16385 columns', 'XLSX: too many columns');

# 100,000 rows.
my $many = "id,name,price,day,flag,note\n" . join '', map {
    sprintf "%d,K\xc3\xa4ufer %d,%.2f,2024-%02d-%02d,%s,%s\n", $_, $_ * 7919 % 100003,
        ($_ * 31337 % 100000) / 100, $_ % 12 + 1, $_ % 28 + 1, $_ % 3 ? 'true' : 'false',
        ('', 'plain', '"with, comma"', '"say ""yes"""', "\"two\nlines\"")[$_ % 5]
} 1 .. 100000;
put('many.csv', $many);
is +(convert('csv', 'json', 'many.csv', 'many.json'))[0], 0, '100,000 rows to JSON';
is +(convert('json', 'csv', 'many.json', 'out.csv'))[0], 0, '100,000 rows from JSON';
ok get('out.csv') eq $many, '100,000 rows: the same';
is +(convert('csv', 'xlsx', 'many.csv', 'many.xlsx'))[0], 0, '100,000 rows to XLSX';
is scalar(() = sheet('many.xlsx') =~ /<row /g), 100001, '100,000 rows: as many';

# Limits.
for (['csv', 'json', 'many.csv'], ['json', 'csv', 'many.json'], ['csv', 'xlsx', 'many.csv']) {
    my ($from, $to, $input) = @$_;
    my @arguments = ('--from', $from, '--to', $to, $input, "out.$to");

    is +(run_limited('ulimit -v 32768;', @arguments))[0], 0, "$from to $to in 32 MB";
    my ($code, $said) = run_limited('ulimit -f 256;', @arguments);
    is $code, 13, "$from to $to in a file of 128 kB";
    like $said, qr/^platen-tables: cannot write/, 'a sentence';
    ok !-e "out.$to", 'no result';
}
{
    put('in.csv', "a\n\"" . 'x' x 60000000 . "\"\n");
    my ($code, $said) =
        run_limited('ulimit -v 65536;', '--from', 'csv', '--to', 'json', 'in.csv', 'out.json');
    is $code, 14, 'a cell larger than memory';
    is $said, 'platen-tables: out of memory', 'a sentence';
}

SKIP: {
    skip "no DuckDB at $library: Parquet is not tested", 1 if !$parquet;

    for (['ordinary rows', $ordinary], ['many rows', $many], ['nulls', "a\n\"\"\n1\n"],
         ['a header', "a,b\n"], ['times', "t\n2024-05-31 10:00:00\n1969-12-31 23:59:59.125\n"],
         ['numbers', "n,m\n1,0.5\n-2,1\n,9007199254740992.5\n"],
         ['long integers', "n\n9223372036854775807\n1\n"], ['names', "\"a\"\"b\",c'd,e f\n1,2,3\n"],
         ['texts', "a,b\nx,\ny,\"\"\n\"\r\n\", \n"], ['a long cell', "a,b\n1," . 'x' x 9000000 . "\n"],
         ['commas', "a;b\n\"1;5\";x\n"]) {
        my ($what, $csv) = @$_;
        my @delimiters = $what eq 'commas' ? ('--out-delimiter', ';') : ();
        my ($code, $said) = convert('csv', 'parquet', put('in.csv', $csv), 'out.parquet');

        is $code, 0, "Parquet of $what: exit code" or diag $said;
        like get('out.parquet'), qr/^PAR1.*PAR1$/s, "Parquet of $what";
        ($code, $said) = convert('parquet', 'csv', 'out.parquet', 'out.csv', @delimiters);
        is $code, 0, "Parquet of $what, back: exit code" or diag $said;
        ok get('out.csv') eq $csv, "Parquet of $what: the same" or diag substr get('out.csv'), 0, 500;
    }

    convert('csv', 'parquet', put('in.csv', $ordinary), 'out.parquet');
    is +(convert('parquet', 'json', 'out.parquet', 'out.json'))[0], 0, 'Parquet to JSON';
    is get('out.json'), $as_json, 'Parquet to JSON: types';
    is +(convert('parquet', 'xlsx', 'out.parquet', 'out.xlsx'))[0], 0, 'Parquet to XLSX';
    my $sheet = sheet('out.xlsx');
    is join(' ', map { cell($sheet, $_) } qw(A2 B2 C2 E2 F2)), 'n:1 s:01234 n:1.5 b:1 n:45351',
        'Parquet to XLSX: types';

    my $nested = qq{[\n{"a":1,"b":{"x":[1,2.50]},"c":12345678901234567890,"d":"5"},\n}
        . qq{{"a":0.30000000000000004,"b":"t","c":null,"d":null}\n]\n};
    my $back = $nested =~ s/(12345678901234567890)/"$1"/r;
    is +(convert('json', 'parquet', put('in.json', $nested), 'out.parquet'))[0], 0,
        'JSON to Parquet';
    is +(convert('parquet', 'json', 'out.parquet', 'out.json'))[0], 0, 'JSON to Parquet, back';
    is get('out.json'), $back, 'JSON to Parquet: nested values, exact numbers';

    becomes('csv', 'json', "ID,id\n1,2\n", qq{[\n{"ID":1,"id":2}\n]\n}, 'names but for their case');
    is +(convert('csv', 'parquet', 'in.csv', 'out.parquet'))[0], 0, 'the same in Parquet';

    put("it's.csv", "a\n1\n");
    is +(convert('csv', 'parquet', "it's.csv", "it's '); .parquet"))[0], 0, 'quotes in paths';
    is +(convert('parquet', 'csv', "it's '); .parquet", "it's '2.csv"))[0], 0, 'and back';
    is get("it's '2.csv"), "a\n1\n", 'and the same';
    is +(convert('parquet', 'csv', '*.parquet', 'out.csv'))[0], 2, 'a pattern is no path';

    convert('csv', 'parquet', 'many.csv', 'many.parquet');
    my $whole = get('many.parquet');
    refused('parquet', 'csv', substr($whole, 0, length($whole) / 2), 10, 'magic bytes', 'half of it');
    refused('parquet', 'csv', 'PAR1' . 'x' x 100 . 'PAR1', 10, '.', 'nothing of it');
    refused('parquet', 'json', "a\n1\n", 10, '.', 'CSV as Parquet');
    my ($crashed, $odd) = (0, 0);
    for my $i (1 .. 40) {
        my $damaged = $whole;

        substr $damaged, length($damaged) - 8 - $i * 11, 1, chr($i * 37 % 256);
        my ($code) = convert('parquet', 'csv', put('in.parquet', $damaged), 'out.csv');
        $crashed++ if $code =~ /signal/;
        $odd++ if $code !~ /signal/ && $code != 0 && $code != 10 && $code != 14;
    }
    is "$crashed $odd", '0 0', 'damaged metadata is corrupt';

    my @arguments = ('--from', 'csv', '--to', 'parquet', '--duckdb', $library, 'many.csv', 'out.parquet');
    is +(run_limited('ulimit -v 524288;', @arguments))[0], 0, 'Parquet in 512 MB';
    is +(run_limited('ulimit -v 65536;', @arguments))[0], 14, 'Parquet in 64 MB';
    is +(run('--memory', 20000000, @arguments))[0], 14, 'Parquet with 20 MB of buffers';
    is +(run_limited('ulimit -f 1024;', @arguments))[0], 13, 'Parquet in files of 512 kB';
    ok !-e 'out.parquet', 'no result';
}

# A document type defines entities, which could grow: what it says is that, and no formulas.
for my $settled (qw(true false)) {
    my $book = Hostile::zip_file(Hostile::parts(
        '_rels/.rels' => Hostile::rels([officeDocument => 'xl/workbook.xml']),
        'xl/_rels/workbook.xml.rels' => Hostile::rels(),
        'xl/workbook.xml' => "<?xml version=\"1.0\"?>\n<!DOCTYPE workbook []><workbook/>"));

    refused('xlsx', 'csv', $book, $settled eq 'true' ? 10 : 20, 'xl/workbook\.xml, line 2: a DOCTYPE',
        "DOCTYPE, settled $settled", '--settled', $settled);
}

opendir my $tmp, 'tmp' or die "tmp: $!";
is join(' ', grep { !/^\./ } readdir $tmp), '', 'no intermediate file is left';

done_testing();
