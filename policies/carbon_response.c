/* Draws less when the grid's electricity is dirty: bands of carbon intensity, each with a share of the
 * controllable range.
 *
 *     load(branch) <= uncontrolled + fixed + least caps + share x (greatest caps - least caps)
 *
 * A band is entered when the intensity reaches its edge and left only once it is below the edge by the
 * hysteresis; the share moves towards the band's at a bounded rate. A feed that is lost never raises the share:
 * it stays where it is, or falls to `without_signal`.
 *
 * Bands are made for one kind of intensity: `basis` says which, so that nobody feeds marginal intensity, which may
 * be twice the average, to bands that were made for the other. */
#include "policies/carbon_response.h"

#include "model/error.h"
#include "policies/ticks.h"

#include <stdio.h>

/* The share in millionths of a part per 10,000, so that slow rates add up exactly. */
#define FINE INT64_C(1000000)

struct band {
    double above_gco2_per_kwh;
    int64_t share_bp;
};

static const char *const bases[] = {"average", "marginal", NULL};

struct settings {
    uint32_t signal;
    int basis; /* enum signal_basis */
    uint32_t branch;
    struct group_list bands;
    double hysteresis_gco2_per_kwh;
    int64_t rate_bp_per_min;
    int64_t without_signal_bp;
    bool without_signal_given;
};

struct state {
    bool started;
    bool signal_seen;
    uint32_t signal; /* which; a reload may name another, or another basis */
    int basis;
    uint32_t band; /* 0: below all; k: inside bands.item[k - 1] */
    int64_t share_fine;
    int64_t last_ns;
};

#define AT_BAND(field) offsetof(struct band, field)
#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting band_settings[] = {
    {.name = "above", .kind = KIND_INTENSITY, .need = NEED_REQUIRED, .min = 0, .max = 2000, .at = AT_BAND(above_gco2_per_kwh),
     .help = "the band begins at this intensity"},
    {.name = "share", .kind = KIND_SHARE, .need = NEED_REQUIRED, .min = 0, .max = SHARE_WHOLE_BP, .at = AT_BAND(share_bp),
     .help = "share of the range between all least and all greatest caps that may be used"},
    {0},
};

static const struct setting carbon_response_settings[] = {
    {.name = "signal", .kind = KIND_SIGNAL, .need = NEED_REQUIRED, .at = AT(signal), .quantity = QUANTITY_CARBON_INTENSITY,
     .help = "feed of the grid's carbon intensity"},
    {.name = "basis", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "average", .choices = bases, .at = AT(basis),
     .help = "which intensity `signal` gives and `bands` are made for: the average of all generation, or that of the next plant to move"},
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch whose load follows, usually the site"},
    {.name = "bands", .kind = KIND_GROUPS, .need = NEED_REQUIRED, .min = 1, .max = 32, .at = AT(bands),
     .help = "bands by rising intensity, with falling shares; below the first the whole range may be used",
     .group = band_settings, .group_size = sizeof(struct band)},
    {.name = "hysteresis", .kind = KIND_INTENSITY, .need = NEED_DEFAULT, .min = 0, .max = 500, .fallback = "10 g/kWh",
     .at = AT(hysteresis_gco2_per_kwh), .help = "how far below its edge a band is left"},
    {.name = "rate", .kind = KIND_SHARE_RATE, .need = NEED_DEFAULT, .min = 1, .max = 100 * SHARE_WHOLE_BP, .fallback = "20 %/min",
     .at = AT(rate_bp_per_min), .help = "how fast the share changes, both ways"},
    {.name = "without_signal", .kind = KIND_SHARE, .need = NEED_OPTIONAL, .min = 0, .max = SHARE_WHOLE_BP,
     .at = AT(without_signal_bp), .given_at = AT(without_signal_given),
     .help = "share when the feed is lost, if lower than the share then; if never heard: this, else the last band's"},
    {0},
};
/* clang-format on */

static uint32_t band_at(const struct settings *s, uint32_t band, double intensity)
{
    const struct band *bands = s->bands.item;

    while (band < s->bands.count && intensity >= bands[band].above_gco2_per_kwh)
        band++;
    while (band > 0 && intensity < bands[band - 1].above_gco2_per_kwh - s->hysteresis_gco2_per_kwh)
        band--;
    return band;
}

static int64_t band_share_bp(const struct settings *s, uint32_t band)
{
    const struct band *bands = s->bands.item;

    return band == 0 ? SHARE_WHOLE_BP : bands[band - 1].share_bp;
}

static int64_t tightest_bp(const struct settings *s) { return band_share_bp(s, s->bands.count); }

/* Where the share should be now; what is lost holds it down, never lifts it. */
static int64_t target_fine(const struct settings *s, struct state *state,
                           const struct reading *reading)
{
    double intensity = 0;
    int64_t bp = 0;

    if (reading_good(reading, &intensity)) {
        state->signal_seen = true;
        state->band = band_at(s, state->band, intensity);
        return band_share_bp(s, state->band) * FINE;
    }
    if (!state->signal_seen)
        return (s->without_signal_given ? s->without_signal_bp : tightest_bp(s)) * FINE;
    bp = s->without_signal_given ? s->without_signal_bp : SHARE_WHOLE_BP;
    return bp * FINE < state->share_fine ? bp * FINE : state->share_fine;
}

static void move_share(const struct settings *s, struct state *state, int64_t target,
                       int64_t now_ns)
{
    int64_t elapsed_ms = step_ms(state->last_ns, now_ns);
    int64_t step = 0;

    step = s->rate_bp_per_min * (FINE / 1000) * elapsed_ms / 60;
    if (!state->started)
        state->share_fine = target;
    else if (target > state->share_fine)
        state->share_fine = target - state->share_fine > step ? state->share_fine + step : target;
    else
        state->share_fine = state->share_fine - target > step ? state->share_fine - step : target;
    state->started = true;
    state->last_ns = now_ns;
}

static int64_t load_at_w(const struct row_estimate *row, int64_t share_fine)
{
    /* In whole parts per 10,000, so that watts x share stays far inside 64 bits. */
    int64_t range_w = row->max_w - row->min_w;

    return row->uncontrolled_w + row->fixed_w + row->min_w +
           range_w * (share_fine / FINE) / SHARE_WHOLE_BP;
}

static void evaluate(const void *settings, void *memory, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    struct state *state = memory;
    const struct reading *reading = &in->snapshot->reading[s->signal];
    const struct row_estimate *row = &in->estimate->row[s->branch];
    int64_t share_bp = 0;
    struct limit limit = {0};

    /* A reload keeps the state and may bring fewer bands, or another feed that was never heard. */
    if (state->band > s->bands.count)
        state->band = s->bands.count;
    if (state->signal != s->signal || state->basis != s->basis)
        state->signal_seen = false;
    state->signal = s->signal;
    state->basis = s->basis;
    move_share(s, state, target_fine(s, state, reading), in->snapshot->now_ns);
    share_bp = state->share_fine / FINE;
    limit = (struct limit){
        .row = s->branch,
        .value_w = load_at_w(row, state->share_fine),
        .failsafe_w = load_at_w(row, tightest_bp(s) * FINE),
        .valid_until_ns = limit_valid_until_ns(in->snapshot),
        .strength = LIMIT_SOFT,
        .reason = {index,
                   reading->quality,
                   {reading->value, (double)share_bp / 100.0,
                    (double)band_share_bp(s, state->band) / 100.0}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    const struct limit_reason *why = &limit->reason;

    const struct settings *s = settings;

    (void)site;
    if (why->code == QUALITY_GOOD)
        snprintf(
            out, size,
            "at %.0f g/kWh (%s) the band allows %.0f %% of the controllable range, now %.1f %%",
            why->number[0], bases[s->basis], why->number[2], why->number[1]);
    else
        snprintf(out, size, "the carbon feed is %s: held at %.1f %% of the controllable range",
                 quality_name((enum quality)why->code), why->number[1]);
}

static uint32_t figures(const void *settings, const void *memory, struct policy_figure out[])
{
    const struct state *state = memory;

    (void)settings;
    if (!state->started)
        return 0;
    out[0] =
        (struct policy_figure){"share_percent", (double)state->share_fine / (double)FINE / 100.0};
    out[1] = (struct policy_figure){"band", state->band};
    return 2;
}

static bool check(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    const struct band *bands = s->bands.item;
    char where[64];

    (void)site;
    for (uint32_t i = 1; i < s->bands.count; i++) {
        snprintf(where, sizeof where, "bands[%u].above", i);
        if (bands[i].above_gco2_per_kwh <= bands[i - 1].above_gco2_per_kwh)
            return failure(err, ERR_CONFLICT, where, "more than the band before it",
                           "%g g/kWh after %g g/kWh", bands[i].above_gco2_per_kwh,
                           bands[i - 1].above_gco2_per_kwh);
        snprintf(where, sizeof where, "bands[%u].share", i);
        if (bands[i].share_bp > bands[i - 1].share_bp)
            return failure(err, ERR_CONFLICT, where, "no more than in the cleaner band before it",
                           "%g %% after %g %%", (double)bands[i].share_bp / 100.0,
                           (double)bands[i - 1].share_bp / 100.0);
    }
    return true;
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    const struct band *bands = s->bands.item;

    (void)site;
    for (uint32_t i = 1; i < s->bands.count; i++) {
        double width = bands[i].above_gco2_per_kwh - bands[i - 1].above_gco2_per_kwh;

        if (width <= s->hysteresis_gco2_per_kwh)
            return failure(err, ERR_RANGE, "hysteresis", "less than the narrowest band's width",
                           "%g g/kWh, where a band is %g g/kWh wide", s->hysteresis_gco2_per_kwh,
                           width);
    }
    return true;
}

const struct policy_kind carbon_response = {
    .name = "carbon_response",
    .summary = "Uses less of the controllable range while the grid's carbon intensity is high.",
    .manual =
        "A goal: it lowers caps as far as their least and never below. Bands are listed by rising "
        "intensity; one is left only once the intensity is below its edge by `hysteresis`. The "
        "share moves at `rate`. A lost feed never raises the share. `basis` says for which "
        "intensity the bands are made: average and marginal are two quantities, and a feed of one "
        "must not drive bands of the other. Figures: `share_percent`, `band`.",
    .settings = carbon_response_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .check = check,
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
    .figures = figures,
};
