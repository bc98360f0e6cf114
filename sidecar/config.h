/*
 * platend.cfg: what the operator decides.  ZPL (ZeroMQ RFC 4), read once when
 * the process starts and constant from then on; conf/platend.cfg documents
 * every key.  A key that does not exist is an error, so that a typing mistake
 * never passes for a default.
 */

#ifndef PLATEN_CONFIG_H
#define PLATEN_CONFIG_H

#include "base/platen.h"
#include "log.h"

typedef enum {
    PLATEN_SANDBOX_REQUIRED, /* refuse to start without the core layers */
    PLATEN_SANDBOX_AVAILABLE /* use the layers that hold, and say which do not */
} platen_sandbox_mode_t;

/* Whether children have the pages that they need made present in bulk (lok/populate.h). */
typedef enum {
    PLATEN_POPULATE_AUTO, /* where that costs much less than the page faults do */
    PLATEN_POPULATE_ON,
    PLATEN_POPULATE_OFF
} platen_populate_t;

/* An engine of the operator's: a block "engine/<name>". */
typedef struct {
    char    *name;
    char    *from; /* words: names of formats */
    char    *to;
    char    *command;       /* words, with {input}, {output}, {dir} and {<option>} */
    char    *options;       /* words: names of options */
    char    *read;          /* words: paths that it may read besides */
    uint64_t cost;          /* milliseconds */
    uint64_t address_space; /* bytes, 0: as configured for all */
    uint64_t fork;          /* it may start processes of its own */
} platen_config_command_t;

/* A name that a key of the file had, and the one that it has now. */
typedef struct {
    const char *was, *is;
} platen_config_old_t;

#define PLATEN_CONFIG_OLD_MAX 4

#define PLATEN_CGROUP_AUTO "auto" /* the one that platend is in, if it was delegated */

typedef struct {
    char *user; /* run as this user; "": as who started it */
    char *store_path;
    char *data_path;
    char *queue_endpoint;  /* always ipc:// and an absolute path */
    char *queue_group;     /* "": leave the socket's group */
    char *events_endpoint; /* the same for news to the workers; "": off */
    char *libexec_path;    /* where platen-lok, platen-tables and platen-zip lie */
    char *soffice_path;
    char *lok_program;     /* LibreOffice's program directory */
    char *duckdb_path;     /* libduckdb.so */
    char *backup_path;     /* "": none are made by platend */
    char *cgroup_path;     /* delegated, with the memory controller; "": none */
    char *webhook_secret;  /* words: paths of files; the first signs, as do the others */
    char *webhook_allow;   /* words: networks that are told, though not public */
    char *webhook_ca;      /* file of certificates; "": the system's */
    char *log_file;        /* file of the log; "": standard error */
    char *log_audit;       /* file of what platenctl has changed; "": the system's log */
    char *traces_endpoint; /* where a collector is; "": none but by the environment */
    char *traces_service;  /* what this is called there */
    char *webhook_base;    /* what comes before the path of a download; "": nothing */

    uint64_t map_size;     /* bytes, 0 for the store's default */
    uint64_t reader_alarm; /* seconds */
    uint64_t queue_mode;
    uint64_t workers;
    uint64_t standby;          /* jobs claimed beyond the workers */
    uint64_t wall_clock;       /* seconds */
    uint64_t grace;            /* seconds */
    uint64_t output_size;      /* bytes */
    uint64_t address_space;    /* bytes, 0 for no limit */
    uint64_t attempts;         /* crashes and the like that end a job */
    uint64_t lost_attempts;    /* attempts lost with the sidecar that end a job */
    uint64_t host_failures;    /* failures of this machine that end a job */
    uint64_t per_client;       /* jobs of one client that run at a time; 0: no limit */
    uint64_t spare;            /* workers besides, which no client has all of */
    uint64_t client_size;      /* bytes that a client may have stored; 0: no limit */
    uint64_t canary_interval;  /* seconds; 0: never */
    uint64_t reaper_interval;  /* seconds */
    uint64_t orphan_age;       /* seconds */
    uint64_t orphan_interval;  /* seconds */
    uint64_t outbox_keep;      /* seconds */
    uint64_t backup_interval;  /* seconds */
    uint64_t backup_keep;      /* how many */
    uint64_t backup_files;     /* documents and results, too */
    uint64_t webhook_unsigned; /* tell without a secret, too */
    uint64_t webhook_connections;
    uint64_t webhook_per_host;
    uint64_t webhook_connect_timeout; /* these seven: seconds */
    uint64_t webhook_timeout;
    uint64_t webhook_backoff;     /* before the second try */
    uint64_t webhook_backoff_max; /* between two tries */
    uint64_t webhook_give_up;     /* from the event on */
    uint64_t webhook_keep;        /* what was delivered */
    uint64_t webhook_keep_dead;
    uint64_t sandbox; /* platen_sandbox_mode_t */
    uint64_t memory;  /* bytes of a conversion, by cgroup */
    uint64_t soffice_enabled;
    uint64_t lok_enabled;
    uint64_t nice;            /* by which conversions stand back */
    uint64_t keep_short;      /* workers that no long conversion has */
    uint64_t long_after;      /* seconds, by which one is thought to be long */
    uint64_t lok_ahead;       /* children forked ahead */
    uint64_t lok_populate;    /* platen_populate_t */
    uint64_t lok_renew_after; /* documents */
    uint64_t lok_renew_hours;
    uint64_t tables_enabled;
    uint64_t pandoc_enabled;
    uint64_t poppler_enabled;
    uint64_t mupdf_enabled;
    uint64_t qpdf_enabled;
    uint64_t image_enabled;
    uint64_t log_level; /* platen_log_level_t */

    platen_config_command_t *commands; /* the engine blocks */
    size_t                   ncommands;

    const platen_config_old_t *old[PLATEN_CONFIG_OLD_MAX]; /* that the file has; or NULL */
} platen_config_t;

#define PLATEN_WORKERS_MAX 256
#define PLATEN_COMMANDS_MAX 32

/*
 * Reads `file`.  The caller owns the result.  NULL on failure: `err` then has a
 * sentence with the file and, where one is at fault, the key.
 */
platen_config_t *platen_config_load(const char *file, char *err, size_t errlen);

void platen_config_destroy(platen_config_t **config);

/* Logs a warning for each key that has another name now. */
void platen_config_warn(const platen_config_t *config);

/* Reads a size, "64m".  Returns 0, or -1. */
int platen_config_size(const char *text, uint64_t *out);

/* The path of the hint socket's file. */
const char *platen_config_socket(const platen_config_t *config);

#endif
