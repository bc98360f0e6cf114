/* Memory that ends the process when there is none; see tables/buffer.h. */

#include "tables/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tables/main.h"

_Noreturn void
platen_tables_no_memory(void)
{
    static const char sentence[] = "platen-tables: out of memory\n";

    if (write(STDERR_FILENO, sentence, sizeof(sentence) - 1) < 0) {
        /* The exit code says it, too. */
    }
    _exit(PLATEN_TABLES_MEMORY);
}

int
platen_tables_fail(platen_tables_error_t *err, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return code;
}

void *
platen_tables_new(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size);

    if (p == NULL) {
        platen_tables_no_memory();
    }
    return p;
}

void *
platen_tables_resize(void *old, size_t n, size_t size)
{
    void *p = reallocarray(old, n > 0 ? n : 1, size);

    if (p == NULL) {
        platen_tables_no_memory();
    }
    return p;
}

char *
platen_tables_buffer_room(platen_tables_buffer_t *b, size_t n)
{
    size_t size;

    if (n > b->size - b->len) {
        if (n > SIZE_MAX / 2 - b->len) {
            platen_tables_no_memory();
        }
        size = b->size < 256 ? 256 : b->size;
        while (size < b->len + n) {
            size += size / 2;
        }
        b->data = platen_tables_resize(b->data, size, 1);
        b->size = size;
    }
    return b->data + b->len;
}

void
platen_tables_buffer_add(platen_tables_buffer_t *b, const char *data, size_t n)
{
    if (n > 0) {
        memcpy(platen_tables_buffer_room(b, n), data, n);
        b->len += n;
    }
}

void
platen_tables_buffer_text(platen_tables_buffer_t *b, const char *text)
{
    platen_tables_buffer_add(b, text, strlen(text));
}

void
platen_tables_buffer_byte(platen_tables_buffer_t *b, char byte)
{
    *platen_tables_buffer_room(b, 1) = byte;
    b->len++;
}

void
platen_tables_buffer_free(platen_tables_buffer_t *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}

void
platen_tables_buffer_json(platen_tables_buffer_t *b, const char *text, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    static const char names[] = "btn?fr"; /* of 8 to 13 */
    unsigned char     c;
    size_t            i, from = 0;
    char              escape[6] = { '\\', 'u', '0', '0' };

    platen_tables_buffer_byte(b, '"');
    for (i = 0; i < n; i++) {
        c = (unsigned char) text[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        platen_tables_buffer_add(b, text + from, i - from);
        from = i + 1;
        if (c >= 0x20) {
            escape[1] = (char) c;
        } else if (c >= 8 && c <= 13 && c != 11) {
            escape[1] = names[c - 8];
        } else {
            escape[1] = 'u';
            escape[4] = hex[c >> 4];
            escape[5] = hex[c & 15];
        }
        platen_tables_buffer_add(b, escape, escape[1] == 'u' ? 6 : 2);
    }
    platen_tables_buffer_add(b, text + from, n - from);
    platen_tables_buffer_byte(b, '"');
}
