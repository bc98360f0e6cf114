# platenctl doctor compares what nginx.conf and platend.cfg name.

use lib 't/lib';
use TestPlaten;

spew("$Var/more-keys", 'alice:' . sha256_hex('key-of-another') . "\n");

# doctor with those settings, and its exit code.
sub doctor {
    my ($set, @options) = @_;
    spew("$Var/doctor.cfg", TestPlaten::zpl('store/path' => "$Var/store", 'data/path' => "$Var/data",
        'queue/endpoint' => "ipc://$Var/run/platend.sock", 'engines/libexec' => $Libexec,
        'engines/tables/duckdb' => $Duckdb, %$set));
    return platenctl('-c', "$Var/doctor.cfg", 'doctor', '--web-user', scalar getpwuid $>, @options);
}

# What nginx makes when it starts, for one that has never: it has these.
sub temp_paths { join '', map { mkdir "$Var/of-$_"; "${_}_temp_path $Var/of-$_;\n" } @_ }

sub state_of { join "\n", map { join ' ', $_, (lstat)[0 .. 7, 9, 10] } files_below(@_), @_ }

run_tests();

__DATA__

=== TEST 1: the nginx that runs with this store is asked for its configuration
--- http_config eval
"platen_store $::Var/store map_size=1g; platen_data $::Var/data; platen_queue ipc://$::Var/run/platend.sock; platen_events ipc://$::Var/run/events.sock;"
--- config eval
"location / { platen_api; platen_api_keys $::Var/keys; }
 location /b/ { platen_api; platen_api_keys $::Var/more-keys; }"
--- flow
my $before = main::state_of("$Var/data", "$Var/run");
is main::doctor({ 'store/map_size' => '1g' }), 0, 'doctor' or diag $CtlOut;
like $CtlOut, qr{^ok    nginx\.conf and \Q$Var\E/doctor\.cfg name the same directories, map and sockets$}m, 'all is the same';
like $CtlOut, qr{^warn  nginx: "alice" is in "\Q$Var\E/keys" and in "\Q$Var\E/more-keys", and one client to both; if they are two, give each its platen_realm.* — }m, 'one name in two files of keys';
is main::state_of("$Var/data", "$Var/run"), $before, 'nothing is made or changed';

mkdir "$Var/elsewhere";
is main::doctor({ 'data/path' => "$Var/elsewhere", 'queue/endpoint' => "ipc://$Var/run/other.sock", 'queue/events' => "ipc://$Var/run/other-events.sock" }), 1, 'others';
like $CtlOut, qr{^(?:FAIL|warn(?=  nginx has platen_store))  nginx has \Q$_\E and \Q$Var\E/doctor\.cfg .* — name the same in both}m, $_
    for "platen_data $Var/data,", 'platen_store ... map_size= 1g,', "platen_queue ipc://$Var/run/platend.sock,", "platen_events ipc://$Var/run/events.sock,";
unlike $CtlOut, qr/^FAIL .*platen_store \S+,/m, 'and the store is the same';



=== TEST 2: another configuration, and one that nginx cannot read
--- flow
spew("$Var/other.conf", "load_module $TestPlaten::Build/ngx_http_platen_module.so;\npid /dev/null;\nerror_log stderr;\nevents {}\n"
    . "http {\n access_log off;\n include $Var/part.conf;\n include $Var/paths.conf;\n server { location / { platen_api; platen_api_keys off; } }\n}\n");
spew("$Var/paths.conf", main::temp_paths(qw(client_body proxy fastcgi uwsgi scgi)));
spew("$Var/part.conf", "# platen_data /none;\nplaten_store '$Var/store-b';\nplaten_data \"$Var/data\";\n");
mkdir "$Var/store-b";
is main::doctor({}, '--nginx-conf', "$Var/other.conf"), 1, 'named';
like $CtlOut, qr{^FAIL  nginx has platen_store \Q$Var\E/store-b, and \Q$Var\E/doctor\.cfg store/path = \Q$Var\E/store — }m, 'its store';
spew("$Var/paths.conf", "client_body_temp_path $Var/never;\n");
is main::doctor({}, '--nginx-conf', "$Var/other.conf"), 0, 'that nginx has not run yet is no fault';
like $CtlOut, qr{^warn  nginx's configuration is not compared with \S+: nginx -T says: mkdir\(\) "\Q$Var\E/never" failed .* — start nginx once: }m, 'and it is said what to do';
ok !-e "$Var/never", 'it made nothing';
spew("$Var/other.conf", "events {\n");
main::doctor({}, '--nginx-conf', "$Var/other.conf");
like $CtlOut, qr{^warn  nginx's configuration is not compared with \S+: nginx -T says: unexpected end of file.* — }m, 'it is said that it was not compared';
spew("$Var/other.conf", "pid /dev/null;\nerror_log stderr;\nevents {}\n");
main::doctor({}, '--nginx-conf', "$Var/other.conf");
like $CtlOut, qr{^warn  nginx's configuration has no location with platen_api — }m, 'and that there is none of Platen';
