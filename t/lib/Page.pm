package Page;

# The page of web/ in a real browser, as a person sees and works it: Debian's chromium without a
# window, led by its DevTools protocol.  Used as Browser.pm is:
#
#     use lib 't/lib';
#     use Page;                             # skips or fails as Browser does
#     use TestPlaten;
#     my $page = Page->new(base_url() . '/');
#     $page->drop('#drop', "$Var/a.docx");
#     $page->click('#convert');
#     ok $page->until(30, q{document.querySelector('.job.done')}), 'done' or diag $page->log;
#
# What a page throws, and what its policy refuses, is in $page->{wrong}.

use strict;
use warnings;

use parent -norequire, 'Browser';

use Cpanel::JSON::XS ();
use MIME::Base64 qw(decode_base64);
use Time::HiRes qw(sleep time);

sub import {
    require Browser;
    Browser->import;
}

sub new {
    my ($class, $url, %arg) = @_;
    require TestPlaten;
    require WebSocket;
    my $self = bless { wrong => [], requests => 0, size => $arg{size} // [1100, 900] }, $class;
    $self->_launch('--remote-debugging-port=0', '--hide-scrollbars', '--force-device-scale-factor=1', '--lang=en-US',
        '--window-size=' . join(',', @{ $self->{size} }), 'about:blank');
    my $port;
    TestPlaten::eventually(60, sub { ($port) = (-e "$self->{profile}/data/DevToolsActivePort"
        ? TestPlaten::slurp("$self->{profile}/data/DevToolsActivePort") : '') =~ /^(\d+)\n/ }) or die 'no browser: ' . $self->log;
    my $ua = LWP::UserAgent->new(timeout => 60);
    my ($target) = grep { $_->{type} eq 'page' } @{ Cpanel::JSON::XS->new->utf8->decode($ua->get("http://127.0.0.1:$port/json/list")->content) };
    my ($path) = $target->{webSocketDebuggerUrl} =~ m{\Aws://[^/]+(/.*)};
    $self->{ws} = WebSocket->new($path, port => $port, key => undef, Host => "127.0.0.1:$port");
    die 'no connection to the browser' if ($self->{ws}{code} // 0) != 101;
    $self->ask($_) for qw(Page.enable Runtime.enable Log.enable Network.enable);
    mkdir "$self->{profile}/down" or die $!;
    $self->ask('Browser.setDownloadBehavior', behavior => 'allow', downloadPath => "$self->{profile}/down");
    $self->resize(@{ $self->{size} });
    $self->visit($url) if defined $url;
    return $self;
}

# A command of the protocol; returns its result.
sub ask {
    my ($self, $method, %params) = @_;
    my $id = ++$self->{requests};
    $self->{ws}->send(1, Cpanel::JSON::XS->new->utf8->encode({ id => $id, method => $method, params => \%params }));
    while (my $message = $self->{ws}->next(60)) {
        if (defined $message->{id} && $message->{id} == $id) {
            die "$method: $message->{error}{message}" if $message->{error};
            return $message->{result};
        }
        $self->_heard($message);
    }
    die "$method: the browser is gone";
}

sub _heard {
    my ($self, $message) = @_;
    my ($method, $params) = @$message{qw(method params)};
    if (($method // '') eq 'Runtime.exceptionThrown') {
        push @{ $self->{wrong} }, $params->{exceptionDetails}{exception}{description} // $params->{exceptionDetails}{text};
    } elsif (($method // '') eq 'Log.entryAdded' && ($params->{entry}{source} eq 'security' || $params->{entry}{text} =~ /Content Security Policy/)) {
        push @{ $self->{wrong} }, $params->{entry}{text};
    }
}

# The value of an expression, or of what it promises.
sub js {
    my ($self, $expression) = @_;
    my $result = $self->ask('Runtime.evaluate', expression => $expression, awaitPromise => Cpanel::JSON::XS::true, returnByValue => Cpanel::JSON::XS::true,
        userGesture => Cpanel::JSON::XS::true);
    die "$expression: " . ($result->{exceptionDetails}{exception}{description} // 'fails') if $result->{exceptionDetails};
    return $result->{result}{value};
}

# Waits until the expression is true; false after so many seconds.
sub until {
    my ($self, $seconds, $expression) = @_;
    my $end = time + TestPlace::patience($seconds);
    until ($self->js("Boolean($expression)")) {
        return 0 if time > $end;
        sleep 0.05;
    }
    return 1;
}

sub visit {
    my ($self, $url) = @_;
    $self->ask('Page.navigate', url => $url);
    $self->until(60, q{document.body?.dataset.ready || document.querySelector('[data-ready]')}) or die 'the page is not there: ' . $self->log;
}

sub reload {
    my ($self) = @_;
    $self->js('window.old = true');
    $self->ask('Page.reload');
    $self->until(60, 'window.old === undefined && document.body?.dataset.ready') or die 'the page is not there again: ' . $self->log;
}

sub click { my ($self, $selector) = @_; $self->js("document.querySelector(@{[ quoted($selector) ]}).click()") }
sub text { my ($self, $selector) = @_; return $self->js("document.querySelector(@{[ quoted($selector) ]})?.innerText ?? ''") }
sub texts { my ($self, $selector) = @_; return @{ $self->js("[...document.querySelectorAll(@{[ quoted($selector) ]})].map((e) => e.innerText)") } }
sub count { my ($self, $selector) = @_; return $self->js("document.querySelectorAll(@{[ quoted($selector) ]}).length") }
sub quoted { return Cpanel::JSON::XS->new->allow_nonref->encode($_[0]) }

# A choice in a list or a text in a field, as a person makes it.
sub set {
    my ($self, $selector, $value) = @_;
    $self->js("(() => { const e = document.querySelector(@{[ quoted($selector) ]}); e.value = @{[ quoted($value) ]};"
        . " e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true })); })()");
}

# Drags files of the disk onto it.
sub drop {
    my ($self, $selector, @paths) = @_;
    my $at = $self->js("(() => { const e = document.querySelector(@{[ quoted($selector) ]}); e.scrollIntoView({ block: 'center' });"
        . ' const b = e.getBoundingClientRect(); return { x: b.x + b.width / 2, y: b.y + b.height / 2 }; })()');
    $self->ask('Input.dispatchDragEvent', type => $_, %$at, data => { items => [], files => \@paths, dragOperationsMask => 1 })
        for qw(dragEnter dragOver drop);
}

# What is dropped is ready to be converted.
sub stage {
    my ($self, @paths) = @_;
    $self->drop('#drop', @paths);
    $self->until(20, '!document.querySelector("#staged").hidden && !document.querySelector("#convert").disabled') or die $self->log;
}

# Keys, one after the other: Tab, Enter, Escape, or a character.
sub press {
    my ($self, @keys) = @_;
    my %code = (Tab => 9, Enter => 13, Escape => 27, ' ' => 32);
    for my $key (@keys) {
        my %event = (key => $key, code => $key eq ' ' ? 'Space' : $key, windowsVirtualKeyCode => $code{$key} // ord uc $key,
            $key eq 'Enter' ? (text => "\r") : length $key == 1 ? (text => $key) : ());
        $self->ask('Input.dispatchKeyEvent', type => $_, %event) for 'keyDown', 'keyUp';
    }
}

sub resize {
    my ($self, $width, $height) = @_;
    $self->ask('Emulation.setDeviceMetricsOverride', width => $width, height => $height, deviceScaleFactor => 1,
        mobile => $width < 600 ? Cpanel::JSON::XS::true : Cpanel::JSON::XS::false);
}

sub scheme { my ($self, $scheme) = @_; $self->ask('Emulation.setEmulatedMedia', features => [{ name => 'prefers-color-scheme', value => $scheme }]) }

sub online {
    my ($self, $is, %more) = @_;
    $self->ask('Network.emulateNetworkConditions', offline => $is ? Cpanel::JSON::XS::false : Cpanel::JSON::XS::true, latency => 0,
        downloadThroughput => -1, uploadThroughput => -1, %more);
}

# What is to be seen, as a PNG; or all of the page.
sub screenshot {
    my ($self, $path, $all) = @_;
    my @all;
    if ($all) {
        my $size = $self->js('({ width: innerWidth, height: Math.max(innerHeight, document.documentElement.scrollHeight) })');
        @all = (captureBeyondViewport => Cpanel::JSON::XS::true, clip => { x => 0, y => 0, scale => 1, %$size });
    }
    TestPlaten::spew($path, decode_base64($self->ask('Page.captureScreenshot', format => 'png', @all)->{data}));
}

# What was saved.
sub saved { my ($self) = @_; return grep { !/crdownload\z/ } glob "$self->{profile}/down/*" }

sub log {
    my ($self) = @_;
    return join "\n", '', @{ $self->{wrong} }, eval { $self->js('document.body.innerText') } // '';
}

1;
