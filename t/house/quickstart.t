# ./quickstart --once, as the README has it, in a directory and on a port of its own.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw(remove_tree);
use File::Temp ();
use Test::More;

use TestPlace;

my $temp = File::Temp->newdir('platen-quick-XXXXXX', TMPDIR => 1);
$ENV{PLATEN_VAR} = "$temp/var";
$ENV{PLATEN_PORT} = TestPlace::port();
my $out = `./quickstart --once 2>&1`;
is $?, 0, 'quickstart --once' or diag $out;
like $out, qr/^pages: [1-9]/m, 'converts a document';

# What root opens by name is where the service cannot put anything in its place.
my $var = readlink "$temp/var" // "$temp/var";
SKIP: {
    skip 'not root', 1 unless $> == 0;
    my @may = map { chomp; $_ } `setpriv --reuid=platen --regid=platen --clear-groups find $var -xdev -writable -type d 2>/dev/null`;
    is_deeply [grep { !m{^\Q$var\E/(?:run|store|data|tmp-\w+)(?:/|\z)} } @may], [], 'directories that the service can write';
    ok scalar(grep { $_ eq "$var/data" } @may), 'its data among them';
    my @opened = grep { -f } map glob("$var/$_"), 'log/*', '*.pid', '*.conf', '*.cfg', 'api-*', 'signing-key', 'libexec/*';
    cmp_ok scalar @opened, '>', 8, 'logs and the like';
    for my $name (@opened) {
        my $rc = system("setpriv --reuid=platen --regid=platen --clear-groups ln -sfT /etc/passwd $name 2>/dev/null");
        ok $rc != 0 && !-l $name, "$name stays what it is";
    }
    is_deeply [`setpriv --reuid=nobody --clear-groups find $var/log -type f -readable 2>/dev/null`], [], 'nobody else reads logs';
    is +(stat "$var/$_")[2] & 077, 0, "$_ is root's alone" for 'api-key', 'signing-key';
}
my ($user) = `stat -c %U $var/data` =~ /(\S+)/;
is $user, $> == 0 ? 'platen' : scalar getpwuid $>, 'the data is that user\'s';

# A name in /var/tmp that anyone could have taken before.
like readlink("$temp/var") // '/var/tmp/platen-xxxxxxxxxx', qr{^/var/tmp/platen-\w{10}\z}, 'a directory elsewhere has a name of its own';

# Where nginx's user cannot get at it, it is a link to where it can.
my $real = readlink "$temp/var";
remove_tree($real) if $real;

done_testing();
