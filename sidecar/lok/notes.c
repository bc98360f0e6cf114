/*
 * Notes of slides; see lok/notes.h.  PPTX has a part for the notes of each slide, ODP all of
 * them in content.xml.  Parts are read as a stream and nothing of them is kept; what cannot be
 * read has none.  Used by the main thread alone.
 */

#include "lok/notes.h"

#include <expat.h>
#include <string.h>
#include <zip.h>

#include "xml_attribute.h"
#include "xml_doctype.h"

#define PIECE 65536

typedef struct {
    XML_Parser parser; /* the first: xml_doctype.h */
    int        notes;  /* within the notes of a slide */
    int        field;  /* within what is for the speaker's text */
    int        text;   /* within its text */
    int        found;  /* there is some */
    unsigned   n;
} reader_t;

static int
is(const char *value, const char *wanted)
{
    return value != NULL && strcmp(value, wanted) == 0;
}

static void
on_start(void *data, const char *name, const char **attributes)
{
    reader_t *r = data;

    if (strcmp(name, "p:notes") == 0 || strcmp(name, "presentation:notes") == 0) {
        r->notes = 1;
        r->found = 0;
    } else if (!r->notes) {
        return;
    } else if (strcmp(name, "p:sp") == 0) {
        r->field = 0;
    } else if (strcmp(name, "p:ph") == 0) {
        r->field = is(platen_xml_attribute(attributes, "type"), "body");
    } else if (strcmp(name, "draw:frame") == 0) {
        r->field = is(platen_xml_attribute(attributes, "presentation:class"), "notes")
                   && !is(platen_xml_attribute(attributes, "presentation:placeholder"), "true");
    } else if (strcmp(name, "a:t") == 0 || strcmp(name, "text:p") == 0) {
        r->text = r->field;
    }
}

static void
on_end(void *data, const char *name)
{
    reader_t *r = data;

    if (strcmp(name, "a:t") == 0 || strcmp(name, "text:p") == 0) {
        r->text = 0;
    } else if (strcmp(name, "p:notes") == 0 || strcmp(name, "presentation:notes") == 0) {
        r->notes = 0;
        r->n += r->found != 0;
    }
}

static void
on_text(void *data, const char *text, int len)
{
    reader_t *r = data;
    int       i;

    for (i = 0; r->text && !r->found && i < len; i++) {
        r->found = strchr(" \t\r\n", text[i]) == NULL;
    }
}

static unsigned
read_part(zip_t *zip, zip_uint64_t index)
{
    zip_file_t *file = zip_fopen_index(zip, index, 0);
    reader_t    r = { .parser = file == NULL ? NULL : XML_ParserCreate(NULL) };
    zip_int64_t n = 1;
    void       *buf;

    if (r.parser != NULL) {
        XML_SetUserData(r.parser, &r);
        XML_SetElementHandler(r.parser, on_start, on_end);
        XML_SetCharacterDataHandler(r.parser, on_text);
        platen_xml_refuse_doctype(r.parser);
        while (n > 0 && (buf = XML_GetBuffer(r.parser, PIECE)) != NULL) {
            n = zip_fread(file, buf, PIECE);
            if (n < 0 || XML_ParseBuffer(r.parser, (int) n, n == 0) != XML_STATUS_OK) {
                break;
            }
        }
        XML_ParserFree(r.parser);
    }
    if (file != NULL) {
        zip_fclose(file);
    }
    return r.n;
}

unsigned
platen_lok_notes(const char *path)
{
    static const char notes[] = "ppt/notesSlides/notesSlide";
    zip_t            *zip = zip_open(path, ZIP_RDONLY, NULL);
    zip_int64_t       i;
    const char       *name;
    unsigned          n = 0;

    if (zip == NULL) {
        return 0;
    }
    for (i = 0; i < zip_get_num_entries(zip, 0); i++) {
        name = zip_get_name(zip, (zip_uint64_t) i, 0);
        if (name != NULL
            && (strncmp(name, notes, sizeof(notes) - 1) == 0
                || strcmp(name, "content.xml") == 0)) {
            n += read_part(zip, (zip_uint64_t) i);
        }
    }
    zip_discard(zip);
    return n;
}
