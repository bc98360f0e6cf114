/* The store for a command; see ctl/store.h.  One thread, one store to a process. */

#include "ctl/store.h"
#include "base/timestamp.h"
#include "base/utf8.h"

#include <czmq.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/audit.h"
#include "ctl/identity.h"
#include "daemon.h"

#define HINT_MS 500 /* for platend to take the connection */

int
platen_ctl_store_configure(const platen_ctl_t *ctl, platen_ctl_store_t *s)
{
    platen_ctl_identity_t user;
    char                  err[1024];

    *s = (platen_ctl_store_t){ NULL, NULL };
    s->config = platen_config_load(ctl->file, err, sizeof(err));
    if (s->config == NULL) {
        fprintf(stderr, "platenctl: %s\n", err);
        if (access(ctl->file, F_OK) != 0) {
            fputs("platenctl: name the configuration that platend is started with: platenctl -c"
                  " FILE ...\n",
                  stderr);
        }
        return PLATEN_CTL_USAGE;
    }
    platen_ctl_audit_open(s->config);
    umask(007); /* as platend: shared with the web server by group */
    if (geteuid() != 0 || *s->config->user == '\0') {
        return PLATEN_CTL_DONE;
    }
    if (platen_ctl_identity_named(&user, s->config->user, s->config->queue_group) != 0
        || platen_ctl_identity_become(&user) != 0) {
        fprintf(stderr, "platenctl: cannot become %s: %s\n", s->config->user, strerror(errno));
        platen_ctl_store_close(s);
        return PLATEN_CTL_FAILED;
    }
    return PLATEN_CTL_DONE;
}

static void (*put_back_first)(void);

static void
on_bus_error(int signo)
{
    static const char said[] =
        "platenctl: the store is damaged so that it cannot be read (Bus error): restore a"
        " backup (platenctl help restore)\n";

    (void) signo;
    if (put_back_first != NULL) {
        put_back_first();
    }
    (void) !write(STDERR_FILENO, said, sizeof(said) - 1);
    _exit(PLATEN_CTL_FAILED);
}

void
platen_ctl_store_on_damage(void (*put_back)(void))
{
    put_back_first = put_back;
}

/* Of one that is not there, or empty, the library would make a new one. */
static int
look_for(const platen_ctl_t *ctl, const platen_config_t *config, char *err, size_t errlen)
{
    struct stat st;
    char        path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/data.mdb", config->store_path);
    if (stat(path, &st) == 0) {
        if (st.st_size > 0) {
            return 0;
        }
        snprintf(err, errlen,
                 "%s is empty: platend makes a new store of it when it starts; a backup has"
                 " what was there (platenctl help restore)",
                 path);
    } else if (errno == ENOENT) {
        snprintf(err, errlen,
                 "there is no store in %s: platend has not been started yet with %s, or"
                 " store/path is another directory there",
                 config->store_path, ctl->file);
    } else {
        snprintf(err, errlen, "%s: %s%s", path, strerror(errno),
                 errno == EACCES ? "; run it as root, or as platend's user" : "");
    }
    return -1;
}

int
platen_ctl_store_open(const platen_ctl_t *ctl, platen_ctl_store_t *s)
{
    struct sigaction action = { .sa_handler = on_bus_error };
    char             err[2 * PATH_MAX + 256];
    int              code;

    code = platen_ctl_store_configure(ctl, s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    (void) sigaction(SIGBUS, &action, NULL);
    if (look_for(ctl, s->config, err, sizeof(err)) == 0
        && platen_store_open(&s->store, s->config->store_path, (size_t) s->config->map_size,
                             err, sizeof(err))
               == PLATEN_OK) {
        return PLATEN_CTL_DONE;
    }
    fprintf(stderr, "platenctl: %s\n", err);
    platen_ctl_store_close(s);
    return PLATEN_CTL_FAILED;
}

int
platen_ctl_store_lock(const platen_ctl_store_t *s, const char *stop)
{
    char  err[512];
    pid_t holder;
    int   rc;

    rc = platen_process_lock(s->config, &holder, err, sizeof(err));
    if (rc > 0) {
        fprintf(stderr, "platenctl: platend runs (pid %ld): stop %s\n", (long) holder, stop);
    } else if (rc < 0) {
        fprintf(stderr, "platenctl: %s\n", err);
    }
    return rc;
}

void
platen_ctl_store_close(platen_ctl_store_t *s)
{
    platen_config_destroy(&s->config);
}

int
platen_ctl_store_failed(const char *what, int rc)
{
    fprintf(stderr, "platenctl: %s: %s\n", what, platen_strerror(rc));
    return PLATEN_CTL_FAILED;
}

int
platen_ctl_store_id(const char *text, platen_id_t *id)
{
    if (platen_id_parse(text, strlen(text), id) == PLATEN_OK) {
        return 0;
    }
    fprintf(stderr, "platenctl: \"%s\" is not a job's id\n", text);
    return -1;
}

void
platen_ctl_store_hint(const platen_ctl_store_t *s, platen_hint_kind_t kind,
                      const platen_id_t *id)
{
    platen_hint_t hint = { .kind = kind, .id = *id };
    uint8_t       bytes[PLATEN_WIRE_LEN];
    zsock_t      *push;

    if (access(platen_config_socket(s->config), W_OK) != 0) {
        return;
    }
    push = zsock_new(ZMQ_PUSH);
    if (push == NULL) {
        return;
    }
    zsock_set_immediate(push, 1);
    zsock_set_linger(push, HINT_MS);
    zsock_set_sndtimeo(push, HINT_MS);
    platen_wire_encode(&hint, bytes);
    if (zsock_connect(push, "%s", s->config->queue_endpoint) == 0) {
        /* A hint that is lost costs a second. */
        (void) zmq_send(zsock_resolve(push), bytes, sizeof(bytes), 0);
    }
    zsock_destroy(&push);
}

const char *
platen_ctl_store_time(uint64_t us, char out[32])
{
    if (us == 0) {
        snprintf(out, 32, "-");
    } else {
        platen_timestamp_seconds(us, out);
    }
    return out;
}

json_t *
platen_ctl_store_json_time(uint64_t us)
{
    char text[32];

    return us == 0 ? json_null() : json_string(platen_ctl_store_time(us, text));
}

json_t *
platen_ctl_store_json_text(platen_str_t text)
{
    return text.len == 0 ? json_null() : platen_log_text(text.data, text.len);
}

void
platen_ctl_store_json_row(json_t *row, size_t before)
{
    char *line = row == NULL ? NULL : json_dumps(row, 0);

    printf("%s%s", before == 0 ? "[\n" : ",\n", line == NULL ? "null" : line);
    free(line);
    json_decref(row);
}

const char *
platen_ctl_store_text(platen_str_t text, char *out, size_t size)
{
    (void) platen_utf8_show(text.data, text.len, ' ', out, size);
    return out;
}
