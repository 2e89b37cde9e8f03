#include "controller/feedback.h"

#include <math.h>
#include <string.h>

/* The gain per reading: a correction has a time constant of 5 readings, and by the reference's rule for a loop with
 * an uncertain delay (t_c >= 2 x uncertainty) bears an error of two readings beyond what the range covers. A reading
 * crosses by chance 8.6 times in a day at one a second (one-sided normal tail at 3.72). */
const struct feedback_tuning feedback_tuning_default = {
    .gain = 0.2, .crossing_z = 3.72, .aligned = true, .raise_hold_dead_times = 3};

/* Slots are at least so long: what a meter or node measures is itself a mean over a good part of a second. */
#define SLOT_LEAST_NS (NS_PER_S / 2)
/* Reports are not waited for longer. */
#define LEAD_MOST_NS (4 * NS_PER_S)

enum { LAG_SAMPLES_NEEDED = 32, LAG_MEMORY = 32, LAG_LOOK_EVERY = 8 };

static const double inside_gain = 1.0 / 16; /* x the gain */
static const double rest_share =
    1.0 / 256; /* the nodes rest when their sum moves by less of the load */
static const double moved_share = 1.0 / 64; /* and say something of the lag when it moves by more */
static const double age_fade = 1.0 / 64, interval_fade = 1.0 / 16;

/* ---- creation ---- */

static bool metered(const struct site *site, const struct row *row)
{
    const struct supply_tree *tree = &site->tree;

    if (row->lost_feed != NONE_INDEX)
        return false;
    return (row->channel == CHANNEL_TOTAL
                ? tree->power_point[row->branch]
                : tree->phase_power_point[row->branch][row->channel - CHANNEL_L1]) != NONE_INDEX;
}

static int64_t slot_length_ns(const struct site *site)
{
    return max_w(site->control.tick_period_ns, SLOT_LEAST_NS);
}

static uint32_t lag_unknown(const struct site *site)
{
    int64_t span_ns = site->control.dead_time_ns + LEAD_MOST_NS;

    return (uint32_t)min_w(FEEDBACK_LAGS - 1, span_ns / slot_length_ns(site) + 1);
}

void feedback_create(struct feedback *f, const struct site *site, const struct row_table *rows,
                     const struct feedback_tuning *tuning, struct arena *arena)
{
    struct feedback_row *row = NULL;
    uint32_t count = 0;

    *f = (struct feedback){.site = site,
                           .tuning = *tuning,
                           .average_share = sqrt(tuning->gain / (2 - tuning->gain)),
                           .both_share = sqrt(2 / (2 - tuning->gain))};
    delay_create(&f->delays, site, arena);
    for (uint32_t r = 0; r < rows->count; r++)
        count += metered(site, &rows->row[r]);
    row = arena_array(arena, count, struct feedback_row);
    f->row = arena_array(arena, rows->count, struct feedback_row *);
    f->ring = arena_array(arena, rows->count, uint32_t);
    f->nodes_w = arena_take(arena, count, sizeof *f->nodes_w);
    for (uint32_t r = 0, i = 0; r < rows->count; r++) {
        if (!metered(site, &rows->row[r]))
            continue;
        row[i].kept_free_w = LIMIT_MAX_W;
        row[i].lag_most = tuning->aligned ? lag_unknown(site) : 0;
        row[i].lag_likely =
            row[i].lag_most > 0; /* a report is older than a reading, but not by its most */
        f->ring[r] = i;
        f->row[r] = &row[i++];
    }
}

void feedback_begin(struct feedback *f, const struct snapshot *snapshot,
                    const struct node_set *awake)
{
    int64_t newest_ns = f->slots > 0 ? f->slot_ns[(f->slots - 1) % FEEDBACK_SLOTS] : 0;

    delay_listen(&f->delays, snapshot, awake);
    f->now_ns = snapshot->now_ns;
    f->lead_ns = f->tuning.aligned ? min_w(f->delays.report_p99_ns, LEAD_MOST_NS) : 0;
    /* Ticks are not exactly a period apart: three quarters of one begin a new slot. */
    f->begun = f->slots == 0 || f->now_ns - newest_ns >= slot_length_ns(f->site) / 4 * 3;
    if (f->begun)
        f->slot_ns[f->slots++ % FEEDBACK_SLOTS] = f->now_ns;
}

/* ---- the nodes' sum over the moments that a reading may mean ---- */

struct range {
    bool any;
    int64_t least_w, most_w;
};

/* How many slots back the newest one lies that is not after a time. */
static uint32_t slots_back(const struct feedback *f, int64_t time_ns)
{
    uint32_t back = 0;

    while (back + 1 < FEEDBACK_SLOTS && back + 1 < f->slots &&
           f->slot_ns[(f->slots - 1 - back) % FEEDBACK_SLOTS] > time_ns)
        back++;
    return back;
}

static int64_t nodes_w(const struct feedback *f, uint32_t r, uint32_t back)
{
    return f->nodes_w[f->ring[r]][(f->slots - 1 - back) % FEEDBACK_SLOTS];
}

static struct range range_of(const struct feedback *f, uint32_t r, uint32_t from, uint32_t to)
{
    const int64_t *ring = f->nodes_w[f->ring[r]];
    uint32_t newest = (uint32_t)((f->slots - 1) % FEEDBACK_SLOTS);
    uint32_t end = to < f->row[r]->slots ? to + 1 : f->row[r]->slots;
    struct range range = {.any = from < end, .least_w = INT64_MAX, .most_w = INT64_MIN};

    for (uint32_t back = from; back < end; back++) {
        int64_t w = ring[(newest - back) % FEEDBACK_SLOTS];

        range.least_w = min_w(range.least_w, w);
        range.most_w = max_w(range.most_w, w);
    }
    return range;
}

/* ---- what a reading teaches ---- */

/* Below this a difference says nothing. Never more than what is kept free below the limit, so that what is left to
 * the average can't take the row over it. */
static double band_w(const struct feedback *f, const struct feedback_row *row)
{
    return fmin(f->tuning.crossing_z * noise_w(&row->noise), (double)row->kept_free_w);
}

static void learn_noise(struct feedback_row *row, double load_w, const struct range *range)
{
    double moved_w = (double)(range->most_w - range->least_w);

    noise_learn(&row->noise, load_w - (double)range->most_w / 2 - (double)range->least_w / 2,
                moved_w <= fmax(2 * noise_w(&row->noise), load_w * rest_share));
}

/* Which lags explain the readings about as well as the best does; one slot more on either side. */
static void choose_lags(struct feedback_row *row, double load_w)
{
    double least = row->lag_cost[0];
    double floor_w = fmax(2 * noise_w(&row->noise), load_w * rest_share);
    uint32_t first = FEEDBACK_LAGS;
    uint32_t last = 0;

    for (uint32_t j = 1; j < FEEDBACK_LAGS; j++)
        least = fmin(least, row->lag_cost[j]);
    for (uint32_t j = 0; j < FEEDBACK_LAGS; j++) {
        if (row->lag_cost[j] > 2 * least + floor_w * floor_w)
            continue;
        first = j < first ? j : first;
        last = j;
        if (row->lag_cost[j] <= least)
            row->lag_likely = j;
    }
    row->lag_least = first > 0 ? first - 1 : 0;
    row->lag_most = last + 1 < FEEDBACK_LAGS ? last + 1 : FEEDBACK_LAGS - 1;
}

/* Only while the nodes move does a reading say how late it is. */
static void learn_lag(struct feedback *f, uint32_t r, double load_w, uint32_t back)
{
    struct feedback_row *row = f->row[r];
    struct range all = {0};

    /* Once it is known, a look now and then is enough: hardware does not change its delay every second. */
    if (row->lag_samples == LAG_SAMPLES_NEEDED && ++row->lag_skipped % LAG_LOOK_EVERY != 0)
        return;
    all = range_of(f, r, back, back + FEEDBACK_LAGS - 1);
    if (!f->tuning.aligned || back + FEEDBACK_LAGS > row->slots ||
        (double)(all.most_w - all.least_w) < fmax(8 * noise_w(&row->noise), load_w * moved_share))
        return;
    for (uint32_t j = 0; j < FEEDBACK_LAGS; j++) {
        double left_w = load_w - (double)nodes_w(f, r, back + j) - row->uncontrolled_w;

        row->lag_cost[j] += (left_w * left_w - row->lag_cost[j]) / LAG_MEMORY;
    }
    if (row->lag_samples < LAG_SAMPLES_NEEDED)
        row->lag_samples++;
    else
        choose_lags(row, load_w);
}

/* ---- the estimate ---- */

static int64_t watts_up(double watts)
{
    return (int64_t)ceil(fmin(fmax(watts, 0), (double)LIMIT_MAX_W));
}

/* Judges a reading whose moment the nodes have told; false when it can't be judged. */
static bool judge(struct feedback *f, uint32_t r, const struct feedback_reading *reading)
{
    struct feedback_row *row = f->row[r];
    double load_w = (double)reading->load_w;
    uint32_t back = slots_back(f, reading->taken_ns + f->lead_ns);
    struct range range = range_of(f, r, back + row->lag_least, back + row->lag_most);
    double above_w = 0;
    double below_w = 0;
    double likely_w = 0;
    double band = band_w(f, row);

    if (back + row->lag_most >= row->slots) {
        /* Not all of its moments are in the ring: they may hold what explains it, unless they never will be. */
        if (row->slots < FEEDBACK_SLOTS)
            return false;
        row->judged_w = max_w(row->judged_w, reading->load_w - nodes_w(f, r, 0));
        return true;
    }
    likely_w = load_w - (double)nodes_w(f, r, back + row->lag_likely);
    /* The range can be wide at first, when nodes begin to work. Its lower end is where it starts: until the rest is
     * learned, the hold still has the plain differences. */
    if (!row->known)
        row->uncontrolled_w = fmax(0, load_w - (double)range.most_w);
    row->known = true;
    above_w = fmax(0, load_w - (double)range.most_w - row->uncontrolled_w);
    below_w = fmax(0, row->uncontrolled_w - load_w + (double)range.least_w);
    row->uncontrolled_w += f->tuning.gain * (above_w - below_w);
    /* Within the range as well, but slowly: towards what the likeliest moment says, which is right on average. */
    if (above_w <= 0 && below_w <= 0)
        row->uncontrolled_w += f->tuning.gain * inside_gain * (likely_w - row->uncontrolled_w);
    row->uncontrolled_w = fmax(0, row->uncontrolled_w);
    if (above_w > band)
        row->judged_w = max_w(row->judged_w, reading->load_w - range.most_w);
    row->judged_w = max_w(row->judged_w, watts_up(row->uncontrolled_w));
    row->learned = true;
    swing_learn(&row->noise, above_w, below_w, band, f->now_ns,
                f->site->control.uncontrolled_hold_ns);
    learn_noise(row, load_w, &range);
    learn_lag(f, r, load_w, back);
    return true;
}

/* The nodes' sum of a reading's moment is in once the youngest slot that it may mean has begun. */
static bool told(const struct feedback *f, const struct feedback_row *row, int64_t taken_ns)
{
    return f->now_ns >= taken_ns + f->lead_ns - row->lag_least * slot_length_ns(f->site);
}

static void judge_waiting(struct feedback *f, uint32_t r, bool make_room)
{
    struct feedback_row *row = f->row[r];
    uint32_t done = 0;
    bool judged = false;

    row->judged_w = 0;
    while (done < row->waiting &&
           (told(f, row, row->queue[done].taken_ns) || (make_room && done == 0)))
        judged |= judge(f, r, &row->queue[done++]);
    /* What could not be judged says nothing, and least of all that there is nothing. */
    if (judged && (row->judged_w > 0 || row->known))
        row->sample_w = row->judged_w;
    row->waiting -= done;
    for (uint32_t i = 0; i < row->waiting; i++)
        row->queue[i] = row->queue[i + done];
}

static void enqueue(struct feedback *f, uint32_t r, int64_t load_w, int64_t taken_ns)
{
    struct feedback_row *row = f->row[r];

    if (row->waiting == FEEDBACK_WAITING)
        judge_waiting(f, r, true);
    row->queue[row->waiting++] = (struct feedback_reading){load_w, taken_ns};
}

/* ---- a tick ---- */

/* A maximum register that rose says how high the load was between two readings, whoever missed it. */
static void take_peak(struct feedback *f, uint32_t r, const struct feedback_input *in)
{
    struct feedback_row *row = f->row[r];
    double peak_w = 0;

    if (in->peak == NULL || !reading_good(in->peak, &peak_w))
        return;
    if (row->peak_seen && peak_w > row->peak_w)
        enqueue(f, r, watts_up(peak_w) + in->generation_w, in->taken_ns);
    row->peak_seen = true;
    row->peak_w = peak_w;
}

static void take_reading(struct feedback *f, uint32_t r, const struct feedback_input *in)
{
    struct feedback_row *row = f->row[r];
    int64_t age_ns = max_w(0, f->now_ns - in->taken_ns);
    double interval_s = (double)(in->taken_ns - row->taken_ns) / (double)NS_PER_S;

    if (row->taken_ns != 0) {
        quantum_learn(&row->noise, fabs((double)(in->load_w - row->load_w)));
        row->interval_s +=
            (interval_s - row->interval_s) * (row->interval_s > 0 ? interval_fade : 1);
    }
    row->age_ns = max_w(age_ns, row->age_ns - (int64_t)((double)(row->age_ns - age_ns) * age_fade));
    row->taken_ns = in->taken_ns;
    row->load_w = in->load_w;
    row->raw_w = max_w(0, in->load_w - in->nodes_w);
    row->nodes_w = in->nodes_w;
    if (in->all_heard) {
        take_peak(f, r, in);
        enqueue(f, r, in->load_w, in->taken_ns);
    }
}

/* Up at once; down only past a band, so that noise does not move every cap in every tick. */
static void show(const struct feedback *f, struct feedback_row *row)
{
    int64_t still_w = watts_up(noise_w(&row->noise) * f->average_share);
    int64_t most_w = row->hold.most_w;

    if (most_w > row->shown_w || most_w < row->shown_w - 2 * still_w)
        row->shown_w = most_w + (most_w > 0 ? still_w : 0);
}

/* The nodes will not tell the moment of a reading any more: it is believed as it stands, since losing data loosens
 * nothing. */
static void stop_waiting(struct feedback *f, struct feedback_row *row)
{
    if (row->waiting == 0)
        return;
    row->waiting = 0;
    if (!row->hold.started)
        return;
    hold_add(&row->hold, &f->site->control, f->now_ns, row->raw_w);
    show(f, row);
}

static void keep_slots(struct feedback *f, uint32_t r, const struct feedback_input *in)
{
    struct feedback_row *row = f->row[r];

    if (!in->all_heard) {
        row->slots = 0; /* a sum without everybody explains nothing */
        stop_waiting(f, row);
        row->noise.at_rest = false;
    } else if (f->begun) {
        f->nodes_w[f->ring[r]][(f->slots - 1) % FEEDBACK_SLOTS] = in->nodes_w;
        row->slots += row->slots < FEEDBACK_SLOTS;
    }
}

static void hold_run(struct feedback *f, uint32_t r, const struct feedback_input *in)
{
    struct feedback_row *row = f->row[r];

    if (in->all_heard && !row->complete) {
        row->hold.started = false;
        row->complete = true;
    }
    if (in->all_heard) {
        judge_waiting(f, r, false);
        /* Until there is a picture of all moments, the plain difference stands. */
        if (!row->known || !row->hold.started)
            row->sample_w = row->raw_w;
    } else if (!row->complete && in->took_over) {
        row->sample_w = max_w(0, in->load_w - in->nodes_w);
    } else {
        return;
    }
    hold_add(&row->hold, &f->site->control, f->now_ns, row->sample_w);
    show(f, row);
}

void feedback_run(struct feedback *f, uint32_t r, const struct feedback_input *in,
                  struct row_estimate *out)
{
    struct feedback_row *row = f->row[r];
    int64_t unheard_w = in->all_heard ? 0 : in->unheard_w;

    keep_slots(f, r, in);
    row->good = in->good;
    if (!in->good) {
        stop_waiting(f, row);
        out->unconfirmed_w = row->hold.started ? max_w(0, row->heard_raw_w - row->shown_w) : 0;
        return;
    }
    if (in->taken_ns != row->taken_ns)
        take_reading(f, r, in);
    row->unheard_w = unheard_w;
    if (!in->all_heard) {
        row->nodes_w = in->nodes_w;
        row->raw_w = max_w(0, in->load_w - in->nodes_w);
    }
    hold_run(f, r, in);
    out->uncontrolled_w = row->hold.started ? row->shown_w : row->raw_w;
    /* What even the bounds of the silent nodes can't explain is uncontrolled now, whatever it was before. */
    if (!in->all_heard)
        out->uncontrolled_w = max_w(out->uncontrolled_w, row->raw_w - unheard_w);
    else
        row->heard_raw_w = row->raw_w;
    /* What was not judged when a node or the meter fell silent is not judged by that. */
    out->unconfirmed_w =
        max_w(0, max_w(row->raw_w - unheard_w, row->heard_raw_w) - out->uncontrolled_w);
}

bool feedback_held_w(const struct feedback *f, uint32_t r, int64_t *held_w)
{
    if (f->row[r] == NULL || !f->row[r]->hold.started)
        return false;
    *held_w = f->row[r]->shown_w;
    return true;
}

/* ---- the guard ---- */

static double samples_of_hold(const struct feedback *f, const struct feedback_row *row)
{
    double hold_s = (double)f->site->control.uncontrolled_hold_ns / (double)NS_PER_S;

    return row->interval_s > 0 ? hold_s / row->interval_s : 1;
}

int64_t feedback_guard_w(struct feedback *f, uint32_t r, int64_t limit_w)
{
    const struct control_settings *control = &f->site->control;
    struct feedback_row *row = f->row[r];
    int64_t least_w = share_up_w(control->guard_bp, limit_w);
    int64_t most_w = max_w(least_w, share_up_w(control->guard_most_bp, limit_w));
    int64_t need_w = 0;

    if (row == NULL)
        return least_w;
    if (row->learned) {
        /* A reading's own noise and the estimate's, which is a fading average of it: sigma^2 (1 + K / (2 - K)). */
        need_w = watts_up(f->tuning.crossing_z * noise_w(&row->noise) * f->both_share +
                          quantum_w(&row->noise) / 2 +
                          swing_missed(samples_of_hold(f, row)) * row->noise.swing_w);
        /* Down only by a fifth at a time, so that the guard itself moves no caps. */
        if (need_w > row->guard_w || need_w < row->guard_w - row->guard_w / 5)
            row->guard_w = need_w;
        row->learned = false;
    }
    row->kept_free_w = min_w(max_w(row->guard_w, least_w), most_w);
    return row->kept_free_w;
}

/* ---- crossings ---- */

int64_t feedback_dead_time_ns(const struct feedback *f, uint32_t r)
{
    int64_t age_ns = f->row[r] == NULL ? 0 : f->row[r]->age_ns;

    return f->delays.effect_p99_ns + age_ns + f->site->control.tick_period_ns / 2;
}

int64_t feedback_evident_w(const struct feedback *f, uint32_t r, int64_t uncontrolled_w)
{
    const struct feedback_row *row = f->row[r];
    struct range lately = {0};

    if (row == NULL || !row->good)
        return 0;
    lately = range_of(f, r, 0, slots_back(f, row->taken_ns) + row->lag_most);
    return max_w(0, row->load_w - max_w(row->nodes_w, lately.any ? lately.most_w : row->nodes_w) -
                        row->unheard_w - uncontrolled_w);
}

void feedback_crossed(struct feedback *f, uint32_t r, int64_t uncontrolled_w)
{
    struct feedback_row *row = f->row[r];

    if (row == NULL)
        return;
    row->crossed = true;
    row->ceiling_until_ns =
        f->now_ns + f->tuning.raise_hold_dead_times * feedback_dead_time_ns(f, r);
    if (!row->hold.started)
        return;
    row->sample_w = max_w(row->sample_w, uncontrolled_w);
    hold_add(&row->hold, &f->site->control, f->now_ns, uncontrolled_w);
    row->shown_w = max_w(row->shown_w, uncontrolled_w);
}

int64_t feedback_budget_w(struct feedback *f, uint32_t r, int64_t budget_w)
{
    struct feedback_row *row = f->row[r];

    if (row == NULL)
        return budget_w;
    if (row->crossed && f->now_ns < row->ceiling_until_ns)
        budget_w = min_w(budget_w, row->ceiling_w);
    else
        row->crossed = false;
    row->ceiling_w = budget_w;
    return budget_w;
}

void feedback_view(const struct feedback *f, uint32_t r, struct feedback_figures *out)
{
    const struct feedback_row *row = f->row[r];

    *out = (struct feedback_figures){.dead_time_s = (double)feedback_dead_time_ns(f, r) / 1e9};
    if (row == NULL)
        return;
    out->metered = true;
    out->uncontrolled_w = row->known ? row->uncontrolled_w : (double)row->raw_w;
    out->noise_w = noise_w(&row->noise);
    out->swing_w = row->noise.swing_w;
    out->reading_age_s = (double)row->age_ns / 1e9;
}
