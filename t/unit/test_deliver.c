/*
 * platen_deliver: when the next try is, and what the end of a request means; with
 * requests to a server of this test's, and to addresses that may not be told.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliver/main.h"

static char                      nothing[] = "";
static platen_webhook_settings_t settings = {
    .ca = nothing,
    .base = nothing,
    .backoff = 5,
    .backoff_max = 3600,
    .give_up = 86400,
    .connect_timeout = 2,
    .timeout = 2,
};

static void
test_delay(void **state)
{
    uint64_t bound = 5, delay;
    uint32_t tries;

    (void) state;
    for (tries = 1; tries < 100; tries++) {
        assert_int_equal(platen_deliver_retry_delay(&settings, tries, 0, 0), bound * 100000);
        delay = platen_deliver_retry_delay(&settings, tries, 0, bound * 900000);
        assert_int_equal(delay, bound * 1000000);
        delay = platen_deliver_retry_delay(&settings, tries, 0, UINT64_MAX);
        assert_true(delay >= bound * 100000 && delay <= bound * 1000000);
        bound = bound * 2 > 3600 ? 3600 : bound * 2;
    }
    assert_int_equal(platen_deliver_retry_delay(&settings, 1, 60, 0), 60000000);
    assert_int_equal(platen_deliver_retry_delay(&settings, 1, UINT64_MAX, 0), 3600000000);
    assert_true(platen_deliver_retry_delay(&settings, 20, 1, 0) > 1000000);
}

/* Answers one request with those bytes; returns its port. */
static int
serve(const char *answer, pid_t *pid)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t          len = sizeof(in);
    char               bytes[8192];
    int                listener = socket(AF_INET, SOCK_STREAM, 0), fd;

    assert_int_equal(bind(listener, (struct sockaddr *) &in, sizeof(in)), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *) &in, &len), 0);
    *pid = fork();
    assert_true(*pid >= 0);
    if (*pid == 0) {
        alarm(20);
        fd = accept(listener, NULL, NULL);
        if (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0 && *answer != '\0') {
            (void) !write(fd, answer, strlen(answer));
        } else if (fd >= 0 && *answer == '\0') {
            pause();
        }
        _exit(0);
    }
    close(listener);
    return ntohs(in.sin_port);
}

typedef struct {
    platen_hook_result_t result;
    char                 failure[PLATEN_HOOK_FAILURE_MAX + 1];
} outcome_t;

/* One request to `url`, of a delivery that was tried and refused so often. */
static outcome_t
tell(const char *allow, const char *url, uint32_t tries, uint32_t refusals, uint64_t age)
{
    platen_deliver_t   deliver = { .settings = &settings };
    platen_job_t       job = { .state = PLATEN_STATE_SUCCESS, .client = PLATEN_STR("acme") };
    uint8_t            record[4096];
    uint64_t           now = platen_now_us();
    platen_hook_t      hook = { .seq = 7,
                                .state = PLATEN_STATE_SUCCESS,
                                .tries = tries,
                                .refusals = refusals,
                                .since = now - age * 1000000 };
    platen_transfer_t *t;
    outcome_t          o;
    const char        *wrong;

    assert_null(platen_webhook_address_networks(allow, &deliver.allowed));
    job.webhook_url = platen_str(url);
    hook.job.data = (const char *) record;
    hook.job.len =
        (size_t) (platen_codec_encode(platen_job_fields, platen_job_nfields, &job, record)
                  - record);
    t = platen_deliver_transfer_new(&deliver, &hook, &wrong);
    assert_non_null(t);
    platen_deliver_transfer_judge(t, curl_easy_perform(t->easy), now, &o.result);
    assert_int_equal(o.result.seq, 7);
    snprintf(o.failure, sizeof(o.failure), "%.*s", (int) o.result.failure.len,
             o.result.failure.data);
    assert_true(o.result.kind != PLATEN_HOOK_PENDING || o.result.due > now);
    platen_deliver_transfer_destroy(&t);
    return o;
}

static outcome_t
tell_server(const char *answer, uint32_t tries, uint64_t age)
{
    char      url[64];
    pid_t     pid;
    outcome_t o;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", serve(answer, &pid));
    o = tell("127.0.0.0/8", url, tries, 0, age);
    (void) kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return o;
}

#define HTTP(status, more) "HTTP/1.1 " status " X\r\nContent-Length: 0\r\n" more "\r\n"

static void
test_answers(void **state)
{
    static const struct {
        const char        *answer;
        platen_hook_kind_t kind;
        unsigned           status;
        const char        *failure;
    } cases[] = {
        { HTTP("200", ""), PLATEN_HOOK_DELIVERED, 200, "" },
        { HTTP("204", ""), PLATEN_HOOK_DELIVERED, 204, "" },
        { HTTP("299", ""), PLATEN_HOOK_DELIVERED, 299, "" },
        { "HTTP/1.0 200 OK\r\n\r\n", PLATEN_HOOK_DELIVERED, 200, "" },
        /* Its body does not come: that it was taken is known by then. */
        { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", PLATEN_HOOK_DELIVERED, 200, "" },
        { HTTP("100", ""), PLATEN_HOOK_PENDING, 0, NULL },
        { HTTP("301", "Location: http://127.0.0.1/\r\n"), PLATEN_HOOK_PENDING, 301,
          "redirects" },
        { HTTP("400", ""), PLATEN_HOOK_PENDING, 400, "HTTP 400" },
        { HTTP("403", ""), PLATEN_HOOK_PENDING, 403, "signature" },
        { HTTP("410", ""), PLATEN_HOOK_DEAD, 410, "no more" },
        { HTTP("503", ""), PLATEN_HOOK_PENDING, 503, "HTTP 503" },
        { "nonsense\r\n\r\n", PLATEN_HOOK_PENDING, 0, "HTTP/0.9" },
        { "", PLATEN_HOOK_PENDING, 0, "timed out" },
    };
    outcome_t o;
    size_t    i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        o = tell_server(cases[i].answer, 0, 0);
        if (o.result.kind != cases[i].kind || o.result.status != cases[i].status
            || (cases[i].failure != NULL && strstr(o.failure, cases[i].failure) == NULL)) {
            fail_msg("%s: %d %u %s", cases[i].answer, (int) o.result.kind, o.result.status,
                     o.failure);
        }
    }
}

/* A header that does not end is not read for ever. */
static void
test_long_answer(void **state)
{
    static char answer[200000] = "HTTP/1.1 200 OK\r\n";
    outcome_t   o;
    size_t      n = strlen(answer);

    (void) state;
    while (n + 40 < sizeof(answer)) {
        n += (size_t) sprintf(answer + n, "X-%05zu: 0123456789012345678\r\n", n % 100000);
    }
    o = tell_server(answer, 0, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_DELIVERED);
    assert_int_equal(o.result.status, 200);
}

static void
test_end(void **state)
{
    outcome_t o;

    (void) state;
    o = tell_server(HTTP("500", ""), 20, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_PENDING);
    o = tell_server(HTTP("500", ""), 20, 86390);
    assert_int_equal(o.result.kind, PLATEN_HOOK_DEAD);
    assert_string_equal(o.failure, "HTTP 500");
    o = tell_server(HTTP("200", ""), 20, 10 * 86400);
    assert_int_equal(o.result.kind, PLATEN_HOOK_DELIVERED);
    o = tell_server(HTTP("503", "Retry-After: 100\r\n"), 0, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_PENDING);
    assert_true(o.result.due >= platen_now_us() + 90000000);
}

static void
test_refused(void **state)
{
    outcome_t o;
    char      url[64];
    pid_t     pid;
    int       port = serve(HTTP("200", ""), &pid);

    (void) state;
    snprintf(url, sizeof(url), "http://localhost:%d/", port);
    o = tell("", url, 0, 0, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_PENDING);
    assert_int_equal(o.result.refused, 1);
    assert_non_null(strstr(o.failure, "is a loopback address; webhook/allow"));
    o = tell("", url, 2, 2, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_DEAD);
    o = tell("10.0.0.0/8", "http://[::ffff:127.0.0.1]:1/", 0, 0, 0);
    assert_int_equal(o.result.refused, 1);

    /* Nobody has listened to it: it is still there for one who may. */
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    o = tell("127.0.0.1", url, 0, 0, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_DELIVERED);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    /* An address that may be told, and does not answer, is no refusal. */
    o = tell("127.0.0.1", url, 5, 2, 0);
    assert_int_equal(o.result.kind, PLATEN_HOOK_PENDING);
    assert_int_equal(o.result.refused, 0);
}

static void
test_unusable(void **state)
{
    platen_deliver_t deliver = { .settings = &settings };
    platen_hook_t    hook = { .seq = 7, .job = PLATEN_STR("nonsense") };
    platen_job_t     job = { .webhook_url = PLATEN_STR("ftp://a/") };
    uint8_t          record[256];
    const char      *wrong;

    (void) state;
    assert_null(platen_deliver_transfer_new(&deliver, &hook, &wrong));
    assert_non_null(wrong);
    hook.job.data = (const char *) record;
    hook.job.len =
        (size_t) (platen_codec_encode(platen_job_fields, platen_job_nfields, &job, record)
                  - record);
    assert_null(platen_deliver_transfer_new(&deliver, &hook, &wrong));
    assert_non_null(wrong);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay),       cmocka_unit_test(test_answers),
        cmocka_unit_test(test_long_answer), cmocka_unit_test(test_end),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_unusable),
    };

    signal(SIGPIPE, SIG_IGN);
    platen_log_set_level(PLATEN_LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
