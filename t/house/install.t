# make install and make uninstall: what an operator has edited is his.  And what debian/ says more than
# once is the same each time.

use strict;
use warnings;

use File::Temp ();
use Test::More;

my $root = File::Temp->newdir('platen-install-XXXXXX', TMPDIR => 1);
my $etc = "$root/etc/platen";

sub make { my ($target) = @_; my $said = qx(make -s $target DESTDIR=$root 2>&1); is $? >> 8, 0, "make $target" or diag $said; return $said }
sub slurp { my ($path) = @_; open my $in, '<', $path or return undef; local $/; return scalar <$in> }
sub edit { my ($path, $text) = @_; open my $out, '>>', $path or die "$path: $!"; print {$out} $text; close $out }
sub files { return sort grep { length } split /\n/, qx(find $root -type f) }

make('install');
is slurp("$etc/$_"), slurp("conf/$_"), "$_ is the shipped one" for qw(platend.cfg nginx.conf);
ok -x "$root/usr/sbin/platend", 'platend';
my @all = files();

my @needs = sort qx(readelf -d $root/usr/lib/platen/platen-webhook) =~ /\(NEEDED\).*\[lib(\w+)\.so/g;
is_deeply \@needs, [qw(c crypto curl jansson lmdb)], 'platen-webhook, which talks to hosts that clients name, is linked with what it calls';
ok -s "$root/usr/lib/platen/platen-webhook" < -s "$root/usr/sbin/platend", 'and is not all of platend';

make('install');
is_deeply [files()], \@all, 'again: nothing else';

edit("$etc/platend.cfg", "# mine\n");
my $mine = slurp("$etc/platend.cfg");
like make('install'), qr{\Q$etc\E/platend\.cfg stays as it is; this version's is \Q$etc\E/platend\.cfg\.new}, 'it is said';
is slurp("$etc/platend.cfg"), $mine, 'an edited configuration stays';
is slurp("$etc/platend.cfg.new"), slurp('conf/platend.cfg'), 'the new one is beside it';
ok !-e "$etc/nginx.conf.new", 'and none of what was not edited';

like make('uninstall'), qr{\Q$etc\E/platend\.cfg was edited and stays}, 'it is said, too';
is_deeply [files()], ["$etc/platend.cfg"], 'all is gone but what was edited';
is slurp("$etc/platend.cfg"), $mine, 'which is as it was';

unlink "$etc/platend.cfg" or die;
make('install');
ok -s "$root/usr/share/man/man$_", "the manual has $_" for qw(8/platend.8 8/platenctl.8 5/platend.cfg.5 5/ngx_http_platen_module.5);
make('uninstall');
is_deeply [files()], [], 'unedited, nothing stays';

# What quickstart and ./check install, and what the packages ask for.
my %list;
for (split /\n/, slurp('debian/packages')) {
    my ($purpose, @names) = split ' ', s/#.*//r or next;
    $list{$purpose}{$_} = 1 for @names;
}
my $control = slurp('debian/control');
sub asked { # the names in a field of a stanza; without versions, and without what debhelper puts there
    my ($stanza, $field) = @_;
    my ($text) = grep /^\Q$stanza\E\n/, split /\n\n/, $control;
    my ($value) = $text =~ /^$field: *(.*(?:\n .*)*)/m or die "$stanza has no $field";
    return grep { length && !/^\$/ } map { s/^\s+|\s*(?:[(|].*)?$//gsr } split /,/, $value;
}
my %debian = map { $_ => 1 } qw(debhelper-compat dh-sequence-nginx pkgconf);
my %essential = map { $_ => 1 } qw(gcc libc6-dev make); # of every build of a package
is_deeply [sort grep !$debian{$_}, asked('Source: platen', 'Build-Depends')], [sort grep !$essential{$_}, keys %{ $list{build} }],
    'Build-Depends are the packages that a build needs';
my %by = (nginx => 1, 'pandoc-data' => 1); # by platen itself, and by pandoc
is_deeply [sort(asked('Package: platend', 'Depends'))], [sort grep !$by{$_}, keys %{ $list{run} }], 'platend depends on what it runs';
ok scalar(grep $_ eq 'nginx', asked('Package: platen', 'Depends')), 'and platen on nginx';

# The site of the package is conf/nginx.conf's server, on this machine alone and with less said.
sub directives { return map { s/^\s+|\s+$//gr =~ s/\s+/ /gr } split /[;{}]/, slurp($_[0]) =~ s/#.*//gr }
my %shipped = map { $_ => 1 } directives('conf/nginx.conf');
is_deeply [grep !$shipped{$_} && !/^listen /, directives('debian/site/platen.conf')], [], 'the site says what conf/nginx.conf says';

done_testing();
