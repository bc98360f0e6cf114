package TestForm;

# Forms made by hand, and whether anything of them has stayed.  After TestPlaten.

use strict;
use warnings;

use Exporter 'import';

use TestPlaten;

our @EXPORT = qw(nothing_new anew form part post_raw_form);

my ($count, @left) = (-1);

# No job and no file more than at the first call, or the first one since anew().
sub nothing_new {
    my ($what) = @_;
    my $same;
    eventually(5, sub {
        my @files = files_below("$Var/data/tmp", "$Var/data/input");
        my $total = json_of(get('/jobs?limit=1'))->{total};
        ($count, @left) = ($total, @files) if $count < 0;
        $same = $total == $count && "@files" eq "@left";
    });
    ok $same, "nothing is left: $what";
}

sub anew { $count = -1 }

sub form {
    my ($boundary, @parts) = @_;
    return join('', map { "--$boundary\r\n$_\r\n" } @parts) . "--$boundary--\r\n";
}

sub part {
    my ($name, $value, $filename, @more) = @_;
    return qq{Content-Disposition: form-data; name="$name"}
        . (defined $filename ? qq{; filename="$filename"} : '')
        . join('', map { "\r\n$_" } @more) . "\r\n\r\n$value";
}

sub post_raw_form {
    my ($body, $type) = @_;
    return http(POST => '/jobs', 'Content-Type' => $type // 'multipart/form-data; boundary=BB',
        content => $body);
}

1;
