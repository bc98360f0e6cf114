# conf/openapi.json and the running server, held to each other in both directions.

use lib 't/lib';
use TestPlaten;
use JsonSchema;
use ProvokeBatches;
use ProvokeDocuments;
use ProvokePages;
use ProvokeThumbnails;
use ProvokeUploads;
use ProvokeWebSocket;

our $Text = slurp("$Root/conf/openapi.json");
our $Doc = Cpanel::JSON::XS->new->utf8->decode($Text);
our $Docx = slurp(sample('hello.docx'));
# One of its entries leads out of the directory that it would be unpacked in.
our $Unsafe = $Docx =~ s{docProps/app\.xml}{docProps/../ab.x}gr;
our $None = '01890000-0000-7000-8000-000000000000';
our ($Job, $Failed, $Full, %Seen, %Code, %Member);
our @Methods = qw(get head post put patch delete options);

# Takes connections and says nothing.
our $Mute = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die;

# The server block's own directives of conf/nginx.conf, location / aside.
our ($Shipped) = slurp("$Root/conf/nginx.conf") =~ /(error_page 400.*?)\n    \}\n\}/s;

# --- the document ----------------------------------------------------------

sub resolve { JsonSchema::resolve($Doc, @_) }
sub validate { JsonSchema::validate($Doc, @_) }

# "GET /jobs" => { 200 => response, ..., default => response }
our %Operation;
for my $path (keys %{ $Doc->{paths} }) {
    for my $method (grep { $_ ne 'parameters' } keys %{ $Doc->{paths}{$path} }) {
        my $operation = $Doc->{paths}{$path}{$method};
        $Operation{ uc($method) . " $path" } = {
            map { $_ => resolve($operation->{responses}{$_}) } keys %{ $operation->{responses} } };
    }
}

# Calls $visit->($node, $at) for every object outside of schemas and examples.
sub each_object {
    my ($node, $at, $visit) = @_;
    if (ref $node eq 'ARRAY') {
        each_object($node->[$_], "$at/$_", $visit) for 0 .. $#$node;
    }
    return if ref $node ne 'HASH';
    $visit->($node, $at);
    each_object($node->{$_}, "$at/$_", $visit)
        for grep { !/^(?:schema|schemas|example|examples)\z/ } sort keys %$node;
}

# --- answers ---------------------------------------------------------------

# What HTTP itself, nginx, or LWP adds to any answer.
our %Transport = map { $_ => 1 } qw(date server connection content-length content-type
    transfer-encoding keep-alive);

# What is wrong with an answer, against one response of the document.
sub answer_faults {
    my ($method, $response, $documented) = @_;
    my @wrong;

    my $headers = $documented->{headers} || {};
    my %header = map { lc $_ => resolve($headers->{$_}) } keys %$headers;
    for my $name ($response->header_field_names) {
        next if $Transport{ lc $name } || $name =~ /^Client-/i;
        push @wrong, "the header $name is not documented" unless $header{ lc $name };
        my @values = $response->header($name);
        push @wrong, "the header $name comes more than once" if @values > 1;
    }
    for my $name (keys %header) {
        my $value = $response->header($name);
        push @wrong, "the header $name is missing" if $header{$name}{required} && !defined $value;
        next unless defined $value;
        $value += 0 if ($header{$name}{schema}{type} // '') eq 'integer' && $value =~ /^\d+\z/;
        push @wrong, validate($header{$name}{schema}, $value, "header $name");
    }

    my $content = $documented->{content};
    my $type = $response->header('Content-Type');
    if (!$content) {
        push @wrong, "there is a Content-Type: $type" if defined $type;
        push @wrong, 'there is a body' if length $response->content;
        return @wrong;
    }
    my ($media) = ($type // '') =~ /^([^;\s]+)/;
    my $as = $content->{ $media // '' } || $content->{'*/*'};
    return @wrong, 'the Content-Type is not documented: ' . ($type // 'none') if !$as || !$media;

    if ($method eq 'HEAD') {
        push @wrong, 'a HEAD has a body' if length $response->content;
        return @wrong;
    }
    return @wrong, validate($as->{schema}, $response->content, 'body')
        unless $media =~ /json\z/ && $content->{$media};
    my $body = eval { json_of($response) } // return @wrong, "the body is not JSON: $@";
    push @wrong, validate($as->{schema}, $body, 'body');
    notice($body);
    return @wrong;
}

# Keeps what real answers have shown of jobs and problems.
sub notice {
    my ($body) = @_;
    return if ref $body ne 'HASH';
    $Code{ $body->{code} } = 1 if exists $body->{code};
    for my $job (exists $body->{job_id} ? $body : @{ $body->{jobs} || [] }) {
        for my $name (keys %$job) {
            my $kind = JsonSchema::type_of($job->{$name});
            $Member{Job}{$name}{$kind} = 1;
        }
        for my $file (@{ $job->{files} }) {
            $Member{File}{$_}{ JsonSchema::type_of($file->{$_}) } = 1 for keys %$file;
        }
        $Member{State}{ $job->{status} } = 1;
        $Member{JobError}{ $job->{error_code} } = 1 if defined $job->{error_code};
    }
}

# One test: the answer is documented for that operation, and is as documented.
sub answers {
    my ($operation, $response, $status) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $documented = $Operation{$operation}{ $response->code };
    my $as = $documented ? $response->code : 'default';
    $documented //= $Operation{$operation}{default};
    my @wrong = $documented
        ? answer_faults($operation =~ /^(\w+)/, $response, $documented) : 'not documented';
    unshift @wrong, "the status is $as (" . $response->code . ')' if $as ne $status;
    $Seen{"$operation $as"} = 1;
    ok !@wrong, "$operation $status"
        or diag join "\n", @wrong, $response->as_string =~ s/[^\n -~]/?/gr =~ s/\A(.{2000}).*/$1/sr;
}

# --- how to provoke what ---------------------------------------------------

sub key_head { "Host: x\r\nX-API-Key: $Key{alice}\r\n" }
sub form { [ file => [ undef, 'a.docx', Content => $Docx ], target_format => $_[0] // 'pdf' ] }
sub own { "/jobs/$Job->{job_id}" . ($_[0] // '') }

# A stream that does not end: its head, and what it says first.
sub moment {
    my ($method, $path) = @_;
    my $socket = raw_open();
    $socket->print("$method $path HTTP/1.1\r\n" . key_head() . "\r\n");
    $socket->flush;
    my $text = '';
    local $SIG{ALRM} = sub { die "no answer to $method $path: $text" };
    alarm TestPlace::patience(30);
    until ($text =~ /\r\n\r\n(.*)/s && ($method eq 'HEAD' || length $1)) { sysread $socket, $text, 65536, length $text or last }
    alarm 0;
    return HTTP::Response->parse($text);
}

sub until_500 {
    my ($send) = @_;
    my $response;
    eventually(20, sub { ($response = $send->())->code == 500 });
    return $response;
}

# A submission of each kind that is refused with that status.
our %Refusal = (
    400 => sub { my $path = shift; (
        post_form($path, form('docx')), post_form($path, form('nope')), post_form($path, form('parquet')),
        http(POST => $path, content => 'x', 'Content-Type' => 'multipart/form-data'),
        raw("POST $path HTTP/1.1\r\n" . key_head() . "Transfer-Encoding: chunked\r\n\r\nzz\r\n")) },
    401 => sub { post_form($_[0], form(), key => undef) },
    408 => sub { raw("POST /slow$_[0]?to=pdf HTTP/1.1\r\n" . key_head() . "Content-Length: 100\r\n\r\nx") },
    413 => sub { my $path = shift; (
        post_form("/small$path", form()),
        post_form($path, [ map { ("f$_" => 1) } 1 .. 200 ])) },
    422 => sub { my $path = shift; (
        post_form($path, [ file => [sample('hello.docx')] ]),
        post_form($path, [ to => 'pdf' ]),
        post_form($path, form('x' x 300)),
        post_form($path, [ @{ form() }, width => 'x' ]),
        post_form($path, [ @{ form() }, csv_delimiter => ';' ]),
        post_form("/single$path", [ @{ form() }, @{ form() } ]),
        post_form($path, [ @{ form() }, ttl => '1h' ]),
        post_form($path, [ @{ form() }, ttl => 9_999_999_999 ]),
        post_form($path, [ @{ form() }, priority => 'now' ]),
        post_form($path, [ @{ form() }, webhook_url => 'http://example.com/' ]),
        post_form($path, form(), 'Idempotency-Key' => 'x' x 256),
        (map { post_form($path, form($_), 'Idempotency-Key' => "one key of $path") } 'pdf', 'odt')[1],
        http(POST => "$path?to=pdf", content => ''),
        http(POST => "$path?to=pdf&filename=a.xlsx", content => $Docx),
        http(POST => "$path?to=pdf&filename=a.docx", content => $Unsafe),
        http(POST => "$path?to=pdf", content => "\0\1\2\3" x 50)) },
);

# state of the server => { "METHOD,METHOD path status" => sub ($method) { answers } }
our %Provoke = (
    # before any sidecar has run
    fresh => {
        'GET,HEAD /health/ready 503' => sub { http($_[0] => '/health/ready', key => undef) },
        'GET,HEAD /formats 503' => sub { http($_[0] => '/formats', key => undef) },
        'POST /jobs 503' => sub { post_form('/full/jobs', form()) },
        'POST /jobs 429' => sub { post_form('/one/jobs', form()) },
        'POST /jobs/submit 429' => sub { post_form('/one/jobs/submit', form()) },
        'POST /jobs/submit 503' => sub { post_form('/full/jobs/submit', form()) },
        'POST /convert 503' => sub { post_form('/full/convert', form()) },
    },
    # with a sidecar, and $Job converted
    running => {
        'GET,HEAD / 200' => sub { http($_[0] => '/', key => undef) },
        'GET,HEAD /health 200' => sub { http($_[0] => '/health', key => undef) },
        'GET,HEAD /health/ready 200' => sub { http($_[0] => '/health/ready', key => undef) },
        'GET,HEAD /metrics 200' => sub { http($_[0] => '/metrics') },
        'GET,HEAD /metrics 401' => sub { http($_[0] => '/metrics', key => undef) },
        'GET,HEAD /formats 200' => sub { http($_[0] => '/formats', key => undef) },
        'GET,HEAD /openapi.json 200' => sub { http($_[0] => '/openapi.json', key => undef) },

        'GET,HEAD /jobs 200' => sub { map http($_[0] => "/jobs?$_"), '', 'limit=1', 'limit=1&offset=10000' },
        'GET,HEAD /jobs 401' => sub { http($_[0] => '/jobs', key => undef) },
        'GET,HEAD /jobs 422' => sub { map http($_[0] => "/jobs?$_"), 'limit=0', 'status=X', 'cursor=x' },

        'GET,HEAD /usage 200' => sub { map http($_[0] => $_), '/usage', '/poor/usage' },
        'GET,HEAD /usage 401' => sub { http($_[0] => '/usage', key => undef) },
        (map { my $path = $_; ("POST $path 507" => sub { post_form("/poor$path", form()) }) } '/jobs', '/jobs/submit', '/convert'),

        'POST /jobs 202' => sub { (post_form('/jobs', form()), post_form('/jobs', [ @{ form() }, pdfa => '2b', pdfua => 1 ]),
            http(POST => '/jobs?to=pdf', content => $Docx)) },
        'POST /jobs/submit 200' => sub { post_form('/jobs/submit', form()) },
        'POST /jobs/{id}/retry 202' => sub { http(POST => "/jobs/$Failed->{job_id}/retry") },
        'POST /jobs/{id}/retry 409' => sub { http(POST => own('/retry')) },
        'POST /convert 200' => sub { post_form('/convert', form()) },
        'POST /convert 202' => sub { post_form('/convert', form(), Prefer => 'respond-async') },
        (map { my $status = $_; map { my $path = $_;
            ("POST $path $status" => sub { $Refusal{$status}->($path) }) } '/jobs', '/jobs/submit', '/convert' }
            sort keys %Refusal),
        'POST /convert 422' => sub { ($Refusal{422}->('/convert'),
            http(POST => '/convert?to=txt&filename=a.pdf', content => "%PDF-1.4\nno more")) },


        'GET,HEAD /jobs/{id}/events 200' => sub { http($_[0] => own('/events')) },
        'GET,HEAD /jobs/{id}/events 204' => sub {
            my ($id) = get(own('/events'))->content =~ /.*^id: (\d+)/ms;
            (http($_[0] => own('/events'), 'Last-Event-ID' => $id), http($_[0] => own("/events?last_event_id=$id"))) },
        'GET,HEAD /events 200' => sub { moment($_[0], '/events') },
        'GET,HEAD /events 401' => sub { http($_[0] => '/events', key => undef) },
        'GET,HEAD /events 422' => sub { http($_[0] => '/events?last_event_id=x') },

        'GET,HEAD /jobs/{id} 304' => sub { http($_[0] => own(), 'If-None-Match' => get(own())->header('ETag')) },
        'DELETE /jobs/{id} 204' => sub { http(DELETE => '/jobs/' . submit(content => 'x', name => 'x.txt', to => 'pdf')->{job_id}) },

        (map { my ($operation, $path) = @$_; (
            "$operation 401" => sub { http($_[0] => $path->($None), key => undef) },
            "$operation 404" => sub { (http($_[0] => $path->($None)), http($_[0] => $path->($Job->{job_id}), key => 'bob')) },
            "$operation 422" => sub { http($_[0] => $path->('no-id')) },
        ) } ['DELETE /jobs/{id}', sub { "/jobs/$_[0]" }],
            ['GET,HEAD /jobs/{id}', sub { "/jobs/$_[0]?wait=0" }],
            ['GET,HEAD /jobs/{id}/events', sub { "/jobs/$_[0]/events" }],
            ['POST /jobs/{id}/retry', sub { "/jobs/$_[0]/retry" }]),
    },
    # with the server block of conf/nginx.conf, whose error pages are problems
    shipped => {
        map { my ($methods, $path) = @$_; my $where = $path =~ s/\{id\}/$None/r;
            ("$methods $path default" => sub {
                (http($_[0] => $where, 'X-Long' => 'x' x 9000), http($_[0] => "$where?" . 'x' x 9000)) })
        } ['GET,HEAD', '/'], ['GET,HEAD', '/health'], ['GET,HEAD', '/health/ready'], ['GET,HEAD', '/metrics'], ['GET,HEAD', '/formats'],
          ['GET,HEAD', '/openapi.json'], ['GET,HEAD,POST', '/jobs'], ['POST', '/jobs/submit'],
          ['POST', '/convert'], ['GET,HEAD', '/usage'], ['GET,HEAD', '/events'], ['GET,HEAD', '/jobs/{id}/events'],
          ['GET,HEAD,DELETE', '/jobs/{id}'], ['POST', '/jobs/{id}/retry']
    },
    # with a file in place of the store
    broken => {
        'GET,HEAD /health/ready 503' => sub { http($_[0] => '/health/ready', key => undef) },
        'GET,HEAD /formats 503' => sub { http($_[0] => '/formats', key => undef) },
        'GET,HEAD /jobs 503' => sub { http($_[0] => '/jobs') },
        'GET,HEAD /usage 503' => sub { http($_[0] => '/usage') },
        'POST /jobs 503' => sub { post_form('/jobs', form()) },
        'POST /jobs/submit 503' => sub { post_form('/jobs/submit', form()) },
        'POST /convert 503' => sub { post_form('/convert', form()) },
        'GET,HEAD /events 503' => sub { http($_[0] => '/events') },
        'GET,HEAD /jobs/{id}/events 503' => sub { http($_[0] => "/jobs/$None/events") },
        'GET,HEAD,DELETE /jobs/{id} 503' => sub { http($_[0] => "/jobs/$None") },
        'POST /jobs/{id}/retry 503' => sub { http(POST => "/jobs/$None/retry") },
    },
    # with a thread pool of one thread, no queue, and another client's upload
    busy => {
        'POST /jobs 500' => sub { until_500(sub { post_form('/jobs', form()) }) },
        'POST /jobs/submit 500' => sub { until_500(sub { post_form('/jobs/submit', form()) }) },
        'POST /convert 500' => sub { until_500(sub { post_form('/convert', form()) }) },
        'DELETE /jobs/{id} 500' => sub { until_500(sub { http(DELETE => "/jobs/$None") }) },
        'POST /jobs/{id}/retry 500' => sub { until_500(sub { http(POST => "/jobs/$None/retry") }) },
    },
    # with data on a file system of 128 KiB
    full => {
        'POST /jobs 507' => sub { http(POST => '/jobs?to=pdf', content => "text\n" x 100_000) },
        'POST /convert 507' => sub { http(POST => '/convert?to=pdf', content => "text\n" x 100_000) },
        'POST /jobs/submit 507' => sub { http(POST => '/jobs/submit?to=pdf', content => "text\n" x 100_000) },
    },
    # with data on a file system that has less than platen_min_free
    low => {
        'POST /jobs/{id}/retry 507' => sub { http(POST => "/jobs/$None/retry") },
    },
);

ProvokeBatches::add(\%Provoke, $Docx, $Unsafe, sub { $Job->{job_id} }, sub { $Failed->{job_id} }, \&until_500);
ProvokeDocuments::add(\%Provoke, sub { $Job->{job_id} }, \&until_500);
ProvokePages::add(\%Provoke);
ProvokeThumbnails::add(\%Provoke, sub { $Job->{job_id} }, sub { $Failed->{job_id} });
ProvokeUploads::add(\%Provoke, $Docx, $Unsafe, \&until_500);
ProvokeWebSocket::add(\%Provoke, sub { $Job->{job_id} });

# "METHOD path status" => why no test of this kind gets there.
our %Unreachable = map { ("$_ 500" => 'only if nginx gets no memory') }
    map { ("GET $_", "HEAD $_") } qw(/ /health /health/ready /metrics /formats /openapi.json /jobs /jobs/{id}
        /usage /jobs/{id}/events /events /documents/{id});
%Unreachable = (%Unreachable, ProvokePages::unreachable(), ProvokeBatches::unreachable(), ProvokeWebSocket::unreachable());
$Unreachable{'POST /jobs/{id}/links 500'} = 'only if nginx gets no memory';

our %UnreachableJobError = (
    conversion_failed => 'every document of this test that can be read is converted',
    out_of_memory => 'the tests of the sidecar have it',
    out_of_disk => 'the tests of the sidecar have it',
    too_many_threads => 'the tests of the sidecar have it',
    result_missing => 't/ctl/platenctl_fsck.t has it',
    nothing_to_convert => 't/batch/batch.t has it',
    server_failed => 'a hundred failures of this machine in a row',
    unsupported_option => 'which options a conversion takes is checked before; two that exclude each other are in no route here',
);

our %UnreachableState = (
    CANCELLED => 'DELETE removes a job at once',
);

# What no job shows, of the types that the document allows.
our %UnreachableMember = ();

sub expand {
    my ($key) = @_;
    my ($methods, $rest) = $key =~ /^(\S+) (.*)/;
    return map "$_ $rest", split /,/, $methods;
}

sub provoke {
    my ($state) = @_;
    for my $key (sort keys %{ $Provoke{$state} }) {
        for (expand($key)) {
            my ($operation, $status) = /(.*) (\S+)/;
            answers($operation, $_, $status) for $Provoke{$state}{$key}->($operation =~ /^(\w+)/);
        }
    }
}

# A full disk needs one of its own: only root can have it.
if ($> == 0) {
    mkdir "$Var/small";
    $Full = system("mount -t tmpfs -o size=128k platen-test $Var/small 2>/dev/null") == 0;
}
$Unreachable{"POST $_ 507"} = 'this user cannot mount a small file system' for $Full ? () : ('/jobs', '/jobs/submit', '/convert');
$Unreachable{$_} = 'this user cannot mount a small file system' for $Full ? () : ('POST /uploads 507', 'PATCH /uploads/{id} 507');

END {
    my $status = $?;
    system("umount -l $Var/small") if $Full;
    $? = $status;
}

our $Locations = "
    client_body_buffer_size 64k;
    platen_signing_key $Var/signing-now;
    location / { platen_api; platen_api_keys $Var/keys; }
    location /unsigned/ { platen_api; platen_api_keys $Var/keys; platen_signing_key off; }
    location /small/ { platen_api; platen_api_keys $Var/keys; platen_max_file_size 1000; }
    location /single/ { platen_api; platen_api_keys $Var/keys; platen_batch off; }
    location /one/ { platen_api; platen_api_keys $Var/keys; platen_max_queue 100 client=1; }
    location /full/ { platen_api; platen_api_keys $Var/keys; platen_max_queue 1; }
    location /few/ { platen_api; platen_api_keys $Var/keys; platen_max_uploads 1; }
    location /poor/ { platen_api; platen_api_keys $Var/keys; platen_quota 1; }
    location /slow/ { platen_api; platen_api_keys $Var/keys; client_body_timeout 1s; }";

mkdir "$Var/broken";
spew("$Var/broken/data.mdb", 'this is no store' x 1000);

run_tests();

__DATA__

=== TEST 1: the server's description is the file
--- flow
my $response = get('/openapi.json', key => undef);
is $response->code, 200, 'open to everyone';
ok $response->content eq $main::Text, 'byte by byte';
is $main::Doc->{openapi}, '3.1.0', 'OpenAPI 3.1';



=== TEST 2: the document in itself: keywords, references, examples
--- flow
my ($schemas, $examples, @wrong) = (0, 0);
my %ref;
my $check = sub {
    my ($node, $at) = @_;
    JsonSchema::each_schema($node, $at, sub {
        my ($schema, $where) = @_;
        $schemas++;
        push @wrong, map "$where: $_ is a keyword that this test does not know",
            grep { !$JsonSchema::Keyword{$_} } keys %$schema;
        if ($schema->{'$ref'}) {
            $ref{ $schema->{'$ref'} } = 1;
            push @wrong, "$where: $schema->{'$ref'}" unless ref eval { main::resolve($schema) };
        }
        push @wrong, "$where: unknown format" if $schema->{format} && !$JsonSchema::Format{ $schema->{format} };
        my $known = $schema->{properties};
        push @wrong, map "$where: $_ is required but no property",
            grep { $known && !$known->{$_} } @{ $schema->{required} || [] };
        for my $example (@{ $schema->{examples} || [] },
                         exists $schema->{default} ? $schema->{default} : ()) {
            $examples++;
            push @wrong, map "$where: example: $_", main::validate($schema, $example, 'it');
        }
    });
};
$check->($main::Doc->{components}{schemas}{$_}, "schemas/$_") for sort keys %{ $main::Doc->{components}{schemas} };
main::each_object($main::Doc, '', sub {
    my ($node, $at) = @_;
    $ref{ $node->{'$ref'} } = 1 if ref $node->{'$ref'} eq '' && defined $node->{'$ref'};
    return unless ref $node->{schema};
    $check->($node->{schema}, $at);
    for my $example (exists $node->{example} ? $node->{example} : (),
                     map $_->{value}, values %{ ref $node->{examples} eq 'HASH' ? $node->{examples} : {} }) {
        $examples++;
        push @wrong, map "$at: example: $_", main::validate($node->{schema}, $example, 'it');
    }
});
is_deeply \@wrong, [], 'every example fits its schema';
cmp_ok $schemas, '>', 100, "schemas were looked at: $schemas";
cmp_ok $examples, '>', 30, "and examples: $examples";
for my $kind (qw(parameters requestBodies headers responses schemas)) {
    is_deeply [grep { !$ref{"#/components/$kind/$_"} } sort keys %{ $main::Doc->{components}{$kind} }], [],
        "none of the $kind is there for nothing";
}
my %id;
$id{ $_->{operationId} }++ for map { my $path = $_; map $path->{$_} || (), @main::Methods } values %{ $main::Doc->{paths} };
is_deeply [grep { $id{$_} > 1 } keys %id], [], 'operation ids are unique';
is scalar(keys %id), scalar(keys %main::Operation), 'and each operation has one';



=== TEST 3: the validator refuses what it should
--- flow
my $job = { %{ $main::Doc->{components}{responses}{TheJob}{content}{'application/json'}{examples}{success}{value} } };
my $schema = { '$ref' => '#/components/schemas/Job' };
is_deeply [main::validate($schema, $job, 'it')], [], 'a good one passes';
my @bad = (
    [job_id => 'x'], [status => 'DONE'], [input_size => '10'], [input_size => -1], [input_size => 1.5],
    [error_code => 'nope'], [progress => 1.5], [created_at => '2026-13-22T07:00:43.674309Z'],
    [created_at => '2026-11-22T07:00:43Z'], [files => {}], [output_file => ''], [attempts => undef],
    [more => 1], [options => { pages => '' }], [options => { width => '100' }], [options => { password => 'x' }],
    [options => { pdfua => 1 }], [options => []], [warnings => undef], [warnings => ['']], [cached => 0], [files => [{ id => 0, filename => 'a', status => 'SUCCESS' }]],
    [job_id => "$job->{job_id}\n"], [expires_at => 1],
);
for (@bad) {
    my ($name, $value) = @$_;
    ok scalar main::validate($schema, { %$job, $name => $value }, 'it'), "$name";
}
delete $job->{error};
ok scalar main::validate($schema, $job, 'it'), 'a missing member';
ok !eval { main::validate({ multipleOf => 2 }, 3, 'it'); 1 }, 'an unknown keyword dies';



=== TEST 4: routes, problems, states and formats: the sources and the document
--- flow
my $source = slurp("$::Root/ngx_module/http/route.c");
my ($table) = $source =~ /platen_routes\[\] = \{\n(.*?)\n\};/s or die 'no table of routes';
my (%route, %open);
while ($table =~ /\{\s*(\w+),\s*"([^"]*)",\s*([0-6]),/g) {
    my ($methods, $path, $open) = ($1, "/$2", $3 & 3); # 4: not in a subrequest
    for ($methods eq 'PLATEN_READ' ? qw(GET HEAD) : $methods =~ /^NGX_HTTP_(\w+)\z/ ? $1 : die $methods) {
        $route{"$_ $path"} = 1;
        $open{"$_ $path"} = $open;
    }
}
is scalar(() = $table =~ /\n? \{ /g) - 1, scalar(() = $table =~ /"/g) / 2, 'the table was understood';
is_deeply [sort keys %main::Operation], [sort keys %route], 'every route is documented, and none besides';
for (sort keys %main::Operation) {
    my ($method, $path) = split / /;
    my $security = $main::Doc->{paths}{$path}{ lc $method }{security};
    my $access = !defined $security ? 0 : !@$security ? 1 : grep({ $_->{SignedUrl} } @$security) ? 2 : 0;
    is $access, $open{$_}, "$_ " . ('needs a key', 'is open', 'takes a signed URL')[$open{$_}];
}

$source = slurp("$::Root/ngx_module/http/problem.c");
my %problem;
$problem{$3} = [$1, $2] while $source =~ /\{\s*(\d{3}),\s*(\d+),\s*"(\w+)",/g;
my $codes = $main::Doc->{components}{schemas}{ProblemCode};
is_deeply [sort @{ $codes->{enum} }], [sort keys %problem], 'every problem is in the enum, and none besides';
my %told = $codes->{description} =~ /^- `(\w+)`: (\d{3})\./mg;
is_deeply \%told, { map { $_ => $problem{$_}[0] } keys %problem }, 'and in its text, with its status';
for my $name (sort keys %{ $main::Doc->{components}{responses} }) {
    my $response = $main::Doc->{components}{responses}{$name};
    my $schema = (($response->{content} || next)->{'application/problem+json'} || next)->{schema};
    my $code = $schema->{properties}{code};
    my $status = $schema->{properties}{status} or next;
    my @codes = $code->{enum} ? @{ $code->{enum} } : $code->{const};
    is_deeply [grep { $problem{$_}[0] != $status->{const} } @codes], [], "$name: codes of its status";
    is !!$response->{headers}{'Retry-After'}, !!(grep { $problem{$_}[1] } @codes), "$name: Retry-After";
}

my %error = map { $_ => 1 }
    grep defined, slurp("$::Root/sidecar/schedule/finish.c") =~ /\bfail\(\s*v,\s*"(\w+)"|\{ PLATEN_RUN_\w+, "(\w+)"/g,
        slurp("$::Root/sidecar/ctl/fsck.c") =~ /error_code = PLATEN_STR\("(\w+)"\)/g;
is_deeply [sort @{ $main::Doc->{components}{schemas}{JobError}{enum} }], [sort keys %error], 'errors of jobs';
my %refusal = map { $_ => 1 } grep { !$error{$_} } slurp("$::Root/sidecar/batch/expand.c") =~ /\bfail\(e,\s*"(\w+)"/g,
    slurp("$::Root/proto/job/skip.c") =~ /^    \{ "(\w+)", "/mg;
is_deeply [sort @{ $main::Doc->{components}{schemas}{FileRefusal}{enum} }], [sort keys %refusal], 'and of files of batches';
my @states = slurp("$::Root/proto/job/job.c") =~ /\[PLATEN_STATE_\w+\] = "(\w+)"/g;
is_deeply [@{ $main::Doc->{components}{schemas}{State}{enum} }], [grep { $_ ne 'NONE' } @states], 'states';
my @formats = slurp("$::Root/proto/format/format.c") =~ /^    \{ "([\w-]+)",/mg;
is_deeply $main::Doc->{components}{schemas}{FormatName}{enum}, \@formats, 'formats';
my @options = slurp("$::Root/proto/job/option.c") =~ /\[PLATEN_OPTION_\w+\] =\s.*?"(\w+)"/gs;
is_deeply $main::Doc->{components}{schemas}{OptionName}{enum}, \@options, 'options';
is_deeply [sort keys %{ $main::Doc->{components}{schemas}{JobOptions}{properties} }], [sort grep !/password/, @options],
    'those that a job shows';
my $form = main::resolve($main::Doc->{components}{requestBodies}{Document})->{content}{'multipart/form-data'}{schema};
for my $path ('/jobs', '/jobs/submit') {
    my %query = map { $_->{name} => $_->{schema} } map main::resolve($_), @{ $main::Doc->{paths}{$path}{post}{parameters} };
    is_deeply [map $query{$_}, @options], [map +{ '$ref' => $form->{properties}{$_}{'$ref'} }, @options],
        "each is a parameter of $path, and the same as a field of the form";
}



=== TEST 5: every documented answer has its provocation, and none besides
--- flow
my (%entry, %documented);
for my $state (values %main::Provoke) {
    $entry{$_} = 1 for map main::expand($_), keys %$state;
}
for my $operation (keys %main::Operation) {
    $documented{"$operation $_"} = 1 for keys %{ $main::Operation{$operation} };
}
is_deeply [grep { !$entry{$_} && !$main::Unreachable{$_} } sort keys %documented], [],
    'each has an entry or a reason';
is_deeply [grep { !$documented{$_} } sort keys %entry], [], 'no entry that is not documented';
is_deeply [grep { !$documented{$_} || $entry{$_} && !/ 507\z/ } sort keys %main::Unreachable], [],
    'no reason without need';



=== TEST 6: before any sidecar has run
--- config eval: $::Locations
--- flow
$main::Job = submit(file => sample('hello.docx'), to => 'pdf');
main::provoke('fresh');
main::answers('GET /jobs/{id}', get("/jobs/$main::Job->{job_id}"), 200);
# A pair without a converter, and an upload that gets lost.
my $pair = submit(file => sample('hello.docx'), to => 'parquet');
my $lost = submit(content => 'lost', name => 'lost.txt', to => 'pdf');
unlink grep /$lost->{job_id}/, files_below("$::Var/data/input") or die;
platend_start();
wait_job($_->{job_id}) for $main::Job, $pair, $lost;
main::answers('GET /jobs', get('/jobs'), 200);



=== TEST 7: with a sidecar
--- config eval: $::Locations
--- no_error_log
[emerg]
--- flow
$main::Failed = wait_job(submit(content => "%PDF-1.4\nno more", name => 'broken.pdf', to => 'txt')->{job_id});
is $main::Failed->{status}, 'FAILED', 'there is a failed job';
# A protected document, a page that is not there, and one without text.
my @docx = (content => $main::Docx, name => 'a.docx');
my $pdf = get(main::own('/download'))->content;
my $locked = wait_job(submit(@docx, to => 'pdf', fields => [output_password => 'open'])->{job_id});
$locked = get($locked->{download_url})->content;
for ([$locked, 'password_required'], [$locked, 'wrong_password', password => 'shut'], [$pdf, 'pages_out_of_range', pages => 99]) {
    my ($content, $code, @fields) = @$_;
    my $job = wait_job(submit(content => $content, name => 'a.pdf', to => 'txt', fields => \@fields)->{job_id});
    is $job->{error_code}, $code, $code or diag $job->{error};
    main::answers('GET /jobs/{id}', get("/jobs/$job->{job_id}"), 200);
}
is wait_job(submit(content => "[]", name => 'a.json', to => 'csv')->{job_id})->{error_code}, 'empty_document', 'a table without rows';
my $book = wait_job(submit(content => "a\n1\n", name => 'a.csv', to => 'xlsx')->{job_id});
my $sheet = submit(content => get($book->{download_url})->content, name => 'a.xlsx', to => 'json', fields => [sheet => 'none']);
is wait_job($sheet->{job_id})->{error_code}, 'sheet_not_found', 'a sheet that is not there';
main::answers('GET /jobs/{id}', get("/jobs/$sheet->{job_id}"), 200);
my $png = wait_job(submit(@docx, to => 'png', fields => [pages => 1])->{job_id});
my $scan = wait_job(submit(content => get($png->{download_url})->content, name => 'a.png', to => 'pdf')->{job_id});
my $blank = wait_job(submit(content => get($scan->{download_url})->content, name => 'a.pdf', to => 'txt')->{job_id});
is "$blank->{status} $blank->{output_size} " . @{ $blank->{warnings} }, 'SUCCESS 0 1', 'a scan has no text: a warning';
main::answers('GET /jobs/{id}', get("/jobs/$blank->{job_id}"), 200);
main::provoke('running');
my @alerts = grep { !/Not a directory/ } error_log_text() =~ /\[alert\].*/g;
is_deeply \@alerts, [], 'no alert';



=== TEST 8: engines that crash, hang and write too much
--- config eval: $::Locations
--- flow
# Engines of our own, for a pair that no other has.
spew("$::Var/crash", 'unpack "p", pack "Q", 1;');
my %engine = ('engine/own/from' => 'txt', 'engine/own/to' => 'tiff', 'engine/own/read' => "$::Var/crash");
for (['engine/own/command' => "/usr/bin/perl $::Var/crash {input} {output}", 'converter_crashed'],
     ['engine/own/command' => '/bin/tail -f {input} {output}', 'conversion_timeout'],
     ['limits/output_size' => 600, 'too_large_output']) {
    my ($name, $value, $code) = @$_;
    platend_stop();
    platend_start($name => $value, 'limits/attempts' => 1, $name =~ /own/ ? %engine : (),
        $code =~ /timeout/ ? ('limits/wall_clock' => 1, 'engines/lok/enabled' => 0) : ());
    my $job = submit(content => 'text', name => 'a.txt', to => $name =~ /own/ ? 'tiff' : 'pdf');
    if ($code eq 'conversion_timeout') {
        eventually(5, sub { job($job->{job_id})->{status} eq 'PROCESSING' });
        main::answers('GET /jobs/{id}', get("/jobs/$job->{job_id}"), 200);
    }
    is wait_job($job->{job_id})->{error_code}, $code, $code;
    main::answers('GET /jobs/{id}', get("/jobs/$job->{job_id}"), 200);
}



=== TEST 9: what nginx itself refuses
--- http_config eval
"$::HttpConfig limit_req_zone \$server_name zone=one:1m rate=1r/m;"
--- config eval
"$::Locations $::Shipped
    location = /denied { deny all; }
    location = /limited { limit_req zone=one; limit_req_status 429; try_files /none =404; }
    location = /dead { proxy_pass http://127.0.0.1:1; }
    location = /mute { proxy_pass http://127.0.0.1:" . $::Mute->sockport . "; proxy_read_timeout 1s; }"
--- no_error_log
[emerg]
[alert]
--- flow
main::provoke('shipped');
my $tail = "Host: x\r\nConnection: close\r\n\r\n";
for (map([$_, raw($_)], "GET /health\x01 HTTP/1.1\r\n$tail", "GARBAGE\r\n\r\n", "GET /health HTTP/3.7\r\n$tail",
         "POST /jobs HTTP/1.1\r\nTransfer-Encoding: gzip\r\n$tail", "TRACE / HTTP/1.1\r\n$tail"),
     map [$_, get($_)], qw(/denied /limited /limited /dead /mute /platen-problem)) {
    my ($what, $response) = @$_;
    cmp_ok $response->code, '>=', 400, 'refused: ' . $what =~ s/\r.*//sr;
    my @wrong = main::answer_faults('GET', $response, $main::Doc->{components}{responses}{Refused});
    is_deeply \@wrong, [], 'as documented';
}
main::answers('GET /jobs/{id}', get("/jobs/$main::Job->{job_id}", 'If-Match' => '"x"'), 'default');



=== TEST 10: methods and paths that are not documented
--- flow
for my $path (sort keys %{ $main::Doc->{paths} }) {
    my $where = $path =~ s/\{id\}/$main::None/r =~ s/\{n\}/0/r;
    my @has = map uc, grep { $main::Doc->{paths}{$path}{$_} } @main::Methods;
    for my $method (qw(GET HEAD POST PUT DELETE PATCH OPTIONS)) {
        next if grep { $_ eq $method } @has;
        my $response = http($method => $where, key => undef);
        is $response->code, 405, "$method $path";
        is $response->header('Allow'), join(', ', @has), 'names those that are documented';
        is_deeply [main::answer_faults($method, $response, $main::Doc->{components}{responses}{Refused})], [],
            'as documented';
    }
}
for my $path ('/doc', '/metrics/x', '/openapi.yaml', '/jobs/submit/x', "/jobs/$main::None/files/0/x",
              '/HEALTH', '/health/live') {
    my $response = get($path);
    problem_is $response, 404, 'not_found', $path;
    is_deeply [main::answer_faults('GET', $response, $main::Doc->{components}{responses}{Refused})], [],
        'as documented';
}
is get("$_/", key => undef)->code, get($_, key => undef)->code, "$_ with a slash at its end"
    for '/health', '/formats', '/openapi.json', '/jobs';



=== TEST 11: a store that cannot be used
--- http_config eval
"platen_store $::Var/broken; platen_data $::Var/data; platen_queue off;"
--- no_error_log
[emerg]
--- flow
main::provoke('broken');
like error_log_text(), qr/\[alert\].*broken/, 'the log says which';



=== TEST 12: a thread pool that is full
--- main_config
thread_pool one threads=1 max_queue=0;
--- http_config eval
"$::HttpConfig platen_thread_pool one;"
--- config eval
"client_body_buffer_size 8m;
 location / { platen_api; platen_api_keys $::Var/keys; platen_signing_key $::Var/signing-now; }"
--- flow
my $body = "0\0" x 20_000_000;
my $pid = fork // die;
if ($pid == 0) {
    http(POST => '/jobs?to=pdf', content => $body) while 1;
}
main::provoke('busy');
kill KILL => $pid;
waitpid $pid, 0;
ok eventually(10, sub { !files_below("$::Var/data/tmp") }), 'nothing is left';
is get('/jobs')->code, 200, 'and nginx lives';



=== TEST 13: a full disk
--- http_config eval
"platen_store $::Var/store; platen_queue off; platen_data $::Var/" . ($::Full ? 'small' : 'data') . '; platen_min_free 0;'
--- no_error_log
[emerg]
--- flow
if ($main::Full) {
    main::provoke('full');
    ok eventually(5, sub { !files_below("$::Var/small") }), 'nothing is left';
    spew("$::Var/small/filler", '');
    is post_form('/jobs', main::form())->code, 202, 'what fits is taken';
} else {
    pass $main::Unreachable{'POST /jobs 507'};
}



=== TEST 14: less room on the disk than is to be left
--- http_config eval
"platen_store $::Var/store; platen_queue off; platen_data $::Var/data; platen_min_free 100000g;"
--- flow
main::provoke('low');



=== TEST 15: a store that is nearly full
--- http_config eval
"platen_store $::Var/tight map_size=1m; platen_data $::Var/data; platen_queue off; platen_max_queue 100000; platen_sync off;"
--- no_error_log
[emerg]
--- flow
my $response;
for (1 .. 5000) {
    $response = post_form('/jobs', [ file => [ undef, 'x' x 250 . '.txt', Content => 'x' ], to => 'pdf' ]);
    last if $response->code != 202;
}
main::answers('POST /jobs', $response, 503);
problem_is $response, 503, 'store_full', 'it is said';



=== TEST 16: all that is documented was seen
--- flow
my @documented = map { my $operation = $_; map "$operation $_", keys %{ $main::Operation{$operation} } }
    keys %main::Operation;
is_deeply [grep { !$main::Seen{$_} && !$main::Unreachable{$_} } sort @documented], [], 'answers';
is_deeply [grep { !$main::Code{$_} } sort @{ $main::Doc->{components}{schemas}{ProblemCode}{enum} }], [],
    'codes of problems';
my $schemas = $main::Doc->{components}{schemas};
is_deeply [grep { !$main::Member{State}{$_} && !$main::UnreachableState{$_} } @{ $schemas->{State}{enum} }], [],
    'states of a job';
is_deeply [grep { !$main::Member{JobError}{$_} && !$main::UnreachableJobError{$_} } @{ $schemas->{JobError}{enum} }], [],
    'errors of a job';
for my $name (qw(Job File)) {
    my @never;
    for my $member (sort keys %{ $schemas->{$name}{properties} }) {
        my $schema = main::resolve($schemas->{$name}{properties}{$member});
        my @types = map { main::resolve($_)->{type} } $schema->{oneOf} ? @{ $schema->{oneOf} } : $schema;
        for my $type (map { ref $_ ? @$_ : $_ } @types) {
            my $seen = $main::Member{$name}{$member};
            push @never, "$member: $type" unless $seen->{$type} || $type eq 'number' && $seen->{integer};
        }
    }
    is_deeply \@never, [], "members of a $name, in each of their types";
}
