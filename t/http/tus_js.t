# A real client of tus, npm's tus-js-client under node: straight on, interrupted, and across kill -9.

use lib 't/lib';
use TestPlaten;

master_on();
workers(4);

our $Module = "$Root/build/npm/node_modules/tus-js-client";
our $Missing;
if (system('command -v node npm > /dev/null 2>&1') != 0) {
    $Missing = 'no node and npm';
} elsif (!-d $Module) {
    system("npm install --no-audit --no-fund --prefix $Root/build/npm tus-js-client\@4 > $Var/npm.log 2>&1") == 0
        or $Missing = 'the npm registry does not answer: ' . slurp("$Var/npm.log") =~ s/\n.*//sr;
}

our $Config = $ApiConfig =~ s/platen_api;/platen_api; platen_max_file_size 256m;/r;
our $Text = join '', map sprintf("line %d of a large document, %s\n", $_, 'x' x ($_ % 900)), 1 .. 130_000;
spew("$Var/large.txt", $Text);

# Uploads the file; returns what the client saw, and the job's id.
sub upload {
    my ($how) = @_;
    my ($master) = nginx_pids();
    open my $fh, '-|', 'node', "$Root/t/http/tus.js", $Module, base_url() . '/uploads/', $Key{alice},
        "$Var/large.txt", $how, $master or die;
    my @seen = map Cpanel::JSON::XS->new->decode($_), <$fh>;
    close $fh;
    my ($id) = ($seen[-1]{url} // '') =~ m{/uploads/([0-9a-f-]{36})\z};
    ok $id, "$how: it comes to its end" or diag $seen[-1]{error};
    return (\@seen, $id);
}

sub whole {
    my ($id, $how) = @_;
    is sha256_hex(slurp("$Var/data/input/" . substr($id, 0, 7) . "/$id")), sha256_hex($Text), "$how: every byte is there";
    is job($id)->{input_size}, length $Text, "$how: and it is a job";
    is_deeply [files_below("$Var/data/uploads")], [], "$how: nothing else is left";
}

run_tests();

__DATA__

=== TEST 1: straight on, and of a length that is said at the end
--- config eval: $::Config
--- flow
SKIP: {
    skip "no tus-js-client: $main::Missing", 9 if $main::Missing;
    for my $how ('straight', 'deferred') {
        my ($seen, $id) = main::upload($how);
        main::whole($id, $how);
        is $seen->[-2]{job}, $id, "$how: the last answer names the job";
    }
}



=== TEST 2: interrupted, and resumed where it was
--- config eval: $::Config
--- flow
SKIP: {
    skip "no tus-js-client: $main::Missing", 5 if $main::Missing;
    my ($seen, $id) = main::upload('abort');
    main::whole($id, 'abort');
    my @resumed = grep { $_->{method} && $_->{method} eq 'HEAD' && $_->{status} == 200 } @$seen;
    cmp_ok $resumed[0]{offset}, '>', 0, 'not from its start';
}



=== TEST 3: across kill -9 of all workers, twice
--- config eval: $::Config
--- no_error_log
[emerg]
--- flow
SKIP: {
    skip "no tus-js-client: $main::Missing", 6 if $main::Missing;
    my ($seen, $id) = main::upload('kill');
    main::whole($id, 'kill');
    is scalar(grep $_->{killed}, @$seen), 2, 'twice';
    my @resumed = grep { $_->{method} && $_->{method} eq 'HEAD' && $_->{status} == 200 } @$seen;
    cmp_ok $resumed[-1]{offset}, '>', 0, 'not from its start';
}
