/*
 * File names that come from clients: made harmless for display, given
 * another extension, and written into a Content-Disposition header.
 *
 * For: the name that a user sees again.  Nothing is ever stored under such
 * a name (files live under their job's id), so these functions keep a name
 * readable, not unique, and are no substitute for that rule.
 *
 * Owner: the caller owns every buffer; nothing is allocated and nothing is
 * kept.  Input and output must not overlap.
 *
 * Runs: anywhere, NGINX worker or sidecar, any thread; no state, no locale.
 *
 * On failure: there is none, as every input has an output; only
 * platen_filename_disposition() refuses a buffer that is too small.
 */

#ifndef PLATEN_FILENAME_H
#define PLATEN_FILENAME_H

#include <stddef.h>

/* The longest name, bytes without the NUL; NAME_MAX of Linux. */
#define PLATEN_FILENAME_MAX 255

/* An extension up to this many bytes, dot not counted, survives a cut. */
#define PLATEN_FILENAME_EXT_MAX 16

/* The buffer that any platen_filename_disposition() fits in, NUL included:
 * the name once as ASCII and once with each byte as %XX. */
#define PLATEN_FILENAME_DISPOSITION_MAX                                                        \
    (sizeof("attachment; filename=\"\"; filename*=UTF-8''") + PLATEN_FILENAME_MAX              \
     + 3 * PLATEN_FILENAME_MAX)

/*
 * Turns a client's file name into one that is safe to show, log and send:
 * valid UTF-8 without control characters or path.
 *
 * Takes what follows the last '/' or '\'.  Drops C0 and C1 controls, DEL,
 * NUL, line and paragraph separators (U+2028, U+2029), bidirectional
 * controls (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) and
 * the invisible U+200B and U+FEFF.  Each maximal ill-formed sequence
 * (Unicode 15, section 3.9, table 3-8) becomes one U+FFFD.  Spaces and dots
 * at both ends go, so ".", ".." and "" leave nothing and are "document".
 * Longer than 255 bytes, or than size allows, it is cut between characters,
 * in front of the extension if that has at most 16 bytes.  Cleaning a name
 * once more changes nothing.
 *
 * in, len: the name, not NUL-terminated; may be NULL if len is 0.
 * out, size: PLATEN_FILENAME_MAX + 1 bytes hold any result.
 *
 * Returns the length; out is NUL-terminated unless size is 0.
 */
size_t platen_filename_clean(const char *in, size_t len, char *out, size_t size);

/*
 * Whether every system takes the byte in a file's name: no control character, and none
 * of / \ : * ? " < > |.
 */
int platen_filename_takes(char c);

/*
 * Replaces the extension, or appends one: "a.tar.docx", "pdf" give
 * "a.tar.pdf", and "README", "pdf" give "README.pdf".
 *
 * name, len: a cleaned name.  ext: NUL-terminated, without its dot; "" takes
 * the extension away.  out, size: as for platen_filename_clean().  The stem
 * is cut between characters to make room for the extension; an empty stem
 * is "document".
 *
 * Returns the length; out is NUL-terminated unless size is 0.
 */
size_t platen_filename_replace_ext(const char *name, size_t len, const char *ext, char *out,
                                   size_t size);

/*
 * Finds the extension: what follows the last dot of the last path segment.
 * Dots at the start are no extension's, so ".profile" has none; nor has
 * "name." with nothing behind the dot.
 *
 * Returns a pointer into name with *ext_len bytes, or NULL with *ext_len 0.
 */
const char *platen_filename_ext(const char *name, size_t len, size_t *ext_len);

/*
 * Writes the value of a Content-Disposition header (RFC 6266):
 *
 *     attachment; filename="caf_.pdf"; filename*=UTF-8''caf%C3%A9.pdf
 *
 * The name is cleaned first.  In filename, each character outside ASCII and
 * each '"', '\' and '%' (which clients decode differently, RFC 6266
 * appendix D) is '_'; filename* (RFC 8187) has the true name and is
 * left out if that is the same.
 *
 * name, len: the name.  out, size: PLATEN_FILENAME_DISPOSITION_MAX bytes
 * hold any result.
 *
 * Returns the length; out is NUL-terminated unless size is 0.  Half a header
 * would be worse than none, so a result that does not fit is 0 and "".
 */
size_t platen_filename_disposition(const char *name, size_t len, char *out, size_t size);

#endif /* PLATEN_FILENAME_H */
