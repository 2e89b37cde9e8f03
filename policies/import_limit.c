/* What the site may draw from the grid at a metered branch, by weekday and time of day.
 *
 *     load(branch) <= limit now + on-site production behind the meter x (1 - margin)
 *
 * The margin is what production may fall before the caps have followed: a cloud edge takes seconds, a cap takes
 * one or two. Production that is not measured well counts as nothing; with the wall clock unknown the least
 * limit of all windows is in force. */
#include "policies/import_limit.h"
#include "model/error.h"

#include "policies/ticks.h"

#include <stdio.h>

enum { MINUTES_PER_DAY = 1440, DAYS_PER_WEEK = 7 };

struct window {
    int64_t days; /* bit 0 is Monday */
    int64_t from_min, to_min;
    int64_t limit_w;
};

struct settings {
    uint32_t branch;
    int64_t limit_w;
    struct group_list windows;
    bool credit_generation;
    int64_t generation_margin_bp;
};

#define AT_WINDOW(field) offsetof(struct window, field)
#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting window_settings[] = {
    {.name = "days", .kind = KIND_WEEKDAYS, .need = NEED_DEFAULT, .fallback = "all", .at = AT_WINDOW(days),
     .help = "weekdays on which the window begins"},
    {.name = "from", .kind = KIND_TIME_OF_DAY, .need = NEED_REQUIRED, .at = AT_WINDOW(from_min),
     .help = "start, in the site's time zone"},
    {.name = "to", .kind = KIND_TIME_OF_DAY, .need = NEED_REQUIRED, .at = AT_WINDOW(to_min),
     .help = "end, not included; a window that ends before it starts runs past midnight"},
    {.name = "limit", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT_WINDOW(limit_w),
     .help = "highest import in the window; of several windows at once the least holds"},
    {0},
};

static const struct setting import_limit_settings[] = {
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch whose meter the contract reads"},
    {.name = "limit", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT(limit_w),
     .help = "highest import outside all windows"},
    {.name = "windows", .kind = KIND_GROUPS, .need = NEED_DEFAULT, .min = 0, .max = 100, .fallback = "", .at = AT(windows),
     .help = "times at which another limit holds", .group = window_settings, .group_size = sizeof(struct window)},
    {.name = "credit_generation", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(credit_generation),
     .help = "whether on-site production behind the meter makes room for load"},
    {.name = "generation_margin", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = SHARE_WHOLE_BP, .fallback = "25 %",
     .at = AT(generation_margin_bp), .help = "share of the production that is not relied on, since a cloud is faster than a cap"},
    {0},
};
/* clang-format on */

static bool window_open(const struct window *w, const struct local_time *now)
{
    int yesterday = (now->weekday + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK;

    if (w->from_min < w->to_min)
        return (w->days >> now->weekday & 1) && now->minute_of_day >= w->from_min &&
               now->minute_of_day < w->to_min;
    return ((w->days >> now->weekday & 1) && now->minute_of_day >= w->from_min) ||
           ((w->days >> yesterday & 1) && now->minute_of_day < w->to_min);
}

static int64_t least_w(const struct settings *s)
{
    const struct window *window = s->windows.item;
    int64_t least = s->limit_w;

    for (uint32_t i = 0; i < s->windows.count; i++)
        least = window[i].limit_w < least ? window[i].limit_w : least;
    return least;
}

static int64_t limit_at_w(const struct settings *s, const struct local_time *now)
{
    const struct window *window = s->windows.item;
    int64_t limit_w = s->limit_w;
    bool inside = false;

    if (!now->known)
        return least_w(s);
    for (uint32_t i = 0; i < s->windows.count; i++) {
        if (!window_open(&window[i], now))
            continue;
        limit_w = inside && limit_w < window[i].limit_w ? limit_w : window[i].limit_w;
        inside = true;
    }
    return limit_w;
}

static void evaluate(const void *settings, void *state, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    int64_t import_w = limit_at_w(s, &in->snapshot->local);
    int64_t relied_w = 0;
    struct limit limit = {0};

    (void)state;
    if (s->credit_generation)
        relied_w = in->estimate->generation_w[s->branch] *
                   (SHARE_WHOLE_BP - s->generation_margin_bp) / SHARE_WHOLE_BP;
    limit = (struct limit){
        .row = s->branch,
        .value_w = import_w + relied_w,
        .failsafe_w = least_w(s),
        .valid_until_ns = limit_valid_until_ns(in->snapshot),
        .strength = LIMIT_HARD,
        .reason = {index, in->snapshot->local.known, {(double)import_w, (double)relied_w, 0}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    (void)settings;
    (void)site;
    snprintf(out, size, "import of %.1f kW%s + %.1f kW of on-site production",
             limit->reason.number[0] / 1e3,
             limit->reason.code ? "" : " (least of all windows: the clock is not known)",
             limit->reason.number[1] / 1e3);
}

static bool check(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    const struct window *window = s->windows.item;
    char where[64];

    (void)site;
    for (uint32_t i = 0; i < s->windows.count; i++) {
        snprintf(where, sizeof where, "windows[%u].to", i);
        if (window[i].from_min == window[i].to_min)
            return failure(err, ERR_CONFLICT, where, "an end that differs from the start",
                           "the window starts and ends at %02d:%02d", (int)(window[i].to_min / 60),
                           (int)(window[i].to_min % 60));
        snprintf(where, sizeof where, "windows[%u].from", i);
        if (window[i].from_min == MINUTES_PER_DAY)
            return failure(err, ERR_RANGE, where, "00:00 .. 23:59", "24:00");
    }
    return true;
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    const struct supply_tree *tree = &site->tree;
    const struct rating *rating = &tree->rating[s->branch];
    double continuous_w =
        rating->value * (double)tree->derating_bp[s->branch] / (double)SHARE_WHOLE_BP;

    if (tree->power_point[s->branch] == NONE_INDEX)
        return failure(err, ERR_MISSING, "branch",
                       "a branch with a meter: the contract is measured there",
                       "\"%s\", which has none", tree->name[s->branch]);
    if (rating->kind == RATING_W && (double)s->limit_w > continuous_w)
        return failure(err, ERR_RANGE, "limit",
                       "no more than the branch may carry, or the limit never acts",
                       "%.0f kW, above the %.0f kW that \"%s\" may carry continuously",
                       (double)s->limit_w / 1e3, continuous_w / 1e3, tree->name[s->branch]);
    return true;
}

const struct policy_kind import_limit = {
    .name = "import_limit",
    .summary = "Keeps net import at a grid meter within a contract, by weekday and time of day.",
    .manual = "Hard. On-site production behind the meter makes room for more load, less "
              "`generation_margin`; "
              "production whose meter is stale or bad makes none. When the wall clock is not known "
              "the least limit "
              "of all windows holds.",
    .settings = import_limit_settings,
    .settings_size = sizeof(struct settings),
    .check = check,
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
};
