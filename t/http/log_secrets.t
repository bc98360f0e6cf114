# What a query says that nobody but the client should know: NGINX's own logs have asterisks, whatever its name looks like.

use lib 't/lib';
use TestPlaten;

our $Config = "
    access_log $Var/access.log;
    location / { platen_api; platen_api_keys $Var/keys; platen_webhooks on; platen_signing_key $Var/signing-now; }";

run_tests();

__DATA__

=== TEST 1: every name that is taken, slips of it, and URLs that were not encoded
--- config eval: $::Config
--- flow
my @queries = (map("$_=sesame",
    qw(password Password PASSWORD open_password open-password passwrod pass%77ord passphrase Webhook_URL webhook-url webhook%5Furl
       webhookUrl callback_url api_key X-API-Key access_token signature)),
    'webhook_url=https://h.example/sesame', 'webhook_url=https://h.example/?a=1&b=sesame&c=sesame&to=pdf', 'webhook_url=https://h/?token=sesame');
for my $query (@queries) {
    for my $path ('/jobs', '/nothing', '/jobs/x', '/uploads/', '/convert') {
        http($_ => "$path?pages=1-2&$query&filename=open.txt", content => 'x') for qw(GET POST);
    }
}
my $access;
ok eventually(10, sub { $access = slurp("$::Var/access.log"); (() = $access =~ /pages=1-2&\S+&filename=open\.txt /g) == 10 * @queries }),
    'all are logged, with what is no secret';
my $errors = error_log_text();
is_deeply [grep /sesame/, split /^/, $access], [], 'asterisks in the access log';
is_deeply [$errors =~ /request: "([^"]*sesame[^"]*)"/g], [], 'and in the error log';
like $access, qr{webhook_url=\*+&b=\*{6}&c=\*{6}&to=pdf&}, 'of a URL that was not encoded, all that is no parameter';



=== TEST 2: and it is taken as it was
--- config eval: $::Config
--- flow
my $answer = http(POST => '/jobs?to=pdf&filename=a.txt&webhook_url=https://h.example/%3Fa=b', content => 'text');
is $answer->code, 202, 'a webhook';
$answer = http(POST => '/jobs?to=pdf&filename=a.txt&webhook_url=nonsense', content => 'text');
problem_is $answer, 422, 'invalid_parameter', 'one that is none';
