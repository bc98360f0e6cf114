/*
 * The warm-up; see lok/warm.h.  Main thread of the zygote, once.
 *
 * The sources are flat OpenDocument text; other formats are made of them and
 * read back, so that each filter that children need, for reading and writing,
 * has been loaded.  One document has links to a file beside it: a watch on that
 * file tells whether LibreOffice opens it, and if so the profile's protection
 * is not in force and nothing must be converted.
 */

#include "lok/warm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lok/links.h"
#include "lok/convert.h"
#include "lok/office.h"
#include "lok/populate.h"

#define DIR_MAX 4200

#define ODF(kind, styles, body)                                                                \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                                               \
    "<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\""       \
    " xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\""                         \
    " xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\""                           \
    " xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\""                         \
    " xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\""                        \
    " xmlns:presentation=\"urn:oasis:names:tc:opendocument:xmlns:presentation:1.0\""           \
    " xmlns:svg=\"urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0\""                  \
    " xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\""                \
    " xmlns:of=\"urn:oasis:names:tc:opendocument:xmlns:of:1.2\""                               \
    " xmlns:xlink=\"http://www.w3.org/1999/xlink\" office:version=\"1.2\""                     \
    " office:mimetype=\"application/vnd.oasis.opendocument." kind "\">"                        \
    "<office:automatic-styles>" styles "</office:automatic-styles>"                            \
    "<office:body>" body "</office:body></office:document>"

#define PIXEL                                                                                  \
    "<draw:frame svg:x=\"1cm\" svg:y=\"9cm\" svg:width=\"1cm\" svg:height=\"1cm\">"            \
    "<draw:image><office:binary-data>iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4" \
    "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==</office:binary-data></draw:image></draw:frame>"

#define FONT(family, name, more)                                                               \
    "<style:style style:name=\"" name "\" style:family=\"" family "\">"                        \
    "<style:text-properties " more "/></style:style>"

static const char text[] =
    ODF("text",
        FONT("text", "B", "fo:font-weight=\"bold\" fo:font-family=\"Liberation Sans\"")
            FONT("text", "I", "fo:font-style=\"italic\" fo:font-family=\"Carlito\"")
                FONT("text", "M", "fo:font-family=\"Liberation Mono\" fo:font-size=\"9pt\""),
        "<office:text><text:h text:outline-level=\"1\">Warm</text:h>"
        "<text:p>Plain <text:span text:style-name=\"B\">bold</text:span> "
        "<text:span text:style-name=\"I\">italic \xc3\xa9\xc3\x9f</text:span> "
        "<text:span text:style-name=\"M\">0123456789</text:span> "
        "page <text:page-number>1</text:page-number></text:p>"
        "<text:list><text:list-item><text:p>Item</text:p></text:list-item></text:list>"
        "<table:table><table:table-column table:number-columns-repeated=\"2\"/>"
        "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row>"
        "</table:table><text:p>" PIXEL
        "<text:a xlink:type=\"simple\" xlink:href=\"http://localhost/\">link</text:a></text:p>"
        "</office:text>");

static const char sheet[] =
    ODF("spreadsheet",
        FONT("table-cell", "B", "fo:font-weight=\"bold\" fo:font-family=\"Liberation Sans\""),
        "<office:spreadsheet><table:table table:name=\"Warm\"><table:table-row>"
        "<table:table-cell table:style-name=\"B\" office:value-type=\"string\">"
        "<text:p>Sum</text:p></table:table-cell>"
        "<table:table-cell office:value-type=\"float\" office:value=\"2.5\"/>"
        "<table:table-cell office:value-type=\"date\" office:date-value=\"2020-02-29\"/>"
        "<table:table-cell table:formula=\"of:=SUM([.B1:.C1])*TODAY()\""
        " office:value-type=\"float\" office:value=\"0\"/>"
        "</table:table-row></table:table></office:spreadsheet>");

static const char slides[] =
    ODF("presentation",
        FONT("paragraph", "P", "fo:font-size=\"24pt\" fo:font-family=\"Liberation Sans\""),
        "<office:presentation><draw:page draw:name=\"Warm\">"
        "<draw:frame svg:x=\"2cm\" svg:y=\"2cm\" svg:width=\"20cm\" svg:height=\"3cm\">"
        "<draw:text-box><text:p text:style-name=\"P\">Slide</text:p></draw:text-box>"
        "</draw:frame><draw:custom-shape svg:x=\"2cm\" svg:y=\"6cm\" svg:width=\"4cm\""
        " svg:height=\"2cm\"><text:p>Shape</text:p><draw:enhanced-geometry"
        " svg:viewBox=\"0 0 21600 21600\" draw:type=\"rectangle\""
        " draw:enhanced-path=\"M 0 0 L 21600 0 21600 21600 0 21600 0 0 Z N\"/>"
        "</draw:custom-shape>" PIXEL "</draw:page></office:presentation>");

static const char page[] = "<html><head><title>Warm</title></head><body><h1>Warm</h1>"
                           "<p>Plain <b>bold</b></p><table><tr><td>a</td></tr></table>"
                           "</body></html>";

#define MARKER "marker.txt"

/* Formatted with the directory of the marker, three times. */
static const char links[] =
    ODF("text", "",
        "<office:text><text:section text:name=\"S\"><text:section-source xlink:type=\"simple\""
        " xlink:href=\"file://%s/" MARKER "\" text:filter-name=\"Text\"/><text:p>x</text:p>"
        "</text:section><text:p><draw:frame svg:width=\"1cm\" svg:height=\"1cm\">"
        "<draw:image xlink:type=\"simple\" xlink:href=\"file://%s/" MARKER "\"/></draw:frame>"
        "<draw:frame svg:width=\"1cm\" svg:height=\"1cm\"><draw:object xlink:type=\"simple\""
        " xlink:href=\"file://%s/" MARKER "\"/></draw:frame></text:p></office:text>");

static const struct {
    const char *name;
    const char *content;
} sources[] = {
    { "w.fodt", text },
    { "c.fods", sheet },
    { "i.fodp", slides },
    { "h.html", page },
};

/* From, to; what is made is read back. */
static const char *const steps[][2] = {
    { "w.fodt", "docx" }, { "w.docx", "pdf" },  { "w.fodt", "odt" }, { "w.odt", "pdf" },
    { "w.fodt", "doc" },  { "w.doc", "pdf" },   { "w.fodt", "rtf" }, { "w.rtf", "pdf" },
    { "h.html", "pdf" },  { "c.fods", "xlsx" }, { "c.xlsx", "pdf" }, { "c.fods", "ods" },
    { "c.ods", "pdf" },   { "c.fods", "xls" },  { "c.xls", "pdf" },  { "i.fodp", "pptx" },
    { "i.pptx", "pdf" },  { "i.fodp", "odp" },  { "i.odp", "pdf" },  { "i.fodp", "ppt" },
    { "i.ppt", "pdf" },
};

static int
write_file(const char *dir, const char *name, const char *content)
{
    char  path[DIR_MAX + 64];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    out = fopen(path, "we");
    if (out == NULL) {
        return -1;
    }
    fputs(content, out);
    return ferror(out) != 0 ? (fclose(out), errno = EIO, -1) : fclose(out);
}

static int
convert(const char *dir, const char *from, const char *to, char *err, size_t errlen)
{
    char                  input[DIR_MAX + 64], output[DIR_MAX + 64];
    platen_lok_document_t document = {
        .input = input,
        .output = output,
        .load_options = "",
        .export_filter = to,
        .export_options = "",
        .password = "",
        .name = "",
        .fonts = "",
    };
    platen_lok_exit_t result;
    const char       *stem = strchr(from, '.');

    snprintf(input, sizeof(input), "%s/%s", dir, from);
    snprintf(output, sizeof(output), "%s/%.*s.%s", dir, (int) (stem - from), from, to);
    result = platen_lok_convert(&document);
    if (result != PLATEN_LOK_EXIT_DONE) {
        snprintf(err, errlen, "warm-up: LibreOffice does not convert %s to %s (%d: %s)%s", from,
                 to, result, platen_lok_office_error(),
                 result == PLATEN_LOK_EXIT_LOAD
                     ? ": are libreoffice-writer, -calc and -impress installed (not -nogui)?"
                     : "");
        return -1;
    }
    return 0;
}

/* A document with links, and whether any was followed. */
static int
try_links(const char *dir, char *err, size_t errlen)
{
    char    content[sizeof(links) + 3 * DIR_MAX], path[DIR_MAX + 64], events[4096];
    ssize_t n;
    int     watch, rc;

    snprintf(content, sizeof(content), links, dir, dir, dir);
    snprintf(path, sizeof(path), "%s/" MARKER, dir);
    watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0 || write_file(dir, MARKER, "marker\n") != 0
        || write_file(dir, "l.fodt", content) != 0
        || inotify_add_watch(watch, path, IN_OPEN) < 0) {
        snprintf(err, errlen, "warm-up in %s: %s", dir, strerror(errno));
        if (watch >= 0) {
            close(watch);
        }
        return -1;
    }

    rc = convert(dir, "l.fodt", "pdf", err, errlen);
    n = read(watch, events, sizeof(events));
    close(watch);
    if (rc == 0 && n > 0) {
        snprintf(err, errlen,
                 "LibreOffice follows links in documents: the profile's protection is not in"
                 " force");
        rc = -1;
    }
    return rc;
}

typedef struct {
    char        dir[DIR_MAX];
    const char *input;
} again_t;

static void
convert_again(void *data)
{
    const again_t *again = data;
    char           err[512];

    (void) convert(again->dir, again->input, "pdf", err, sizeof(err));
}

int
platen_lok_warm_up(const char *state, char *err, size_t errlen)
{
    char   dir[DIR_MAX];
    size_t i;

    if (snprintf(dir, sizeof(dir), "%s/warm", state) >= DIR_MAX) {
        snprintf(err, errlen, "%s: the path is too long", state);
        return -1;
    }
    if (mkdir(dir, 0700) != 0) {
        snprintf(err, errlen, "%s: %s", dir, strerror(errno));
        return -1;
    }
    for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (write_file(dir, sources[i].name, sources[i].content) != 0) {
            snprintf(err, errlen, "%s/%s: %s", dir, sources[i].name, strerror(errno));
            return -1;
        }
    }
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (convert(dir, steps[i][0], steps[i][1], err, errlen) != 0) {
            return -1;
        }
    }
    if (!platen_lok_links_met()) {
        snprintf(err, errlen,
                 "this LibreOffice opens files in a way of its own: links in documents would"
                 " lead to them");
        return -1;
    }
    return try_links(dir, err, errlen);
}

int
platen_lok_warm_learn(const char *state, unsigned step)
{
    static const struct {
        platen_lok_family_t family;
        const char         *input;
    } each[] = { { PLATEN_LOK_TEXTS, "w.docx" },
                 { PLATEN_LOK_SHEETS, "c.xlsx" },
                 { PLATEN_LOK_SLIDES, "i.pptx" } };
    again_t again;

    snprintf(again.dir, sizeof(again.dir), "%s/warm", state);
    again.input = each[step].input;
    return platen_lok_populate_learn(each[step].family, convert_again, &again) == 0
           && step + 1 < sizeof(each) / sizeof(each[0]);
}
