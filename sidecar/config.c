/*
 * The configuration; see config.h.  One table says which keys exist,
 * what they hold and what they default to; one walk over the file's tree
 * applies it.  The caller owns the result; runs once, at start; any failure
 * names the file and the key, and the process does not start.
 */

#include "config.h"

#include <czmq.h>
#include <limits.h>
#include <sys/un.h>

#include "disk/layout.h"
#include "job/webhook_url.h"
#include "address.h"

typedef enum {
    TEXT,
    PATH,
    DIRECTORY,
    CGROUP,
    ENDPOINT,
    EVENTS,
    NUMBER,
    OCTAL,
    SIZE,
    BOOLEAN,
    LEVEL,
    SANDBOX,
    POPULATE,
    PATHS,
    NETWORKS,
    URL
} key_type_t;

typedef struct {
    const char *path;
    key_type_t  type;
    size_t      offset; /* of a char * or a uint64_t */
    const char *value;  /* the default; NULL: made at start */
    uint64_t    min;
    uint64_t    max;
} key_rule_t;

#define AT(m) offsetof(platen_config_t, m)

static const key_rule_t keys[] = {
    { "user", TEXT, AT(user), "", 0, 0 },
    { "workers", NUMBER, AT(workers), NULL, 1, PLATEN_WORKERS_MAX },
    { "nice", NUMBER, AT(nice), "10", 0, 19 },
    { "standby", NUMBER, AT(standby), "1", 0, PLATEN_WORKERS_MAX },
    { "keep_short", NUMBER, AT(keep_short), "0", 0, PLATEN_WORKERS_MAX },
    { "long_after", NUMBER, AT(long_after), "10", 1, 86400 },
    { "store/path", PATH, AT(store_path), "/var/lib/platen/store", 0, 0 },
    { "store/map_size", SIZE, AT(map_size), "0", 0, SIZE_MAX },
    { "store/reader_alarm", NUMBER, AT(reader_alarm), "60", 1, 86400 },
    { "data/path", PATH, AT(data_path), "/var/lib/platen/data", 0, 0 },
    { "queue/endpoint", ENDPOINT, AT(queue_endpoint), "ipc:///run/platen/platend.sock", 0, 0 },
    { "queue/events", EVENTS, AT(events_endpoint), "", 0, 0 },
    { "queue/mode", OCTAL, AT(queue_mode), "0660", 0, 0777 },
    { "queue/group", TEXT, AT(queue_group), "", 0, 0 },
    { "limits/wall_clock", NUMBER, AT(wall_clock), "120", 1, 86400 },
    { "limits/grace", NUMBER, AT(grace), "20", 0, 86400 },
    { "limits/output_size", SIZE, AT(output_size), "1g", 1, INT64_MAX },
    { "limits/address_space", SIZE, AT(address_space), "2g", 0, INT64_MAX },
    { "limits/memory", SIZE, AT(memory), "1g", 1 << 20, INT64_MAX },
    { "limits/attempts", NUMBER, AT(attempts), "2", 1, 100 },
    { "limits/lost_attempts", NUMBER, AT(lost_attempts), "10", 1, 1000 },
    { "limits/host_failures", NUMBER, AT(host_failures), "100", 1, 1000000 },
    { "limits/per_client", NUMBER, AT(per_client), "0", 0, PLATEN_WORKERS_MAX },
    { "limits/spare", NUMBER, AT(spare), "1", 0, PLATEN_WORKERS_MAX },
    { "limits/client_size", SIZE, AT(client_size), "0", 0, INT64_MAX },
    { "canary/interval", NUMBER, AT(canary_interval), "300", 0, 86400 },
    { "reaper/interval", NUMBER, AT(reaper_interval), "30", 1, 3600 },
    { "reaper/orphan_age", NUMBER, AT(orphan_age), "3600", 1, 31536000 },
    { "reaper/orphan_interval", NUMBER, AT(orphan_interval), "3600", 1, 31536000 },
    { "outbox/keep", NUMBER, AT(outbox_keep), "86400", 60, UINT32_MAX },
    { "backup/path", DIRECTORY, AT(backup_path), "", 0, 0 },
    { "backup/interval", NUMBER, AT(backup_interval), "3600", 60, 31536000 },
    { "backup/keep", NUMBER, AT(backup_keep), "24", 1, 100000 },
    { "backup/files", BOOLEAN, AT(backup_files), "1", 0, 1 },
    { "webhook/secret", PATHS, AT(webhook_secret), "", 0, 0 },
    { "webhook/unsigned", BOOLEAN, AT(webhook_unsigned), "0", 0, 1 },
    { "webhook/allow", NETWORKS, AT(webhook_allow), "", 0, 0 },
    { "webhook/ca", DIRECTORY, AT(webhook_ca), "", 0, 0 },
    { "webhook/base", URL, AT(webhook_base), "", 0, 0 },
    { "webhook/connections", NUMBER, AT(webhook_connections), "16", 1, 256 },
    { "webhook/per_host", NUMBER, AT(webhook_per_host), "4", 1, 256 },
    { "webhook/connect_timeout", NUMBER, AT(webhook_connect_timeout), "5", 1, 60 },
    { "webhook/timeout", NUMBER, AT(webhook_timeout), "15", 1, 300 },
    { "webhook/backoff", NUMBER, AT(webhook_backoff), "5", 1, 3600 },
    { "webhook/backoff_max", NUMBER, AT(webhook_backoff_max), "3600", 1, 86400 },
    { "webhook/give_up", NUMBER, AT(webhook_give_up), "86400", 1, 2592000 },
    { "webhook/keep", NUMBER, AT(webhook_keep), "86400", 60, 31536000 },
    { "webhook/keep_dead", NUMBER, AT(webhook_keep_dead), "604800", 60, 31536000 },
    { "sandbox", SANDBOX, AT(sandbox), "required", 0, 0 },
    { "cgroup", CGROUP, AT(cgroup_path), PLATEN_CGROUP_AUTO, 0, 0 },
    { "engines/libexec", PATH, AT(libexec_path), "/usr/lib/platen", 0, 0 },
    { "engines/lok/enabled", BOOLEAN, AT(lok_enabled), "1", 0, 1 },
    { "engines/lok/program", PATH, AT(lok_program), "/usr/lib/libreoffice/program", 0, 0 },
    { "engines/lok/ahead", NUMBER, AT(lok_ahead), "1", 0, PLATEN_WORKERS_MAX },
    { "engines/lok/populate", POPULATE, AT(lok_populate), "auto", 0, 0 },
    { "engines/lok/renew_after", NUMBER, AT(lok_renew_after), "5000", 1, UINT32_MAX },
    { "engines/lok/renew_hours", NUMBER, AT(lok_renew_hours), "24", 1, 8760 },
    { "engines/tables/enabled", BOOLEAN, AT(tables_enabled), "1", 0, 1 },
    { "engines/tables/duckdb", PATH, AT(duckdb_path), "/usr/lib/platen/libduckdb.so", 0, 0 },
    { "engines/pandoc/enabled", BOOLEAN, AT(pandoc_enabled), "1", 0, 1 },
    { "engines/poppler/enabled", BOOLEAN, AT(poppler_enabled), "1", 0, 1 },
    { "engines/mupdf/enabled", BOOLEAN, AT(mupdf_enabled), "1", 0, 1 },
    { "engines/qpdf/enabled", BOOLEAN, AT(qpdf_enabled), "1", 0, 1 },
    { "engines/image/enabled", BOOLEAN, AT(image_enabled), "1", 0, 1 },
    { "engines/soffice/path", PATH, AT(soffice_path),
      "/usr/lib/libreoffice/program/soffice.bin", 0, 0 },
    { "engines/soffice/enabled", BOOLEAN, AT(soffice_enabled), "1", 0, 1 },
    { "traces/endpoint", URL, AT(traces_endpoint), "", 0, 0 },
    { "traces/service", TEXT, AT(traces_service), "", 0, 0 },
    { "log/level", LEVEL, AT(log_level), "info", 0, 0 },
    { "log/file", DIRECTORY, AT(log_file), "", 0, 0 },
    { "log/audit", DIRECTORY, AT(log_audit), "", 0, 0 },
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

/* Names that keys had: taken for one more release, and warned of. */
static const platen_config_old_t old_names[] = {
    { "limits/losses", "limits/lost_attempts" },
    { "limits/setbacks", "limits/host_failures" },
};

#define NOLD (sizeof(old_names) / sizeof(old_names[0]))

_Static_assert(NOLD <= PLATEN_CONFIG_OLD_MAX, "config.h has room for each old name");

/* The same for an engine block; its name is the section's. */
#define OF(m) offsetof(platen_config_command_t, m)

static const key_rule_t command_keys[] = {
    { "from", TEXT, OF(from), "", 0, 0 },
    { "to", TEXT, OF(to), "", 0, 0 },
    { "command", TEXT, OF(command), "", 0, 0 },
    { "options", TEXT, OF(options), "", 0, 0 },
    { "read", TEXT, OF(read), "", 0, 0 },
    { "cost", NUMBER, OF(cost), "1000", 1, 1000000 },
    { "address_space", SIZE, OF(address_space), "0", 0, INT64_MAX },
    { "fork", BOOLEAN, OF(fork), "0", 0, 1 },
};

#define NCOMMAND_KEYS (sizeof(command_keys) / sizeof(command_keys[0]))

typedef struct {
    platen_config_t *config;
    const char      *file;
    char            *err;
    size_t           errlen;
    unsigned char    seen[NKEYS];
} loader_t;

int
platen_config_size(const char *text, uint64_t *out)
{
    static const char units[] = "kmg";
    const char       *unit;
    unsigned          shift = 0;
    char             *end;

    if (*text < '0' || *text > '9') {
        return -1;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*end != '\0') {
        unit = strchr(units, tolower((unsigned char) *end));
        if (unit == NULL || end[1] != '\0') {
            return -1;
        }
        shift = 10 * (unsigned) (unit - units + 1);
    }
    if (errno != 0 || *out > UINT64_MAX >> shift) {
        return -1;
    }
    *out <<= shift;
    return 0;
}

static int
parse_number(const char *text, int base, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9') {
        return -1;
    }
    errno = 0;
    *out = strtoull(text, &end, base);
    return errno != 0 || *end != '\0' ? -1 : 0;
}

static const char *
check_paths(const char *text)
{
    for (text += strspn(text, " \t"); *text != '\0'; text += strspn(text, " \t")) {
        if (*text != '/') {
            return "needs absolute paths, separated by blanks";
        }
        text += strcspn(text, " \t");
    }
    return NULL;
}

/* What is wrong with the text, or NULL. */
static const char *
check_text(key_type_t type, const char *text)
{
    platen_webhook_networks_t networks;

    if (type == PATHS) {
        return check_paths(text);
    }
    if (type == NETWORKS) {
        return platen_webhook_address_networks(text, &networks);
    }
    if (type == URL) {
        return *text == '\0' ? NULL : platen_webhook_url_wrong(text, strlen(text));
    }
    if ((type == DIRECTORY || type == CGROUP) && *text == '\0') {
        return NULL;
    }
    if (type == CGROUP && strcmp(text, PLATEN_CGROUP_AUTO) == 0) {
        return NULL;
    }
    if (type == PATH || type == DIRECTORY || type == CGROUP) {
        if (text[0] != '/') {
            return type == CGROUP ? "needs auto, or an absolute path"
                                  : "needs an absolute path";
        }
        return strlen(text) > PLATEN_ROOT_MAX ? "is too long" : NULL;
    }
    if (type == EVENTS && (*text == '\0' || strcmp(text, "off") == 0)) {
        return NULL;
    }
    if (type == ENDPOINT || type == EVENTS) {
        /* An address on a network would let anyone on it send hints. */
        if (strncmp(text, "ipc:///", 7) != 0) {
            return "needs ipc:// and an absolute path";
        }
        if (strlen(text + 6) >= sizeof(((struct sockaddr_un *) NULL)->sun_path)) {
            return "is longer than a socket's path may be";
        }
    }
    return NULL;
}

/* Sets the member of `key` in the structure; returns what is wrong with the value, or NULL. */
static const char *
set_value(void *structure, const key_rule_t *key, const char *text)
{
    uint64_t   *number = (uint64_t *) (void *) ((char *) structure + key->offset);
    char      **string = (char **) (void *) ((char *) structure + key->offset);
    const char *wrong;
    int         level;

    switch (key->type) {
    case TEXT:
    case PATH:
    case DIRECTORY:
    case CGROUP:
    case ENDPOINT:
    case EVENTS:
    case PATHS:
    case NETWORKS:
    case URL:
        wrong = check_text(key->type, text);
        if (wrong != NULL) {
            return wrong;
        }
        free(*string);
        *string = strdup(text);
        return *string == NULL ? "cannot be kept: out of memory" : NULL;

    case LEVEL:
        level = platen_log_level_parse(text);
        if (level < 0) {
            return "needs one of debug, info, warn, error";
        }
        *number = (uint64_t) level;
        return NULL;

    case SANDBOX:
        if (strcmp(text, "required") != 0 && strcmp(text, "available") != 0) {
            return "needs one of required, available";
        }
        *number = *text == 'r' ? PLATEN_SANDBOX_REQUIRED : PLATEN_SANDBOX_AVAILABLE;
        return NULL;

    case POPULATE:
        if (strcmp(text, "auto") != 0 && strcmp(text, "on") != 0 && strcmp(text, "off") != 0) {
            return "needs one of auto, on, off";
        }
        *number = *text == 'a'     ? PLATEN_POPULATE_AUTO
                  : text[1] == 'n' ? PLATEN_POPULATE_ON
                                   : PLATEN_POPULATE_OFF;
        return NULL;

    case NUMBER:
        wrong = parse_number(text, 10, number) != 0 ? "needs a number" : NULL;
        break;
    case OCTAL:
        wrong = parse_number(text, 8, number) != 0 ? "needs an octal number" : NULL;
        break;
    case BOOLEAN:
        wrong = parse_number(text, 10, number) != 0 ? "needs 0 or 1" : NULL;
        break;
    default:
        wrong = platen_config_size(text, number) != 0 ? "needs bytes, as 1048576, 1024k or 1g"
                                                      : NULL;
        break;
    }

    if (wrong == NULL && (*number < key->min || *number > key->max)) {
        return "is out of range";
    }
    return wrong;
}

static int
refuse(loader_t *l, const char *path, const char *wrong)
{
    snprintf(l->err, l->errlen, "%s: \"%s\" %s", l->file, path, wrong);
    return -1;
}

/* Whether some key lies in the section `path`. */
static int
is_section(const char *path)
{
    size_t n = strlen(path), i;

    for (i = 0; i < NKEYS; i++) {
        if (strncmp(keys[i].path, path, n) == 0 && keys[i].path[n] == '/') {
            return 1;
        }
    }
    return 0;
}

/* The name that the key of that path has now.  An old one is noted, for who warns of it. */
static const char *
name_now(platen_config_t *config, const char *path)
{
    size_t i;

    for (i = 0; i < NOLD; i++) {
        if (strcmp(old_names[i].was, path) == 0) {
            config->old[i] = &old_names[i];
            return old_names[i].is;
        }
    }
    return path;
}

static int
take_item(loader_t *l, zconfig_t *item, const char *path)
{
    const char *value = zconfig_value(item), *wrong, *name = name_now(l->config, path);
    size_t      i;

    for (i = 0; i < NKEYS; i++) {
        if (strcmp(keys[i].path, name) != 0) {
            continue;
        }
        if (l->seen[i]) {
            return refuse(l, path, "is there twice");
        }
        l->seen[i] = 1;
        wrong = set_value(l->config, &keys[i], value == NULL ? "" : value);
        return wrong == NULL ? 0 : refuse(l, path, wrong);
    }

    if (!is_section(path)) {
        return refuse(l, path, "is not a key that platend knows");
    }
    if (value != NULL && *value != '\0') {
        return refuse(l, path, "is a section and takes no value");
    }
    return 0;
}

/* One key of an engine block. */
static int
take_command_key(loader_t *l, platen_config_command_t *command, zconfig_t *item,
                 const char *path)
{
    const char *value = zconfig_value(item), *wrong;
    size_t      i;

    for (i = 0; i < NCOMMAND_KEYS; i++) {
        if (strcmp(command_keys[i].path, zconfig_name(item)) == 0) {
            wrong = zconfig_child(item) != NULL
                        ? "takes no keys below it"
                        : set_value(command, &command_keys[i], value == NULL ? "" : value);
            return wrong == NULL ? 0 : refuse(l, path, wrong);
        }
    }
    return refuse(l, path, "is not a key that platend knows");
}

/* A block "engine/<name>". */
static int
take_command(loader_t *l, zconfig_t *block)
{
    platen_config_command_t *grown, *command;
    zconfig_t               *item;
    const char              *wrong = NULL;
    char                     path[256];
    size_t                   i;

    snprintf(path, sizeof(path), "engine/%s", zconfig_name(block));
    for (i = 0; i < l->config->ncommands; i++) {
        if (strcmp(l->config->commands[i].name, zconfig_name(block)) == 0) {
            return refuse(l, path, "is there twice");
        }
    }
    if (l->config->ncommands == PLATEN_COMMANDS_MAX) {
        return refuse(l, path, "is one engine too many");
    }

    grown = realloc(l->config->commands, (l->config->ncommands + 1) * sizeof(*grown));
    if (grown == NULL) {
        return refuse(l, path, "cannot be kept: out of memory");
    }
    l->config->commands = grown;
    command = &grown[l->config->ncommands++];
    memset(command, 0, sizeof(*command));
    command->name = strdup(zconfig_name(block));
    for (i = 0; i < NCOMMAND_KEYS && wrong == NULL; i++) {
        wrong = set_value(command, &command_keys[i], command_keys[i].value);
    }
    if (command->name == NULL || wrong != NULL) {
        return refuse(l, path, "cannot be kept: out of memory");
    }

    for (item = zconfig_child(block); item != NULL; item = zconfig_next(item)) {
        snprintf(path, sizeof(path), "engine/%s/%s", zconfig_name(block), zconfig_name(item));
        if (take_command_key(l, command, item, path) != 0) {
            return -1;
        }
    }

    snprintf(path, sizeof(path), "engine/%s", zconfig_name(block));
    return *command->from == '\0'      ? refuse(l, path, "needs a key from")
           : *command->to == '\0'      ? refuse(l, path, "needs a key to")
           : *command->command == '\0' ? refuse(l, path, "needs a key command")
                                       : 0;
}

static int
take_commands(loader_t *l, zconfig_t *parent)
{
    zconfig_t *block;

    for (block = zconfig_child(parent); block != NULL; block = zconfig_next(block)) {
        if (take_command(l, block) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The file's tree, depth first; no key is deeper than three levels. */
static int
take_children(loader_t *l, zconfig_t *parent, const char *prefix, int depth)
{
    zconfig_t *item;
    char       path[256];

    for (item = zconfig_child(parent); item != NULL; item = zconfig_next(item)) {
        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix == '\0' ? "" : "/",
                 zconfig_name(item));
        if (strcmp(path, "engine") == 0) {
            if (take_commands(l, item) != 0) {
                return -1;
            }
            continue;
        }
        if (take_item(l, item, path) != 0) {
            return -1;
        }
        if (zconfig_child(item) == NULL) {
            continue;
        }
        if (depth == 3 || !is_section(path)) {
            return refuse(l, path, "takes no keys below it");
        }
        if (take_children(l, item, path, depth + 1) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Of those that there are, the processors that this process may use, as in a container. */
static int
processors(void)
{
    cpu_set_t set;
    int       n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
                                                               : (int) sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > PLATEN_WORKERS_MAX ? PLATEN_WORKERS_MAX : n;
}

static int
set_defaults(loader_t *l)
{
    const char *wrong;
    char        workers[24];
    size_t      i;

    snprintf(workers, sizeof(workers), "%d", processors());

    for (i = 0; i < NKEYS; i++) {
        wrong = set_value(l->config, &keys[i], keys[i].value == NULL ? workers : keys[i].value);
        if (wrong != NULL) {
            return refuse(l, keys[i].path, wrong);
        }
    }
    return 0;
}

/* What is not said: the socket of events lies beside that of hints. */
static int
set_events(loader_t *l)
{
    platen_config_t *c = l->config;
    const char      *name = "events.sock";
    size_t           len;
    char            *text;

    if (strcmp(c->events_endpoint, "off") == 0) {
        *c->events_endpoint = '\0';
        return 0;
    }
    if (*c->events_endpoint == '\0') {
        len = (size_t) (strrchr(c->queue_endpoint, '/') + 1 - c->queue_endpoint);
        text = malloc(len + strlen(name) + 1);
        if (text == NULL) {
            return refuse(l, "queue/events", "cannot be kept: out of memory");
        }
        memcpy(text, c->queue_endpoint, len);
        strcpy(text + len, name);
        free(c->events_endpoint);
        c->events_endpoint = text;
        if (check_text(EVENTS, text) != NULL) {
            return refuse(l, "queue/events",
                          "has to be given: beside queue/endpoint its path would be too long");
        }
    }
    return strcmp(c->events_endpoint, c->queue_endpoint) == 0
               ? refuse(l, "queue/events", "is the same as queue/endpoint")
               : 0;
}

platen_config_t *
platen_config_load(const char *file, char *err, size_t errlen)
{
    loader_t   l = { .file = file, .err = err, .errlen = errlen };
    zconfig_t *root;
    int        rc;

    *err = '\0';
    if (access(file, R_OK) != 0) {
        snprintf(err, errlen, "%s: %s", file, strerror(errno));
        return NULL;
    }

    /* zconfig itself prints the line that it cannot read. */
    root = zconfig_load(file);
    if (root == NULL) {
        snprintf(err, errlen, "%s: is not a ZPL file (see the message above)", file);
        return NULL;
    }

    l.config = calloc(1, sizeof(*l.config));
    if (l.config == NULL) {
        snprintf(err, errlen, "%s: out of memory", file);
        zconfig_destroy(&root);
        return NULL;
    }

    rc = set_defaults(&l);
    if (rc == 0) {
        rc = take_children(&l, root, "", 1);
    }
    if (rc == 0) {
        rc = set_events(&l);
    }
    zconfig_destroy(&root);
    if (rc != 0) {
        platen_config_destroy(&l.config);
    }
    return l.config;
}

static void
free_strings(void *structure, const key_rule_t *rules, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (rules[i].type == TEXT || rules[i].type == PATH || rules[i].type == DIRECTORY
            || rules[i].type == CGROUP || rules[i].type == ENDPOINT || rules[i].type == EVENTS
            || rules[i].type == PATHS || rules[i].type == NETWORKS || rules[i].type == URL) {
            free(*(char **) (void *) ((char *) structure + rules[i].offset));
        }
    }
}

void
platen_config_destroy(platen_config_t **config)
{
    platen_config_t *c = *config;
    size_t           i;

    if (c == NULL) {
        return;
    }
    free_strings(c, keys, NKEYS);
    for (i = 0; i < c->ncommands; i++) {
        free(c->commands[i].name);
        free_strings(&c->commands[i], command_keys, NCOMMAND_KEYS);
    }
    free(c->commands);
    free(c);
    *config = NULL;
}

const char *
platen_config_socket(const platen_config_t *config)
{
    return config->queue_endpoint + strlen("ipc://");
}

void
platen_config_warn(const platen_config_t *config)
{
    size_t i;

    for (i = 0; i < PLATEN_CONFIG_OLD_MAX; i++) {
        if (config->old[i] != NULL) {
            platen_log(PLATEN_LOG_WARN, "a key of the configuration has another name now",
                       json_pack("{s:s, s:s, s:s}", "key", config->old[i]->was, "name",
                                 config->old[i]->is, "advice",
                                 "rename it: the next release refuses the old name"));
        }
    }
}
