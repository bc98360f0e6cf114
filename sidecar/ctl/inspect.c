/*
 * platenctl inspect: everything about one job, as JSON or a line to a field.
 * Secrets are not shown: only which ones there are.  It changes nothing.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "ctl/file.h"
#include "ctl/store.h"
#include "job/option.h"

#define EVENTS 1024 /* read in one transaction */

static json_t *
text(platen_str_t s)
{
    return s.len == 0 ? json_null() : platen_log_text(s.data, s.len);
}

static json_t *
hex(platen_str_t s)
{
    char out[2 * PLATEN_SHA256_LEN + 1];

    if (s.len == 0 || s.len > PLATEN_SHA256_LEN) {
        return json_null();
    }
    platen_bytes_hex(s.data, s.len, out);
    return json_string(out);
}

static json_t *
number(uint64_t n)
{
    return json_integer((json_int_t) n);
}

/* Names of the options in a mask. */
static json_t *
names(uint32_t mask)
{
    json_t *list = json_array();
    int     option;

    for (option = 0; option < PLATEN_OPTIONS; option++) {
        if (mask & PLATEN_OPTION_BIT(option)) {
            json_array_append_new(list,
                                  json_string(platen_option_name((platen_option_t) option)));
        }
    }
    return list;
}

/* "name=value" lines as an object. */
static json_t *
options(platen_str_t lines)
{
    json_t     *object = json_object();
    const char *p = lines.data, *end = p + lines.len, *eq, *eol;
    char        name[PLATEN_OPTION_NAME_MAX + 1];

    while (lines.len != 0 && p < end) {
        eol = memchr(p, '\n', (size_t) (end - p));
        eol = eol == NULL ? end : eol;
        eq = memchr(p, '=', (size_t) (eol - p));
        if (eq != NULL && eq - p <= PLATEN_OPTION_NAME_MAX) {
            snprintf(name, sizeof(name), "%.*s", (int) (eq - p), p);
            json_object_set_new(object, name, platen_log_text(eq + 1, (size_t) (eol - eq - 1)));
        }
        p = eol + 1;
    }
    return object;
}

static json_t *
file(const platen_ctl_store_t *s, platen_dir_t dir, const platen_job_t *job)
{
    platen_ctl_file_found_t found;

    platen_ctl_file_look(s->config->data_path, dir, job, 1, &found);
    if (found.is == PLATEN_CTL_FILE_NONE) {
        return json_null();
    }
    return json_pack("{s:s, s:s, s:o, s:b}", "path", found.path, "file",
                     platen_ctl_file_words(found.is), "size", number(found.size), "matches",
                     found.is == PLATEN_CTL_FILE_SAME);
}

static json_t *
describe(const platen_job_t *job)
{
    uint64_t now = platen_boottime_ms();
    char     id[PLATEN_ID_TEXT + 1];
    json_t  *o = json_object();

    platen_id_format(&job->id, id);
#define SET(key, value) json_object_set_new(o, key, value)
    SET("job_id", json_string(id));
    SET("status", json_string(platen_state_name((platen_state_t) job->state)));
    SET("client", text(job->client));
    SET("request_id", text(job->request_id));
    SET("trace_id", text(job->trace_id));
    SET("priority", json_string(platen_priority_name(job->priority)));
    SET("source_format", text(job->source_format));
    SET("target_format", text(job->target_format));
    SET("output_format", text(job->output_format));
    SET("input_filename", text(job->input_filename));
    SET("options", options(job->options));
    SET("secret_options", names(job->withheld));
    SET("secrets_kept", json_boolean(job->secrets.len != 0));
    SET("created_at", platen_ctl_store_json_time(job->created_at));
    SET("started_at", platen_ctl_store_json_time(job->started_at));
    SET("completed_at", platen_ctl_store_json_time(job->completed_at));
    SET("expires_at", platen_ctl_store_json_time(job->expires_at));
    SET("ttl", number(job->ttl));
    SET("attempts", number(job->attempts));
    SET("crashes", number(job->crashes));
    SET("lost_attempts", number(job->lost_attempts));
    SET("host_failures", number(job->host_failures));
    SET("epoch", number(job->epoch));
    SET("owner", text(job->owner));
    SET("lease_ms", job->lease_until == 0
                        ? json_null()
                        : json_integer((json_int_t) (job->lease_until - now)));
    SET("not_before_ms", job->not_before == 0
                             ? json_null()
                             : json_integer((json_int_t) (job->not_before - now)));
    SET("queue_key", number(job->queue_key));
    SET("change_seq", number(job->change_seq));
    SET("input_size", number(job->input_size));
    SET("input_sha256", hex(job->input_sha256));
    SET("output_size", number(job->output_size));
    SET("output_sha256", hex(job->output_sha256));
    SET("engines", platen_log_lines(job->engines));
    SET("cached", json_boolean(job->cached));
    SET("cache_key", hex(job->cache_key));
    SET("idempotency_key_sha256", hex(job->idem_key));
    SET("webhook_url", text(job->webhook_url));
    SET("error_code", text(job->error_code));
    SET("error", text(job->error));
    SET("notes", text(job->notes));
    SET("warnings", text(job->warnings));
#undef SET
    return o;
}

/* The job's events that the outbox still has, EVENTS to a transaction. */
static int
events(const platen_ctl_store_t *s, const platen_id_t *id, json_t *out)
{
    static platen_event_t list[EVENTS];
    platen_txn_t          txn;
    uint64_t              seq = 0;
    int                   rc, i, n;

    do {
        rc = platen_txn_read(s->store, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        n = platen_store_events(&txn, seq, list, EVENTS);
        for (i = 0; i < n; i++) {
            seq = list[i].seq;
            if (list[i].id.len == sizeof(id->b)
                && memcmp(list[i].id.data, id->b, sizeof(id->b)) == 0) {
                json_array_append_new(
                    out, json_pack("{s:o, s:o, s:s}", "seq", number(seq), "time",
                                   platen_ctl_store_json_time(list[i].time), "status",
                                   list[i].state == PLATEN_STATE_NONE
                                       ? "gone"
                                       : platen_state_name((platen_state_t) list[i].state)));
            }
        }
        platen_txn_abort(&txn);
    } while (n == EVENTS);
    return n < 0 ? n : PLATEN_OK;
}

/* A line to a field: names to the left, values as JSON without quotation marks. */
static void
print_field(const char *prefix, const char *key, const json_t *value)
{
    char        name[64], line[1024];
    const char *k;
    json_t     *v;
    size_t      i;
    char       *dump;

    snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix == '\0' ? "" : ".", key);
    if (json_is_object(value)) {
        json_object_foreach((json_t *) (uintptr_t) value, k, v)
        {
            print_field(name, k, v);
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, v)
        {
            dump = json_dumps(v, JSON_ENCODE_ANY);
            printf("%-24s %s\n", name, dump == NULL ? "" : dump);
            free(dump);
        }
    } else if (json_is_string(value)) {
        printf("%-24s %s\n", name,
               platen_ctl_store_text(
                   (platen_str_t){ json_string_value(value), json_string_length(value) }, line,
                   sizeof(line)));
    } else {
        dump = json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        printf("%-24s %s\n", name, dump == NULL ? "-" : dump);
        free(dump);
    }
}

/* Files are read when the transaction is over: they may be large. */
static void
keep_digest(platen_str_t *digest, char copy[PLATEN_SHA256_LEN])
{
    if (digest->len == PLATEN_SHA256_LEN) {
        memcpy(copy, digest->data, PLATEN_SHA256_LEN);
        digest->data = copy;
    } else {
        *digest = (platen_str_t){ NULL, 0 };
    }
}

static int
inspect(const platen_ctl_store_t *s, const platen_id_t *id, int json)
{
    platen_txn_t txn;
    platen_job_t job;
    json_t      *o = NULL, *list = json_array(), *v;
    const char  *k;
    char        *dump, input[PLATEN_SHA256_LEN], output[PLATEN_SHA256_LEN];
    int          rc, seen;

    rc = platen_txn_read(s->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(&txn, id, &job);
        if (rc == PLATEN_OK) {
            o = describe(&job);
            keep_digest(&job.input_sha256, input);
            keep_digest(&job.output_sha256, output);
        }
        platen_txn_abort(&txn);
    }
    if (rc == PLATEN_OK && o != NULL) {
        json_object_set_new(o, "input", file(s, PLATEN_DIR_INPUT, &job));
        json_object_set_new(o, "output", file(s, PLATEN_DIR_OUTPUT, &job));
    }
    if (rc == PLATEN_OK || rc == PLATEN_NOT_FOUND) {
        seen = events(s, id, list);
        rc = seen == PLATEN_OK ? rc : seen;
    }
    /* Of one that is gone, events may be left. */
    if (rc == PLATEN_NOT_FOUND && json_array_size(list) != 0) {
        o = json_pack("{s:s}", "status", "gone");
        rc = PLATEN_OK;
    }
    if (rc != PLATEN_OK || o == NULL) {
        json_decref(list);
        json_decref(o);
        return platen_ctl_store_failed("cannot inspect the job",
                                       rc == PLATEN_OK ? PLATEN_ERROR : rc);
    }
    json_object_set_new(o, "events", list);

    if (json) {
        dump = json_dumps(o, JSON_INDENT(2));
        puts(dump == NULL ? "null" : dump);
        free(dump);
    } else {
        json_object_foreach(o, k, v)
        {
            print_field("", k, v);
        }
    }
    json_decref(o);
    return PLATEN_CTL_DONE;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    platen_ctl_store_t s;
    platen_id_t        id;
    int                first, code;

    first = platen_ctl_parse(ctl, argc, argv, NULL, 0, &code);
    if (first < 0) {
        return code;
    }
    if (first + 1 != argc) {
        fputs("platenctl: inspect takes the id of one job\n", stderr);
        return PLATEN_CTL_USAGE;
    }
    if (platen_ctl_store_id(argv[first], &id) != 0) {
        return PLATEN_CTL_USAGE;
    }
    code = platen_ctl_store_open(ctl, &s);
    if (code == PLATEN_CTL_DONE) {
        code = inspect(&s, &id, ctl->json);
        platen_ctl_store_close(&s);
    }
    return code;
}

const platen_ctl_command_t platen_ctl_inspect = {
    .name = "inspect",
    .operands = "ID",
    .summary = "everything about one job",
    .text = "All that the record has (of passwords only that there are some), the files with\n"
            "their sizes and whether their SHA-256 is the recorded one, and the job's events.\n"
            "It changes nothing.",
    .run = run,
};
