/*
 * platenctl keys: clients' keys in the file that nginx reads them from.  A key is shown once,
 * when it is made; what is written is its SHA-256.  nginx is asked whether it takes the
 * configuration (`nginx -T`), and then told to read it again.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/audit.h"
#include "ctl/key_file.h"
#include "ctl/nginx.h"
#include "ctl/store.h"

#define FINGERPRINT 12 /* hex digits that a key is called by */
#define FILES_MAX 16

typedef struct {
    const platen_ctl_t *ctl;
    platen_config_t    *config;
    const char         *nginx;
    const char         *nginx_conf;
    const char         *file;   /* as asked for; or NULL */
    const char         *digest; /* to revoke; or NULL */
    int                 no_reload;
    char                found[FILES_MAX][PATH_MAX]; /* in nginx's configuration */
    size_t              nfound;
} keys_t;

/* One object on a line of its own. */
static void
print_json(json_t *object)
{
    if (object != NULL && json_dumpf(object, stdout, 0) == 0) {
        putchar('\n');
    }
    json_decref(object);
}

/* The files that platen_api_keys names in nginx's configuration. */
static int
find_files(keys_t *k)
{
    char        name[64] = "", word[PATH_MAX], error[512], *said = NULL;
    const char *text;
    size_t      i;
    int         kind, arg = 0;

    if (k->nginx == NULL) {
        fputs("platenctl: there is no nginx here to ask for the file of keys: name it with"
              " --file\n",
              stderr);
        return -1;
    }
    text =
        platen_ctl_nginx_dump(k->config, k->nginx, k->nginx_conf, &said, error, sizeof(error));
    if (text == NULL) {
        fprintf(stderr,
                "platenctl: nginx does not tell its file of keys (name it with --file): %s\n",
                error);
        free(said);
        return -1;
    }
    while ((kind = platen_ctl_nginx_word(&text, word, sizeof(word))) != 0) {
        if (kind != 'w') {
            arg = 0;
        } else if (arg++ == 0) {
            snprintf(name, sizeof(name), "%.63s", word);
        } else if (arg == 2 && strcmp(name, "platen_api_keys") == 0
                   && strcmp(word, "off") != 0) {
            for (i = 0; i < k->nfound && strcmp(k->found[i], word) != 0; i++) {
            }
            if (i == k->nfound && i < FILES_MAX) {
                snprintf(k->found[k->nfound++], PATH_MAX, "%s", word);
            }
        }
    }
    free(said);
    return 0;
}

/* The one file; 0, or -1 having told why there is none. */
static int
choose_file(keys_t *k)
{
    size_t i;

    if (k->file != NULL) {
        return 0;
    }
    if (find_files(k) != 0) {
        return -1;
    }
    if (k->nfound == 1 && *k->found[0] == '/') {
        k->file = k->found[0];
        return 0;
    }
    fputs(k->nfound == 0 ? "platenctl: nginx's configuration has no file of keys"
                           " (platen_api_keys): name it with --file\n"
                         : "platenctl: which file of keys is meant? name it with --file:\n",
          stderr);
    for (i = 0; i < k->nfound; i++) {
        fprintf(stderr, "  %s\n", k->found[i]);
    }
    return -1;
}

/* Returns 1 if nginx reads the file again; else 0, having told what is to be done. */
static int
reload(const keys_t *k)
{
    pid_t master = k->no_reload ? 0 : platen_ctl_nginx_master(k->config);
    char *said = NULL, error[512];

    if (k->no_reload) {
        fputs("platenctl: nginx reads it at: nginx -s reload\n", stderr);
        return 0;
    }
    if (master <= 0) {
        fputs("platenctl: no nginx is seen that has this store open; it reads the file when it"
              " starts, or at: nginx -s reload\n",
              stderr);
        return 0;
    }
    if (platen_ctl_nginx_dump(k->config, k->nginx == NULL ? "" : k->nginx, k->nginx_conf, &said,
                              error, sizeof(error))
        == NULL) {
        fprintf(stderr,
                "platenctl: nginx is not reloaded, as it does not take its configuration: %s\n",
                error);
        free(said);
        return 0;
    }
    free(said);
    if (kill(master, SIGHUP) != 0) {
        fprintf(stderr,
                "platenctl: cannot tell nginx (pid %ld): %s; as root: nginx -s reload\n",
                (long) master, strerror(errno));
        return 0;
    }
    return 1;
}

static int
refuse_line(const platen_ctl_key_file_t *f)
{
    fprintf(stderr, "platenctl: %s:%zu is no line of name:sha256: correct it first\n", f->path,
            f->line);
    return PLATEN_CTL_FAILED;
}

/* How many keys the file has, and how many of them are of that name; -1: a bad line. */
static int
count(platen_ctl_key_file_t *f, const char *name, size_t *all, size_t *same)
{
    platen_ctl_key_t key;
    const char      *at = NULL;
    int              rc;

    *all = *same = 0;
    while ((rc = platen_ctl_key_file_next(f, &at, &key)) > 0) {
        (*all)++;
        *same += platen_str_eq(key.name, platen_str(name));
    }
    return rc;
}

static int
add(keys_t *k, const char *name)
{
    platen_ctl_key_file_t f;
    char                  key[PLATEN_CTL_KEY_TEXT + 1], digest[PLATEN_CTL_KEY_DIGEST + 1];
    char                  err[PATH_MAX + 256], *text;
    size_t                all, same, n;
    int                   told;

    if (platen_ctl_key_file_open(&f, k->file, 1, err, sizeof(err)) != 0) {
        fprintf(stderr, "platenctl: %s\n", err);
        return PLATEN_CTL_FAILED;
    }
    if (count(&f, name, &all, &same) != 0) {
        platen_ctl_key_file_close(&f);
        return refuse_line(&f);
    }
    text = malloc(f.len + strlen(name) + PLATEN_CTL_KEY_DIGEST + 4);
    if (text == NULL || platen_ctl_key_make(key, digest) != 0) {
        fprintf(stderr, "platenctl: no key: %s\n", strerror(errno));
        platen_ctl_key_file_close(&f);
        free(text);
        return PLATEN_CTL_FAILED;
    }
    memcpy(text, f.text, f.len);
    n = f.len;
    if (n > 0 && text[n - 1] != '\n') {
        text[n++] = '\n';
    }
    n += (size_t) sprintf(text + n, "%s:%s\n", name, digest);
    if (platen_ctl_key_file_write(&f, text, n, err, sizeof(err)) != 0) {
        fprintf(stderr, "platenctl: %s\n", err);
        platen_ctl_key_file_close(&f);
        free(text);
        return PLATEN_CTL_FAILED;
    }
    platen_ctl_audit("key added", json_pack("{s:s, s:s, s:s%}", "client", name, "file", f.path,
                                            "key", digest, (size_t) FINGERPRINT));
    /* Before the reload: whatever that says, the key is in the file. */
    if (!k->ctl->json) {
        printf("%s\n", key);
        fflush(stdout);
        fprintf(stderr,
                "platenctl: this is the key of %s, number %zu of it in %s; it is shown"
                " once\n",
                name, same + 1, f.path);
    }
    platen_ctl_key_file_close(&f);
    free(text);
    told = reload(k);
    if (k->ctl->json) {
        print_json(json_pack("{s:s, s:s, s:s%, s:b}", "client", name, "key", key, "fingerprint",
                             digest, (size_t) FINGERPRINT, "reloaded", told));
    }
    explicit_bzero(key, sizeof(key));
    return PLATEN_CTL_DONE;
}

static int
list(keys_t *k)
{
    platen_ctl_key_file_t f;
    platen_ctl_key_t      key;
    char                  err[PATH_MAX + 256];
    const char           *at = NULL;
    size_t                rows = 0;
    int                   rc;

    if (platen_ctl_key_file_open(&f, k->file, 0, err, sizeof(err)) != 0) {
        fprintf(stderr, "platenctl: %s\n", err);
        return PLATEN_CTL_FAILED;
    }
    while ((rc = platen_ctl_key_file_next(&f, &at, &key)) > 0) {
        if (k->ctl->json) {
            platen_ctl_store_json_row(json_pack("{s:s%, s:s%, s:I, s:s}", "client",
                                                key.name.data, key.name.len, "fingerprint",
                                                key.digest, (size_t) FINGERPRINT, "line",
                                                (json_int_t) key.line, "file", f.path),
                                      rows);
        } else {
            if (rows == 0) {
                printf("%-32s  %-12s  %s\n", "CLIENT", "FINGERPRINT", "LINE");
            }
            printf("%-32.*s  %.*s  %zu\n", (int) key.name.len, key.name.data, FINGERPRINT,
                   key.digest, key.line);
        }
        rows++;
    }
    if (k->ctl->json) {
        fputs(rows == 0 ? "[]\n" : "\n]\n", stdout);
    } else if (rc == 0 && rows == 0) {
        puts("no keys");
    }
    platen_ctl_key_file_close(&f);
    return rc == 0 ? PLATEN_CTL_DONE : refuse_line(&f);
}

static int
is_meant(const keys_t *k, const char *name, const platen_ctl_key_t *key)
{
    return platen_str_eq(key->name, platen_str(name))
           && (k->digest == NULL
               || strncasecmp(key->digest, k->digest, strlen(k->digest)) == 0);
}

static int
take_away(keys_t *k, const char *name)
{
    platen_ctl_key_file_t f;
    platen_ctl_key_t      key;
    char                  err[PATH_MAX + 256], *text;
    const char           *at = NULL, *from;
    size_t                all, same, n = 0, gone = 0;
    int                   code = PLATEN_CTL_FAILED, told;

    if (platen_ctl_key_file_open(&f, k->file, 1, err, sizeof(err)) != 0) {
        fprintf(stderr, "platenctl: %s\n", err);
        return PLATEN_CTL_FAILED;
    }
    text = malloc(f.len + 1);
    if (text == NULL || count(&f, name, &all, &same) != 0) {
        platen_ctl_key_file_close(&f);
        free(text);
        return text == NULL ? PLATEN_CTL_FAILED : refuse_line(&f);
    }
    from = f.text;
    while (platen_ctl_key_file_next(&f, &at, &key) > 0) {
        if (is_meant(k, name, &key)) {
            memcpy(text + n, from, (size_t) (key.start - from));
            n += (size_t) (key.start - from);
            from = key.end;
            gone++;
        }
    }
    memcpy(text + n, from, (size_t) (f.text + f.len - from));
    n += (size_t) (f.text + f.len - from);
    if (gone == 0) {
        fprintf(stderr, "platenctl: %s has no such key of %s\n", f.path, name);
    } else if (gone == all) {
        fprintf(stderr,
                "platenctl: %s would have no key, and nginx would not start with it: add"
                " another one first, or say platen_api_keys off\n",
                f.path);
    } else if (platen_ctl_key_file_write(&f, text, n, err, sizeof(err)) != 0) {
        fprintf(stderr, "platenctl: %s\n", err);
    } else {
        code = PLATEN_CTL_DONE;
        platen_ctl_audit("key revoked",
                         json_pack("{s:s, s:s, s:I, s:s}", "client", name, "file", f.path,
                                   "keys", (json_int_t) gone, "key",
                                   k->digest == NULL ? "all" : k->digest));
    }
    platen_ctl_key_file_close(&f);
    free(text);
    if (code == PLATEN_CTL_DONE) {
        told = reload(k);
        if (k->ctl->json) {
            print_json(json_pack("{s:s, s:I, s:b}", "client", name, "revoked",
                                 (json_int_t) gone, "reloaded", told));
        } else {
            printf("%zu revoked%s\n", gone,
                   told ? "; nginx takes it no more as soon as its workers are new" : "");
        }
    }
    return code;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    static keys_t             k;
    const platen_ctl_option_t options[] = {
        { "file", 'f', "FILE", &k.file, NULL, "the file of keys, if nginx.conf has several" },
        { "key", 'k', "FINGERPRINT", &k.digest, NULL,
          "revoke: that one key, as list shows it" },
        { "no-reload", 0, NULL, NULL, &k.no_reload, "leave nginx as it is" },
        { "nginx", 0, "PATH", &k.nginx, NULL, "if it is not where Debian has it" },
        { "nginx-conf", 0, "FILE", &k.nginx_conf, NULL, "nginx's configuration" },
    };
    const char *verb, *name;
    char        err[1024];
    int         first, code, is_list;

    k.ctl = ctl;
    first = platen_ctl_parse(ctl, argc, argv, options, 5, &code);
    if (first < 0) {
        return code;
    }
    verb = first < argc ? argv[first] : "";
    name = first + 1 < argc ? argv[first + 1] : "";
    is_list = strcmp(verb, "list") == 0;
    if ((!is_list && strcmp(verb, "add") != 0 && strcmp(verb, "revoke") != 0)
        || argc - first != (is_list ? 1 : 2) || (!is_list && !platen_ctl_key_name(name))
        || (k.digest != NULL && (strcmp(verb, "revoke") != 0 || strlen(k.digest) < 4))) {
        fputs("platenctl: keys takes add NAME, list, or revoke NAME; a name has 1 to 64"
              " letters, digits and .-_@, a fingerprint 4 digits or more\n"
              "See: platenctl help keys\n",
              stderr);
        return PLATEN_CTL_USAGE;
    }
    k.config = platen_config_load(ctl->file, err, sizeof(err));
    if (k.config == NULL) {
        fprintf(stderr, "platenctl: %s\n", err);
        return PLATEN_CTL_USAGE;
    }
    platen_ctl_audit_open(k.config);
    if (k.nginx == NULL) {
        k.nginx = platen_ctl_nginx_program();
    }
    code = PLATEN_CTL_FAILED;
    if (choose_file(&k) == 0) {
        code = is_list                    ? list(&k)
               : strcmp(verb, "add") == 0 ? add(&k, name)
                                          : take_away(&k, name);
    }
    platen_config_destroy(&k.config);
    return code;
}

const platen_ctl_command_t platen_ctl_keys = {
    .name = "keys",
    .operands = "add NAME | list | revoke NAME",
    .summary = "clients' keys: made, shown, taken away",
    .text =
        "add makes a key for that client and prints it, once: what is written is its\n"
        "SHA-256.  A client may have several, to change them one after the other.  revoke\n"
        "takes all of a client's keys away, or the one that --key names.\n"
        "\n"
        "The file is the one that nginx's configuration names (platen_api_keys).  It is\n"
        "replaced as a whole, with its owner and mode; then nginx is asked whether it takes\n"
        "its configuration, and reloaded.  What was done is in the audit log (log/audit).",
    .run = run,
};
