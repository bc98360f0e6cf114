/* platen_supervisor: what the one who started platend is told (sd_notify(3)). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor.h"

static int
listen_at(const char *path, size_t len)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int                fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, path, len);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &address,
                          (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void
assert_told(int fd, const char *state)
{
    char    said[64] = "";
    ssize_t n = recv(fd, said, sizeof(said) - 1, 0);

    if (state == NULL) {
        assert_int_equal(n, -1);
    } else {
        assert_string_equal(said, state);
    }
}

static void
test_nobody_asks(void **state)
{
    (void) state;
    unsetenv("NOTIFY_SOCKET");
    platen_supervisor_open();
    platen_supervisor_tell("READY=1");
    platen_supervisor_tick();

    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    platen_supervisor_open();
    platen_supervisor_tell("READY=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    platen_supervisor_open();
    platen_supervisor_tell("READY=1");
}

static void
test_socket_of_a_path(void **state)
{
    char dir[] = "/tmp/platen-supervisor-XXXXXX", path[64];
    int  fd;

    (void) state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/notify", dir);
    fd = listen_at(path, strlen(path));
    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", "60000000", 1);
    platen_supervisor_open();
    assert_null(getenv("NOTIFY_SOCKET")); /* no child speaks in our name */
    assert_null(getenv("WATCHDOG_USEC"));

    platen_supervisor_tell("READY=1");
    assert_told(fd, "READY=1");
    platen_supervisor_tick();
    assert_told(fd, "WATCHDOG=1");
    assert_told(fd, NULL);
    close(fd);
    platen_supervisor_tick(); /* nobody listens any more: no signal, no wait */
    unlink(path);
    rmdir(dir);
}

static void
test_abstract_socket_without_watchdog(void **state)
{
    char name[64];
    int  fd;

    (void) state;
    snprintf(name, sizeof(name), "@platen-supervisor-%d", (int) getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = '\0';
    fd = listen_at(name, 1 + strlen(name + 1));
    platen_supervisor_open();
    platen_supervisor_tick();
    assert_told(fd, NULL);
    platen_supervisor_tell("STOPPING=1");
    assert_told(fd, "STOPPING=1");
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_asks),
        cmocka_unit_test(test_socket_of_a_path),
        cmocka_unit_test(test_abstract_socket_without_watchdog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
