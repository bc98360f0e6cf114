# conf/grafana.json: Grafana's types take it, and each query of a panel, asked of a Prometheus that reads
# a service that runs, has an answer once there were jobs: converted, failed, and of a batch.

use lib 't/lib';
use TestPlaten;
use TestBatch;
use TestPlace;

our @Engines = (only_script(copies => 'read -r word < "$1"; [ "$word" != bad ] || exit 65; exec /bin/cp $TINY_PDF "$2"', $Var));
our $Dashboard = Cpanel::JSON::XS->new->utf8->decode(slurp("$Root/conf/grafana.json"));

# What has no answer here: there is no LibreOffice among the engines.
our %Empty = ('LibreOffice: starts' => 1);

# As Grafana fills in its variables.
sub filled { return $_[0] =~ s/\$__rate_interval/1m/gr =~ s/\$instance/.*/gr }

sub ask {
    my ($port, $what, @arguments) = @_;
    my $url = URI->new("http://127.0.0.1:$port/api/v1/$what");
    $url->query_form(@arguments);
    my $response = LWP::UserAgent->new(timeout => 10)->get($url);
    return json_of($response);
}

# The queries without an answer, or with one that is no number.
sub unanswered {
    my ($port) = @_;
    my @none;
    for my $panel (grep !$Empty{ $_->{title} }, @{ $Dashboard->{panels} }) {
        for my $target (@{ $panel->{targets} }) {
            my $answer = ask($port, 'query', query => filled($target->{expr}));
            my @values = map $_->{value}[1], @{ $answer->{data}{result} // [] };
            push @none, "$panel->{title} $target->{refId}: " . ($answer->{error} // "@values") if !grep $_ ne 'NaN', @values;
        }
    }
    return @none;
}

run_tests();

__DATA__

=== TEST 1: Grafana's types take it
--- flow
SKIP: {
    my $dir = "$TestPlaten::Build/typescript";
    my $why = qx($::Root/t/lib/fetch-typescript $dir 2>&1);
    skip "what has them is not to be had: $why", 1 if !-e "$dir/node_modules/\@grafana/schema";
    mkdir "$::Var/types";
    symlink "$dir/node_modules", "$::Var/types/node_modules";
    spew("$::Var/types/package.json", '{ "type": "module" }');
    my $text = slurp("$::Root/conf/grafana.json");
    my %file = (dashboard => $text, other => $text =~ s/"legendFormat"/"legend"/r);
    spew("$::Var/types/$_.ts", slurp("$::Root/t/house/dashboard.ts") . "$file{$_};\n") for keys %file;
    my $said = qx(cd $::Var/types && $dir/node_modules/.bin/tsc --noEmit --strict --target es2022 --module nodenext --skipLibCheck dashboard.ts other.ts 2>&1);
    unlike $said, qr/^dashboard/m, 'each member is one that it has';
    like $said, qr/^other\.ts.*'"legend"' does not exist/m, 'and one that it has not is found';
}



=== TEST 2: each query has an answer
--- config eval: "location / { platen_api; platen_api_keys $::Var/keys; } location = /metrics { platen_metrics; }"
--- flow
SKIP: {
    my ($program) = grep -x, "$TestPlaten::Build/prometheus", '/usr/bin/prometheus';
    skip 'there is no Prometheus (t/lib/fetch-promtool)', 1 if !$program;
    platend_start(@::Engines);
    my $port = TestPlace::port();
    spew("$::Var/prometheus.yml", "global: { scrape_interval: 1s }\nscrape_configs:\n- job_name: platen\n  static_configs:\n  - targets: ['127.0.0.1:" . server_port() . "']\n");
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        delete @ENV{qw(http_proxy HTTP_PROXY https_proxy HTTPS_PROXY)};
        open STDOUT, '>', "$::Var/prometheus.log";
        open STDERR, '>&', \*STDOUT;
        exec $program, "--config.file=$::Var/prometheus.yml", "--storage.tsdb.path=$::Var/prometheus", "--web.listen-address=127.0.0.1:$port" or POSIX::_exit(127);
    }
    my $up = sub { my $answer = eval { main::ask($port, 'query', query => 'up') }; return ($answer->{data}{result}[0]{value}[1] // 0) == 1 };
    ok eventually(60, $up), 'it reads the numbers' or diag slurp("$::Var/prometheus.log");
    my (@none, $n);
    # What is counted for the first time has no rate yet, so there are jobs until all have one.
    my $work = sub {
        $n++;
        main::text_job("$_ $n\n") for 'good', "bad\n";
        http(POST => '/jobs?to=nonsense', content => 'x');
        wait_job(json_of(http(POST => '/jobs?to=pdf', 'Content-Type' => 'application/zip', content => zip_of('a.txt' => "one $n", 'b.txt' => "bad\n$n")))->{job_id});
        @none = main::unanswered($port);
        return !@none;
    };
    ok eventually(60, $work), 'each query of a panel' or diag join "\n", @none;
    my ($variable) = map $_->{query}, grep $_->{type} eq 'query', @{ $::Dashboard->{templating}{list} };
    my ($metric, $label) = $variable =~ /\Alabel_values\((\w+), (\w+)\)\z/ or fail $variable;
    is scalar @{ main::ask($port, "label/$label/values", 'match[]' => $metric)->{data} }, 1, 'and the list of instances';
    kill TERM => $pid;
    waitpid $pid, 0;
    platend_stop();
}
