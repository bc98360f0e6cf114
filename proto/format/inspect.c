/* What a document is; see format/inspect.h.  Any thread, but no event loop. */

#include "format/inspect.h"

#include <stdio.h>
#include <string.h>

#include "format/filename.h"
#include "format/zip_check.h"

const platen_format_t *
platen_inspect_name(const char *name, size_t len)
{
    const char *ext = platen_filename_ext(name, len, &len);

    return ext == NULL ? NULL : platen_format_find(ext, len);
}

const platen_format_t *
platen_inspect_inner_name(const char *name, size_t len)
{
    const char *ext = platen_filename_ext(name, len, &len);

    return ext == NULL ? NULL : platen_inspect_name(name, (size_t) (ext - 1 - name));
}

static void
unknown_content(const platen_sniff_t *sniff, platen_inspect_t *out)
{
    int words = sniff->kind[0] != '\0';

    out->verdict = PLATEN_INSPECT_UNKNOWN;
    if (!words && strcmp(sniff->what, "application/octet-stream") == 0) {
        snprintf(out->sentence, sizeof(out->sentence),
                 "The content is of no kind that is known here: it may be encrypted, damaged, "
                 "or not what was meant. GET /formats lists what this server reads.");
        return;
    }
    snprintf(out->sentence, sizeof(out->sentence),
             "The content is %s%s%s%s, which this server does not read. GET /formats lists "
             "what it reads.",
             words ? sniff->kind : sniff->what, words ? " (" : "", words ? sniff->what : "",
             words ? ")" : "");
}

int
platen_inspect(int fd, off_t size, const platen_inspect_file_t *file, platen_inspect_t *out)
{
    const platen_format_t *inner;
    platen_sniff_t         sniff;
    int                    misnamed;

    *out = (platen_inspect_t){ .verdict = PLATEN_INSPECT_KNOWN };
    if (platen_sniff(fd, size, &sniff) != PLATEN_OK) {
        return PLATEN_ERROR;
    }
    out->format = platen_sniff_accept(&sniff, file->claimed, file->weak, &misnamed);
    if (out->format == NULL && sniff.format != NULL && !file->told) {
        inner = platen_inspect_inner_name(file->name, file->name_len);
        if (inner != NULL && platen_sniff_decide(&sniff, inner, 0) == inner) {
            out->format = inner;
            misnamed = 1;
        }
    }
    /* A README is text, as are licences and scripts: nobody has asked for those. */
    if (file->entry && file->claimed == NULL && out->format != NULL
        && out->format->family == PLATEN_FAMILY_TEXT) {
        out->format = NULL;
    }

    if (out->format != NULL && misnamed) {
        snprintf(out->sentence, sizeof(out->sentence),
                 "The file is named as %s, but its content is %s (%s), and was read as that.",
                 file->claimed->name, out->format->title, out->format->name);
    } else if (out->format == NULL && file->claimed != NULL && !file->weak) {
        out->verdict = PLATEN_INSPECT_MISMATCH;
        snprintf(out->sentence, sizeof(out->sentence),
                 "It is named as %s, but its content is %s. Correct the name%s, or the file.",
                 file->claimed->name, sniff.what, file->entry ? "" : " or source_format");
    } else if (out->format == NULL) {
        unknown_content(&sniff, out);
    }
    return PLATEN_OK;
}

int
platen_inspect_container(int fd, off_t size, const platen_format_t *format, char *sentence)
{
    platen_zip_verdict_t verdict;

    if (format->family != PLATEN_FAMILY_OOXML && format->family != PLATEN_FAMILY_ZIP) {
        return 1;
    }
    if (platen_zip_check(fd, size, &platen_zip_limits, &verdict) == PLATEN_ERROR) {
        return -1;
    }
    if (verdict.rule == PLATEN_ZIP_SAFE) {
        return 1;
    }
    memcpy(sentence, verdict.sentence, PLATEN_ZIP_SENTENCE);
    return 0;
}

int
platen_inspect_result(int fd, off_t size, const platen_format_t *wanted)
{
    platen_sniff_t sniff;

    if (platen_sniff(fd, size, &sniff) != PLATEN_OK) {
        return -1;
    }
    return platen_sniff_decide(&sniff, wanted, 0) == wanted;
}
