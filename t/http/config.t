# Every directive and every key of platend.cfg: good and bad values, messages, inheritance.

use lib 't/lib';
use TestPlaten;

our $Digest = sha256_hex('some key');
our $Nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';

# nginx -t on a configuration with these lines in http{} and in location / {}.
# Returns its output and exit status.
sub nginx_t {
    my ($http, $location, $main) = @_;
    my $conf = "$Var/t.conf";
    spew($conf, "load_module $Build/ngx_http_platen_module.so;\npid $Var/t.pid;\n" . ($main // '')
        . "events {}\nhttp {\n"
        . join('', map "${_}_temp_path $Var/temp;\n", qw(client_body proxy fastcgi uwsgi scgi))
        . "access_log off;\n$http\n"
        . (defined $location ? "server { listen 127.0.0.1:1; location / {\n$location\n} }\n" : '') . "}\n");
    my $out = `$Nginx -t -e stderr -p $Var -c $conf 2>&1`;
    return ($out, $? >> 8);
}

# Tests a table of [ what, http, location, message or undef, main ].
sub all_are {
    for (@_) {
        my ($what, $http, $location, $message, $main) = @$_;
        my ($out, $status) = nginx_t($http, $location, $main);
        if (defined $message) {
            is $status, 1, "refused: $what" or diag $out;
            my ($said) = $out =~ /\[emerg\] \d+#\d+: (.*)/;
            like $said // $out, $message, 'and it says why';
            unlike $out, qr/\[alert\]|\[crit\]|signal/, 'and no more';
        } else {
            is $status, 0, "taken: $what" or diag $out;
        }
    }
}

# A store and data of their own, so that nothing of another test plays in.
our $Paths = "platen_store $Var/c-store; platen_data $Var/c-data; platen_queue off;";
our $Api = 'platen_api; platen_api_keys off;';

# Rows of all_are(): what holds for any directive of http, server and location that takes those two values.
sub anywhere {
    my ($name, $one, $other) = @_;
    return (
        ["$name in http and server", "$Paths $name $one; server { $name $other; location / { $Api } }", undef],
        ["$name twice", $Paths, "$Api $name $one; $name $other;", qr/"$name" directive is duplicate/],
        ["$name without a value", $Paths, "$Api $name;", qr/invalid number of arguments in "$name" directive/],
        ["$name in the main context", $Paths, $Api, qr/"$name" directive is not allowed here/, "$name $one;\n"],
    );
}

# A file of keys with that text.
sub keys_file {
    my ($text) = @_;
    spew("$Var/some-keys", $text);
    return "platen_api; platen_api_keys $Var/some-keys;";
}

# Posts so many bytes of text.
sub post { http(POST => "$_[0]/jobs?to=pdf", content => 'x' x $_[1]) }

our $Build = $ENV{PLATEN_BUILD} || "$Root/build";

# platend -t on those lines; returns its output and exit status.
sub platend_t {
    my ($text) = @_;
    spew("$Var/t.cfg", $text) if defined $text;
    my $out = `$Build/platend -t -c $Var/t.cfg 2>&1`;
    return ($out, $? >> 8);
}

run_tests();

__DATA__

=== TEST 1: platen_api
--- flow
all_are(
    ['in a prefix location', $main::Paths, $main::Api],
    ['in several', "$main::Paths server { location /a/ { $main::Api } location ^~ /b { $main::Api }
        location /c { location /c/d { $main::Api } } } server { listen 127.0.0.1:2; location / { $main::Api } }", undef],
    ['in a regex location', "$main::Paths server { location ~ ^/a { $main::Api } }", undef,
     qr{"platen_api" directive works in a prefix location only, such as "location /" in .*:\d+}],
    ['in an exact location', "$main::Paths server { location = /a { $main::Api } }", undef,
     qr/"platen_api" directive works in a prefix location only/],
    ['in a named location', "$main::Paths server { location \@a { $main::Api } }", undef,
     qr/"platen_api" directive works in a prefix location only/],
    ['within if', $main::Paths, "if (\$arg_a) { $main::Api }", qr/"platen_api" directive is not allowed here/],
    ['within limit_except', $main::Paths, "limit_except GET { platen_api; }",
     qr/"platen_api" directive is not allowed here/],
    ['twice', $main::Paths, "$main::Api platen_api;", qr/"platen_api" directive is duplicate/],
    ['with an argument', $main::Paths, 'platen_api on;', qr/invalid number of arguments in "platen_api" directive/],
    ['in server', "$main::Paths server { platen_api; }", undef, qr/"platen_api" directive is not allowed here/],
    ['in http', "$main::Paths platen_api;", undef, qr/"platen_api" directive is not allowed here/],
    ['without platen_api_keys', $main::Paths, 'platen_api;',
     qr{location "/" has platen_api but no platen_api_keys: name a file of keys, or say off}],
    ['without it in a location with a prefix', "$main::Paths server { location /a/b/ { platen_api; } }", undef,
     qr{location "/a/b/" has platen_api but no platen_api_keys}],
    ['nowhere: then nothing else is needed', '', 'return 200;'],
    ['with if and limit_except inside', $main::Paths, "$main::Api if (\$arg_a) { set \$b 1; } limit_except GET { deny all; }"],
    ['with if that answers itself', $main::Paths, "$main::Api if (\$arg_a) { proxy_pass http://127.0.0.1:2; }"],
    ['before another that answers', $main::Paths, "$main::Api\nproxy_pass http://127.0.0.1:2;",
     qr{^location "/" has platen_api beside another directive that answers requests, such as proxy_pass; a location takes one of them in \Q$::Var\E/t\.conf:\d+$}],
    ['after another that answers', $main::Paths, "empty_gif; $main::Api",
     qr{"platen_api" directive is beside another directive that answers requests}],
    ['beside platen_problem', $main::Paths, "$main::Api platen_problem;",
     qr{"platen_problem" directive is beside another directive that answers requests, such as platen_api}],
);
my ($out) = main::nginx_t($main::Paths, "\n\nplaten_api;\n\n");
my ($line) = $out =~ /or say off to let everyone in as one client in \S+:(\d+)/;
my @lines = split /\n/, slurp("$::Var/t.conf");
is $lines[$line - 1], 'platen_api;', 'what is found at the end names the line of the directive' or diag $out;



=== TEST 2: platen_api_keys
--- flow
my $d = $main::Digest;
all_are(
    ['off', $main::Paths, $main::Api],
    ['a file', $main::Paths, keys_file("alice:$d\n")],
);
all_are(['comments, blank lines, spaces, CRLF, no end of line, capitals', $main::Paths,
    keys_file("# keys\r\n\n \t\n  alice:$d \t\r\nb.o_b-2\@x:" . uc($d) . "\n" . 'n' x 64 . ":$d")]);
mkdir "$::Var/some-dir";
all_are(
    ['a missing file', $main::Paths, "platen_api; platen_api_keys $::Var/missing;",
     qr{open\(\) "\Q$::Var\E/missing" failed \(2: No such file or directory\)}],
    ['a directory', $main::Paths, "platen_api; platen_api_keys $::Var/some-dir;",
     qr{"\Q$::Var\E/some-dir" is no regular file of at most 4m}],
    ['without a value', $main::Paths, 'platen_api; platen_api_keys;',
     qr/invalid number of arguments in "platen_api_keys" directive/],
    ['twice', $main::Paths, 'platen_api; platen_api_keys off; platen_api_keys off;',
     qr/"platen_api_keys" directive is duplicate/],
);
my $key = qr/a key is given as name:sha256, the digest in 64 hex digits/;
for (['no colon', "alice\n", $key, 1],
     ['a key itself', "# one\nalice:secret\n", $key, 2],
     ['a digest too short', "\nalice:" . substr($d, 1) . "\n", $key, 2],
     ['a digest too long', "alice:${d}0\n", $key, 1],
     ['a digest with another character', "alice:" . substr($d, 1) . "g\n", qr/a digest is of hex digits/, 1],
     ['a name with a space', "ok:$d\na b:$d\n", qr/a client's name is of letters, digits and \.-_\@/, 2],
     ['a name with a byte beyond ASCII', "\xc3\xa9:$d\n", qr/a client's name is of letters, digits and \.-_\@/, 1],
     ['no name', ":$d\n", qr/a client's name has 1 to 64 characters/, 1],
     ['a name of 65 characters', 'n' x 65 . ":$d\n", qr/a client's name has 1 to 64 characters/, 1],
     ['a bad line at the end, without its end', "ok:$d\n\n# x\nbad", $key, 4]) {
    my ($what, $text, $says, $line) = @$_;
    all_are([$what, $main::Paths, keys_file($text), qr/^$says in "\Q$::Var\E\/some-keys":$line in /]);
    unlike +(nginx_t($main::Paths, keys_file($text)))[0], qr/secret|\Q$d\E/, 'and shows no key';
}
all_are([$_->[0], $main::Paths, keys_file($_->[1]), qr/no key in ".*some-keys": add lines of name:sha256, or say/])
    for ['an empty file', ''], ['comments only', "# none\n\n"];



=== TEST 3: platen_store and platen_data
--- flow
my $data = "platen_queue off; platen_data $::Var/c-data;";
all_are(map({ ["map_size=$_", "$data platen_store $::Var/c-store map_size=$_;", $main::Api] }
        '1m', '1048576', '64m', '2g'),
    map({ ["map_size=$_", "$data platen_store $::Var/c-store map_size=$_;", $main::Api,
           qr/invalid map_size "\Q$_\E" of platen_store, it takes whole pages and at least 1m/] }
        '0', '1k', '1048575', '1048577', '-1m', '1x', 'x', ''),
    map({ ["the parameter $_", "$data platen_store $::Var/c-store $_;", $main::Api,
           qr/invalid parameter "\Q$_\E" of platen_store, it takes map_size=SIZE/] }
        'size=1m', '1m', 'map_siz=1m'),
    ['platen_store without a path', "$data platen_store;", $main::Api, qr/invalid number of arguments/],
    ['with three arguments', "$data platen_store a map_size=1m b;", $main::Api, qr/invalid number of arguments/],
    ['platen_store twice', "$main::Paths platen_store $::Var/c-store;", $main::Api,
     qr/"platen_store" directive is duplicate/],
    ['platen_data twice', "$main::Paths platen_data $::Var/c-data;", $main::Api,
     qr/"platen_data" directive is duplicate/],
    ['platen_data without a path', 'platen_data;', undef, qr/invalid number of arguments/],
    ['platen_data of 1100 characters', "platen_store $::Var/c-store; platen_data /" . 'x/' x 550 . ';', $main::Api,
     qr/^the path of platen_data is longer than 1024 characters/],
    ['a slash at the end', "platen_queue off; platen_store $::Var/c-store/; platen_data $::Var/c-data/;", $main::Api],
    ['in server', "server { platen_store $::Var/x; }", undef, qr/"platen_store" directive is not allowed here/],
    ['in location', '', "platen_data $::Var/x;", qr/"platen_data" directive is not allowed here/],
);
spew("$::Var/some-file", 'x');
all_are(
    ['a relative platen_store', "$data platen_store r-store;", $main::Api,
     qr/"platen_store" directive takes an absolute path in .*:\d+/],
    ['a relative platen_data', 'platen_queue off; platen_data r-data;', $main::Api,
     qr/"platen_data" directive takes an absolute path in .*:\d+/],
    ['a file as platen_store', "$data\nplaten_store $::Var/some-file;", $main::Api,
     qr{^"\Q$::Var\E/some-file" is a file, not a directory in \Q$::Var\E/t\.conf:\d+$}],
    ['a file as platen_data', "platen_queue off; platen_store $::Var/c-store; platen_data $::Var/some-file/;", $main::Api,
     qr{^"\Q$::Var\E/some-file" is a file, not a directory in \Q$::Var\E/t\.conf:\d+$}],
);



=== TEST 4: platen_queue, platen_events
--- flow
my $paths = "platen_store $::Var/c-store; platen_data $::Var/c-data;";
my ($fits, $long) = map 'ipc:///' . 'x' x $_, 106, 107;
for my $name (qw(platen_queue platen_events)) {
    my $wrong = sub { qr/invalid endpoint "\Q$_[0]\E" of $name, it takes off or ipc:\/\/ and an absolute path of at most 107 characters/ };
    all_are(
        ['off', "$paths $name off;", $main::Api],
        ['a path', "$paths $name ipc://$::Var/run/none.sock;", $main::Api],
        ['a path of 107 characters', "$paths $name $fits;", $main::Api],
        ['the default', $paths, $main::Api],
        map({ [$_, "$paths $name $_;", $main::Api, $wrong->($_)] }
            $long, 'tcp://127.0.0.1:5555', 'ipc://run/platend.sock', '/run/platend.sock', 'ipc://', 'on', 'inproc://x'),
        ['twice', "$name off; $name off;", $main::Api, qr/"$name" directive is duplicate/],
        ['without a value', "$name;", undef, qr/invalid number of arguments/],
        ['in server', "server { $name off; }", undef, qr/"$name" directive is not allowed here/],
        ['in location', '', "$name off;", qr/"$name" directive is not allowed here/],
    );
}



=== TEST 5: platen_thread_pool
--- flow
all_are(
    ['one that is there', "$main::Paths platen_thread_pool disk;", $main::Api, undef, "thread_pool disk threads=2;\n"],
    ['the default', "$main::Paths platen_thread_pool default;", $main::Api],
    ['one that is not', "$main::Paths platen_thread_pool nope;", $main::Api, qr/unknown thread pool "nope" in /],
    ['twice', "$main::Paths platen_thread_pool default; platen_thread_pool default;", $main::Api,
     qr/"platen_thread_pool" directive is duplicate/],
    ['without a value', 'platen_thread_pool;', undef, qr/invalid number of arguments/],
    ['in server', 'server { platen_thread_pool default; }', undef,
     qr/"platen_thread_pool" directive is not allowed here/],
    ['in location', '', 'platen_thread_pool default;', qr/"platen_thread_pool" directive is not allowed here/],
);



=== TEST 6: the numbers: platen_max_file_size, platen_max_queue, platen_job_ttl, platen_upload_ttl, those of resumable uploads, and times of what waits
--- flow
for (['platen_max_file_size', ['1', '50m', '2g'], ['x', '-1', '1mm', '1.5m', '99999999999999999999']],
     map([$_, ['1', '15s', '200ms', '1m 30s'], ['x', '-1', '1x', '1.5s']],
         qw(platen_events_keepalive platen_events_retry platen_wait_timeout platen_sync_timeout)),
     ['platen_upload_max_size', ['1', '50m', '20g'], ['x', '-1', '1mm', '1.5m', '99999999999999999999']],
     ['platen_resumable_ttl', ['1', '1s', '24h', '1d 12h', '30d'], ['x', '-1', '1x', '1.5h']],
     ['platen_max_queue', ['1', '100000'], ['x', '-1', '1k', '99999999999999999999']],
     ['platen_job_ttl', ['1', '1s', '24h', '1d 12h', '30d'], ['x', '-1', '1x', '1.5h']],
     ['platen_upload_ttl', ['1', '1s', '24h', '1d 12h', '30d'], ['x', '-1', '1x', '1.5h']]) {
    my ($name, $good, $bad) = @$_;
    all_are(
        map({ ["$name $_", $main::Paths, "$main::Api $name '$_';"] } @$good),
        map({ ["$name $_", $main::Paths, "$main::Api $name '$_';",
               qr/"$name" directive invalid (?:value|number)|invalid (?:value|number)/] } @$bad),
        map({ ["$name $_", $main::Paths, "$main::Api $name $_;", qr/"$name" directive must be greater than zero/] }
            '0', $name =~ /ttl/ ? '0s' : '00'),
        anywhere($name, 1, 2),
    );
}



=== TEST 6b: what there may be of one client, and at most
--- flow
all_are(
    map({ ["platen_batch $_", $main::Paths, "$main::Api platen_batch $_;"] } 'off', 'entries=1', 'entries=10000',
        'size=1g file=10m', 'ratio=1', 'entries=5 size=2m file=1m ratio=100000'),
    map({ ["platen_batch $_", $main::Paths, "$main::Api platen_batch $_;", qr/takes a number from 1 to 10000 as entries=/] }
        'entries=0', 'entries=10001', 'entries=x'),
    map({ ["platen_batch $_", $main::Paths, "$main::Api platen_batch $_;", qr/takes a size of at least 1 as size= and file=/] }
        'size=0', 'file=x', 'file=-1'),
    map({ ["platen_batch $_", $main::Paths, "$main::Api platen_batch $_;", qr/takes a number from 1 to 100000 as ratio=/] }
        'ratio=0', 'ratio=100001'),
    map({ ["platen_batch $_", $main::Paths, "$main::Api platen_batch $_;", qr/invalid parameter "[^"]+" of platen_batch/] }
        'on', 'entries=', 'off off', 'more=1'),
    anywhere('platen_batch', 'off', 'entries=9'),
    map({ ["platen_quota $_", $main::Paths, "$main::Api platen_quota $_;"] } qw(1 250m 20g off)),
    map({ ["platen_quota $_", $main::Paths, "$main::Api platen_quota $_;", qr/"platen_quota" directive takes a size or off/] }
        qw(x -1 1mm 1.5m on 99999999999999999999)),
    ['platen_quota 0', $main::Paths, "$main::Api platen_quota 0;", qr/"platen_quota" directive must be greater than zero, or off/],
    anywhere('platen_quota', '5', 'off'),
    map({ ["platen_max_uploads $_", $main::Paths, "$main::Api platen_max_uploads $_;"] } 1, 100, 10000),
    map({ ["platen_max_uploads $_", $main::Paths, "$main::Api platen_max_uploads $_;", qr/value must be between 1 and 10000|"platen_max_uploads" directive invalid number/] }
        qw(0 10001 -1 x off 1k)),
    anywhere('platen_max_uploads', 5, 6),
    map({ ["platen_public_url $_", $main::Paths, "$main::Api platen_public_url $_;"] } qw(off http://a https://example.com:8443/api/ http://[::1]:80)),
    map({ ["platen_public_url $_", $main::Paths, "$main::Api platen_public_url $_;", qr/"platen_public_url" takes off, or what clients put before \/jobs/] }
        qw(on example.com ftp://a http:// http://a?b http://a#b http://u@a //a), 'http://a/' . 'x' x 600),
    anywhere('platen_public_url', 'off', 'http://a'),
    map({ [$_, $main::Paths, "$main::Api $_;"] } 'platen_max_queue 10 client=3', 'platen_job_ttl 1h max=1h',
        'platen_job_ttl 1h max=7d'),
    map({ [$_, $main::Paths, "$main::Api platen_max_queue $_;", qr/"platen_max_queue" directive takes a number from 1 as client=/] }
        '10 client=0', '10 client=x', '10 client=-1'),
    map({ [$_, $main::Paths, "$main::Api platen_max_queue $_;", qr/invalid parameter "[^"]*" of platen_max_queue, it takes client=/] }
        '10 3', '10 client=', '10 max=3'),
    map({ [$_, $main::Paths, "$main::Api platen_job_ttl $_;", qr/"platen_job_ttl" directive takes a time as max=, and not a shorter one/] }
        '1h max=59m', '1h max=x'),
    ['a bare second time', $main::Paths, "$main::Api platen_job_ttl 1h 2h;", qr/invalid parameter "2h" of platen_job_ttl, it takes max=/],
    map({ ["platen_min_free $_", "$main::Paths platen_min_free $_;", $main::Api] } '0', '1m', '2g'),
    map({ ["platen_min_free $_", "$main::Paths platen_min_free $_;", $main::Api, qr/"platen_min_free" directive invalid value/] } 'x', '-1'),
    ['twice', "$main::Paths platen_min_free 1m; platen_min_free 2m;", $main::Api, qr/"platen_min_free" directive is duplicate/],
    ['in location', '', 'platen_min_free 1m;', qr/"platen_min_free" directive is not allowed here/],
    map({ ["platen_sync $_", "$main::Paths platen_sync $_;", $main::Api] } 'on', 'off'),
    ['platen_sync 1', "$main::Paths platen_sync 1;", $main::Api, qr/invalid value "1" in "platen_sync" directive/],
    ['platen_sync in location', '', 'platen_sync on;', qr/"platen_sync" directive is not allowed here/],
);



=== TEST 7: platen_result_cache
--- flow
all_are(
    map({ ["platen_result_cache $_", $main::Paths, "$main::Api platen_result_cache $_;"] } 'on', 'off'),
    ['neither', $main::Paths, "$main::Api platen_result_cache 1;", qr/invalid value "1" in "platen_result_cache" directive/],
    anywhere('platen_result_cache', 'on', 'off'),
);



=== TEST 8: platen_formats
--- flow
my $wrong = sub { qr/invalid conversion "\Q$_[0]\E" of platen_formats, it takes all, or FROM:TO with names of formats or \*/ };
all_are(
    map({ [$_, $main::Paths, "$main::Api platen_formats $_;"] }
        'all', 'docx:pdf', 'docx:pdf odt:pdf', '*:pdf', 'docx:*', '*:*', 'DOCX:PDF', 'docm:pdf'),
    map({ [$_, $main::Paths, "$main::Api platen_formats docx:pdf $_;", $wrong->($_)] }
        'nope:pdf', 'docx:nope', 'docx', 'docxpdf', ':pdf', 'docx:', ':', 'docx:pdf:odt', '**:pdf', 'all'),
    anywhere('platen_formats', 'all', '*:pdf'),
);



=== TEST 9: platen_problem
--- flow
all_are(
    ['in an internal location', "$main::Paths server { error_page 404 /p; location = /p { internal; platen_problem; } }", undef],
    ['with an argument', '', 'platen_problem on;', qr/invalid number of arguments in "platen_problem"/],
    ['platen_metrics in a location of its own', $main::Paths, "$main::Api } location = /m { platen_metrics; allow 127.0.0.1; deny all;"],
    ['platen_metrics beside another that answers', $main::Paths, "$main::Api platen_metrics;",
     qr{"platen_metrics" directive is beside another directive that answers requests, such as platen_api}],
    ['platen_metrics with an argument', '', 'platen_metrics on;', qr/invalid number of arguments in "platen_metrics"/],
    ['platen_log', "$main::Paths platen_log $::Var/a.log;", $main::Api],
    ['platen_log of a level', "$main::Paths platen_log $::Var/a.log warn;", $main::Api],
    ['platen_log of none', "$main::Paths platen_log $::Var/a.log loud;", $main::Api, qr/invalid level "loud" of platen_log/],
    ['platen_log twice', "$main::Paths platen_log $::Var/a.log; platen_log $::Var/b.log;", $main::Api, qr/"platen_log" directive is duplicate/],
    ['platen_log where it cannot be', "$main::Paths platen_log /none/a.log;", $main::Api, qr{open\(\) "/none/a\.log" failed}],
    ['platen_log in server', 'server { platen_log a.log; }', undef, qr/"platen_log" directive is not allowed here/],
    ['platen_metrics in server', 'server { platen_metrics; }', undef, qr/"platen_metrics" directive is not allowed here/],
    ['in server', 'server { platen_problem; }', undef, qr/"platen_problem" directive is not allowed here/],
    ['in http', 'platen_problem;', undef, qr/"platen_problem" directive is not allowed here/],
);



=== TEST 10: each directive that the module has is in this file
--- flow
my ($table) = slurp("$::Root/ngx_module/directives.c") =~ /directives\[\] = \{(.*?)ngx_null_command/s;
my @names = $table =~ /ngx_string\("(\w+)"\)/g;
cmp_ok scalar(@names), '>=', 11, 'directives';
my $here = slurp("$::Root/t/http/config.t");
is_deeply [grep { $here !~ /\b$_\b/ } @names], [], 'none is missing';
my %known = map { $_ => 1 } @names;
is_deeply [grep { !$known{$_} } slurp("$::Root/conf/nginx.conf") =~ /^\s*(platen_\w+)/mg], [],
    'conf/nginx.conf has no other';
my %told = map { $_ => 1 } slurp("$::Root/docs/directives.md") =~ /^\| `(platen_\w+)/mg;
is_deeply [sort keys %told], [sort @names], 'and the table of docs/directives.md has each';



=== TEST 11: inheritance: http, server, location; what is nearer wins
--- http_config eval
"$::HttpConfig
 platen_api_keys $::Var/keys;
 platen_max_file_size 1000;
 platen_max_queue 1000;
 platen_formats *:pdf;
 platen_job_ttl 100s;
 server {
     listen 127.0.0.1:" . ($Test::Nginx::Util::ServerPort + 1) . ";
     location / { platen_api; }
     location /open { platen_api; platen_api_keys off; }
 }"
--- config eval
"client_body_buffer_size 64k;
 platen_max_file_size 2000;
 platen_formats *:odt *:txt;
 platen_job_ttl 200s;
 location / { platen_api; }
 location /near/ { platen_api; platen_max_file_size 3000; platen_formats all; platen_job_ttl 300s; platen_max_queue 1; }
 location /near/below { platen_max_file_size 10; }
 location /open { platen_api; platen_api_keys off; }
 location /outer { platen_api; platen_max_file_size 4000; location /outer/inner { platen_api; } }"
--- flow
my $other = Test::Nginx::Util::server_port() + 1;
my $there = sub { my ($path, $n, $key) = @_;
    raw("POST $path/jobs?to=pdf HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: " . ($key // $::Key{alice})
        . "\r\nContent-Length: $n\r\n\r\n" . 'x' x $n, $other) };
is $there->('', 1000)->code, 202, 'http: the size';
problem_is $there->('', 1001), 413, 'file_too_large', 'http: over it';
problem_is $there->('', 10, 'nope'), 401, 'unauthorized', 'http: keys';
is $there->('/open', 10, 'nope')->code, 202, 'location: keys off over http';

problem_is post('', 2000), 400, 'unsupported_conversion', 'server: other formats than http';
my $odt = http(POST => '/jobs?to=odt', content => 'x' x 2000);
is $odt->code, 202, 'server: the size';
problem_is http(POST => '/jobs?to=odt', content => 'x' x 2001), 413, 'file_too_large', 'server: over it';
problem_is get('/jobs', key => undef), 401, 'unauthorized', 'keys come from http';
is get('/open/jobs', key => undef)->code, 200, 'but not where they are off';

http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs'))->{jobs} };
http(DELETE => "/open/jobs/$_->{job_id}", key => undef) for @{ json_of(get('/open/jobs', key => undef))->{jobs} };
my $near = post('/near', 3000);
is $near->code, 202, 'location: all formats again, and the size';
problem_is post('/near', 10), 503, 'queue_full', 'location: the queue';
is http(DELETE => '/near/jobs/' . json_of($near)->{job_id})->code, 204, 'which is empty again';
problem_is post('/near', 3001), 413, 'file_too_large', 'location: over the size';
is http(POST => '/outer/inner/jobs?to=odt', content => 'x' x 4000)->code, 202, 'an inner location inherits from its outer';
problem_is http(POST => '/outer/inner/jobs?to=odt', content => 'x' x 4001), 413, 'file_too_large', 'over it';
is get('/near/below')->code, 404, 'a location inside is not the API by itself';
isnt get('/near/below')->header('Content-Type'), 'application/problem+json', 'but nginx\'s own';

# The time to live is seen when a job is done.
http(DELETE => "/jobs/$_->{job_id}") for @{ json_of(get('/jobs'))->{jobs} };
my %id = (300 => json_of(post('/near', 10))->{job_id}, 100 => json_of($there->('', 10))->{job_id},
          200 => json_of(http(POST => '/jobs?to=odt', content => 'x'))->{job_id});
platend_start();
for my $ttl (sort keys %id) {
    my $job = wait_job($id{$ttl});
    my ($done, $gone) = map { my ($h, $m, $s) = /T(\d\d):(\d\d):([\d.]+)Z/; $h * 3600 + $m * 60 + $s }
        @$job{qw(completed_at expires_at)};
    is sprintf('%.3f', ($gone - $done) % 86400), sprintf('%.3f', $ttl), "expires after ${ttl}s";
}



=== TEST 12: nginx does not start where the configuration is wrong
--- http_config eval: "platen_store $::Var/store; platen_store $::Var/store;"
--- must_die: 1
--- error_log
"platen_store" directive is duplicate



=== TEST 13: platen_signing_key
--- flow
my @bad = (
    ['a short one', 'x' x 31, qr/a signing key has 32 characters at least, which "\Q$::Var\E\/some-signing" is not/],
    ['an empty one', "\n" x 40, qr/a signing key has 32 characters at least/],
    ['a long one', 'x' x 513, qr/a signing key has 512 characters at most/],
    ['two in a file', 'x' x 40 . "\n" . 'y' x 40, qr/a signing key is one line, alone in its file/],
);
for (@bad) {
    my ($what, $text, $says) = @$_;
    spew("$::Var/some-signing", $text);
    all_are([$what, $main::Paths, "$main::Api platen_signing_key $::Var/some-signing;", $says]);
    unlike +(nginx_t($main::Paths, "$main::Api platen_signing_key $::Var/some-signing;"))[0], qr/xxx|yyy/, 'and shows no key';
}
my $both = "$::Var/signing-now $::Var/signing-old";
all_are(
    ['off', $main::Paths, "$main::Api platen_signing_key off;"],
    ['one', $main::Paths, "$main::Api platen_signing_key $::Var/signing-now;"],
    ['two', $main::Paths, "$main::Api platen_signing_key $both;"],
    ['nine', $main::Paths, "$main::Api platen_signing_key $::Var/signing-now" . " $::Var/signing-old" x 8 . ';',
     qr/there are 8 signing keys at most/],
    ['a missing file', $main::Paths, "$main::Api platen_signing_key $::Var/missing;",
     qr{open\(\) "\Q$::Var\E/missing" failed \(2: No such file or directory\)}],
    ['a directory', $main::Paths, "$main::Api platen_signing_key $::Var/run;", qr{"\Q$::Var\E/run" is no regular file}],
    anywhere('platen_signing_key', $both, 'off'),
);



=== TEST 14: platen_client
--- flow
my $sign = "platen_signing_key $::Var/signing-now;";
all_are(
    map({ ["platen_client $_", $main::Paths, "$main::Api $sign platen_client $_;"] }
        'key', 'cookie', '$remote_user', '"$http_a/$http_b"', '$ssl_client_s_dn'),
    ['cookie without a key to sign it with', $main::Paths, "$main::Api platen_client cookie;",
     qr{location "/" has platen_client cookie but no platen_signing_key to sign it with}],
    ['cookie with signing off', "$main::Paths $sign", "$main::Api platen_signing_key off; platen_client cookie;",
     qr{has platen_client cookie but no platen_signing_key}],
    map({ [$_, $main::Paths, "$main::Api $sign platen_client $_;", qr/"platen_client" directive takes key, cookie, or a value with variables/] }
        'off', 'alice', '""', 'Cookie'),
    ['an unknown variable', $main::Paths, "$main::Api $sign platen_client \$nope;", qr/unknown "nope" variable/],
    ['in http and server', "$main::Paths $sign platen_client cookie; server { platen_client key; location / { $main::Api } }", undef],
    ['twice', $main::Paths, "$main::Api platen_client key; platen_client key;", qr/"platen_client" directive is duplicate/],
    ['without a value', $main::Paths, "$main::Api platen_client;", qr/invalid number of arguments/],
    ['in the main context', $main::Paths, $main::Api, qr/"platen_client" directive is not allowed here/, "platen_client key;\n"],
);



=== TEST 15: platen_cors
--- flow
all_are(
    map({ ["platen_cors $_", $main::Paths, "$main::Api platen_cors $_;"] }
        'off', '*', 'https://a.example', 'http://localhost:3000 https://a-b.example', 'http://[::1]:80'),
    map({ [$_, $main::Paths, "$main::Api platen_cors https://a.example $_;",
           qr/invalid origin "\Q$_\E" of platen_cors, it takes off, \*, or origins such as/] }
        'a.example', 'https://a.example/', 'https://A.example', 'https://', 'ftp://a.example', '*', 'off', 'null',
        'https://*.a.example'),
    anywhere('platen_cors', '*', 'off'),
);



=== TEST 15a: platen_scheme
--- flow
all_are(
    map({ ["platen_scheme $_", $main::Paths, "$main::Api platen_scheme $_;"] }
        'https', 'http', '$scheme', '$http_x_forwarded_proto', '"$http_a$http_b"'),
    ['an unknown variable', $main::Paths, "$main::Api platen_scheme \$nope;", qr/unknown "nope" variable/],
    anywhere('platen_scheme', 'https', 'http'),
);



=== TEST 15c: platen_realm
--- flow
all_are(
    map({ ["platen_realm $_", $main::Paths, "$main::Api platen_realm $_;"] } 'intern', 'b.example-2'),
    anywhere('platen_realm', 'a', 'b'),
);



=== TEST 15b: platen_webhooks and platen_webhook
--- flow
all_are(
    map({ ["platen_webhooks $_", $main::Paths, "$main::Api platen_webhooks $_;"] } 'on', 'off'),
    ['yes', $main::Paths, "$main::Api platen_webhooks yes;", qr/invalid value "yes" in "platen_webhooks" directive/],
    ['twice', $main::Paths, "$main::Api platen_webhooks on; platen_webhooks on;", qr/"platen_webhooks" directive is duplicate/],
    ['several clients', $main::Paths, "$main::Api platen_webhook alice https://a.example/x; platen_webhook bob http://10.0.0.1:8080;"],
    ['in http and server', "$main::Paths platen_webhooks on; platen_webhook a http://a/; server { platen_webhooks off;
        platen_webhook a http://b/; location / { $main::Api } }", undef],
    ['one client twice', $main::Paths, "$main::Api platen_webhook a http://a/; platen_webhook a http://b/;",
     qr/client "a" has a platen_webhook already/],
    ['no client', $main::Paths, "$main::Api platen_webhook '' http://a/;", qr/the client of platen_webhook has 1 to 64 characters/],
    ['a long client', $main::Paths, "$main::Api platen_webhook @{[ 'a' x 65 ]} http://a/;", qr/has 1 to 64 characters/],
    map({ [$_, $main::Paths, "$main::Api platen_webhook alice $_;", qr/the URL of platen_webhook for client "alice" (?:has|names)/] }
        'a.example', 'ftp://a/', 'http://', 'http://u:p@a/', "'http://a/#x'", 'http://a:0/'),
    ['without a URL', $main::Paths, "$main::Api platen_webhook alice;", qr/invalid number of arguments/],
    ['in the main context', $main::Paths, $main::Api, qr/"platen_webhook" directive is not allowed here/, "platen_webhook a http://a/;\n"],
);



=== TEST 16: platend -t: good files
--- flow
is +(platend_t(slurp("$::Root/conf/platend.cfg") =~ s/^user.*//mr))[1], 0, 'conf/platend.cfg';
my ($out, $status) = platend_t('');
is $status, 0, 'an empty file: all has its default';
is $out, "platend: $::Var/t.cfg: the configuration is valid\n", 'and it says so';
for ("# a comment\nworkers = 256\n", "store\n    path = \"/x\"\n    map_size = 1g\n",
     "limits\n    wall_clock = 1\n    output_size = 1k\n    attempts = 100\n    grace = 0\n    address_space = 4g\n",
     "queue\n    mode = 0600\n    endpoint = \"ipc:///run/x.sock\"\n",
     "queue\n    events = \"ipc:///run/e.sock\"\n", "queue\n    events = off\n", "log\n    level = debug\n",
     "engines\n    soffice\n        enabled = 0\n", "reaper\n    interval = 3600\noutbox\n    keep = 60\n",
     "limits\n    output_size = 5M\n    memory = 512m\n", "sandbox = available\nstandby = 0\nnice = 0\nkeep_short = 1\nlong_after = 30\n", "sandbox = required\ncgroup = /sys/fs/cgroup/x\n",
     "engines\n    libexec = /x\n    lok\n        enabled = 0\n        program = /x\n        ahead = 0\n        populate = off\n        renew_after = 1\n        renew_hours = 1\n",
     "engines\n    tables\n        duckdb = /x/libduckdb.so\n        enabled = 0\n    pandoc\n        enabled = 0\n",
     "engines\n    poppler\n        enabled = 0\n    mupdf\n        enabled = 0\n    qpdf\n        enabled = 0\n    image\n        enabled = 0\n",
     "webhook\n    secret = \"/x /y\"\n    unsigned = 1\n    allow = \"10.0.0.0/8 ::1\"\n    ca = \"/x\"\n    base = \"https://a/b\"\n    connections = 1\n"
     . "    per_host = 1\n    connect_timeout = 1\n    timeout = 1\n    backoff = 1\n    backoff_max = 1\n    give_up = 1\n    keep = 60\n    keep_dead = 60\n",
     "engine\n    mine\n        from = \"svg txt\"\n        to = png\n        command = \"/bin/cp {input} {output} {width}\"\n        options = width\n"
     . "        read = \"/etc/x /srv\"\n        cost = 5\n        address_space = 1g\n        fork = 1\n    yours\n        from = svg\n        to = pdf\n        command = /bin/true\n") {
    my ($out, $status) = platend_t($_);
    is $status, 0, 'taken: ' . s/\n\s*/ /gr or diag $out;
}
ok !-e '/x', 'nothing is made by a test';
($out, $status) = platend_t("limits\n    losses = 7\n");
is $status, 0, 'a key with the name that it had is taken';
like $out, qr{"level":"warn".*"key":"limits/losses","name":"limits/lost_attempts"}, 'and warned of' or diag $out;



=== TEST 17: platend -t: bad files: exit code 2 and a sentence with the key
--- flow
for (["nope = 1\n", '"nope" is not a key that platend knows'],
     ["store\n    nope = 1\n", '"store/nope" is not a key that platend knows'],
     ["engines\n    word\n        path = /x\n", '"engines/word" is not a key that platend knows'],
     ["workers = x\n", '"workers" needs a number'],
     ["workers = -1\n", '"workers" needs a number'],
     ["workers = 1x\n", '"workers" needs a number'],
     ["workers = 0\n", '"workers" is out of range'],
     ["workers = 257\n", '"workers" is out of range'],
     ["workers = 99999999999999999999\n", '"workers" needs a number'],
     ["workers\n    path = /x\n", '"workers" needs a number'],
     ["workers = 1\n    path = /x\n", '"workers" takes no keys below it'],
     ["workers = 1\nworkers = 2\n", '"workers" is there twice'],
     ["store = /x\n", '"store" is a section and takes no value'],
     ["store\n    path = \"x\"\n", '"store/path" needs an absolute path'],
     ["store\n    path = \"/" . 'x' x 1100 . "\"\n", '"store/path" is too long'],
     ["store\n    map_size = 1t\n", '"store/map_size" needs bytes, as 1048576, 1024k or 1g'],
     ["store\n    map_size = 99999999999g\n", '"store/map_size" needs bytes, as 1048576, 1024k or 1g'],
     ["store\n    reader_alarm = 0\n", '"store/reader_alarm" is out of range'],
     ["queue\n    endpoint = \"tcp://127.0.0.1:5555\"\n", '"queue/endpoint" needs ipc:// and an absolute path'],
     ["queue\n    endpoint = \"ipc:///" . 'x' x 107 . "\"\n", '"queue/endpoint" is longer than a socket\'s path may be'],
     ["queue\n    events = on\n", '"queue/events" needs ipc:// and an absolute path'],
     ["queue\n    events = \"ipc:///run/platen/platend.sock\"\n", '"queue/events" is the same as queue/endpoint'],
     ["queue\n    endpoint = \"ipc:///" . 'x' x 98 . "/y\"\n", '"queue/events" has to be given: beside queue/endpoint its path would be too long'],
     ["queue\n    mode = 0999\n", '"queue/mode" needs an octal number'],
     ["queue\n    mode = 1000\n", '"queue/mode" is out of range'],
     ["queue\n    group = \"no-such-group\"\n", '"queue/group": there is no group no-such-group'],
     ["user = \"no-such-user\"\n", '"user": there is no user no-such-user'],
     ["limits\n    wall_clock = 0\n", '"limits/wall_clock" is out of range'],
     ["limits\n    wall_clock = 1.5\n", '"limits/wall_clock" needs a number'],
     ["limits\n    output_size = 0\n", '"limits/output_size" is out of range'],
     ["limits\n    attempts = 0\n", '"limits/attempts" is out of range'],
     ["limits\n    lost_attempts = 0\n", '"limits/lost_attempts" is out of range'],
     ["limits\n    host_failures = 0\n", '"limits/host_failures" is out of range'],
     ["limits\n    losses = 0\n", '"limits/losses" is out of range'],
     ["limits\n    losses = 1\n    lost_attempts = 1\n", '"limits/lost_attempts" is there twice'],
     ["limits\n    per_client = 257\n", '"limits/per_client" is out of range'],
     ["limits\n    spare = 257\n", '"limits/spare" is out of range'], ["limits\n    client_size = many\n", '"limits/client_size" needs'],
     ["limits\n    grace = 86401\n", '"limits/grace" is out of range'],
     ["reaper\n    orphan_age = 9999999999999\n", '"reaper/orphan_age" is out of range'],
     ["canary\n    interval = 86401\n", '"canary/interval" is out of range'],
     ["reaper\n    orphan_interval = 0\n", '"reaper/orphan_interval" is out of range'],
     ["reaper\n    interval = 0\n", '"reaper/interval" is out of range'],
     ["outbox\n    keep = 59\n", '"outbox/keep" is out of range'],
     ["engines\n    soffice\n        enabled = yes\n", '"engines/soffice/enabled" needs 0 or 1'],
     ["engines\n    soffice\n        enabled = 2\n", '"engines/soffice/enabled" is out of range'],
     ["engines\n    soffice\n        path = soffice\n", '"engines/soffice/path" needs an absolute path'],
     ["standby = 257\n", '"standby" is out of range'],
     ["nice = 20\n", '"nice" is out of range'],
     ["keep_short = 257\n", '"keep_short" is out of range'], ["long_after = 0\n", '"long_after" is out of range'],
     ["sandbox = off\n", '"sandbox" needs one of required, available'],
     ["cgroup = x\n", '"cgroup" needs auto, or an absolute path'],
     ["limits\n    memory = 1k\n", '"limits/memory" is out of range'],
     ["engines\n    lok\n        ahead = 257\n", '"engines/lok/ahead" is out of range'],
     ["engines\n    lok\n        populate = 1\n", '"engines/lok/populate" needs one of auto, on, off'],
     ["engines\n    lok\n        renew_after = 0\n", '"engines/lok/renew_after" is out of range'],
     ["engines\n    tables\n        duckdb = libduckdb.so\n", '"engines/tables/duckdb" needs an absolute path'],
     ["engine\n    mine\n        to = png\n        command = /x\n", '"engine/mine" needs a key from'],
     ["engine\n    mine\n        from = svg\n        command = /x\n", '"engine/mine" needs a key to'],
     ["engine\n    mine\n        from = svg\n        to = png\n", '"engine/mine" needs a key command'],
     ["engine\n    mine\n        nope = svg\n", '"engine/mine/nope" is not a key that platend knows'],
     ["engine\n    mine\n        cost = 0\n", '"engine/mine/cost" is out of range'],
     ["engine\n    mine\n        from = a\n        to = b\n        command = /c\n    mine\n        from = a\n", '"engine/mine" is there twice'],
     ["webhook\n    secret = \"/x y\"\n", '"webhook/secret" needs absolute paths, separated by blanks'],
     ["webhook\n    allow = \"10.0.0.0/33\"\n", '"webhook/allow" has a network with a prefix that is none'],
     ["webhook\n    allow = \"10.0.0.1/8\"\n", '"webhook/allow" has a network with bits set behind its prefix'],
     ["webhook\n    allow = \"localhost\"\n", '"webhook/allow" needs networks, as 10.1.0.0/16 or fd00::/8'],
     ["webhook\n    base = \"a.example\"\n", '"webhook/base" has to begin with http:// or https://'],
     ["webhook\n    ca = x\n", '"webhook/ca" needs an absolute path'],
     ["webhook\n    connections = 0\n", '"webhook/connections" is out of range'],
     ["webhook\n    timeout = 301\n", '"webhook/timeout" is out of range'],
     ["traces\n    endpoint = \"a.example\"\n", '"traces/endpoint" has to begin with http:// or https://'],
     ["log\n    file = platend.log\n", '"log/file" needs an absolute path'],
     ["log\n    audit = audit.log\n", '"log/audit" needs an absolute path'],
     ["log\n    level = loud\n", '"log/level" needs one of debug, info, warn, error'],
     ["workers = 1\n   bad indent = 2\n", 'is not a ZPL file']) {
    my ($text, $says) = @$_;
    my ($out, $status) = platend_t($text);
    is $status, 2, 'refused: ' . substr $text =~ s/\n\s*/ /gr, 0, 60 or diag $out;
    like $out, qr/^platend: \Q$::Var\E\/t\.cfg: (?:.*)?\Q$says\E/m, 'and it says why';
}
my ($out, $status) = platend_t("traces\n    endpoint = \"https://collector.example\"\n    service = \"any name\"\n");
is $status, 0, 'a collector, and a name' or diag $out;
unlink "$::Var/t.cfg";
($out, $status) = platend_t();
is $status, 2, 'a missing file';
like $out, qr/^platend: \Q$::Var\E\/t\.cfg: No such file or directory$/m, 'is named';



=== TEST 18: platend's command line
--- flow
for (['', 2, qr/^Usage: platend/], ['-c', 2, qr/Usage: platend/], ['-x', 2, qr/Usage: platend/],
     ["-t -c $::Var/platend.cfg more", 2, qr/^Usage: platend/], ['-t', 2, qr/^Usage: platend/],
     ['-h', 0, qr/^Usage: platend/], ['-V', 0, qr/^platend \d+\.\d+\.\d+\n\z/],
     ['--help', 0, qr/^Usage: platend/], ['--version', 0, qr/^platend \d+\.\d+\.\d+\n\z/], ['--what', 2, qr/Usage: platend/],
     ["-c $::Var/none", 2, qr/"msg":\s*"the configuration is wrong".*No such file/]) {
    my ($arguments, $want, $says) = @$_;
    my $out = `$main::Build/platend $arguments 2>&1`;
    is $? >> 8, $want, "platend $arguments";
    like $out, $says, 'what it says';
}
my ($table) = slurp("$::Root/sidecar/config.c") =~ /key_rule_t keys\[\] = \{(.*?)\n\};/s;
my @keys = $table =~ /^    \{ "([a-z_\/]+)",/mg;
cmp_ok scalar(@keys), '>=', 18, 'keys';
my $here = slurp("$::Root/t/http/config.t");
is_deeply [grep { my ($last) = m{([^/]+)\z}; $here !~ /\b$last\b/ } @keys], [], 'each is in this file';
my (@at, %shown);
for (split /\n/, slurp("$::Root/conf/platend.cfg")) {
    my ($indent, $name) = /^( *)#?([a-z_]+)(?: =|$)/ or next;
    splice @at, length($indent) / 4;
    push @at, $name;
    $shown{ join '/', @at } = 1;
}
is_deeply [grep { !$shown{$_} } @keys], [], 'and in conf/platend.cfg';
