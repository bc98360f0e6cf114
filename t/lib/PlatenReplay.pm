package PlatenReplay;

# What a disk may hold when the power fails, from what t/fault/record.c has written down.
#
#     my $replay = PlatenReplay->new($file, $dir);   # recorded below $dir
#     while ($replay->step) { ... }                  # one record; $replay->{kind} is its kind
#     my $tree = $replay->image('strict');           # or 'all', or ('torn', \&random)
#     my $bytes = $tree->{"$dir/store/data.mdb"};    # paths to contents, undef for directories
#
# Three forms of the state after a record:
#   strict  only what was synced: the bytes of a file by a sync of it, a name by one of its
#           directory; nothing else, as far as POSIX goes
#   all     everything
#   torn    what was synced, and of the rest each write, size and name with even odds, writes
#           cut off at a sector; a rename is whole or not at all
#
# A sync makes durable what was recorded before it was begun.

use strict;
use warnings;

use constant SECTOR => 512;

sub new {
    my ($class, $file, $dir) = @_;
    open my $in, '<:raw', $file or die "$file: $!";
    # Directories: path => { cur, dur: name => node or 'dir'; pend: [position, name, node or undef, rename] }
    return bless { in => $in, dir => $dir, at => 0, dirs => { $dir => new_dir() }, inode => {}, begun => {} }, $class;
}

sub new_dir { return { cur => {}, dur => {}, pend => [] } }

# A file: cur and dur are contents; pend: [position, offset, data] or [position, size]
sub new_file { return { cur => '', dur => '', pend => [] } }

sub split_path { return $_[0] =~ m{^(.*)/([^/]+)\z} }

# Reads one record and applies it.  False at the end.
sub step {
    my ($self) = @_;
    my $head = '';
    read($self->{in}, $head, 25) == 25 or return 0;
    my ($length, $kind, $inode, $offset, $path_length) = unpack 'L A Q Q L', $head;
    read $self->{in}, my $rest, $length - 21 or $length == 21 or die 'half a record';
    my ($path, $data) = (substr($rest // '', 0, $path_length), substr $rest // '', $path_length);

    $self->{at}++;
    @$self{qw(kind path data)} = ($kind, $path, $data);
    my $do = $self->can("do_$kind") or die "record of kind $kind";
    $do->($self, $inode, $offset, $path, $data);
    return 1;
}

# Sets a name, or removes it.
sub name {
    my ($self, $path, $node, $rename) = @_;
    my ($in, $name) = split_path($path);
    my $dir = $self->{dirs}{$in} or return;
    defined $node ? ($dir->{cur}{$name} = $node) : delete $dir->{cur}{$name};
    push @{ $dir->{pend} }, [$self->{at}, $name, $node, $rename];
}

sub node_of {
    my ($self, $inode) = @_;
    return $self->{inode}{$inode} //= new_file();
}

sub put {
    my ($string, $offset, $data) = @_;
    $$string .= "\0" x ($offset - length $$string) if $offset > length $$string;
    substr($$string, $offset, length $data, '') if $offset < length $$string;
    substr($$string, $offset, 0) = $data;
}

sub cut {
    my ($string, $size) = @_;
    $size < length $$string ? substr($$string, $size) = '' : ($$string .= "\0" x ($size - length $$string));
}

sub apply { my ($string, $op) = @_; return @$op == 3 ? put($string, @$op[1, 2]) : cut($string, $op->[1]) }

sub do_C { my ($self, $inode, undef, $path) = @_; $self->{inode}{$inode} = new_file(); $self->name($path, $self->{inode}{$inode}) }
sub do_M {
    my ($self, undef, undef, $path) = @_;
    my ($in, $name) = split_path($path);
    return if $self->{dirs}{$in} && ($self->{dirs}{$in}{cur}{$name} // '') eq 'dir'; # two want to make it
    $self->{dirs}{$path} = new_dir();
    $self->name($path, 'dir');
}
sub do_U { my ($self, undef, undef, $path) = @_; $self->name($path, undef) }
sub do_X { my ($self, undef, undef, $path) = @_; $self->name($path, undef) }
sub do_A { } # what a client was answered

sub do_W {
    my ($self, $inode, $offset, undef, $data) = @_;
    my $node = $self->node_of($inode);
    put(\$node->{cur}, $offset, $data);
    push @{ $node->{pend} }, [$self->{at}, $offset, $data];
}

sub do_D {
    my ($self, $inode, $offset, undef, $data) = @_;
    my $node = $self->node_of($inode);
    put(\$node->{$_}, $offset, $data) for qw(cur dur);
}

sub do_T {
    my ($self, $inode, $offset) = @_;
    my $node = $self->node_of($inode);
    cut(\$node->{cur}, $offset);
    push @{ $node->{pend} }, [$self->{at}, $offset];
}

# Bytes that were seen as a whole, whoever has written them.
sub whole {
    my ($self, $node, $bytes) = @_;
    return if $node->{cur} eq $bytes;
    $node->{cur} = $bytes;
    push @{ $node->{pend} }, [$self->{at} - 1, 0], [$self->{at} - 1, 0, $bytes];
}

sub do_R {
    my ($self, $inode, undef, $from, $data) = @_;
    my ($to, $bytes) = split /\0/, $data, 2;
    my $node = $self->node_of($inode);
    $self->whole($node, $bytes);
    my $rename = {};
    $self->name($to, $node, $rename);
    $self->name($from, undef, $rename) if index($from, "$self->{dir}/") == 0;
}

sub do_L {
    my ($self, $inode, undef, undef, $data) = @_;
    my ($to, $bytes) = split /\0/, $data, 2;
    my $node = $self->node_of($inode);
    $self->whole($node, $bytes);
    $self->name($to, $node);
}

sub do_B {
    my ($self, $inode, $thread, $path, $data) = @_;
    $self->whole($self->node_of($inode), $data)
        if !$self->{dirs}{$path} && $path !~ /\.mdb\z/;
    $self->{begun}{$path}{$thread} = $self->{at};
}

# What was done before that thread began it is durable.
sub do_E {
    my ($self, $inode, $thread, $path) = @_;
    my $since = delete $self->{begun}{$path}{$thread} // die "the end of a sync of $path that was not begun";

    if (my $dir = $self->{dirs}{$path}) {
        my @late;
        for my $op (@{ $dir->{pend} }) {
            if ($op->[0] > $since) { push @late, $op; next }
            defined $op->[2] ? ($dir->{dur}{ $op->[1] } = $op->[2]) : delete $dir->{dur}{ $op->[1] };
            $op->[3]{done} = 1 if $op->[3] && defined $op->[2];
        }
        $dir->{pend} = \@late;
        return;
    }
    my $node = $self->node_of($inode);
    my @late;
    for my $op (@{ $node->{pend} }) {
        $op->[0] > $since ? push @late, $op : apply(\$node->{dur}, $op);
    }
    $node->{pend} = \@late;
}

sub image {
    my ($self, $form, $random) = @_;
    my (%tree, %rename, %torn);

    my $content = sub {
        my ($node) = @_;
        return $node->{ $form eq 'all' ? 'cur' : 'dur' } if $form ne 'torn';
        return $torn{$node} if exists $torn{$node};
        my $bytes = $node->{dur};
        for my $op (@{ $node->{pend} }) {
            next if $random->() < 0.5;
            my @op = @$op;
            if (@op == 3 && $random->() < 0.3) {
                my $sectors = int(length($op[2]) / SECTOR);
                $op[2] = substr $op[2], 0, SECTOR * int($random->() * ($sectors + 1));
            }
            apply(\$bytes, \@op);
        }
        return $torn{$node} = $bytes;
    };
    my $names = sub {
        my ($dir) = @_;
        return %{ $dir->{cur} } if $form eq 'all';
        my %names = %{ $dir->{dur} };
        return %names if $form eq 'strict';
        for my $op (@{ $dir->{pend} }) {
            my $yes = $op->[3] ? $op->[3]{done} || ($rename{ $op->[3] } //= $random->() < 0.5 ? 1 : 0) : $random->() < 0.5;
            next unless $yes;
            defined $op->[2] ? ($names{ $op->[1] } = $op->[2]) : delete $names{ $op->[1] };
        }
        return %names;
    };
    my @dirs = ($self->{dir});
    while (defined(my $path = shift @dirs)) {
        $tree{$path} = undef;
        my %names = $names->($self->{dirs}{$path});
        for my $name (sort keys %names) {
            if ($names{$name} eq 'dir') { push @dirs, "$path/$name" }
            else { $tree{"$path/$name"} = $content->($names{$name}) }
        }
    }
    return \%tree;
}

1;
