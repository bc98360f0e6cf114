/*
 * Fuzzes what looking at an upload costs: platen_sniff and platen_zip_check on
 * any bytes, in CPU.  The cost is told to the fuzzer as if it were a branch, so
 * that it keeps what is dearer than all before, and goes on from there.
 */

#include <stdint.h>

#include "sniff_cost.h"

#define STEPS 64

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t dearer[STEPS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    double     cost, bound;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t) size) {
        abort();
    }
    bound = cost_bound((off_t) size);
    cost = look_cost(fd, (off_t) size, bound / 4);
    if (cost > bound) {
        abort();
    }
    dearer[(size_t) (cost / bound * (STEPS - 1))] = 1;
    return 0;
}
