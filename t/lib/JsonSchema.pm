package JsonSchema;

# As much of JSON Schema 2020-12 as conf/openapi.json uses, and dies of any
# keyword beyond that: what is not looked at is not to be taken for valid.
#
#     my @wrong = JsonSchema::validate($document, $schema, $value, 'body');
#
# $document is what references point into (RFC 6901).  The list has a sentence
# for each fault; an empty one says that the value is valid.

use strict;
use warnings;

use B ();
use Cpanel::JSON::XS ();

# The keywords that validate() looks at, and those that say nothing it could.
our %Keyword = map { $_ => 1 } qw($ref type enum const properties required additionalProperties
    items pattern minimum maximum minLength maxLength minItems maxItems format oneOf anyOf allOf
    description default examples contentMediaType);

our %Format = (
    'date-time' => qr/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T
        (?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\z/x,
    'uri' => qr/^[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:\/?#\[\]\@!\$&'()*+,;=%-]+\z/,
    'uri-reference' => qr/^[A-Za-z0-9._~:\/?#\[\]\@!\$&'()*+,;=%-]+\z/,
    'binary' => qr/^/,
    'password' => qr/^/,
);

# Follows references within the document, one after the other.
sub resolve {
    my ($document, $node) = @_;
    while (ref $node eq 'HASH' && exists $node->{'$ref'}) {
        my $ref = $node->{'$ref'};
        $node = $document;
        $node = $node->{$_} // die "no $ref" for map { s/~1/\//gr =~ s/~0/~/gr } split m{/}, substr $ref, 2;
    }
    return $node;
}

# Calls $visit->($schema, $at) for each schema in this one.
sub each_schema {
    my ($node, $at, $visit) = @_;
    $visit->($node, $at);
    for my $word (qw(oneOf anyOf allOf)) {
        my $n = 0;
        each_schema($_, "$at/$word/" . $n++, $visit) for @{ $node->{$word} || [] };
    }
    each_schema($node->{properties}{$_}, "$at/$_", $visit) for sort keys %{ $node->{properties} || {} };
    each_schema($node->{items}, "$at/items", $visit) if $node->{items};
}

sub type_of {
    my ($value) = @_;
    return 'null' if !defined $value;
    return 'array' if ref $value eq 'ARRAY';
    return 'object' if ref $value eq 'HASH';
    return 'boolean' if ref $value;
    my $flags = B::svref_2object(\$value)->FLAGS;
    return 'string' if $flags & B::SVf_POK || !($flags & (B::SVf_IOK | B::SVf_NOK));
    return $value == int $value ? 'integer' : 'number';
}

sub same {
    my ($x, $y) = map { Cpanel::JSON::XS->new->canonical->allow_nonref->encode($_) } @_;
    s/^(-?\d+)\.0\z/$1/ for $x, $y;
    return $x eq $y;
}

# What is wrong with the value, as a list of sentences; none: it is valid.
sub validate {
    my ($document, $schema, $value, $at) = @_;
    my @wrong;
    my $type = type_of($value);

    for my $word (keys %$schema) {
        die "$at: the keyword $word is not known here" unless $Keyword{$word};
    }
    push @wrong, validate($document, resolve($document, $schema), $value, $at) if exists $schema->{'$ref'};

    if (defined(my $want = $schema->{type})) {
        my %may = map { $_ => 1 } ref $want ? @$want : $want;
        push @wrong, "$at is of type $type"
            unless $may{$type} || $type eq 'integer' && $may{number};
    }
    push @wrong, "$at is not in the enum: " . ($value // 'null')
        if $schema->{enum} && !grep { same($_, $value) } @{ $schema->{enum} };
    push @wrong, "$at is not the constant: " . ($value // 'null')
        if exists $schema->{const} && !same($schema->{const}, $value);

    if ($type eq 'string') {
        push @wrong, "$at does not fit $schema->{pattern}: $value"
            if exists $schema->{pattern} && ($value !~ /$schema->{pattern}/ || $value =~ /\n\z/);
        push @wrong, "$at is too short" if length $value < ($schema->{minLength} // 0);
        push @wrong, "$at is too long" if length $value > ($schema->{maxLength} // 9**9**9);
        if (my $format = $schema->{format}) {
            push @wrong, "$at is no $format: $value"
                if $value !~ ($Format{$format} // die "$at: unknown format $format");
        }
    }
    if ($type eq 'integer' || $type eq 'number') {
        push @wrong, "$at is too small: $value" if $value < ($schema->{minimum} // -9**9**9);
        push @wrong, "$at is too large: $value" if $value > ($schema->{maximum} // 9**9**9);
    }
    if ($type eq 'array') {
        push @wrong, "$at has too few items" if @$value < ($schema->{minItems} // 0);
        push @wrong, "$at has too many items" if @$value > ($schema->{maxItems} // 9**9**9);
        push @wrong, map validate($document, $schema->{items}, $value->[$_], "$at/$_"), 0 .. $#$value
            if $schema->{items};
    }
    if ($type eq 'object') {
        my $known = $schema->{properties} || {};
        push @wrong, map "$at/$_ is missing",
            grep { !exists $value->{$_} } @{ $schema->{required} || [] };
        push @wrong, map validate($document, $known->{$_}, $value->{$_}, "$at/$_"),
            grep { exists $value->{$_} } sort keys %$known;
        if (exists $schema->{additionalProperties}) {
            die "$at: additionalProperties other than false" if $schema->{additionalProperties};
            push @wrong, map "$at/$_ is not documented", grep { !$known->{$_} } sort keys %$value;
        }
    }

    for my $word (grep { $schema->{$_} } qw(oneOf anyOf allOf)) {
        my @each = map [validate($document, $_, $value, $at)], @{ $schema->{$word} };
        my $fit = grep { !@$_ } @each;
        push @wrong, "$at fits $fit of $word: " . join '; ', map @$_, @each
            unless $word eq 'oneOf' ? $fit == 1 : $word eq 'anyOf' ? $fit : $fit == @each;
    }
    return @wrong;
}

1;
