# The manual: its pages are well formed, and each command, option, key and directive is in its page;
# the completion of bash knows them, too.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir abs_path(dirname(__FILE__) . '/../..') or die $!;
my $build = $ENV{PLATEN_BUILD} || 'build';

sub slurp { my ($path) = @_; open my $in, '<', $path or die "$path: $!"; local $/; return scalar <$in> }

my @made = glob "$build/man/*";
is join(' ', sort map s{.*/}{}r, @made), join(' ', sort split ' ', slurp('Makefile') =~ /^PAGES *= *(.*)$/m ? $1 : ''), 'each page is made';

SKIP: {
    skip 'there is no mandoc', scalar @made if !grep -x "$_/mandoc", split /:/, $ENV{PATH};
    for my $page (@made) {
        # whether the pages that it names are installed here says nothing
        my @said = grep !/outdated mandoc\.db|referenced manual not found/, qx(mandoc -Tlint $page 2>&1);
        is "@said", '', "mandoc -Tlint $page";
    }
}

# The table of directives is that of the comments where they are.
is_deeply [split /\n/, qx(docs/make-directives)], [split /\n/, slurp('docs/directives.md')],
    'docs/directives.md is what docs/make-directives makes of ngx_module/directives.c';

# What the pages of directives and keys are made from, and what the programs have.
my $page = slurp("$build/man/ngx_http_platen_module.5");
my @directives = slurp('ngx_module/directives.c') =~ /ngx_string\("(platen_\w+)"\),\n\s*NGX_HTTP/g;
ok @directives > 20, 'directives';
is join(' ', grep $page !~ /^\.It Cm \Q$_\E\b/m, @directives), '', 'each directive is in ngx_http_platen_module(5)';

$page = slurp("$build/man/platend.cfg.5");
my @keys = slurp('sidecar/config.c') =~ m{^    \{ "([a-z_/]+)", [A-Z]+,? AT\(}mg;
ok @keys > 50, 'keys';
is join(' ', grep $page !~ /^\.It Cm \Q$_\E =/m, @keys), '', 'each key is in platend.cfg(5)';

$page = slurp("$build/man/platenctl.8");
my @commands = qx($build/platenctl help) =~ /^  (\w\w+) /mg;
for my $command (@commands) {
    my ($item) = $page =~ /^(\.It Cm $command\b.*?)(?=^\.It Cm (?!\Q$command\E)|\z)/ms or fail("$command is in platenctl(8)") or next;
    my @options = grep !/\A(?:config|json|help)\z/, qx($build/platenctl help $command) =~ /^  .{0,5}--([\w-]+)/mg;
    is join(' ', grep $item !~ /Fl -\Q$_\E\b/, @options), '', "platenctl $command is in platenctl(8), with its options";
}

$page = slurp("$build/man/platen.1");
for my $help ('--help', map "$_ --help", qx($build/platen --help) =~ /^  (\w\w+) /mg) {
    my %option = map { $_ => 1 } qx($build/platen $help) =~ /--([a-z][\w-]*)/g;
    my ($command) = $help =~ /^(\w+)/;
    is join(' ', grep $page !~ /Fl -\Q$_\E\b/, sort keys %option), '', "the options of platen $help are in platen(1)";
    like $page, qr/^\.It Cm $command\b/m, "$command is" if $command;
}
my ($codes) = slurp('cli/cli.h') =~ /(PLATEN_CLI_DONE = 0,.*?)\}/s;
is join(' ', grep $page !~ /^\.It $_\n/m, $codes =~ /= (\d+),/g), '', 'and its exit codes';

# bash, asked as it asks when someone presses the tab.
sub completes {
    my (@words) = @_;
    my $n = $#words;
    local $ENV{PATH} = abs_path($build) . ":$ENV{PATH}";
    return sort grep length, split /\n/, qx(bash -c '. conf/completion/$words[0]
compopt() { :; }
COMP_WORDS=("\$\@") COMP_CWORD=$n
_$words[0] "\$1" "" ""; printf "%s\\n" "\${COMPREPLY[@]}"' bash @{[map "'$_'", @words]});
}
is_deeply [completes('platenctl', '')], [sort @commands, 'help'], 'commands are completed';
is_deeply [completes('platenctl', '-c', 'x', 'ret')], ['retry'], 'behind an option';
is_deeply [completes('platenctl', 'keys', 're')], ['revoke'], 'words of a command';
ok !(grep !{ map { $_ => 1 } completes('platenctl', 'jobs', '--') }->{$_}, qw(--failed --state --limit)), 'options of a command';
is_deeply [completes('platenctl', 'jobs', '--state', 'FA')], ['FAILED'], 'states';

is_deeply [completes('platen', 'con')], ['convert'], 'a command of platen';
ok !(grep !{ map { $_ => 1 } completes('platen', 'convert', '--') }->{$_}, qw(--to --watch --force)), 'its options';

# zsh, with what its completion offers printed.
SKIP: {
    skip 'there is no zsh', 7 if system('command -v zsh > /dev/null 2>&1') != 0;
    my $asked = sub {
        my (@words) = @_;
        my $last = $words[-1];
        local $ENV{PATH} = abs_path($build) . ":$ENV{PATH}";
        my $said = qx(zsh -f -c 'offer() { shift; print -rl -- "\$\@" }; compadd() { offer "\$\@" }; _files() { print -r -- files }
_describe() { print -rl -- "\$\{(\@)\$\{(P\@)2\}%%:*\}" }
words=("\$\@") CURRENT=@{[ scalar @words ]}; ask() { . conf/completion/_$words[0] }; ask' zsh @{[ map "'$_'", @words ]} 2>&1);
        return sort grep { length && /^\Q$last\E/ } split /\n/, $said;
    };
    is_deeply [$asked->('platenctl', '')], [sort @commands, 'help'], 'commands are completed in zsh, too';
    is_deeply [$asked->('platenctl', '-c', 'x', 'ret')], ['retry'], 'behind an option';
    is_deeply [$asked->('platenctl', 'keys', 're')], ['revoke'], 'words of a command';
    ok !(grep !{ map { $_ => 1 } $asked->('platenctl', 'jobs', '--') }->{$_}, qw(--failed --state --limit)), 'options of a command';
    is_deeply [$asked->('platenctl', 'jobs', '--state', 'FA')], ['FAILED'], 'states';
    is_deeply [$asked->('platen', 'con')], ['convert'], 'a command of platen';
    ok !(grep !{ map { $_ => 1 } $asked->('platen', 'convert', '--') }->{$_}, qw(--to --watch --force)), 'its options';
}

done_testing;
