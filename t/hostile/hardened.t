# What the compiler and the linker can do against an overrun is in each of the programs, the
# module above all: a hostile byte meets it first.

use strict;
use warnings;

use Test::More;

my $build = $ENV{PLATEN_BUILD} || 'build';
my @programs = map { "$build/$_" } qw(platend platenctl platen-docx platen-lok platen-otlp platen-tables platen-text platen-webhook platen-zip);
my @libraries = map { "$build/$_" } qw(platen-soffice.so ngx_http_platen_module.so);

sub said { my $said = qx(readelf -W @_ 2>&1); die $said if $?; return $said }

for my $file (@programs, @libraries) {
    my ($dynamic, $symbols) = (said("-d $file"), said("--dyn-syms $file"));
    like said("-h $file"), qr/Type:\s+DYN/, "$file: at an address of its own";
    like said("-l $file"), qr/GNU_RELRO/, 'its tables of addresses become read-only';
    like $dynamic, qr/BIND_NOW|Flags:.*NOW/, 'all of them, at once';
    like $symbols, qr/__stack_chk_fail/, 'a stack that is overrun is seen';
    like $symbols, qr/__\w+_chk\b/, 'and a buffer of known size';
    SKIP: {
        skip 'x86-64 alone', 2 unless said("-h $file") =~ /X86-64/;
        # Debian's crt1.o is not marked for it, so no program is; what is compiled here is there all the same.
        my $code = qx(objdump -d --no-show-raw-insn $file);
        like $code, qr/\bendbr64\b/, 'functions say that they are where calls may lead';
        like $code, qr/\borq?\s+\$0x0,\(%rsp\)/, 'a large frame on the stack is touched page by page';
    }
}

done_testing();
