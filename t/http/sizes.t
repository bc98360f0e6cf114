# Results of each size by each way out: every byte of every cell.  t/http/sizes_in.t has the ways in.

use lib 't/lib';
use TestPlaten;
use TestArchive;
use Sizes;

master_made();
certificate();
spew("$Var/hold", '');

# A result as large as its CSV says; or "hold": not before $Var/hold is gone.
our %Engine = (only_script(sizes => "IFS=, read -r n rest <\"\$1\"
    if [ \"\$n\" = hold ]; then while [ -e $Var/hold ]; do /bin/sleep 0.2; done; n=1; fi
    exec /usr/bin/head -c \"\$n\" $Master >\"\$2\"", $Var),
    'engine/sizes/from' => 'csv', 'engine/sizes/to' => 'txt', workers => @Size + 4, 'limits/wall_clock' => 1200, 'limits/output_size' => 2 << 30);

our $Api = "platen_api; platen_api_keys $Var/keys; platen_max_queue 100000; platen_sync_timeout 300s;";

# mode => its location
our @Mode = (
    ['plain', ''],
    ['sendfile off', 'sendfile off;'],
    $Large ? () : (
        ['slow reader', ''],
        ['limit_rate', 'limit_rate 12m;'],
        ['aio threads', 'aio threads;'],
        ['aio threads, sendfile off', 'aio threads; sendfile off; output_buffers 2 64k;'],
        ['gzip', 'gzip on; gzip_comp_level 1; gzip_min_length 1; gzip_types *;']),
    ['behind a second nginx', undef],
);
our $Behind = url_of('HTTP/1.1', 0, '/m0/');
our $Locations = 'client_body_buffer_size 64k; sendfile on; ' . join ' ', map {
    "location /m$_/ { " . (defined $Mode[$_][1] ? "$Api $Mode[$_][1]"
        : "proxy_pass $Behind; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_read_timeout 300s;") . ' }' } 0 .. $#Mode;

sub csv { "$_[0],x\n1,2\n" }

run_tests();

__DATA__

=== TEST 1: sizes by ways out, by protocols, by ways of sending
--- http_config eval: main::servers($::Locations, '')
--- timeout: 600
--- flow
platend_start(%main::Engine);
my (%job, %batch, %archive);
for my $size (@Size) {
    $job{$size} = submit(content => main::csv($size), name => 'a.csv', to => 'txt')->{job_id};
    $batch{$size} = submit(content => zip_of('a.csv' => main::csv($size), 'hold.csv' => main::csv('hold')), name => 'set.zip', to => 'txt')->{job_id};
}
is wait_job($_, 120)->{status}, 'SUCCESS', 'a job of each size' for values %job;
ok eventually(120, sub { grep { ($_->{status} // '') eq 'SUCCESS' } @{ job($_)->{files} } }), 'and a batch that has one, and has not ended' for values %batch;

# The archive of each size as it is to be: checked by hand, entry by entry.
for my $size (@Size) {
    my ($answer) = curl_all('HTTP/1.1', [], { url => url_of('HTTP/1.1', 0, "/m0/jobs/$batch{$size}/download?partial=1") });
    rename $answer->{file}, $archive{$size} = "$::Var/archive.$size";
    my ($name, $extra) = unpack 'vv', substr `head -c 30 $archive{$size}`, 26, 4;
    is differs($archive{$size}, $size, $Master, 30 + $name + $extra), undef, "the archive with $size bytes";
    is system("unzip -tqq $archive{$size} >/dev/null 2>&1"), 0, 'is one';
}

spew("$::Var/in.$_", main::csv($_)) for @Size;
my %out = (
    convert => sub { ('convert?to=txt&filename=a.csv', [qq(data-binary = "\@$::Var/in.$_[0]"), 'header = "Content-Type: text/csv"', 'header = "Expect:"']) },
    download => sub { ("jobs/$job{$_[0]}/download", []) },
    'files/{n}' => sub { ("jobs/$batch{$_[0]}/files/0", []) },
    'partial archive' => sub { ("jobs/$batch{$_[0]}/download?partial=1", []) },
);
each_cell('ways out', \%out, \@main::Mode, sub {
    my ($way, $size) = @_;
    my ($path, $options) = $out{$way}->($size);
    return { path => $path, options => $options };
}, sub {
    my ($cell, $mode) = @_;
    my $size = $cell->{size};
    my ($as, $length) = $cell->{way} eq 'partial archive' ? ($archive{$size}, -s $archive{$size}) : ($Master, $size);
    return "status $cell->{status} $cell->{error}" if $cell->{status} != 200;
    return differs($cell->{file}, $length, $as) // (-s $cell->{file} != $length ? 'more than that'
        : $mode eq 'gzip' && $size > 1000 && $cell->{came} > $size / 2 ? 'not compressed' : undef);
});
unlike error_log_text(), qr/header already sent|\[(?:alert|crit|emerg)\]/, 'nor anything odd logged';
unlink "$::Var/hold";
is wait_job($_, 60)->{status}, 'SUCCESS', 'the batches end' for values %batch;
platend_stop();
