/* Tests of platen_codec: round trips at the limits, and bytes that no encoder wrote. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "job/job.h"

#define JOB platen_job_fields, platen_job_nfields

/* Decodes an exact-size copy in *copy, which the caller frees: strings point into it. */
static int
decode(const uint8_t *in, size_t len, platen_job_t *job, uint8_t **copy)
{
    *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(*copy);
    if (len != 0) {
        memcpy(*copy, in, len);
    }
    memset(job, 0xff, sizeof(*job));
    return platen_codec_decode(JOB, job, len == 0 ? *copy + 1 : *copy, len);
}

static int
decode_rc(const uint8_t *in, size_t len)
{
    platen_job_t job;
    uint8_t     *copy;
    int          rc;

    rc = decode(in, len, &job, &copy);
    free(copy);
    return rc;
}

/* Encodes into an exact-size buffer, which the caller frees. */
static uint8_t *
encode(const platen_job_t *job, size_t *len)
{
    uint8_t *out;

    *len = platen_codec_size(JOB, job);
    out = malloc(*len);
    assert_non_null(out);
    assert_ptr_equal(platen_codec_encode(JOB, job, out), out + *len);
    return out;
}

/* By name, not by the table: a field that the table forgot or doubled is seen. */
static void
assert_job_equal(const platen_job_t *a, const platen_job_t *b)
{
#define SAME_NUMBER(m) assert_int_equal(a->m, b->m)
#define SAME_STRING(m) assert_true(platen_str_eq(a->m, b->m))
    SAME_NUMBER(state);
    SAME_NUMBER(epoch);
    SAME_NUMBER(attempts);
    SAME_NUMBER(queue_key);
    SAME_NUMBER(change_seq);
    SAME_NUMBER(created_at);
    SAME_NUMBER(started_at);
    SAME_NUMBER(completed_at);
    SAME_NUMBER(expires_at);
    SAME_NUMBER(ttl);
    SAME_NUMBER(lease_until);
    SAME_NUMBER(input_size);
    SAME_NUMBER(output_size);
    SAME_STRING(client);
    SAME_STRING(request_id);
    SAME_STRING(source_format);
    SAME_STRING(target_format);
    SAME_STRING(input_filename);
    SAME_STRING(input_sha256);
    SAME_STRING(output_sha256);
    SAME_STRING(error_code);
    SAME_STRING(error);
    SAME_STRING(owner);
    SAME_STRING(options);
    SAME_STRING(secrets);
    SAME_STRING(warnings);
    SAME_STRING(output_format);
    SAME_NUMBER(cached);
    SAME_STRING(cache_key);
    SAME_NUMBER(priority);
    SAME_NUMBER(crashes);
    SAME_NUMBER(lost_attempts);
    SAME_NUMBER(host_failures);
    SAME_NUMBER(not_before);
    SAME_NUMBER(withheld);
    SAME_STRING(idem_key);
    SAME_STRING(idem_print);
    SAME_STRING(content_type);
    SAME_NUMBER(updated_at);
    SAME_STRING(webhook_url);
    SAME_STRING(engines);
    SAME_STRING(notes);
    SAME_STRING(link_base);
    SAME_STRING(trace_id);
    SAME_STRING(trace_parent);
    SAME_NUMBER(received_at);
    SAME_NUMBER(promised);
}

static platen_job_t
full_job(void)
{
    return (platen_job_t){
        .state = 3,
        .epoch = 1001,
        .attempts = 1002,
        .queue_key = 1003,
        .change_seq = 1004,
        .created_at = 1005,
        .started_at = 1006,
        .completed_at = 1007,
        .expires_at = 1008,
        .ttl = 1009,
        .lease_until = 1010,
        .input_size = 1011,
        .output_size = 1012,
        .client = PLATEN_STR("client"),
        .request_id = PLATEN_STR("request"),
        .trace_id = PLATEN_STR("4bf92f3577b34da6a3ce929d0e0e4736"),
        .trace_parent = PLATEN_STR("00f067aa0ba902b7-01"),
        .received_at = 1700000000000000,
        .source_format = PLATEN_STR("docx"),
        .target_format = PLATEN_STR("pdf"),
        .input_filename = PLATEN_STR("r\303\251sum\303\251.docx"),
        .input_sha256 = PLATEN_STR("\0\1\2 thirty-two bytes of a digest"),
        .output_sha256 = PLATEN_STR("\377\376\375 bytes of another digest\0\0"),
        .error_code = PLATEN_STR("timeout"),
        .error = PLATEN_STR("It took too long."),
        .owner = PLATEN_STR("boot/17"),
        .options = PLATEN_STR("pages=1-3\npdfa=2b\n"),
        .secrets = PLATEN_STR("password=s3cret\n"),
        .warnings = PLATEN_STR("A font is missing.\nA macro was left out."),
        .output_format = PLATEN_STR("zip"),
        .cached = 1,
        .cache_key = PLATEN_STR("\1\0 bytes of a third digest"),
        .priority = 2,
        .crashes = 1013,
        .lost_attempts = 1014,
        .host_failures = 1015,
        .not_before = 1016,
        .withheld = 1017,
        .idem_key = PLATEN_STR("a key"),
        .idem_print = PLATEN_STR("what it stands for"),
        .content_type = PLATEN_STR("text/markdown"),
        .updated_at = 1018,
        .batch = 4,
        .unpacked = 1,
        .files = 1019,
        .skipped = 1020,
        .processing = 1021,
        .success = 1022,
        .failed = 1023,
        .parent = PLATEN_STR("sixteen bytes of"),
        .file = 1024,
        .folder = PLATEN_STR("a/b"),
        .sources = PLATEN_STR("docx odt "),
        .output_crc = 1025,
        .webhook_url = PLATEN_STR("https://example.com/hook"),
        .promised = 1,
        .engines = PLATEN_STR("pandoc\nlok"),
        .notes = PLATEN_STR("It was read as UTF-8."),
        .link_base = PLATEN_STR("https://example.com/api"),
    };
}

static void
test_golden(void **state)
{
    static const uint8_t golden[] = { 'P', 1, 1 << 1,      2, 0, 0, 0, 0,   0,
                                      0,   0, 5 << 1,      8, 7, 6, 5, 4,   3,
                                      2,   1, 14 << 1 | 1, 2, 0, 0, 0, 'a', 'b' };
    platen_job_t         job = { .state = 2,
                                 .change_seq = UINT64_C(0x0102030405060708),
                                 .client = PLATEN_STR("ab") };
    platen_job_t         back;
    uint8_t             *out, *copy;
    size_t               len;

    (void) state;

    out = encode(&job, &len);
    assert_int_equal(len, sizeof(golden));
    assert_memory_equal(out, golden, sizeof(golden));
    free(out);

    assert_int_equal(decode(golden, sizeof(golden), &back, &copy), PLATEN_OK);
    assert_job_equal(&job, &back);
    free(copy);
}

static void
round_trip(const platen_job_t *job)
{
    platen_job_t back;
    uint8_t     *out, *copy;
    size_t       len;

    out = encode(job, &len);
    assert_int_equal(decode(out, len, &back, &copy), PLATEN_OK);
    assert_job_equal(job, &back);
    free(copy);
    free(out);
}

static void
set_field(platen_job_t *job, const platen_field_t *f, uint64_t number, platen_str_t s)
{
    char    *p = (char *) job + f->offset;
    uint32_t u32 = (uint32_t) number;

    switch (f->type) {
    case PLATEN_FIELD_U8:
        *(uint8_t *) p = (uint8_t) number;
        break;
    case PLATEN_FIELD_U32:
        memcpy(p, &u32, sizeof(u32));
        break;
    case PLATEN_FIELD_U64:
        memcpy(p, &number, sizeof(number));
        break;
    default:
        memcpy(p, &s, sizeof(s));
    }
}

static void
test_extremes(void **state)
{
    static const uint64_t numbers[] = { 0,          1,          0x7f,      0x80,      0xff,
                                        0x80000000, UINT32_MAX, INT64_MAX, UINT64_MAX };
    static const size_t   lengths[] = { 0, 1, 255, 256, 65535, 65536, 100000 };
    char                 *bytes = malloc(100000);
    platen_job_t          job, all;
    size_t                i, j;

    (void) state;

    assert_non_null(bytes);
    for (i = 0; i < 100000; i++) {
        bytes[i] = (char) (i * 7);
    }

    job = full_job();
    round_trip(&job);

    for (i = 0; i < platen_job_nfields; i++) {
        for (j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
            memset(&job, 0, sizeof(job));
            all = full_job();
            set_field(&job, &platen_job_fields[i], numbers[j], PLATEN_STR("x"));
            set_field(&all, &platen_job_fields[i], numbers[j], PLATEN_STR("x"));
            round_trip(&job);
            round_trip(&all);
        }
        for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            memset(&job, 0, sizeof(job));
            set_field(&job, &platen_job_fields[i], 1, (platen_str_t){ bytes, lengths[j] });
            round_trip(&job);
        }
    }

    memset(&all, 0, sizeof(all));
    for (i = 0; i < platen_job_nfields; i++) {
        set_field(&all, &platen_job_fields[i], UINT64_MAX, (platen_str_t){ bytes, 4096 });
    }
    round_trip(&all);
    assert_int_equal(all.epoch, UINT32_MAX);
    assert_int_equal(all.state, UINT8_MAX);
    free(bytes);
}

static void
test_empty_record(void **state)
{
    platen_job_t job = { 0 }, back;
    uint8_t     *out, *copy;
    size_t       len;

    (void) state;

    out = encode(&job, &len);
    assert_int_equal(len, 2);
    /* The target is all ones before: absent members must have become zero. */
    assert_int_equal(decode(out, len, &back, &copy), PLATEN_OK);
    assert_job_equal(&job, &back);
    assert_null(back.owner.data);
    free(copy);
    free(out);
}

static void
test_event(void **state)
{
    platen_event_t event = { .seq = 9,
                             .time = UINT64_MAX,
                             .state = 255,
                             .id = PLATEN_STR("0123456789abcdef"),
                             .client = PLATEN_STR("c"),
                             .error_code = PLATEN_STR("corrupt_document") };
    platen_event_t back = { .seq = 7 };
    uint8_t        out[128], *end;

    (void) state;

    end = platen_codec_encode(platen_event_fields, platen_event_nfields, &event, out);
    assert_int_equal(end - out,
                     platen_codec_size(platen_event_fields, platen_event_nfields, &event));
    assert_int_equal(platen_codec_decode(platen_event_fields, platen_event_nfields, &back, out,
                                         (size_t) (end - out)),
                     PLATEN_OK);
    assert_int_equal(back.seq, 7); /* the key is not part of the value */
    assert_int_equal(back.time, UINT64_MAX);
    assert_int_equal(back.state, 255);
    assert_true(platen_str_eq(back.id, event.id));
    assert_true(platen_str_eq(back.client, event.client));
    assert_true(platen_str_eq(back.error_code, event.error_code));
}

/* Cut between two fields it is a shorter record; cut anywhere else it is none. */
static void
test_truncation(void **state)
{
    platen_job_t job = full_job(), back;
    uint8_t     *out, *copy;
    size_t       len, cut, fields = 0;
    int          rc;

    (void) state;

    out = encode(&job, &len);
    for (cut = 0; cut <= len; cut++) {
        rc = decode(out, cut, &back, &copy);
        if (fields <= platen_job_nfields
            && cut == platen_codec_size(platen_job_fields, fields, &job)) {
            assert_int_equal(rc, PLATEN_OK);
            assert_int_equal(platen_codec_size(JOB, &back), cut);
            fields++;
        } else {
            assert_int_equal(rc, PLATEN_CORRUPT);
        }
        free(copy);
    }
    assert_int_equal(fields, platen_job_nfields + 1);
    free(out);
}

/* Fields of a later version, in front, between and behind. */
static void
test_unknown_fields(void **state)
{
    static const uint8_t number[] = { 100 << 1, 1, 2, 3, 4, 5, 6, 7, 8 };
    static const uint8_t string[] = { 127 << 1 | 1, 3, 0, 0, 0, 'x', 'y', 'z' };
    static const uint8_t empty[] = { 99 << 1 | 1, 0, 0, 0, 0 };
    platen_job_t         job = full_job(), back;
    uint8_t             *out, *copy, buf[1024], *p;
    size_t               len, fields, at;

    (void) state;

    out = encode(&job, &len);
    for (fields = 0; fields <= platen_job_nfields; fields++) {
        at = platen_codec_size(platen_job_fields, fields, &job);
        p = buf;
        memcpy(p, out, at);
        p += at;
        memcpy(p, number, sizeof(number));
        p += sizeof(number);
        memcpy(p, string, sizeof(string));
        p += sizeof(string);
        memcpy(p, empty, sizeof(empty));
        p += sizeof(empty);
        memcpy(p, out + at, len - at);
        p += len - at;

        assert_int_equal(decode(buf, (size_t) (p - buf), &back, &copy), PLATEN_OK);
        assert_job_equal(&job, &back);
        free(copy);

        /* Unknown is not unchecked. */
        assert_int_equal(decode_rc(buf, at + sizeof(number) - 1), PLATEN_CORRUPT);
        assert_int_equal(decode_rc(buf, at + sizeof(number) + sizeof(string) - 1),
                         PLATEN_CORRUPT);
    }
    free(out);
}

static void
test_any_order(void **state)
{
    static const uint8_t in[] = { 'P',    1,           23 << 1 | 1, 1, 0, 0, 0,   'o',
                                  1 << 1, 4,           0,           0, 0, 0, 0,   0,
                                  0,      14 << 1 | 1, 1,           0, 0, 0, 'c', 2 << 1,
                                  5,      0,           0,           0, 0, 0, 0,   0 };
    platen_job_t         job;
    uint8_t             *copy;

    (void) state;

    assert_int_equal(decode(in, sizeof(in), &job, &copy), PLATEN_OK);
    assert_true(platen_str_eq(job.owner, PLATEN_STR("o")));
    assert_true(platen_str_eq(job.client, PLATEN_STR("c")));
    assert_int_equal(job.state, 4);
    assert_int_equal(job.epoch, 5);
    free(copy);
}

/* A number where a string belongs, and the other way round. */
static void
test_wrong_kind(void **state)
{
    uint8_t in[11] = { 'P', 1 };
    size_t  i;

    (void) state;

    for (i = 0; i < platen_job_nfields; i++) {
        memset(in + 2, 0, sizeof(in) - 2);
        in[2] = (uint8_t) (platen_job_fields[i].number << 1);
        if (platen_job_fields[i].type == PLATEN_FIELD_STR) {
            assert_int_equal(decode_rc(in, 11), PLATEN_CORRUPT);
        } else {
            assert_int_equal(decode_rc(in, 11), PLATEN_OK);
            in[2] |= 1;
            assert_int_equal(decode_rc(in, 7), PLATEN_CORRUPT);
        }
    }
}

static void
test_number_too_large(void **state)
{
    uint8_t  in[11] = { 'P', 1 };
    uint64_t max;
    size_t   i, at;
    int      bit;

    (void) state;

    for (i = 0; i < platen_job_nfields; i++) {
        if (platen_job_fields[i].type == PLATEN_FIELD_STR) {
            continue;
        }
        max = platen_job_fields[i].type == PLATEN_FIELD_U8    ? UINT8_MAX
              : platen_job_fields[i].type == PLATEN_FIELD_U32 ? UINT32_MAX
                                                              : UINT64_MAX;
        in[2] = (uint8_t) (platen_job_fields[i].number << 1);
        for (bit = 0; bit < 64; bit++) {
            for (at = 0; at < 8; at++) {
                in[3 + at] = (uint8_t) ((UINT64_C(1) << bit) >> (8 * at));
            }
            assert_int_equal(decode_rc(in, 11),
                             UINT64_C(1) << bit <= max ? PLATEN_OK : PLATEN_CORRUPT);
        }
    }
}

static void
test_string_length_lies(void **state)
{
    static const uint32_t lengths[] = { 4, 5, 0xff, 0x7fffffff, 0x80000000, UINT32_MAX };
    uint8_t               in[] = { 'P', 1, 14 << 1 | 1, 3, 0, 0, 0, 'a', 'b', 'c' };
    size_t                i, at;

    (void) state;

    assert_int_equal(decode_rc(in, sizeof(in)), PLATEN_OK);
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (at = 0; at < 4; at++) {
            in[3 + at] = (uint8_t) (lengths[i] >> (8 * at));
        }
        assert_int_equal(decode_rc(in, sizeof(in)), PLATEN_CORRUPT);
    }
}

static void
test_header(void **state)
{
    uint8_t  in[] = { 'P', 1, 14 << 1 | 1, 1, 0, 0, 0, 'a' };
    unsigned c;

    (void) state;

    assert_int_equal(decode_rc(in, 0), PLATEN_CORRUPT);
    assert_int_equal(decode_rc(in, 1), PLATEN_CORRUPT);
    assert_int_equal(decode_rc(in, 2), PLATEN_OK);

    for (c = 0; c < 256; c++) {
        in[0] = (uint8_t) c;
        assert_int_equal(decode_rc(in, sizeof(in)), c == 'P' ? PLATEN_OK : PLATEN_CORRUPT);
    }

    /* A later version is not looked into; version 0 has never been written. */
    in[0] = 'P';
    in[3] = 0xff;
    for (c = 2; c < 256; c++) {
        in[1] = (uint8_t) c;
        assert_int_equal(decode_rc(in, sizeof(in)), PLATEN_TOO_NEW);
        assert_int_equal(decode_rc(in, 2), PLATEN_TOO_NEW);
    }
    in[1] = 0;
    assert_int_equal(decode_rc(in, 2), PLATEN_CORRUPT);
}

/* Every single-bit error: never a read out of bounds, and never another length. */
static void
test_bit_flips(void **state)
{
    platen_job_t job = full_job(), back;
    uint8_t     *out, *copy;
    size_t       len, i;
    int          rc;

    (void) state;

    out = encode(&job, &len);
    for (i = 0; i < len * 8; i++) {
        out[i / 8] ^= (uint8_t) (1 << i % 8);
        rc = decode(out, len, &back, &copy);
        assert_true(rc == PLATEN_OK || rc == PLATEN_CORRUPT
                    || (rc == PLATEN_TOO_NEW && i < 16));
        if (rc == PLATEN_OK) {
            assert_true(platen_codec_size(JOB, &back) <= len);
            round_trip(&back);
        }
        free(copy);
        out[i / 8] ^= (uint8_t) (1 << i % 8);
    }
    free(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),           cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_empty_record),     cmocka_unit_test(test_event),
        cmocka_unit_test(test_truncation),       cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_any_order),        cmocka_unit_test(test_wrong_kind),
        cmocka_unit_test(test_number_too_large), cmocka_unit_test(test_string_length_lies),
        cmocka_unit_test(test_header),           cmocka_unit_test(test_bit_flips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
