# What is written for readers names what is there: files, targets of make, commands, other pages.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
chdir $root or die "$root: $!";

sub slurp { my ($path) = @_; open my $in, '<', $path or die "$path: $!"; local $/; return scalar <$in> }

my @pages = ('README.md', 'CONTRIBUTING.md', glob 'docs/*.md');
my $makefile = slurp('Makefile');
my %command = map { $_ => 1 } glob('sidecar/ctl/*.c') ? slurp('docs/man/platenctl.8') =~ /^\.It Cm ([a-z]+)/mg : ();
my (@files, @targets, @commands, @links);
for my $page (@pages) {
    my $text = slurp($page);
    my $dir = dirname($page);
    push @files, "$page: $_" for grep !-e && !/NAME/,
        $text =~ m{(?<![\w./-])((?:t|proto|sidecar|ngx_module|cli|conf|docs|web|debian|docker)/[\w./-]+\.(?:t|c|h|md|cfg|conf|json|js|yaml|yml|pm))\b}g;
    push @targets, "$page: make $_" for grep $makefile !~ /^(?:[\w -]+ )?\Q$_\E(?: [\w -]+)?:/m,
        $text =~ /(?:^ {4}(?:sudo )?|`)make ([a-z][a-z0-9-]+)/mg;
    push @commands, "$page: platenctl $_" for grep !$command{$_} && $_ ne 'help', $text =~ /`platenctl ([a-z]+)/g;
    push @links, "$page: $_" for grep !-e "$dir/$_", map s/#.*//r, grep !m{^(?:https?:|mailto:|#)}, $text =~ /\]\(([^)\s]+)\)/g;
}
is join(', ', @files), '', 'files that are named are there';
is join(', ', @targets), '', 'targets of make are there';
is join(', ', @commands), '', 'commands of platenctl are there';
is join(', ', @links), '', 'pages that are linked are there';
cmp_ok scalar(() = slurp('README.md') =~ /\n/g), '<', 150, 'README.md is short';

done_testing;
