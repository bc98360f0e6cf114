/* The form of LibreOffice's settings; see platen_registry.h. */

#include "platen_registry.h"

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
platen_registry_write(FILE *out, platen_setting_t *settings, size_t n)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<oor:items xmlns:oor=\"http://openoffice.org/2001/registry\""
          " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
          " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n",
          out);
    write_items(out, common, sizeof(common) / sizeof(common[0]));
    write_items(out, settings, n);
    fputs("</oor:items>\n", out);
}
