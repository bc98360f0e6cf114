/* platen_lo_profile: settings of a profile, and the version that makes it an established one.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/lo_profile.h"
#include "scratch.h"

#define SCHEMA                                                                                 \
    "<prop oor:name=\"ooSetupVersion\" oor:type=\"xs:string\" oor:nillable=\"false\">\n"
#define PROP "<prop oor:name=\"ooSetupVersion\">\n  "

static void
test_version(void **state)
{
    static const struct {
        const char *text, *version;
    } cases[] = {
        { SCHEMA PROP "<value>7.4</value></prop>", "7.4" },
        { PROP "<value>24.2</value></prop>", "24.2" },
        { "", "" },
        { SCHEMA "<value>7.4</value>", "" },
        { PROP, "" },
        { PROP "<value>", "" },
        { PROP "<value></value>", "" },
        { PROP "<value>7.4\"/><item", "" },
        { PROP "<value>1.2.3.4.5.6.7.8.9</value>", "" },
        { PROP "<value>7", "" },
    };
    char   version[16];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        platen_lo_profile_version(cases[i].text, version);
        assert_string_equal(version, cases[i].version);
    }
}

/* What is written for a LibreOffice that lies in <dir>/program; the caller frees it. */
static char *
written(const char *dir)
{
    static const char *const settings[1][3] = { { "org.example/A", "B", "c" } };
    char                     program[SCRATCH_MAX + 16], *text = NULL;
    size_t                   len;
    FILE                    *out = open_memstream(&text, &len);

    assert_non_null(out);
    snprintf(program, sizeof(program), "%s/program", dir);
    platen_lo_profile_write(out, program, settings, 1);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
test_write(void **state)
{
    char  dir[SCRATCH_MAX], path[SCRATCH_MAX + 64], *text;
    FILE *out;

    (void) state;
    assert_int_equal(scratch_make(dir), 0);
    text = written(dir);
    assert_non_null(strstr(text, "<prop oor:name=\"B\" oor:op=\"fuse\"><value>c</value>"));
    assert_non_null(strstr(text, "DisableMacrosExecution"));
    assert_null(strstr(text, "ooSetupLastVersion"));
    free(text);

    snprintf(path, sizeof(path), "%s/program", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/share", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/share/registry", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/share/registry/main.xcd", dir);
    out = fopen(path, "w");
    assert_non_null(out);
    fputs(SCHEMA PROP "<value>7.4</value></prop>", out);
    fputs("<oor:component-data oor:package=\"org.openoffice.TypeDetection\" oor:name=\"Types\">"
          "<node oor:name=\"Types\"><node oor:name=\"generic_Text\" oor:op=\"replace\"/>"
          "<node oor:name=\"writer8\" oor:op=\"replace\"/>"
          "<node oor:name=\"bmp_MS_Windows\" oor:op=\"replace\"/></node></oor:component-data>"
          "<node oor:name=\"no type\" oor:op=\"replace\"/>",
          out);
    assert_int_equal(fclose(out), 0);
    text = written(dir);
    assert_non_null(strstr(text, "<prop oor:name=\"ooSetupLastVersion\" oor:op=\"fuse\">"
                                 "<value>7.4</value>"));
    /* Text by its name alone, containers by their detectors, anything else never. */
    assert_non_null(strstr(text, "Type['generic_Text']\"><prop oor:name=\"DetectService\""
                                 " oor:op=\"fuse\"><value></value>"));
    assert_null(strstr(text, "Type['writer8']"));
    assert_non_null(strstr(text, "Type['bmp_MS_Windows']\"><prop oor:name=\"DetectService\""
                                 " oor:op=\"fuse\"><value>none</value>"));
    assert_null(strstr(text, "no type"));
    free(text);
    scratch_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
