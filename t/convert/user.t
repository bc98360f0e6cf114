# platend as an unprivileged user, on a machine where root has used LibreOffice before.

use lib 't/lib';
use TestPlaten;
use File::Basename qw(dirname);

# Made by a LibreOffice of root's that had a tight umask; nobody else can look into it.
our $Shared = '/var/spool/libreoffice/uno_packages/cache/uno_packages';

plan skip_all => 'only root can be two users' if $> != 0;
plan skip_all => 'no shared packages on this machine' if !-d dirname($Shared);

our ($Existed, $Before) = (-d $Shared, 0);
$Existed or mkdir $Shared or die "$Shared: $!";
$Before = (stat $Shared)[2] & 07777;
chmod 0700, $Shared or die "$Shared: $!";
END { $Existed ? chmod $Before, $Shared : rmdir $Shared if defined $Existed }

our ($Uid, $Gid) = (getpwnam 'www-data')[2, 3];
chmod 0755, $Var;
mkdir "$Var/$_" for qw(store data);
chown $Uid, $Gid, map "$Var/$_", qw(store data run);

# The test's nginx stays root: what it has made is given away, what it will store goes to the group.
sub platend_as_user {
    system("chown -R www-data:www-data $Var/store $Var/data") == 0 or die;
    platend_start(user => 'www-data', @_);
    chmod 02770, map "$Var/data/$_", qw(tmp input);
}

run_tests();

__DATA__

=== TEST 1: the warm LibreOffice gets ready and converts
--- flow
platend_as_user();
is +(stat '/proc/' . platend_pid() . '/task')[4], $::Uid, 'platend is that user';
is wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id})->{status}, 'SUCCESS', 'converted';
unlike platend_log(), qr/does not get ready/, 'by the warm one';
platend_stop();



=== TEST 2: and so does one that is started per document
--- flow
platend_as_user('engines/lok/enabled' => 0);
is wait_job(submit(file => sample('hello.docx'), to => 'pdf')->{job_id})->{status}, 'SUCCESS', 'converted';
platend_stop();



=== TEST 3: that of root leaves the machine's packages as they are
--- flow
rmdir $::Shared or die "$::Shared: $!";
platend_start('store/path' => "$::Var/root/store", 'data/path' => "$::Var/root/data");
ok eventually(20, sub { platend_log() =~ /"LibreOffice is warm"/ }), 'it is warm';
ok !-e $::Shared, 'nothing was made there';
platend_stop();
mkdir $::Shared;
