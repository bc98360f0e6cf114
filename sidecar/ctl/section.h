/*
 * A part of the doctor, run in a process of its own: as the user that platend
 * has, with an end in sight.  What a broken machine does to a check (a store
 * whose file is cut off, a library that crashes, a file server that does not
 * answer) it does to that process, and is a finding like any other.
 */

#ifndef PLATEN_CTL_SECTION_H
#define PLATEN_CTL_SECTION_H

#include "ctl/identity.h"
#include "ctl/report.h"

#define PLATEN_CTL_SECTION_SECONDS 30

/*
 * Runs check(data, report) in a child and adds its findings to `report`; as
 * `user` if that is not NULL.  A child that dies or hangs is a PLATEN_CTL_FAIL
 * about `name`.  Not for a process with threads.
 */
void platen_ctl_section_run(const char *name,
                            void (*check)(const void *data, platen_ctl_report_t *report),
                            const void *data, const platen_ctl_identity_t *user,
                            unsigned seconds, platen_ctl_report_t *report);

#endif
