/*
 * mkjob: fills a store with jobs as a client and a sidecar would have left them,
 * so that the benchmarks can read jobs without converting anything.
 *
 *   mkjob STORE DATA CLIENT WAITING[:FILE] SIZE...
 *
 * adds WAITING jobs of CLIENT that stay PENDING (records without files; or with
 * FILE, a DOCX, as the document of each), then one job for each SIZE that went all the way to
 * SUCCESS, with a result of SIZE bytes.  Prints a line "id path" for the last one that waits
 * (path "-") and for each finished one.  Runs beside a running nginx or without one.  Exits 1
 * with a sentence if anything fails; what was made before that stays.
 */

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platen.h"
#include "base/id.h"
#include "disk/layout.h"
#include "store/store.h"

#define GROUP 1000 /* records in one transaction */

static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "mkjob: %s: %s\n", what, why);
    exit(1);
}

static void
check(int rc, const char *what)
{
    if (rc != PLATEN_OK) {
        fail(what, platen_strerror(rc));
    }
}

static unsigned long long
number(const char *text)
{
    char              *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (end == text || *end != '\0') {
        fail(text, "is no number");
    }
    return n;
}

static void
new_job(platen_job_t *job, const char *client)
{
    static const uint8_t sha256[PLATEN_SHA256_LEN];

    memset(job, 0, sizeof(*job));
    check(platen_id_new(&job->id), "making an id");
    job->ttl = 24 * 60 * 60;
    job->input_size = 1 << 20;
    job->client = platen_str(client);
    job->request_id = PLATEN_STR("0123456789abcdef0123456789abcdef");
    job->source_format = PLATEN_STR("docx");
    job->target_format = PLATEN_STR("pdf");
    job->input_filename = PLATEN_STR("quarterly-report.docx");
    job->input_sha256 = (platen_str_t){ (const char *) sha256, sizeof(sha256) };
}

/* Its document, which nobody syncs. */
static void
write_input(const char *data, const platen_job_t *job, const char *bytes, size_t len)
{
    platen_tmp_t tmp;

    if (platen_layout_tmp(data, &tmp) != 0 || write(tmp.fd, bytes, len) != (ssize_t) len
        || close(tmp.fd) != 0
        || platen_layout_publish(data, tmp.path, PLATEN_DIR_INPUT, &job->id, 0) != 0) {
        perror("mkjob: writing a document");
        exit(1);
    }
}

static platen_id_t
add_waiting(platen_store_t *store, const char *data, const char *client,
            unsigned long long count, const char *file)
{
    static char  bytes[1 << 20];
    size_t       len = 0;
    FILE        *in;
    uint8_t      sha256[PLATEN_SHA256_LEN];
    platen_txn_t txn;
    platen_job_t job = { 0 };
    int          n;

    if (file != NULL) {
        in = fopen(file, "rb");
        len = in == NULL ? 0 : fread(bytes, 1, sizeof(bytes), in);
        if (len == 0 || EVP_Digest(bytes, len, sha256, NULL, EVP_sha256(), NULL) != 1) {
            fail(file, "cannot be read");
        }
        fclose(in);
    }

    while (count > 0) {
        check(platen_txn_write(store, &txn), "beginning a transaction");
        for (n = 0; n < GROUP && count > 0; n++, count--) {
            new_job(&job, client);
            if (file != NULL) {
                job.input_size = len;
                job.input_sha256 = (platen_str_t){ (const char *) sha256, sizeof(sha256) };
                write_input(data, &job, bytes, len);
            }
            check(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, platen_now_us()),
                  "adding a job");
        }
        check(platen_txn_commit(&txn), "committing");
    }
    return job.id;
}

/* Writes `size` bytes that look like a PDF and are not all the same. */
static void
write_result(const char *data, const platen_job_t *job, unsigned long long size,
             uint8_t sha256[PLATEN_SHA256_LEN])
{
    static char  block[65536];
    platen_tmp_t tmp;
    EVP_MD_CTX  *md = EVP_MD_CTX_new();
    uint32_t     x = 2463534242u;
    size_t       n, i;

    if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        fail("SHA-256", "not in OpenSSL");
    }
    if (platen_layout_tmp(data, &tmp) != 0) {
        perror("mkjob: making a file");
        exit(1);
    }

    while (size > 0) {
        for (i = 0; i < sizeof(block); i += sizeof(x)) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            memcpy(block + i, &x, sizeof(x));
        }
        if (lseek(tmp.fd, 0, SEEK_CUR) == 0) {
            memcpy(block, "%PDF-1.7\n", 9);
        }
        n = size < sizeof(block) ? (size_t) size : sizeof(block);
        if (write(tmp.fd, block, n) != (ssize_t) n) {
            perror("mkjob: writing a file");
            exit(1);
        }
        EVP_DigestUpdate(md, block, n);
        size -= n;
    }

    EVP_DigestFinal_ex(md, sha256, NULL);
    EVP_MD_CTX_free(md);
    close(tmp.fd);
    if (platen_layout_publish(data, tmp.path, PLATEN_DIR_OUTPUT, &job->id, job->epoch) != 0) {
        perror("mkjob: moving a file into place");
        exit(1);
    }
}

static void
add_finished(platen_store_t *store, const char *data, const char *client,
             unsigned long long size)
{
    platen_txn_t txn;
    platen_job_t job;
    uint8_t      sha256[PLATEN_SHA256_LEN];
    char         id[PLATEN_ID_TEXT + 1], path[PLATEN_PATH_MAX];

    new_job(&job, client);
    check(platen_txn_write(store, &txn), "beginning a transaction");
    check(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, platen_now_us()),
          "adding a job");
    check(platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, platen_now_us()),
          "claiming it");

    write_result(data, &job, size, sha256);
    job.output_size = size;
    job.output_sha256 = (platen_str_t){ (const char *) sha256, sizeof(sha256) };
    check(platen_store_transition(&txn, &job, PLATEN_STATE_SUCCESS, platen_now_us()),
          "finishing it");
    check(platen_txn_commit(&txn), "committing");

    platen_id_format(&job.id, id);
    platen_layout_path(data, PLATEN_DIR_OUTPUT, &job.id, job.epoch, path);
    printf("%s %s\n", id, path);
}

int
main(int argc, char **argv)
{
    platen_store_t *store;
    platen_id_t     waiting;
    char            err[256], id[PLATEN_ID_TEXT + 1], *file;
    int             i;

    if (argc < 5) {
        fprintf(stderr, "usage: mkjob STORE DATA CLIENT WAITING SIZE...\n");
        return 2;
    }
    if (platen_layout_prepare(argv[2]) != 0) {
        perror("mkjob: the data directory");
        return 1;
    }
    if (platen_store_open(&store, argv[1], 0, err, sizeof(err)) != PLATEN_OK) {
        fail("the store", err);
    }

    file = strchr(argv[4], ':');
    if (file != NULL) {
        *file++ = '\0';
    }
    waiting = add_waiting(store, argv[2], argv[3], number(argv[4]), file);
    platen_id_format(&waiting, id);
    printf("%s -\n", id);
    for (i = 5; i < argc; i++) {
        add_finished(store, argv[2], argv[3], number(argv[i]));
    }

    platen_store_close(&store);
    return 0;
}
