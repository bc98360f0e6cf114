# conf/alerts.yml and conf/grafana.json: each number that they ask for is one that is told,
# and each rule speaks up at its fault, and at no other time.

use lib 't/lib';
use TestPlaten;
use Cpanel::JSON::XS ();

our %Type; # the names of families
{
    $Type{$_} = 1 for map slurp("$Root/$_") =~ /"(platen_[a-z_]+)"/g, qw(sidecar/metrics.c ngx_module/view/metrics.c);
}

# The names of samples in a query, without what Prometheus makes of them.
sub names_in {
    return map { s/_(?:bucket|sum|count)\z//r } $_[0] =~ /\b(platen_[a-z_]+)/g;
}

run_tests();

__DATA__

=== TEST 1: the dashboard asks for what is told
--- flow
my $dashboard = Cpanel::JSON::XS->new->utf8->decode(slurp("$::Root/conf/grafana.json"));
my @panels = @{ $dashboard->{panels} };
cmp_ok scalar(@panels), '>', 10, 'panels';
for my $panel (@panels) {
    my @exprs = map $_->{expr}, @{ $panel->{targets} };
    ok @exprs && !grep({ !defined } @exprs), "$panel->{title} has queries";
    is_deeply [grep !$main::Type{$_}, map main::names_in($_), @exprs], [], 'of numbers that there are';
}
my (%id, %place);
is_deeply [grep $id{ $_->{id} }++ || $place{"$_->{gridPos}{x} $_->{gridPos}{y}"}++, @panels], [], 'each in a place of its own';



=== TEST 2: so do the rules
--- flow
my @exprs = map { s/^\s*(?:expr:|>-)//r } slurp("$::Root/conf/alerts.yml") =~ /^ +expr:.*?(?=^ +(?:for|labels):)/msg;
cmp_ok scalar(@exprs), '>=', 9, 'rules';
is_deeply [grep !$main::Type{$_}, map main::names_in($_), @exprs], [], 'of numbers that there are';



=== TEST 3: each rule at its fault
--- flow
SKIP: {
    my $promtool = promtool();
    skip 'there is no promtool (t/lib/fetch-promtool)', 2 if !$promtool;
    my $said = `$promtool check rules $::Root/conf/alerts.yml 2>&1`;
    is $?, 0, 'they are well-formed' or diag $said;
    $said = `$promtool test rules $::Root/t/data/alerts_test.yml 2>&1`;
    is $?, 0, 'each speaks up, and only then' or diag $said;
}
