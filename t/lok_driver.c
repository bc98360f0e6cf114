/*
 * t/lok_driver.c: platen-lok held as platend holds it.  TAP on standard output.
 *
 *   lok_driver PLATEN-LOK                the tests
 *   lok_driver PLATEN-LOK soak N         the corpus until N documents are done
 *   lok_driver PLATEN-LOK latency FILE   medians beside soffice --convert-to
 *
 * PLATEN_CORPUS is a directory with a manifest.tsv (file, target, outcome,
 * pages); without it the tests of real documents are not run.
 */

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "lok_hostile.h"
#include "lok_leave.h"
#include "lok_zygote.h"
#include "lok/heap.h"
#include "sandbox/sandbox.h"

#define PAIR 2 /* documents at a time */

/* One line of the manifest, and the run of it. */
typedef struct {
    char file[256];
    char outcome[64];
    int  pages; /* 0: not said */
} sample_t;

typedef struct {
    const sample_t *sample; /* NULL: free */
    char            work[SCRATCH_MAX + 64];
    char            input[4096];
    char            output[SCRATCH_MAX + 80];
} slot_t;

static sample_t samples[512];
static size_t   nsamples;

static void
read_manifest(const char *corpus)
{
    char      path[4096], line[1024], target[32], n[16];
    sample_t *s = samples;
    FILE     *in;

    snprintf(path, sizeof(path), "%s/manifest.tsv", corpus);
    in = fopen(path, "re");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL
           && s < samples + sizeof(samples) / sizeof(samples[0])) {
        n[0] = '\0';
        if (sscanf(line, "%255[^\t]\t%31[^\t]\t%63[^\t]\t%15[^\t\n]", s->file, target,
                   s->outcome, n)
                < 3
            || strcmp(target, "pdf") != 0 || strstr(s->file, ".csv") != NULL) {
            continue;
        }
        s->pages = atoi(n);
        s++;
    }
    if (in != NULL) {
        fclose(in);
    }
    nsamples = (size_t) (s - samples);
}

static unsigned outcomes[4]; /* converted, password, refused, crashed */

/* Whether the run of a sample ended as the manifest says. */
static int
as_said(const slot_t *slot, int status, char *what, size_t size)
{
    const sample_t *s = slot->sample;
    int             code = WIFEXITED(status) ? WEXITSTATUS(status) : -1, n;

    n = code == PLATEN_LOK_EXIT_DONE ? pages(slot->output) : 0;
    snprintf(what, size, "exit %d, signal %d, %d pages", code,
             WIFSIGNALED(status) ? WTERMSIG(status) : 0, n);
    outcomes[code == PLATEN_LOK_EXIT_DONE        ? 0
             : code == PLATEN_LOK_EXIT_ENCRYPTED ? 1
             : code >= 0                         ? 2
                                                 : 3]++;

    if (strcmp(s->outcome, "converted") == 0) {
        /* Pages depend on the fonts: another number is told, and is no failure. */
        if (n > 0 && s->pages != 0 && s->pages != n) {
            printf("# %s: %d pages, the manifest has %d\n", s->file, n, s->pages);
        }
        return code == PLATEN_LOK_EXIT_DONE && n > 0;
    }
    if (strcmp(s->outcome, "password_required") == 0) {
        return code == PLATEN_LOK_EXIT_ENCRYPTED;
    }
    return 1; /* contained: any outcome but harm */
}

/* Runs `total` samples, round and round, PAIR at a time; each is a test if `each`. */
static void
run_corpus(zygote_t *s, const char *corpus, size_t total, int each)
{
    slot_t               slots[PAIR] = { 0 }, *slot;
    platen_lok_message_t message;
    size_t               next = 0, done = 0, wrong = 0;
    char                 what[128], name[16];
    unsigned             i;
    int                  right;

    while (done < total) {
        for (i = 0; i < PAIR; i++) {
            slot = &slots[i];
            if (slot->sample != NULL || next == total) {
                continue;
            }
            slot->sample = &samples[next++ % nsamples];
            snprintf(name, sizeof(name), "run-%u", i);
            snprintf(slot->work, sizeof(slot->work), "%s", at(name));
            snprintf(slot->input, sizeof(slot->input), "%s/%s", corpus, slot->sample->file);
            snprintf(slot->output, sizeof(slot->output), "%s/out.pdf", slot->work);
            message = zygote_request(i, slot->work, slot->input, slot->output, "pdf");
            if (platen_tree_reset(slot->work) != 0 || zygote_send(s, &message) != 0) {
                printf("Bail out! cannot send\n");
                exit(1);
            }
        }
        if (zygote_next(s, &message, 120000) != 0) {
            printf("Bail out! the zygote is silent\n");
            exit(1);
        }
        if (message.kind != PLATEN_LOK_EXITED) {
            continue;
        }
        slot = &slots[message.tag];
        right = as_said(slot, (int) message.wait_status, what, sizeof(what));
        wrong += !right;
        if (each) {
            ok(right, "%s: %s (%s)", slot->sample->file, slot->sample->outcome, what);
        } else if (!right) {
            printf("# %s: %s (%s)\n", slot->sample->file, slot->sample->outcome, what);
        }
        slot->sample = NULL;
        done++;
    }
    if (!each) {
        ok(wrong == 0, "%zu documents, %zu not as the manifest says", total, wrong);
    }
    printf("# converted %u, password %u, refused %u, crashed %u\n", outcomes[0], outcomes[1],
           outcomes[2], outcomes[3]);
}

static int
gone(pid_t pid)
{
    int i;

    for (i = 0; i < 200; i++) {
        (void) waitpid(pid, NULL, WNOHANG); /* orphans come to us */
        if (kill(pid, 0) != 0 && errno == ESRCH) {
            return 1;
        }
        usleep(10000);
    }
    return 0;
}

static void
test_kill(zygote_t *s)
{
    platen_lok_message_t message = { .kind = PLATEN_LOK_KILL, .tag = 1 };
    uint64_t             began;
    pid_t                pid = hang(s, 1);

    ok(simple(s, 2), "63: a child that hangs does not keep others from converting");
    began = now_us();
    ok(pid > 0 && zygote_send(s, &message) == 0 && zygote_next(s, &message, 2000) == 0
           && message.kind == PLATEN_LOK_EXITED && message.tag == 1
           && WIFSIGNALED((int) message.wait_status)
           && WTERMSIG((int) message.wait_status) == SIGKILL,
       "63: it is killed when that is asked, in %llu ms",
       (unsigned long long) (now_us() - began) / 1000);
    ok(gone(pid), "63: no zombie stays");

    pid = hang(s, 3);
    ok(pid > 0 && kill(pid, SIGSEGV) == 0 && kill(pid, SIGCONT) == 0
           && zygote_next(s, &message, 2000) == 0 && message.tag == 3
           && WIFSIGNALED((int) message.wait_status)
           && WTERMSIG((int) message.wait_status) == SIGSEGV,
       "62: a crash is the child's own");
    ok(simple(s, 4), "62: the zygote converts after it");
}

/* Asks for a run in a work directory as it is, and waits for its end; -1: it has none. */
static int
run_as_it_is(zygote_t *s, const platen_lok_message_t *request, platen_lok_message_t *end)
{
    return zygote_send(s, request) == 0 && zygote_next(s, end, 5000) == 0
                   && end->kind == PLATEN_LOK_STARTED && zygote_next(s, end, 10000) == 0
                   && end->kind == PLATEN_LOK_EXITED && end->tag == request->tag
               ? 0
               : -1;
}

/* What a set-up fails with is told apart from what a child with a document says. */
static void
test_setup(zygote_t *s, const char *how)
{
    platen_lok_message_t request, end = { .tag = 0 };
    int                  rc;

    request =
        zygote_request(7, at("run-unset"), at("none.fodt"), at("run-unset/out.pdf"), "pdf");
    rc = run_as_it_is(s, &request, &end);
    ok(rc == 0 && end.error == ENOENT, "%s: no work directory (error %u)", how, end.error);

    rc = mkdir(at("run-unset"), 0700) == 0 && mkdir(at("run-unset/log"), 0700) == 0
             ? run_as_it_is(s, &request, &end)
             : -1;
    ok(rc == 0 && end.error == EISDIR, "%s: no log (error %u)", how, end.error);

    rc = rmdir(at("run-unset/log")) == 0 ? run_as_it_is(s, &request, &end) : -1;
    ok(rc == 0 && end.error == 0 && WEXITSTATUS((int) end.wait_status) == PLATEN_LOK_EXIT_LOAD,
       "%s: no document is no fault of the set-up (status %x)", how, end.wait_status);
    ok(platen_tree_remove(at("run-unset")) == 0, "its directory is removed");
}

static void
test_ends(void)
{
    zygote_t s;
    pid_t    pid;
    int      status;

    start(&s, "0");
    pid = hang(&s, 1);
    (void) kill(s.pid, SIGKILL);
    ok(pid > 0 && gone(pid), "children die with a zygote that is killed");
    (void) zygote_end(&s);

    start(&s, "1");
    pid = hang(&s, 1);
    status = zygote_end(&s);
    ok(status == 0, "the zygote ends with platend's end of file (status %x)", status);
    ok(pid > 0 && gone(pid), "and its children with it");
}

/* A copy that may be written to, as platend's are: else LibreOffice needs chmod(2). */
static int
copy(const char *from, const char *to)
{
    char    buf[65536];
    ssize_t n;
    int     in = open(from, O_RDONLY | O_CLOEXEC);
    int     out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    while ((n = read(in, buf, sizeof(buf))) > 0) {
        if (write(out, buf, (size_t) n) != n) {
            n = -1;
            break;
        }
    }
    close(in);
    close(out);
    return (int) n;
}

static void
test_password(zygote_t *s, const char *corpus)
{
    static const struct {
        const char *file, *password;
        int         code;
    } cases[] = {
        { "bug53475-password-is-solrcell.docx", "", PLATEN_LOK_EXIT_ENCRYPTED },
        { "bug53475-password-is-solrcell.docx", "wrong", PLATEN_LOK_EXIT_PASSWORD },
        { "bug53475-password-is-solrcell.docx", "solrcell", PLATEN_LOK_EXIT_DONE },
        { "password_tika_binaryrc4.doc", "wrong", PLATEN_LOK_EXIT_PASSWORD },
        { "password_tika_binaryrc4.doc", "tika", PLATEN_LOK_EXIT_DONE },
    };
    platen_lok_message_t request;
    char                 from[4096], input[4096];
    size_t               i;
    int                  status;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(from, sizeof(from), "%s/%s", corpus, cases[i].file);
        snprintf(input, sizeof(input), "%s", at(cases[i].file));
        ok(copy(from, input) == 0, "a copy of %s", cases[i].file);
        request = zygote_request(5, at("run-p"), input, at("run-p/out.pdf"), "pdf");
        request.password = platen_str(cases[i].password);
        status = zygote_run(s, &request);
        ok(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].code,
           "60: %s with \"%s\" (status %x)", cases[i].file, cases[i].password, status);
    }
}

/* A file stands in for the cgroup's: "0" is whoever writes. */
static int
enters_cgroup(zygote_t *s)
{
    platen_lok_message_t request;
    FILE                *procs;
    char                 text[4];
    size_t               n;

    if (mkdir(at("cgroup"), 0700) != 0
        || (procs = fopen(at("cgroup/cgroup.procs"), "we")) == NULL || fclose(procs) != 0) {
        return 0;
    }
    request = zygote_request(8, at("run-c"), at("plain.fodt"), at("run-c/out.pdf"), "pdf");
    request.cgroup = platen_str(at("cgroup"));
    if (zygote_run(s, &request) != 0
        || (procs = fopen(at("cgroup/cgroup.procs"), "re")) == NULL) {
        return 0;
    }
    n = fread(text, 1, sizeof(text) - 1, procs);
    fclose(procs);
    return n == 1 && text[0] == '0';
}

static void
test_limits(zygote_t *s)
{
    platen_lok_message_t request;
    int                  status;

    FILE *out = fopen(at("long.fodt"), "we");
    int   i;

    if (out != NULL) {
        fprintf(out, "%.*s", (int) (strstr(PLAIN, "<text:p>") - PLAIN), PLAIN);
        for (i = 0; i < 100000; i++) {
            fprintf(out, "<text:p>%d</text:p>", i);
        }
        fputs("</office:text></office:body></office:document>", out);
        fclose(out);
    }
    request = zygote_request(6, at("run-l"), at("long.fodt"), at("run-l/out.pdf"), "pdf");
    request.file_size = 4096;
    status = zygote_run(s, &request);
    ok(status != 0 && status != -1, "66: output over its limit ends the run (status %x)",
       status);
    request.file_size = 0;
    request.address_space = status_kb(s->pid, "VmSize") * 1024 + (UINT64_C(8) << 20);
    status = zygote_run(s, &request);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == PLATEN_LOK_EXIT_MEMORY,
       "65: memory over its limit ends the run (status %x)", status);
    ok(simple(s, 7), "65: and nothing else");
    ok(enters_cgroup(s), "65: a run is in the cgroup that it is given, before its document");
}

/* What is written can be read again and says the same. */
static void
test_formats(zygote_t *s)
{
    static const struct {
        const char *from, *content;
        const char *to[8];
    } families[] = {
        { "w.fodt",
          TEXT("<text:p>Gr\xc3\xbc\xc3\x9f"
               "e</text:p>"),
          { "docx", "doc", "odt", "rtf", "html", "txt", "pdf" } },
        { "c.fods", CELLS, { "xlsx", "xls", "ods", "csv", "pdf" } },
        { "i.fodp", SLIDE, { "pptx", "ppt", "odp", "pdf" } },
    };
    char   made[64], again[SCRATCH_MAX + 64];
    size_t i, j;
    int    code;

    snprintf(again, sizeof(again), "%s", at("run-f2/out.pdf"));
    for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        (void) write_file(at(families[i].from), families[i].content);
        for (j = 0; families[i].to[j] != NULL; j++) {
            snprintf(made, sizeof(made), "run-f/made.%s", families[i].to[j]);
            code = run(s, at("run-f"), at(families[i].from), at(made),
                       strcmp(families[i].to[j], "csv") == 0 ? "59,34,76" : "", 0);
            if (strcmp(families[i].to[j], "pdf") == 0) {
                ok(code == 0
                       && shows(at(made), "Gr\xc3\xbc\xc3\x9f"
                                          "e"),
                   "%s to pdf (exit %d)", families[i].from, code);
            } else if (strcmp(families[i].to[j], "csv") == 0) {
                ok(code == 0
                       && number_from("grep -c '^Gr\xc3\xbc\xc3\x9f"
                                      "e;2.5' %s",
                                      at(made))
                              == 1,
                   "%s to csv: UTF-8, the delimiter that was asked for (exit %d)",
                   families[i].from, code);
            } else {
                code = code == 0 ? run(s, at("run-f2"), at(made), again, "", 0) : code;
                ok(code == 0
                       && shows(again, "Gr\xc3\xbc\xc3\x9f"
                                       "e"),
                   "%s to %s and to pdf (exit %d)", families[i].from, families[i].to[j], code);
            }
            if (strcmp(families[i].to[j], "txt") == 0) {
                ok(number_from("head -c 3 %s | grep -c Gr", at("run-f/made.txt")) == 1,
                   "txt has no byte order mark");
            }
        }
    }

    (void) write_file(at("h.html"), "<h1>Heading</h1><p>One \xc3\xa9</p><p>Two</p>");
    code = run(s, at("run-f"), at("h.html"), at("run-f/out.pdf"), "", 0);
    ok(code == 0 && shows(at("run-f/out.pdf"), "Heading")
           && shows(at("run-f/out.pdf"), "One \xc3\xa9"),
       "html keeps its heading");
    code = run(s, at("run-f"), at("h.html"), at("run-f/out.fodt"), "", 0);
    ok(code == 0 && number_from("grep -c '<text:h .*Heading' %s", at("run-f/out.fodt")) == 1,
       "and it is a heading");
    (void) write_file(at("g.docx"), "neither a document nor anything else\n");
    code = run(s, at("run-f"), at("g.docx"), at("run-f/out.pdf"), "", 0);
    ok(code == PLATEN_LOK_EXIT_LOAD, "text is no docx (exit %d)", code);
}

/* A copy of half of a file, or (broken != 0) of all but a byte in its middle. */
static int
damage(const char *from, const char *to, int broken)
{
    struct stat st;
    char       *content = NULL;
    FILE       *in = fopen(from, "re"), *out = fopen(to, "we");
    size_t      n = 0;
    int         rc = -1;

    if (in != NULL && out != NULL && fstat(fileno(in), &st) == 0 && st.st_size > 1) {
        n = (size_t) st.st_size;
        content = malloc(n);
    }
    if (content != NULL && fread(content, 1, n, in) == n) {
        content[n / 2] = (char) ~content[n / 2];
        n = broken ? n : n / 2;
        rc = fwrite(content, 1, n, out) == n ? 0 : -1;
    }
    free(content);
    if (in != NULL) {
        fclose(in);
    }
    return out != NULL && fclose(out) == 0 ? rc : -1;
}

/* Puts words that recommend to open it to be read only into a workbook that it makes. */
static int
recommend(const char *made)
{
    char command[2 * SCRATCH_MAX + 256];

    snprintf(command, sizeof(command),
             "cd %s && unzip -qo %s xl/workbook.xml && sed -i"
             " 's#<workbookPr#<fileSharing readOnlyRecommended=\"1\"/>&#' xl/workbook.xml &&"
             " grep -q readOnlyRecommended xl/workbook.xml && zip -q %s xl/workbook.xml",
             scratch, made, made);
    return system(command) == 0 ? 0 : -1;
}

/*
 * What LibreOffice would ask somebody: whether a broken package is to be mended, whether
 * a workbook is to be opened to be read only.  One that waits for the answer waits for ever.
 */
static void
test_questions(zygote_t *s)
{
    static const char *const packages[][2] = { { "w.fodt", "docx" }, { "w.fodt", "odt" },
                                               { "c.fods", "xlsx" }, { "c.fods", "ods" },
                                               { "i.fodp", "pptx" }, { "i.fodp", "odp" } };
    char                     made[64], bad[64];
    size_t                   i;
    int                      broken, code;

    for (i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        snprintf(made, sizeof(made), "run-q/made.%s", packages[i][1]);
        snprintf(bad, sizeof(bad), "bad.%s", packages[i][1]);
        (void) run(s, at("run-q"), at(packages[i][0]), at(made), "", 0);
        for (broken = 0; broken < 2; broken++) {
            code = damage(at(made), at(bad), broken) == 0
                       ? run(s, at("run-q2"), at(bad), at("run-q2/out.pdf"), "", 0)
                       : -1;
            ok(code == PLATEN_LOK_EXIT_LOAD || code == PLATEN_LOK_EXIT_DONE,
               "%s of a %s: nobody is asked (exit %d)", broken ? "a broken byte" : "one half",
               packages[i][1], code);
        }
    }

    code = run(s, at("run-q"), at("c.fods"), at("run-q/made.xlsx"), "", 0);
    code = code == 0 && recommend("run-q/made.xlsx") == 0
               ? run(s, at("run-q2"), at("run-q/made.xlsx"), at("run-q2/out.pdf"), "", 0)
               : -1;
    ok(code == 0
           && shows(at("run-q2/out.pdf"), "Gr\xc3\xbc\xc3\x9f"
                                          "e"),
       "a workbook that is recommended to be read only is read (exit %d)", code);
}

static void
test_landscape(zygote_t *s)
{
    static const char *const inputs[] = { "w.fodt", "c.fods", "h.html" };
    size_t                   i;
    int                      code, wide;

    for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        code = run(s, at("run-w"), at(inputs[i]), at("run-w/out.pdf"), "", 0);
        wide = is_wide(at("run-w/out.pdf"));
        ok(code == 0 && !wide
               && run(s, at("run-w"), at(inputs[i]), at("run-w/out.pdf"), "", 1) == 0
               && is_wide(at("run-w/out.pdf")) && access(at("run-w/out.pdf.was"), F_OK) != 0,
           "landscape: %s", inputs[i]);
    }
}

static void
test_fonts(zygote_t *s)
{
    char  line[256] = "", more[256];
    FILE *in;
    int   code, lines = 0;

    (void) write_file(at("fonts.fodt"), FONTS);
    code = run(s, at("run-o"), at("fonts.fodt"), at("run-o/out.pdf"), "", 0);
    in = fopen(at("run-o/fonts"), "re");
    if (in != NULL) {
        lines = fgets(line, sizeof(line), in) != NULL;
        lines += fgets(more, sizeof(more), in) != NULL;
        fclose(in);
    }
    line[strcspn(line, "\n")] = '\0';
    ok(code == 0 && lines == 1 && strncmp(line, "Nowhere Sans\t", 13) == 0 && line[13] != '\0'
           && strpbrk(line + 13, "\t\r") == NULL,
       "a font that is not there is reported: %s", line);
    code = run(s, at("run-o"), at("fonts.fodt"), at("run-o/out.odt"), "", 0);
    ok(code == 0 && access(at("run-o/fonts"), F_OK) != 0, "but not where its name goes on");
}

/* No run finds anything of another one: each text comes out of its own run alone. */
static void
test_separate(zygote_t *s, unsigned n)
{
    platen_lok_message_t request;
    char                 content[2048], text[256] = "", want[32];
    unsigned             i, wrong = 0;
    FILE                *in;

    for (i = 0; i < n; i++) {
        snprintf(want, sizeof(want), "only-%u-here", i);
        snprintf(content, sizeof(content), TEXT("<text:p>%s</text:p>"), want);
        (void) write_file(at("one.fodt"), content);
        request = zygote_request(i, at("run-s"), at("one.fodt"), at("run-s/out.txt"), "txt");
        if (zygote_run(s, &request) != 0) {
            wrong++;
            continue;
        }
        in = fopen(at("run-s/out.txt"), "re");
        wrong += in == NULL || fgets(text, sizeof(text), in) == NULL
                 || strstr(text, want) == NULL || fgets(text, sizeof(text), in) != NULL;
        if (in != NULL) {
            fclose(in);
        }
    }
    ok(wrong == 0, "69: %u texts, %u with another's or without their own", n, wrong);
}

static int
compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Page faults and CPU time (clock ticks) of the children that it has had. */
static int
spent_by_children(pid_t pid, unsigned long long spent[2])
{
    char               path[64], line[1024], *rest;
    unsigned long long user, system;
    FILE              *in;
    int                n = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
    in = fopen(path, "re");
    if (in == NULL) {
        return -1;
    }
    if (fgets(line, sizeof(line), in) != NULL && (rest = strrchr(line, ')')) != NULL) {
        n = sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %llu %*u %*u %*u %*u %llu %llu",
                   &spent[0], &user, &system);
        spent[1] = user + system;
    }
    fclose(in);
    return n == 3 ? 0 : -1;
}

static void
latency_of(const char *what, const char *input, const char *ahead, int runs)
{
    uint64_t             times[64], began;
    unsigned long long   before[2] = { 0, 0 }, after[2] = { 0, 0 };
    platen_lok_message_t request;
    char                 command[4096 + 2 * SCRATCH_MAX];
    zygote_t             s;
    int                  i;

    if (ahead != NULL) {
        start(&s, ahead);
    }
    for (i = 0; i < runs + 1; i++) {
        if (ahead != NULL) {
            usleep(300000);
            (void) spent_by_children(s.pid, i == 1 ? before : after);
            request = zygote_request(1, at("run-t"), input, at("run-t/out.pdf"), "pdf");
            began = now_us();
            if (zygote_run(&s, &request) != 0) {
                printf("# %s fails\n", what);
                break;
            }
        } else {
            snprintf(command, sizeof(command),
                     "soffice -env:UserInstallation=file://%s/cold --headless --convert-to pdf"
                     " --outdir %s '%s' >/dev/null 2>&1",
                     scratch, scratch, input);
            began = now_us();
            if (system(command) != 0) {
                printf("# %s fails\n", what);
                break;
            }
        }
        if (i > 0) {
            times[i - 1] = now_us() - began;
        }
    }
    if (i > 1) {
        qsort(times, (size_t) i - 1, sizeof(times[0]), compare);
        printf("# %-24s median %6.1f ms, best %6.1f, worst %6.1f of %d\n", what,
               (double) times[(i - 1) / 2] / 1000, (double) times[0] / 1000,
               (double) times[i - 2] / 1000, i - 1);
        fflush(stdout);
    }
    if (ahead != NULL) {
        usleep(300000);
        if (i > 1 && spent_by_children(s.pid, after) == 0) {
            printf("# %-24s %.0f page faults (those in bulk among them), %.1f ms of CPU each\n",
                   "", (double) (after[0] - before[0]) / (i - 1),
                   (double) (after[1] - before[1]) * 1000 / (double) sysconf(_SC_CLK_TCK)
                       / (i - 1));
        }
        (void) zygote_end(&s);
    }
}

static void
soak(const char *corpus, size_t n)
{
    zygote_t s;
    uint64_t before, after, began;

    start(&s, "0");
    run_corpus(&s, corpus, nsamples, 0);
    before = status_kb(s.pid, "RssAnon");
    began = now_us();
    run_corpus(&s, corpus, n, 0);
    after = status_kb(s.pid, "RssAnon");
    printf("# %.2f documents/s; zygote %llu kB private before, %llu after\n",
           (double) n * 1e6 / (double) (now_us() - began), (unsigned long long) before,
           (unsigned long long) after);
    ok(after <= before + 1024, "the zygote stays as it was");
    ok(zygote_end(&s) == 0, "and ends when it is told");
}

/* Pages are learned and made present in bulk where it is asked for, or where that pays. */
static void
test_populate(void)
{
    zygote_t s;

    zygote_populates = "off";
    start(&s, "0");
    ok(!s.ready.populates && s.ready.populated_pages == 0, "populate off: nothing is learned");
    ok(simple(&s, 1) && zygote_end(&s) == 0, "populate off: it converts");

    zygote_populates = "on";
    start(&s, "0");
    ok(s.ready.populates && s.ready.populated_pages > 1000 && s.ready.populated_pages <= 32768,
       "populate on: %u pages are learned, and not more than it may", s.ready.populated_pages);
    ok(simple(&s, 1) && zygote_end(&s) == 0, "populate on: it converts");

    start(&s, "1");
    usleep(500000);
    ok(simple(&s, 1) && zygote_end(&s) == 0, "populate on: one forked ahead converts");

    zygote_populates = "auto";
    start(&s, "0");
    ok(s.ready.fault_ns > 0 && s.ready.bulk_ns > 0
           && s.ready.populates == (2 * s.ready.fault_ns >= 5 * s.ready.bulk_ns)
           && (s.ready.populated_pages != 0) == s.ready.populates,
       "populate auto: a fault costs %u ns, a page in bulk %u: %s", s.ready.fault_ns,
       s.ready.bulk_ns, s.ready.populates ? "it pays" : "it does not pay");
    ok(simple(&s, 1) && zygote_end(&s) == 0, "populate auto: it converts");
}

#define PIECES 20000

/* The number of those that lie in holes between others that were there before. */
static unsigned
in_holes(int close)
{
    static char *pieces[PIECES];
    char        *first, *last, *piece;
    unsigned     i, n = 0;

    for (i = 0; i < PIECES; i++) {
        pieces[i] = malloc(1 + i * 7919 % 3000);
    }
    first = pieces[0];
    last = pieces[PIECES - 1];
    for (i = 1; i < PIECES - 1; i++) {
        if (i % 7 != 0) {
            free(pieces[i]);
        }
    }
    if (close) {
        platen_lok_heap_close();
    }
    for (i = 0; i < PIECES; i++) {
        piece = malloc(1 + i * 104729 % 3000); /* for good: the process ends */
        n += piece >= first && piece < last;
    }
    return n;
}

static void
test_heap(void)
{
    unsigned n[2] = { 0, 0 };
    int      ends[2] = { -1, -1 }, i, rc = -1;

    for (i = 0; i < 2; i++) {
        if (pipe2(ends, O_CLOEXEC) != 0) {
            break;
        }
        if (fork() == 0) {
            n[i] = in_holes(i);
            _exit(write(ends[1], &n[i], sizeof(n[i])) != sizeof(n[i]));
        }
        rc = read(ends[0], &n[i], sizeof(n[i])) == sizeof(n[i]) && wait(NULL) > 0 ? 0 : -1;
        close(ends[0]);
        close(ends[1]);
    }
    ok(rc == 0 && n[0] > PIECES / 2 && n[1] == 0,
       "once the heap is closed nothing is allocated in its holes (%u, were %u)", n[1], n[0]);
}

/* Whether somebody has read a file since it was written. */
static int
was_read(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0
           && (st.st_atim.tv_sec > st.st_mtim.tv_sec
               || (st.st_atim.tv_sec == st.st_mtim.tv_sec
                   && st.st_atim.tv_nsec > st.st_mtim.tv_nsec));
}

/*
 * Menu bars that nobody sees: those of the profile, which have nothing in them.  LibreOffice
 * 25.2 makes none for LibreOfficeKit: it opens neither these nor its own.
 */
static void
test_menus(platen_str_t version)
{
    static const char *const modules[] = { "swriter", "scalc", "simpress" };
    char                     path[SCRATCH_MAX + 128], text[64];
    size_t                   i;

    snprintf(text, sizeof(text), "%.*s", (int) version.len, version.data);
    if (strtoul(text + strcspn(text, "0123456789"), NULL, 10) >= 25) {
        printf("# %s makes no menu bars\n", text);
        return;
    }
    if (!was_read(at("state/profile/user/registrymodifications.xcu"))) {
        printf("# the file system does not say when a file was read\n");
        return;
    }
    for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s/menubar/menubar.xml",
                 at("state/profile/user/config/soffice.cfg/modules"), modules[i]);
        ok(was_read(path), "LibreOffice takes the menu bar of the profile (%s)", modules[i]);
    }
}

static void
tests(const char *corpus)
{
    zygote_t s;
    unsigned i;

    test_heap();
    start(&s, "0");
    ok(s.ready.pid == (uint32_t) s.pid && s.ready.version.len > 12, "READY: %.*s in %u ms",
       (int) s.ready.version.len, s.ready.version.data, s.ready.warm_ms);
    ok((s.ready.layers & PLATEN_SANDBOX_CORE) == PLATEN_SANDBOX_CORE,
       "the layers hold that must (%x)", s.ready.layers);
    ok(status_kb(s.pid, "Threads") == 1, "the zygote has one thread");
    test_menus(s.ready.version);
    ok(simple(&s, 1), "a document is converted");
    if (corpus != NULL) {
        run_corpus(&s, corpus, nsamples, 1);
        test_password(&s, corpus);
    }
    test_kill(&s);
    test_leave(&s);
    test_setup(&s, "set-up");
    test_limits(&s);
    test_formats(&s);
    test_questions(&s);
    test_landscape(&s);
    test_fonts(&s);
    test_hostile(&s);
    test_separate(&s, 200);
    ok(zygote_end(&s) == 0, "it ends when it is told");

    start(&s, "2");
    for (i = 0; i < 3; i++) {
        usleep(500000);
        ok(simple(&s, i), "forked ahead: a document is converted");
    }
    test_kill(&s);
    usleep(500000);
    test_setup(&s, "forked ahead");
    ok(zygote_end(&s) == 0, "forked ahead: it ends when it is told");
    test_populate();
    test_no_process();
    test_learned();
    test_idle_core();
    test_unsaid();
    test_ends();
}

int
main(int argc, char **argv)
{
    const char *corpus = getenv("PLATEN_CORPUS");

    if (argc < 2 || scratch_make(scratch) != 0) {
        fprintf(stderr, "usage: lok_driver PLATEN-LOK [soak N | latency FILE]\n");
        return 2;
    }
    program = argv[1];
    (void) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (corpus != NULL) {
        read_manifest(corpus);
    }

    if (argc == 4 && strcmp(argv[2], "soak") == 0 && nsamples != 0) {
        soak(corpus, (size_t) atoi(argv[3]));
    } else if (argc == 4 && strcmp(argv[2], "latency") == 0) {
        latency_of("soffice --convert-to", argv[3], NULL, 7);
        latency_of("zygote, on demand", argv[3], "0", 31);
        latency_of("zygote, forked ahead", argv[3], "1", 31);
        zygote_populates = "on";
        latency_of("pages made present", argv[3], "0", 31);
        latency_of("the same, forked ahead", argv[3], "1", 31);
        zygote_populates = "off";
        latency_of("no pages made present", argv[3], "0", 31);
        latency_of("the same, forked ahead", argv[3], "1", 31);
    } else {
        tests(nsamples == 0 ? NULL : corpus);
    }
    printf("1..%u\n", count);
    scratch_remove(scratch);
    return failures != 0;
}
