/* What a page of HTML does not show (sidecar/text/hide.c, style.c). */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/main.h"

/* What is left of a page, without its style sheets; `found` gets what is told. */
static char *
shown(const char *html, int *found)
{
    char  *out = NULL, *from, *to;
    size_t len;
    FILE  *file = open_memstream(&out, &len);

    assert_non_null(file);
    *found = platen_text_hide(html, strlen(html), NULL, NULL, file);
    assert_int_equal(fclose(file), 0);
    while ((from = strstr(out, "<style")) != NULL) {
        to = strstr(from, "</style>");
        assert_non_null(to);
        memmove(from, to + 8, strlen(to + 8) + 1);
    }
    return out;
}

static const struct {
    const char *page, *left;
    int         found;
} pages[] = {
    { "a<div style=\"display:none\">b<div>x</div></div>c", "ac", 0 },
    { "<style>.h{display:none}</style><i class=\"x h\">b</i>c", "c", 0 },
    { "<style>.t{display:none} .t.on{display:block}</style><p class=t>b<p class=\"t on\">c",
      "<p class=\"t on\">c", 0 },
    { "<style>/* .a{display:none} */ @media screen{.a{display:none}} @media "
      "print{.b{display:none}}</style><p class=a>x</p><p class=b>y</p>",
      "<p class=a>x</p>", PLATEN_TEXT_UNPRINTED },
    { "<ul><li hidden>a<li>b</ul>c", "<ul><li>b</ul>c", 0 },
    { "<p style=\"visibility:hidden\">a<b style=\"visibility:visible\">b</b><img "
      "src=\"data:,\">c</p>d",
      "<p style=\"visibility:hidden\"><b style=\"visibility:visible\">b</b></p>d", 0 },
    { "<template><p>x</p></template>a<dialog>b</dialog><dialog open>c</dialog>",
      "a<dialog open>c</dialog>", 0 },
    { "<style>div:nth-child(2){display:none} a:hover{display:none}</style><div>x</div>",
      "<div>x</div>", PLATEN_TEXT_UNCLEAR },
    { "<style>body{display:none}</style><body><p>x</body>", "<body><p>x</body>", 0 },
    { "<style>#a > .b p, nav[aria-hidden=\"true\"]{display:none!important}</style><div "
      "id=a><div class=b><i><p style=\"display:block\">x</p></i></div><p>y</p></div><nav "
      "aria-hidden=true>z</nav>",
      "<div id=a><div class=b><i></i></div><p>y</p></div>", 0 },
    { "<table><tr><td hidden>a<td>b<tr hidden><td>c<tr><td>d</table>e",
      "<table><tr><td>b<tr><td>d</table>e", 0 },
    { "a<span hidden>b", "a", 0 },
    /* A sheet in a comment, as in mails, or in a script is none. */
    { "<!--[if mso]><style>.x{display:none}</style><![endif]--><p class=x>a</p>",
      "<!--[if mso]><![endif]--><p class=x>a</p>", 0 },
    { "<script>'<style>.x{display:none}</style>'</script><style>.y{display:none}</style><p "
      "class=x>a</p><p class=y>b</p>",
      "<script>''</script><p class=x>a</p>", 0 },
    { "<div><span hidden>b</div>c", "<div></div>c", 0 },
    { "x < y <b>z</b> </nope> <3", "x < y <b>z</b> </nope> <3", 0 },
    { "<script>if (a<b) \"<p hidden>\"</script>q", "<script>if (a<b) \"<p hidden>\"</script>q",
      0 },
    { "<p>a<p hidden>b<div>c</div>", "<p>a<div>c</div>", 0 },
    { "<details><summary>s</summary>in</details>", "<details><summary>s</summary>in</details>",
      0 },
    { "<svg><g display=\"none\"/><path d=\"\"/></svg><p>t",
      "<svg><g display=\"none\"/><path d=\"\"/></svg><p>t", 0 },
    { "<link rel=stylesheet href=x.css><p class=h>t",
      "<link rel=stylesheet href=x.css><p class=h>t", 0 },
    { "<style media=print>.n{display:none}</style><b class=n>x</b>y", "y",
      PLATEN_TEXT_UNPRINTED },
    { "<p>a<!-- <p hidden>b", "<p>a<!-- <p hidden>b", PLATEN_TEXT_UNCLOSED },
    { "<a hidden href=\"x>y\">b</a>c<!-- <p hidden> -->d", "c<!-- <p hidden> -->d", 0 },
};

static void
test_pages(void **state)
{
    char  *left;
    size_t i;
    int    found;

    (void) state;
    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        left = shown(pages[i].page, &found);
        assert_string_equal(left, pages[i].left);
        assert_int_equal(found, pages[i].found);
        free(left);
    }
}

/* Every beginning of every page, in a place of its own: nothing is read behind it. */
static void
test_cut_off(void **state)
{
    char  *page, *left = NULL;
    size_t i, len, n;
    FILE  *out;

    (void) state;
    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        for (len = 0; len < strlen(pages[i].page); len++) {
            page = malloc(len + 1);
            assert_non_null(page);
            memcpy(page, pages[i].page, len);
            page = realloc(page, len > 0 ? len : 1);
            out = open_memstream(&left, &n);
            assert_true(platen_text_hide(page, len, NULL, NULL, out) >= 0);
            assert_int_equal(fclose(out), 0);
            assert_true(n <= len);
            free(left);
            free(page);
        }
    }
}

static void
test_deep(void **state)
{
    size_t size = 5 * 600, i;
    char  *page = malloc(size + 1), *left;
    int    found;

    (void) state;
    assert_non_null(page);
    for (i = 0; i < size; i += 5) {
        memcpy(page + i, "<div>", 5);
    }
    page[size] = '\0';
    left = shown(page, &found);
    assert_int_equal(found, -1);
    page[5 * 500] = '\0';
    free(left);
    left = shown(page, &found);
    assert_int_equal(found, 0);
    assert_string_equal(left, page);
    free(left);
    free(page);
}

static void
test_width(void **state)
{
    static const struct {
        const char *page;
        unsigned    width;
    } tables[] = {
        { "<p>wordwordwordword</p>", 0 },
        { "<table><tr><td>word a<td>b", 42 },
        { "<table><tr><td>a<td>word</td></tr><tr><td>word<td>a</table>", 60 },
        { "<table><tr><td nowrap>a word</table>", 42 },
        { "<table><tr><td colspan=2>a<tr><td>word<td>word</table>", 60 },
        { "<table><tr><td><table><tr><td>word<td>word</table><td>a</table>", 78 },
        { "<table><tr><td><img width=\"100\">&nbsp;a</table><table><td>a</table>", 81 },
        /* What is no text: scripts, styles, comments. */
        { "<table><td><script>var aaaaaaaaaaaaaaaaaaaaaaa;</script><style>bbbbbbbbbbbbbbbb"
          "</style><!-- -->ab</table>",
          18 },
        /* Below a cell of twelve columns the second cell is the thirteenth's neighbour. */
        { "<table><tr><td colspan=12>a<td>aaaaaaaaaa<tr><td>b<td>bbbbbbbbbb</table>", 154 },
        { "<table><tr><td>\xe6\xbc\xa2\xe5\xad\x97</table><!-- <table><td>wordword", 18 },
        { "</table><td>a<table", 0 },
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        assert_int_equal(platen_text_width(tables[i].page, strlen(tables[i].page)),
                         tables[i].width);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
