/*      start                                   start + words
 *        | value | ..... | scale register |          a value and what it needs: never split
 *        |---------- block ----------------------- .. gap <= max_gap .. ------|   <= max_registers
 *
 * Sorted by start, a value joins the block before it whenever it fits. That gives the fewest blocks: the first
 * value must be in some block, which can't begin later; and what a block leaves to the next begins after all
 * that it took. */
#include "drivers/modbus/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_address(const void *left, const void *right)
{
    const struct plan_value *a = left, *b = right;

    if (a->reg->function_code != b->reg->function_code)
        return a->reg->function_code < b->reg->function_code ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->point < b->point ? -1 : a->point > b->point; /* the same on every machine */
}

static bool measure(struct plan_value *v, const struct device_profile *profile, struct error *err)
{
    uint32_t start = v->reg->address;
    uint32_t end = start + register_words(v->reg->type);

    if (v->reg->has_scale_register) {
        uint32_t scale = v->reg->scale_address;

        start = scale < start ? scale : start;
        end = scale + 1 > end ? scale + 1 : end;
    }
    if (end > UINT16_MAX + 1U || end - start > profile->max_registers)
        return failure(err, ERR_CONFLICT, profile->name,
                       "value and scale register within max_registers", "%s spans %u registers",
                       quantity_name(v->reg->quantity), end - start);
    v->start = (uint16_t)start;
    v->words = (uint16_t)(end - start);
    return true;
}

static bool joins(const struct plan_block *block, const struct plan_value *v,
                  const struct device_profile *profile)
{
    uint32_t block_end = (uint32_t)block->address + block->count;
    uint32_t end = (uint32_t)v->start + v->words;

    end = end > block_end ? end : block_end;
    return v->reg->function_code == block->function && v->start <= block_end + profile->max_gap &&
           end - block->address <= profile->max_registers;
}

static struct plan_block block_of(const struct plan_value *v, uint32_t at)
{
    return (struct plan_block){.function = v->reg->function_code,
                               .address = v->start,
                               .count = v->words,
                               .first = at,
                               .values = 1};
}

static void coalesce(struct plan *plan, const struct device_profile *profile)
{
    for (uint32_t i = 0; i < plan->values; i++) {
        const struct plan_value *v = &plan->value[i];
        struct plan_block *last = plan->blocks > 0 ? &plan->block[plan->blocks - 1] : NULL;
        uint32_t end = (uint32_t)v->start + v->words;

        if (last == NULL || !joins(last, v, profile)) {
            plan->block[plan->blocks++] = block_of(v, i);
            continue;
        }
        last->values++;
        if (end > (uint32_t)last->address + last->count)
            last->count = (uint16_t)(end - last->address);
    }
}

bool plan_build(struct plan *plan, const struct device_profile *profile,
                const struct device_point *point, uint32_t points, struct error *err)
{
    *plan = (struct plan){.value = calloc(points + 1U, sizeof *plan->value),
                          .block = calloc(points + 1U, sizeof *plan->block)};
    if (plan->value == NULL || plan->block == NULL)
        return failure(err, ERR_FULL, profile->name, "memory for its registers", "none");
    for (uint32_t i = 0; i < points; i++) {
        struct plan_value *v = &plan->value[i];

        *v = (struct plan_value){.reg = profile_find(profile, point[i].quantity),
                                 .point = point[i].point};
        if (v->reg == NULL)
            return failure(err, ERR_MISSING, profile->name, "a register for each point",
                           "none for %s", quantity_name(point[i].quantity));
        if (!measure(v, profile, err))
            return false;
        plan->values++;
    }
    if (plan->values == 0)
        return failure(err, ERR_MISSING, profile->name, "at least one value to read", "none");
    qsort(plan->value, plan->values, sizeof *plan->value, by_address);
    coalesce(plan, profile);
    return true;
}

void plan_free(struct plan *plan)
{
    free(plan->value);
    free(plan->block);
    *plan = (struct plan){0};
}

bool plan_split(struct plan *plan, uint32_t block)
{
    struct plan_block old = plan->block[block];
    uint32_t more = old.values - 1;

    if (old.values < 2)
        return false;
    assert(plan->blocks + more <= plan->values); /* every block has a value of its own */
    memmove(&plan->block[block + old.values], &plan->block[block + 1],
            (plan->blocks - block - 1) * sizeof *plan->block);
    for (uint32_t i = 0; i < old.values; i++)
        plan->block[block + i] = block_of(&plan->value[old.first + i], old.first + i);
    plan->blocks += more;
    return true;
}

size_t plan_offset(const struct plan_block *block, uint16_t address)
{
    assert(address >= block->address && address < (uint32_t)block->address + block->count);
    return 2 * (size_t)(address - block->address);
}
