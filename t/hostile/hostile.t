# Documents and converters that mean harm; faults 48 to 71, a test for each.
#
# Real documents (t/lib/Hostile.pm) reach for addresses and files; a listening
# port, a marker and the processes say whether they got there.  Where the fault
# is code of the attacker's in the converter, an engine runs its document.
#
# Not reached here:
#   57: macros of VBA in DOC and XLS, which no script writes by hand.  The
#       switch that stops them is the one that stops Basic.
#   65: a cgroup's out-of-memory killer, which needs a delegated cgroup.  The
#       limit of address space is what is tested.
#   56, 71: name services, since there is none in a network namespace to ask;
#       the system calls they begin with are.
#
#   PLATEN_FUZZ_DOCS     variants of real documents in fault 62 (120)
#   PLATEN_MARKER_JOBS   jobs at once in fault 69 (1000)

use lib 't/lib';
use TestPlaten;
use Hostile;

use HTTP::Tiny;
use Socket qw(MSG_DONTWAIT);

our $Mark = 'MARKER-7f3a';
our ($Marker, $Image) = ("$Var/marker.txt", "$Var/marker.png");
spew($Marker, "$Mark\n");
spew($Image, image_of(61, 67, $Mark));
our $Listener = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1', Blocking => 0) or die;
our $Port = $Listener->sockport;
our $Datagrams = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => $Port) or die;
our (%Links, @Processes);

# A user for whom limits on processes hold: they do not for root.
our @Someone = $> == 0 ? (getpwnam('www-data'))[0, 2, 3] : ();

# As it is meant to run, but that one attempt is enough; or so that limits are soon reached.
our %Usual = ('limits/wall_clock' => 30, 'limits/attempts' => 1, 'limits/output_size' => '64m', 'engines/lok/ahead' => 0, %Attack);
our %Strict = (%Usual, 'limits/wall_clock' => 3, 'limits/output_size' => '8m', 'limits/address_space' => '1200m');

sub start {
    my (%set) = @_;
    my $seen = length platend_log(); # of the one before
    platend_start(%set);
    eventually(30, sub { substr(platend_log(), $seen) =~ /is warm/ }) or die platend_log();
    @Processes = processes();
}

# platend and what it has started that lives on: its zygote.
sub processes { return (platend_pid(), sort(zygotes())) }

# The same service as before, with nothing left over, and it works: three tests.
sub goes_on {
    my ($what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id}, 60)->{status}, 'SUCCESS', "$what: a good document is converted";
    is_deeply [processes()], \@Processes, "$what: platend and its zygote are those they were";
    ok eventually(5, sub { !grep { my $p = $_; !grep { $_ == $p } @Processes } children_of(platend_pid()), map { children_of($_) } zygotes() }),
        "$what: no process is left, and no zombie";
}

sub send_file { my ($name, $bytes, $to) = @_; return post_form('/jobs', [ file => [undef, $name, Content => $bytes], target_format => $to ]) }
sub send_job { my $response = send_file(@_); return json_of($response)->{job_id} // die 'not accepted: ' . $response->content }
sub result_of { my ($job) = @_; return $job->{status} eq 'SUCCESS' ? get($job->{download_url})->content : '' }
sub outcome { my ($job) = @_; return join ' ', $job->{status}, $job->{error_code} // '-' }

sub refused {
    my ($name, $bytes, $like, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $response = send_file($name, $bytes, $name =~ /docx|odt/ ? 'pdf' : $name =~ /epub/ ? 'html' : 'csv');
    problem_is $response, 422, 'unsafe_archive', $what;
    like json_of($response)->{detail} // '', $like, "$what: says which rule";
}

# Nothing that a test may not be reached by has been.
sub reached {
    my $n = 0;
    $n++ while $Listener->accept;
    $n++ while defined $Datagrams->recv(my $bytes, 10, MSG_DONTWAIT);
    return $n;
}
sub leaks { my ($text) = @_; return $text =~ /\Q$Mark\E|root:x:|\b61 +67\b/ }

# The job of a document that is run, and what it says.
sub run_job { my ($perl, $to, %arg) = @_; return submit(content => code($perl), name => 'a.svg', to => $to // 'txt', %arg)->{job_id} }
sub run_code { my $job = wait_job(run_job(@_), 60); return ($job, result_of($job)) }

# One test: all that the code tries is refused.
sub all_refused {
    my ($perl, $what, $to) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($job, $said) = run_code($perl . "\nprint qq(end\\n);", $to);
    ok $said =~ /^end$/m && $said =~ /refused/ && $said !~ /DONE|\Q$Mark\E/, $what or diag outcome($job), "\n$said";
}

# Gives all that lies there to a user: nginx is root in these tests, and is let in everywhere.
sub belongs_to {
    my ($name, $uid, $gid) = @_;
    system 'chown', '-R', "$uid:$gid", "$Var/store", "$Var/data", "$Var/run";
    chown $uid, $gid, $Var;
}

# Those that have the document's own path in their command line.
sub running { return grep { (eval { slurp("/proc/$_/cmdline") } // '') =~ m{\Q$Var\E/data/runs/\d+/in\.svg} } map { m{(\d+)} } glob '/proc/[0-9]*' }

# Every link document at once; what became of those of a fault.
sub links_of {
    my ($fault) = @_;
    if (!%Links) {
        my @links = links($Port, $Marker, $Image);
        $_->{id} = send_job("a.$_->{ext}", $_->{bytes}, $_->{to}) for @links;
        for my $link (@links) {
            my $job = wait_job($link->{id}, 120);
            $link->{text} = text_of(result_of($job));
            $link->{outcome} = "$link->{ext} to $link->{to}: " . outcome($job);
            push @{ $Links{ $link->{fault} } }, $link;
        }
    }
    return @{ $Links{$fault} };
}

# Three tests: they were read and converted, nothing came out that was not in them, nobody was asked.
sub links_are_dead {
    my ($fault) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @links = links_of($fault);
    my $n = @links;
    my @done = grep { $_->{outcome} =~ /SUCCESS/ } @links;
    cmp_ok scalar(@done), '>=', $n * 0.8, "$n documents, most of which are converted";
    is_deeply [map $_->{outcome}, grep { $_->{ext} ne 'svg' && $_->{text} !~ /before/ } @done], [], 'with their own text';
    is_deeply [map $_->{outcome}, grep { leaks($_->{text}) } @links], [], 'and nothing else';
    is reached(), 0, 'nobody was asked for anything';
}

run_tests();

__DATA__

=== TEST 1: fault 48: archives that unpack to too much
--- flow
start(%::Usual);
my $mb100 = inflating('a', 100);
refused('a.docx', docx('<w:p/>', 'word/media/a.bin' => { deflate => $mb100, size => 100 << 20 }), qr/200 times/, '100 MB of one byte');
refused('a.xlsx', xlsx('<row/>', map { ("xl/media/$_.bin" => { deflate => inflating('a', 60), size => 60 << 20 }) } 1 .. 18), qr/the whole of it would unpack to more than 1073741824 bytes/, '18 times 60 MB');
refused('a.odt', odf(text => '<text:p/>', 'big.xml' => { data => 'x', size => 0xfffffffe }), qr/more than 536870912 bytes/, 'a claim of 4 GB');
refused('a.docx', docx('<w:p/>', map { ("word/$_" => '') } 1 .. 10_000), qr/more than 10000 entries/, '10,003 entries');
# 42.zip: archives in archives, each small; the real one has a password, too.
my $nested = zip_file(map { { name => "$_.dat", deflate => $mb100, size => 100 << 20 } } 0 .. 15);
$nested = do { my $inner = $nested; zip_file(map { { name => "lib $_.zip", data => $inner } } 0 .. 15) } for 1 .. 4;
refused('42.zip', zip_file(map { { name => "lib $_.zip", data => $nested, flags => 1 } } 0 .. 15), qr/is encrypted/, '42.zip');
my $began = time;
my $job = wait_job(send_job('a.docx', docx('<w:p><w:r><w:t>before</w:t></w:r></w:p>', 'word/embeddings/42.zip' => $nested), 'pdf'));
like outcome($job), qr/^SUCCESS/, 'archives inside of a document are left as they are';
cmp_ok time - $began, '<', 10, 'and nothing unpacks them';
goes_on('after zip bombs');



=== TEST 2: fault 49: entries that overlap
--- flow
# Fifield's: many names for the same bytes; and headers quoted inside of data.
my $kernel = inflating('a', 50);
my @same = map { { name => 'a', deflate => $kernel, size => 50 << 20, $_ ? (at => 2) : () } } 0 .. 9;
refused('a.docx', zip_file({ name => '[Content_Types].xml' }, { name => 'word/document.xml' }, @same), qr/the whole of it would unpack/, 'one kernel, ten entries of its name');
$same[$_]{name} .= $_, $same[$_]{at} = 0 for 1 .. 9;
refused('a.zip', zip_file(@same), qr/the header of/, 'one kernel, ten names');
my $quoted = zip_file({ name => 'b', data => 'b' x 500, method => 0 });
my $outer = zip_file({ name => 'mimetype', data => 'application/vnd.oasis.opendocument.text', method => 0 }, { name => 'a', data => $quoted, method => 0 });
my $at = index $outer, $quoted;
my $central = unpack 'V', substr $outer, -6, 4;
substr $outer, -22, 22, '';
$outer .= substr($quoted, 30 + 1 + 500, 46 + 1) . pack 'a4 v v v v V V v', "PK\5\6", 0, 0, 3, 3, length($outer) + 47 - $central, $central, 0;
substr $outer, -22 - 47 + 42, 4, pack 'V', $at;
refused('a.odt', $outer, qr/shares its bytes/, 'a header inside of another entry');



=== TEST 3: fault 50: archives that contain themselves
--- flow
my $quine = zip_file({ name => '[Content_Types].xml' }, { name => 'word/document.xml', data => '<x/>' }, { name => 'word/a.docx', data => '', method => 0 });
my ($local, $central) = (index($quine, 'word/a.docx') - 30, rindex($quine, 'word/a.docx') - 46);
for my $size (length($quine) - $local - 41, length $quine) {
    substr $quine, $local + 18, 8, pack 'V V', $size, $size;
    substr $quine, $central + 20, 8, pack 'V V', $size, $size;
    refused('a.docx', $quine, qr/shares its bytes/, "an entry of $size bytes, which is its own archive");
}
my $one = substr zip_file({ name => 'a.txt', data => 'x' }), 0, -2;
refused('a.zip', $one . pack('v a4 x8 V V v', 22, "PK\5\6", 0, 2 + length $one, 0), qr/contradicts itself/, 'an archive in the comment of another');



=== TEST 4: fault 51: shared strings that inflate to gigabytes, as they say and not
--- timeout: 120
--- flow
my ($head, $tail) = ('<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>', '</t></si></sst>');
my $strings = inflating('s', 4096, $head, $tail);
my $row = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>';
refused('a.xlsx', xlsx($row, 'xl/sharedStrings.xml' => { deflate => $strings, size => 0xfffffff0 }), qr/entry \d+ \(xl.sharedStrings.xml\) would unpack/, 'claimed');
# It says 1 KB, as do the bytes in front of it: only a sandbox can find out.
my $w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
my $body = { deflate => inflating('w', 4096, "<w:document $w><w:body><w:p><w:r><w:t>", '</w:t></w:r></w:p></w:body></w:document>'), size => 1024 };
my $rows = inflating('<row><c/></row>' . ' ', 640, '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>', '</sheetData></worksheet>');
my %bomb = (
    (map { ("xlsx to $_" => send_job('a.xlsx', xlsx($row, 'xl/sharedStrings.xml' => { deflate => $strings, size => 1024 }), $_)) } qw(pdf csv)),
    (map { ("docx to $_" => send_job('a.docx', docx($body), $_)) } qw(pdf md)),
    'rows' => send_job('a.xlsx', xlsx('', 'xl/worksheets/sheet1.xml' => { deflate => $rows, size => 1024 }), 'csv'),
    'odt to md' => send_job('a.odt', odf(text => '', 'content.xml' => { %$body }), 'md'),
);
is outcome(wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id})), 'SUCCESS -', 'a good document is converted beside them';
for my $name (sort keys %bomb) {
    my $job = wait_job($bomb{$name}, 100);
    like outcome($job), qr/^(?:SUCCESS -|FAILED (?:out_of_memory|corrupt_document|conversion_failed|converter_crashed|conversion_timeout|too_large_output|empty_document))\z/, "$name: only its own job: " . outcome($job);
}
goes_on('after shared strings');



=== TEST 5: fault 52: names that lead out, links
--- flow
for my $name ('../../../x', '/etc/cron.d/x', 'word\\..\\..\\x', 'C:/x', "word/x\0.xml", 'word/../../x', '..', '') {
    refused('a.docx', docx('<w:p/>', $name => 'x'), qr/the name of entry \d+/, $name =~ s/\0/NUL/r);
}
refused('a.odt', odf(text => '<text:p/>', 'Pictures/x.png' => { data => '/etc/passwd', attributes => 0120777 }), qr/is a link or a device/, 'a symbolic link');
refused('a.epub', zip_file({ name => 'mimetype', data => 'application/epub+zip', method => 0 }, map { { name => 'a.xhtml', data => $_ } } 1, 2), qr/the same name/, 'two of one name');
refused('a.docx', docx('<w:p/>', 'word/a.xml' => { data => 'x', local_name => 'word/b.xml' }), qr/the header of entry/, 'two names for one');
is send_file('a.docx', docx('<w:p/>', 'customXml/a..b.xml' => 'x', "word/caf\xc3\xa9.xml" => 'x'), 'pdf')->code, 202, 'dots and accents are no harm';
is_deeply [grep m{/x$}, files_below($::Var)], [], 'nothing has come out';



=== TEST 6: fault 53: entities that multiply, or are files and addresses
--- timeout: 120
--- flow
my @all = expansions($::Port, $::Marker);
$_->{id} = send_job("a.$_->{ext}", $_->{bytes}, $_->{to}) for @all;
my %count;
for my $one (@all) {
    my $job = wait_job($one->{id}, 100);
    # One that had the machine to share with others may need its time again.
    $job = wait_job(send_job("a.$one->{ext}", $one->{bytes}, $one->{to}), 100) if ($job->{error_code} // '') eq 'conversion_timeout';
    my $text = text_of(result_of($job));
    $count{ outcome($job) }++;
    # With sanitizers, memory has no limit that ends it before.
    my $harm = leaks($text) ? 'names what it has not' : length $text > 64 << 20 ? 'is huge'
        : ($job->{error_code} // '') eq 'conversion_timeout' && !$ENV{ASAN_OPTIONS} ? 'takes for ever' : '';
    $count{harm}{"$one->{kind} in $one->{ext} to $one->{to} $harm"} = 1 if $harm;
}
is_deeply [sort keys %{ $count{harm} }], [], 'none gets more than what is in it';
is reached(), 0, 'nobody was asked for a DTD';
diag join ', ', map "$count{$_} $_", sort grep !/harm/, keys %count;
goes_on('after entities');



=== TEST 7: fault 54: linked images, style sheets, templates, sections and objects over HTTP
--- timeout: 180
--- flow
links_are_dead(54);



=== TEST 8: fault 55: the same of files of this machine; fields, DDE, WEBSERVICE, includes
--- flow
links_are_dead(55);



=== TEST 9: fault 56: of shares, and of WebDAV
--- flow
links_are_dead(56);



=== TEST 10: fault 57: macros when a document is opened
--- flow
my @jobs = map { [ $_->[0], send_job("a.$_->[0]", $_->[1], 'pdf') ] } macros("$::Var/written"), macros("/tmp/platen-macro-$$");
push @jobs, [ 'testODSMacro.ods', submit(file => corpus() . '/testODSMacro.ods', to => 'pdf')->{job_id} ] if corpus();
is_deeply [grep { $_->[1] !~ /^SUCCESS/ } map { [ $_->[0], outcome(wait_job($_->[1])) ] } @jobs], [], 'all are converted';
ok !-e "$::Var/written" && !-e "/tmp/platen-macro-$$", 'and none was run';
my @left; # a job has ended before its directory is away
eventually(10, sub { !(@left = grep !m{/runs/(?:profile|lok)-}, files_below("$::Var/data/runs", "$::Var/data/tmp")) });
is_deeply \@left, [], 'nothing is left in the work directories';



=== TEST 11: fault 58: the environment in addresses
--- flow
links_are_dead(58);
my ($job, $said) = run_code('print map "$_=$ENV{$_}\n", sort keys %ENV;');
is_deeply [map { /^(\w+)=/ } split /\n/, $said], [qw(HOME LANG PATH TMPDIR)], 'of which there is nothing to learn';
my $environ = join '', map { eval { slurp("/proc/$_/environ") } // '' } zygotes();
unlike $environ, qr/KEY|SECRET|TOKEN|TEST_NGINX|PERL/, 'nor from that of LibreOffice';



=== TEST 12: fault 59: fonts and names that lead out; files outside of the work directory
--- flow
links_are_dead(59);
ok !-e "$::Marker-font", 'no font was written';
my @files = ($::Marker, "$::Var/keys", glob "$::Var/store/*");
my $state = sub { return { map { $_ => join ' ', (stat)[1, 2, 3, 4, 5], m{/store/} ? () : sha256_hex(slurp($_)) } @files } };
my $before = $state->();
my @new = ("$::Var/new", '/tmp/platen-new', '/dev/shm/platen-new', '/usr/platen-new', '../new', '../../input/new', '../../output/new', "$::Var/data/tmp/new");
my $perl = 'my @files = qw(' . "@files" . '); my @new = qw(' . "@new" . ');' . <<'PERL';
for my $f (@files) {
    try("append $f", open my $a, '>>', $f); try("replace $f", open my $w, '>', $f); try("read $f", open my $r, '<', $f);
    try("remove $f", unlink $f); try("rename $f", rename $f, 'mine'); try("cut $f", truncate $f, 0);
    try("link $f", link $f, "l" . length $f);
    symlink $f, 'to-it'; try("through a link $f", open my $s, '<', 'to-it'); unlink 'to-it';
    try("replaced by a rename $f", rename $ARGV[0], $f);
}
for my $n (@new) { try("make $n", open my $f, '>', $n); try("directory $n", mkdir $n); try("symlink $n", symlink '/etc/passwd', $n) }
PERL
all_refused($perl, 'not with code of its own', 'txt');
is_deeply $state->(), $before, 'they are as they were';
is_deeply [grep { -e || -l } grep m{^/}, @new], [], 'and nothing is new';
my ($mode, $time) = (stat $::Marker)[2, 9];
run_code("chmod 0666, '$::Marker'; utime 1, 1, '$::Marker';");
is_deeply [(stat $::Marker)[2, 9]], [$mode, $time], 'mode and time are as they were';
chmod $mode & 07777, $::Marker;
for my $trick ("symlink '$::Marker', \$ARGV[0]", "link '$::Marker', \$ARGV[0]", 'mkdir $ARGV[0]', 'require POSIX; POSIX::mkfifo($ARGV[0], 0600)') {
    my ($job, $said) = run_code("unlink \$ARGV[0]; $trick;");
    like outcome($job) . $said, qr/^FAILED conversion_failed\z/, "a result that is none: $trick" =~ s/\Q$::Var\E//r;
}



=== TEST 13: fault 60: protected documents
--- flow
SKIP: {
    skip 'no corpus beside the checkout', 4 unless corpus();
    for my $file ('bug53475-password-is-solrcell.docx', 'password_tika_binaryrc4.doc') {
        my $began = time;
        is outcome(wait_job(submit(file => corpus() . "/$file", to => 'pdf')->{job_id})), 'FAILED password_required', $file;
        cmp_ok time - $began, '<', 5, 'at once';
    }
}



=== TEST 14: fault 61: files that are not what they are named, or two things at once
--- flow
my $word = docx('<w:p><w:r><w:t>SECOND</w:t></w:r></w:p>');
my $html = "<html><script>alert(1)</script><p>SECOND</html>\n";
my $pdf = result_of(wait_job(send_job('a.docx', docx('<w:p><w:r><w:t>FIRST</w:t></w:r></w:p>'), 'pdf')));
my $png = slurp($::Image);
problem_is send_file(@$_, $_->[0] =~ /pdf$/ ? 'txt' : 'pdf'), 422, 'content_mismatch', "$_->[0]: " . ($_->[1] =~ /^([\x20-\x7e]{4})/ ? $1 : 'binary')
    for [ 'a.docx', $png ], [ 'a.docx', "\x7fELF" . "\0" x 60 ], [ 'a.docx', "$pdf$word" ], [ 'a.pdf', $html ], [ 'a.pdf', $word ], [ 'a.png', $html ],
        [ 'a.docx', "$html$word" ];
# Office opens these, whatever their names say: the content decides, and the name is a warning.
for my $name (qw(a.odt a.doc a.rtf)) {
    my $job = wait_job(json_of(send_file($name, $word, 'pdf'))->{job_id});
    is outcome($job) . " $job->{source_format}", 'SUCCESS - docx', "$name that is a DOCX is one";
    like join("\n", @{ $job->{warnings} }), qr/named as \w+, but its content is Word/, 'and it is said';
    like text_of(result_of($job)), qr/SECOND/, 'with its text';
}
for (['a.pdf', "$pdf$word", 'txt'], ['a.pdf', "$pdf$html", 'txt'], ['a.txt', "FIRST\n" . 'x ' x 9000 . "\n$word", 'pdf'], ['a.html', "FIRST<p>\n" . '<p>x ' x 9000 . "\n$word", 'pdf']) {
    my ($name, $bytes, $to) = @$_;
    my $response = send_file($name, $bytes, $to);
    my $text = $response->code == 202 ? text_of(result_of(wait_job(json_of($response)->{job_id}))) : 'FIRST';
    ok $text =~ /\AFIRST/ && $text !~ /^SECOND/m, "$name with something behind it is what it begins with" or diag $response->code, $text;
}
like outcome(wait_job(send_job('a.svg', "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>alert(1)</script></svg>", 'png'))), qr/^SUCCESS/, 'a script in SVG is left alone';



=== TEST 15: fault 62: real documents, with bits and pieces changed
--- timeout: 600
--- flow
SKIP: {
    skip 'no corpus beside the checkout', 5 unless corpus();
    my $n = $ENV{PLATEN_FUZZ_DOCS} || 120;
    my @files = map { corpus() . "/$_" } qw(comment.docx Styles.docx simple_normal_case.doc LibreOfficeWriter_odt_1.3.odt testODSMacro.ods 53734.xlsx
        39512.xls sample.pptx 42485.ppt testRTFVarious.rtf testOverlappingText.pdf testEPUB_xml_ext.epub resume.html);
    srand 62;
    my (%count, @ids);
    for my $i (1 .. $n) {
        my $file = $files[$i % @files];
        my ($ext) = $file =~ /\.(\w+)\z/;
        my $bytes = slurp($file);
        my $at = sub { int rand length $bytes };
        for (1 .. 1 + rand 8) {
            my $how = int rand 5;
            if ($how == 0) { substr $bytes, $at->(), 1, chr rand 256 }
            elsif ($how == 1) { my $p = $at->(); substr $bytes, $p, 1, chr(ord(substr $bytes, $p, 1) ^ 1 << rand 8) }
            elsif ($how == 2) { substr $bytes, $at->(), rand 64, '' }
            elsif ($how == 3) { substr $bytes, $at->(), 0, substr $bytes, $at->(), rand 64 }
            else { substr $bytes, $at->(), 4, pack 'V', rand 2**32 }
        }
        $bytes = substr $bytes, 0, 1 + $at->() if $i % 7 == 0;
        my $response = send_file("a.$ext", $bytes, $ext =~ /pdf/ ? 'txt' : $ext =~ /epub/ ? 'html' : 'pdf');
        $response->is_success ? push @ids, json_of($response)->{job_id} : $count{ $response->code . ' ' . json_of($response)->{code} }++;
    }
    $count{ outcome(wait_job($_, 300)) }++ for @ids;
    diag join ', ', map "$count{$_} $_", sort { $count{$b} <=> $count{$a} } keys %count;
    is_deeply [grep !/^(?:SUCCESS -|422 (?:content_mismatch|unknown_content|unsafe_archive|empty_file)|FAILED (?:corrupt_document|conversion_failed|converter_crashed|empty_document|password_required|out_of_memory|conversion_timeout))\z/, keys %count], [], "$n variants, each with an outcome";
    cmp_ok $count{'SUCCESS -'} // 0, '>', 0, 'some of which are converted';
    goes_on('after them');
}



=== TEST 16: fault 63: documents without end
--- timeout: 120
--- flow
platend_stop();
start(%::Strict);
my $rows = join '', map { qq(<row r="$_"><c r="A$_" t="inlineStr"><is><t>$_</t></is></c></row>) } 1 .. 150_000;
my $page = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="50" office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>';
my %endless = (
    '100,000 pages of XLSX' => sub { send_job('a.xlsx', xlsx($rows), 'pdf') },
    'a million rows of ODS' => sub { send_job('a.ods', odf(spreadsheet => qq(<table:table table:name="S">$page</table:table>)), 'pdf') },
    'a loop' => sub { run_job('$SIG{$_} = "IGNORE" for qw(TERM INT HUP XCPU ALRM); 1 while 1;') },
    'a family that waits, some of it stopped' => sub { run_job('$SIG{TERM} = "IGNORE"; fork; fork or kill STOP => $$; sleep 1000;', 'md') },
);
my @names = sort keys %endless;
while (my @pair = splice @names, 0, 2) {
    # As many as there are workers, so that none waits for one.
    my %id = map { $_ => $endless{$_}->() } @pair;
    for my $name (@pair) {
        my $job = wait_job($id{$name}, 60);
        like outcome($job), qr/^FAILED (?:conversion_timeout|out_of_memory)\z/, "$name: " . outcome($job);
        my ($start, $end) = map { my ($h, $m, $s) = $job->{$_} =~ /T(\d+):(\d+):([\d.]+)/; $h * 3600 + $m * 60 + $s } qw(started_at completed_at);
        cmp_ok $end - $start, '<', 4.5, 'which is within the limit, or a second after it';
    }
}
is_deeply [running()], [], 'their processes are gone';
goes_on('after time-outs');



=== TEST 17: fault 64: processes without end
--- timeout: 120
--- flow
all_refused('try("fork", defined(my $p = fork)); try("exec", exec("/bin/true")); try("system", system("/bin/true") == 0);', 'a command alone starts none');
platend_stop();
my $family = run_job('my $n = 0; while ($n < 300 && defined(my $p = fork)) { if (!$p) { sleep 100; exit } $n++ } print "$n processes\n"; sleep 100 if $n == 300;', 'md');
my $between = run_job('sleep 2; print "done\n";');
my $name = "b$$"; # by which it is known
my $bomb = run_job('exec "/bin/sh", "-c", "' . "$name() { $name | $name & }; while :; do $name; done" . '";', 'md');
my @good = map { send_job('a.md', "# good $_\n", 'html') } 1 .. 5;
my $processors = run_job('my $p = 0 + getppid; my $all = "\xff" x 8; try("processors of $p", syscall(203, $p, 8, $all) == 0);');
belongs_to(@::Someone) if @::Someone;
platend_start(%::Strict, 'engines/lok/enabled' => 0, @::Someone ? (user => $::Someone[0]) : ());
# Counted by the kernel in a user namespace, or looked at by platend where there are none, as in a container.
my ($sandbox) = reverse platend_log() =~ /"msg":\s*"sandbox".*/g;
my $looks = $sandbox =~ /threads: no user namespace to count them in/;
is outcome(wait_job($family, 60)), $looks ? 'FAILED too_many_threads' : 'SUCCESS -', 'a family has some';
if (!$looks) {
    my $said = result_of(job($family));
    my ($n) = $said =~ /^(\d+) processes/;
    cmp_ok $n // 0, '>', 4, 'namely ' . ($n // $said);
    my $cores = () = slurp('/proc/cpuinfo') =~ /^processor/mg;
    cmp_ok $n, '<=', 64 + 2 * $cores, 'but no more';
}
is_deeply [map { outcome(wait_job($_, 60)) } @good], [('SUCCESS -') x 5], 'others are converted beside a bomb';
like outcome(wait_job($bomb, 60)), $looks ? qr/^FAILED (?:conversion_timeout|converter_crashed|conversion_failed|too_many_threads)\z/
    : qr/^FAILED (?:conversion_timeout|converter_crashed|conversion_failed)\z/, 'which ends';
ok eventually(3, sub { !grep { (eval { slurp("/proc/$_/cmdline") } // '') =~ /\b$name\(\) \{/ } map { m{(\d+)} } glob '/proc/[0-9]*' }), 'with all that it has started';
unlike result_of(wait_job($processors)), qr/DONE/, 'the processors of platend are not theirs to choose';
platend_stop();
belongs_to('root', 0, 0) if @::Someone;



=== TEST 18: fault 65: memory without end
--- timeout: 120
--- flow
start(%::Strict, 'limits/wall_clock' => 30);
my %id = ('a string' => run_job('my $x = "x" x 1e6; $x .= $x while 1;'), 'many' => run_job('my @x; push @x, "x" x 1e7 while 1;'),
    'a family' => run_job('fork; my @x; push @x, "x" x 1e7 while 1;', 'md'),
    'a sheet' => send_job('a.ods', odf(spreadsheet => '<table:table table:name="S">' . '<table:table-row table:number-rows-repeated="1000"><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>' x 1000 . '</table:table>'), 'csv'));
like outcome(wait_job($id{$_}, 100)), qr/^(?:FAILED (?:out_of_memory|converter_crashed|conversion_failed|conversion_timeout|too_large_output)|SUCCESS -)\z/, "$_: " . outcome(job($id{$_})) for sort keys %id;
like outcome(job($id{many})), qr/out_of_memory/, 'and it is called what it is';
goes_on('after them');



=== TEST 19: fault 66: a result without end
--- timeout: 120
--- flow
my %id = (print => run_job('print "x" x 1e6 while 1;'), 'without the signal' => run_job('$SIG{XFSZ} = "IGNORE"; 1 while print "x" x 1e6; exit 1;'),
    dd => run_job('exec "/bin/dd", "if=/dev/zero", "of=$ARGV[0]", "bs=1M", "count=51200";', 'md'), sparse => run_job('open my $f, ">", $ARGV[0]; truncate($f, 50 << 30) or exit 1;'));
is outcome(wait_job($id{$_})), 'FAILED too_large_output', $_ for sort keys %id;
goes_on('after them');



=== TEST 20: fault 67: files without end
--- timeout: 120
--- flow
# Each is within the limit of a file; together they are not within any.
my $id = run_job('for my $n (1 .. 60) { open my $f, ">", "tmp/$n" or last; print $f "x" x 4e6 or last; close $f; $total += 4; select undef, undef, undef, 0.1; } print "$total MB\n";');
my $most = 0;
eventually(20, sub { my $size = 0; $size += -s $_ // 0 for files_below("$::Var/data/runs"); $most = $size if $size > $most; job($id)->{completed_at} });
my $job = wait_job($id);
cmp_ok $most, '<', 64 << 20, sprintf 'a run with files of 8 MB at most has %d MB of them', $most >> 20;
is outcome($job), 'FAILED too_large_output', 'and is ended for it';
ok eventually(3, sub { !grep !m{/runs/(?:profile|lok)-}, files_below("$::Var/data/runs") }), 'they are gone with it';
my ($deep, $said) = run_code('my $d = "tmp"; for (1 .. 3000) { mkdir "x" or last; chdir "x" or last } print "deep\n"; for (1 .. 2000) { open my $f, ">", "f$_" } chmod 0, "."; ');
ok eventually(5, sub { !grep !m{/runs/(?:profile|lok)-}, glob "$::Var/data/runs/*/*" }), 'a deep tree, and one that is closed, too';
goes_on('after them');



=== TEST 21: fault 68: a profile that is changed, locked or broken
--- timeout: 120
--- flow
my ($profile) = grep m{lok.*registrymodifications\.xcu$}, files_below("$::Var/data");
ok $profile, 'the profile of the warm LibreOffice';
ok !grep(m{GraphicsRenderTests}, files_below("$::Var/data")), 'is an established one: nobody waits for tests of drawing';
my $digest = sha256_hex(slurp($profile // $0));
all_refused("for my \$f (qw($profile)) { try('write', open my \$w, '>>', \$f); try('remove', unlink \$f); try('lock', open my \$l, '>', \"\$f.lock\") }", 'no run writes to it');
my ($dir) = ($profile // '') =~ m{(.*)/user/};
spew("$dir/user/.lock", "[Lockdata]\nUser=x\nHost=y\n") if $dir;
goes_on('with a lock in it');
is sha256_hex(slurp($profile // $0)), $digest, 'it is as it was';



=== TEST 22: fault 70: other jobs, and other processes
--- timeout: 120
--- flow
my $victim = run_job('open my $f, ">", "out/secret"; print $f "' . $::Mark . '"; close $f; $0 = "victim"; my $secret = "' . $::Mark . '"; sleep 2; print "done\n";', 'txt', key => 'bob');
ok eventually(5, sub { grep m{/out/secret\z}, files_below("$::Var/data/runs") }), 'a job of another client runs';
my @theirs = files_below("$::Var/data", "$::Var/store");
my @pids = (platend_pid(), zygotes(), nginx_pids(), $$, 1, grep { (eval { slurp("/proc/$_/cmdline") } // '') =~ /^victim/ } children_of(platend_pid()));
my $dirs = join ' ', "$::Var/data", map "$::Var/data/$_", qw(runs runs/0 runs/1 input output tmp);
my $perl = "my (\@files, \@pids, \@dirs) = (); \@files = qw(@theirs); \@pids = qw(@pids); \@dirs = qw($dirs /proc);" . <<'PERL';
my $mine = do { my $d = $ENV{HOME}; $d };
for my $f (grep { index($_, "$mine/") != 0 } @files) { try("read $f", open my $r, '<', $f); try("write $f", open my $w, '+<', $f) }
for my $d (grep { $_ ne $mine } @dirs) { try("list $d", opendir my $h, $d) }
for my $p (@pids) {
    for my $n (qw(environ mem maps cmdline status fd/0 stack)) { try("/proc/$p/$n", open my $f, '<', "/proc/$p/$n") }
    for my $n (qw(cwd exe root fd/1)) { try("link /proc/$p/$n", defined readlink "/proc/$p/$n") }
    try("signal $p", kill 0 => $p); try("kill $p", kill KILL => $p);
    try("limits of $p", syscall(302, $p, 7, 0, my $b = "\0" x 32) == 0); try("descriptor of $p", syscall(434, $p, 0) >= 0);
}
PERL
all_refused($perl, 'nothing of theirs is to be had alone');
($perl) = map { s/try\("signal.*?KILL => \$p\);//r } $perl;
all_refused($perl, 'nor by a family', 'md');
SKIP: {
    skip 'the numbers of system calls are those of x86-64', 6 unless (POSIX::uname())[4] eq 'x86_64';
    for ([101, 'ptrace', '16, $pid, 0, 0'], [310, 'process_vm_readv', '$pid, 0, 0, 0, 0, 0'], [311, 'process_vm_writev', '$pid, 0, 0, 0, 0, 0'], [165, 'mount', '0, 0, 0, 0, 0'], [321, 'bpf', '0, 0, 0']) {
        my ($n, $name, $args) = @$_;
        my ($job, $said) = run_code("my \$pid = $pids[0]; syscall($n, $args); print \"after\\n\";");
        is outcome($job), 'FAILED converter_crashed', "$name ends it";
    }
    all_refused('my $dir = "' . $::Var . '/data/input\0"; try("inotify", syscall(254, syscall(294, 0), $dir, 0x100) > 0);', 'the names of what others submit');
}
# Out of its group, and still at work when the next job comes to the same directory.
run_code('require POSIX; if (!fork) { POSIX::setsid(); for (1 .. 300) { select undef, undef, undef, 0.05; for (glob "$ENV{HOME}/out/*") { open my $f, "<", $_; $0 = "thief" if join("", <$f>) =~ /' . $::Mark . '/ } } exit } select undef, undef, undef, 0.3;', 'md');
my @late = map run_job('print "' . $::Mark . '\n"; sleep 1;', 'txt', key => 'bob'), 1 .. 2;
wait_job($_, 60, key => 'bob') for @late;
my @escaped = main::running();
my @thieves = grep { (eval { slurp("/proc/$_/cmdline") } // '') =~ /^thief/ } children_of(platend_pid());
kill KILL => @escaped, @thieves;
is_deeply [@escaped, @thieves], [], 'nobody escapes by a session of its own';
is outcome(wait_job($victim, 60, key => 'bob')), 'SUCCESS -', 'the other job is done as if nobody were there';
is get("/jobs/$victim")->code, 404, 'and not for the eyes of this client';
goes_on('after them');



=== TEST 23: fault 71: the metadata address, loopback ports, and sockets of this machine
--- flow
links_are_dead(71);
my $perl = "my (\$port, \$var) = ($::Port, '$::Var'); my \$nginx = " . server_port() . ';' . <<'PERL';
use Socket;
sub reach { my ($family, $type, $address) = @_; local *S; return socket(S, $family, $type, 0) && (connect(S, $address) || ($type == SOCK_DGRAM && send(S, 'x', 0, $address))) }
for my $to (['127.0.0.1', $port], ['127.0.0.1', $nginx], ['169.254.169.254', 80], ['10.0.0.1', 53], ['127.0.0.1', 4222], ['127.0.0.1', 6379]) {
    try("TCP @$to", reach(AF_INET, SOCK_STREAM, pack_sockaddr_in($to->[1], inet_aton($to->[0])))); try("UDP @$to", reach(AF_INET, SOCK_DGRAM, pack_sockaddr_in($to->[1], inet_aton($to->[0]))));
}
try("IPv6", reach(AF_INET6, SOCK_STREAM, pack_sockaddr_in6($port, Socket::inet_pton(AF_INET6, '::1'))));
for my $path ("$var/run/platend.sock", '/run/systemd/notify', '/var/run/docker.sock', "\0abstract") { try("unix " . $path =~ tr,\0,@,r, reach(AF_UNIX, $_, pack_sockaddr_un($path))) for SOCK_STREAM, SOCK_DGRAM }
try("raw", socket(R, AF_INET, SOCK_RAW, 1)); try("netlink", socket(N, 16, SOCK_RAW, 0)); try("vsock", socket(V, 40, SOCK_STREAM, 0));
try("listen", socket(L, AF_INET, SOCK_STREAM, 0) && bind(L, pack_sockaddr_in(0, INADDR_ANY)) && listen(L, 1));
PERL
all_refused($perl, 'nobody answers one alone');
all_refused($perl, 'nor a family', 'md');
is reached(), 0, 'and nobody was asked';



=== TEST 24: fault 69: a thousand jobs at once, each with its own marker
--- timeout: 600
--- flow
use feature 'state';
platend_stop();
start(%::Usual, workers => 6, 'limits/wall_clock' => 60);
my $n = $ENV{PLATEN_MARKER_JOBS} || 1000;
my $table = sub { odf(spreadsheet => qq(<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string"><text:p>$_[0]</text:p></table:table-cell></table:table-row></table:table>)) };
my $rows = sub { "a,b\n$_[0],1\n" };
my $perl = sub { code("print '$_[0]', glob '*';") };
my @kinds = (
    [ 'csv', 'json', $rows ], [ 'svg', 'txt', $perl ], [ 'json', 'csv', sub { qq([{"a":"$_[0]"}]) } ], [ 'docx', 'txt', sub { docx("<w:p><w:r><w:t>$_[0]</w:t></w:r></w:p>") } ],
    [ 'svg', 'md', $perl ], [ 'csv', 'xlsx', $rows ], [ 'md', 'html', sub { "# $_[0]\n" } ], [ 'svg', 'txt', $perl ], [ 'ods', 'csv', $table ], [ 'csv', 'json', $rows ], [ 'svg', 'txt', $perl ], [ 'json', 'xlsx', sub { qq([{"a":"$_[0]"}]) } ],
    [ 'odt', 'pdf', sub { odf(text => "<text:p>$_[0]</text:p>") } ], [ 'svg', 'md', $perl ], [ 'json', 'csv', sub { qq([{"b":"$_[0]"}]) } ],
);
# A client that costs less than what it asks for.
my $api = sub {
    my ($method, $path, @content) = @_;
    state $client = HTTP::Tiny->new(default_headers => { 'X-API-Key' => $::Key{alice} });
    my $answer = $client->request($method, base_url() . $path, { @content });
    return $answer->{success} ? $answer->{content} : die "$method $path: $answer->{status} $answer->{content}";
};
my ($began, %id, @readers) = (time);
for my $client (0, 1) {
    my $pid = open(my $reader, '-|') // die "fork: $!";
    if ($pid == 0) {
        for my $i (grep { $_ % 2 == $client } 1 .. $n) {
            my ($from, $to, $make) = @{ $kinds[$i % @kinds] };
            my $job = eval { Cpanel::JSON::XS::decode_json($api->(POST => "/jobs?to=$to&filename=a.$from", content => $make->("only$i" . 'here'))) };
            syswrite STDOUT, "$i " . ($job ? $job->{job_id} : $@) . "\n";
        }
        POSIX::_exit(0);
    }
    push @readers, $reader;
}
for my $reader (@readers) { while (<$reader>) { my ($i, $id) = split ' ', $_, 2; chomp($id{$i} = $id) } close $reader }
is scalar(keys %id), $n, 'all are accepted';
my %wrong;
for my $i (sort { $a <=> $b } keys %id) {
    my $job;
    eventually(300, sub { ($job = Cpanel::JSON::XS::decode_json($api->(GET => "/jobs/$id{$i}")))->{completed_at} });
    my %seen = map { $_ => 1 } text_of($job->{download_url} ? $api->(GET => $job->{download_url}) : '') =~ /only(\d+)here/g;
    $wrong{$i} = outcome($job) . ' ' . join ',', sort keys %seen if "$i" ne join ',', sort keys %seen;
}
is_deeply \%wrong, {}, "each of $n has its own marker, and no other";
diag sprintf '%d jobs in %.1f s', $n, time - $began;
goes_on('after them');



=== TEST 25: faults 54, 55, 57 and 68 with LibreOffice as a process for each document
--- timeout: 120
--- flow
platend_stop();
platend_start(%::Usual, 'limits/wall_clock' => 30, 'engines/lok/enabled' => 0);
my $n = 0;
my @links = grep { $_->{fault} =~ /5[45]/ && $_->{ext} =~ /docx|odt|rtf|xlsx/ && $_->{to} eq 'pdf' && $n++ % 8 == 0 } links($::Port, $::Marker, $::Image);
push @links, map { { fault => 57, ext => $_->[0], to => 'pdf', bytes => $_->[1] } } (macros("$::Var/written"))[0, 2];
$_->{id} = send_job("a.$_->{ext}", $_->{bytes}, $_->{to}) for @links;
my (@bad, %by);
for my $link (@links) {
    my $job = wait_job($link->{id}, 100);
    my $text = text_of(result_of($job));
    push @bad, "$link->{fault} in $link->{ext}: " . outcome($job) if leaks($text) || $job->{status} ne 'SUCCESS' || $text !~ /before/;
}
is_deeply \@bad, [], scalar(@links) . ' documents have their own text, and nothing else';
ok !-e "$::Var/written", 'no macro was run';
is reached(), 0, 'and nobody was asked';
is_deeply [grep m{registrymodifications}, files_below("$::Var/data/runs")], [], 'and no profile outlives its job';
platend_stop();
