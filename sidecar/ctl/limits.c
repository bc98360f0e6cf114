/*
 * Locations of nginx's configuration; see ctl/limits.h.  A block begins with what the one
 * around it has said so far; nginx itself looks at the end, so that what is said behind a
 * location counts for it, too: two passes, the first of which keeps what each block says.
 */

#include "ctl/limits.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "ctl/nginx.h"

#define BLOCKS 1024
#define WORDS 24

/* What a block says itself; SAID(x) bits tell which. */
typedef struct {
    platen_ctl_location_t says;
    unsigned              said;
    size_t                parent;
    int                   is_location;
    int                   api;
} block_t;

enum { KEYS = 1, REALM = 2, MAX_FILE = 4, UPLOAD = 8, QUOTA = 16, BATCH = 32, HOOKS = 64 };

static uint64_t
size_of(const char *text)
{
    uint64_t n = 0;

    return strcmp(text, "off") == 0 || platen_config_size(text, &n) != 0 ? 0 : n;
}

static void
say(block_t *b, char words[WORDS][PLATEN_CTL_WORD], size_t n)
{
    platen_ctl_location_t *l = &b->says;
    const char            *name = words[0], *value = n > 1 ? words[1] : "";
    size_t                 i;

    if (strcmp(name, "platen_api") == 0) {
        b->api = 1;
    } else if (strcmp(name, "platen_api_keys") == 0) {
        snprintf(l->keys, sizeof(l->keys), "%s", value);
        b->said |= KEYS;
    } else if (strcmp(name, "platen_realm") == 0) {
        snprintf(l->realm, sizeof(l->realm), "%s", strcmp(value, "off") == 0 ? "" : value);
        b->said |= REALM;
    } else if (strcmp(name, "platen_max_file_size") == 0) {
        l->max_file = size_of(value);
        b->said |= MAX_FILE;
    } else if (strcmp(name, "platen_upload_max_size") == 0) {
        l->upload_max = size_of(value);
        b->said |= UPLOAD;
    } else if (strcmp(name, "platen_quota") == 0) {
        l->quota = size_of(value);
        b->said |= QUOTA;
    } else if (strcmp(name, "platen_batch") == 0) {
        l->batch_file = strcmp(value, "off") == 0 ? 0 : (uint64_t) 512 << 20;
        for (i = 1; i < n; i++) {
            l->batch_file =
                strncmp(words[i], "file=", 5) == 0 ? size_of(words[i] + 5) : l->batch_file;
        }
        b->said |= BATCH;
    } else if (strcmp(name, "platen_webhooks") == 0 || strcmp(name, "platen_webhook") == 0) {
        l->webhooks |= strcmp(value, "off") != 0;
        b->said |= HOOKS;
    }
}

/* What holds in a block: what it says, else the one around it, else the default. */
static void
inherit(const block_t *blocks, size_t at, platen_ctl_location_t *out)
{
    unsigned       open = KEYS | REALM | MAX_FILE | UPLOAD | QUOTA | BATCH | HOOKS, now;
    const block_t *b;

    *out = (platen_ctl_location_t){ .max_file = (uint64_t) 50 << 20,
                                    .batch_file = (uint64_t) 512 << 20 };
    snprintf(out->name, sizeof(out->name), "%s", blocks[at].says.name);
    for (;; at = b->parent) {
        b = &blocks[at];
        now = b->said & open;
        if (now & KEYS) {
            memcpy(out->keys, b->says.keys, sizeof(out->keys));
        }
        if (now & REALM) {
            memcpy(out->realm, b->says.realm, sizeof(out->realm));
        }
        out->max_file = now & MAX_FILE ? b->says.max_file : out->max_file;
        out->upload_max = now & UPLOAD ? b->says.upload_max : out->upload_max;
        out->quota = now & QUOTA ? b->says.quota : out->quota;
        out->batch_file = now & BATCH ? b->says.batch_file : out->batch_file;
        out->webhooks = now & HOOKS ? b->says.webhooks : out->webhooks;
        open &= ~now;
        if (at == 0) {
            return;
        }
    }
}

size_t
platen_ctl_limits_parse(const char *text, platen_ctl_location_t *out, size_t max)
{
    static block_t blocks[BLOCKS];
    static char    words[WORDS][PLATEN_CTL_WORD];
    size_t         nblocks = 1, at = 0, n = 0, found = 0, deep = 0, i;
    int            kind;

    memset(blocks, 0, sizeof(blocks));
    while (
        (kind = platen_ctl_nginx_word(&text, words[n < WORDS ? n : WORDS - 1], PLATEN_CTL_WORD))
        != 0) {
        if (kind == 'w') {
            n += n < WORDS;
            continue;
        }
        if (kind == '{' && (nblocks == BLOCKS || deep > 0)) {
            deep++; /* more than anyone writes: passed over */
        } else if (kind == '{') {
            blocks[nblocks].parent = at;
            blocks[nblocks].is_location = n > 1 && strcmp(words[0], "location") == 0;
            snprintf(blocks[nblocks].says.name, PLATEN_CTL_WORD, "%s",
                     n > 1 ? words[n < WORDS ? n - 1 : WORDS - 1] : "");
            at = nblocks++;
        } else if (kind == '}' && deep > 0) {
            deep--;
        } else if (kind == '}') {
            at = blocks[at].parent;
        } else if (n > 0 && deep == 0) {
            say(&blocks[at], words, n < WORDS ? n : WORDS);
        }
        n = 0;
    }
    for (i = 1; i < nblocks && found < max; i++) {
        if (blocks[i].api) {
            inherit(blocks, i, &out[found++]);
        }
    }
    return found;
}
