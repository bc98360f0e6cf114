/*
 * No timers of salhelper's.  From LibreOffice 24.2 on a drawing that was taken
 * apart (each picture is) has a salhelper::Timer, by which it forgets its parts
 * 20 s later.  Whatever is asked of the first one makes a thread, and with that
 * the zygote could not be forked.  A process that lives for one document has no
 * use for it: here none ever ticks, as in the versions before.
 *
 * The names are mangled ones.  LibreOffice's libraries find them in this program
 * first, which exports them (LOK_EXPORT in the Makefile); what they do not find
 * here they find in their own.  A version without them never calls these, and one
 * that asks for more gets its thread, which platen_lok_serve() then finds.
 */

#include <stdbool.h>

void _ZN9salhelper5Timer5startEv(void *timer);
void _ZN9salhelper5Timer4stopEv(void *timer);
bool _ZNK9salhelper5Timer9isTickingEv(const void *timer);
void _ZN9salhelper5TimerD2Ev(void *timer);

/* salhelper::Timer::start() */
void
_ZN9salhelper5Timer5startEv(void *timer)
{
    (void) timer;
}

/* salhelper::Timer::stop() */
void
_ZN9salhelper5Timer4stopEv(void *timer)
{
    (void) timer;
}

/* salhelper::Timer::isTicking() const */
bool
_ZNK9salhelper5Timer9isTickingEv(const void *timer)
{
    (void) timer;
    return false;
}

/* salhelper::Timer::~Timer(): it stops the timer, and owns nothing. */
void
_ZN9salhelper5TimerD2Ev(void *timer)
{
    (void) timer;
}
