
/* The Accept header; see http/accept.h. */

#include "http/accept.h"

#include "http/respond.h"


static ngx_uint_t platen_accept_element(u_char *p, u_char *last,
    const char *type);
static u_char *platen_accept_end(u_char *p, u_char *last, u_char c);
static void platen_accept_trim(u_char *p, u_char *last, ngx_str_t *word);


ngx_uint_t
platen_accept_weight(ngx_http_request_t *r, const char *type)
{
    u_char      *p, *end, *last;
    ngx_str_t   *value;
    ngx_uint_t   n, weight;

    weight = 0;
    value = NULL;

    while ((value = platen_respond_request_header_after(r, value, "accept",
                                                        sizeof("accept") - 1))
           != NULL)
    {
        last = value->data + value->len;

        for (p = value->data; p < last; p = end + 1) {
            end = platen_accept_end(p, last, ',');
            n = platen_accept_element(p, end, type);
            weight = ngx_max(weight, n);
        }
    }

    return weight;
}


/* media-range [ weight ], with parameters of either */

static ngx_uint_t
platen_accept_element(u_char *p, u_char *last, const char *type)
{
    u_char     *end;
    ngx_int_t   weight;
    ngx_str_t   word;

    end = platen_accept_end(p, last, ';');
    platen_accept_trim(p, end, &word);

    if (word.len != ngx_strlen(type)
        || ngx_strncasecmp(word.data, (u_char *) type, word.len) != 0)
    {
        return 0;
    }

    while (end < last) {
        p = end + 1;
        end = platen_accept_end(p, last, ';');
        platen_accept_trim(p, end, &word);

        if (word.len > 2
            && ngx_strncasecmp(word.data, (u_char *) "q=", 2) == 0)
        {
            /* one that is malformed is as good as none */

            weight = ngx_atofp(word.data + 2, word.len - 2, 3);
            return weight == NGX_ERROR ? 1000 : (ngx_uint_t) weight;
        }
    }

    return 1000;
}


/* Where the character is, but not between quotes; else the end. */

static u_char *
platen_accept_end(u_char *p, u_char *last, u_char c)
{
    ngx_uint_t  quoted;

    for (quoted = 0; p < last && (quoted || *p != c); p++) {

        if (*p == '"') {
            quoted = !quoted;

        } else if (quoted && *p == '\\' && p + 1 < last) {
            p++;
        }
    }

    return p;
}


static void
platen_accept_trim(u_char *p, u_char *last, ngx_str_t *word)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (p < last && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    word->data = p;
    word->len = last - p;
}
