/*
 * platenctl sandbox: what an engine may do, from the table that the sandbox is made
 * of (sandbox/policy.c), on this machine: which layers hold, what this kernel's
 * Landlock lacks, and what that means.  Reads the configuration and nothing else.
 */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "sandbox/confine.h"
#include "ctl/layers.h"
#include "ctl/store.h"
#include "sandbox/policy.h"

#define WIDTH 78

/* What an older Landlock does not see, and what holds there instead. */
static const struct {
    unsigned    abi; /* from which on it does */
    const char *what;
} lacks[] = {
    { 1,
      "no Landlock: files are not kept from a document; sandbox = required refuses to start" },
    { 2, "no moving of files between directories: a program that needs it fails" },
    { 3, "truncate(2) by name is not seen: seccomp refuses it" },
    { 4, "TCP is not seen: seccomp refuses sockets, and the network namespace is empty" },
    { 5, "ioctl(2) on devices is not seen: seccomp lets ten requests through, none of them of a"
         " device" },
    { 6, "signals and abstract sockets are not seen: seccomp refuses signals to others, the"
         " owners of descriptors, and connect(2)" },
};

#define NLACKS (sizeof(lacks) / sizeof(lacks[0]))

/* Words one after the other, in lines of WIDTH. */
typedef struct {
    const char *head;
    size_t      column;
} lines_t;

static void
put(lines_t *lines, const char *word)
{
    size_t n = strlen(word);

    if (lines->head != NULL) {
        printf("  %-10s", lines->head);
        lines->head = NULL;
        lines->column = 12;
    } else if (lines->column + n + 1 > WIDTH) {
        printf("\n%12s", "");
        lines->column = 12;
    }
    printf(" %s", word);
    lines->column += n + 1;
}

/* A sentence, whose words stay apart; each is on a line of its own. */
static void
put_text(const char *head, const char *text)
{
    lines_t lines = { .head = head };
    char    word[WIDTH];
    size_t  n;

    for (; *text != '\0'; text += n + strspn(text + n, " ")) {
        n = strcspn(text, " ");
        snprintf(word, sizeof(word), "%.*s", (int) n, text);
        put(&lines, word);
    }
    putchar('\n');
}

static void
end(lines_t *lines)
{
    if (lines->head == NULL) {
        putchar('\n');
    }
}

static json_t *
paths_with(const platen_sandbox_path_t *paths, int n, unsigned access)
{
    json_t *list = json_array();
    int     i;

    for (i = 0; i < n; i++) {
        if (paths[i].access & access) {
            json_array_append_new(list, json_string(paths[i].path));
        }
    }
    return list;
}

/* Calls that end so: EPERM, ENOSYS, or 0 for those that kill. */
static json_t *
calls_with(unsigned may, int error)
{
    json_t               *list = json_array();
    platen_sandbox_call_t call;
    size_t                i;
    char                 *name;

    for (i = 0; i < platen_sandbox_calls(); i++) {
        call = platen_sandbox_call(i);
        if (call.error != error || call.unless & may || call.number < 0) {
            continue;
        }
        name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call.number);
        if (name != NULL) {
            json_array_append_new(list, json_string(name));
        }
        free(name);
    }
    return list;
}

/* Calls that are refused with some arguments. */
static json_t *
calls_partly(unsigned may)
{
    json_t     *list = json_array();
    const char *text;
    size_t      i;

    for (i = 0; (text = platen_sandbox_partly(i, may)) != NULL; i++) {
        json_array_append_new(list, json_string(text));
    }
    return list;
}

/* That it may: words for people, which the prisoner tries. */
static json_t *
allowed(const platen_policy_t *policy)
{
    json_t *list = json_array();

    json_array_append_new(list, json_string("threads"));
    if (policy->may & PLATEN_SANDBOX_MAY_EXEC) {
        json_array_append_new(list, json_string("execve of what it may execute"));
    }
    if (policy->may & PLATEN_SANDBOX_MAY_FORK) {
        json_array_append_new(list, json_string("processes of its own"));
    }
    if (policy->may & PLATEN_SANDBOX_MAY_BIND) {
        json_array_append_new(list, json_string("a local socket to listen on"));
    }
    if (policy->may & PLATEN_SANDBOX_MAY_POLL) {
        json_array_append_new(list, json_string("epoll"));
    }
    return list;
}

static json_t *
namespaces(const platen_policy_t *policy, unsigned holding)
{
    json_t *list = json_array();

    if (holding & PLATEN_SANDBOX_NETWORK) {
        json_array_append_new(list, json_string("network"));
        json_array_append_new(list, json_string("ipc"));
        if (policy->tmp) {
            json_array_append_new(list, json_string("mount"));
        }
    }
    if (holding & PLATEN_SANDBOX_PIDS) {
        json_array_append_new(list, json_string("pid"));
    }
    return list;
}

static json_t *
describe(const platen_policy_t *policy, const platen_config_t *config, unsigned holding)
{
    static const platen_policy_words_t symbols = {
        .run = "{run}",
        .document = "{document}",
        .program = "{program}",
        .office = "{office}",
        .profile = "{profile}",
        .libexec = "{libexec}",
        .tmp = "/tmp",
    };
    platen_sandbox_path_t paths[PLATEN_POLICY_PATHS + 24];
    platen_policy_words_t words = symbols;
    char                  text[8192];
    int                   n, lok = strcmp(policy->engine, "lok") == 0;
    uint64_t              processes = platen_policy_processes(policy, holding);

    words.program = lok ? NULL : words.program;
    words.tmp = holding & PLATEN_SANDBOX_NETWORK ? words.tmp : "{run}/tmp";
    n = platen_policy_paths(policy, &words, paths, sizeof(paths) / sizeof(paths[0]), text,
                            sizeof(text));
    if (n < 0) {
        return NULL;
    }
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o},"
        " s:{s:I, s:I, s:I, s:I, s:I, s:o, s:o}, s:o}",
        "engine", policy->engine, "summary", policy->summary, "read",
        paths_with(paths, n, PLATEN_SANDBOX_R), "write", paths_with(paths, n, PLATEN_SANDBOX_W),
        "execute", paths_with(paths, n, PLATEN_SANDBOX_X), "may", allowed(policy), "calls",
        "refused", calls_with(policy->may, EPERM), "absent", calls_with(policy->may, ENOSYS),
        "partly", calls_partly(policy->may), "fatal", calls_with(policy->may, 0), "limits",
        "address_space", (json_int_t) config->address_space, "file_size",
        (json_int_t) config->output_size, "cpu_seconds", (json_int_t) config->wall_clock * 2,
        "files", (json_int_t) PLATEN_POLICY_FILES, "signals",
        (json_int_t) PLATEN_SANDBOX_SIGNALS, "threads",
        processes == 0 ? json_null() : json_integer((json_int_t) processes), "memory",
        holding & PLATEN_SANDBOX_CGROUP ? json_integer((json_int_t) config->memory)
                                        : json_null(),
        "namespaces", namespaces(policy, holding));
}

static void
print_list(const char *head, const json_t *list)
{
    lines_t lines = { .head = head };
    json_t *word;
    size_t  i;

    json_array_foreach(list, i, word)
    {
        put(&lines, json_string_value(word));
    }
    end(&lines);
}

static void
print_limits(const json_t *limits)
{
    lines_t     lines = { .head = "limits" };
    const char *name;
    json_t     *value;
    char        word[96];

    json_object_foreach((json_t *) (uintptr_t) limits, name, value)
    {
        if (json_is_integer(value) && json_integer_value(value) != 0) {
            snprintf(word, sizeof(word), "%s=%lld", name,
                     (long long) json_integer_value(value));
        } else {
            snprintf(word, sizeof(word), "%s=none", name);
        }
        put(&lines, word);
    }
    end(&lines);
}

static void
print_engine(const json_t *engine)
{
    const json_t *calls = json_object_get(engine, "calls");
    json_t       *text;
    size_t        i;

    printf("\n%s: %s\n", json_string_value(json_object_get(engine, "engine")),
           json_string_value(json_object_get(engine, "summary")));
    print_list("reads", json_object_get(engine, "read"));
    print_list("writes", json_object_get(engine, "write"));
    print_list("executes", json_object_get(engine, "execute"));
    print_list("may", json_object_get(engine, "may"));
    print_list("refused", json_object_get(calls, "refused"));
    json_array_foreach(json_object_get(calls, "partly"), i, text)
    {
        put_text("in part", json_string_value(text));
    }
    print_list("absent", json_object_get(calls, "absent"));
    print_list("fatal", json_object_get(calls, "fatal"));
    print_limits(json_object_get(engine, "limits"));
    print_list("namespaces", json_object_get(engine, "namespaces"));
}

/* Of this machine: layers, Landlock, and what they lack. */
static json_t *
machine(const platen_config_t *config, unsigned holding)
{
    unsigned abi = holding & PLATEN_SANDBOX_LANDLOCK ? platen_sandbox_landlock_abi() : 0, i;
    json_t  *layers = json_array(), *lacking = json_array(), *limits = json_array();
    char     text[1024];

    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        if (holding & 1U << i) {
            json_array_append_new(layers, json_string(platen_sandbox_name(1U << i)));
        } else if (1U << i != PLATEN_SANDBOX_USER
                   && (1U << i != PLATEN_SANDBOX_CGROUP || *config->cgroup_path != '\0')) {
            snprintf(text, sizeof(text), "layer %s: %s", platen_sandbox_name(1U << i),
                     platen_sandbox_advice(1U << i));
            json_array_append_new(lacking, json_string(text));
        }
    }
    for (i = 0; i < NLACKS; i++) {
        if (abi < lacks[i].abi) {
            json_array_append_new(lacking, json_string(lacks[i].what));
        }
    }
    if (geteuid() == 0) {
        json_array_append_new(
            lacking, json_string("asked as root: ask as platend's user to see what it has;"
                                 " root's threads are not counted"));
    }
    for (i = 0; i < PLATEN_POLICY_LIMITS; i++) {
        json_array_append_new(limits,
                              json_string(platen_policy_limit((platen_policy_limit_t) i,
                                                              holding, config->data_path)));
    }
    return json_pack("{s:i, s:o, s:o, s:o}", "landlock_abi", (int) abi, "layers", layers,
                     "lacks", lacking, "limits", limits);
}

static void
print_machine(const json_t *of)
{
    json_t *text;
    size_t  i;

    printf("this machine\n");
    print_list("layers", json_object_get(of, "layers"));
    printf("  landlock   ABI %d\n",
           (int) json_integer_value(json_object_get(of, "landlock_abi")));
    json_array_foreach(json_object_get(of, "limits"), i, text)
    {
        put_text("holds", json_string_value(text));
    }
    json_array_foreach(json_object_get(of, "lacks"), i, text)
    {
        put_text("lacks", json_string_value(text));
    }
}

static int
show(const platen_ctl_t *ctl, const platen_config_t *config, const char *engine)
{
    unsigned holding = platen_ctl_layers(config);
    json_t  *all = json_pack("{s:o, s:[]}", "machine", machine(config, holding), "engines");
    json_t  *list = json_object_get(all, "engines"), *one;
    size_t   i;

    for (i = 0; i < platen_npolicies; i++) {
        if (engine == NULL || strcmp(engine, platen_policies[i].engine) == 0) {
            json_array_append_new(list, describe(&platen_policies[i], config, holding));
        }
    }
    if (ctl->json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        print_machine(json_object_get(all, "machine"));
        json_array_foreach(list, i, one)
        {
            print_engine(one);
        }
    }
    json_decref(all);
    return PLATEN_CTL_DONE;
}

static int
known(const char *engine)
{
    size_t i;

    for (i = 0; i < platen_npolicies; i++) {
        if (strcmp(engine, platen_policies[i].engine) == 0) {
            return 1;
        }
    }
    fprintf(stderr, "platenctl: the sandbox has no engine \"%s\"; it has", engine);
    for (i = 0; i < platen_npolicies; i++) {
        fprintf(stderr, " %s", platen_policies[i].engine);
    }
    fputc('\n', stderr);
    return 0;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    platen_ctl_store_t s = { .config = NULL };
    int                code, first;

    first = platen_ctl_parse(ctl, argc, argv, NULL, 0, &code);
    if (first < 0) {
        return code;
    }
    if (argc - first > 1) {
        fprintf(stderr, "platenctl: one engine, or none for all of them\n");
        return PLATEN_CTL_USAGE;
    }
    if (first < argc && !known(argv[first])) {
        return PLATEN_CTL_USAGE;
    }
    /* As platend's user, if it is root that asks: what root could do is not what it has. */
    code = platen_ctl_store_configure(ctl, &s);
    if (code == PLATEN_CTL_DONE) {
        code = show(ctl, s.config, first < argc ? argv[first] : NULL);
    }
    platen_ctl_store_close(&s);
    return code;
}

const platen_ctl_command_t platen_ctl_sandbox = {
    .name = "sandbox",
    .operands = "[ENGINE]",
    .summary = "what each engine may do on this machine",
    .text =
        "For each engine, or one: what it may read, write and execute, the calls that are\n"
        "refused, its limits and namespaces; and what this machine's kernel lacks, with what\n"
        "that means.  {run} is the directory of a run, {document} its document, {program} the\n"
        "engine's; {office} is LibreOffice's directory, {profile} its settings, {libexec} "
        "that\n"
        "of Platen's programs.",
    .run = run,
};
