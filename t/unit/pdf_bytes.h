/*
 * A PDF made by hand, a line of text on each page; for the tests of t/unit/
 * (ISO 32000-1, 7.5).
 */

#ifndef PLATEN_TEST_PDF_BYTES_H
#define PLATEN_TEST_PDF_BYTES_H

#include <stdio.h>
#include <stdlib.h>

#define PDF_PAGES_MAX 64

/* Pages with "Page 1 of the test", ...; the caller frees the result. */
static inline char *
pdf_make(unsigned pages, size_t *len)
{
    long     at[3 + 2 * PDF_PAGES_MAX] = { 0 };
    char    *out = NULL, text[64];
    unsigned i, n = 3 + 2 * pages;
    long     xref;
    FILE    *f = open_memstream(&out, len);

    if (f == NULL || pages > PDF_PAGES_MAX) {
        abort();
    }
    fputs("%PDF-1.4\n", f);
    at[0] = ftell(f);
    fputs("1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", f);
    at[1] = ftell(f);
    fputs("2 0 obj\n<< /Type /Pages /Kids [", f);
    for (i = 0; i < pages; i++) {
        fprintf(f, " %u 0 R", 4 + 2 * i);
    }
    fprintf(f, " ] /Count %u >>\nendobj\n", pages);
    at[2] = ftell(f);
    fputs("3 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n", f);
    for (i = 0; i < pages; i++) {
        at[3 + 2 * i] = ftell(f);
        fprintf(f,
                "%u 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 300 200 ]"
                " /Resources << /Font << /F 3 0 R >> >> /Contents %u 0 R >>\nendobj\n",
                4 + 2 * i, 5 + 2 * i);
        at[4 + 2 * i] = ftell(f);
        snprintf(text, sizeof(text), "BT /F 12 Tf 20 150 Td (Page %u of the test) Tj ET",
                 i + 1);
        fprintf(f, "%u 0 obj\n<< /Length %zu >>\nstream\n%s\nendstream\nendobj\n", 5 + 2 * i,
                strlen(text), text);
    }
    xref = ftell(f);
    fprintf(f, "xref\n0 %u\n0000000000 65535 f \n", n + 1);
    for (i = 0; i < n; i++) {
        fprintf(f, "%010ld 00000 n \n", at[i]);
    }
    fprintf(f, "trailer\n<< /Root 1 0 R /Size %u >>\nstartxref\n%ld\n%%%%EOF\n", n + 1, xref);
    if (fclose(f) != 0) {
        abort();
    }
    return out;
}

#endif
