/*
 * Where the server is and by which key: from the command line, else the environment, else
 * ~/.config/platen/config (lines of "url = …", "key = …", "jobs = …").  A file with a key
 * that others may read is refused.
 */

#ifndef PLATEN_CLI_SETTINGS_H
#define PLATEN_CLI_SETTINGS_H

#include <stddef.h>

#define PLATEN_SETTINGS_URL "http://127.0.0.1:8080"
#define PLATEN_SETTINGS_JOBS 4

typedef struct {
    char url[2048]; /* without a slash at its end */
    char key[512];  /* "": none */
    int  jobs;      /* documents at the same time */
    int  json;
} platen_settings_t;

/* Environment and file; `file` NULL: where it is by default.  0, or -1 with a sentence. */
int platen_settings_load(platen_settings_t *s, const char *file, char *err, size_t errlen);

/* 0, or -1 with a sentence. */
int platen_settings_url(platen_settings_t *s, const char *url, char *err, size_t errlen);

/* The first line of a file that nobody else may read.  0, or -1 with a sentence. */
int platen_settings_key_file(platen_settings_t *s, const char *path, char *err, size_t errlen);

#endif
