# One client does its worst, with the configuration that is shipped: another's jobs are done all the same.
# What is held is order and counts, never time.

use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use File::Path qw(make_path);
use File::Temp ();
use Hostile qw(xlsx);
use HTTP::Tiny;
use Cpanel::JSON::XS qw(decode_json);
use POSIX ();
use Test::More;
use TestPlace;
use Time::HiRes qw(sleep);

my $Root = abs_path("$Bin/../..");
my $Build = $ENV{PLATEN_BUILD} || "$Root/build";
my $Port = TestPlace::port();
my $Temp = File::Temp->newdir('platen-starve-XXXXXX', DIR => '/var/tmp');
my $Var = "$Temp";
my $Cores = 0 + `nproc`;
my %Child;

sub slurp { open my $f, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$f> }
sub spew { my ($name, $text) = @_; open my $f, '>:raw', $name or die "$name: $!"; print $f $text; close $f or die }

sub launch {
    my ($name, @command) = @_;
    $Child{$name} = fork // die "fork: $!";
    return if $Child{$name};
    open STDERR, '>>', "$Var/log/$name.log" or POSIX::_exit(127);
    exec @command or POSIX::_exit(127);
}

sub finish {
    my ($name) = @_;
    my $pid = delete $Child{$name} or return;
    kill TERM => $pid;
    waitpid $pid, 0;
}

END {
    my $status = $?;
    finish($_) for sort keys %Child;
    $? = $status;
}

# The files of conf/, with places of this test's own; nothing that they decide is changed.
sub place {
    my ($name, %change) = @_;
    my $user = $name eq 'nginx.conf' && $> == 0 ? 'user root;' : '';
    my $text = slurp("$Root/conf/$name") =~ s{^user .*}{$user}mr =~ s{/usr/lib/nginx/modules/}{$Build/}r;
    $text =~ s{/usr/lib/platen}{$Build}g;
    $text =~ s{/var/lib/platen}{$Var}g;
    $text =~ s{/var/log/platen}{$Var/log}g;
    $text =~ s{/run/platen(?=/nginx\.pid)|/run(?=/platen[^/]*\.pid)|/run/platen}{$Var/run}g;
    $text =~ s{/etc/platen}{$Var}g;
    $text =~ s{listen 8080;}{listen $Port;};
    $text =~ s{^(\s*)\Q$_\E = .*}{$1$_ = $change{$_}}m or die $_ for sort keys %change;
    spew("$Var/$name", $text);
}

my %Key = map { $_ => "key-of-$_-0123456789" } qw(attacker other);
make_path("$Var/run", "$Var/log");
spew("$Var/api-keys", join '', map "$_:" . sha256_hex($Key{$_}) . "\n", sort keys %Key);
spew("$Var/signing-key", 's' x 64);
place('nginx.conf');
place('platend.cfg');

my $Http = HTTP::Tiny->new(timeout => 120);

sub ask {
    my ($who, $method, $path, %more) = @_;
    my $answer = $Http->request($method, "http://127.0.0.1:$Port$path",
        { %more, headers => { 'X-API-Key' => $Key{$who}, %{ $more{headers} // {} } } });
    return ($answer->{status}, eval { decode_json($answer->{content}) } // { error => $answer->{content} });
}

# The answer's status, and the job or the problem.
sub send_file {
    my ($who, $name, $content, $to) = @_;
    return ask($who, 'POST', "/jobs?filename=$name&target_format=$to", content => $content,
        headers => { 'Content-Type' => 'application/octet-stream' });
}

sub job_of { my ($who, $id) = @_; return (ask($who, 'GET', "/jobs/$id"))[1] }
sub ended { $_[0]{status} !~ /^(?:PENDING|PROCESSING)\z/ }

# Waits for as long as it takes: what it is for is another test's.
sub ending {
    my ($who, $id) = @_;
    for (;;) {
        my $job = job_of($who, $id);
        return $job if !defined $job->{status} || ended($job);
        sleep 0.1;
    }
}

sub ready {
    for (1 .. 600) {
        my ($status) = ask('other', 'GET', '/health/ready');
        return 1 if $status == 200;
        sleep 0.1;
    }
    return 0;
}

sub platend { launch('platend', "$Build/platend", '-c', "$Var/platend.cfg") }

launch('nginx', $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx', '-e', "$Var/log/error.log", '-p', $Var,
    '-c', "$Var/nginx.conf", '-g', 'daemon off;');
for (1 .. 100) { my ($status) = ask('other', 'GET', '/health'); last if $status == 200; sleep 0.1 }

# --- a queue full of tiny jobs ---------------------------------------------

my (@flood, %answers);
for (1 .. 1003) {
    my ($status, $said) = send_file('attacker', 'a.txt', "tiny $_\n", 'pdf');
    $answers{$status . ' ' . ($said->{code} // '')}++;
    push @flood, $said->{job_id} if $status == 202;
}
is $answers{'202 '}, 250, 'of 1,003 tiny jobs a quarter of the queue is taken';
is $answers{'429 too_many_jobs'}, 753, 'and the others are told why not' or diag explain \%answers;

my ($status, $mine) = send_file('other', 'b.txt', "one\n", 'pdf');
is $status, 202, "another client's job is taken" or diag explain $mine;
platend();
ok ready(), 'platend is ready' or diag slurp("$Var/log/platend.log");
my $done = ending('other', $mine->{job_id});
is $done->{status}, 'SUCCESS', 'and done';
my @before = grep { defined $_->{started_at} && $_->{started_at} lt $done->{started_at} } map { job_of('attacker', $_) } @flood;
cmp_ok scalar @before, '<=', 2 * ($Cores + 2), 'after ' . @before . " of the flood's";
ask('attacker', 'DELETE', "/jobs/$_") for @flood;

# --- jobs that take a core until their time is over -------------------------

my $rows = join '', map { qq(<row r="$_"><c r="A$_" t="inlineStr"><is><t>$_</t></is></c></row>) } 1 .. 150_000;
my @bombs = map { (send_file('attacker', "a$_.xlsx", xlsx($rows . ' ' x $_), 'pdf'))[1]{job_id} } 1 .. 4 * $Cores;
my $running = 0;
until ($running) {
    $running = grep { job_of('attacker', $_)->{status} eq 'PROCESSING' } @bombs;
    sleep 0.1;
}
for my $n (1 .. 3) {
    my ($status, $mine) = send_file('other', "b$n.txt", "two $n\n", 'pdf');
    is ending('other', $mine->{job_id})->{status}, 'SUCCESS', "another client's job is done";
}
my @jobs = map { job_of('attacker', $_) } @bombs;
cmp_ok scalar(grep { $_->{status} eq 'PROCESSING' } @jobs), '<=', $Cores, 'of the bombs as many run as there are cores';
cmp_ok scalar(grep { ended($_) } @jobs), '<', $Cores, 'and no round of them is over';
ask('attacker', 'DELETE', "/jobs/$_") for @bombs;

# --- files that are dear to look at -----------------------------------------

my @newlines = map { "\n" x 250_000 . $_ } 1 .. 60;
my @looked = map { (send_file('attacker', 'a.docx', $_, 'pdf'))[0] } @newlines;
is scalar(grep { $_ == 202 } @looked), 0, 'newlines are no document';
($status, $mine) = send_file('other', 'c.txt', "three\n", 'pdf');
is ending('other', $mine->{job_id})->{status}, 'SUCCESS', 'and another client goes on';

# --- a result that is a thousand times its document -------------------------

finish('platend');
place('platend.cfg', client_size => '1m');
platend();
ok ready(), 'platend is ready, with a smaller quota';
my $csv = join(',', map { "a long name of a column, that is, of column $_" =~ tr/,//dr } 1 .. 200) . "\n" . (',' x 199 . "\n") x 300;
($status, my $large) = send_file('attacker', 'a.csv', $csv, 'json');
is $status, 202, length($csv) . ' bytes of CSV are taken' or diag explain $large;
my $refused = ending('attacker', $large->{job_id});
is $refused->{status} . ' ' . ($refused->{error_code} // $refused->{error}{code} // ''), 'FAILED too_large_output', 'their JSON is not kept' or diag explain $refused;
like(Cpanel::JSON::XS->new->canonical->encode($refused), qr/your documents and results would take more than the 1048576/, 'which is said in its own words');
my ($usage) = (ask('attacker', 'GET', '/usage'))[1]{used_bytes};
is $usage, length $csv, 'and counts for nothing';
($status, $mine) = send_file('other', 'd.csv', "a,b\n1,2\n", 'json');
is ending('other', $mine->{job_id})->{status}, 'SUCCESS', "another client's results are kept";

done_testing();
