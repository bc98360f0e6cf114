# Where there are no namespaces, as in a container with the runtime's usual filter and no
# added capability: all of it converts, and platend says what it has.

use lib 't/lib';
use TestPlaten;

# platend where no namespace of any kind is left to be made.
our $Without = "$Var/without";
mkdir $Without;
spew("$Without/platend", sprintf <<'SH', $TestPlaten::Build);
#!/bin/sh
exec unshare --user --map-root-user sh -c '
    for kind in user net mnt ipc pid; do
        echo 0 > /proc/sys/user/max_${kind}_namespaces
    done
    exec %s/platend "$@"' sh "$@"
SH
chmod 0755, "$Without/platend";

# A chroot may make no user namespace, in which the others could be forbidden: as it is, then.
our $Can = system('unshare --user --map-root-user true 2>/dev/null') == 0;

run_tests();

__DATA__

=== TEST 1: the warm LibreOffice
--- flow
sub start {
    local $TestPlaten::Build = $::Can ? $::Without : $TestPlaten::Build;
    platend_start('sandbox' => 'required', @_);
}

sub route {
    my $job = wait_job(submit(@_)->{job_id});
    return [$job->{status}, @{ $job->{engines} // [] }];
}

start();
my ($line) = platend_log() =~ /(.*"msg":"sandbox".*)/;
like $line, qr/"layers":\[[^]]*"landlock"[^]]*"seccomp"/, 'the core of the sandbox holds, as platend says';
like $line, $::Can ? qr/"missing":\[[^]]*"network"[^]]*"pids"/ : qr/"missing":/, 'and what does not';
is_deeply route(file => 't/data/hello.docx', to => 'pdf'), ['SUCCESS', 'lok'], 'DOCX to PDF';
is platend_stop(), 0, 'stopped';

=== TEST 2: a LibreOffice for each document, whose /tmp is no mount
--- flow
start('engines/lok/enabled' => 0);
is_deeply route(file => 't/data/hello.docx', to => 'pdf'), ['SUCCESS', 'soffice'], 'DOCX to PDF';
my $job = wait_job(submit(file => 't/data/hello.docx', to => 'pdf')->{job_id});
spew("$::Var/hello.pdf", get("/jobs/$job->{job_id}/download")->content);
is_deeply route(file => "$::Var/hello.pdf", to => 'docx', fields => [layout => 'exact']), ['SUCCESS', 'soffice'],
    'PDF to DOCX, by the program of its own that reads PDF';
is platend_stop(), 0, 'stopped';
