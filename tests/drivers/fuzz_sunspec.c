/* A device that answers the walk along its SunSpec chain: it always ends, inside the address space.
 *
 * Input: wanted model u16, then for each read a byte (0: refused) and two registers. */
#include "drivers/modbus/sunspec.h"

#include <assert.h>

enum { READS_MOST = 3 + SUNSPEC_MODELS_MOST + 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_over(data, size);
    struct sunspec_walk walk;
    uint16_t address, count, id = 0;
    int reads = 0;

    sunspec_begin(&walk, take_u16(&c));
    while (sunspec_next(&walk, &address, &count)) {
        bool refused = take_u8(&c) == 0;
        struct cursor registers = take(&c, 4), peek = registers;

        reads++;
        assert(reads <= READS_MOST && (uint32_t)address + count <= 65536);
        id = take_u16(&peek);
        if (refused)
            sunspec_refused(&walk, 2);
        else
            sunspec_registers(&walk, registers);
    }
    if (walk.stage == SUNSPEC_FOUND)
        assert(id == walk.wanted && walk.length > 0 &&
               (uint32_t)walk.address + 2 + walk.length <= 65536);
    else
        assert(walk.stage == SUNSPEC_FAILED);
    return 0;
}
