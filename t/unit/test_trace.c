/* platen_trace_of: where a record says that its job belongs, whatever is behind its strings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "trace.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define CALLER "b7ad6b7169203331"

/* A string at the end of what can be read, as a record may have it: no NUL is behind it. */
static platen_str_t
bare(const char *text)
{
    size_t n = strlen(text), page = (size_t) sysconf(_SC_PAGESIZE);
    char  *bytes =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(bytes, MAP_FAILED);
    assert_int_equal(mprotect(bytes + page, page, PROT_NONE), 0);
    memcpy(bytes + page - n, text, n);
    return (platen_str_t){ bytes + page - n, n };
}

static platen_trace_t
trace_of(const char *id, const char *parent)
{
    const platen_job_t job = { .trace_id = bare(id), .trace_parent = bare(parent) };
    platen_trace_t     trace;

    platen_trace_of(&trace, &job);
    return trace;
}

static void
test_caller(void **state)
{
    platen_trace_t trace = trace_of(ID, CALLER "-01");

    (void) state;
    assert_string_equal(trace.id, ID);
    assert_string_equal(trace.caller, CALLER);
    assert_int_equal(trace.unwanted, 0);
    assert_int_not_equal(trace_of(ID, CALLER "-00").unwanted, 0);
    assert_int_not_equal(trace_of(ID, CALLER "-fe").unwanted, 0);
    assert_int_equal(trace_of(ID, CALLER "-ff").unwanted, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_caller) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
