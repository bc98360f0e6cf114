/* The texts of store/service.h.  Nothing is allocated, and nothing else is touched. */

#include "store/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/env.h"
#include "base/utf8.h"

static void
read_boot(char *out, size_t size)
{
    FILE  *in = fopen("/proc/sys/kernel/random/boot_id", "re");
    size_t n;

    *out = '\0';
    if (in != NULL) {
        n = fread(out, 1, size - 1, in);
        out[n] = '\0';
        out[strcspn(out, "\r\n ")] = '\0';
        fclose(in);
    }
}

/* What is shown, and has to stay on its line. */
static void
clean(char *text)
{
    int valid = platen_utf8_valid(text, strlen(text));

    for (; *text != '\0'; text++) {
        if ((unsigned char) *text < ' ' || *text == 0x7f
            || (!valid && (unsigned char) *text >= 0x80)) {
            *text = '?';
        }
    }
}

static void
look(platen_uses_dir_t *dir, const char *path)
{
    struct stat st;

    *dir = (platen_uses_dir_t){ .device = 0 };
    snprintf(dir->path, sizeof(dir->path), "%s", path);
    clean(dir->path);
    if (stat(path, &st) == 0) {
        dir->device = (uint64_t) st.st_dev;
        dir->inode = (uint64_t) st.st_ino;
    }
}

void
platen_uses_look(platen_uses_t *uses, const char *store, const char *data, uint64_t map_size)
{
    read_boot(uses->boot, sizeof(uses->boot));
    uses->map_size = map_size == 0 ? PLATEN_STORE_MAP_SIZE : map_size;
    look(&uses->store, store);
    look(&uses->data, data);
}

size_t
platen_uses_write(const platen_uses_t *uses, char out[PLATEN_USES_TEXT_MAX])
{
    return (size_t) snprintf(out, PLATEN_USES_TEXT_MAX,
                             "boot %s\nmap %" PRIu64 "\nstore %" PRIu64 ":%" PRIu64
                             " %s\ndata %" PRIu64 ":%" PRIu64 " %s\n",
                             uses->boot, uses->map_size, uses->store.device, uses->store.inode,
                             uses->store.path, uses->data.device, uses->data.inode,
                             uses->data.path);
}

/* The rest of a line that begins with `word`; 0, or -1 if it does not, or is too long. */
static int
take_line(const char **text, const char *end, const char *word, char *out, size_t size)
{
    size_t      n = strlen(word);
    const char *eol = memchr(*text, '\n', (size_t) (end - *text));

    if (eol == NULL || (size_t) (eol - *text) < n || memcmp(*text, word, n) != 0
        || (size_t) (eol - *text) - n >= size || memchr(*text, '\0', (size_t) (eol - *text))) {
        return -1;
    }
    memcpy(out, *text + n, (size_t) (eol - *text) - n);
    out[(size_t) (eol - *text) - n] = '\0';
    *text = eol + 1;
    return 0;
}

static int
parse_dir(platen_uses_dir_t *dir, const char *line)
{
    int n = 0;

    if (sscanf(line, "%" SCNu64 ":%" SCNu64 " %n", &dir->device, &dir->inode, &n) != 2 || n == 0
        || strlen(line + n) >= sizeof(dir->path)) {
        return -1;
    }
    memcpy(dir->path, line + n, strlen(line + n) + 1);
    clean(dir->path);
    return 0;
}

int
platen_uses_parse(platen_uses_t *uses, const char *text, size_t len)
{
    const char *end = text + len;
    char        line[PLATEN_USES_PATH_MAX + 64];

    *uses = (platen_uses_t){ .map_size = 0 };
    return take_line(&text, end, "boot ", uses->boot, sizeof(uses->boot)) != 0
                   || take_line(&text, end, "map ", line, sizeof(line)) != 0
                   || sscanf(line, "%" SCNu64, &uses->map_size) != 1
                   || take_line(&text, end, "store ", line, sizeof(line)) != 0
                   || parse_dir(&uses->store, line) != 0
                   || take_line(&text, end, "data ", line, sizeof(line)) != 0
                   || parse_dir(&uses->data, line) != 0
               ? PLATEN_CORRUPT
               : PLATEN_OK;
}

static int
is_other(const platen_uses_dir_t *a, const platen_uses_dir_t *b)
{
    return a->inode != 0 && b->inode != 0 && (a->device != b->device || a->inode != b->inode);
}

size_t
platen_uses_encode(const platen_uses_t *uses, uint8_t out[PLATEN_USES_WIRE_MAX])
{
    platen_wire_encode_head(PLATEN_HINT_USES, out);
    return PLATEN_WIRE_HEAD + platen_uses_write(uses, (char *) out + PLATEN_WIRE_HEAD);
}

int
platen_uses_decode(const uint8_t *in, size_t len, platen_uses_t *uses)
{
    int rc = platen_wire_decode_head(in, len, PLATEN_HINT_USES);

    return rc == PLATEN_OK ? platen_uses_parse(uses, (const char *) in + PLATEN_WIRE_HEAD,
                                               len - PLATEN_WIRE_HEAD)
                           : rc;
}

unsigned
platen_uses_differ(const platen_uses_t *a, const platen_uses_t *b)
{
    if (*a->boot == '\0' || strcmp(a->boot, b->boot) != 0) {
        return 0;
    }
    return (is_other(&a->store, &b->store) ? PLATEN_USES_STORE : 0u)
           | (is_other(&a->data, &b->data) ? PLATEN_USES_DATA : 0u)
           | (a->map_size != b->map_size ? PLATEN_USES_MAP : 0u);
}

const char *
platen_uses_tell(const platen_uses_t *nginx, const platen_uses_t *platend, unsigned what,
                 char out[PLATEN_SERVICE_SENTENCE])
{
    const platen_uses_dir_t *a = &nginx->data, *b = &platend->data;

    if (what == PLATEN_USES_MAP) {
        snprintf(out, PLATEN_SERVICE_SENTENCE,
                 "nginx opens the store with a map of %" PRIu64 " bytes (map_size= of"
                 " platen_store) and platend with one of %" PRIu64 " (store/map_size): when the"
                 " store outgrows the smaller, that one cannot read it; give both the same, and"
                 " restart them.",
                 nginx->map_size, platend->map_size);
        return out;
    }
    if (what == PLATEN_USES_STORE) {
        a = &nginx->store;
        b = &platend->store;
    }
    snprintf(out, PLATEN_SERVICE_SENTENCE,
             "nginx uses %s %s (device %" PRIu64 ", inode %" PRIu64 ") and platend %s %s"
             " (device %" PRIu64 ", inode %" PRIu64 "): %s; name the same directory in both"
             " configurations, and restart both.",
             what == PLATEN_USES_STORE ? "platen_store" : "platen_data", a->path, a->device,
             a->inode, what == PLATEN_USES_STORE ? "store/path" : "data/path", b->path,
             b->device, b->inode,
             what == PLATEN_USES_STORE ? "what one takes in the other never sees"
                                       : "what one takes in the other does not find");
    return out;
}

size_t
platen_canary_write(const platen_canary_record_t *c, char out[PLATEN_CANARY_TEXT_MAX])
{
    return (size_t) snprintf(out, PLATEN_CANARY_TEXT_MAX,
                             "%" PRIu64 " %s %" PRIu32 " %s %s %s %s", c->at,
                             c->ok ? "ok" : "failed", c->took, c->from, c->to,
                             *c->engines == '\0' ? "-" : c->engines, c->why);
}

int
platen_canary_parse(platen_canary_record_t *c, const char *text, size_t len)
{
    char line[PLATEN_CANARY_TEXT_MAX], how[8];
    int  n = 0;

    *c = (platen_canary_record_t){ .at = 0 };
    if (len >= sizeof(line) || memchr(text, '\0', len) != NULL) {
        return PLATEN_CORRUPT;
    }
    memcpy(line, text, len);
    line[len] = '\0';
    if (sscanf(line, "%" SCNu64 " %7s %" SCNu32 " %15s %15s %63s %n", &c->at, how, &c->took,
               c->from, c->to, c->engines, &n)
            != 6
        || n == 0 || strlen(line + n) >= sizeof(c->why)) {
        return PLATEN_CORRUPT;
    }
    c->ok = strcmp(how, "ok") == 0;
    memcpy(c->why, line + n, strlen(line + n) + 1);
    return PLATEN_OK;
}
