# What the build holds: each part of the tree is compiled with the headers of those that it may
# know and no other, into the directory that BUILD names; and again when the flags are others.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(stat);

my $root = abs_path(dirname(__FILE__) . '/../..');
chdir $root or die "$root: $!";
plan skip_all => 'there is no Makefile' if !-e 'Makefile';
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS CFLAGS)};

my $dir = tempdir(CLEANUP => 1);

# make with those words, in that directory; its output.
sub make {
    my $out = `make BUILD=$dir/b @_ 2>&1`;
    is $?, 0, "make @_" or diag $out;
    return $out;
}

my %may = (
    'proto/base/bytes' => 'proto', 'sidecar/log' => 'proto sidecar', 'sidecar/deliver/main' => 'proto sidecar',
    'sidecar/ctl/main' => 'proto sidecar', 'cli/main' => 'proto cli', 'ngx_module/http/prefer' => 'proto ngx_module',
);
for my $file (sort keys %may) {
    my $out = make('-n', "$dir/b/obj/$file.o");
    is join(' ', $out =~ /\s-I(\S+)/g), $may{$file}, "$file.c sees the headers of these, and of nothing else";
}

my $object = "$dir/b/obj/proto/base/bytes.o";
make('-s', $object);
my $made = (stat $object)[9];
ok defined $made, 'what is made lies where BUILD says';
is_deeply [map { s{^\Q$dir\E/}{}r } glob "$dir/*"], ['b'], 'and nothing beside it';
make('-s', $object);
is +(stat $object)[9], $made, 'it is not made twice';
make('-s', "CFLAGS='-O1 -DOTHER'", $object);
cmp_ok +(stat $object)[9], '>', $made, 'but again with other flags';

$made = (stat "$dir/b/flags")[9];
make('-s', "CFLAGS='-O1 -DOTHER'", 'LDFLAGS=-Wl,-z,defs', "$dir/b/flags");
cmp_ok +(stat "$dir/b/flags")[9], '>', $made, 'those of the linker among them';

done_testing;
