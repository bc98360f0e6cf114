# Links to where a document lies: in a result they are what they were, and nothing in it says where that was on this machine.

use lib 't/lib';
use TestPlaten;
use Hostile;
use HostileLinks qw(all_of);

our @Links = qw(near.odt ../up.odt deep/er.odt);
our $Fields = join ' ', map qq({\\field{\\*\\fldinst HYPERLINK "$_" }{\\fldrslt y}}), @Links;
our $Page = join '', map qq(<p>before <a href="$_">x</a></p>), @Links;

# A DOCX with links in its text, and one in a part of it that is a document of its own.
sub linking {
    my ($inside) = @_;
    my $n = 0;
    my $links = join '', map { $n++; qq(<w:hyperlink r:id="rId$n"><w:r><w:t>before</w:t></w:r></w:hyperlink>) } @Links;
    my $picture = '<w:r><w:pict><v:rect id="s" style="width:99pt;height:99pt"><v:imagedata r:href="rId1"/></v:rect></w:pict></w:r>';
    my ($ext, $bytes) = @{ $inside // [] };
    return docx("<w:p>$links$picture</w:p>" . ($ext ? '<w:altChunk r:id="rId4"/><w:p/>' : ''), $ext ? ("word/chunk.$ext" => $bytes) : (),
        'word/_rels/document.xml.rels' => Hostile::rels((map [hyperlink => $_, 1], @Links), $ext ? [aFChunk => "chunk.$ext"] : ()),
        types => $ext ? qq(<Default Extension="$ext" ContentType=") . { docx => 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', html => 'text/html', rtf => 'application/rtf' }->{$ext} . '"/>' : '');
}

sub sheet {
    my $cells = join '', map qq(<table:table-cell table:formula="of:='$_'#\$S.A1"/><table:table-cell table:formula="of:=HYPERLINK(&quot;$_&quot;)"/>)
        . qq(<table:table-cell office:value-type="string"><text:p><text:a xlink:type="simple" xlink:href="../$_">before</text:a></text:p></table:table-cell>), @Links;
    return odf(spreadsheet => qq(<table:table table:name="S"><table:table-row>$cells</table:table-row></table:table>));
}

sub slides {
    my $at = '<a:xfrm><a:off x="990000" y="990000"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/>';
    my $n = 10;
    return pptx(join('', map { my $id = ++$n - 10; qq(<p:sp><p:nvSpPr><p:cNvPr id="$n" name="p"><a:hlinkClick r:id="rId$id"/></p:cNvPr><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>$at</p:spPr>)
        . qq(<p:txBody><a:bodyPr/><a:p><a:r><a:rPr><a:hlinkClick r:id="rId$id"/></a:rPr><a:t>before</a:t></a:r></a:p></p:txBody></p:sp>) } @Links)
        . qq(<p:pic><p:nvPicPr><p:cNvPr id="9" name="p"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:link="rId1"/></p:blipFill><p:spPr>$at</p:spPr></p:pic>), map [hyperlink => $_, 1], @Links);
}

sub text { return odf(text => '<text:p>' . join('', map qq(<text:a xlink:type="simple" xlink:href="../$_">before</text:a>), @Links) . '</text:p>') }

# Its result, whole and as far as that can be read.
sub result_of {
    my ($ext, $bytes, $to, %more) = @_;
    my $job = wait_job(submit(content => $bytes, name => $more{name} // "mine.$ext", to => $to)->{job_id}, 300);
    is $job->{status}, 'SUCCESS', "$ext to $to" or diag Cpanel::JSON::XS::encode_json($job);
    return all_of(get($job->{download_url} // '/')->content) . join ' ', @{ $job->{warnings} };
}

# A path of this machine, or the name of a file of a run.
our $Here = qr{\Q$Var\E|\bruns\b|\blok-\d|\bin\.(?:docx?|odt|od[sp]|xlsx?|pptx?|rtf|html|pdf|md|txt)\b|platen-t-|settled};
sub says_nothing { my ($text, $what) = @_; unlike $text =~ s/.*?(.{0,40}$Here.{0,40}).*/$1/sr, $Here, "$what says nothing of where it was made" }

# What a client can be given, and what is for the rest, as it is read from elsewhere.
our %Is = (docx => sub { "Target=\"$_[0]\"" }, odt => sub { "xlink:href=\"../$_[0]\"" }, ods => sub { "xlink:href=\"../$_[0]\"" }, odp => sub { "xlink:href=\"../$_[0]\"" }, html => sub { "href=\"$_[0]\"" });

run_tests();

__DATA__

=== TEST 1: a document in each office format, to each other one
--- timeout: 900
--- flow
platend_start;
my @documents = (
    [docx => main::linking(), qw(odt html)], [docx => main::linking([html => $::Page]), qw(odt doc)], [docx => main::linking([docx => main::linking()]), qw(odt)],
    [docx => main::linking([rtf => "{\\rtf1 $::Fields}"]), qw(rtf pdf)], [odt => main::text(), qw(docx html rtf pdf)], [rtf => "{\\rtf1 before $::Fields}", qw(docx odt)],
    [html => $::Page, qw(doc xlsx)], [md => join('', map "before [x]($_)\n\n", @::Links), qw(rtf doc)],
    [ods => main::sheet(), qw(xlsx xls csv pdf)], [pptx => main::slides(), qw(odp ppt pdf)]);
for my $it (@documents) {
    my ($ext, $bytes, @targets) = @$it;
    for my $to (@targets) {
        my $text = main::result_of($ext, $bytes, $to);
        main::says_nothing($text, 'it');
        next if !$::Is{$to} || $ext eq 'pptx';
        my @lost = grep index($text, $::Is{$to}->($_)) < 0, @::Links;
        is_deeply \@lost, [], "$ext to $to: its links are what they were";
    }
}
# Whatever the document is called.
main::says_nothing(main::result_of('odt', main::text(), 'docx', name => 'in.odt') =~ s/\bin\.odt\b//gr, 'one of the name of a file of a run');
main::says_nothing(main::result_of('odt', main::text(), 'rtf', name => 'out.odt'), 'one more');
platend_stop();



=== TEST 2: by a LibreOffice that is started for each
--- timeout: 300
--- flow
platend_start('engines/lok/enabled' => 0);
main::says_nothing(main::result_of('ods', main::sheet(), 'pdf'), 'a workbook');
main::says_nothing(main::result_of('docx', main::linking(), 'pdf'), 'a text');
