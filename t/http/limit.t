# Rates and connections: anonymous clients are limited by address, keys are not.

use lib 't/lib';
use TestPlaten;

# What conf/nginx.conf has, with its own words.
our $Conf = slurp("$Root/conf/nginx.conf");
our ($Zones) = $Conf =~ /((?:    limit_\w+_zone [^\n]*\n)+)/ or die;
our ($Limits) = $Conf =~ /((?:            limit_[^\n]*\n)+)/ or die;
our ($Shipped) = $Conf =~ /(error_page 400.*?)\n    \}\n\}/s or die;
our $Config = "
    access_log $Test::Nginx::Util::ServRoot/logs/limit.log limit;
    location / { platen_api; platen_api_keys $Var/keys; $Limits }
    location /user/ { platen_api; platen_api_keys $Var/keys; platen_client \$http_x_user; $Limits }
    location /client/ { platen_api; platen_api_keys $Var/keys; limit_req zone=clients; limit_req_status 429; }
    $Shipped";
our $Http = "$HttpConfig $Zones
    limit_req_zone \$platen_client zone=clients:1m rate=1r/m;
    log_format limit '\$status client=\$platen_client limit=\$platen_limit';";

# How many of so many requests at once get which status.
sub statuses {
    my ($n, $path, %header) = @_;
    my %count;
    $count{ get($path, %header)->code }++ for 1 .. $n;
    return \%count;
}

run_tests();

__DATA__

=== TEST 1: an address without a key: 10 a second, and a burst
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
like $main::Zones, qr/rate=10r\/s/, 'the rate';
my $begin = time;
my ($limited, $seen) = (undef, 0);
# Each takes a place in the burst; the rate gives back ten in a second.
for (1 .. 2000) {
    my $response = get('/jobs', key => undef);
    $seen++ if $response->code == 401;
    $limited = $response, last if $response->code == 429;
}
my $seconds = time - $begin;
problem_is $limited, 429, 'too_many_requests', 'then 429, as a problem';
is $limited->header('Retry-After'), 1, 'Retry-After';
cmp_ok $seen, '>=', 10, 'not before the burst is used up';
cmp_ok $seen, '<=', 50 + 10 * (1 + $seconds), 'and no later than the rate has it';
ok eventually(20, sub { get('/jobs', key => 'wrong')->code == 429 }), 'a wrong key is none';
is_deeply statuses(300, '/jobs'), { 200 => 300 }, 'a key is not limited';
is_deeply statuses(50, '/jobs', key => 'bob'), { 200 => 50 }, 'nor is another';
ok eventually(20, sub { get('/jobs', key => undef)->code == 401 }), 'and it passes';



=== TEST 2: what the variables say
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
get('/jobs');
get('/jobs', key => 'wrong');
get('/user/jobs', key => undef, 'X-User' => 'carol');
get('/none');
my $log;
eventually(5, sub { ($log = slurp("$Test::Nginx::Util::ServRoot/logs/limit.log")) =~ /^404/m });
like $log, qr/^200 client=alice limit=$/m, 'a key';
like $log, qr/^401 client=- limit=\\x7F\\x00\\x00\\x01$/m, 'no key: the address';
like $log, qr/^200 client=var:carol limit=$/m, 'a variable';
like $log, qr/^404 client=alice limit=$/m, 'a path that there is not';



=== TEST 3: by client, where that is configured
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
is get('/client/jobs')->code, 200, 'one';
problem_is get('/client/jobs'), 429, 'too_many_requests', 'two of one client';
is get('/client/jobs', key => 'bob')->code, 200, 'another client';
is_deeply statuses(5, '/client/jobs', key => undef), { 401 => 5 }, 'who has no name is not counted there';



=== TEST 4: connections of an address
--- http_config eval: $::Http
--- config eval
"location / { platen_api; platen_api_keys off; $::Limits } $::Shipped" =~ s/limit_req [^;]*;//r
--- flow
my ($max) = $main::Limits =~ /limit_conn +\w+ (\d+);/;
my @held = map {
    my $socket = raw_open();
    $socket->print("POST /jobs?to=pdf&filename=a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx");
    $socket;
} 1 .. $max;
my $response;
ok eventually(5, sub { ($response = get('/jobs', key => undef))->code == 429 }), 'one more than may be';
problem_is $response, 429, 'too_many_requests', 'as a problem';
close $_ for @held;
ok eventually(5, sub { get('/jobs', key => undef)->code == 200 }), 'and when they are gone';
