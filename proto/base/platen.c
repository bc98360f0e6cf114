/* Return-code texts, lists of words and the two clocks; see platen.h. */

#include "base/platen.h"

#include <strings.h>
#include <time.h>

const char *
platen_strerror(int rc)
{
    switch (rc) {
    case PLATEN_OK:
        return "success";
    case PLATEN_NOT_FOUND:
        return "not found";
    case PLATEN_QUEUE_FULL:
        return "the queue is full";
    case PLATEN_INVALID_TRANSITION:
        return "the job's state does not allow that";
    case PLATEN_STALE:
        return "another attempt owns the job";
    case PLATEN_STORE_FULL:
        return "the store is full";
    case PLATEN_CORRUPT:
        return "a stored record is corrupt";
    case PLATEN_TOO_NEW:
        return "the store was written by a later version";
    case PLATEN_INVALID:
        return "invalid argument";
    case PLATEN_CONFLICT:
        return "the key stands for something else";
    case PLATEN_CLIENT_FULL:
        return "the client has as many waiting jobs as it may";
    case PLATEN_OVER_QUOTA:
        return "the client would have more stored than it may";
    case PLATEN_LATER:
        return "what it needs is out of order at present";
    case PLATEN_LOCKED:
        return "another request has it open";
    default:
        return "internal error";
    }
}

int
platen_words_have(const char *words, const char *word, size_t len)
{
    const char *end;

    for (; *words != '\0'; words = *end == '\0' ? end : end + 1) {
        end = strchrnul(words, ' ');
        if ((size_t) (end - words) == len && strncasecmp(words, word, len) == 0) {
            return 1;
        }
    }
    return 0;
}

uint64_t
platen_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

uint64_t
platen_boottime_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

uint64_t
platen_monotonic_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}
