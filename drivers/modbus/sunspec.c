#include "drivers/modbus/sunspec.h"

#include "drivers/modbus/reply.h"

enum { COMMON_MODEL = 1, END_MODEL = 0xffff, ADDRESSES = 65536 };

static const uint16_t bases[] = {40000, 0, 50000};

void sunspec_begin(struct sunspec_walk *walk, uint16_t wanted)
{
    *walk =
        (struct sunspec_walk){.stage = SUNSPEC_SIGNATURE, .wanted = wanted, .address = bases[0]};
}

bool sunspec_next(const struct sunspec_walk *walk, uint16_t *address, uint16_t *count)
{
    *address = walk->address;
    *count = 2;
    return walk->stage == SUNSPEC_SIGNATURE || walk->stage == SUNSPEC_HEADER;
}

static void fail(struct sunspec_walk *walk, enum error_kind what, const char *expected,
                 const char *got, unsigned number)
{
    walk->stage = SUNSPEC_FAILED;
    (void)failure(&walk->why, what, "SunSpec chain", expected, "%s %u", got, number);
}

static void next_base(struct sunspec_walk *walk)
{
    walk->base++;
    if (walk->base < COUNT(bases))
        walk->address = bases[walk->base];
    else
        fail(walk, ERR_MISSING, "\"SunS\" at register 40000, 0 or 50000",
             "nothing in places:", (unsigned)COUNT(bases));
}

static void header(struct sunspec_walk *walk, uint16_t id, uint16_t length)
{
    uint32_t next = (uint32_t)walk->address + 2 + length;

    if (id == END_MODEL)
        fail(walk, ERR_MISSING, "the profile's model in the chain", "no model", walk->wanted);
    else if (walk->models == 0 && id != COMMON_MODEL)
        fail(walk, ERR_PROTOCOL, "model 1 first", "model", id);
    else if (length == 0)
        fail(walk, ERR_PROTOCOL, "a model with a body", "length 0 of model", id);
    else if (next > ADDRESSES || (next + 2 > ADDRESSES && id != walk->wanted))
        fail(walk, ERR_PROTOCOL, "a chain that ends below register 65536", "length", length);
    else if (++walk->models > SUNSPEC_MODELS_MOST)
        fail(walk, ERR_FULL, "at most 64 models", "models:", walk->models);
    else if (id == walk->wanted) {
        walk->stage = SUNSPEC_FOUND;
        walk->length = length;
    } else {
        walk->address = (uint16_t)next;
    }
}

void sunspec_registers(struct sunspec_walk *walk, struct cursor registers)
{
    uint16_t first = take_u16(&registers);
    uint16_t second = take_u16(&registers);

    if (!registers.ok) {
        fail(walk, ERR_TRUNCATED, "two registers", "fewer at", walk->address);
    } else if (walk->stage == SUNSPEC_HEADER) {
        header(walk, first, second);
    } else if (walk->stage == SUNSPEC_SIGNATURE) {
        if (first != 0x5375 || second != 0x6e53) {
            next_base(walk);
            return;
        }
        walk->stage = SUNSPEC_HEADER;
        walk->address = (uint16_t)(walk->address + 2);
    }
}

void sunspec_refused(struct sunspec_walk *walk, uint8_t exception)
{
    if (walk->stage == SUNSPEC_SIGNATURE)
        next_base(walk); /* a device may refuse addresses that it does not have */
    else if (walk->stage == SUNSPEC_HEADER)
        fail(walk, ERR_MISSING, "the profile's model in the chain", exception_text(exception),
             walk->address);
}
