/* The trail; see ctl/audit.h.  One file to a process, open to its end. */

#include "ctl/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/timestamp.h"

static int  trail = -1;
static int  trail_errno;
static char trail_path[4096];
static char trail_by[160];

/* Who it is: the user, and who that was before sudo. */
static void
find_who(void)
{
    const struct passwd *user = getpwuid(getuid());
    const char          *before = getenv("SUDO_USER");
    char                 number[24];

    snprintf(number, sizeof(number), "%u", (unsigned) getuid());
    snprintf(trail_by, sizeof(trail_by), "%.64s%s%.64s", user == NULL ? number : user->pw_name,
             before == NULL ? "" : " for ", before == NULL ? "" : before);
}

void
platen_ctl_audit_open(const platen_config_t *config)
{
    find_who();
    snprintf(trail_path, sizeof(trail_path), "%s", config->log_audit);
    if (*trail_path == '\0' || trail >= 0) {
        return;
    }
    trail = open(trail_path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    trail_errno = errno;
}

void
platen_ctl_audit(const char *msg, json_t *context)
{
    char    ts[40], *text;
    json_t *line;
    size_t  n;

    platen_timestamp(platen_now_us(), ts);
    line = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "ts", ts, "level", "info", "source",
                     "platenctl", "msg", msg, "audit", 1, "by",
                     platen_log_text(trail_by, strlen(trail_by)));
    if (line != NULL && context != NULL) {
        json_object_update_missing(line, context);
    }
    json_decref(context);
    text = line == NULL ? NULL : json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (text == NULL) {
        return;
    }
    if (*trail_path == '\0') {
        openlog("platenctl", LOG_PID, LOG_AUTHPRIV);
        syslog(LOG_NOTICE, "%s", text);
        closelog();
        free(text);
        return;
    }
    n = strlen(text);
    text[n++] = '\n'; /* in place of the end */
    if (trail < 0 || write(trail, text, n) != (ssize_t) n) {
        fprintf(stderr, "platenctl: \"%s\" is not in %s: %s\n", msg, trail_path,
                strerror(trail < 0 ? trail_errno : errno));
    }
    free(text);
}
