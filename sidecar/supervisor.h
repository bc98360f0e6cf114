/*
 * What platend tells the one who started it, by the protocol of sd_notify(3): that
 * it is ready, that its loop still turns, that it is stopping.  Without a
 * $NOTIFY_SOCKET nobody asks, and nothing is told.  Main thread only.
 */

#ifndef PLATEN_SUPERVISOR_H
#define PLATEN_SUPERVISOR_H

/*
 * Opens the socket that $NOTIFY_SOCKET names and takes the variable out of the
 * environment, so that no child speaks in platend's name.  Before platend gives up
 * root, as the socket's directory may be root's.  What fails is only not told.
 */
void platen_supervisor_open(void);

/* Sends `state`, one or more lines of VARIABLE=value.  Never waits. */
void platen_supervisor_tell(const char *state);

/* Says that the loop turns, if it was asked to ($WATCHDOG_USEC); call it once a second. */
void platen_supervisor_tick(void);

#endif
