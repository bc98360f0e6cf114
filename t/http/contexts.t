# Every route in every context that nginx has: below prefixes, within if and limit_except, after redirects, and as a
# subrequest of mirror, SSI, auth_request and addition.  One table of routes, one of contexts, and each cell of the two.

use lib 't/lib';
use TestPlaten;
use TestArchive;

our $Sites = "$Var/sites";
mkdir $_ for $Sites, "$Sites/except-post";
spew("$Sites/page.html", '<!--# include virtual="$http_x_path?$http_x_args" -->|after');
spew("$Sites/plain.html", 'before|');
spew("$Sites/except-post/secret", 'of the document root');
spew("$Sites/ok", 'let in');

our $Port2 = 1 + ($ENV{TEST_NGINX_PORT} || 1984);
our $Api = "platen_api; platen_api_keys $Var/keys; platen_signing_key $Var/signing-now;";

our $Config = <<"CONF";
    root $Sites;
    location / { $Api }
    location /p/ { $Api }
    location /q { $Api }
    location /if/ { $Api if (\$http_x_if) { set \$any 1; } }
    location /ifs/ { $Api if (\$http_x_if) { set \$any 1; } if (\$http_x_path) { add_header X-Any 1; } }
    location /except-get/ { $Api limit_except GET { allow all; } }
    location /except-post/ { $Api limit_except POST { allow 127.0.0.1; deny all; } }
    location /except-if/ { $Api if (\$http_x_if) { set \$any 1; } limit_except DELETE { allow all; } }
    location /any/ { $Api satisfy any; allow 127.0.0.1; deny all; }
    location /all/ { $Api satisfy all; allow 127.0.0.1; auth_request /ok; }
    location /last/ { rewrite ^/last(/.*)\$ \$1 last; }
    location /break/ { $Api rewrite ^/break/old(/.*)\$ /break\$1 break; }
    location /try/ { try_files /none \@try; }
    location \@try { rewrite ^/try(/.*)\$ \$1 last; }
    location /named/ { error_page 418 = \@named; return 418; }
    location \@named { rewrite ^/named(/.*)\$ /p\$1 last; }
    location /short/ { $Api rewrite ^ /x break; }
    location /elsewhere/ { $Api rewrite ^ /health/of/somewhere/else break; }

    location = /ok { internal; alias $Sites/ok; }
    location = /page.html { ssi on; }
    location = /plain.html { add_after_body /sub; }
    location /auth/ { auth_request /sub; alias $Sites/; }
    location /mirror/ { mirror /sub; client_body_buffer_size 16k; client_max_body_size 0; proxy_pass http://127.0.0.1:$Port2/taken; }
    location /mirror-bare/ { mirror /sub; mirror_request_body off; proxy_pass http://127.0.0.1:$Port2/taken; }
    location /sub { internal; log_subrequest on; access_log $Var/sub.log sub; rewrite ^ \$http_x_path?\$http_x_args? last; }
    location /s/ { $Api log_subrequest on; access_log $Var/sub.log sub; }
    # read by mirror before Platen comes to it
    location /infile/ { $Api mirror /sub; client_body_in_file_only clean; }
    location /twice/ { $Api mirror /sub; client_body_buffer_size 16k; }
CONF
our $Http = <<"CONF";
    $HttpConfig
    log_format sub '\$http_x_cell \$status \$request_method \$uri';
    server { listen 127.0.0.1:$Port2; merge_slashes off; location / { $Api } location /taken { client_max_body_size 0; return 204; } }
CONF

our ($Done, $Failed, $Waiting, $Batch);
sub document { json_of(http(POST => '/documents/initiate-upload', 'Content-Type' => 'application/json',
    content => '{"filename":"a.txt","content_type":"text/plain"}'))->{document_id} }

# [ method, path, status, what it is sent, 1: a subrequest is refused ]; {..} is filled in by fill().
our @Routes = (
    [ GET => '/health', 200 ],
    [ GET => '/health/ready', 200 ],
    [ GET => '/metrics', 200 ],
    [ GET => '/formats', 200 ],
    [ GET => '/openapi.json', 200 ],
    [ POST => '/jobs?to=pdf&filename=a.txt', 202, 'text' ],
    [ GET => '/jobs', 200 ],
    [ POST => '/jobs/submit?to=pdf&filename=a.txt', 200, 'text' ],
    [ POST => '/convert?to=pdf&filename=a.txt', 200, 'text', 1 ],
    [ GET => '/jobs/{done}', 200 ],
    [ GET => '/jobs/{done}?wait=1', 200 ],
    [ DELETE => '/jobs/{new}', 204 ],
    [ GET => '/jobs/{done}/download', 200 ],
    [ GET => '/jobs/{batch}/files', 200 ],
    [ GET => '/jobs/{batch}/files/0', 200 ],
    [ GET => '/jobs/{done}/thumbnail', 422, undef, 1 ],
    [ POST => '/jobs/{done}/links', 200, '{}' ],
    [ POST => '/jobs/{done}/retry', 409 ],
    [ GET => '/jobs/{done}/events', 200, undef, 1 ],
    [ GET => '/jobs/{done}/ws', 426, undef, 1 ],
    [ GET => '/ws', 426, undef, 1 ],
    [ GET => '/socket.io/', 422, undef, 1 ],
    [ POST => '/api/v1/jobs/', 202, 'zip' ],
    [ GET => '/api/v1/jobs/{batch}', 200 ],
    [ GET => '/api/v1/jobs/{batch}/download', 200 ],
    [ POST => '/documents/initiate-upload', 201, '{"filename":"a.txt","content_type":"text/plain"}' ],
    [ GET => '/documents/{document}', 200 ],
    [ PUT => '/documents/{document}/content', 204, 'document' ],
    [ POST => '/documents/{document}/enqueue', 409 ],
    [ GET => '/usage', 200 ],
    [ POST => '/uploads/', 201, 'tus', 1 ],
    [ GET => '/nothing', 404 ],
    [ PUT => '/jobs', 405 ],
    [ GET => '/jobs/no-id', 422 ],
    [ GET => '/jobs/01890000-0000-7000-8000-000000000000', 404 ],
);

our $Zip = zip_of('a.txt' => 'one', 'b.txt' => 'two');

our $Cells = 0;

# The path of a route with what its braces stand for, and the headers and body of its request.
sub fill {
    my ($route) = @_;
    my ($method, $path, undef, $body) = @$route;
    my %id = (done => sub { $Done }, batch => sub { $Batch }, document => \&document,
              new => sub { submit(content => 'new', name => 'n.txt', to => 'pdf')->{job_id} });
    $path =~ s/\{(\w+)\}/$id{$1}->()/e;
    my %header = (key => 'alice', 'X-If' => 1);
    if ($body) {
        my ($type, $bytes) = $body eq 'text' ? ('text/plain', "text $path") : $body eq 'zip' ? ('application/zip', $Zip)
            : $body eq 'document' ? ('text/plain', 'a document') : $body eq 'tus' ? () : ('application/json', $body);
        %header = (%header, 'Content-Type' => $type, content => $bytes) if $type;
        %header = (%header, 'Tus-Resumable' => '1.0.0', 'Upload-Length' => 10,
                   'Upload-Metadata' => 'filename YS50eHQ=,target_format cGRm') if $body eq 'tus';
    }
    return ($method, $path, %header);
}

# What every answer of Platen has, and nothing of nginx's own.
sub answers {
    my ($context, $route, $response, $status) = @_;
    my $what = "$context: $route->[0] $route->[1]";
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $Cells++;
    return fail("$what: " . $response->as_string) unless $response->code == $status;
    return fail("$what: not of Platen") unless length($response->header('X-Request-ID') // '');
    return problem_is($response, $status, json_of($response)->{code}, $what) if $status >= 400;
    return pass($what);
}

# The status that the subrequest of this cell had, from its log.
sub logged {
    my ($cell) = @_;
    my $status;
    eventually(20, sub { ($status) = slurp("$Var/sub.log") =~ /^\Q$cell\E (\d+)/m });
    return $status // 'none';
}

platend_start(only_script(copies => 'exec /bin/cp $TINY_PDF "$2"', $Var));
run_tests();

__DATA__

=== TEST 1: the request itself, wherever its location is
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
$main::Done = wait_job(submit(content => 'done', name => 'd.txt', to => 'pdf')->{job_id})->{job_id};
my $batch = http(POST => '/api/v1/jobs/', 'Content-Type' => 'application/zip', content => $main::Zip);
$main::Batch = wait_job(json_of($batch)->{job_id})->{job_id};

for my $prefix ('', qw(/p /q /if /ifs /except-get /except-post /except-if /any /all /last /break /break/old /try /named)) {
    for my $route (@main::Routes) {
        my ($method, $path, %header) = main::fill($route);
        main::answers($prefix || '/', $route, http($method => $prefix . $path, %header), $route->[2]);
        # and without a key nothing but what is open
        my $none = http($method => $prefix . $path, %header, key => undef);
        next if $path =~ m{^/(?:health|formats|openapi|nothing)} || $route->[2] == 405;
        main::answers("$prefix without a key", $route, $none, 401);
    }
}
for my $route (@main::Routes) {
    my ($method, $path, %header) = main::fill($route);
    my $request = HTTP::Request->new($method => "http://127.0.0.1:$main::Port2$path");
    $request->header('X-API-Key' => $main::Key{alice}, map { $_ => $header{$_} } grep !/^(?:key|content)\z/, keys %header);
    $request->content($header{content}) if defined $header{content};
    main::answers('merge_slashes off', $route, LWP::UserAgent->new->request($request), $route->[2]);
}
problem_is $_, 404, 'not_found', 'no path of it: ' . $_->request->uri
    for map get($_), qw(/qhealth /q-/health /ifx/health /short/health /elsewhere/health /p//health/x);
problem_is get('/except-post/secret'), 404, 'not_found', 'and no file of the document root';
note "$main::Cells cells";
--- timeout: 120



=== TEST 2: as part of a page, by SSI and addition
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $cells = $main::Cells;
for my $from (['SSI', '/page.html', '', '|after'], ['addition', '/plain.html', 'before|', '']) {
    my ($context, $page, $before, $after) = @$from;
    for my $route (@main::Routes) {
        my (undef, $path, %header) = main::fill($route);
        my ($file, $args) = split /\?/, $path;
        my $alone = get($path, %header);
        my $socket = raw_open();
        # two requests to a connection: what belongs to one never comes in the other
        $socket->print(map "GET $page HTTP/1.1\r\nHost: x\r\nX-API-Key: $main::Key{alice}\r\nX-Path: /s$file\r\n"
            . 'X-Args: ' . ($args // '') . "\r\nConnection: $_\r\n\r\n", 'keep-alive', 'close');
        my $text = '';
        while (sysread $socket, my $more, 65536) { $text .= $more }
        my @answers = split /(?=HTTP\/1\.1 \d)/, $text;
        is scalar(@answers), 2, "$context: GET $route->[1]: two answers to two requests" or diag $text;
        for my $answer (@answers) {
            my ($head, $body) = split /\r\n\r\n/, $answer, 2;
            my ($rest, $bytes) = ($body, '');
            if ($head =~ /^Transfer-Encoding: chunked/mi) {
                while ($rest =~ s/\A([0-9a-f]+)\r\n//i && hex $1) {
                    $bytes .= substr $rest, 0, hex $1, '';
                    $rest =~ s/\A\r\n//;
                }
                is $rest, "\r\n", 'the chunks end where the answer ends';
            } else {
                ($bytes) = $body;
            }
            my $expected = $route->[4] && $route->[0] eq 'GET' ? qr/"code":"not_implemented"/
                : $alone->code >= 400 ? qr/"code":"\Q@{[json_of($alone)->{code}]}\E"/
                : $path eq '/metrics' ? qr/# HELP platen_build_info .*\nplaten_store_up 1\n/s
                : $path =~ /^.(?:usage|jobs\z|documents|jobs.[0-9a-f-]+\z)/ && $path !~ /$main::Done/ ? qr/\{.*\}/s : do { my $c = $alone->content; $c =~ s{"/(jobs|api)/}{"/s/$1/}g if $path !~ /openapi/; qr/\Q$c\E/ };
            like $bytes, qr/\A\Q$before\E$expected?.*\Q$after\E\z/s, "$context: GET $route->[1]";
            like $bytes, $expected, "$context: GET $route->[1]: is in it";
            $main::Cells++;
        }
    }
}
is get('/page.html', key => undef, 'X-Path' => '/s/jobs')->content =~ /"code":"unauthorized"/, 1, 'and no more than its client may see';
note +($main::Cells - $cells) . ' cells';
--- timeout: 120



=== TEST 3: as what lets others in, by auth_request
--- http_config eval: $::Http
--- config eval: $::Config
--- no_error_log
[alert]
--- flow
my $cells = $main::Cells;
for my $route (@main::Routes) {
    my ($method, $path, %header) = main::fill($route);
    my ($file, $args) = split /\?/, $path;
    my $alone = $route->[4] && $method eq 'GET' ? 501 : get($path, %header)->code;
    my $response = get('/auth/ok', %header, 'X-Path' => "/s$file", 'X-Args' => $args // '');
    is $response->code, ($alone < 300 ? 200 : $alone =~ /^40[13]/ ? $alone : 500), "auth_request: GET $route->[1]";
    is $response->content, 'let in', 'and is let in' if $alone < 300;
    $main::Cells++;
}
my $response = get('/auth/ok', key => undef, 'X-Path' => '/s/jobs');
is $response->code, 401, 'without a key';
is $response->header('WWW-Authenticate'), 'Bearer realm="platen"', 'and told how';
note +($main::Cells - $cells) . ' cells';



=== TEST 4: as a mirror, with the body and without
--- http_config eval: $::Http
--- config eval: $::Config
--- flow
my $cells = $main::Cells;
my ($master, @workers) = nginx_pids();
for my $context (qw(mirror mirror-bare)) {
    for my $route (@main::Routes) {
        my ($method, $path, %header) = main::fill($route);
        my ($file, $args) = split /\?/, $path;
        my $cell = "cell-$context-" . $main::Cells++;
        my $response = http($method => "/$context/x", %header, 'X-Path' => "/s$file", 'X-Args' => $args // '', 'X-Cell' => $cell);
        is $response->code, 204, "$context: the request itself: $method $route->[1]";
        my $body = defined $header{content};
        my $expected = $route->[4] || $body && $context eq 'mirror-bare' ? 501 : $route->[2];
        is main::logged($cell), $expected, "$context: $method $route->[1]";
    }
}
# each size of a body: in nginx's first buffer, in one of its own, in a file
for my $size (250, 900, 5_000, 16_300, 16_400, 100_000, 3_000_000) {
    for my $context (qw(mirror twice)) {
        my $text = "$context $size " . 'x' x $size;
        my $cell = "size-$context-$size";
        my $path = $context eq 'twice' ? '/twice/jobs?to=pdf&filename=a.txt' : '/mirror/x';
        my $response = http(POST => $path, 'Content-Type' => 'text/plain', content => $text, 'X-Cell' => $cell,
            'X-Path' => '/s/jobs', 'X-Args' => 'to=pdf&filename=b.txt');
        is $response->code, $context eq 'twice' ? 202 : 204, "$context of $size bytes: the request itself" or diag $response->as_string;
        is main::logged($cell), 202, "$context of $size bytes";
        my ($job, @more) = grep $_->{input_size} == length $text, @{ json_of(get('/jobs?limit=1000'))->{jobs} };
        my @files = grep -s == length $text && slurp($_) eq $text, files_below("$::Var/data/input");
        my $whole = $context eq 'twice' ? 2 : 1;
        is 0 + grep($_, $job, @more), $whole, 'jobs of it';
        is scalar(@files), $whole, 'each with every byte';
        $main::Cells++;
    }
}
# every kind of body, of a file whatever its size
for my $prefix (qw(/p /infile)) {
    my $made = http(POST => "$prefix/documents/initiate-upload", 'Content-Type' => 'application/json', 'X-Path' => '/s/health',
        content => '{"filename":"a.txt","content_type":"text/plain"}');
    is $made->code, 201, "$prefix: a JSON body";
    my $id = json_of($made)->{document_id};
    is http(PUT => "$prefix/documents/$id/content", 'Content-Type' => 'text/plain', content => 'the text',
        'X-Path' => '/s/health')->code, 204, 'the content of a document';
    my $long = http(POST => "$prefix/jobs/$main::Done/links", 'Content-Type' => 'application/json', 'X-Path' => '/s/health',
        content => '{"x":"' . 'y' x 17_000 . '"}');
    problem_is $long, 413, 'body_too_large', 'a JSON body too long';
    problem_is http(POST => "$prefix/jobs/$main::Done/links", 'X-Path' => '/s/health', content => '{"x'), 400,
        'malformed_json', 'one that is none';
    my @tus = (key => 'alice', 'Tus-Resumable' => '1.0.0', 'X-Path' => '/s/health');
    my $text = 'tus ' x 30_000;
    my $upload = http(POST => "$prefix/uploads/", @tus, 'Upload-Length' => length $text,
        'Upload-Metadata' => 'filename YS50eHQ=,target_format cGRm');
    is $upload->code, 201, 'a resumable upload';
    my $at = $upload->header('Location');
    is http(PATCH => $at, @tus, 'Upload-Offset' => 0, 'Content-Type' => 'application/offset+octet-stream',
        content => substr $text, 0, 70_000)->header('Upload-Offset'), 70_000, 'the first part of it';
    my $last = http(PATCH => $at, @tus, 'Upload-Offset' => 70_000, 'Content-Type' => 'application/offset+octet-stream',
        content => substr $text, 70_000);
    is $last->header('Upload-Offset'), length $text, 'and the rest';
    is +(grep { $_ eq $text } map slurp($_), grep -s == length $text, files_below("$::Var/data/input")) > 0, 1, 'with every byte';
    is get("$prefix/jobs/" . $last->header('Platen-Job'), 'X-Path' => '/s/health')->code, 200, 'is a job';
    my $converted = http(POST => "$prefix/convert?to=pdf&filename=a.txt", 'Content-Type' => 'text/plain',
        'X-Path' => '/s/health', content => "convert $prefix");
    is $converted->code, 200, 'a conversion that is waited for';
    $main::Cells += 6;
}
is_deeply [ nginx_pids() ], [ $master, @workers ], 'no worker has ended';
note +($main::Cells - $cells) . " cells, $main::Cells in all";
--- timeout: 120
