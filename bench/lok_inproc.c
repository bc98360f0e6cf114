/*
 * lok_inproc: LibreOfficeKit in one process, for bench/run.  The nearest
 * thing to Platen without Platen: no process for a document, no sandbox, no
 * disk that is waited for, and a leak or a crash is everyone's.
 *
 *   lok_inproc PROGRAM PROFILE FORMAT
 *
 * PROGRAM is LibreOffice's program directory, PROFILE an absolute path that it
 * may write to.  For each line "INPUT<tab>OUTPUT" of standard input (absolute
 * paths without characters that a URL escapes) one line of standard output:
 * the microseconds of loading, of saving and of closing, or "failed" and why.
 * Ends at the end of its input.
 *
 * LibreOffice is used as sidecar/lok/office.c uses it: in "unipoll"
 * mode, all in the main thread, within the first call of poll().
 */

#define LOK_USE_UNSTABLE_API 1

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <LibreOfficeKit/LibreOfficeKitInit.h>

static LibreOfficeKit *kit;
static const char     *format;
static int             serving;

static uint64_t
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static void
failed(void)
{
    char *error = kit->pClass->getError(kit);

    printf("failed %s\n", error == NULL ? "" : error);
    kit->pClass->freeError(error);
}

static void
convert(const char *input, const char *output)
{
    char                    from[8192 + 8], to[8192 + 8];
    LibreOfficeKitDocument *document;
    uint64_t                began, loaded, saved, closed;

    snprintf(from, sizeof(from), "file://%s", input);
    snprintf(to, sizeof(to), "file://%s", output);

    began = now_us();
    document = kit->pClass->documentLoad(kit, from);
    if (document == NULL) {
        failed();
        return;
    }
    loaded = now_us();
    if (!document->pClass->saveAs(document, to, format, "")) {
        failed();
        document->pClass->destroy(document);
        return;
    }
    saved = now_us();
    document->pClass->destroy(document);
    closed = now_us();

    printf("%llu %llu %llu\n", (unsigned long long) (loaded - began),
           (unsigned long long) (saved - loaded), (unsigned long long) (closed - saved));
}

static void
serve(void)
{
    char  line[8192];
    char *tab;

    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        tab = strchr(line, '\t');
        if (tab == NULL) {
            fprintf(stderr, "lok_inproc: a line without a tab\n");
            _exit(EXIT_FAILURE);
        }
        *tab = '\0';
        convert(line, tab + 1);
        fflush(stdout);
    }
    _exit(EXIT_SUCCESS);
}

/* Calls within a conversion are of filters that let events run; there are none. */
static int
poll_event(void *data, int timeout_us)
{
    (void) data;
    (void) timeout_us;
    if (!serving) {
        serving = 1;
        serve();
    }
    usleep(100);
    return 0;
}

static void
wake(void *data)
{
    (void) data;
}

int
main(int argc, char **argv)
{
    char url[4096];

    if (argc != 4) {
        fprintf(stderr, "usage: lok_inproc PROGRAM PROFILE FORMAT\n");
        return 2;
    }
    format = argv[3];
    snprintf(url, sizeof(url), "file://%s", argv[2]);

    /* PATH: the first document would start gpg. */
    if (setenv("SAL_LOK_OPTIONS", "unipoll", 1) != 0
        || setenv("SAL_USE_VCLPLUGIN", "svp", 1) != 0 || setenv("UserInstallation", url, 1) != 0
        || setenv("PATH", "/nonexistent", 1) != 0) {
        fprintf(stderr, "lok_inproc: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }

    kit = lok_init_2(argv[1], url);
    if (kit == NULL) {
        fprintf(stderr, "lok_inproc: no LibreOffice in %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    if (!LIBREOFFICEKIT_HAS(kit, runLoop)) {
        fprintf(stderr, "lok_inproc: LibreOffice in %s is too old\n", argv[1]);
        return EXIT_FAILURE;
    }

    /* With NULL as data LibreOffice would never call poll. */
    kit->pClass->runLoop(kit, poll_event, wake, &kit);
    return EXIT_FAILURE;
}
