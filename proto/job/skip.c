/* Entries of a batch's archive; see job/skip.h.  Constant data, any thread. */

#include "job/skip.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *code;
    const char *sentence;
} reasons[] = {
    { "hidden_file", "A hidden file is no document." },
    { "resource_fork", "A resource fork of macOS is no document." },
    { "system_file", "A file that an operating system keeps in folders is no document." },
    { "empty_file", "The file is empty." },
    { "unknown_content", "The content is of no format that this server knows by itself. Give "
                         "the file the extension of its format." },
    { "nested_archive", "An archive inside the archive is not taken apart. Submit it by "
                        "itself." },
    { "identical_formats", "The file is in the target format already." },
    { "unsupported_conversion", "This server does not convert the file's format to the target "
                                "format. GET /formats lists what it does." },
};

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

int
platen_batch_folder(const char *name, size_t len)
{
    return len == 0 || name[len - 1] == '/';
}

/* Whether a part of the path is `word`, or (hidden) begins with a dot. */
static int
has_part(const char *name, size_t len, const char *word)
{
    const char *end = name + len, *p = name, *slash;
    size_t      n = strlen(word);

    while (p < end) {
        slash = memchr(p, '/', (size_t) (end - p));
        if (slash == NULL) {
            slash = end;
        }
        if (strcmp(word, ".") == 0
                ? *p == '.'
                : (size_t) (slash - p) == n && strncasecmp(p, word, n) == 0) {
            return 1;
        }
        p = slash + 1;
    }
    return 0;
}

const char *
platen_batch_skip(const char *name, size_t len, uint64_t size)
{
    if (has_part(name, len, "__MACOSX")) {
        return "resource_fork";
    }
    if (has_part(name, len, ".")) {
        return "hidden_file";
    }
    if (has_part(name, len, "Thumbs.db") || has_part(name, len, "desktop.ini")
        || has_part(name, len, "Icon\r")) {
        return "system_file";
    }
    return size == 0 ? "empty_file" : NULL;
}

const char *
platen_batch_sentence(const char *code, size_t len)
{
    size_t i;

    for (i = 0; i < REASONS; i++) {
        if (strlen(reasons[i].code) == len && memcmp(reasons[i].code, code, len) == 0) {
            return reasons[i].sentence;
        }
    }
    return "It was skipped.";
}

const char *
platen_batch_code(size_t i)
{
    return i < REASONS ? reasons[i].code : NULL;
}
