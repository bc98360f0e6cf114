/* What platen-docx and those who start it have in common. */

#ifndef PLATEN_DOCX_H
#define PLATEN_DOCX_H

/* Exit codes; no program that it becomes has these. */
#define PLATEN_DOCX_DECLINED 120
#define PLATEN_DOCX_SETUP 121

#define PLATEN_DOCX_CHUNKS                                                                     \
    "A part of the document is a file of another format inside of it (altChunk), which is "    \
    "not in the result."

#endif
