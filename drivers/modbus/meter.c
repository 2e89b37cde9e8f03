#include "drivers/modbus/meter.h"

#include "drivers/modbus/backoff.h"
#include "drivers/modbus/decode.h"
#include "drivers/modbus/reply.h"

#include <assert.h>
#include <inttypes.h>

#define REFUSED_RETRY_NS (300 * NS_PER_S)

enum { TELL_AFTER = 3 }; /* failures in a row: one lost answer on a serial line is not news */

static const int64_t unit_backoff_most_ns = 10 * NS_PER_S;

static struct instance *meter_of(struct connection_user *user)
{
    static_assert(offsetof(struct instance, user) == 0, "the user is the meter's first member");
    return (struct instance *)user;
}

static int64_t now_ns(const struct instance *meter)
{
    return meter->host.now_ns(meter->host.context);
}

static int64_t pause_ns(struct instance *meter, uint32_t failures)
{
    const struct backoff backoff = {meter->settings->interval_ns, unit_backoff_most_ns};

    return backoff_ns(&backoff, failures, backoff_random(&meter->random));
}

/* The host hears of changes only. */
static void tell_well(struct instance *meter)
{
    if (meter->told && meter->told_up)
        return;
    meter->told = meter->told_up = true;
    meter->host.device_state(meter->host.context, meter->device, true, NULL);
}

static void tell_trouble(struct instance *meter, const struct error *err)
{
    if (meter->told && !meter->told_up && meter->told_kind == err->what)
        return;
    meter->told = true;
    meter->told_up = false;
    meter->told_kind = err->what;
    meter->host.device_state(meter->host.context, meter->device, false, err);
}

/* ---------------------------------------------------------------- the cycle */

static bool block_is_well(const struct plan_block *block)
{
    return !block->disabled && block->refusals < TELL_AFTER;
}

static void end_cycle(struct instance *meter)
{
    bool well = !meter->walking;

    meter->cycling = false;
    for (uint32_t b = 0; b < meter->plan.blocks; b++)
        well = well && block_is_well(&meter->plan.block[b]);
    if (well)
        tell_well(meter);
}

/* Moves on to the next block that may be asked for now; false at the end. */
static bool find_block(struct instance *meter)
{
    int64_t now = now_ns(meter);

    while (meter->at < meter->plan.blocks && meter->plan.block[meter->at].not_before_ns > now)
        meter->at++;
    return meter->at < meter->plan.blocks;
}

static void go_on(struct instance *meter)
{
    if (!meter->walking && !find_block(meter))
        end_cycle(meter);
    else
        connection_ask(&meter->user);
}

static void begin_cycle(struct instance *meter)
{
    if (now_ns(meter) < meter->not_before_ns)
        return;
    meter->cycling = true;
    meter->at = 0;
    go_on(meter);
}

void meter_poll(struct instance *meter)
{
    if (meter->cycling || !connection_up(&meter->user))
        meter->counters.dropped++;
    else
        begin_cycle(meter);
}

static bool next(struct connection_user *user, struct read_request *request)
{
    struct instance *meter = meter_of(user);
    const struct plan_block *block;

    if (!meter->cycling)
        return false;
    *request = (struct read_request){.unit = (uint8_t)meter->settings->unit,
                                     .function = SUNSPEC_FUNCTION,
                                     .timeout_ns = meter->settings->response_timeout_ns};
    if (meter->walking)
        return sunspec_next(&meter->walk, &request->address, &request->count);
    block = &meter->plan.block[meter->at];
    request->function = block->function;
    request->address = (uint16_t)(meter->base + block->address);
    request->count = block->count;
    return true;
}

/* ---------------------------------------------------------------- what goes wrong */

/* The unit did not answer, or a gateway said so. Its other blocks would only cost the line more waiting. */
static void unit_failed(struct instance *meter, const struct error *err)
{
    meter->cycling = false;
    meter->failures++;
    if (meter->failures > 1) /* the first miss is simply polled again */
        meter->not_before_ns = now_ns(meter) + pause_ns(meter, meter->failures - 1);
    if (meter->failures >= TELL_AFTER || !meter->told)
        tell_trouble(meter, err);
}

static void unit_silent(struct instance *meter)
{
    struct error err;

    (void)failure(&err, ERR_TIMEOUT, meter->where, "an answer", "none in %" PRId64 " ms",
                  meter->settings->response_timeout_ns / NS_PER_MS);
    unit_failed(meter, &err);
}

static void refused(const struct instance *meter, uint8_t exception, struct error *err)
{
    const struct plan_block *block = &meter->plan.block[meter->at];

    if (meter->walking)
        (void)failure(err, ERR_REFUSED, meter->where, "the SunSpec chain", "exception %u, %s",
                      exception, exception_text(exception));
    else
        (void)failure(err, ERR_REFUSED, meter->where, "the registers of its profile",
                      "exception %u, %s, for %u registers at %u, function %u", exception,
                      exception_text(exception), block->count, meter->base + block->address,
                      block->function);
}

/* It does not have all of this. Perhaps it only minds the gaps: one by one then. */
static void block_refused_for_good(struct instance *meter, const struct error *err)
{
    struct plan_block *block = &meter->plan.block[meter->at];

    if (plan_split(&meter->plan, meter->at))
        return; /* the first of the parts is next */
    block->disabled = true;
    block->not_before_ns = now_ns(meter) + REFUSED_RETRY_NS;
    tell_trouble(meter, err);
    meter->at++;
}

static void block_refused(struct instance *meter, bool for_now, const struct error *err)
{
    struct plan_block *block = &meter->plan.block[meter->at];

    block->refusals++;
    if (for_now)
        block->not_before_ns = now_ns(meter) + pause_ns(meter, block->refusals);
    if (!block_is_well(block))
        tell_trouble(meter, err);
    meter->at++;
}

/* ---------------------------------------------------------------- finding the SunSpec model */

/* The model must be as long as the profile says, or the values would come from the next one. */
static bool model_holds_plan(struct instance *meter, struct error *err)
{
    for (uint32_t b = 0; b < meter->plan.blocks; b++) {
        const struct plan_block *block = &meter->plan.block[b];
        uint32_t end = (uint32_t)block->address + block->count;

        if (end > meter->walk.length + 2U)
            return failure(err, ERR_CONFLICT, meter->where, "a model that holds the profile",
                           "model %u of %u registers, profile %s needs %u", meter->walk.wanted,
                           meter->walk.length, meter->settings->profile->name, end - 2);
    }
    return true;
}

static void walk_failed(struct instance *meter, const struct error *err)
{
    meter->cycling = false;
    meter->not_before_ns = now_ns(meter) + REFUSED_RETRY_NS;
    sunspec_begin(&meter->walk, meter->settings->profile->sunspec_model);
    tell_trouble(meter, err);
}

static void walked(struct instance *meter)
{
    const struct error *why = &meter->walk.why;
    struct error err;

    if (meter->walk.stage == SUNSPEC_FAILED) {
        (void)failure(&err, why->what, meter->where, why->expected, "%s", why->got);
        walk_failed(meter, &err);
    } else if (meter->walk.stage == SUNSPEC_FOUND) {
        if (!model_holds_plan(meter, &err)) {
            walk_failed(meter, &err);
            return;
        }
        meter->base = meter->walk.address;
        meter->walking = false;
    }
}

/* ---------------------------------------------------------------- answers */

static void publish(struct instance *meter, const struct read_answer *answer)
{
    const struct plan_block *block = &meter->plan.block[meter->at];

    for (uint32_t i = 0; i < block->values; i++) {
        const struct plan_value *value = &meter->plan.value[block->first + i];
        struct sample sample = {.taken_ns = answer->sent_ns};

        sample.refused =
            !decode_value(meter->settings->profile, block, value, answer->registers, &sample.value);
        if (sample.refused)
            sample.value = 0;
        meter->host.sample(meter->host.context, value->point, &sample);
    }
}

static void take_registers(struct instance *meter, const struct read_answer *answer)
{
    meter->counters.answers++;
    meter->failures = 0;
    if (meter->walking) {
        sunspec_registers(&meter->walk, answer->registers);
        walked(meter);
        return;
    }
    publish(meter, answer);
    meter->plan.block[meter->at].refusals = 0;
    meter->plan.block[meter->at].disabled = false;
    meter->at++;
}

static void take_exception(struct instance *meter, uint8_t exception)
{
    enum refusal refusal = refusal_of(exception);
    struct error err;

    meter->counters.refusals++;
    refused(meter, exception, &err);
    if (refusal == REFUSED_SILENT) {
        unit_failed(meter, &err);
        return;
    }
    meter->failures = 0;
    if (!meter->walking) {
        if (refusal == REFUSED_FOR_GOOD)
            block_refused_for_good(meter, &err);
        else
            block_refused(meter, refusal == REFUSED_FOR_NOW, &err);
    } else if (refusal == REFUSED_FOR_GOOD) {
        sunspec_refused(&meter->walk, exception);
        walked(meter);
    } else {
        meter->cycling = false; /* the walk goes on where it stands, at the next poll */
    }
}

static void answered(struct connection_user *user, const struct read_answer *answer)
{
    struct instance *meter = meter_of(user);

    switch (answer->what) {
    case ANSWER_REGISTERS:
        take_registers(meter, answer);
        break;
    case ANSWER_EXCEPTION:
        take_exception(meter, answer->exception);
        break;
    case ANSWER_TIMEOUT:
        unit_silent(meter);
        break;
    }
    if (meter->cycling)
        go_on(meter);
}

/* ---------------------------------------------------------------- the connection */

static void up(struct connection_user *user)
{
    struct instance *meter = meter_of(user);

    if (!meter->cycling)
        begin_cycle(meter);
}

/* Another device may answer next time: whatever it refused or where its model lay is forgotten. */
static void forget(struct instance *meter)
{
    meter->cycling = false;
    meter->walking = meter->settings->profile->sunspec;
    sunspec_begin(&meter->walk, meter->settings->profile->sunspec_model);
    meter->base = 0;
    for (uint32_t b = 0; b < meter->plan.blocks; b++) {
        struct plan_block *block = &meter->plan.block[b];

        block->not_before_ns = 0;
        block->refusals = 0;
        block->disabled = false;
    }
    if (meter->failures == 0)
        meter->not_before_ns = 0;
}

static void lost(struct connection_user *user, const struct error *err)
{
    struct instance *meter = meter_of(user);

    forget(meter);
    tell_trouble(meter, err);
}

void meter_init(struct instance *meter)
{
    static const struct connection_callbacks callbacks = {up, next, answered, lost};

    meter->user.callbacks = &callbacks;
    meter->user.counters = &meter->counters;
    meter->random = uv_hrtime() ^ (uintptr_t)meter;
    forget(meter);
}
