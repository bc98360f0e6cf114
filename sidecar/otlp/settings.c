/*
 * The variables of OpenTelemetry's specification; see otlp/main.h.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */

#include "otlp/main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define HERE "http://localhost:4318"

/* "" is as good as nothing; what is meant for traces alone goes first. */
static const char *
given(const char *name)
{
    char        special[96];
    const char *value;
    const char  otlp[] = "OTEL_EXPORTER_OTLP_";

    if (strncmp(name, otlp, sizeof(otlp) - 1) == 0) {
        snprintf(special, sizeof(special), "%sTRACES_%s", otlp, name + sizeof(otlp) - 1);
        value = getenv(special);
        if (value != NULL && *value != '\0') {
            return value;
        }
    }
    value = getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

static uint64_t
number(const char *name, uint64_t usual, uint64_t least, uint64_t most)
{
    const char        *text = given(name);
    char              *end;
    unsigned long long n;

    if (text == NULL) {
        return usual;
    }
    errno = 0;
    n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < least || n > most) {
        platen_log(PLATEN_LOG_WARN, "not a number that can be; its default is taken",
                   json_pack("{s:s, s:s, s:I}", "variable", name, "value", text, "default",
                             (json_int_t) usual));
        return usual;
    }
    return n;
}

/* The general address has a path added; the one for traces alone is taken as it is. */
static char *
address(void)
{
    const char *whole = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    const char *base = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    char       *url;
    size_t      len;

    if (whole != NULL && *whole != '\0') {
        return strdup(whole);
    }
    base = base == NULL || *base == '\0' ? HERE : base;
    len = strlen(base);
    len -= base[len - 1] == '/';
    return asprintf(&url, "%.*s/v1/traces", (int) len, base) < 0 ? NULL : url;
}

/* Calls `use` for each "name=value" between commas; values are percent-encoded. */
static int
each(const char *text, int (*use)(void *data, const char *name, const char *value), void *data)
{
    char *copy = strdup(text == NULL ? "" : text), *rest = copy, *pair, *equals, *value;
    int   rc = copy == NULL ? -1 : 0;

    while (rc == 0 && (pair = strsep(&rest, ",")) != NULL) {
        pair += strspn(pair, " \t");
        equals = strchr(pair, '=');
        if (equals == NULL || equals == pair) {
            continue;
        }
        *equals = '\0';
        pair[strcspn(pair, " \t")] = '\0';
        value = equals + 1 + strspn(equals + 1, " \t");
        value = curl_easy_unescape(NULL, value, 0, NULL);
        rc = value == NULL ? -1 : use(data, pair, value);
        curl_free(value);
    }
    free(copy);
    return rc;
}

static int
add_header(void *data, const char *name, const char *value)
{
    struct curl_slist **list = data, *longer;
    char               *line;

    /* What would be two lines is none. */
    if (strpbrk(name, "\r\n:") != NULL || strpbrk(value, "\r\n") != NULL) {
        platen_log(PLATEN_LOG_WARN, "a header of OTEL_EXPORTER_OTLP_HEADERS cannot be sent",
                   NULL);
        return 0;
    }
    if (asprintf(&line, "%s: %s", name, value) < 0) {
        return -1;
    }
    longer = curl_slist_append(*list, line);
    free(line);
    *list = longer == NULL ? *list : longer;
    return longer == NULL ? -1 : 0;
}

static int
add_attribute(void *data, const char *name, const char *value)
{
    if (platen_utf8_valid(name, strlen(name)) && platen_utf8_valid(value, strlen(value))) {
        json_object_set_new(data, name, json_string(value));
    }
    return 0;
}

static char *
resource(void)
{
    json_t     *all = json_object(), *list = json_array(), *value;
    const char *name, *service = given("OTEL_SERVICE_NAME");
    char       *text;

    (void) add_attribute(all, "service.name", "platen");
    (void) add_attribute(all, "service.version", PLATEN_VERSION);
    (void) add_attribute(all, "telemetry.sdk.name", "platen");
    (void) add_attribute(all, "telemetry.sdk.language", "c");
    (void) each(given("OTEL_RESOURCE_ATTRIBUTES"), add_attribute, all);
    if (service != NULL) {
        (void) add_attribute(all, "service.name", service);
    }
    json_object_foreach(all, name, value)
    {
        json_array_append_new(
            list, json_pack("{s:s, s:{s:O}}", "key", name, "value", "stringValue", value));
    }
    text = json_dumps(list, JSON_COMPACT);
    json_decref(all);
    json_decref(list);
    return text;
}

int
platen_otlp_settings_read(platen_otlp_settings_t *s, char *err, size_t errlen)
{
    *s = (platen_otlp_settings_t){
        .url = address(),
        .resource = resource(),
        .ca = given("OTEL_EXPORTER_OTLP_CERTIFICATE"),
        .certificate = given("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
        .key = given("OTEL_EXPORTER_OTLP_CLIENT_KEY"),
        .timeout = number("OTEL_EXPORTER_OTLP_TIMEOUT", 10000, 1, 600000),
        .delay = number("OTEL_BSP_SCHEDULE_DELAY", 5000, 0, 600000),
        .queue = number("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, 1 << 20),
        .batch = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, 1 << 16),
    };
    if (s->batch > s->queue) {
        s->batch = s->queue;
    }
    if (s->url == NULL || s->resource == NULL
        || each(given("OTEL_EXPORTER_OTLP_HEADERS"), add_header, &s->headers) != 0
        || add_header(&s->headers, "Content-Type", "application/json") != 0
        || add_header(&s->headers, "Expect", "") != 0) {
        snprintf(err, errlen, "out of memory");
        return -1;
    }
    if (strncmp(s->url, "http://", 7) != 0 && strncmp(s->url, "https://", 8) != 0) {
        snprintf(err, errlen, "the collector's address has to begin with http:// or https://");
        return -1;
    }
    return 0;
}
