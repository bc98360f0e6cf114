# The peers do what they are compared for: documents go in and PDFs come out.

use strict;
use warnings;

use File::Temp;
use Test::More;

use lib 'bench/lib';
use PlatenBench;
use PlatenBench::Stacks;

my @missing = stacks_missing('/usr/bin/python3');
plan skip_all => "not installed: @missing (debian/install-packages peers)" if @missing;

my $document = 't/data/hello.docx';
my %set = (top => $ENV{PWD}, python => '/usr/bin/python3', office => '/usr/lib/libreoffice/program', workers => 1, limit => 120);
my $temp = File::Temp->newdir;

spew("$temp/broken.docx", "PK\3\4 and no more");
bench_begin();

my $stack = start_uno_http(%set);
my $said = stack_convert($stack, 2, $document, "$temp/broken.docx");
is $said->{$document}, 'ok', 'UNO behind HTTP converts';
isnt $said->{"$temp/broken.docx"}, 'ok', 'and says what it does not';
stop_stack($stack);

$stack = start_fastapi(%set);
is stack_convert($stack, 1, $document)->{$document}, 'ok', 'FastAPI with soffice converts';
stop_stack($stack);

$stack = start_celery(%set);
is stack_each_job($stack, $document)->{$document}, 'ok', 'the Celery stack converts';
my @pids = stack_pids($stack);
cmp_ok scalar(@pids), '>', 6, 'all of its processes are counted';
stop_stack($stack);
is scalar(grep { -d "/proc/$_" } @pids), 0, 'and none is left';

done_testing;
