/* Which units of a class rise, and which rows they could overfill: only these need to be looked at while the class is
 * solved. */
#include "controller/solver.h"

/* The class's units, none stopped. */
static void list_units(struct solver *s, int priority)
{
    s->risings = 0;
    for (uint32_t b = 0; b < s->bundles; b++) {
        uint32_t end = s->bundle[b].first + s->bundle[b].units;

        s->bundle_rising[b] = s->risings;
        for (uint32_t u = s->bundle[b].first; u < end; u++) {
            const struct unit *unit = &s->unit[u];

            if (unit->priority_class == priority)
                s->rising[s->risings++] =
                    (struct rising){.unit = u, .bundle = b, .gang = unit->gang};
        }
    }
    s->bundle_rising[s->bundles] = s->risings;
}

/* Whether another row of the same nodes is sure to be full first, with any caps; of two that are sure of each other the
 * first. Rows that don't bear the least caps are full before all others, and don't take part. */
static bool outdone(const struct solver *s, uint32_t r)
{
    for (uint32_t i = s->twin_first[r]; i < s->twin_first[r + 1]; i++) {
        const struct twin *twin = &s->twin[i];
        wide_int mine = (wide_int)s->slack_bp[r] * twin->den;
        wide_int others = (wide_int)s->slack_bp[twin->other] * twin->num;

        if (twin->den > 0 && others >= 0 && (mine > others || (mine == others && twin->other < r)))
            return true;
    }
    return false;
}

/* The rows that the class could overfill. Sums in double are a little off, so a little is added: a row too many costs
 * some time and changes nothing. */
static void find_candidates(struct solver *s)
{
    s->candidates = 0;
    for (uint32_t r = 0; r < s->rows; r++)
        s->row_most_bp[r] = 0;
    for (uint32_t u = 0; u < s->risings; u++) {
        const struct unit *unit = &s->unit[s->rising[u].unit];
        const struct bundle *bundle = &s->bundle[unit->bundle];
        const struct row_share *share = &s->share[bundle->first_share];
        double most_w = (double)unit->most_w * (1 + 1e-6);

        for (uint32_t k = 0; k < bundle->shares; k++)
            s->row_most_bp[share[k].row] += most_w * share[k].coefficient_bp;
    }
    for (uint32_t r = 0; r < s->rows; r++) {
        s->row_near[r] =
            s->row_most_bp[r] > (double)s->slack_bp[r] && (s->slack_bp[r] < 0 || !outdone(s, r));
        if (!s->row_near[r])
            continue;
        s->row[r] = (struct row_state){.slack_fine = (wide_int)s->slack_bp[r] * FINE_PER_W};
        if (s->slack_bp[r] >= 0)
            s->candidate[s->candidates++] = r;
    }
}

/* Each bundle's shares in them. */
static void find_near(struct solver *s)
{
    uint32_t nears = 0;

    for (uint32_t b = 0; b < s->bundles; b++) {
        const struct bundle *bundle = &s->bundle[b];
        const struct row_share *share = &s->share[bundle->first_share];

        s->near_first[b] = nears;
        if (s->bundle_rising[b] == s->bundle_rising[b + 1])
            continue;
        for (uint32_t k = 0; k < bundle->shares; k++) {
            s->near[nears] = share[k];
            nears += s->row_near[share[k].row];
        }
    }
    s->near_first[s->bundles] = nears;
}

void solver_gather(struct solver *s, int priority)
{
    list_units(s, priority);
    find_candidates(s);
    find_near(s);
}
