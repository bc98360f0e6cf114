/* Parts of OOXML text documents, rewritten (sidecar/docx). */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "docx/notes.h"
#include "docx/rewrite.h"

#define OPEN                                                                                   \
    "<d:document xmlns:d=\"" PLATEN_DOCX_W "\" xmlns:mc=\"http://schemas.openxmlformats.org/"  \
    "markup-compatibility/2006\"><d:body>"
#define CLOSE "</d:body></d:document>"
#define P(text) "<d:p><d:r><d:t>" text "</d:t></d:r></d:p>"
#define BOX(text) "<d:pict><d:txbxContent>" text "</d:txbxContent></d:pict>"

/* The body of what becomes of this one; "=" if it stays. */
static char *
rewritten(platen_docx_rules_t *rules, const char *body)
{
    platen_docx_tree_t tree;
    char              *part, *out;
    size_t             size = strlen(body) + sizeof(OPEN) + sizeof(CLOSE), len;

    part = malloc(size);
    assert_non_null(part);
    snprintf(part, size, OPEN "%s" CLOSE, body);
    assert_int_equal(platen_docx_tree_open(&tree, part, strlen(part)), 0);
    out = platen_docx_rewrite(rules, &tree, &len);
    platen_docx_tree_close(&tree);
    free(part);
    if (out == NULL) {
        return strdup("=");
    }
    assert_int_equal(strncmp(out, OPEN, sizeof(OPEN) - 1), 0);
    memmove(out, out + sizeof(OPEN) - 1, len - (sizeof(OPEN) - 1));
    len -= sizeof(OPEN) - 1 + sizeof(CLOSE) - 1;
    out[len] = '\0';
    return out;
}

static void
assert_becomes(unsigned what, const char *body, const char *wanted)
{
    platen_docx_rules_t rules = { .what = what };
    char               *got = rewritten(&rules, body);

    assert_string_equal(got, wanted);
    free(got);
}

static void
test_boxes(void **state)
{
    (void) state;
    assert_becomes(PLATEN_DOCX_BOXES, P("a"), "=");
    assert_becomes(PLATEN_DOCX_BOXES,
                   "<d:p><d:r><d:t>a</d:t>" BOX(P("b") P("c")) "</d:r></d:p>" P("d"),
                   P("a") P("b") P("c") P("d"));
    /* Twice in the document, once in the result; and one in another. */
    assert_becomes(
        PLATEN_DOCX_BOXES,
        "<d:p><d:r><mc:AlternateContent><mc:Choice Requires=\"x\">" BOX(P(
            "b")) "</mc:Choice><mc:Fallback>" BOX(P("b")) "</mc:Fallback>"
                                                          "</mc:AlternateContent></d:r></d:p>",
        "<d:p><d:r></d:r></d:p>" P("b"));
    assert_becomes(
        PLATEN_DOCX_BOXES,
        "<d:p><d:r><mc:AlternateContent><mc:Choice Requires=\"x\"/><mc:Fallback>" BOX(
            "<d:p>" BOX(P("c")) "</d:p>") "</mc:Fallback></mc:AlternateContent>"
                                          "</d:r></d:p>",
        "<d:p><d:r></d:r></d:p><d:p></d:p>" P("c"));
    /* A paragraph in another one, which is none of Word: once, too. */
    assert_becomes(PLATEN_DOCX_BOXES, "<d:p><d:p><d:r>" BOX(P("b")) "</d:r></d:p></d:p>",
                   "<d:p><d:p><d:r></d:r></d:p>" P("b") "</d:p>");
    /* A prefix that was declared around it: it stays where it is. */
    assert_becomes(PLATEN_DOCX_BOXES,
                   "<d:p><x:s xmlns:x=\"x\">" BOX("<d:p><x:t/></d:p>") "</x:s></d:p>", "=");
}

static void
test_hidden(void **state)
{
    platen_docx_rules_t rules = { .what = PLATEN_DOCX_HIDDEN };
    static const char   styles[] =
        "<d:styles xmlns:d=\"" PLATEN_DOCX_W "\">"
        "<d:style d:styleId=\"child\"><d:basedOn d:val=\"secret\"/></d:style>"
        "<d:style d:styleId=\"open\"><d:basedOn d:val=\"secret\"/><d:rPr><d:vanish "
        "d:val=\"0\"/></d:rPr></d:style>"
        "<d:style d:styleId=\"secret\"><d:rPr><d:vanish/></d:rPr></d:style></d:styles>";
    char *got;

    (void) state;
    platen_docx_rules_styles(&rules, styles, sizeof(styles) - 1);
    assert_int_equal(rules.nhidden, 2);
#define RUN(properties, text) "<d:r><d:rPr>" properties "</d:rPr>" text "</d:r>"
#define T "<d:t>t</d:t>"
    got = rewritten(
        &rules, "<d:p>" RUN("<d:vanish/>", T "<d:fldChar/>")
                    RUN("<d:vanish d:val=\"false\"/>", T) RUN("<d:rStyle d:val=\"child\"/>", T)
                        RUN("<d:rStyle d:val=\"open\"/>",
                            T) "</d:p><d:p><d:pPr><d:pStyle d:val=\"secret\"/></d:pPr><d:r>" T
                               "</d:r>" RUN("<d:vanish d:val=\"off\"/>", T) "</d:p>");
    assert_string_equal(got, "<d:p>" RUN("<d:vanish/>", "<d:fldChar/>")
                                 RUN("<d:vanish d:val=\"false\"/>", T)
                                     RUN("<d:rStyle d:val=\"child\"/>", "")
                                         RUN("<d:rStyle d:val=\"open\"/>",
                                             T) "</d:p><d:p><d:pPr><d:pStyle "
                                                "d:val=\"secret\"/></d:pPr><d:r></d:r>" RUN(
                                                    "<d:vanish d:val=\"off\"/>", T) "</d:p>");
    free(got);
    platen_docx_rules_clear(&rules);
}

static void
test_notes(void **state)
{
    platen_docx_rules_t rules = { .what = PLATEN_DOCX_NOTES };
    static const char   notes[] =
        "<d:footnotes xmlns:d=\"" PLATEN_DOCX_W "\"><d:footnote d:id=\"2\">" P("&lt;a")
            P("b") "</d:footnote></d:footnotes>";
    static const char wanted[] =
        "<d:p><d:r><w:t xmlns:w=\"" PLATEN_DOCX_W "\" xml:space=\"preserve\">[1]</w:t></d:r>"
        "</d:p><w:p xmlns:w=\"" PLATEN_DOCX_W "\"><w:r><w:t xml:space=\"preserve\">[1] &lt;a"
        "</w:t></w:r></w:p><w:p xmlns:w=\"" PLATEN_DOCX_W
        "\"><w:r><w:t xml:space=\"preserve\">b"
        "</w:t></w:r></w:p><d:sectPr/>";
    char *got;

    (void) state;
    platen_docx_notes_read(&rules, notes, sizeof(notes) - 1);
    got =
        rewritten(&rules, "<d:p><d:r><d:footnoteReference d:id=\"2\"/></d:r></d:p><d:sectPr/>");
    assert_string_equal(got, wanted);
    free(got);
    platen_docx_rules_clear(&rules);
}

/* A comment says whose it is, as a whole: a part of its name may be no XML, nor UTF-8. */
static void
test_long_author(void **state)
{
    platen_docx_rules_t rules = { .what = PLATEN_DOCX_NOTES };
    char                name[600] = "", part[1200], wanted[700];
    int                 i;

    (void) state;
    for (i = 0; i < 100; i++) {
        strcat(name, "&amp;");
    }
    snprintf(part, sizeof(part),
             "<d:comments xmlns:d=\"" PLATEN_DOCX_W "\"><d:comment d:id=\"1\" d:author=\"%s\">"
             "<d:p><d:r><d:t>said</d:t></d:r></d:p></d:comment></d:comments>",
             name);
    platen_docx_notes_read(&rules, part, strlen(part));
    snprintf(wanted, sizeof(wanted), "%s: said", name);
    assert_int_equal(rules.nnotes, 1);
    assert_string_equal(rules.notes[0].text, wanted);
    platen_docx_rules_clear(&rules);
}

static void
test_tables_and_runs(void **state)
{
#define COLUMN "<w:gridCol w:w=\"1000\"/>"
#define CELLS "<d:tr><d:tc><d:tcPr><d:gridSpan d:val=\"2\"/></d:tcPr></d:tc><d:tc/></d:tr>"
    (void) state;
    assert_becomes(PLATEN_DOCX_GRIDS, "<d:tbl><d:tblGrid/>" CELLS "</d:tbl>", "=");
    assert_becomes(PLATEN_DOCX_GRIDS, "<d:tbl><d:tblPr/>" CELLS "</d:tbl>",
                   "<d:tbl><d:tblPr/><w:tblGrid xmlns:w=\"" PLATEN_DOCX_W
                   "\">" COLUMN COLUMN COLUMN "</w:tblGrid>" CELLS "</d:tbl>");
    assert_becomes(PLATEN_DOCX_RUNS,
                   "<d:p><d:r><d:rPr/><d:t>a</d:t><d:tab/><d:drawing/><d:t>b</d:t></d:r></d:p>",
                   "<d:p><d:r><d:rPr/><d:t>a</d:t><d:tab/></d:r><d:r><d:rPr/><d:drawing/></d:r>"
                   "<d:r><d:rPr/><d:t>b</d:t></d:r></d:p>");
}

#define TEXT(text) "<w:t xmlns:w=\"" PLATEN_DOCX_W "\" xml:space=\"preserve\">" text "</w:t>"
#define SYM(font, code) "<d:r><d:sym d:font=\"" font "\" d:char=\"" code "\"/></d:r>"
#define IN(font, text)                                                                         \
    "<d:r><d:rPr><d:rFonts d:ascii=\"" font "\"/></d:rPr><d:t>" text "</d:t></d:r>"

static void
test_symbols(void **state)
{
    platen_docx_rules_t rules = { .what = PLATEN_DOCX_SYMBOLS };
    char               *got;

    (void) state;
    assert_becomes(0, SYM("Symbol", "F061"), "=");
    assert_becomes(rules.what, P("\xef\x81\xa1 <![CDATA[]]>"), "=");
    assert_becomes(rules.what, SYM("Symbol", "F061") SYM("Wingdings", "004A"),
                   "<d:r>" TEXT("\xce\xb1") "</d:r><d:r>" TEXT("\xe2\x98\xba") "</d:r>");
    assert_becomes(rules.what, IN("Wingdings", "\xef\x83\xa0 J&amp;") IN("Symbol", "&lt;a"),
                   "<d:r><d:rPr></d:rPr><d:t>\xe2\x86\x92 \xe2\x98\xba&amp;</d:t></d:r>"
                   "<d:r><d:rPr></d:rPr><d:t>&lt;\xce\xb1</d:t></d:r>");
    assert_becomes(rules.what, IN("Wingdings", "&#xF0E0;&#61514;") IN("Symbol", "&#97;"),
                   "<d:r><d:rPr></d:rPr><d:t>\xe2\x86\x92\xe2\x98\xba</d:t></d:r>"
                   "<d:r><d:rPr></d:rPr><d:t>\xce\xb1</d:t></d:r>");
    got = rewritten(&rules, SYM("Mine", "F041") SYM("Wingdings", "FFFFF") SYM("Serif", "41")
                                IN("Mine", "\xef\x81\x81") SYM("Symbol", ""));
    assert_string_equal(
        got,
        "<d:r>" TEXT("\xef\xbf\xbd") "</d:r><d:r>" TEXT(
            "\xef\xbf\xbd") "</d:r>"
                            "<d:r>" TEXT("A") "</d:r>" IN("Mine", "\xef\x81\x81") "<d:r>" TEXT(
                                "\xef\xbf\xbd") "</d:r>");
    assert_int_equal(rules.strange, 4);
    assert_string_equal(rules.strange_font, "Mine");
    free(got);
}

#define CHAR(type) "<d:r><d:fldChar d:fldCharType=\"" type "\"/></d:r>"
#define FIELD(instruction, result)                                                             \
    CHAR("begin")                                                                              \
    "<d:r><d:instrText>" instruction                                                           \
    "</d:instrText></d:r>" CHAR("separate") "<d:r><d:t>" result "</d:t></d:r>" CHAR("end")
#define SAVED(result)                                                                          \
    "<d:r></d:r><d:r></d:r><d:r></d:r><d:r><d:t>" result "</d:t></d:r><d:r></d:r>"

static void
test_fields(void **state)
{
    static char         here[] = "Here";
    char               *bookmarks[] = { here };
    platen_docx_rules_t rules = { .what = PLATEN_DOCX_FIELDS,
                                  .bookmarks = bookmarks,
                                  .nbookmarks = 1 };
    static const struct {
        unsigned    what;
        int         headings;
        const char *body, *wanted;
    } cases[] = {
        { PLATEN_DOCX_FIELDS, 0, FIELD(" REF here \\h ", "a"), "=" },
        { PLATEN_DOCX_FIELDS, 0, FIELD(" REF gone", "a"), SAVED("a") },
        { PLATEN_DOCX_FIELDS, 0, FIELD("PAGE", "1"), "=" },
        { PLATEN_DOCX_FIELDS, 0, FIELD("TITLE", ""), "=" },
        { PLATEN_DOCX_FIELDS, 0,
          CHAR("begin") "<d:r><d:instrText>IF </d:instrText></d:r>" FIELD("MERGEFIELD x", "1")
              CHAR("separate") "<d:r><d:t>yes</d:t></d:r>" CHAR("end"),
          "<d:r></d:r><d:r></d:r><d:r></d:r><d:r></d:r><d:r></d:r><d:r></d:r><d:r></d:r>"
          "<d:r></d:r><d:r><d:t>yes</d:t></d:r><d:r></d:r>" },
        { PLATEN_DOCX_FIELDS, 0,
          "<d:fldSimple d:instr=\"DOCPROPERTY &quot;x&quot;\"><d:r><d:t>a</d:t></d:r>"
          "</d:fldSimple>",
          "<d:r><d:t>a</d:t></d:r>" },
        { PLATEN_DOCX_INDEXES, 1, FIELD("TOC \\o &quot;1-3&quot; \\h", "a"), "=" },
        { PLATEN_DOCX_INDEXES, 0, FIELD("TOC \\o &quot;1-3&quot; \\h", "a"), SAVED("a") },
        { PLATEN_DOCX_INDEXES, 1, FIELD("TOC \\b part", "a"), SAVED("a") },
        { PLATEN_DOCX_INDEXES, 1, FIELD("INDEX", "a"), SAVED("a") },
        { PLATEN_DOCX_FIELDS, 1, CHAR("end") CHAR("separate") CHAR("begin"), "=" },
    };
    size_t i;
    char  *got;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rules.what = cases[i].what;
        rules.headings = cases[i].headings;
        rules.update = 1;
        got = rewritten(&rules, cases[i].body);
        assert_string_equal(got, cases[i].wanted);
        free(got);
    }
}

static void
test_refused(void **state)
{
    static const char *const parts[] = {
        "",
        "a",
        "<a><b></a>",
        "<!DOCTYPE a []><a/>",
        "<x:a/>",
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a/>",
        "\xff\xfe<\0a\0",
    };
    platen_docx_tree_t tree;
    char              *deep;
    size_t             i;

    (void) state;
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_int_equal(platen_docx_tree_open(&tree, parts[i], strlen(parts[i])), -1);
    }
    deep = malloc(3 * 100000);
    assert_non_null(deep);
    for (i = 0; i < 100000; i++) {
        memcpy(deep + 3 * i, "<a>", 3);
    }
    assert_int_equal(platen_docx_tree_open(&tree, deep, 3 * 100000), -1);
    free(deep);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boxes),   cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_notes),   cmocka_unit_test(test_tables_and_runs),
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_long_author),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
