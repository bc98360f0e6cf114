# Documents that name something else, in every way that their formats have: nobody is asked, and nothing of it comes out.
#
#   PLATEN_LINKS   how many of the documents are tried: each n-th (3); 1 is all

use lib 't/lib';
use TestPlaten;
use Hostile;
use HostileLinks;

our $Mark = 'MARKER-52c9';
our ($Text, $Image) = ("$Var/there.txt", "$Var/there.png");
spew($Text, "$Mark\n");
spew($Image, image_of(61, 67, $Mark));
our $Listener = IO::Socket::INET->new(Listen => 1000, LocalAddr => '127.0.0.1', Blocking => 0) or die;

sub reached { my $n = 0; $n++ while $Listener->accept; return $n }
sub leaks { my ($text) = @_; return $text =~ /\Q$Mark\E|\b61 +67\b/ }

run_tests();

__DATA__

=== TEST 1: each carrier, with each address, to each of its targets
--- timeout: 900
--- flow
platend_start('limits/attempts' => 1, 'limits/wall_clock' => 60);
my (@sent, %refused, $n);
for my $carrier (carriers()) {
    my ($name, $ext, $targets, $make) = @$carrier;
    for my $address (addresses($::Listener->sockport, $::Image, $::Text)) {
        for my $to (@$targets) {
            next if $n++ % ($ENV{PLATEN_LINKS} || 3);
            my $answer = json_of(post_form('/jobs', [file => [undef, "a.$ext", Content => $make->($address->[1])], target_format => $to]));
            defined $answer->{job_id} ? push @sent, ["$name, $address->[0], to $to", $answer->{job_id}] : $refused{"$name, to $to: $answer->{code}"}++;
        }
    }
}
cmp_ok scalar @sent, '>=', 200, @sent . ' documents';
is_deeply \%refused, {}, 'all of which are taken';
my (@leaks, @without, %outcome);
for my $sent (@sent) {
    my ($what, $id) = @$sent;
    my $job = wait_job($id, 600);
    $outcome{ $job->{status} . ' ' . ($job->{error_code} // '') }++;
    next if $job->{status} ne 'SUCCESS';
    my $text = text_of(get($job->{download_url})->content);
    push @leaks, $what if main::leaks($text);
    push @without, $what if $text !~ /before/ && $what !~ /^svg/;
}
diag join ', ', map "$outcome{$_} $_", sort keys %outcome;
cmp_ok $outcome{'SUCCESS '} // 0, '>=', 0.8 * @sent, 'most of which are converted';
is_deeply \@leaks, [], 'nothing of what they name comes out';
is_deeply \@without, [], 'but their own text does';
is main::reached(), 0, 'nobody was asked for anything';
