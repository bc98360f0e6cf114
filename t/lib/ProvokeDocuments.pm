package ProvokeDocuments;

# Answers of links and documents, for t/http/openapi.t: state of the server =>
# { "METHOD,METHOD path status" => sub ($method) { answers } }.

use strict;
use warnings;

use TestPlaten;

my $Type = 'text/plain';
my $None = '01890000-0000-7000-8000-000000000000';

sub initiate {
    my ($json, %header) = @_;
    my $path = delete $header{path} // '';
    return http(POST => "$path/documents/initiate-upload", content => $json, %header);
}

# The id of a document that has been announced; "uploaded" if it is.
sub announced {
    my (%arg) = @_;
    my $name = $arg{name} // 'a.txt';
    my $response = initiate(qq({"filename":"$name","content_type":"$Type","target_format":"@{[ $arg{to} // 'pdf' ]}"}));
    die $response->as_string unless $response->code == 201;
    my $id = json_of($response)->{document_id};
    put($id, 'text') if $arg{uploaded};
    return $id;
}

sub put {
    my ($id, $content, %arg) = @_;
    return http(PUT => ($arg{path} // '') . "/documents/$id/content", content => $content,
        'Content-Type' => $arg{type} // $Type, map { $_ => $arg{$_} } grep { $_ eq 'key' } keys %arg);
}

# A request by hand, up to the body.
sub head { "$_[0] HTTP/1.1\r\nHost: x\r\nX-API-Key: $Key{alice}\r\nContent-Type: $Type\r\n" }
sub slow { raw(head($_[0]) . "Content-Length: 100\r\n\r\n{") }
sub broken_chunks { raw(head($_[0]) . "Transfer-Encoding: chunked\r\n\r\nzz\r\n") }

# Adds them to a table.  $job is a sub that returns the id of a job with a
# result, $until_500 one that repeats a request until it fails.
sub add {
    my ($provoke, $job, $until_500) = @_;
    my $docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
    my $known = '{"filename":"a.txt","content_type":"text/plain"}';
    my ($links, $new, $put, $enqueue) = ('POST /jobs/{id}/links', 'POST /documents/initiate-upload',
        'PUT /documents/{id}/content', 'POST /documents/{id}/enqueue');
    my $own = sub { '/jobs/' . $job->() . $_[0] };
    my $once;
    my $open = sub { $once //= announced() }; # one that is never uploaded

    my %more = (
        fresh => {
            "$new 429" => sub { initiate($known, path => '/one') },
            "$new 503" => sub { initiate($known, path => '/full') },
            "$put 429" => sub { put(announced(), 'text', path => '/one') },
            "$put 503" => sub { put(announced(), 'text', path => '/full') },
            "$enqueue 429" => sub { http(POST => '/one/documents/' . announced(uploaded => 1) . '/enqueue') },
            "$enqueue 503" => sub { http(POST => '/full/documents/' . announced(uploaded => 1) . '/enqueue') },
        },
        running => {
            "$links 200" => sub { map http(POST => $own->('/links'), content => $_), '{"expires_in":5}', '' },
            "$links 400" => sub { (http(POST => $own->('/links'), content => '['), broken_chunks('POST ' . $own->('/links'))) },
            "$links 408" => sub { slow('POST /slow' . $own->('/links')) },
            "$links 413" => sub { http(POST => $own->('/links'), content => ' ' x 20_000) },
            "$links 501" => sub { http(POST => '/unsigned' . $own->('/links'), content => '{}') },
            'GET,HEAD /jobs/{id}/download 403' => sub { map http($_[0] => $own->("/download?$_"), key => undef),
                'signature=x', signed(GET => $own->('/download'), expires => 1) },
            'GET,HEAD /jobs/{id}/events 403' => sub { map http($_[0] => $own->("/events?$_"), key => undef),
                'signature=x', signed(GET => $own->('/events'), expires => 1) },

            "$new 201" => sub { initiate(qq({"filename":"a.docx","content_type":"$docx"})) },
            "$new 400" => sub { (initiate('['), initiate('{"filename":"a","content_type":"text/plain","target_format":"nope"}'),
                broken_chunks('POST /documents/initiate-upload')) },
            "$new 401" => sub { initiate($known, key => undef) },
            "$new 408" => sub { slow('POST /slow/documents/initiate-upload') },
            "$new 413" => sub { initiate(' ' x 20_000) },
            "$new 415" => sub { initiate('{"filename":"a","content_type":"application/octet-stream"}') },
            "$new 422" => sub { (initiate('{}'), initiate('{"filename":1,"content_type":"text/plain"}'),
                initiate('{"filename":"a","content_type":"text/plain","webhook_url":"http://example.com/"}')) },
            "$new 501" => sub { initiate($known, path => '/unsigned') },

            'GET,HEAD /documents/{id} 200' => sub { map http($_[0] => "/documents/$_"), $job->(), announced() },

            "$put 204" => sub { put(announced(), 'text') },
            "$put 400" => sub { (put(announced(to => 'txt'), 'text'),
                put(announced(to => 'parquet'), 'text'), broken_chunks("PUT /documents/@{[ $open->() ]}/content")) },
            "$put 403" => sub { my $path = "/documents/@{[ $open->() ]}/content"; map http(PUT => "$path?$_", content => 'text',
                'Content-Type' => $Type, key => undef), 'signature=x',
                signed(PUT => $path, type => $Type, expires => 1) },
            "$put 408" => sub { slow("PUT /slow/documents/@{[ $open->() ]}/content") },
            "$put 409" => sub { put(announced(uploaded => 1), 'text') },
            "$put 413" => sub { put($open->(), 'x' x 2000, path => '/small') },
            "$put 415" => sub { put($open->(), 'text', type => 'text/html') },
            "$put 422" => sub { (put('no-id', 'text'), put($open->(), ''), put($open->(), "\0\1\2" x 99),
                put(announced(name => 'a'), "\0\1\2" x 99)) },

            "$enqueue 202" => sub { http(POST => '/documents/' . announced(uploaded => 1) . '/enqueue') },
            "$enqueue 409" => sub { http(POST => "/documents/@{[ $open->() ]}/enqueue") },

            map { my ($operation, $path, @header) = @$_; (
                "$operation 401" => sub { http($_[0] => $path->($None), @header, key => undef) },
                "$operation 404" => sub { map http($_[0] => $path->($_->[0]), @header, key => $_->[1]),
                    [$None, 'alice'], [$job->(), 'bob'] },
                $operation eq $put ? () : ("$operation 422" => sub { http($_[0] => $path->('no-id'), @header) }),
            ) } ['GET,HEAD /documents/{id}', sub { "/documents/$_[0]" }],
                [$put, sub { "/documents/$_[0]/content" }, content => 'text', 'Content-Type' => $Type],
                [$enqueue, sub { "/documents/$_[0]/enqueue" }], [$links, sub { "/jobs/$_[0]/links" }],
        },
        shipped => {
            map { my ($methods, $path) = @$_; my $where = $path =~ s/\{id\}/$None/r;
                ("$methods $path default" => sub { http($_[0] => $where, 'X-Long' => 'x' x 9000) })
            } ['POST', '/jobs/{id}/links'], ['POST', '/documents/initiate-upload'], ['GET,HEAD', '/documents/{id}'],
              ['PUT', '/documents/{id}/content'], ['POST', '/documents/{id}/enqueue']
        },
        broken => {
            "$links 503" => sub { http(POST => "/jobs/$None/links", content => '{}') },
            "$new 503" => sub { initiate($known) },
            'GET,HEAD /documents/{id} 503' => sub { http($_[0] => "/documents/$None") },
            "$put 503" => sub { put($None, 'text') },
            "$enqueue 503" => sub { http(POST => "/documents/$None/enqueue") },
        },
        busy => {
            "$new 500" => sub { $until_500->(sub { initiate($known) }) },
            # never one that could be taken: the next would be a second
            "$put 500" => sub { $until_500->(sub { put($open->(), "\0\1\2" x 99) }) },
            "$enqueue 500" => sub { $until_500->(sub { http(POST => "/documents/$None/enqueue") }) },
        },
        full => { "$put 507" => sub { put($open->(), "text\n" x 100_000) } },
        low => { "$new 507" => sub { initiate($known) } },
    );

    # In "422" of links: what is no id, and what is no number.
    my $no_id = $more{running}{"$links 422"};
    $more{running}{"$links 422"} = sub { ($no_id->(@_), http(POST => $own->('/links'), content => '{"expires_in":0}')) };

    for my $state (keys %more) {
        $provoke->{$state}{$_} = $more{$state}{$_} for keys %{ $more{$state} };
    }
}

1;
