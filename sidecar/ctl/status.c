/*
 * platenctl status: the service in a screen, once.  platenctl top: the same again and again,
 * with the jobs that run, until q.  Both change nothing (ctl/overview.h).
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/nginx.h"
#include "ctl/overview.h"

#define ROWS_MAX 256 /* jobs that run, of those that are shown */
#define DELAY "2"

typedef struct {
    platen_ctl_store_t s;
    pid_t              nginx;
    int                json;
} view_t;

/* Opens the store, having looked for nginx before it is platend's user that looks. */
static int
view_open(const platen_ctl_t *ctl, view_t *v)
{
    platen_config_t *config;
    char             err[1024];

    v->json = ctl->json;
    config = platen_config_load(ctl->file, err, sizeof(err));
    v->nginx = config == NULL ? 0 : platen_ctl_nginx_master(config);
    platen_config_destroy(&config);
    return platen_ctl_store_open(ctl, &v->s);
}

static int
show(const view_t *v, const char *end)
{
    platen_ctl_overview_t o;
    json_t               *object;
    char                 *text;
    int                   rc = platen_ctl_overview_take(&v->s, v->nginx, &o), code;

    if (rc != PLATEN_OK) {
        return platen_ctl_store_failed("cannot read the store", rc);
    }
    code = json_array_size(o.problems) == 0 ? PLATEN_CTL_DONE : PLATEN_CTL_FAILED;
    if (v->json) {
        object = platen_ctl_overview_json(&o);
        text = object == NULL ? NULL : json_dumps(object, JSON_INDENT(2));
        puts(text == NULL ? "null" : text);
        free(text);
        json_decref(object);
    } else {
        platen_ctl_overview_print(&o, end);
    }
    platen_ctl_overview_free(&o);
    return code;
}

static int
run_status(platen_ctl_t *ctl, int argc, char **argv)
{
    view_t v;
    int    first, code;

    first = platen_ctl_parse(ctl, argc, argv, NULL, 0, &code);
    if (first < 0) {
        return code;
    }
    if (first != argc) {
        fprintf(stderr, "platenctl: status takes no \"%s\"\n", argv[first]);
        return PLATEN_CTL_USAGE;
    }
    code = view_open(ctl, &v);
    if (code == PLATEN_CTL_DONE) {
        code = show(&v, "\n");
        platen_ctl_store_close(&v.s);
    }
    return code;
}

/* --- live ------------------------------------------------------------------- */

static struct termios        saved;
static volatile sig_atomic_t stopped;

static void
on_signal(int signal)
{
    (void) signal;
    stopped = 1;
}

static void
raw_off(void)
{
    (void) tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

static void
raw_on(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct termios   raw = saved;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
    platen_ctl_store_on_damage(raw_off);
    (void) tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* The jobs that run, longest first. */
static void
show_running(const view_t *v, int rows, const char *end)
{
    platen_txn_t txn;
    platen_id_t  ids[ROWS_MAX];
    platen_job_t job;
    char         id[PLATEN_ID_TEXT + 1], client[24], formats[24], from[12], to[12], name[48];
    char         since[32];
    uint64_t     now = platen_now_us();
    int          i, n;

    if (rows <= 1 || platen_txn_read(v->s.store, &txn) != PLATEN_OK) {
        return;
    }
    n = platen_store_running(&txn, NULL, ids, rows - 1 < ROWS_MAX ? rows - 1 : ROWS_MAX);
    if (n > 0) {
        printf("%s%-36s  %-12s  %-16s  %-12s  %s%s", end, "RUNNING", "FOR", "CLIENT", "FORMATS",
               "FILE", end);
    }
    for (i = 0; i < n; i++) {
        if (platen_store_get(&txn, &ids[i], &job) != PLATEN_OK) {
            continue;
        }
        platen_id_format(&ids[i], id);
        snprintf(formats, sizeof(formats), "%s>%s",
                 platen_ctl_store_text(job.source_format, from, sizeof(from)),
                 platen_ctl_store_text(job.target_format, to, sizeof(to)));
        printf("%-36s  %-12s  %-16s  %-12s  %s%s", id,
               platen_ctl_doctor_duration(job.started_at == 0 || job.started_at > now
                                              ? 0
                                              : (now - job.started_at) / 1000000,
                                          since),
               platen_ctl_store_text(job.client, client, sizeof(client)), formats,
               platen_ctl_store_text(job.input_filename, name, sizeof(name)), end);
    }
    platen_txn_abort(&txn);
}

static int
live(const view_t *v, int delay)
{
    struct pollfd  pfd = { .fd = STDIN_FILENO, .events = POLLIN };
    struct winsize size;
    char           key, when[32];
    int            code = PLATEN_CTL_DONE, rows, n;

    raw_on();
    while (!stopped) {
        rows =
            ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
        /* Home; each line clears what was on it, and the end what is below. */
        printf("\033[H%s  platenctl top; q ends\033[K\r\n\033[K\r\n",
               platen_ctl_store_time(platen_now_us(), when));
        code = show(v, "\033[K\r\n");
        show_running(v, rows - 16, "\033[K\r\n");
        fputs("\033[J", stdout);
        if (fflush(stdout) != 0) {
            break;
        }
        n = poll(&pfd, 1, delay * 1000);
        if (n > 0 && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')) {
            break;
        }
    }
    raw_off();
    putchar('\n');
    return code;
}

static int
run_top(platen_ctl_t *ctl, int argc, char **argv)
{
    const char               *delay = DELAY;
    const platen_ctl_option_t options[] = {
        { "delay", 'd', "SECONDS", &delay, NULL, "between two looks, 1 to 3600 (" DELAY ")" },
    };
    view_t v;
    char  *end;
    long   seconds;
    int    first, code;

    first = platen_ctl_parse(ctl, argc, argv, options, 1, &code);
    if (first < 0) {
        return code;
    }
    seconds = strtol(delay, &end, 10);
    if (first != argc || end == delay || *end != '\0' || seconds < 1 || seconds > 3600) {
        fputs("platenctl: top takes --delay with 1 to 3600 seconds, and nothing else\n",
              stderr);
        return PLATEN_CTL_USAGE;
    }
    code = view_open(ctl, &v);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    if (v.json || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved) != 0) {
        code = show(&v, "\n");
        if (!v.json) {
            show_running(&v, ROWS_MAX, "\n");
        }
    } else {
        fputs("\033[2J", stdout);
        code = live(&v, (int) seconds);
    }
    platen_ctl_store_close(&v.s);
    return code;
}

const platen_ctl_command_t platen_ctl_status = {
    .name = "status",
    .operands = "",
    .summary = "the service in a screen: whether it is healthy",
    .text =
        "Whether platend runs and moves, whether LibreOffice is warm, how much waits and for\n"
        "how long, what failed in the last hour, how full store and disk are, how old the\n"
        "newest backup is.  As root it sees nginx as well.  It changes nothing.\n"
        "\n"
        "Exit status: 0 if it is healthy, 1 if there is a PROBLEM.  A warning is none.",
    .run = run_status,
};

const platen_ctl_command_t platen_ctl_top = {
    .name = "top",
    .operands = "",
    .summary = "the same, live, with the jobs that run",
    .text =
        "Shows what `platenctl status` does again and again, with the jobs that run, until q.\n"
        "Where its output is no terminal, and with --json, it prints once.",
    .run = run_top,
};
