/*
 * The form of LibreOffice's settings; see engine/lo_profile.h.
 *
 * What a document is has been decided before LibreOffice sees it, and the name
 * of its file says so.  LibreOffice's own detection is a second opinion, which
 * goes by a few bytes: a text with quotation marks becomes one of DOS times, a
 * page with a drawing in it a drawing.  So the types that Platen names are found
 * by their extension alone, the containers among them by their own detectors,
 * which also ask for passwords and tell a template from a document; and every
 * other type of this installation has a detector that does not exist, so that
 * nothing is ever of it.
 */

#include "engine/lo_profile.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFICE "org.openoffice.Office."

/* Of every profile: an established one, in which nothing that a document says is done. */
static platen_setting_t common[] = {
    { OFFICE "Common/Misc", "FirstRun", "false" },
    { "org.openoffice.Setup/Office", "ooSetupInstCompleted", "true" },

    { OFFICE "Common/Security/Scripting", "BlockUntrustedRefererLinks", "true" },
    { OFFICE "Common/Security/Scripting", "DisableMacrosExecution", "true" },
    { OFFICE "Common/Security/Scripting", "MacroSecurityLevel", "3" },
    { OFFICE "Common/Security/Scripting", "CheckDocumentEvents", "true" },
    { OFFICE "Writer/Content/Update", "Link", "0" }, /* never */
    { OFFICE "Calc/Content/Update", "Link", "2" },   /* never */

    /* Where formulas begin that name another book without saying where it is: beside this one.
     */
    { OFFICE "Paths/Variables", "Work", "file:///proc/self/cwd/named" },
};

#define NOBODY "none"

/* Types that a file's name decides: their extension, and the filter that reads them. */
static const char *const named[][3] = {
    { "generic_Text", "txt", "Text" },
    { "generic_HTML", "html", "HTML (StarWriter)" },
    { "calc_HTML", PLATEN_LO_PROFILE_HTML_TABLE, "calc_HTML_WebQuery" },
    { "writer_Rich_Text_Format", "rtf", "Rich Text Format" },
    { "calc_MS_Excel_2003_XML", PLATEN_LO_PROFILE_EXCEL_XML, "MS Excel 2003 XML Orcus" },
};

/* Beginnings of the names of those that keep their detectors. */
static const char *const detected[] = {
    "writer_MS_Word_2007",
    "writer_OOXML",
    "MS Excel 2007",
    "Office Open XML",
    "MS PowerPoint 2007",
    "writer_MS_Word_9",
    "writer_MS_WinWord",
    "calc_MS_Excel_4",
    "calc_MS_Excel_5",
    "calc_MS_Excel_9",
    "impress_MS_Power",
    "writer8",
    "calc8",
    "impress8",
    "writer_ODT_FlatXML",
    "calc_ODS_FlatXML",
    "impress_ODP_FlatXML",
};

static void
write_type(FILE *out, const char *name, size_t len, const char *prop, const char *value)
{
    fprintf(out,
            "<item oor:path=\"/org.openoffice.TypeDetection.Types/Types/"
            "org.openoffice.TypeDetection.Types:Type['%.*s']\"><prop oor:name=\"%s\""
            " oor:op=\"fuse\"><value>%s</value></prop></item>\n",
            (int) len, name, prop, value);
}

/* It would ask how to read the page; there is one answer. */
static void
write_filter(FILE *out, const char *name)
{
    fprintf(out,
            "<item oor:path=\"/org.openoffice.TypeDetection.Filter/Filters/"
            "org.openoffice.TypeDetection.Filter:Filter['%s']\"><prop oor:name=\"UIComponent\""
            " oor:op=\"fuse\"><value></value></prop></item>\n"
            "<item oor:path=\"/org.openoffice.TypeDetection.Filter/Filters/"
            "org.openoffice.TypeDetection.Filter:Filter['%s']\"><prop oor:name=\"Type\""
            " oor:op=\"fuse\"><value>calc_HTML</value></prop></item>\n",
            name, name);
}

/* What becomes of a type of the installation. */
static void
settle_type(FILE *out, const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (strlen(named[i][0]) == len && memcmp(named[i][0], name, len) == 0) {
            write_type(out, name, len, "DetectService", "");
            write_type(out, name, len, "Extensions", named[i][1]);
            write_type(out, name, len, "PreferredFilter", named[i][2]);
            return;
        }
    }
    for (i = 0; i < sizeof(detected) / sizeof(detected[0]); i++) {
        if (strncmp(name, detected[i], strlen(detected[i])) == 0) {
            return;
        }
    }
    write_type(out, name, len, "DetectService", NOBODY);
}

static void
write_items(FILE *out, platen_setting_t *settings, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        fprintf(out,
                "<item oor:path=\"/%s\"><prop oor:name=\"%s\" oor:op=\"fuse\">"
                "<value>%s</value></prop></item>\n",
                settings[i][0], settings[i][1], settings[i][2]);
    }
}

void
platen_lo_profile_version(const char *text, char version[16])
{
    static const char prop[] = "<prop oor:name=\"ooSetupVersion\">", value[] = "<value>";
    const char       *at = strstr(text, prop);
    size_t            len;

    *version = '\0';
    at = at == NULL ? NULL : strstr(at, value);
    if (at == NULL) {
        return;
    }
    at += sizeof(value) - 1;
    len = strspn(at, "0123456789.");
    if (len > 0 && len < 16 && at[len] == '<') {
        memcpy(version, at, len);
        version[len] = '\0';
    }
}

/* A file's text, which the caller frees; NULL if it cannot be read. */
static char *
read_text(const char *path)
{
    FILE  *in = fopen(path, "re");
    char  *text = NULL;
    long   size;
    size_t n;

    if (in == NULL) {
        return NULL;
    }
    if (fseek(in, 0, SEEK_END) == 0 && (size = ftell(in)) > 0 && fseek(in, 0, SEEK_SET) == 0
        && (text = malloc((size_t) size + 1)) != NULL) {
        n = fread(text, 1, (size_t) size, in);
        text[n] = '\0';
    }
    fclose(in);
    return text;
}

/* The types that one of an installation's files has. */
static void
write_types(FILE *out, const char *text)
{
    static const char component[] =
        "oor:package=\"org.openoffice.TypeDetection\" oor:name=\"Types\"",
                      node[] = "<node oor:name=\"", op[] = "\" oor:op=\"replace\"";
    const char *at = text, *end, *name, *quote;

    while ((at = strstr(at, component)) != NULL) {
        at += sizeof(component) - 1;
        end = strstr(at, "</oor:component-data>");
        while ((name = strstr(at, node)) != NULL && (end == NULL || name < end)) {
            name += sizeof(node) - 1;
            quote = strchr(name, '"');
            if (quote == NULL) {
                return;
            }
            if (strncmp(quote, op, sizeof(op) - 1) == 0) {
                settle_type(out, name, (size_t) (quote - name));
            }
            at = quote;
        }
    }
}

/* In a profile of another version LibreOffice first tests for 0.7 s how it draws. */
static void
write_version(FILE *out, const char *text)
{
    char              version[16];
    const char *const setting[1][3] = {
        { "org.openoffice.Setup/Product", "ooSetupLastVersion", version },
    };

    platen_lo_profile_version(text, version);
    if (*version != '\0') {
        write_items(out, setting, 1);
    }
}

/*
 * What follows from the installation's files, in an order of their names, so that
 * the same one gives the same file.
 */
static void
write_installation(FILE *out, const char *program)
{
    struct dirent **entries;
    char            path[PATH_MAX], *text;
    const char     *dot;
    int             i, n;

    snprintf(path, sizeof(path), "%s/../share/registry", program);
    n = scandir(path, &entries, NULL, alphasort);
    for (i = 0; i < n; i++) {
        dot = strrchr(entries[i]->d_name, '.');
        if (dot != NULL && strcmp(dot, ".xcd") == 0) {
            snprintf(path, sizeof(path), "%s/../share/registry/%s", program,
                     entries[i]->d_name);
            text = read_text(path);
            if (text != NULL && strcmp(entries[i]->d_name, "main.xcd") == 0) {
                write_version(out, text);
            }
            if (text != NULL) {
                write_types(out, text);
            }
            free(text);
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
}

void
platen_lo_profile_write(FILE *out, const char *program, platen_setting_t *settings, size_t n)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<oor:items xmlns:oor=\"http://openoffice.org/2001/registry\""
          " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
          " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n",
          out);
    write_items(out, common, sizeof(common) / sizeof(common[0]));
    write_installation(out, program);
    write_filter(out, "calc_HTML_WebQuery");
    write_items(out, settings, n);
    fputs("</oor:items>\n", out);
}
