/* Tests of platen_sniff: containers, text kinds, polyglots, and what a hint may decide. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "format/sniff.h"
#include "zip_bytes.h"

#define PDF "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
#define PNG                                                                                    \
    "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0\37\25\304\211\0\0\0\0IEND\256B`" \
    "\202"

static const platen_format_t *
format(const char *name)
{
    const platen_format_t *f = platen_format_find(name, strlen(name));

    assert_non_null(f);
    return f;
}

static uint64_t
bits(const char *names)
{
    uint64_t set = 0;
    size_t   n;

    while (*names != '\0') {
        n = strcspn(names, " ");
        set |= UINT64_C(1) << platen_format_index(platen_format_find(names, n));
        names += n + (names[n] == ' ');
    }
    return set;
}

static platen_sniff_t
sniff_bytes(const void *data, size_t len)
{
    platen_sniff_t sniff;
    int            fd = bytes_fd(data, len);

    assert_true(fd >= 0);
    memset(&sniff, 0xff, sizeof(sniff));
    assert_int_equal(platen_sniff(fd, (off_t) len, &sniff), PLATEN_OK);
    assert_non_null(memchr(sniff.what, '\0', sizeof(sniff.what)));
    assert_true(sniff.what[0] != '\0');
    close(fd);
    return sniff;
}

static platen_sniff_t
sniff_text(const char *text)
{
    return sniff_bytes(text, strlen(text));
}

/* Ends the directory, sniffs the file, and frees it. */
static platen_sniff_t
sniff_zip(zip_t *z)
{
    platen_sniff_t sniff;

    zip_end(z, 0);
    sniff = sniff_bytes(z->file.data, z->file.len);
    zip_free(z);
    return sniff;
}

static void
assert_is(const platen_sniff_t *sniff, const char *name)
{
    if (sniff->format == NULL) {
        fail_msg("expected %s, found \"%s\"", name, sniff->what);
    }
    assert_string_equal(sniff->format->name, name);
    assert_true(sniff->could_be == bits(name));
    assert_string_equal(sniff->what, sniff->format->title);
}

static void
assert_is_none(const platen_sniff_t *sniff, const char *what)
{
    assert_null(sniff->format);
    assert_true(sniff->could_be == 0);
    assert_string_equal(sniff->what, what);
}

static void
test_ooxml(void **state)
{
    static const char *const parts[][2] = { { "word/document.xml", "docx" },
                                            { "xl/workbook.xml", "xlsx" },
                                            { "ppt/presentation.xml", "pptx" } };
    platen_sniff_t           sniff;
    zip_t                    z = { 0 };
    size_t                   i;

    (void) state;

    for (i = 0; i < 3; i++) {
        zip_add(&z, "[Content_Types].xml", "<Types/>");
        zip_add(&z, "_rels/.rels", "");
        zip_add(&z, parts[i][0], "");
        sniff = sniff_zip(&z);
        assert_is(&sniff, parts[i][1]);

        /* libmagic goes by the order of the names; this does not. */
        zip_add(&z, parts[i][0], "");
        zip_add(&z, "docProps/app.xml", "");
        zip_add(&z, "[Content_Types].xml", "<Types/>");
        sniff = sniff_zip(&z);
        assert_is(&sniff, parts[i][1]);

        /* Neither half is enough. */
        zip_add(&z, parts[i][0], "");
        sniff = sniff_zip(&z);
        assert_is(&sniff, "zip");
        zip_add(&z, "[Content_Types].xml", "<Types/>");
        zip_add(&z, "other/document.xml", "");
        sniff = sniff_zip(&z);
        assert_is(&sniff, "zip");

        /* All of a package is, wherever its parts lie. */
        zip_add(&z, strchr(parts[i][0], '/') + 1, "");
        zip_add(&z, "_rels/.rels", "");
        zip_add(&z, "[Content_Types].xml", "<Types/>");
        sniff = sniff_zip(&z);
        assert_is(&sniff, parts[i][1]);
    }

    /* An embedded sheet does not make a text a sheet. */
    zip_add(&z, "[Content_Types].xml", "<Types/>");
    zip_add(&z, "word/embeddings/xl/workbook.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "docx");
}

static void
test_opendocument(void **state)
{
    static const char mime[] = "application/vnd.oasis.opendocument.text";
    zip_spec_t        deflated = { .name = "mimetype",
                                   .name_len = 8,
                                   .contents = mime,
                                   .len = sizeof(mime) - 1,
                                   .method = 8 };
    platen_sniff_t    sniff;
    zip_t             z = { 0 };

    (void) state;

    zip_add(&z, "mimetype", mime);
    zip_add(&z, "content.xml", "");
    zip_add(&z, "META-INF/manifest.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "odt");

    zip_add(&z, "content.xml", "");
    zip_add(&z, "META-INF/manifest.xml", "");
    zip_add(&z, "mimetype", "application/vnd.oasis.opendocument.spreadsheet-template\r\n");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "ods");

    /* Packed or encrypted, it cannot be read: some kind. */
    zip_add_spec(&z, &deflated);
    zip_add(&z, "META-INF/manifest.xml", "");
    sniff = sniff_zip(&z);
    assert_null(sniff.format);
    assert_true(sniff.could_be == bits("odt ods odp"));
    assert_string_equal(sniff.what, "an OpenDocument file of some kind");

    deflated.method = 0;
    deflated.flags = 1;
    zip_add_spec(&z, &deflated);
    zip_add(&z, "META-INF/manifest.xml", "");
    sniff = sniff_zip(&z);
    assert_null(sniff.format);
    assert_true(sniff.could_be == bits("odt ods odp"));
}

static void
test_epub(void **state)
{
    platen_sniff_t sniff;
    zip_t          z = { 0 };

    (void) state;

    zip_add(&z, "mimetype", "application/epub+zip");
    zip_add(&z, "META-INF/container.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "epub");

    /* Without its mimetype, and with a manifest that EPUB allows. */
    zip_add(&z, "META-INF/manifest.xml", "");
    zip_add(&z, "META-INF/container.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "epub");
}

static void
test_plain_zip(void **state)
{
    static const char *const mimes[] = { "", "\n\r\n", "application/x-unknown",
                                         "application/zip" };
    platen_sniff_t           sniff;
    zip_t                    z = { 0 };
    char                     name[16];
    size_t                   i;

    (void) state;

    sniff = sniff_zip(&z); /* the end record and nothing else */
    assert_is(&sniff, "zip");

    for (i = 0; i < sizeof(mimes) / sizeof(mimes[0]); i++) {
        zip_add(&z, "mimetype", mimes[i]);
        zip_add(&z, "a.docx", "");
        sniff = sniff_zip(&z);
        assert_is(&sniff, "zip");
    }

    /* The walk ends after 10,000 entries, whatever comes then. */
    for (i = 0; i < 10001; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        zip_add(&z, name, "");
    }
    zip_add(&z, "[Content_Types].xml", "");
    zip_add(&z, "word/document.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "zip");
}

/* A mimetype that cannot be a ZIP container's says nothing about this one. */
static void
test_foreign_mimetype(void **state)
{
    static const char *const mimes[] = {
        "text/plain", "application/pdf", "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    };
    platen_sniff_t sniff;
    zip_t          z = { 0 };
    size_t         i;

    (void) state;

    for (i = 0; i < sizeof(mimes) / sizeof(mimes[0]); i++) {
        zip_add(&z, "mimetype", mimes[i]);
        zip_add(&z, "[Content_Types].xml", "");
        zip_add(&z, "word/document.xml", "");
        sniff = sniff_zip(&z);
        assert_is(&sniff, "docx");
    }
}

static void
test_damaged_zip(void **state)
{
    zip_t          z = { 0 };
    platen_sniff_t sniff;
    size_t         len;

    (void) state;

    zip_add(&z, "[Content_Types].xml", "<Types/>");
    zip_add(&z, "word/document.xml", "<w:document/>");
    zip_end(&z, 0);
    for (len = 4; len < z.file.len; len++) {
        sniff = sniff_bytes(z.file.data, len);
        assert_is_none(&sniff, "a damaged ZIP container");
    }

    bytes_patch(&z.file, z.end_at + 16, 3, 4);
    sniff = sniff_bytes(z.file.data, z.file.len);
    assert_is_none(&sniff, "a damaged ZIP container");
    assert_null(platen_sniff_decide(&sniff, format("docx"), 0));
    assert_null(platen_sniff_decide(&sniff, format("docx"), 1));
    assert_null(platen_sniff_decide(&sniff, NULL, 0));
    zip_free(&z);

    sniff = sniff_text("PK\5\6");
    assert_is_none(&sniff, "a damaged ZIP container");
}

static void
test_pdf(void **state)
{
    char           junk[2048];
    platen_sniff_t sniff;

    (void) state;

    sniff = sniff_text(PDF);
    assert_is(&sniff, "pdf");
    sniff = sniff_text("\xef\xbb\xbf\r\n" PDF);
    assert_ptr_equal(sniff.format, format("pdf"));

    /* The header may begin late, if all of it lies in the first 1,024 bytes. */
    memset(junk, 'j', sizeof(junk));
    memcpy(junk + 1024 - 5, PDF, sizeof(PDF));
    sniff = sniff_bytes(junk, sizeof(junk));
    assert_ptr_equal(sniff.format, format("pdf"));
    memset(junk, 'j', sizeof(junk));
    memcpy(junk + 1024 - 4, PDF, sizeof(PDF) - 1);
    sniff = sniff_bytes(junk, sizeof(junk));
    assert_true(sniff.format == NULL || strcmp(sniff.format->name, "pdf") != 0);

    /* libmagic has no word for these, but they are text. */
    sniff = sniff_text("x");
    assert_ptr_equal(platen_sniff_decide(&sniff, format("txt"), 0), format("txt"));
    sniff = sniff_text("a form feed \f and a bell \a\n");
    assert_ptr_equal(platen_sniff_decide(&sniff, format("csv"), 0), format("csv"));
    sniff = sniff_text("\x01\xff\x02\xfe\x03");
    assert_null(platen_sniff_decide(&sniff, format("txt"), 0));

    /* What is text for the rest may be about PDF: the name decides. */
    sniff = sniff_text("The header of a PDF is %PDF-1.7, as everyone knows.\n");
    assert_ptr_equal(platen_sniff_decide(&sniff, format("md"), 0), format("md"));
    assert_ptr_equal(platen_sniff_decide(&sniff, format("pdf"), 0), format("pdf"));

    sniff = sniff_text("%PDF");
    assert_true(sniff.format == NULL || strcmp(sniff.format->name, "pdf") != 0);
}

/* fault 61: a file that is two formats is the one that it begins as, and no other. */
static void
test_polyglot(void **state)
{
    platen_sniff_t sniff;
    zip_t          z = { 0 };

    (void) state;

    /* PDF in front, a docx behind it: any offset in it may even be right. */
    bytes_add(&z.file, PDF, sizeof(PDF) - 1);
    zip_add(&z, "[Content_Types].xml", "");
    zip_add(&z, "word/document.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "pdf");
    assert_ptr_equal(platen_sniff_decide(&sniff, format("pdf"), 0), format("pdf"));
    assert_null(platen_sniff_decide(&sniff, format("docx"), 0));
    assert_null(platen_sniff_decide(&sniff, format("zip"), 0));

    /* ZIP in front, with a stored PDF in the first kilobyte. */
    zip_add(&z, "a", PDF);
    zip_add(&z, "[Content_Types].xml", "");
    zip_add(&z, "xl/workbook.xml", "");
    sniff = sniff_zip(&z);
    assert_is(&sniff, "xlsx");
    assert_null(platen_sniff_decide(&sniff, format("pdf"), 0));
    assert_ptr_equal(platen_sniff_decide(&sniff, format("pdf"), 1), format("xlsx"));
    zip_add(&z, "a", PDF);
    sniff = sniff_zip(&z);
    assert_is(&sniff, "zip");
    assert_null(platen_sniff_decide(&sniff, format("pdf"), 0));

    /* A wrong extension: the PNG is no document, and the document no PNG. */
    sniff = sniff_bytes(PNG, sizeof(PNG) - 1);
    assert_is(&sniff, "png");
    assert_null(platen_sniff_decide(&sniff, format("docx"), 0));
    sniff = sniff_bytes("MZ\220\0\3\0\0\0\4\0\0\0\377\377\0\0", 16);
    assert_null(platen_sniff_decide(&sniff, format("txt"), 0));
}

static void
test_binary(void **state)
{
    static const char cdf[1024] = "\320\317\021\340\241\261\032\341";
    platen_sniff_t    sniff;

    (void) state;

    sniff = sniff_text("{\\rtf1\\ansi hello}");
    assert_is(&sniff, "rtf");
    sniff = sniff_bytes("\377\330\377\340\0\20JFIF\0\1\1\0\0\1\0\1\0\0", 20);
    assert_is(&sniff, "jpeg");
    sniff = sniff_bytes("II*\0\10\0\0\0\0\0\0\0", 12);
    assert_is(&sniff, "tiff");
    sniff = sniff_bytes("PAR1\25\0\25\0PAR1", 12);
    assert_is(&sniff, "parquet");
    sniff = sniff_bytes("GIF89a\1\0\1\0\200\0\0", 13);
    assert_is_none(&sniff, "image/gif");
    /* "UTF-32" on which libmagic fails without a word: unknown, not an I/O error. */
    sniff = sniff_bytes(
        "\377\376\0\0\0\3\377\377\377\377\377\377\377\377\377\377\377\377\377\n", 20);
    assert_is_none(&sniff, "application/octet-stream");
    sniff = sniff_bytes("", 0);
    assert_is_none(&sniff, "empty");
    assert_null(platen_sniff_decide(&sniff, format("txt"), 1));

    /* A compound file that shows no application: any of the three. */
    sniff = sniff_bytes(cdf, sizeof(cdf));
    assert_true((sniff.could_be & ~bits("doc xls ppt docx xlsx pptx")) == 0);
    assert_null(platen_sniff_decide(&sniff, format("pdf"), 0));
}

static void
test_text(void **state)
{
    static const char *const texts[] = {
        "Just some words.\nAnd more.\n",
        "# Heading\n\n* a\n* b\n",
        "a,b,c\n1,2,3\n4,5,6\n7,8,9\n",
        "{\"a\": [1, 2, 3]}\n",
        "<!DOCTYPE html>\n<html><head><title>t</title></head><body>b</body></html>\n",
        "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n",
        "<?xml version=\"1.0\"?>\n<root/>\n",
        "Title\n=====\n\n.. note:: x\n",
        "\xff\xfeh\0i\0\n\0",
        "caf\xe9 in Latin-1\n",
        "\xef\xbb\xbfUTF-8 with a mark: \xc3\xa9\n",
        "#!/bin/sh\necho hello\n",
    };
    static const char *const kinds[] = { "txt", "md",  "csv", "json",      "html",
                                         "svg", "rst", "tsv", "excel-xml", "jsonl" };
    platen_sniff_t           sniff;
    size_t                   i, j;

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sniff = i == 8 ? sniff_bytes(texts[i], 8) : sniff_text(texts[i]);
        if (sniff.could_be != bits("txt md csv json html svg rst tsv excel-xml jsonl")) {
            fail_msg("text %zu: found \"%s\"", i, sniff.what);
        }
        assert_non_null(sniff.format);
        assert_int_equal(sniff.format->family, PLATEN_FAMILY_TEXT);

        /* Text of one kind may be sent as another, but not as a document. */
        for (j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
            assert_ptr_equal(platen_sniff_decide(&sniff, format(kinds[j]), 0),
                             format(kinds[j]));
            assert_ptr_equal(platen_sniff_decide(&sniff, format(kinds[j]), 1),
                             format(kinds[j]));
        }
        assert_null(platen_sniff_decide(&sniff, format("docx"), 0));
        assert_ptr_equal(platen_sniff_decide(&sniff, format("docx"), 1), sniff.format);
        assert_ptr_equal(platen_sniff_decide(&sniff, NULL, 0), sniff.format);
    }

    sniff = sniff_text(texts[4]);
    assert_string_equal(sniff.format->name, "html");
    sniff = sniff_text(texts[3]);
    assert_string_equal(sniff.format->name, "json");
    sniff = sniff_text(texts[5]);
    assert_string_equal(sniff.format->name, "svg");
}

/* Whole documents as XML, of which the source is no text to read: by their root, wherever that
 * begins, and however long its list of namespaces is. */
static void
test_flat_xml(void **state)
{
#define ODF "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\""
    static const struct {
        const char *before, *after, *what; /* a long attribute is between them */
    } texts[] = {
        { "<?xml version=\"1.0\"?>\n<office:document", ODF ">",
          "an OpenDocument file as flat XML" },
        { "\xef\xbb\xbf\n<office:document", ODF ">", "an OpenDocument file as flat XML" },
        { "<!-- <p> --><!DOCTYPE x><o:document", ODF "><o:body/>",
          "an OpenDocument file as flat XML" },
        { "<?mso-application progid=\"Word.Document\"?><w:wordDocument",
          "xmlns:w=\"http://schemas.microsoft.com/office/word/2003/wordml\">",
          "XML of Word 2003" },
        { "<pkg:package", "xmlns:pkg=\"http://schemas.microsoft.com/office/2006/xmlPackage\">",
          "a document of Word as one XML file (Flat OPC)" },
        { "<ss:Workbook", "xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">",
          "excel-xml" },
        { "<html", ODF "><p>", "html" },
        { "<document", ">" ODF, "" },
        { "<x><office:document", ODF ">", "" },
        { "<!-- <office:document", ODF ">", "" },
        { "<", "", "" },
    };
    platen_sniff_t sniff;
    char           text[8192];
    size_t         i;
    int            room;

    (void) state;
    for (room = 0; room < 6000; room += 5000) {
        for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            snprintf(text, sizeof(text), "%s a=\"%*s\" %s", texts[i].before, room, "",
                     texts[i].after);
            sniff = sniff_text(text);
            if (strlen(texts[i].what) > 9) {
                assert_null(sniff.format);
                assert_string_equal(sniff.what, texts[i].what);
                assert_ptr_equal(platen_sniff_decide(&sniff, format("txt"), 1), format("txt"));
            } else {
                assert_non_null(sniff.format);
                if (*texts[i].what != '\0') {
                    assert_string_equal(sniff.format->name, texts[i].what);
                }
            }
        }
    }
#undef ODF
}

/* HTML begins after what may stand before it, however long that is. */
static void
test_html_after_comment(void **state)
{
    static const char *const ends[] = { "<!DOCTYPE html><p>", "<HTML><body>", "x <html>", "" };
    platen_sniff_t           sniff;
    char                     text[4096];
    size_t                   i;

    (void) state;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(text, sizeof(text), "\n<!-- %03000d -->\n<?php ?> \n%s", 0, ends[i]);
        sniff = sniff_text(text);
        assert_string_equal(sniff.format->name, i < 2 ? "html" : "txt");
    }
    snprintf(text, sizeof(text), "<!-- %03000d <html>", 0);
    sniff = sniff_text(text);
    assert_string_equal(sniff.format->name, "txt");
}

static void
test_decide(void **state)
{
    static const struct {
        const char *content; /* NULL: unknown */
        const char *could_be;
        const char *hint; /* NULL: none */
        int         weak;
        const char *expected; /* NULL: refused */
    } rows[] = {
        { "pdf", "pdf", NULL, 0, "pdf" },
        { "pdf", "pdf", NULL, 1, "pdf" },
        { "pdf", "pdf", "pdf", 0, "pdf" },
        { "pdf", "pdf", "pdf", 1, "pdf" },
        { "pdf", "pdf", "docx", 0, NULL },
        { "pdf", "pdf", "docx", 1, "pdf" },
        { "txt", "txt md csv", "md", 0, "md" },
        { "txt", "txt md csv", "md", 1, "md" },
        { "txt", "txt md csv", NULL, 0, "txt" },
        { "txt", "txt md csv", "html", 0, NULL },
        { "txt", "txt md csv", "html", 1, "txt" },
        /* an encrypted container: only the hint can tell */
        { NULL, "docx xlsx pptx doc xls ppt", "xlsx", 0, "xlsx" },
        { NULL, "docx xlsx pptx doc xls ppt", "xlsx", 1, "xlsx" },
        { NULL, "docx xlsx pptx doc xls ppt", "doc", 0, "doc" },
        { NULL, "docx xlsx pptx doc xls ppt", NULL, 0, NULL },
        { NULL, "docx xlsx pptx doc xls ppt", "pdf", 0, NULL },
        { NULL, "docx xlsx pptx doc xls ppt", "pdf", 1, NULL },
        /* unknown content */
        { NULL, "", NULL, 0, NULL },
        { NULL, "", "pdf", 0, NULL },
        { NULL, "", "pdf", 1, NULL },
        /* the first and the last bit */
        { "docx", "docx", "docx", 0, "docx" },
        { "txt", "txt rst", "rst", 0, "rst" },
    };
    platen_sniff_t         sniff = { 0 };
    const platen_format_t *got;
    size_t                 i;

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sniff.format = rows[i].content == NULL ? NULL : format(rows[i].content);
        sniff.could_be = bits(rows[i].could_be);
        got = platen_sniff_decide(&sniff, rows[i].hint == NULL ? NULL : format(rows[i].hint),
                                  rows[i].weak);
        if (got != (rows[i].expected == NULL ? NULL : format(rows[i].expected))) {
            fail_msg("row %zu: got %s", i, got == NULL ? "none" : got->name);
        }
    }
}

static void
test_unreadable(void **state)
{
    platen_sniff_t sniff;
    int            pipes[2];

    (void) state;

    assert_int_equal(platen_sniff(-1, 10, &sniff), PLATEN_ERROR);
    assert_int_equal(errno, EBADF);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(platen_sniff(pipes[0], 10, &sniff), PLATEN_ERROR);
    assert_int_equal(errno, ESPIPE);
    close(pipes[0]);
    close(pipes[1]);
}

static void *
sniff_in_thread(void *data)
{
    platen_sniff_t sniff;
    int            fd = bytes_fd(data, strlen(data)), rc;

    rc = platen_sniff(fd, (off_t) strlen(data), &sniff);
    close(fd);
    return rc == PLATEN_OK && sniff.format != NULL ? (void *) sniff.format : NULL;
}

/* Each thread loads a handle of its own, and frees it (the leak checker looks). */
static void
test_threads(void **state)
{
    pthread_t threads[4];
    void     *got;
    int       i;

    (void) state;

    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sniff_in_thread,
                                        i % 2 == 0 ? "{\\rtf1 x}" : "<!DOCTYPE html><html>"),
                         0);
    }
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_ptr_equal(got, format(i % 2 == 0 ? "rtf" : "html"));
    }

    assert_int_equal(setenv("MAGIC", "/nonexistent/magic", 1), 0);
    assert_int_equal(pthread_create(&threads[0], NULL, sniff_in_thread, "{\\rtf1 x}"), 0);
    assert_int_equal(pthread_join(threads[0], &got), 0);
    assert_null(got);
    unsetenv("MAGIC");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ooxml),
        cmocka_unit_test(test_opendocument),
        cmocka_unit_test(test_epub),
        cmocka_unit_test(test_plain_zip),
        cmocka_unit_test(test_foreign_mimetype),
        cmocka_unit_test(test_damaged_zip),
        cmocka_unit_test(test_pdf),
        cmocka_unit_test(test_polyglot),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_flat_xml),
        cmocka_unit_test(test_html_after_comment),
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
