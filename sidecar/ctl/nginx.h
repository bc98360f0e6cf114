/*
 * nginx, as an operator's command sees it: the one that runs with a store, what it says
 * of its configuration (`nginx -T`, which opens what it is to write to: files that are
 * there it may open, and none may be made; ctl/capture.h), and the words of that.
 */

#ifndef PLATEN_CTL_NGINX_H
#define PLATEN_CTL_NGINX_H

#include <stddef.h>
#include <sys/types.h>

#include "config.h"

/* What each file of the text of `nginx -T` begins with. */
#define PLATEN_CTL_NGINX_DUMP "# configuration file "

/* Where nginx is; NULL: not where it is on Debian. */
const char *platen_ctl_nginx_program(void);

/*
 * The master of the nginx that has this store open; 0: none is to be seen, which needs
 * root or its user.
 */
pid_t platen_ctl_nginx_master(const platen_config_t *config);

/*
 * Asks `nginx` for the whole of its configuration: of the one that runs with this store, or
 * `file`, or else the built-in one.  Returns the files in what it said, all of which is in
 * *said, to be freed; NULL: it has said that something is wrong, the first line of it in
 * `error`, without what stands before it on each.
 */
const char *platen_ctl_nginx_dump(const platen_config_t *config, const char *nginx,
                                  const char *file, char **said, char *error, size_t size);

/*
 * What to do about that error: what is given, but where nothing is wrong with the
 * configuration, and nginx has not run yet.
 */
const char *platen_ctl_nginx_advice(const char *error, const char *otherwise);

/*
 * The next word of nginx's syntax, without its quotes, at *text, which goes on.  Returns
 * its kind: 'w', ';', '{', '}'; 0 at the end.
 */
int platen_ctl_nginx_word(const char **text, char *out, size_t size);

#endif
