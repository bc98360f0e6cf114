# Batches that mean harm; faults 48, 49, 50 and 52 where the archive is the client's own.

use lib 't/lib';
use TestPlaten;
use TestBatch;
use Hostile;

sub refused {
    my ($bytes, $like, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $response = post_form('/jobs', [ file => [undef, 'set.zip', Content => $bytes], target_format => 'pdf' ]);
    problem_is($response, 422, 'unsafe_archive', $what);
    like json_of($response)->{detail} // '', $like, "$what: says which rule";
}

sub done { my ($bytes, $to) = @_; return wait_job(submit(content => $bytes, name => 'set.zip', to => $to // 'pdf')->{job_id}, 60) }

run_tests();

__DATA__

=== TEST 1: fault 48: archives that unpack to too much
--- flow
my $mb100 = inflating('a', 100);
main::refused(zip_file({ name => 'a.txt', deflate => $mb100, size => 100 << 20 }), qr/200 times/, '100 MB of one byte');
main::refused(zip_file(map { { name => "$_.txt", deflate => inflating('a', 60), size => 60 << 20 } } 1 .. 18),
    qr/the whole of it would unpack to more than 1073741824 bytes/, '18 times 60 MB');
main::refused(zip_file({ name => 'a.txt', data => 'x', size => 0xfffffffe }), qr/more than 536870912 bytes/, 'a claim of 4 GB');
main::refused(zip_file(map { { name => "$_.txt", data => 'x', method => 0 } } 0 .. 10_000), qr/more than 10000 entries/, '10,001 entries');
my $nested = zip_file(map { { name => "$_.dat", deflate => $mb100, size => 100 << 20 } } 0 .. 15);
$nested = do { my $inner = $nested; zip_file(map { { name => "lib $_.zip", data => $inner } } 0 .. 15) } for 1 .. 4;
main::refused(zip_file(map { { name => "lib $_.zip", data => $nested, flags => 1 } } 0 .. 15), qr/is encrypted/, '42.zip');
main::refused(zip_file({ name => 'a.txt', data => 'x', flags => 1 }), qr/is encrypted/, 'an entry with a password');



=== TEST 2: fault 48: what only shows when it is unpacked costs its own file
--- flow
platend_start('limits/output_size' => '64m');
my $lie = { name => 'lie.txt', deflate => inflating('a', 200), size => 1024 };
my $job = main::done(zip_file($lie, { name => 'good.txt', data => "good\n" }, { name => 'inner.zip', data => zip_of('a.txt' => "x\n") }));
my %file = files_of($job);
is $job->{status}, 'PARTIAL_SUCCESS', 'the rest is delivered';
is $file{'lie.txt'}{error_code}, 'corrupt_document', 'an entry that is more than it says is not taken out';
is $file{'inner.zip'}{error_code}, 'nested_archive', 'an archive in the archive is not looked into';
my $bomb = docx('<w:p/>', 'word/media/a.bin' => { deflate => inflating('a', 100), size => 100 << 20 });
$job = main::done(zip_file({ name => 'bomb.docx', data => $bomb }, { name => 'good.txt', data => "good\n" }));
%file = files_of($job);
is $file{'bomb.docx'}{error_code}, 'unsafe_archive', 'a document that is a bomb is none of the converter\'s business';
is $file{'good.txt'}{status}, 'SUCCESS', 'its neighbour is';
my $damaged = zip_file({ name => 'a.txt', data => "a text of some length\n" }, { name => 'good.txt', data => "good\n" });
substr $damaged, 30 + 5 + 4, 3, "\xff\xff\xff";
$job = main::done($damaged);
%file = files_of($job);
is $file{'a.txt'}{error_code}, 'corrupt_document', 'a damaged entry says so';
is $file{'good.txt'}{status}, 'SUCCESS', 'and is the only one';
# Names that libzip takes for UTF-8, and that are none: as bytes, and in the extra field for them.
for my $name ("\xed\xa0\x80.txt", "\xc0\xaf.txt", "\xff\xfe.txt") {
    my $named = main::done(zip_file({ name => $name, data => "odd\n" }, { name => 'good.txt', data => "good\n" }));
    is $named->{status}, 'SUCCESS', 'a name that is no text is no obstacle';
}
my $path = '"' x 40_000 . '.txt';
my $unicode = pack('v v C V', 0x7075, 5 + length $path, 1, Compress::Raw::Zlib::crc32('a.txt')) . $path;
my $extra = do {
    my $plain = zip_file({ name => 'a.txt', data => "long\n" });
    my $at = rindex $plain, "PK\1\2";
    my $end = rindex $plain, "PK\5\6";
    my ($file, $central, $tail) = (substr($plain, 0, $at), substr($plain, $at, $end - $at), substr $plain, $end);
    substr $central, 30, 2, pack 'v', length $unicode;
    $central .= $unicode;
    substr $tail, 12, 4, pack 'V', length $central;
    $file . $central . $tail;
};
my $response = post_form('/jobs', [ file => [undef, 'set.zip', Content => $extra], target_format => 'pdf' ]);
if ($response->code == 202) {
    like wait_job(json_of($response)->{job_id}, 60)->{status}, qr/SUCCESS|FAILED/, 'a name of 40 KB in an extra field';
} else {
    problem_is($response, 422, 'unsafe_archive', 'a name of 40 KB in an extra field');
}
unlike platend_log(), qr/claiming paused/, 'nothing of it is taken for a fault of this machine';
my $all = main::done(zip_file($lie));
is "$all->{status} $all->{error_code}", 'FAILED all_files_failed', 'with nothing else the batch has failed';
fsck_clean('the store is sound');



=== TEST 3: fault 49: entries that overlap
--- flow
my $kernel = inflating('a', 50);
my @same = map { { name => "$_.txt", deflate => $kernel, size => 50 << 20, $_ ? (at => 0) : () } } 0 .. 9;
main::refused(zip_file(@same), qr/the header of/, 'one kernel, ten names');
$same[$_]{name} = '0.txt' for 1 .. 9;
main::refused(zip_file(@same), qr/200 times|shares its bytes|the same name/, 'one kernel, one name');



=== TEST 4: fault 50: archives that contain themselves
--- flow
my $quine = zip_file({ name => 'a.txt', data => 'x' }, { name => 'r/r.zip', data => '', method => 0 });
my ($local, $central) = (index($quine, 'r/r.zip') - 30, rindex($quine, 'r/r.zip') - 46);
for my $size (length($quine) - $local - 37, length $quine) {
    substr $quine, $local + 18, 8, pack 'V V', $size, $size;
    substr $quine, $central + 20, 8, pack 'V V', $size, $size;
    main::refused($quine, qr/shares its bytes/, "an entry of $size bytes, which is its own archive");
}



=== TEST 5: fault 52: names that lead out, links, two of one name
--- flow
for my $name ('../../../x.txt', '/etc/cron.d/x.txt', 'a\\..\\..\\x.txt', 'C:/x.txt', "x\0.txt", 'a/../../x.txt', '..', '') {
    main::refused(zip_file({ name => 'a.txt', data => 'x' }, { name => $name, data => 'x' }), qr/the name of entry 2/, $name =~ s/\0/NUL/r);
}
main::refused(zip_file({ name => 'a.txt', data => '/etc/passwd', attributes => 0120777 }), qr/is a link or a device/, 'a symbolic link');
main::refused(zip_file(map { { name => 'a.txt', data => $_ } } 1, 2), qr/the same name/, 'two of one name');
main::refused(zip_file({ name => "a\xff.txt", data => 'x', flags => 0x800 }), qr/the name of entry 1/, 'UTF-8 that is none');
my $whole = zip_file({ name => 'a.txt', data => 'x' }, { name => 'b.txt', data => 'x' });
for my $cut (1, 22, 40, 60) {
    my $response = post_form('/jobs', [ file => [undef, 'set.zip', Content => substr $whole, 0, -$cut], target_format => 'pdf' ]);
    like $response->code, qr/^4\d\d/, "cut off by $cut bytes: " . $response->code;
}



=== TEST 6: limits are the operator's
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_batch entries=2 size=1m file=100k ratio=10;/r
--- flow
main::refused(zip_of(map { ("$_.txt" => 'x') } 1 .. 3), qr/more than 2 entries/, 'entries');
main::refused(zip_file({ name => 'a.txt', data => 'x', size => 100 * 1024 + 1 }), qr/more than 102400 bytes/, 'file');
is post_form('/jobs', [ file => [undef, 'set.zip', Content => zip_of('a.txt' => 'x', 'b.txt' => 'y')], target_format => 'pdf' ])->code,
    202, 'what is within them is taken';



=== TEST 7: without batches
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_batch off;/r
--- flow
for (['an archive', file => [undef, 'set.zip', Content => zip_of('a.txt' => 'x')]]) {
    my ($what, @part) = @$_;
    problem_is(post_form('/jobs', [ @part, target_format => 'pdf' ]), 400, 'unsupported_conversion', "$what is refused");
}
problem_is(post_form('/jobs', [ (file => [undef, 'a.txt', Content => 'x']) x 2, target_format => 'pdf' ]), 422, 'too_many_files',
    'so are two files');



=== TEST 8: what the location lets in
--- config eval: $::ApiConfig =~ s/platen_api;/platen_api; platen_formats md:pdf;/r
--- flow
platend_stop();
platend_start();
my $job = main::done(zip_of('a.txt' => "x\n", 'b.md' => "# y\n"));
my %file = files_of($job);
is $file{'a.txt'}{error_code}, 'unsupported_conversion', 'a file that platen_formats keeps out is skipped';
is $file{'b.md'}{status}, 'SUCCESS', 'the other is converted';
problem_is(post_form('/jobs', [ file => [undef, 'set.zip', Content => zip_of('a.txt' => 'x')], target_format => 'pdf' ]), 400,
    'nothing_to_convert', 'an archive of nothing else is refused');



=== TEST 9: many files, which platend itself brings to the disk, and of which it takes the digests
--- flow
my $job = main::done(zip_of((map { ("$_.txt" => "$_\n") } 1 .. 300), 'one.md' => "# one\n"), 'txt');
my %file = files_of($job);
is $job->{status}, 'SUCCESS', 'an archive with more files than are synced one by one';
is scalar(grep { ($_->{error_code} // '') eq 'identical_formats' } values %file), 300, 'all of which were taken out';
my %result = unzip(get($job->{download_url})->content);
my ($list) = grep /manifest/, keys %result;
like $result{$list}, qr/"input_sha256": ?"@{[sha256_hex("# one\n")]}"/, 'with the digest of what was converted';
