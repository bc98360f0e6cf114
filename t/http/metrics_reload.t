# What nginx has counted, when it reads its configuration again: with fewer workers, and with
# nothing left that counts.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use Test::More;

use PlatenServer;

my $temp = File::Temp->newdir('platen-reload-XXXXXX', DIR => '/var/tmp');
my $server = PlatenServer->new(dir => "$temp", workers => 3);
my $conf = "$temp/nginx.conf";
$server->nginx_start;

# Reads a changed configuration, and waits for workers that are others.
sub reload {
    my ($change) = @_;
    my %old = map { $_ => 1 } $server->nginx_workers;
    my $text = PlatenServer::slurp($conf);
    $change->(\$text);
    PlatenServer::spew($conf, $text);
    kill HUP => $server->{nginx};
    return PlatenServer::eventually(30, sub { my @now = $server->nginx_workers; @now && !grep $old{$_}, @now });
}

sub told { my ($name) = @_; return ($server->http(GET => '/metrics')->content =~ /^\Q$name\E (\S+)$/m)[0] }

$server->http(GET => '/health') for 1 .. 5;
# Each is counted after its answer, by a worker that may be another than the one that is asked now.
ok PlatenServer::eventually(10, sub { told('platen_http_requests_total{route="health",status="2xx"}') == 5 }), 'five requests';
# A place that a worker had who has no successor.
ok reload(sub { ${ $_[0] } =~ s/worker_processes 3/worker_processes 1/ }), 'one worker for three';
is told('platen_http_requests_total{route="health",status="2xx"}'), 5, 'they are counted still';
is told('platen_subscribers'), 0, 'and nobody waits';

ok reload(sub { ${ $_[0] } =~ s/location \/ \{.*?\}/location \/ { error_page 404 \/problem; return 404; } location = \/problem { internal; platen_problem; }/s }),
    'nothing is left but the error page';
my ($worker) = $server->nginx_workers;
my $answer = $server->http(GET => '/nothing');
is $answer->code, 404, 'which answers';
like $answer->content, qr/"code":"not_found"/, 'as a problem';
is_deeply [$server->nginx_workers], [$worker], 'by a worker that goes on';
$server->nginx_stop;
unlike PlatenServer::slurp("$temp/logs/error.log"), qr/exited on signal/, 'none has crashed';
done_testing;
