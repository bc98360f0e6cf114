# The programs of docs/clients.md, each as it stands there: they convert a document, and say what is wrong
# with another one.  Those whose language is not on this machine are left out, and said.

use lib 't/lib';
use TestPlaten;

our @Copies = only_script(copies => 'read -r word < "$1"; [ "$word" != bad ] || exit 65; exec /bin/cp $TINY_PDF "$2"', $Var);

# The language of a block: the file that it is written to, and how that is run (in its directory).
our %Run = (
    sh => ['convert.sh', ['sh', 'convert.sh']],
    python => ['convert.py', ['python3', 'convert.py']],
    javascript => ['convert.mjs', ['node', 'convert.mjs']],
    php => ['convert.php', ['php', 'convert.php']],
    perl => ['convert.pl', ['perl', 'convert.pl']],
    go => ['convert.go', ['go', 'run', 'convert.go']],
    java => ['Convert.java', ['java', 'Convert.java']],
    csharp => ['Convert.cs', ['mono', 'Convert.exe'], ['mcs', '-r:System.Net.Http', 'Convert.cs']],
);

sub has { my ($program) = @_; return scalar grep -x "$_/$program", split /:/, $ENV{PATH} }

# Runs words in a directory; its exit code and what it said.
sub run_in {
    my ($dir, @words) = @_;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        chdir $dir or POSIX::_exit(126);
        delete @ENV{qw(LD_PRELOAD http_proxy HTTP_PROXY https_proxy all_proxy GOFLAGS)};
        $ENV{HOME} = $dir;
        $ENV{GOCACHE} = "$TestPlaten::Build/go-cache"; # else it compiles its library each time
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$dir/said" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT;
        exec @words or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return ($? >> 8 || $? & 127, slurp("$dir/said"));
}

platend_start(@Copies);
run_tests();

__DATA__

=== TEST 1: each program of the page
--- flow
my @blocks = slurp("$Root/docs/clients.md") =~ /^```(\w+)\n(.*?)^```$/msg;
is @blocks / 2, keys %main::Run, 'a program to each language';
spew("$Var/a b.txt", "text\n");
spew("$Var/bad.txt", "bad\n");
while (my ($language, $program) = splice @blocks, 0, 2) {
    my ($file, $run, $compile) = @{ $main::Run{$language} or fail("$language is not known here") && [] };
    SKIP: {
        my ($missing) = grep !main::has($_), map $_->[0], grep defined, $run, $compile;
        $missing //= 'System.Net.Http of mono' if $compile && !glob '/usr/lib/mono/*/System.Net.Http.dll';
        skip "$language: there is no $missing", 4 if $missing;
        my $dir = "$Var/$language";
        mkdir $dir;
        spew("$dir/$file", $program);
        if ($compile) {
            my ($code, $said) = main::run_in($dir, @$compile);
            is $code, 0, "$language is compiled" or diag $said;
        }
        my ($code, $said) = main::run_in($dir, @$run, base_url(), $Key{alice}, "$Var/a b.txt", "$dir/out.pdf");
        is $code, 0, "$language converts" or diag $said;
        is slurp("$dir/out.pdf"), tiny_pdf(), "$language has the result" if -e "$dir/out.pdf" or fail "$language: no result";
        ($code, $said) = main::run_in($dir, @$run, base_url(), $Key{alice}, "$Var/bad.txt", "$dir/none.pdf");
        isnt $code, 0, "$language fails";
        my $error = json_of(get('/jobs?status=FAILED&limit=1'))->{jobs}[0]{error};
        like $said, qr/\Q@{[substr $error, 0, 30]}\E/, "$language says why" or diag $said;
        ok !-e "$dir/none.pdf", "$language makes no result";
        ($code, $said) = main::run_in($dir, @$run, base_url(), 'wrong', "$Var/a b.txt", "$dir/none.pdf");
        isnt $code, 0, "$language is told of a wrong key" or diag $said;
    }
}
