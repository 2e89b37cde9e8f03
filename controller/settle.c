#include "controller/settle.h"

#include <string.h>

#define NONE_W INT64_C(-1)

void settle_create(struct settle *settle, const struct site *site, const struct row_table *rows,
                   struct arena *arena)
{
    *settle = (struct settle){.site = site, .rows = rows};
    settle->cap_w = arena_array(arena, site->nodes.count, int64_t);
    settle->changed_ns = arena_array(arena, site->nodes.count, int64_t);
    settle->slack_bp = arena_array(arena, rows->count, int64_t);
    for (uint32_t n = 0; n < site->nodes.count; n++)
        settle->cap_w[n] = NONE_W;
}

bool settle_wanted(const struct settle *settle)
{
    return settle->site->control.dead_band_w > 0 || settle->site->control.dead_band_ns > 0;
}

static void give_back(struct settle *settle, uint32_t n, int64_t watts)
{
    const struct row_table *rows = settle->rows;

    for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++)
        settle->slack_bp[rows->share[i].row] += (int64_t)rows->share[i].coefficient_bp * watts;
}

static bool fits(const struct settle *settle, uint32_t n, int64_t watts)
{
    const struct row_table *rows = settle->rows;

    for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++) {
        if ((int64_t)rows->share[i].coefficient_bp * watts > settle->slack_bp[rows->share[i].row])
            return false;
    }
    return true;
}

/* Whether the node's cap of before may stand; *early: only because it is so new. */
static bool may_stay(const struct settle *settle, const struct estimate *estimate, uint32_t n,
                     int64_t wanted_w, int64_t now_ns, bool *early)
{
    const struct control_settings *control = &settle->site->control;
    const struct node_estimate *node = &estimate->node[n];
    int64_t before_w = settle->cap_w[n];
    int64_t change_w = max_w(wanted_w - before_w, before_w - wanted_w);

    *early = change_w >= control->dead_band_w;
    return node->controllable && before_w >= node->cap_min_w && before_w <= node->cap_max_w &&
           change_w > 0 && (!*early || now_ns - settle->changed_ns[n] < control->dead_band_ns);
}

/* First whoever would rise: staying costs nothing and leaves room. Then, by number, whoever would fall. */
void settle_run(struct settle *settle, const struct estimate *estimate, const int64_t slack_bp[],
                int64_t now_ns, struct node_answer answer[])
{
    uint32_t nodes = settle->site->nodes.count;

    memcpy(settle->slack_bp, slack_bp, settle->rows->count * sizeof *slack_bp);
    settle->waiting = false;
    for (int falling = 0; falling < 2; falling++) {
        for (uint32_t n = 0; n < nodes; n++) {
            int64_t before_w = settle->cap_w[n];
            int64_t more_w = before_w - answer[n].cap_w;
            bool early = false;

            if ((more_w > 0) != (falling == 1) ||
                !may_stay(settle, estimate, n, answer[n].cap_w, now_ns, &early) ||
                (falling == 1 && !fits(settle, n, more_w)))
                continue;
            give_back(settle, n, -more_w);
            answer[n].cap_w = before_w;
            settle->waiting = settle->waiting || early;
        }
    }
    for (uint32_t n = 0; n < nodes; n++) {
        int64_t cap_w = estimate->node[n].controllable ? answer[n].cap_w : NONE_W;

        if (cap_w != settle->cap_w[n])
            settle->changed_ns[n] = now_ns;
        settle->cap_w[n] = cap_w;
    }
}
