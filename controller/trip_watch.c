#include "controller/trip_watch.h"

#include <math.h>

static const double used_unknown = 0.5;

static bool judged(const struct rating *rating, const struct row *row)
{
    return rating->kind != RATING_NONE && row->lost_feed == NONE_INDEX &&
           (rating->kind == RATING_A) == (row->channel != CHANNEL_TOTAL);
}

static const struct trip_curve *curve_of(const struct trip_watch *w, uint32_t r)
{
    const struct supply_tree *tree = &w->site->tree;

    return tree->trip == NULL ? NULL : tree->trip[w->rows->row[r].branch];
}

void trip_watch_create(struct trip_watch *w, const struct site *site, const struct row_table *rows,
                       struct arena *arena)
{
    *w = (struct trip_watch){.site = site, .rows = rows};
    w->used = arena_array(arena, rows->count, double);
    w->load_bp = arena_array(arena, rows->count, double);
    w->margin_s = arena_array(arena, rows->count, double);
    w->curved = arena_array(arena, rows->count, bool);
    for (uint32_t r = 0; r < rows->count; r++) {
        w->used[r] = used_unknown;
        w->margin_s[r] = INFINITY;
        w->curved[r] = judged(&site->tree.rating[rows->row[r].branch], &rows->row[r]) &&
                       curve_of(w, r) != NULL;
    }
}

static void watch_row(struct trip_watch *w, uint32_t r, bool measured, double load_bp, double dt_s)
{
    const struct trip_curve *curve = curve_of(w, r);
    double carried_bp = fmax(load_bp, w->load_bp[r]);

    w->load_bp[r] = load_bp;
    if (!w->curved[r]) {
        /* The estimate of a silent row is the most that it may be: no evidence of an excess. */
        w->margin_s[r] = measured && load_bp > (double)SHARE_WHOLE_BP ? 0 : INFINITY;
        return;
    }
    w->used[r] = trip_used(curve, w->used[r], carried_bp, dt_s);
    w->margin_s[r] = trip_margin_s(curve, w->used[r], load_bp);
}

void trip_watch_run(struct trip_watch *w, const struct estimate *estimate,
                    const struct limit_list *limits, int64_t now_ns)
{
    double dt_s = w->started ? (double)(now_ns - w->last_ns) / (double)NS_PER_S : 0;

    w->started = true;
    w->last_ns = now_ns;
    for (uint32_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->limit[i];
        uint32_t r = limit->row;
        uint32_t branch = w->rows->row[r].branch;

        if (limit->reason.policy != 0 || w->rows->row[r].lost_feed != NONE_INDEX ||
            limit->value_w <= 0)
            continue;
        watch_row(w, r, estimate->row[r].load_least_w > 0,
                  (double)estimate->row[r].load_w * (double)w->site->tree.derating_bp[branch] /
                      (double)limit->value_w,
                  dt_s);
    }
}

bool trip_watch_bears(const struct trip_watch *w, uint32_t r, double seconds)
{
    return w->curved[r] && w->margin_s[r] >= seconds;
}
