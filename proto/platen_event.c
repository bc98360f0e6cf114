/* The names of events; see platen_event.h.  Constant data, any thread. */

#include "platen_event.h"

static const char *const names[PLATEN_STATES] = {
    [PLATEN_STATE_NONE] = "job_removed",    [PLATEN_STATE_INITIATED] = "job_initiated",
    [PLATEN_STATE_PENDING] = "job_pending", [PLATEN_STATE_PROCESSING] = "job_processing",
    [PLATEN_STATE_SUCCESS] = "job_done",    [PLATEN_STATE_PARTIAL_SUCCESS] = "job_done",
    [PLATEN_STATE_FAILED] = "job_failed",   [PLATEN_STATE_CANCELLED] = "job_cancelled",
};

const char *
platen_event_name(uint8_t state)
{
    return state < PLATEN_STATES ? names[state] : "job_changed";
}

int
platen_event_last(uint8_t state)
{
    return state == PLATEN_STATE_NONE || platen_state_final((platen_state_t) state);
}
