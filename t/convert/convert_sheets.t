# Workbooks to tables of data: values and not their display, which sheet, which rows.

use lib 't/lib';
use TestPlaten;
use TestOffice;

sub json { my (undef, $file) = convert(to => 'json', @_); return Cpanel::JSON::XS->new->utf8->decode(slurp($file)) }
sub text { my (undef, $file) = convert(@_); return slurp($file) }

# A row of cells: a number, or "type:value", or [ attributes, content ].
sub row {
    my ($number, @cells) = @_;
    my $column = 'A';
    return qq(<row r="$number">) . join('', map {
        my $at = $column++ . $number;
        !defined $_ ? '' : ref $_ ? qq(<c r="$at" $_->[0]>$_->[1]</c>)
            : /^(b|e|str|s|d):(.*)/s ? qq(<c r="$at" t="$1"><v>$2</v></c>)
            : /^t:(.*)/s ? qq(<c r="$at" t="inlineStr"><is><t xml:space="preserve">$1</t></is></c>)
            : qq(<c r="$at"><v>$_</v></c>)
    } @cells) . '</row>';
}

sub book { my ($rows, %arg) = @_; return (name => 'a.xlsx', content => xlsx(sheets => [['Data', $rows]], %arg)) }

platend_start();
run_tests();

__DATA__

=== TEST 1: the values of cells, with their types
--- flow
my @formats = ('yyyy-mm-dd', 'mm/dd/yy', 'yyyy-mm-dd hh:mm:ss', 'hh:mm', '[h]:mm:ss', '0.0%', '"$"#,##0.00', '00000', '0.00', '[Red]#,##0;(#,##0)',
    '"day "0', 'd. mmmm yyyy', 'm/d/yy h:mm AM/PM', '0.00E+00', 'mm:ss.0');
my $n = 1;
my @rows = map { [$_->[0], $_->[1], $_->[2]] } (
    ['date', [ 's="1"', '<v>45322</v>' ], '2024-01-31'],
    ['date of the USA', [ 's="2"', '<v>45322</v>' ], '2024-01-31'],
    ['timestamp', [ 's="3"', '<v>45322.57303240741</v>' ], '2024-01-31T13:45:10'],
    ['midnight', [ 's="3"', '<v>45322</v>' ], '2024-01-31T00:00:00'],
    ['time', [ 's="4"', '<v>0.5729166666666666</v>' ], '13:45:00'],
    ['duration', [ 's="5"', '<v>1.5</v>' ], '36:00:00'],
    ['percent', [ 's="6"', '<v>0.125</v>' ], 0.125],
    ['money', [ 's="7"', '<v>1234.5</v>' ], 1234.5],
    ['postcode', [ 's="8"', '<v>1234</v>' ], 1234],
    ['rounded', [ 's="9"', '<v>3.1415899999999999</v>' ], 3.14159],
    ['negative', [ 's="10"', '<v>-5</v>' ], -5],
    ['quoted letters', [ 's="11"', '<v>7</v>' ], 7],
    ['a date in words', [ 's="12"', '<v>36526</v>' ], '2000-01-01'],
    ['AM/PM', [ 's="13"', '<v>36526.75</v>' ], '2000-01-01T18:00:00'],
    ['exponent', [ 's="14"', '<v>45322</v>' ], 45322],
    ['thousandths', [ 's="15"', '<v>0.00001446759259259259</v>' ], '00:00:01.25'],
    ['the first day', [ 's="1"', '<v>1</v>' ], '1900-01-01'],
    ['after the day that never was', [ 's="1"', '<v>61</v>' ], '1900-03-01'],
    ['no date', [ 's="1"', '<v>-1</v>' ], -1],
    ['ISO 8601', 'd:2024-05-31T10:00:00.500Z', '2024-05-31T10:00:00.5'],
    ['true', 'b:1', Cpanel::JSON::XS::true], ['false', 'b:0', Cpanel::JSON::XS::false],
    ['text with zeros', 't:00123', '00123'], ['lines', "t:a\nb", "a\nb"], ['blanks', 't: lead trail ', ' lead trail '],
    ['escaped', 't:a_x0041_b', 'aAb'], ['a formula\'s text', [ 't="str"', '<f>A1</f><v>x</v>' ], 'x'],
    ['error', 'e:#DIV/0!', undef], ['nothing', undef, undef], ['sum', 0.1 + 0.2, 0.30000000000000004],
    ['a duration below zero', [ 's="5"', '<v>-1.5</v>' ], '-36:00:00']);
my $sheet = main::row(1, 't:kind', 't:value') . join '', map main::row(++$n, "t:$_->[0]", $_->[1]), @rows;
$sheet =~ s{(t:sum.*?<v>)[^<]*}{$1};
$sheet =~ s{<v>0\.3</v>}{<v>0.30000000000000004</v>};
my ($job, $file) = convert(main::book($sheet, formats => \@formats), to => 'json');
my $got = Cpanel::JSON::XS->new->utf8->decode(slurp($file));
is scalar @$got, scalar @rows, 'all rows';
for my $i (0 .. $#rows) {
    is_deeply $got->[$i], { kind => $rows[$i][0], value => $rows[$i][2] }, $rows[$i][0];
}
like slurp($file), qr/"value":0\.30000000000000004\}/, 'a number in full';
like slurp($file), qr/"value":1234\.5\}/, 'a number is one, and no string';
is_deeply $job->{warnings}, ['1 cell (Data!B29) has an error (#DIV/0!) for a value, and is empty in the result.'], 'an error is told of';
my ($display) = slurp((convert(main::book($sheet, formats => \@formats), to => 'csv', fields => [values => 'display']))[1]);
like $display, qr/^money,"\$1,234\.50"$/m, 'values=display is what the cells show';
my @shown = @{ main::json(main::book($sheet, formats => \@formats), fields => [values => 'display']) };
is((grep { $_->{kind} eq 'rounded' } @shown)[0]{value}, '3.14', 'in JSON, too');



=== TEST 2: days since 1904, shared strings, strict prefixes
--- flow
my $strings = '<si><t>plain</t></si><si><r><t>ri</t></r><r><rPr/><t xml:space="preserve">ch </t></r><rPh sb="0" eb="1"><t>PHONETIC</t></rPh></si>';
is_deeply main::json(main::book(main::row(1, 's:0', 's:1') . main::row(2, [ 's="1"', '<v>0</v>' ], 's:99'), strings => $strings, formats => ['yyyy-mm-dd'],
    properties => 'date1904="1"')), [{ plain => '1904-01-01', 'rich ' => undef }], 'runs of text, no phonetic ones; a string that is not there';
my $content = xlsx(sheets => [['Data', main::row(1, 't:a') . main::row(2, 5)]],
    parts => { 'xl/worksheets/sheet1.xml' => '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row><x:row><x:c><x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>' });
is_deeply main::json(name => 'a.xlsx', content => $content), [{ a => 5 }], 'prefixes, rows and cells without their place';
my ($main, $office) = ('http://schemas.openxmlformats.org/spreadsheetml/2006/main', 'http://schemas.openxmlformats.org/officeDocument/2006/relationships');
my $type = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
my @loose = (name => 'a.xlsx', content => Hostile::zip_file(Hostile::parts('_rels/.rels' => Hostile::rels([officeDocument => 'workbook.xml']),
    '_rels/workbook.xml.rels' => Hostile::rels([worksheet => 'sheet1.xml']),
    'workbook.xml' => qq(<workbook xmlns="$main" xmlns:r="$office"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>),
    'sheet1.xml' => qq(<worksheet xmlns="$main"><sheetData>) . main::row(1, 't:a') . main::row(2, 5) . '</sheetData></worksheet>',
    '[Content_Types].xml' => '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        . 'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        . qq(<Override PartName="/workbook.xml" ContentType="$type.sheet.main+xml"/><Override PartName="/sheet1.xml" ContentType="$type.worksheet+xml"/></Types>))));
is_deeply main::json(@loose), [{ a => 5 }], 'parts that do not lie where Office puts them';
like read_pdf((convert(@loose, to => 'pdf'))[1]), qr/a\s+5/, 'in a PDF, too';
my $later = '<extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}" xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst>';
is_deeply main::json(main::book(main::row(1, 't:a') . main::row(2, [ 's="1"', '<v>0</v>' ]), formats => ['yyyy-mm-dd'], properties => 'date1904="1"', workbook => $later)),
    [{ a => '1904-01-01' }], 'what later versions of Excel write behind it says nothing of days';
is_deeply main::json(main::book(main::row(1, 't:a', 't:b', 't:c') . main::row(2, map [ 't="inlineStr"', $_ ], '<v>1.0</v><is><t>1.</t></is>', '<is><t>1.</t></is><v>1.0</v>', '<v>1.</v>'))),
    [{ a => '1.', b => '1.', c => '1.' }], 'a text in the cell beside a value';



=== TEST 3: which sheet
--- flow
my @sheets = (['Empty', ''], ['Jan', main::row(1, 't:a') . main::row(2, 1)], ['F&amp;b', main::row(1, 't:b') . main::row(2, 2)],
    ['Secret', main::row(1, 't:c') . main::row(2, 3), 'state="hidden"']);
my @book = (name => 'book.xlsx', content => xlsx(sheets => \@sheets));
my ($job, $file) = convert(@book, to => 'csv');
is slurp($file), "a\n1\n", 'the first that has values';
like $job->{warnings}[0], qr/sheet "Jan" alone.*2 more: "F&b", "Secret"/, 'a warning names the others';
is main::text(@book, to => 'csv', fields => [sheet => $_->[0]]), $_->[1], "sheet=$_->[0]"
    for ['F&b', "b\n2\n"], ['f&B', "b\n2\n"], ['2', "a\n1\n"], ['4', "c\n3\n"], ['Secret', "c\n3\n"];
is_deeply main::json(@book, fields => [sheet => 'all']), { Jan => [{ a => 1 }], 'F&b' => [{ b => 2 }], Secret => [{ c => 3 }] }, 'all of them: JSON';
($job, $file) = convert(@book, to => 'csv', fields => [sheet => 'all']);
like $file, qr/\.zip\z/, 'all of them: a ZIP';
is_deeply [split /\n/, `unzip -Z1 $file`], ['book-1-Jan.csv', 'book-2-F&b.csv', 'book-3-Secret.csv'], 'with the names of the sheets';
is `unzip -p $file book-2-*`, "b\n2\n", 'and what they hold';
is_deeply $job->{warnings}, [], 'nothing is left out';
is slurp((convert(@book, to => 'jsonl'))[1]), qq({"a":1}\n), 'JSON Lines';
is main::text(@book, to => 'tsv', fields => [sheet => 'Secret']), "c\n3\n", 'TSV';
($job, $file) = convert(@book, to => 'tsv', fields => [sheet => 'all']);
is_deeply [split /\n/, `unzip -Z1 $file`], ['book-1-Jan.tsv', 'book-2-F&b.tsv', 'book-3-Secret.tsv'], 'of all sheets, too';
($job, $file) = convert(@book, to => 'jsonl', fields => [sheet => 'all']);
is `unzip -p $file book-3-*`, qq({"c":3}\n), 'and of all sheets';
($job) = convert(@book, to => 'json', fields => [sheet => 'March']);
is $job->{error_code}, 'sheet_not_found', 'none of that name';
($job) = convert(@book, to => 'csv', fields => [sheet => '9']);
is $job->{error_code}, 'sheet_not_found', 'nor of that number';
# As the cells show them: LibreOffice's table, of which there is one.
my @shown = map { my ($name, $rows, @more) = @$_; [$name, $rows =~ s/<c r="A2">/<c r="A2" s="1">/r, @more] } @sheets;
my @display = (name => 'book.xlsx', content => xlsx(sheets => \@shown, formats => ['0.00']));
($job, $file) = convert(@display, to => 'csv', fields => [values => 'display']);
is slurp($file), "a\n1.00\n", 'as they are shown: the first that has values';
like $job->{warnings}[0], qr/sheet "Jan" alone.*3 more: "Empty", "F&b", "Secret"/, 'with a warning';
(undef, my $ods) = convert(@display, to => 'ods');
for my $of ([@display], [file => $ods]) {
    is main::text(@$of, to => 'csv', fields => [values => 'display', sheet => $_->[0]]), $_->[1], "sheet=$_->[0]"
        for ['F&b', "b\n2.00\n"], ['f&B', "b\n2.00\n"], ['2', "a\n1.00\n"], ['Secret', "c\n3.00\n"];
}
is main::text(@display, to => 'jsonl', fields => [values => 'display', sheet => 3, header => 'false']),
    qq({"column_1":"b"}\n{"column_1":"2.00"}\n), 'in JSON Lines, without a header';
($job) = convert(@display, to => 'json', fields => [values => 'display', sheet => $_]) and is $job->{error_code}, 'sheet_not_found', "no $_" for qw(March 9 all);
is_deeply main::json(name => 'a.xlsx', content => xlsx(sheets => [['Secret', main::row(1, 't:a') . main::row(2, 1), 'state="hidden"'], ['Empty', '']])),
    [{ a => 1 }], 'a hidden one rather than none';
($job) = convert(name => 'a.xlsx', content => xlsx(sheets => [['Empty', '']]), to => 'json');
is $job->{error_code}, 'empty_document', 'nothing at all';



=== TEST 4: the header and rows
--- flow
my @book = main::book(main::row(3, undef, 't:a', 't:b') . main::row(4, undef, 1, 2) . main::row(6, undef, undef, 3) . '<row r="9"><c r="B9" s="0"/></row>');
is main::text(@book, to => 'csv'), ",a,b\n,1,2\n,,\n,,3\n", 'from the first row with a value to the last; a row without one is kept';
is main::text(@book, to => 'csv', fields => [header => 'false']), ",a,b\n,1,2\n,,\n,,3\n", 'to CSV the same without a header';
is_deeply main::json(main::book(main::row(1, 1, 2) . main::row(2, 3, 4)), fields => [header => 'no']),
    [{ column_1 => 1, column_2 => 2 }, { column_1 => 3, column_2 => 4 }], 'header=false: the first row is one like the others';
is_deeply main::json(name => 'a.csv', content => "1,2\n3,4\n", fields => [header => 'false']),
    [{ column_1 => 1, column_2 => 2 }, { column_1 => 3, column_2 => 4 }], 'of CSV, too';
my ($job) = convert(@book, to => 'json', fields => [header => 'false']);
is_deeply $job->{options}, { header => 'false' }, 'as the job shows it';



=== TEST 5: formulas: what was computed is believed, the rest is computed
--- flow
my @cells = (main::row(1, 't:a', 't:b', 't:sum') . main::row(2, 2, 3, [ '', '<f>A2+B2</f><v>77</v>' ]), main::row(1, 't:a', 't:b', 't:sum')
    . main::row(2, 2, 3, [ '', '<f>A2+B2</f>' ]), main::row(1, 't:a', 't:b', 't:sum') . main::row(2, 2, 3, [ '', '<f>_xlfn.FUTURE(A2)</f><v>9</v>' ]));
is_deeply main::json(main::book($cells[0])), [{ a => 2, b => 3, sum => 77 }], 'a computed value';
is_deeply main::json(main::book($cells[2])), [{ a => 2, b => 3, sum => 9 }], 'of a function that nothing here knows';
is_deeply main::json(main::book($cells[1])), [{ a => 2, b => 3, sum => 5 }], 'none: LibreOffice computes it';
# No LibreOffice has GROUPBY or PERCENTOF.
my $group = [ '', '<f>_xlfn.GROUPBY(1,A1:A2,B1:B2)</f><v>9</v>' ];
my $rows = main::row(1, 't:sum', [ '', '<f>1+1</f><v>77</v>' ], $group, [ 't="str"', '<f>_xlfn._xlws.FUTURE(1)</f><v>kept</v>' ],
    [ 't="e"', '<f>1/0</f><v>#DIV/0!</v>' ], [ 't="b"', '<f>1=1</f><v>1</v>' ], [ '', '<f t="shared" si="0" ref="G1:H1">MYOWN(1)</f><v>31</v>' ],
    [ '', '<f t="shared" si="0"/><v>32</v>' ], [ 't="str"', '<f>HYPERLINK("http://example.org/","link")</f><v>link</v>' ]);
my ($job, $pdf) = convert(main::book($rows), to => 'pdf');
is join(' ', split ' ', read_pdf($pdf)), 'sum 77 9 kept #DIV/0! TRUE 31 32 link', 'on a page, too, whatever the function';
like `qpdf --qdf $pdf - 2>/dev/null`, qr{http://example\.org/}, 'where a link stays one';
is_deeply $job->{warnings}, [], 'which is as it should be';
my @lacks = main::book(main::row(1, 't:sum', [ '', '<f>1+1</f><v>0</v>' ], $group, [ '', '<f>_xlfn.PERCENTOF(5,10)</f>' ]), workbook => '<calcPr fullCalcOnLoad="1"/>');
($job, $pdf) = convert(@lacks, to => 'pdf');
like join(' ', split ' ', read_pdf($pdf)), qr/^sum 2 9 \S+$/, 'one that wants to be computed keeps what LibreOffice cannot';
like "@{ $job->{warnings} }", qr/^1 formula uses \(Data!C1\) .*GROUPBY.*saved.* 1 formula uses \(Data!D1\).*PERCENTOF.*no saved value/, 'and is told of it, cell by cell';
($job, my $ods) = convert(main::book($rows), to => 'ods');
like read_pdf((convert(file => $ods, to => 'pdf'))[1]), qr/\b9\b/, 'the value goes into ODS';
like "@{ $job->{warnings} }", qr/^1 formula uses \(Data!C1\)/, 'with a warning that the formula does not';
my $xml = '<office:document-content office:version="1.2" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    . 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"><office:body><office:spreadsheet><table:table table:name="T">'
    . '<table:table-row><table:table-cell office:value-type="string"><text:p>sum</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell '
    . 'table:formula="of:=COM.MICROSOFT.GROUPBY(1;[.B1:.B2];[.C1:.C2])" office:value-type="float" office:value="9"><text:p>9</text:p></table:table-cell></table:table-row>'
    . '</table:table></office:spreadsheet></office:body></office:document-content>';
my $type = 'application/vnd.oasis.opendocument.spreadsheet';
my @ods = (name => 'a.ods', content => Hostile::zip_file({ name => 'mimetype', data => $type }, Hostile::parts('content.xml' => $xml, 'META-INF/manifest.xml' =>
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    . qq(<manifest:file-entry manifest:full-path="/" manifest:media-type="$type"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>))));
like read_pdf((convert(@ods, to => 'pdf'))[1]), qr/sum\s+9\b/, 'an ODS of another program keeps its value, too';
is_deeply main::json(@ods), [{ sum => 9 }], 'in a table as well';



=== TEST 6: other formats of workbooks, passwords
--- flow
my @book = main::book(main::row(1, 't:day', 't:yes', 't:n') . main::row(2, [ 's="1"', '<v>45322</v>' ], 'b:1', [ 's="2"', '<v>3.14159</v>' ]), formats => ['yyyy-mm-dd', '0.0']);
my $want = [{ day => '2024-01-31', yes => Cpanel::JSON::XS::true, n => 3.14159 }];
for my $format (qw(ods xls)) {
    my ($job, $file) = convert(@book, to => $format);
    is_deeply main::json(file => $file), $want, $format;
    is slurp((convert(file => $file, to => 'csv'))[1]), "day,yes,n\n2024-01-31,true,3.14159\n", "$format to CSV";
}
SKIP: {
    skip 'no DuckDB', 1 if !-e $Duckdb;
    my (undef, $parquet) = convert(@book, to => 'parquet');
    is_deeply main::json(file => $parquet), $want, 'by way of Parquet';
}
my ($job) = convert(file => corpus() . '/protected_passtika.xlsx', to => 'json') if corpus() && -e corpus() . '/protected_passtika.xlsx';
is $job->{error_code}, 'password_required', 'a workbook that is locked' if $job;
my $damaged = '<?xml version="1.0"?>' . "\n" . '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table></Tabel></Worksheet></Workbook>';
for my $to (qw(json pdf)) {
    my ($job) = convert(name => 'a.xml', content => $damaged, to => $to, fields => [source_format => 'excel-xml']);
    is $job->{error_code}, 'corrupt_document', "XML of Excel 2003 that is damaged, to $to";
    like $job->{error}, qr/not well-formed, in line 2, column \d/, 'and where';
}



=== TEST 7: a page to each sheet: all rows, some of the pages; formulas to be computed
--- flow
my $rows = join '', map main::row($_, "t:row $_"), 1 .. 120;
my ($job, $pdf) = convert(main::book($rows, before => '<sheetViews><sheetView workbookViewId="0" topLeftCell="A60"><selection activeCell="A60"/></sheetView></sheetViews>'),
    to => 'pdf', fields => [single_page_sheets => 1]);
is pages_of($pdf), 1, 'a page';
like read_pdf($pdf), qr/row 1\n.*row 60\n.*row 120\n/s, 'from the first row, wherever it was scrolled to';
my @three = (name => 'a.xlsx', content => xlsx(sheets => [map [$_, main::row(1, "t:sheet $_")], qw(one two three)]));
(undef, $pdf) = convert(@three, to => 'pdf', fields => [single_page_sheets => 1, pages => '2-3']);
is_deeply [read_pdf($pdf) =~ /sheet (\w+)/g], [qw(two three)], 'and pages';
my @asks = main::book(main::row(1, 't:sum') . main::row(2, [ '', '<f>2+3</f><v>77</v>' ]), workbook => '<calcPr fullCalcOnLoad="1"/>');
is_deeply main::json(@asks), [{ sum => 5 }], 'a workbook that asks to be computed';
like read_pdf((convert(@asks, to => 'pdf'))[1]), qr/\b5\b/, 'on a page, too';
like read_pdf((convert(main::book(main::row(1, 't:sum') . main::row(2, [ '', '<f>2+3</f><v>77</v>' ])), to => 'pdf'))[1]), qr/\b77\b/, 'one that does not';



=== TEST 8: the cases
--- flow
SKIP: {
    my $cases = cases() // skip 'no cases beside the checkout', 1;
    my $types = slurp((convert(file => "$cases/x_types.xlsx", to => 'json'))[1]);
    like $types, qr/"kind":"bool","value":true/, 'a truth value';
    like $types, qr/"kind":"money","value":1234\.5\}/, 'money';
    like $types, qr/"kind":"err","value":null.*"kind":"round","value":3\.14159\}/s, 'no value; and more than is shown';
    like main::text(file => "$cases/x_dynarray_excel.xlsx", to => 'csv'), qr/^3,1\n1,2\n2,3\n\z/, 'dynamic arrays';
    like +(convert(file => "$cases/x_multi.xlsx", to => 'csv'))[0]{warnings}[0], qr/"Feb"/, 'a second sheet';
    like main::text(file => "$cases/x_chartsheet_first.xlsx", to => 'csv'), qr/\w/, 'a chart is no table';
}



=== TEST 9: what is beside the cells: pictures, charts, comments
--- flow
my $rel = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
my $rels = sub { my $n = 0; '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    . join('', map { $n++; qq(<Relationship Id="rId$n" Type="$rel/$_->[0]" Target="$_->[1]"/>) } @_) . '</Relationships>' };
my $png = pack 'H*', '89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63600000000200014bf8a4a70000000049454e44ae426082';
my $drawing = 'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    . qq(xmlns:r="$rel");
my $content = sub { my ($pictures) = @_; return xlsx(sheets => [['Data', main::row(1, 't:key', 't:value') . main::row(2, 't:a', 1)]], after => '<drawing r:id="rId1"/><legacyDrawing r:id="rId3"/>', parts => {
    'xl/worksheets/_rels/sheet1.xml.rels' => $rels->([drawing => '../drawings/drawing1.xml'], [comments => '../comments1.xml']),
    'xl/comments1.xml' => '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>A</author></authors><commentList>'
        . '<comment ref="A2" authorId="0"><text><t>REMARK</t></text></comment></commentList></comments>',
    'xl/drawings/_rels/drawing1.xml.rels' => $rels->([image => '../media/image1.png']),
    'xl/drawings/drawing1.xml' => "<xdr:wsDr $drawing>" . join('', ('<xdr:oneCellAnchor><xdr:from><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>0</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>'
        . '<xdr:ext cx="190500" cy="190500"/><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="P"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/>'
        . '<a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="190500" cy="190500"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr>'
        . '</xdr:pic><xdr:clientData/></xdr:oneCellAnchor>') x $pictures) . '</xdr:wsDr>',
    'xl/media/image1.png' => $png,
    '[Content_Types].xml' => '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        . '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        . join('', map qq(<Override PartName="/xl/$_->[0].xml" ContentType="application/vnd.openxmlformats-officedocument.$_->[1]+xml"/>),
            [workbook => 'spreadsheetml.sheet.main'], ['worksheets/sheet1' => 'spreadsheetml.worksheet'], [styles => 'spreadsheetml.styles'],
            [sharedStrings => 'spreadsheetml.sharedStrings'], [comments1 => 'spreadsheetml.comments'], ['drawings/drawing1' => 'drawing']) . '</Types>' }) };
my @book = (name => 'a.xlsx', content => $content->(1));
for my $to (qw(json csv)) {
    my ($job) = convert(@book, to => $to);
    is_deeply $job->{warnings}, ['Left out, as a table of values has none: 1 picture, 1 comment.'], "$to: it is told";
}
my ($job, $page) = convert(@book, to => 'html');
my $html = slurp($page);
my ($picture) = $html =~ /<img [^>]*src="([^"]*)"/i;
like $picture, qr{^data:image/png;base64,iVBORw0KGgo[A-Za-z0-9+/]+=*\z}, 'a picture is in the page';
unlike $html, qr/REMARK/, 'a comment is not, as it would be among its text';
is_deeply $job->{warnings}, ['1 comment of a cell is not in the result.'], 'and that is told';
(undef, $page) = convert(name => 'a.xlsx', content => $content->(2), to => 'html');
is_deeply [slurp($page) =~ /<img [^>]*src="([^"]*)"/gi], [($picture) x 2], 'and so is one that is there twice';
($job, my $md) = convert(@book, to => 'md');
like slurp($md), qr/^\| a\s+\| 1\s+\|/m, 'Markdown has the cells';
unlike slurp($md), qr/in_html|!\[/, 'and no picture that is not there';
like "@{ $job->{warnings} }", qr/Pictures are not in the result/, 'which is told';
SKIP: {
    my $cases = cases() // skip 'no cases beside the checkout', 1;
    my @src = slurp((convert(file => "$cases/x_chart.xlsx", to => 'html'))[1]) =~ /<img [^>]*src="([^"]{0,22})/gi;
    is_deeply \@src, [('data:image/png;base64,') x 2], 'charts, too';
    my ($job) = convert(file => "$cases/x_chart.xlsx", to => 'json');
    like "@{ $job->{warnings} }", qr/values has none: \d+ charts?\./, 'and left out of values';
}



=== TEST 10: numbers that do not fit into their columns
--- timeout: 60
--- flow
my $rows = row(1, 't:total', 1234567890) . row(2, 12, 9) . row(3, 7654321, [ 's="1"', '<v>45322</v>' ]) . row(4, 0.333333333333333);
my @narrow = (before => '<cols><col min="1" max="1" width="4" customWidth="1"/><col min="2" max="2" width="6" customWidth="1"/></cols>', formats => ['yyyy-mm-dd']);
my ($job, $file) = convert(main::book($rows, @narrow), to => 'pdf');
my ($said) = grep /###/, @{ $job->{warnings} };
like $said, qr/about 2 \(Data!A3, Data!B3\)/, 'are named' or diag "@{ $job->{warnings} }";
is scalar(() = read_pdf($file) =~ /###/g), 2, 'and are so many';
($job, $file) = convert(main::book($rows, @narrow), to => 'ods');
($job, $file) = convert(file => $file, name => 'b.ods', to => 'pdf');
like "@{ $job->{warnings} }", qr/Data!A3, Data!B3/, 'of an ODS, too';
($job, $file) = convert(main::book(row(1, 't:###', 12)), to => 'pdf');
unlike "@{ $job->{warnings} }", qr/###/, 'a text is none';



=== TEST 11: a delimiter that one line alone shows is a guess
--- flow
my ($job) = convert(name => 'a.csv', content => "this |and that\n", to => 'xlsx');
like "@{ $job->{warnings} }", qr/"\|" was taken for fields: csv_delimiter/, 'which is told';
($job) = convert(name => 'a.csv', content => "a;b\n1;2\n", to => 'xlsx');
unlike "@{ $job->{warnings} }", qr/csv_delimiter/, 'and two show it';
my (undef, $file) = convert(name => 'a.csv', content => "one; two\nthree\n", to => 'txt');
like slurp($file), qr/one; two/, 'what divides the first of several lines alone is a mark of its text' or diag slurp($file);
