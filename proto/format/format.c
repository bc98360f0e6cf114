/* The table of formats; see format/format.h. */

#include "format/format.h"

#include <string.h>

#define OOXML "application/vnd.openxmlformats-officedocument."
#define ODF "application/vnd.oasis.opendocument."

const platen_format_t platen_formats[] = {
    { "docx", "Word", OOXML "wordprocessingml.document",
      "application/vnd.ms-word.document.macroenabled.12 " OOXML "wordprocessingml.template",
      "docm dotx dotm", PLATEN_FAMILY_OOXML },
    { "xlsx", "Excel", OOXML "spreadsheetml.sheet",
      "application/vnd.ms-excel.sheet.macroenabled.12 " OOXML "spreadsheetml.template",
      "xlsm xltx xltm", PLATEN_FAMILY_OOXML },
    { "pptx", "PowerPoint", OOXML "presentationml.presentation",
      "application/vnd.ms-powerpoint.presentation.macroenabled.12 " OOXML
      "presentationml.slideshow " OOXML "presentationml.template",
      "pptm ppsx ppsm potx potm", PLATEN_FAMILY_OOXML },
    { "doc", "Word 97", "application/msword", "", "dot", PLATEN_FAMILY_OLE },
    { "xls", "Excel 97", "application/vnd.ms-excel", "", "xlt", PLATEN_FAMILY_OLE },
    { "ppt", "PowerPoint 97", "application/vnd.ms-powerpoint", "", "pps pot",
      PLATEN_FAMILY_OLE },
    { "odt", "OpenDocument text", ODF "text", ODF "text-template", "ott", PLATEN_FAMILY_ZIP },
    { "ods", "OpenDocument spreadsheet", ODF "spreadsheet", ODF "spreadsheet-template", "ots",
      PLATEN_FAMILY_ZIP },
    { "odp", "OpenDocument presentation", ODF "presentation", ODF "presentation-template",
      "otp", PLATEN_FAMILY_ZIP },
    { "epub", "EPUB", "application/epub+zip", "", "", PLATEN_FAMILY_ZIP },
    { "zip", "ZIP archive", "application/zip", "application/x-zip-compressed", "",
      PLATEN_FAMILY_ZIP },
    { "pdf", "PDF", "application/pdf", "application/x-pdf", "", PLATEN_FAMILY_BINARY },
    { "rtf", "Rich Text", "application/rtf", "text/rtf", "", PLATEN_FAMILY_BINARY },
    { "png", "PNG image", "image/png", "", "", PLATEN_FAMILY_BINARY },
    { "jpeg", "JPEG image", "image/jpeg", "image/jpg", "jpg jpe", PLATEN_FAMILY_BINARY },
    { "tiff", "TIFF image", "image/tiff", "", "tif", PLATEN_FAMILY_BINARY },
    { "parquet", "Apache Parquet", "application/vnd.apache.parquet", "", "",
      PLATEN_FAMILY_BINARY },
    { "html", "HTML", "text/html", "application/xhtml+xml", "htm xhtml", PLATEN_FAMILY_TEXT },
    { "md", "Markdown", "text/markdown", "text/x-markdown", "markdown", PLATEN_FAMILY_TEXT },
    { "txt", "plain text", "text/plain", "", "text", PLATEN_FAMILY_TEXT },
    { "csv", "CSV", "text/csv", "application/csv", "", PLATEN_FAMILY_TEXT },
    { "json", "JSON", "application/json", "", "", PLATEN_FAMILY_TEXT },
    { "svg", "SVG image", "image/svg+xml", "", "", PLATEN_FAMILY_TEXT },
    { "rst", "reStructuredText", "text/x-rst", "", "", PLATEN_FAMILY_TEXT },
    { "tsv", "TSV", "text/tab-separated-values", "", "tab", PLATEN_FAMILY_TEXT },
    { "excel-xml", "XML of Excel 2003", "application/x-excel-xml", "", "", PLATEN_FAMILY_TEXT },
    { "jsonl", "JSON Lines", "application/jsonl",
      "application/x-ndjson application/x-jsonlines application/jsonlines", "ndjson",
      PLATEN_FAMILY_TEXT },
};

const size_t platen_nformats = sizeof(platen_formats) / sizeof(platen_formats[0]);

_Static_assert(sizeof(platen_formats) / sizeof(platen_formats[0]) <= PLATEN_FORMATS_MAX,
               "PLATEN_FORMATS_MAX is too small");

const platen_format_t *
platen_format_find(const char *name, size_t len)
{
    size_t i;

    if (len == 0) {
        return NULL;
    }

    /* As a record has it: that is asked with each download. */
    for (i = 0; i < platen_nformats; i++) {
        if (platen_formats[i].name[0] == name[0] && strlen(platen_formats[i].name) == len
            && memcmp(platen_formats[i].name, name, len) == 0) {
            return &platen_formats[i];
        }
    }

    for (i = 0; i < platen_nformats; i++) {
        if (platen_words_have(platen_formats[i].name, name, len)
            || platen_words_have(platen_formats[i].aliases, name, len)) {
            return &platen_formats[i];
        }
    }
    return NULL;
}

const platen_format_t *
platen_format_by_mime(const char *mime, size_t len)
{
    const char *semicolon;
    size_t      i;

    semicolon = len == 0 ? NULL : memchr(mime, ';', len);
    if (semicolon != NULL) {
        len = (size_t) (semicolon - mime);
    }
    while (len > 0 && (mime[len - 1] == ' ' || mime[len - 1] == '\t')) {
        len--;
    }
    if (len == 0) {
        return NULL;
    }

    for (i = 0; i < platen_nformats; i++) {
        if (platen_words_have(platen_formats[i].mime, mime, len)
            || platen_words_have(platen_formats[i].other_mimes, mime, len)) {
            return &platen_formats[i];
        }
    }
    return NULL;
}

const platen_format_t *
platen_format_named(const char *name, size_t len)
{
    if (len > 0 && memchr(name, '/', len) != NULL) {
        return platen_format_by_mime(name, len);
    }
    return len > 0 && *name == '.' ? platen_format_find(name + 1, len - 1)
                                   : platen_format_find(name, len);
}

int
platen_format_reads_charset(const platen_format_t *from, const platen_format_t *to)
{
    return from != to && from->family == PLATEN_FAMILY_TEXT
           && !platen_words_have("json jsonl svg excel-xml", from->name, strlen(from->name));
}
