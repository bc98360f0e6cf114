/* The names of events; see job/event.h.  Constant data, any thread. */

#include "job/event.h"

static const char *const names[PLATEN_STATES] = {
    [PLATEN_STATE_NONE] = "job_removed",    [PLATEN_STATE_INITIATED] = "job_initiated",
    [PLATEN_STATE_PENDING] = "job_pending", [PLATEN_STATE_PROCESSING] = "job_processing",
    [PLATEN_STATE_SUCCESS] = "job_done",    [PLATEN_STATE_PARTIAL_SUCCESS] = "job_done",
    [PLATEN_STATE_FAILED] = "job_failed",   [PLATEN_STATE_CANCELLED] = "job_cancelled",
};

static const char *const file_names[PLATEN_STATES] = {
    [PLATEN_STATE_NONE] = "file_removed",    [PLATEN_STATE_INITIATED] = "file_initiated",
    [PLATEN_STATE_PENDING] = "file_pending", [PLATEN_STATE_PROCESSING] = "file_processing",
    [PLATEN_STATE_SUCCESS] = "file_done",    [PLATEN_STATE_PARTIAL_SUCCESS] = "file_done",
    [PLATEN_STATE_FAILED] = "file_failed",   [PLATEN_STATE_CANCELLED] = "file_cancelled",
};

const char *
platen_event_name(uint8_t state)
{
    return state < PLATEN_STATES ? names[state] : "job_changed";
}

const char *
platen_event_title(const platen_event_t *event)
{
    if (event->file == 0) {
        return platen_event_name(event->state);
    }
    return event->state < PLATEN_STATES ? file_names[event->state] : "file_changed";
}

int
platen_event_last(const platen_event_t *event)
{
    return event->file == 0
           && (event->state == PLATEN_STATE_NONE
               || platen_state_final((platen_state_t) event->state));
}
