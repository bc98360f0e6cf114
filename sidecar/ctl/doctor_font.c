/*
 * The doctor on fonts: families that documents ask for most, and those that
 * have the same widths, so that lines and pages break where they did.  Without
 * any of them a document converts, and looks different.
 */

#include "ctl/doctor.h"

#include <stdlib.h>

#include "ctl/capture.h"

#define FAMILIES 5

static const struct {
    const char *check;
    const char *what;
    const char *families[FAMILIES]; /* any of them will do, the first by preference */
    const char *language;           /* or any font for that */
    const char *package;
} wanted[] = {
    { "font.arial",
      "Arial, Helvetica",
      { "Liberation Sans", "Arial", "Arimo" },
      NULL,
      "fonts-liberation" },
    { "font.times",
      "Times New Roman",
      { "Liberation Serif", "Times New Roman", "Tinos" },
      NULL,
      "fonts-liberation" },
    { "font.courier",
      "Courier New",
      { "Liberation Mono", "Courier New", "Cousine" },
      NULL,
      "fonts-liberation" },
    { "font.calibri", "Calibri", { "Carlito", "Calibri" }, NULL, "fonts-crosextra-carlito" },
    { "font.cambria", "Cambria", { "Caladea", "Cambria" }, NULL, "fonts-crosextra-caladea" },
    { "font.symbol", "bullets and symbols", { "OpenSymbol" }, NULL, "fonts-opensymbol" },
    { "font.fallback",
      "anything else",
      { "DejaVu Sans", "Noto Sans" },
      NULL,
      "fonts-dejavu-core" },
    { "font.emoji",
      "emoji",
      { "Noto Color Emoji", "Noto Emoji", "Symbola", "Segoe UI Emoji" },
      NULL,
      "fonts-noto-color-emoji" },
    { "font.chinese", "Chinese", { NULL }, "zh-cn", "fonts-noto-cjk" },
    { "font.japanese", "Japanese", { NULL }, "ja", "fonts-noto-cjk" },
    { "font.korean", "Korean", { NULL }, "ko", "fonts-noto-cjk" },
    { "font.arabic", "Arabic", { NULL }, "ar", "fonts-noto-core" },
    { "font.hebrew", "Hebrew", { NULL }, "he", "fonts-noto-core" },
    { "font.thai", "Thai", { NULL }, "th", "fonts-noto-core" },
    { "font.hindi", "Hindi", { NULL }, "hi", "fonts-noto-core" },
};

/* The first of the families that is there; NULL: none. */
static const char *
first_of(const char *list, const char *const families[FAMILIES])
{
    size_t i;

    for (i = 0; i < FAMILIES && families[i] != NULL; i++) {
        if (platen_ctl_doctor_family(list, families[i])) {
            return families[i];
        }
    }
    return NULL;
}

static void
check_all(const char *list, platen_ctl_report_t *report)
{
    const char *family;
    size_t      i;

    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        family = first_of(list, wanted[i].families);
        if (family != NULL) {
            platen_ctl_report_add(report, PLATEN_CTL_OK, wanted[i].check, "fonts for %s: %s",
                                  wanted[i].what, family);
        } else if (wanted[i].language != NULL
                   && platen_ctl_doctor_language(list, wanted[i].language)) {
            platen_ctl_report_add(report, PLATEN_CTL_OK, wanted[i].check, "fonts for %s",
                                  wanted[i].what);
        } else {
            platen_ctl_report_add(report, PLATEN_CTL_WARN, wanted[i].check,
                                  wanted[i].language != NULL
                                      ? "no font for %s: such text becomes boxes"
                                      : "no font for %s: such text will look different",
                                  wanted[i].what);
            platen_ctl_report_advice(report, "apt install %s (and restart platend)",
                                     wanted[i].package);
        }
    }
}

void
platen_ctl_doctor_font(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    static const char *const places[] = { "/usr/bin/fc-list", "/usr/local/bin/fc-list", NULL };
    const char              *argv[] = { NULL, "--format=%{family}\t%{lang}\n", NULL };
    char                    *list = NULL;
    int                      rc;

    (void) d;
    argv[0] = platen_ctl_capture_find(places);
    if (argv[0] == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "font",
                              "fonts cannot be listed: there is no fc-list");
        platen_ctl_report_advice(report, "apt install fontconfig");
        return;
    }
    rc = platen_ctl_capture(argv, PLATEN_CTL_CAPTURE_OUT, &list);
    if (rc != 0 || list == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "font",
                              "fonts cannot be listed: %s ended with %d", argv[0], rc);
        platen_ctl_report_advice(report, "see what it says: %s", argv[0]);
    } else {
        check_all(list, report);
    }
    free(list);
}
