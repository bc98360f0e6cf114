/*
 * platenctl formats: what this machine converts, and by which engines, as platend has written
 * it into the store when it started.  It changes nothing.
 */

#include <stdio.h>
#include <stdlib.h>

#include "ctl/store.h"
#include "job/matrix.h"

static void
show_json(const platen_format_t *from, const platen_format_t *to,
          const platen_matrix_route_t *route, size_t rows)
{
    json_t *options = json_array();
    int     i;

    for (i = 0; i < PLATEN_OPTIONS; i++) {
        if (route->options & PLATEN_OPTION_BIT(i)) {
            json_array_append_new(options,
                                  json_string(platen_option_name((platen_option_t) i)));
        }
    }
    platen_ctl_store_json_row(json_pack("{s:s, s:s, s:s, s:s, s:o}", "from", from->name, "to",
                                        to->name, "engines", route->engines, "via", route->via,
                                        "options", options),
                              rows);
}

/* Pairs from the one format or to the other, NULL: any.  Returns how many. */
static size_t
list(const platen_matrix_t *m, const char *from, const char *to, int json)
{
    const platen_matrix_route_t *route;
    const platen_format_t       *a, *b;
    size_t                       i, k, rows = 0;

    for (i = 0; i < platen_nformats; i++) {
        for (k = 0; k < platen_nformats; k++) {
            a = &platen_formats[i];
            b = &platen_formats[k];
            route = platen_matrix_route(m, a, b);
            if (route == NULL || (from != NULL && strcasecmp(from, a->name) != 0)
                || (to != NULL && strcasecmp(to, b->name) != 0)) {
                continue;
            }
            if (json) {
                show_json(a, b, route, rows);
            } else {
                if (rows == 0) {
                    printf("%-8s  %-8s  %-24s  %s\n", "FROM", "TO", "ENGINES", "BY WAY OF");
                }
                printf("%-8s  %-8s  %-24s  %s\n", a->name, b->name, route->engines,
                       *route->via == '\0' ? "-" : route->via);
            }
            rows++;
        }
    }
    if (json) {
        fputs(rows == 0 ? "[]\n" : "\n]\n", stdout);
    }
    return rows;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    static platen_matrix_t matrix;
    platen_ctl_store_t     s;
    platen_txn_t           txn;
    platen_str_t           text = { NULL, 0 };
    int                    first, code, rc;

    first = platen_ctl_parse(ctl, argc, argv, NULL, 0, &code);
    if (first < 0) {
        return code;
    }
    if (argc - first > 2) {
        fputs("platenctl: formats takes a format, and another: platenctl formats docx pdf\n",
              stderr);
        return PLATEN_CTL_USAGE;
    }
    code = platen_ctl_store_open(ctl, &s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    rc = platen_txn_read(s.store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_get(&txn, PLATEN_MATRIX_META, &text);
        if (rc == PLATEN_OK) {
            rc = platen_matrix_parse(&matrix, text.data, text.len);
        }
        platen_txn_abort(&txn);
    }
    platen_ctl_store_close(&s);
    if (rc == PLATEN_NOT_FOUND) {
        fputs("platenctl: platend has not told yet what it converts: start it\n", stderr);
        return PLATEN_CTL_FAILED;
    }
    if (rc != PLATEN_OK) {
        return platen_ctl_store_failed("cannot read the formats", rc);
    }
    if (list(&matrix, first < argc ? argv[first] : NULL,
             first + 1 < argc ? argv[first + 1] : NULL, ctl->json)
        == 0) {
        fputs("platenctl: there is no such conversion here\n", stderr);
        return PLATEN_CTL_FAILED;
    }
    return PLATEN_CTL_DONE;
}

const platen_ctl_command_t platen_ctl_formats = {
    .name = "formats",
    .operands = "[FROM [TO]]",
    .summary = "what this machine converts, and by which engines",
    .text =
        "A line to a conversion, of those from FROM or to TO if they are named, as platend\n"
        "found it at its start.  It changes nothing.",
    .run = run,
};
