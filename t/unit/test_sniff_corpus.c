/* Real documents in $PLATEN_CORPUS must be decided as the format of their own extension. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/sniff.h"

static void
check_corpus_file(const char *dir, const char *name)
{
    const platen_format_t *hint, *got;
    platen_sniff_t         sniff;
    struct stat            st;
    const char            *dot = strrchr(name, '.');
    char                   path[1024];
    int                    fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        print_message("%s is in the manifest only\n", name);
        return;
    }
    assert_true(fd >= 0 && dot != NULL);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(platen_sniff(fd, st.st_size, &sniff), PLATEN_OK);
    close(fd);

    hint = platen_format_find(dot + 1, strlen(dot + 1));
    assert_non_null(hint);
    got = platen_sniff_decide(&sniff, hint, 0);
    if (got != hint) {
        fail_msg("%s: found \"%s\"", name, sniff.what);
    }
    /* The content alone is enough, but for text and "some kind of" a container. */
    got = platen_sniff_decide(&sniff, NULL, 0);
    if (hint->family != PLATEN_FAMILY_TEXT && got != hint) {
        if (got != NULL || strstr(sniff.what, "of some kind") == NULL) {
            fail_msg("%s: found \"%s\" without a hint", name, sniff.what);
        }
        print_message("%s is %s\n", name, sniff.what);
    }
}

static void
test_corpus(void **state)
{
    const char *dir = getenv("PLATEN_CORPUS");
    char        line[1024], *name, *outcome, *save;
    FILE       *manifest;
    int         n = 0;

    (void) state;

    if (dir == NULL || dir[0] == '\0') {
        print_message("PLATEN_CORPUS is not set: no real documents\n");
        skip();
    }

    snprintf(line, sizeof(line), "%s/manifest.tsv", dir);
    manifest = fopen(line, "r");
    assert_non_null(manifest);
    while (fgets(line, sizeof(line), manifest) != NULL) {
        name = strtok_r(line, "\t", &save);
        (void) strtok_r(NULL, "\t", &save); /* target */
        outcome = strtok_r(NULL, "\t\n", &save);
        if (outcome != NULL && strcmp(outcome, "converted") == 0) {
            check_corpus_file(dir, name);
            n++;
        }
    }
    fclose(manifest);
    assert_true(n > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
