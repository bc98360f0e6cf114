# The rooms of the house are layers: a file includes what is in its own room and in those
# below it, and nothing else.  Beside it, what is built of them: nginx's Makefile has each
# source of the module, and each program just the libraries that it is for.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{PLATEN_BUILD} || "$root/build";
chdir $root or die "$root: $!";

# From the ground up; rooms of one line see each other.
my @proto = map [split], ('proto/base', 'proto/format', 'proto/job', 'proto/disk', 'proto/store');
my @sidecar = map [split], (
    'sidecar/ground',
    'sidecar/storeadmin sidecar/sandbox sidecar/bus sidecar/webhook',
    'sidecar/office',
    'sidecar/engine',
    'sidecar/run',
    'sidecar/backup sidecar/batch',
    'sidecar/schedule',
    'sidecar/roof',
    'sidecar/docx sidecar/lok', # both take a document of OOXML apart
    'sidecar/tables sidecar/text sidecar/zip',
    'sidecar/deliver sidecar/otlp',
    'sidecar/ctl',
);

my @module = map [split], (
    'ngx_module/ground',
    'ngx_module/http',
    'ngx_module/access',
    'ngx_module/commit',
    'ngx_module/view',
    'ngx_module/ingest',
    'ngx_module/tus',
    'ngx_module/live',
    'ngx_module/ws',
    'ngx_module/roof',
);

# What stands in sidecar/ itself: what every room may use, and what uses them all.
my %roof = map { $_ => 1 } qw(platend serve compare condition metrics_page daemon supervisor exporter);

# The table of routes names all of the module's rooms, and its directives do.
my %above = map { $_ => 1 } qw(ngx_http_platen_module directives http/route);

my %level;
for my $order ([@proto, @sidecar], [@proto, @module], [@proto, ['cli']]) {
    for my $i (0 .. $#$order) {
        $level{$_} = $i for @{ $order->[$i] };
    }
}

sub room {
    my ($file) = @_;
    return 'ngx_module/roof' if $file =~ m{^ngx_module/(.+)\.[ch]\z} && $above{$1};
    return 'ngx_module/ground' if $file =~ m{^ngx_module/[^/]+\z};
    return dirname($file) if $file !~ m{^sidecar/([^/]+)\.[ch]\z};
    return $roof{$1} ? 'sidecar/roof' : 'sidecar/ground';
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!";
    local $/;
    return scalar <$in>;
}

my @files = map glob, qw(proto/*/*.[ch] sidecar/*.[ch] sidecar/*/*.[ch] cli/*.[ch] ngx_module/*.[ch] ngx_module/*/*.[ch]);
my (@unknown, @above, %includes);
for my $file (@files) {
    for my $name (slurp($file) =~ /^#include "([^"]+)"/mg) {
        next if $name eq 'platen_web.h'; # web/embed makes it
        my ($found) = grep { -e $_ } "proto/$name", $file =~ m{^(sidecar|ngx_module|cli)/} ? "$1/$name" : ();
        if (!defined $found || !defined $level{ room($found) } || !defined $level{ room($file) }) {
            push @unknown, "$file: $name";
            next;
        }
        push @above, "$file: $name" if $level{ room($found) } > $level{ room($file) };
        $includes{$file}{$found} = 1;
        next if $file !~ /^ngx_module/;

        # there a source and its header are one even in this
        my ($from, $to) = map s/\.[ch]\z//r, $file, $found;
        $includes{$from}{$to} = 1 if $from ne $to;
    }
}
is "@unknown", '', 'each file includes others by their path below proto/, sidecar/, cli/ or ngx_module/, and each room is in the order';
is join("\n", @above), '', 'no room includes one above it';

# The client knows the HTTP contract.  What it shared with the server besides would be a second one.
is join(' ', grep !m{^(?:cli|proto/base)/}, map { sort keys %{ $includes{$_} } } grep m{^cli/}, sort keys %includes), '',
    'the client includes nothing of the server but proto/base';

# A header with its source is one; headers alone may not meet again.
my %state;
my @circles;
sub visit {
    my ($file, @way) = @_;
    if (($state{$file} // '') eq 'open') {
        push @circles, join ' -> ', @way, $file;
        return;
    }
    return if $state{$file};
    $state{$file} = 'open';
    visit($_, @way, $file) for sort keys %{ $includes{$file} // {} };
    $state{$file} = 'done';
}
visit($_) for sort keys %includes;
is "@circles", '', 'no file includes itself by way of others';

# The same of what is called: in the objects, where includes say less.
SKIP: {
    my @objects = grep { -e "$build/obj/$_" } map { s/\.c\z/.o/r } grep { $level{ room($_) } && !m{^ngx_module/} }
        grep { my $room = room($_); $room !~ m{^cli\z|^sidecar/(?:docx|lok|tables|text|zip|deliver|ctl)\z} } grep /\.c\z/, @files;
    skip 'there are no objects', 1 if !@objects;
    my (%defines, %wants);
    for my $object (@objects) {
        for (`nm -P --extern-only '$build/obj/$object'`) {
            my ($name, $type) = split;
            $type eq 'U' ? push @{ $wants{$object} }, $name : ($defines{$name} = $object);
        }
    }
    %includes = map {
        my $object = $_;
        $object => { map { $_ => 1 } grep { defined && $_ ne $object } @defines{ @{ $wants{$object} // [] } } }
    } @objects;
    (%state, @circles) = ();
    visit($_) for sort keys %includes;
    is "@circles", '', 'no source calls one that calls it';
}

SKIP: {
    my $makefile = "$build/nginx/Makefile";
    skip "there is no $makefile", 1 if !-e $makefile;
    my $text = slurp($makefile);
    my %there = map { $_ => 1 } $text =~ m{\Q$root\E/((?:proto|ngx_module)/\S+\.c)\b}g;
    my @tree = sort map glob, qw(proto/*/*.c ngx_module/*.c ngx_module/*/*.c);
    is join(' ', sort keys %there), join(' ', @tree), 'nginx compiles each source of the module and of proto/, and no other';
}

# What the linker was asked for by the Makefile is one thing, what a program needs another.
my %needs = (
    'platen' => [qw(crypto curl jansson)],
    # platend.cfg is read by czmq, and a retry is hinted at by a socket.
    'platenctl' => [qw(crypto czmq jansson lmdb nettle seccomp zmq)],
    'platen-webhook' => [qw(crypto curl jansson lmdb)],
    'platen-otlp' => [qw(curl jansson)],
    'platen-zip' => [qw(jansson zip)],
    'platen-text' => [qw(uchardet zip)],
    'platen-docx' => [qw(expat zip)],
    'platen-tables' => [qw(expat xlsxwriter yajl zip)],
    'platen-lok' => [qw(expat seccomp zip)],
);
for my $program (sort keys %needs) {
    SKIP: {
        skip "there is no $program", 1 if !-e "$build/$program";
        my %others = map { $_ => 1 } `readelf -d $build/$program` =~ /NEEDED.*\[lib([a-z_-]+)[.\d-]*\.so/g;
        delete @others{qw(c m dl pthread gcc_s)};
        is join(' ', sort keys %others), "@{ $needs{$program} }", "$program needs these libraries, and no other";
    }
}

# A wait by the clock of the day is as long as somebody sets that back.
for my $program (map "$build/$_", 'platend', sort(keys %needs), 'ngx_http_platen_module.so') {
    SKIP: {
        skip "there is no $program", 1 if !-e $program;
        my @waits = `nm -D --undefined-only $program` =~ /\bU ((?:pthread|sem|mtx|cnd|mq|thrd)_\w*timed\w+)/g;
        is "@waits", '', "$program waits by no clock that can be set back";
    }
}

done_testing;
