/* Keeps what is emitted in a day or a month within a budget, and spends it where it does most work.
 *
 *     used = sum of import x intensity             left = budget + carried over - used
 *     plan: see policies/carbon_plan.h, over the slots from now to the period's end, with `left` less a reserve
 *
 * Intensities to come are the forecast's x (1 + forecast_error); beyond its horizon its mean stands for them, and
 * without a forecast that of now, which spends the rest evenly. The reserve is what the load that no cap can lower
 * might cost there beyond that, at `highest`: it shrinks to nothing as the period ends. The plan is made anew each
 * minute, so that what went otherwise is made up for in what is left; at the end the time left counts at least as
 * two minutes.
 *
 * A forecast that is lost stays as it was told last. A signal that is lost counts as `highest`, a meter that is lost
 * as the most that may be drawn. With the clock unknown a whole period is still to come. A period ends once, by a
 * clock that ran there: a step never brings a new budget.
 *
 * Average and marginal intensity are two quantities: `basis` says which one is budgeted, and a forecast of the other
 * is refused. */
#include "policies/carbon_budget.h"

#include "policies/calendar.h"
#include "policies/carbon_plan.h"
#include "policies/metering.h"
#include "policies/notes.h"
#include "policies/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    DAY_S = 86400,
    MONTH_DAYS_MOST = 31,
    PLAN_EVERY_S = 60,
    LEAST_LEFT_S = 120,
    SLOT_S = 3600,
    SLOTS_MAX = FORECAST_STEPS_MAX + MONTH_DAYS_MOST * 24 + 2
};

enum period { PERIOD_DAY, PERIOD_MONTH };

/* Far enough for any clock, and no sum comes near its end. */
#define UTC_MOST_S (INT64_C(1) << 40)

static const char *const periods[] = {"day", "month", NULL};
static const char *const bases[] = {"average", "marginal", NULL};
static const char *const values[] = {"linear", "concave", NULL};

_Static_assert(BASIS_AVERAGE == 0 && BASIS_MARGINAL == 1, "the order of bases[]");

struct settings {
    uint32_t branch, signal, forecast;
    bool forecast_given;
    int basis;  /* enum signal_basis */
    int period; /* enum period */
    int value;  /* enum work_value */
    int64_t budget_g;
    int64_t carry_over_bp;
    double highest_gco2_per_kwh;
    int64_t forecast_error_bp;
    int64_t floor_w, most_w;
};

/* The forecast as it was told last: floats, since nobody forecasts seven digits. */
struct kept_forecast {
    bool known;
    uint32_t source;
    int64_t issued_utc_s, start_utc_s, step_s;
    uint32_t count;
    float value[FORECAST_STEPS_MAX];
};

struct state {
    bool started;
    double branch_mark;
    int basis, period;
    struct clock_watch clock;
    struct energy_count energy;
    struct kept_forecast forecast;
    bool period_known;
    int64_t period_id;
    bool has_reset;
    int64_t reset_ns; /* monotonic; when the present period began */
    double used_g, carried_g;
    double last_intensity;
    bool planned, planned_placed;
    int64_t planned_ns;
    double planned_intensity;
    double power_w; /* of the plan, now */
    int reason;
    bool recalled; /* and not evaluated yet */
    int64_t recalled_utc_s;
};

#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting carbon_budget_settings[] = {
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch whose import is budgeted, usually the site"},
    {.name = "signal", .kind = KIND_SIGNAL, .need = NEED_REQUIRED, .at = AT(signal), .quantity = QUANTITY_CARBON_INTENSITY,
     .help = "feed of the grid's carbon intensity"},
    {.name = "basis", .kind = KIND_CHOICE, .need = NEED_REQUIRED, .choices = bases, .at = AT(basis),
     .help = "which intensity `signal` gives: the average of all generation, or that of the next plant to move; never mixed"},
    {.name = "forecast", .kind = KIND_FORECAST, .need = NEED_OPTIONAL, .at = AT(forecast), .given_at = AT(forecast_given),
     .quantity = QUANTITY_CARBON_INTENSITY, .help = "forecast of the same basis; without one the budget is spent evenly"},
    {.name = "budget", .kind = KIND_MASS, .need = NEED_REQUIRED, .min = 1, .max = 1e12, .at = AT(budget_g),
     .help = "what may be emitted in a period, CO2 equivalent"},
    {.name = "period", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "day", .choices = periods, .at = AT(period),
     .help = "day or month, in the site's time zone"},
    {.name = "carry_over", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = SHARE_WHOLE_BP, .fallback = "0 %", .at = AT(carry_over_bp),
     .help = "at most this share of the budget is taken over into the next period when it was not used; what was overspent always is"},
    {.name = "work", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "concave", .choices = values, .at = AT(value),
     .help = "what a watt is worth: linear runs all or least by a threshold, concave spreads"},
    {.name = "highest", .kind = KIND_INTENSITY, .need = NEED_REQUIRED, .min = 1, .max = 2000, .at = AT(highest_gco2_per_kwh),
     .help = "highest intensity to reckon with: stands for what is not known"},
    {.name = "forecast_error", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = SHARE_WHOLE_BP, .fallback = "10 %", .at = AT(forecast_error_bp),
     .help = "how much higher than forecast it may come"},
    {.name = "floor", .kind = KIND_POWER, .need = NEED_DEFAULT, .min = 0, .max = LIMIT_MAX_W, .fallback = "0 W", .at = AT(floor_w),
     .help = "import that is always left, whatever becomes of the budget"},
    {.name = "most", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT(most_w),
     .help = "highest import that is planned with"},
    {0},
};
/* clang-format on */

static double grams(double power_w, double over_s, double intensity)
{
    return power_w / 1000.0 * over_s / 3600.0 * intensity;
}

/* ---- the period ------------------------------------------------------------------------------ */

struct place {
    int64_t id;
    double into_s, length_s;
};

static bool place_of(const struct settings *s, const struct snapshot *snapshot, struct place *out)
{
    struct calendar calendar;
    int64_t first_day = 0;
    int64_t days = 1;

    if (!calendar_at(&snapshot->local, &calendar))
        return false;
    first_day = calendar.day;
    out->id = calendar.day;
    if (s->period == PERIOD_MONTH) {
        out->id = calendar.month;
        first_day = month_first_day(calendar.month);
        days = month_first_day(calendar.month + 1) - first_day;
    }
    out->into_s = (double)(calendar.local_s - first_day * DAY_S);
    out->length_s = (double)(days * DAY_S);
    return true;
}

static double budget_g(const struct settings *s, const struct state *state)
{
    return (double)s->budget_g + state->carried_g;
}

/* What nobody counted before now is taken as spent evenly. */
static double evenly_g(const struct settings *s, const struct place *place)
{
    return (double)s->budget_g * place->into_s / place->length_s;
}

static void carry_over(const struct settings *s, struct state *state)
{
    double budget = (double)s->budget_g;
    double left_g = budget_g(s, state) - state->used_g;
    double most_g = budget * (double)s->carry_over_bp / (double)SHARE_WHOLE_BP;

    state->carried_g = fmax(fmin(left_g, most_g), -budget);
    state->used_g = 0.0;
}

/* Too soon after the last one: the clock went back and ran over the same boundary again. */
static bool too_soon(const struct state *state, const struct place *place, int64_t now_ns)
{
    return state->has_reset && seconds(now_ns - state->reset_ns) < 0.9 * place->length_s;
}

static void count_period(const struct settings *s, struct state *state, const struct place *place,
                         int64_t now_ns)
{
    if (!state->period_known) {
        state->used_g = fmax(state->used_g, evenly_g(s, place));
    } else if (place->id > state->period_id && !state->clock.stepped &&
               !too_soon(state, place, now_ns)) {
        carry_over(s, state);
        state->has_reset = true;
        state->reset_ns = now_ns;
        state->planned = false;
    }
    state->period_known = true;
    state->period_id = place->id;
}

/* After a restart. In the same period all that may have been drawn in between counts at the highest intensity; in a
 * later one nothing is known of the rest of the old one, so only a debt is carried over. */
static void resume(const struct settings *s, struct state *state, const struct policy_input *in,
                   const struct place *place)
{
    double gap_s = 0.0;

    if (place == NULL)
        return; /* asked again when the clock is known */
    state->recalled = false;
    gap_s = (double)(in->snapshot->local.utc_s - state->recalled_utc_s);
    if (place->id > state->period_id) {
        state->carried_g = fmin(budget_g(s, state) - state->used_g, 0.0);
        state->carried_g = fmax(state->carried_g, -(double)s->budget_g);
        state->used_g = evenly_g(s, place);
    } else if (gap_s > 0.0) {
        state->used_g += grams(import_most_w(in, s->branch), gap_s, s->highest_gco2_per_kwh);
    }
    state->period_id = place->id;
}

static void begin(const struct settings *s, struct state *state, const struct policy_input *in,
                  const struct place *place)
{
    double mark = note_mark(in->site->tree.name[s->branch]);
    bool same =
        state->branch_mark == mark && state->basis == s->basis && state->period == s->period;

    if (!same)
        memset(state, 0, sizeof *state); /* grams of another kind */
    else if (state->recalled)
        resume(s, state, in, place);
    state->branch_mark = mark;
    state->basis = s->basis;
    state->period = s->period;
}

/* ---- counting -------------------------------------------------------------------------------- */

static double intensity_now(const struct settings *s, const struct snapshot *snapshot)
{
    double intensity = 0.0;

    if (!reading_good(&snapshot->reading[s->signal], &intensity))
        return s->highest_gco2_per_kwh;
    return fmax(intensity, 0.0);
}

static void keep_forecast(const struct settings *s, struct state *state,
                          const struct snapshot *snapshot)
{
    struct kept_forecast *kept = &state->forecast;
    const struct forecast *told = NULL;

    if (kept->known && (!s->forecast_given || kept->source != s->forecast))
        kept->known = false;
    if (!s->forecast_given || snapshot->forecast == NULL)
        return;
    told = &snapshot->forecast[s->forecast];
    if (!told->known || told->step_s <= 0 || told->step_s > DAY_S || told->count == 0 ||
        told->count > FORECAST_STEPS_MAX || told->start_utc_s > UTC_MOST_S ||
        told->start_utc_s < -UTC_MOST_S ||
        (kept->known && kept->issued_utc_s == told->issued_utc_s &&
         kept->start_utc_s == told->start_utc_s && kept->count == told->count))
        return;
    *kept = (struct kept_forecast){.known = true,
                                   .source = s->forecast,
                                   .issued_utc_s = told->issued_utc_s,
                                   .start_utc_s = told->start_utc_s,
                                   .step_s = told->step_s,
                                   .count = told->count};
    for (uint32_t i = 0; i < told->count; i++)
        kept->value[i] = isfinite(told->value[i]) ? (float)fmax(told->value[i], 0.0)
                                                  : (float)s->highest_gco2_per_kwh;
    state->planned = false;
}

static void count(const struct settings *s, struct state *state, const struct policy_input *in,
                  double intensity)
{
    struct energy_step step = energy_count_run(&state->energy, in, s->branch, NONE_INDEX);
    double worse = state->started ? fmax(intensity, state->last_intensity) : intensity;

    state->used_g += grams(step.high_w, seconds(step.dt_ns), worse);
    state->last_intensity = intensity;
    state->started = true;
}

/* ---- planning -------------------------------------------------------------------------------- */

/* The index of the forecast's step for a moment; count when it does not reach there. */
static uint32_t step_at(const struct kept_forecast *f, int64_t utc_s)
{
    int64_t step = 0;

    if (!f->known || utc_s < f->start_utc_s)
        return f->count;
    step = (utc_s - f->start_utc_s) / f->step_s;
    return step < (int64_t)f->count ? (uint32_t)step : f->count;
}

/* What stands for the time beyond the forecast: its mean with the error, or without one exactly what is now, so that
 * all slots are equal and the rest is spent evenly. */
static double beyond_forecast(const struct kept_forecast *f, uint32_t first, double error,
                              double now)
{
    double sum = 0.0;

    for (uint32_t i = first; i < f->count; i++)
        sum += (double)f->value[i];
    return first < f->count ? sum / (f->count - first) * error : now;
}

struct outlook {
    struct carbon_slot slot[SLOTS_MAX];
    uint32_t slots;
    double reserve_g;
    bool forecast; /* at least one slot is */
};

/* From now to the end: the first slot at the intensity of now, then the forecast's steps, then hours. */
static void look_ahead(const struct settings *s, const struct state *state, int64_t utc_s,
                       double left_s, double low_w, struct outlook *out)
{
    const struct kept_forecast *f = &state->forecast;
    double error = 1.0 + (double)s->forecast_error_bp / (double)SHARE_WHOLE_BP;
    double now = state->last_intensity;
    double beyond = beyond_forecast(f, step_at(f, utc_s), error, now);
    int64_t at_s = utc_s;
    int64_t end_s = utc_s + (int64_t)ceil(left_s);

    out->slots = 0;
    out->reserve_g = 0.0;
    out->forecast = false;
    while (at_s < end_s && out->slots < SLOTS_MAX) {
        struct carbon_slot *slot = &out->slot[out->slots];
        uint32_t step = step_at(f, at_s);
        bool told = f->known && step < f->count;
        int64_t until_s = told ? f->start_utc_s + (int64_t)(step + 1) * f->step_s : at_s + SLOT_S;

        until_s = out->slots + 1 == SLOTS_MAX ? end_s : min_w(until_s, end_s);
        slot->hours = (double)(until_s - at_s) / 3600.0;
        slot->intensity_gco2_per_kwh = out->slots == 0 ? now
                                       : told          ? (double)f->value[step] * error
                                                       : beyond;
        if (!told)
            out->reserve_g += low_w / 1000.0 * slot->hours *
                              fmax(s->highest_gco2_per_kwh - slot->intensity_gco2_per_kwh, 0.0);
        out->forecast = out->forecast || told;
        out->slots++;
        at_s = until_s;
    }
}

/* Where the forecast is read: a clock that is lost is taken to go on. */
static int64_t believed_utc_s(const struct state *state, const struct snapshot *snapshot,
                              const struct place *place)
{
    if (place != NULL)
        return snapshot->local.utc_s;
    if (state->clock.last_ns == 0)
        return 0; /* never known: before any forecast */
    return state->clock.last_utc_s + (snapshot->now_ns - state->clock.last_ns) / NS_PER_S;
}

enum reason { REASON_FORECAST, REASON_EVENLY, REASON_SPENT, REASON_CLOCK };

static void plan(const struct settings *s, struct state *state, const struct policy_input *in,
                 const struct place *place)
{
    const struct row_estimate *row = &in->estimate->row[s->branch];
    double whole_s = s->period == PERIOD_MONTH ? (double)MONTH_DAYS_MOST * DAY_S : DAY_S;
    double left_s = place != NULL ? fmax(place->length_s - place->into_s, LEAST_LEFT_S) : whole_s;
    double must_w = (double)(row->uncontrolled_w + row->fixed_w + row->min_w -
                             in->estimate->generation_w[s->branch]);
    struct carbon_bounds bounds = {
        .low_w = fmin(fmax(must_w, (double)s->floor_w), (double)s->most_w),
        .high_w = (double)s->most_w,
    };
    struct outlook ahead;
    bool carried = false;

    look_ahead(s, state, believed_utc_s(state, in->snapshot, place), left_s, bounds.low_w, &ahead);
    bounds.budget_g = budget_g(s, state) - state->used_g - ahead.reserve_g;
    carried = carbon_plan(ahead.slot, ahead.slots, &bounds, (enum work_value)s->value);
    /* What no cap can lower is not asked for: then it is the floor. */
    state->power_w = carried && ahead.slot[0].power_w > bounds.low_w ? ahead.slot[0].power_w
                                                                     : (double)s->floor_w;
    state->reason = !carried         ? REASON_SPENT
                    : place == NULL  ? REASON_CLOCK
                    : ahead.forecast ? REASON_FORECAST
                                     : REASON_EVENLY;
    state->planned = true;
    state->planned_placed = place != NULL;
    state->planned_ns = in->snapshot->now_ns;
    state->planned_intensity = state->last_intensity;
}

/* Also at once when the intensity or the clock is another. */
static bool plan_due(const struct state *state, int64_t now_ns, bool placed)
{
    double off = fabs(state->last_intensity - state->planned_intensity);

    return !state->planned || now_ns - state->planned_ns >= PLAN_EVERY_S * NS_PER_S ||
           placed != state->planned_placed || (placed && state->clock.stepped) ||
           off > 0.01 * state->planned_intensity;
}

static void evaluate(const void *settings, void *memory, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    struct state *state = memory;
    struct place place = {0};
    bool placed = place_of(s, in->snapshot, &place);
    struct limit limit = {0};

    begin(s, state, in, placed ? &place : NULL);
    clock_watch_run(&state->clock, in->snapshot);
    count(s, state, in, intensity_now(s, in->snapshot));
    if (placed)
        count_period(s, state, &place, in->snapshot->now_ns);
    keep_forecast(s, state, in->snapshot);
    if (plan_due(state, in->snapshot->now_ns, placed))
        plan(s, state, in, placed ? &place : NULL);
    limit = (struct limit){
        .row = s->branch,
        .value_w = limit_of_w(state->power_w) + generation_relied_w(in, s->branch, 0),
        .failsafe_w = s->floor_w,
        .valid_until_ns = limit_valid_until_ns(in->snapshot),
        .strength = LIMIT_SOFT,
        .reason = {index,
                   (uint32_t)state->reason,
                   {state->used_g, budget_g(s, state), state->last_intensity}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    static const char *const words[] = {
        [REASON_FORECAST] = "spent by forecast",
        [REASON_EVENLY] = "spent evenly",
        [REASON_SPENT] = "what is left must last: down to the floor",
        [REASON_CLOCK] = "as if the whole period were to come: the clock is not known"};
    const struct settings *s = settings;
    const struct limit_reason *why = &limit->reason;

    (void)site;
    snprintf(out, size, "%.1f of %.1f kg a %s emitted, at %.0f g/kWh (%s): %s",
             why->number[0] / 1e3, why->number[1] / 1e3, periods[s->period], why->number[2],
             bases[s->basis], words[why->code < COUNT(words) ? why->code : REASON_SPENT]);
}

/* ---- what is asked now and then -------------------------------------------------------------- */

static uint32_t figures(const void *settings, const void *memory, struct policy_figure out[])
{
    const struct settings *s = settings;
    const struct state *state = memory;
    double budget = budget_g(s, state);

    if (!state->started)
        return 0;
    out[0] = (struct policy_figure){"used_kg", state->used_g / 1e3};
    out[1] = (struct policy_figure){"budget_kg", budget / 1e3};
    out[2] = (struct policy_figure){"left_kg", (budget - state->used_g) / 1e3};
    out[3] = (struct policy_figure){"carried_kg", state->carried_g / 1e3};
    out[4] = (struct policy_figure){"permitted_w", state->power_w};
    out[5] = (struct policy_figure){"intensity_gco2_per_kwh", state->last_intensity};
    return 6;
}

static uint32_t remember(const void *settings, const void *memory, struct policy_note note[])
{
    const struct state *state = memory;
    struct notes notes = {note, 0};

    (void)settings;
    if (!state->started || !state->period_known || !state->clock.running)
        return 0;
    note_put(&notes, "branch", state->branch_mark);
    note_put(&notes, "basis", state->basis);
    note_put(&notes, "period", state->period);
    note_put(&notes, "period_id", (double)state->period_id);
    note_put(&notes, "used_g", state->used_g);
    note_put(&notes, "carried_g", state->carried_g);
    note_put(&notes, "utc_s", (double)state->clock.last_utc_s);
    return notes.count;
}

static void recall(const void *settings, void *memory, const struct policy_note note[],
                   uint32_t notes)
{
    const struct settings *s = settings;
    struct state *state = memory;
    double most_g = (double)s->budget_g * (double)s->carry_over_bp / (double)SHARE_WHOLE_BP;
    double basis = 0, period = 0, id = 0, utc_s = 0;

    if (!note_get(note, notes, "branch", 0, note_mark_most, &state->branch_mark) ||
        !note_get(note, notes, "basis", s->basis, s->basis, &basis) ||
        !note_get(note, notes, "period", s->period, s->period, &period) ||
        !note_get(note, notes, "period_id", -1e7, 1e7, &id) ||
        !note_get(note, notes, "used_g", 0, 1e15, &state->used_g) ||
        !note_get(note, notes, "carried_g", -1e12, 1e12, &state->carried_g) ||
        !note_get(note, notes, "utc_s", 0, 1e12, &utc_s)) {
        memset(state, 0, sizeof *state);
        return;
    }
    state->carried_g = fmin(state->carried_g, most_g);
    state->basis = s->basis;
    state->period = s->period;
    state->period_id = (int64_t)id;
    state->period_known = true;
    state->recalled = true;
    state->recalled_utc_s = (int64_t)utc_s;
}

static bool check(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;

    if (s->forecast_given && (int)site->forecast[s->forecast].basis != s->basis)
        return failure(err, ERR_CONFLICT, "forecast",
                       s->basis == BASIS_AVERAGE
                           ? "a forecast of average intensity, as `basis` says"
                           : "a forecast of marginal intensity, as `basis` says",
                       "\"%s\" is of %s intensity", site->forecast[s->forecast].name,
                       bases[site->forecast[s->forecast].basis]);
    if (s->floor_w > s->most_w)
        return failure(err, ERR_CONFLICT, "floor", "no more than `most`",
                       "%.1f kW, where `most` is %.1f kW", (double)s->floor_w / 1e3,
                       (double)s->most_w / 1e3);
    return true;
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    double length_s = s->period == PERIOD_MONTH ? (double)MONTH_DAYS_MOST * DAY_S : DAY_S;
    double most_g = grams((double)s->most_w, length_s, s->highest_gco2_per_kwh);

    if (site->tree.power_point[s->branch] == NONE_INDEX)
        return failure(err, ERR_MISSING, "branch",
                       "a branch with a meter, or all counts at the most that may be drawn",
                       "\"%s\", which has none", site->tree.name[s->branch]);
    if ((double)s->budget_g > most_g)
        return failure(err, ERR_RANGE, "budget",
                       "less than `most` emits at `highest`, or it never acts",
                       "%.0f kg, where that is %.0f kg", (double)s->budget_g / 1e3, most_g / 1e3);
    return true;
}

const struct policy_kind carbon_budget = {
    .name = "carbon_budget",
    .summary = "Keeps what the site's import emits in a day or a month within a budget, and uses "
               "it when it does most work.",
    .manual =
        "A goal. What is left of the budget is planned over the rest of the period: more power "
        "where the forecast is clean, less where it is dirty; evenly without a forecast. `work` "
        "says what more power is worth: `linear` runs in full below a threshold of intensity and "
        "at the least above it, `concave` (the square root of the power) spreads it. The plan is "
        "made anew each minute from what was really emitted, and keeps a reserve for load that no "
        "cap can lower. When nothing is left, import goes to `floor`.\n"
        "\n"
        "Average and marginal intensity are never mixed: `basis` says what `signal` gives, and a "
        "forecast of the other basis is refused. A lost signal counts as `highest`, a lost meter "
        "at the most that may be drawn, a lost forecast stays as it was told last. A start in the "
        "middle of a period counts the time before as spent evenly, unless the controller "
        "remembers it. While the clock is not known it plans as if the whole period were to come; "
        "a clock that steps never brings a new budget. Figures: `used_kg`, `budget_kg`, `left_kg`, "
        "`carried_kg`, `permitted_w`, `intensity_gco2_per_kwh`.",
    .settings = carbon_budget_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .check = check,
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
    .notes_version = 1,
    .remember = remember,
    .recall = recall,
    .figures = figures,
};
