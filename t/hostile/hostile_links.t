# Documents that name something else, in every way that their formats have: nobody is asked, and nothing of it comes out.
#
#   PLATEN_LINKS   1: each document with each address, which takes an hour (PLATEN_TEST_LIMIT of t/run); n: each n-th of these; otherwise each document with
#                  one of what its engine may read, and every third with one of what it may not

use lib 't/lib';
use TestArchive;
use TestPlaten;
use Hostile;
use HostileLinks;

our $Mark = 'MARKER-52c9';
our ($Text, $Image) = ("$Var/there.txt", "$Var/there.png");
our @Nothing = (['nothing', 'file:///nonexistent/there.png'], ['nothing of it', 'nonexistent/there.png']);
spew($Text, "$Mark\n");
spew($Image, image_of(61, 67, $Mark));
our $Listener = IO::Socket::INET->new(Listen => 1000, LocalAddr => '127.0.0.1', Blocking => 0) or die;
our $All = $ENV{PLATEN_LINKS};

sub reached { my $n = 0; $n++ while $Listener->accept; return $n }

# What the address leads to, or a path of this machine that it has not itself.
sub leaks {
    my ($text, $address) = @_;
    my (undef, $url, $mark) = @$address;
    return $text =~ /\Q$Mark\E|\b61 +67\b/ || ($mark && $text =~ $mark) || (index($url, $Var) < 0 && index($text, $Var) >= 0);
}

# Each document that is to be tried: carrier, target, address.
sub documents {
    my ($carriers, $pictures, $others) = @_;
    my ($n, @all) = 0;
    for my $carrier (@$carriers) {
        for my $to (@{ $carrier->[2] }) {
            push @all, map [$carrier, $to, $_], $All ? (@$pictures, @$others) : ($pictures->[$n % @$pictures], $n % 3 ? () : $others->[$n / 3 % @$others]);
            $n++;
        }
    }
    $n = 0;
    return $All ? grep { $n++ % $All == 0 } @all : @all;
}

our %Refused;
sub send_document {
    my ($carrier, $to, $address) = @_;
    my ($name, $ext, undef, $make) = @$carrier;
    my $answer = json_of(post_form('/jobs', [file => [undef, "a.$ext", Content => $make->($address->[1])], target_format => $to]));
    $Refused{"$name, $address->[0], to $to: $answer->{code}"}++ if !defined $answer->{job_id};
    return $answer->{job_id};
}

sub result { my ($job) = @_; return $job->{status} eq 'SUCCESS' ? get($job->{download_url})->content : '' }

# What the same document gives where its address leads to nothing: of this machine, or of the
# document itself, for which LibreOffice draws something blank.
our %Control;
sub control {
    my ($carrier, $to, $address) = @_;
    my $nothing = $Nothing[ $address->[1] !~ m{^/|:} ];
    return $Control{"$carrier->[0] $to $nothing->[0]"} //= pictures(result(wait_job(send_document($carrier, $to, $nothing), 600)));
}

# Of a document's own name, which they show in full.
sub own_name {
    my ($stem) = @_;
    my $field = odf(text => '<text:p>before <text:file-name text:display="full">y</text:file-name></text:p>');
    my $cell = odf(spreadsheet => '<table:table table:name="S"><table:table-row><table:table-cell table:formula="of:=CELL(&quot;filename&quot;)"/></table:table-row></table:table>');
    for my $it (['a field', $field, 'odt', 'txt'], ['a formula', $cell, 'ods', 'csv']) {
        my ($what, $bytes, $ext, $to) = @$it;
        my $job = wait_job(submit(content => $bytes, name => "$stem.$ext", to => $to)->{job_id});
        my $text = result($job);
        like $text =~ s/%([0-9A-F]{2})/chr hex $1/egr, qr/\Q$stem.$ext\E/, "$what shows the document's name, $stem.$ext";
        unlike $text, qr/\Q$Var\E|runs/, 'and not where it lies';
    }
}

run_tests();

__DATA__

=== TEST 1: each carrier, with each address, to each of its targets
--- timeout: 3600
--- flow
platend_start('limits/attempts' => 1, 'limits/wall_clock' => 60);
my ($pictures, $texts) = readable(Cpanel::JSON::XS::decode_json(scalar `$TestPlaten::Ctl -c $::Var/platend.cfg --json sandbox`));
my @others = (addresses($::Listener->sockport, $::Image, $::Text), @$texts);
cmp_ok scalar @$pictures, '>=', 5, @$pictures . ' pictures that an engine may read, ' . @others . ' other addresses';
my @all = main::documents([carriers()], $pictures, \@others);
# The one in which LibreOffice takes a picture of its own from a document's words.
my ($form) = grep { $_->[0] eq 'html: form' } carriers();
push @all, map [$form, 'pdf', $_], grep { $_->[1] =~ /^private:/ } @$pictures;
my (%outcome, @leaks, @without, @pictures, @crashed);
while (my @some = splice @all, 0, 400) {
    $_->[3] = main::send_document(@$_) for @some;
    for (@some) {
        my ($carrier, $to, $address, $id) = @$_;
        next if !defined $id;
        my $what = "$carrier->[0], $address->[0], to $to";
        my $job = wait_job($id, 600);
        $outcome{ $job->{status} . ' ' . ($job->{error_code} // '') }++;
        push @crashed, $what if ($job->{error_code} // '') =~ /crashed|timeout/;
        next if $job->{status} ne 'SUCCESS';
        my $result = main::result($job);
        my $text = $::All ? all_of($result) : text_of($result);
        push @leaks, $what if main::leaks($text, $address);
        push @without, $what if $text !~ /before/ && $what !~ /^svg|to png/;
        my $shown = pictures($result);
        push @pictures, "$what: $shown" if $shown ne '' && $shown ne main::control($carrier, $to, $address);
    }
}
diag join ', ', (map "$outcome{$_} $_", sort keys %outcome), @crashed;
my $sent = 0;
$sent += $_ for values %outcome;
cmp_ok $sent, '>=', 200, "$sent documents";
is_deeply \%::Refused, {}, 'all of which are taken';
cmp_ok $outcome{'SUCCESS '} // 0, '>=', 0.8 * $sent, 'most of which are converted';
is_deeply \@leaks, [], 'nothing of what they name comes out';
is_deeply \@pictures, [], 'no picture neither';
is_deeply \@without, [], 'but their own text does';
is main::reached(), 0, 'nobody was asked for anything';

main::own_name($_) for 'mine', '50% of #1?';

# An address of LibreOffice's own memory, in which it looks for a picture: that costs one job.
my @beside = map submit(content => $_, name => 'a.html', to => 'pdf')->{job_id}, map $form->[3]->($_), 'private:memorygraphic/94000000000000', 'private:standardimage/error';
is wait_job($beside[0], 300)->{error_code}, 'converter_crashed', 'what reads an address of its own choice ends';
is wait_job($beside[1], 300)->{status}, 'SUCCESS', 'and the one beside it does not';

# What a form is drawn with are pictures of LibreOffice's own, too, and there.
spew("$Var/form.pdf", main::result(wait_job(submit(content => '<p>before<form><input type=checkbox><input type=radio></form>', name => 'form.html', to => 'pdf')->{job_id})));
# Drawn, or fields of a form, as this LibreOffice does it: the ink in the last line of the page.
my (undef, $width, $height, $pixels) = `pdftoppm -r 72 -gray $Var/form.pdf` =~ /\A(P5)\s+(\d+)\s+(\d+)\s+255\s(.*)\z/s;
my @lines = map substr($pixels, $_ * $width, $width), 0 .. $height - 1;
pop @lines while @lines && $lines[-1] !~ /[^\xff]/;
my ($above) = grep { $lines[$_] !~ /[^\xff]/ } reverse 0 .. $#lines;
my $ink = "\xff" x $width;
$ink &= $_ for @lines[$above + 1 .. $#lines];
cmp_ok $ink =~ tr/\xff//c, '>', 12, "a check box and a radio button, each about nine points wide";
platend_stop();



=== TEST 2: documents of an archive, by a LibreOffice that is started for each
--- timeout: 900
--- flow
platend_start('limits/attempts' => 1, 'limits/wall_clock' => 120, 'engines/lok/enabled' => 0);
my ($pictures) = readable(Cpanel::JSON::XS::decode_json(scalar `$TestPlaten::Ctl -c $::Var/platend.cfg --json sandbox`));
my ($n, @documents) = 0;
for my $carrier (carriers()) {
    my ($name, $ext, $targets, $make) = @$carrier;
    next if $targets->[0] ne 'pdf' || $ext eq 'svg' || !$::All && $name !~ /^rtf: INCLUDEPICTURE "%s" .d|^(?:ods: image|odp: fill|html: background)$/;
    push @documents, sprintf('%03d.%s', ++$n, $ext) => $make->($pictures->[$n % @$pictures][1]);
}
my $job = wait_job(submit(content => zip_of(@documents), name => 'all.zip', to => 'pdf')->{job_id}, 900);
like $job->{status}, $::All ? qr/^(?:SUCCESS|PARTIAL)/ : qr/^SUCCESS$/, scalar(@{ $job->{files} }) . ' documents';
my %results = unzip(get($job->{download_url})->content);
my %picture = map { my $shown = pictures($results{$_}); $shown =~ s/ ?(?:140x120|32x32)//gr eq '' ? () : ($_ => $shown) } grep !/manifest/, keys %results;
is_deeply \%picture, {}, 'none of which shows a picture, but LibreOffice its signs for what it has not got';
is scalar(grep { text_of($results{$_}) =~ /before/ } keys %results), scalar(grep { $results{$_} =~ /^%PDF/ && $_ !~ /svg/ } keys %results), 'and all their own text' if !$::All;
main::own_name($_) for 'mine', '50% of #1?';
