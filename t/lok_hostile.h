/*
 * Documents for t/lok_driver.c: plain ones, and those that reach for what they
 * must not have.  In the latter @PORT@ is a listening port of the loopback,
 * @MARKER@ the path of a file that must not be opened, @WORK@ the run's
 * directory.  The numbers are those of the list of faults.
 */

#ifndef PLATEN_TEST_LOK_HOSTILE_H
#define PLATEN_TEST_LOK_HOSTILE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "lok_zygote.h"

#define FLAT(kind, head, body)                                                                 \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                                               \
    "<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\""       \
    " xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\""                         \
    " xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\""                           \
    " xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\""                         \
    " xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\""                        \
    " xmlns:svg=\"urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0\""                  \
    " xmlns:of=\"urn:oasis:names:tc:opendocument:xmlns:of:1.2\""                               \
    " xmlns:script=\"urn:oasis:names:tc:opendocument:xmlns:script:1.0\""                       \
    " xmlns:ooo=\"http://openoffice.org/2004/office\""                                         \
    " xmlns:dom=\"http://www.w3.org/2001/xml-events\""                                         \
    " xmlns:xlink=\"http://www.w3.org/1999/xlink\" office:version=\"1.2\""                     \
    " office:mimetype=\"application/vnd.oasis.opendocument." kind "\">" head                   \
    "<office:body>" body "</office:body></office:document>"

#define TEXT(body) FLAT("text", "", "<office:text>" body "</office:text>")

#define CELLS                                                                                  \
    FLAT(                                                                                      \
        "spreadsheet", "",                                                                     \
        "<office:spreadsheet><table:table table:name=\"S\"><table:table-row><table:table-cell" \
        " office:value-type=\"string\"><text:p>Gr\xc3\xbc\xc3\x9f"                             \
        "e</text:p></table:table-cell>"                                                        \
        "<table:table-cell office:value-type=\"float\" office:value=\"2.5\"/>"                 \
        "</table:table-row></table:table></office:spreadsheet>")

#define SLIDE                                                                                  \
    FLAT("presentation", "",                                                                   \
         "<office:presentation><draw:page draw:name=\"S\"><draw:frame svg:x=\"2cm\""           \
         " svg:y=\"2cm\" svg:width=\"20cm\" svg:height=\"3cm\"><draw:text-box>"                \
         "<text:p>Gr\xc3\xbc\xc3\x9f"                                                          \
         "e</text:p></draw:text-box></draw:frame></draw:page>"                                 \
         "</office:presentation>")

/* A name that would make two lines of one, and turn them around. */
#define FONTS                                                                                  \
    FLAT("text",                                                                               \
         "<office:font-face-decls><style:font-face style:name=\"N\""                           \
         " svg:font-family=\"Now&#9;here &#x202e;Sa&#10;ns\"/></office:font-face-decls>"       \
         "<office:automatic-styles><style:style style:name=\"P\" style:family=\"paragraph\">"  \
         "<style:text-properties style:font-name=\"N\"/></style:style>"                        \
         "</office:automatic-styles>",                                                         \
         "<office:text><text:p>plain</text:p><text:p text:style-name=\"P\">other</text:p>"     \
         "</office:text>")

#define IMAGE(url)                                                                             \
    TEXT("<text:p>before<draw:frame svg:width=\"3cm\" svg:height=\"3cm\"><draw:image"          \
         " xlink:type=\"simple\" xlink:show=\"embed\" xlink:actuate=\"onLoad\""                \
         " xlink:href=\"" url "\"/></draw:frame></text:p>")

#define OBJECT(url)                                                                            \
    TEXT("<text:p><draw:frame svg:width=\"3cm\" svg:height=\"3cm\"><draw:object"               \
         " xlink:type=\"simple\" xlink:href=\"" url "\"/></draw:frame></text:p>")

#define SECTION(url)                                                                           \
    TEXT("<text:section text:name=\"S\"><text:section-source xlink:type=\"simple\""            \
         " xlink:show=\"embed\" xlink:href=\"" url "\" text:filter-name=\"Text\"/>"            \
         "<text:p>before</text:p></text:section>")

#define CELL(formula)                                                                          \
    FLAT(                                                                                      \
        "spreadsheet", "",                                                                     \
        "<office:spreadsheet><table:table table:name=\"S\"><table:table-row><table:table-cell" \
        " table:formula=\"of:=" formula "\"/></table:table-row></table:table>"                 \
        "</office:spreadsheet>")

/* Basic in the document, called when it is opened; it may write to @WORK@. */
#define MACRO                                                                                  \
    FLAT(                                                                                      \
        "text",                                                                                \
        "<office:scripts><office:script script:language=\"ooo:Basic\"><ooo:libraries"          \
        " xmlns:ooo=\"http://openoffice.org/2004/office\"><ooo:library-embedded"               \
        " ooo:name=\"Standard\"><ooo:module ooo:name=\"M\"><ooo:source-code>Sub Go\n"          \
        "Open &quot;@WORK@/macro&quot; For Output As #1\nPrint #1, &quot;x&quot;\nClose #1\n"  \
        "End Sub</ooo:source-code></ooo:module></ooo:library-embedded></ooo:libraries>"        \
        "</office:script><office:event-listeners><script:event-listener"                       \
        " script:language=\"ooo:script\" script:event-name=\"dom:load\" xlink:type=\"simple\"" \
        " xlink:href=\"vnd.sun.star.script:Standard.M.Go?language=Basic&amp;"                  \
        "location=document\"/></office:event-listeners></office:scripts>",                     \
        "<office:text><text:p>macro</text:p></office:text>")

static const struct {
    int         fault;
    const char *name;
    const char *extension;
    const char *content;
} hostile[] = {
    { 54, "image over http", "fodt", IMAGE("http://127.0.0.1:@PORT@/i.png") },
    { 54, "html image", "html", "<img src=\"http://127.0.0.1:@PORT@/h.png\">" },
    { 54, "html style sheet", "html",
      "<head><link rel=\"stylesheet\" href=\"http://127.0.0.1:@PORT@/s.css\"></head><p>x" },
    { 54, "html script and frame", "html",
      "<script src=\"http://127.0.0.1:@PORT@/s.js\"></script>"
      "<iframe src=\"http://127.0.0.1:@PORT@/f\"></iframe>" },
    { 54, "section over http", "fodt", SECTION("http://127.0.0.1:@PORT@/s.txt") },
    { 54, "object over http", "fodt", OBJECT("http://127.0.0.1:@PORT@/o.odt") },
    { 55, "image of a file", "fodt", IMAGE("file://@MARKER@") },
    { 55, "section of a file", "fodt", SECTION("file://@MARKER@") },
    { 55, "section of /etc/passwd", "fodt", SECTION("file:///etc/passwd") },
    { 55, "object of a file", "fodt", OBJECT("file://@MARKER@") },
    { 55, "html image of a file", "html", "<img src=\"file://@MARKER@\"><p>x" },
    { 55, "html object of a file", "html",
      "<object data=\"file://@MARKER@\"></object><embed src=\"file://@MARKER@\">" },
    { 55, "rtf INCLUDETEXT", "rtf",
      "{\\rtf1 x {\\field{\\*\\fldinst INCLUDETEXT \"@MARKER@\" }{\\fldrslt y}}}" },
    { 55, "rtf INCLUDEPICTURE", "rtf",
      "{\\rtf1 x {\\field{\\*\\fldinst INCLUDEPICTURE \"http://127.0.0.1:@PORT@/r.png\" \\\\d}"
      "{\\fldrslt y}}{\\field{\\*\\fldinst INCLUDEPICTURE \"@MARKER@\" \\\\d}{\\fldrslt y}}}" },
    { 55, "WEBSERVICE", "fods", CELL("WEBSERVICE(&quot;http://127.0.0.1:@PORT@/w&quot;)") },
    { 55, "WEBSERVICE of a file", "fods", CELL("WEBSERVICE(&quot;file://@MARKER@&quot;)") },
    { 55, "external reference", "fods", CELL("['file://@MARKER@'#$S.A1]") },
    { 55, "DDE", "fods",
      CELL("DDE(&quot;soffice&quot;;&quot;@MARKER@&quot;;&quot;S.A1&quot;)") },
    { 56, "image over SMB", "fodt", IMAGE("smb://127.0.0.1:@PORT@/share/i.png") },
    { 56, "image over WebDAV", "fodt", IMAGE("vnd.sun.star.webdav://127.0.0.1:@PORT@/i.png") },
    { 56, "image of a UNC path", "fodt", IMAGE("file://127.0.0.1/@MARKER@") },
    { 57, "Basic when opened", "fodt", MACRO },
    { 58, "expansion of the environment", "fodt",
      IMAGE("vnd.sun.star.expand:http://127.0.0.1:@PORT@/$HOME$PATH") },
    { 59, "font with a path for a name", "fodt",
      FLAT("text",
           "<office:font-face-decls><style:font-face style:name=\"../../../..@WORK@-font\""
           " svg:font-family=\"../../../..@WORK@-font\"><svg:font-face-src><svg:font-face-uri>"
           "<office:binary-data>AAEAAAAA</office:binary-data><svg:font-face-format"
           " svg:string=\"truetype\"/></svg:font-face-uri></svg:font-face-src>"
           "</style:font-face></office:font-face-decls>",
           "<office:text><text:p>font</text:p></office:text>") },
    { 71, "metadata address", "fodt", IMAGE("http://169.254.169.254/latest/meta-data/") },
    { 71, "loopback by name", "fodt", IMAGE("http://localhost:@PORT@/l.png") },
};

/* The content with @PORT@, @MARKER@ and @WORK@ filled in. */
static inline int
write_hostile(const char *path, const char *content, int port, const char *marker,
              const char *work)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        return -1;
    }
    while (*content != '\0') {
        if (strncmp(content, "@PORT@", 6) == 0) {
            fprintf(out, "%d", port);
            content += 6;
        } else if (strncmp(content, "@MARKER@", 8) == 0) {
            fputs(marker, out);
            content += 8;
        } else if (strncmp(content, "@WORK@", 6) == 0) {
            fputs(work, out);
            content += 6;
        } else {
            fputc(*content++, out);
        }
    }
    return fclose(out);
}

static inline int
listen_loopback(int *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t          len = sizeof(address);
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *) &address, len) != 0 || listen(fd, 16) != 0
        || getsockname(fd, (struct sockaddr *) &address, &len) != 0) {
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static inline void
test_hostile(zygote_t *s)
{
    platen_lok_message_t request;
    char   name[64], marker[SCRATCH_MAX + 64], input[SCRATCH_MAX + 64], seen[4096];
    size_t i;
    int    port = 0, listener, watch, status, fetched, opened, wrote;

    snprintf(marker, sizeof(marker), "%s", at("marker.txt"));
    listener = listen_loopback(&port);
    watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (listener < 0 || write_file(marker, "MARKER-7f3a\n") != 0
        || inotify_add_watch(watch, marker, IN_OPEN) < 0) {
        ok(0, "set-up: %s", strerror(errno));
        return;
    }

    for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        snprintf(name, sizeof(name), "hostile.%s", hostile[i].extension);
        snprintf(input, sizeof(input), "%s", at(name));
        (void) write_hostile(input, hostile[i].content, port, marker, at("run-h"));
        request = zygote_request(8, at("run-h"), input, at("run-h/out.pdf"), "pdf");
        while (read(watch, seen, sizeof(seen)) > 0) {
        }
        status = zygote_run(s, &request);
        fetched = accept(listener, NULL, NULL) >= 0;
        opened = read(watch, seen, sizeof(seen)) > 0;
        wrote = access(at("run-h/macro"), F_OK) == 0 || access(at("run-h-font"), F_OK) == 0
                || number_from("pdftotext '%s' - 2>/dev/null | grep -cE 'MARKER-7f3a|root:'",
                               at("run-h/out.pdf"))
                       > 0;
        ok(WIFEXITED(status) && !fetched && !opened && !wrote,
           "%d: %s (status %x, fetched %d, opened %d, wrote %d)", hostile[i].fault,
           hostile[i].name, status, fetched, opened, wrote);
    }
    close(watch);
    close(listener);
}

#endif
