/* The form of LibreOffice's settings; see platen_registry.h. */

#include "platen_registry.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define OFFICE "org.openoffice.Office."

/* Of every profile: an established one, in which nothing that a document says is done. */
static platen_setting_t common[] = {
    { OFFICE "Common/Misc", "FirstRun", "false" },
    { "org.openoffice.Setup/Office", "ooSetupInstCompleted", "true" },

    { OFFICE "Common/Security/Scripting", "BlockUntrustedRefererLinks", "true" },
    { OFFICE "Common/Security/Scripting", "DisableMacrosExecution", "true" },
    { OFFICE "Common/Security/Scripting", "DisableActiveContent", "true" },
    { OFFICE "Common/Security/Scripting", "MacroSecurityLevel", "3" },
    { OFFICE "Common/Security/Scripting", "CheckDocumentEvents", "true" },
    { OFFICE "Writer/Content/Update", "Link", "0" }, /* never */
    { OFFICE "Calc/Content/Update", "Link", "2" },   /* never */
};

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
platen_registry_version(const char *text, char version[16])
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

/* In a profile of another version LibreOffice first tests for 0.7 s how it draws. */
static void
write_version(FILE *out, const char *program)
{
    char              path[PATH_MAX], version[16] = "", *text;
    const char *const setting[1][3] = {
        { "org.openoffice.Setup/Product", "ooSetupLastVersion", version },
    };

    snprintf(path, sizeof(path), "%s/../share/registry/main.xcd", program);
    text = read_text(path);
    if (text != NULL) {
        platen_registry_version(text, version);
    }
    free(text);
    if (*version != '\0') {
        write_items(out, setting, 1);
    }
}

void
platen_registry_write(FILE *out, const char *program, platen_setting_t *settings, size_t n)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<oor:items xmlns:oor=\"http://openoffice.org/2001/registry\""
          " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
          " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n",
          out);
    write_items(out, common, sizeof(common) / sizeof(common[0]));
    write_version(out, program);
    write_items(out, settings, n);
    fputs("</oor:items>\n", out);
}
