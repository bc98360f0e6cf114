package TestCases;

# Small inputs of public bug reports, with the right value of each: shared/cases,
# whose README has the words of the checks.  They lie beside the checkout as the
# corpus does (PLATEN_CASES says where else); without them nothing is tested.
#
#     use TestCases;
#     cases('A', 'B');        # in a flow: every line of these groups

use strict;
use warnings;

use Encode ();
use Exporter 'import';
use Cpanel::JSON::XS ();
use Test::More;

our @EXPORT = qw(cases have_cases text_of);

our $Dir = $ENV{PLATEN_CASES} || "$TestPlaten::Root/../shared/cases";

sub have_cases { -e "$Dir/cases.tsv" }

# Lines of the groups; a group is the letter and number that its comment begins with.
sub lines {
    my ($groups, $skip) = @_;
    my ($group, @lines) = ('');
    for (split /\n/, Encode::decode('UTF-8', TestPlaten::slurp("$Dir/cases.tsv"))) {
        $group = $1 if /^#.*?\b([A-D]\d?): /;
        next if /^#/ || !/\t/ || !grep { $group eq $_ } @$groups;
        my ($file, $fields, $checks) = split /\t/;
        next if $skip && "$file $fields" =~ $skip;
        push @lines, { file => $file, fields => [map { split /=/, $_, 2 } split /&/, $fields],
            checks => [split / ; /, $checks], name => "$file $fields" };
    }
    return @lines;
}

# The words of a result: of a PDF as pdftotext finds them, of a container its XML's.
sub text_of {
    my ($bytes) = @_;
    my $path = "$TestPlaten::Var/result";
    my $text = $bytes;
    if ($bytes =~ /\A%PDF-/ || $bytes =~ /\APK/) {
        TestPlaten::spew($path, $bytes);
        $text = $bytes =~ /\A%/ ? `pdftotext -layout $path - 2>/dev/null`
            : `unzip -p $path '*.xml' '*.xhtml' '*.html' 2>/dev/null` =~ s/<[^>]+>/ /gr;
    }
    $text = Encode::decode('UTF-8', $text);
    if ($bytes =~ /\APK/) {
        my %entity = (lt => '<', gt => '>', quot => '"', apos => "'", amp => '&');
        $text =~ s/&(lt|gt|quot|apos|amp);/$entity{$1}/g;
    }
    return $text;
}

sub squash { $_[0] =~ s/\s+/ /gr }

# A result in a file, for programs that read it.
sub file_of {
    my ($bytes) = @_;
    TestPlaten::spew("$TestPlaten::Var/result", $bytes);
    return "$TestPlaten::Var/result";
}

sub pages { return `pdfinfo @{[file_of(@_)]} 2>/dev/null` =~ /^Pages:\s+(\d+)/m ? $1 : 0 }
sub entries { return split /\n/, `unzip -Z1 @{[file_of(@_)]} 2>/dev/null` }

# What the lines ask of JSON, in Python's words.
sub json {
    my ($result, $value) = @_;
    my $rows = Cpanel::JSON::XS->new->utf8->decode($result);
    return @$rows == $1 if $value =~ /^len\(j\) == (\d+)$/;
    my @values = map values %$_, @$rows;
    return !grep { defined && !ref && /^\$/ } @values if $value =~ /^not any\(.*== '\$'/;
    return grep { Cpanel::JSON::XS::is_bool($_) } @values if $value =~ /^any\(isinstance\(v, bool\)/;
    die "no such check here: $value";
}

sub check {
    my ($check, $job, $result) = @_;
    my ($word, $value) = split /:/, $check, 2;
    my $said = $job->{detail} // $job->{error} // '';
    my $warnings = join "\n", @{ $job->{warnings} // [] };

    return defined $result if $word eq 'ok';
    return !defined $result && (!$value || grep { $_ eq ($job->{code} // $job->{error_code}) } split /\|/, $value)
        if $word eq 'refused';
    return !defined $result && index(lc $said, lc $value) >= 0 if $word eq 'say';
    return !defined $result && index(lc $said, lc $value) < 0 if $word eq 'nsay';
    return 0 unless defined $result;
    return $warnings =~ /$value/i if $word eq 'warn';
    return $warnings !~ /$value/i if $word eq 'nwarn';
    return index(squash(text_of($result)), squash($value)) >= 0 if $word eq 'has';
    return index(squash(text_of($result)), squash($value)) < 0 if $word eq 'not';
    return text_of($result) =~ /$value/ms if $word eq 're';
    return text_of($result) !~ /$value/ms if $word eq 'nre';
    return pages($result) == $value if $word eq 'pages';
    return grep { /\A(?:$value)\z/ } entries($result) if $word eq 'zip';
    return json($result, $value) if $word eq 'json';
    die "no such check here: $check";
}

# Submits each, then looks at each.
sub cases {
    my ($groups, $skip) = @_;
    my @lines = lines($groups, $skip);
    ok @lines > 0, 'there are cases of ' . join ', ', @$groups;
    for my $line (@lines) {
        my (@form, $name);
        for (my $i = 0; $i < @{ $line->{fields} }; $i += 2) {
            my ($key, $value) = @{ $line->{fields} }[$i, $i + 1];
            $key eq 'filename_part' ? $name = $value : push @form, $key => $value;
        }
        my $response = TestPlaten::post_form('/jobs', [ @form,
            file => [ undef, $name // $line->{file},
                Content => TestPlaten::slurp("$Dir/files/$line->{file}"),
                'Content-Type' => 'application/octet-stream' ] ]);
        $line->{job} = TestPlaten::json_of($response);
    }
    for my $line (@lines) {
        my ($job, $result) = $line->{job};
        if ($job->{job_id}) {
            $job = TestPlaten::wait_job($job->{job_id}, 120);
            $result = TestPlaten::get("/jobs/$job->{job_id}/download")->content
                if $job->{status} eq 'SUCCESS';
        }
        for my $check (@{ $line->{checks} }) {
            next if $check =~ /^\?/;
            ok check($check, $job, $result), "$line->{name}: $check"
                or diag(join ' ', $job->{status} // '', $job->{code} // $job->{error_code} // '',
                    $job->{detail} // $job->{error} // '', defined $result ? substr(squash(text_of($result)), 0, 200) : '',
                    @{ $job->{warnings} // [] });
        }
    }
}

1;
