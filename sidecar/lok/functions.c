/*
 * See lok/functions.h.  Excel marks what came after 2007 with a prefix
 * (MS-XLSX 2.2.2, "future functions"); ODF has one for each vendor.
 */

#include "lok/functions.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NEVER 99999 /* of those that exist */

static const struct {
    const char *name;
    unsigned    since; /* 100 * major + minor, of the LibreOffice that has it */
} functions[] = {
    { "XLOOKUP", 2408 },       { "XMATCH", 2408 },        { "LET", 2408 },
    { "FILTER", 2408 },        { "SORT", 2408 },          { "SORTBY", 2408 },
    { "UNIQUE", 2408 },        { "SEQUENCE", 2408 },      { "RANDARRAY", 2408 },
    { "CHOOSECOLS", 2508 },    { "CHOOSEROWS", 2508 },    { "DROP", 2508 },
    { "EXPAND", 2508 },        { "HSTACK", 2508 },        { "VSTACK", 2508 },
    { "TAKE", 2508 },          { "TEXTAFTER", 2508 },     { "TEXTBEFORE", 2508 },
    { "TEXTSPLIT", 2508 },     { "TOCOL", 2508 },         { "TOROW", 2508 },
    { "WRAPCOLS", 2508 },      { "WRAPROWS", 2508 },      { "LAMBDA", NEVER },
    { "MAP", NEVER },          { "REDUCE", NEVER },       { "SCAN", NEVER },
    { "BYROW", NEVER },        { "BYCOL", NEVER },        { "MAKEARRAY", NEVER },
    { "ISOMITTED", NEVER },    { "ARRAYTOTEXT", NEVER },  { "VALUETOTEXT", NEVER },
    { "IMAGE", NEVER },        { "GROUPBY", NEVER },      { "PIVOTBY", NEVER },
    { "PERCENTOF", NEVER },    { "TRIMRANGE", NEVER },    { "REGEXTEST", NEVER },
    { "REGEXEXTRACT", NEVER }, { "REGEXREPLACE", NEVER }, { "STOCKHISTORY", NEVER },
    { "FIELDVALUE", NEVER },   { "TRANSLATE", NEVER },    { "DETECTLANGUAGE", NEVER },
    { "ANCHORARRAY", NEVER },  { "SINGLE", NEVER },       { "COPILOT", NEVER },
};

static const char *const prefixes[] = { "_xlfn._xlws.", "_xlfn.", "COM.MICROSOFT.",
                                        "ORG.LIBREOFFICE." };

static unsigned number; /* of the LibreOffice, as `since` */

void
platen_lok_functions_of(const char *version)
{
    unsigned    major = 0, minor = 0;
    const char *at = strpbrk(version, "0123456789");

    number = at != NULL && sscanf(at, "%u.%u", &major, &minor) == 2 ? 100 * major + minor : 0;
}

const char *
platen_lok_functions_lacked(const char *formula, size_t len)
{
    const char *end = formula + len, *at, *name;
    size_t      i, k, n;

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        n = strlen(prefixes[i]);
        for (at = formula; (at = memmem(at, (size_t) (end - at), prefixes[i], n)) != NULL;) {
            at += n;
            for (k = 0; k < sizeof(functions) / sizeof(functions[0]); k++) {
                name = functions[k].name;
                if (number < functions[k].since && (size_t) (end - at) > strlen(name)
                    && strncasecmp(at, name, strlen(name)) == 0 && at[strlen(name)] == '(') {
                    return name;
                }
            }
        }
    }
    return NULL;
}
