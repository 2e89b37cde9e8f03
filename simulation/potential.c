#include "simulation/world.h"

#include <string.h>

void potential_create(struct world *w)
{
    w->potential.node = arena_array(&w->arena, w->site->nodes.count, struct node_potential);
    w->potential.row_bp = arena_array(&w->arena, w->rows->count, int64_t);
}

/* What the hardware holds or is about to take. A controller can't know of more than the site file says. */
static int64_t held_w(const struct world *w, uint32_t n)
{
    const struct coarse_node *node = &w->plant->node[n];
    const struct sim_agent *agent = &w->agent[n];
    int64_t uncapped_w = min_w(node->hardware.uncapped_w, w->site->nodes.uncapped_w[n]);
    int64_t cap_w = node->cap_set ? min_w(node->enforced_w, uncapped_w) : uncapped_w;

    return agent->pending ? max_w(cap_w, min_w(agent->pending_w, uncapped_w)) : cap_w;
}

/* A liar says that it does as it was told: nobody can know better until it stops. */
static int64_t claimed_w(const struct world *w, uint32_t n)
{
    const struct sim_agent *agent = &w->agent[n];
    int64_t claimed = coarse_clamped_w(&w->plant->node[n].hardware, agent->lease.cap_w);

    return agent->lease.asked ? min_w(claimed, held_w(w, n)) : held_w(w, n);
}

static bool may_still_be_obeyed(const struct world *w, uint32_t n, const struct raise *raise)
{
    const struct lease *lease = &w->agent[n].lease;

    return raise->incarnation == lease->incarnation &&
           command_id_compare(raise->id, lease->taken) > 0;
}

void potential_refresh(struct world *w, uint32_t n)
{
    struct node_potential *p = &w->potential.node[n];
    const struct coarse_hardware *hardware = &w->plant->node[n].hardware;
    int64_t cap_w = agent_lies(w, n) ? claimed_w(w, n) : held_w(w, n);
    int64_t power_w = 0;

    if (p->untold)
        cap_w = min_w(cap_w, p->told_w);
    for (uint32_t i = 0; i < p->raises; i++) {
        if (may_still_be_obeyed(w, n, &p->raise[i]))
            cap_w = max_w(cap_w, coarse_clamped_w(hardware, p->raise[i].cap_w));
    }
    power_w =
        cap_w + min_w(coarse_remainder_w(hardware, cap_w), w->site->nodes.remainder_worst_w[n]);
    p->cap_w = cap_w;
    if (power_w == p->power_w)
        return;
    for (uint32_t i = w->rows->first[n]; i < w->rows->first[n + 1]; i++)
        w->potential.row_bp[w->rows->share[i].row] +=
            (int64_t)w->rows->share[i].coefficient_bp * (power_w - p->power_w);
    p->power_w = power_w;
}

void potential_untold(struct world *w, uint32_t n)
{
    struct node_potential *p = &w->potential.node[n];

    p->told_w = p->untold ? min_w(p->told_w, p->cap_w) : p->cap_w;
    p->untold = true;
    p->untold_since_ns = w->now_ns;
}

void potential_listen(struct world *w)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        struct node_potential *p = &w->potential.node[n];

        if (!p->untold || w->agent[n].heard_made_ns < p->untold_since_ns || agent_lies(w, n))
            continue;
        p->untold = false;
        potential_refresh(w, n);
    }
}

static bool is_raise(const struct message *message)
{
    return message->to_agent && message->command.raise;
}

void potential_sent(struct world *w, const struct message *message, uint32_t copies)
{
    struct node_potential *p = &w->potential.node[message->node];

    if (!is_raise(message))
        return;
    if (copies == 0) {
        sight(w, SIGHT_RAISE_LOST);
        return;
    }
    p->raise[p->raises++] = (struct raise){message->command.id, message->command.incarnation,
                                           message->command.cap_w, copies};
    potential_refresh(w, message->node);
}

void potential_arrived(struct world *w, const struct message *message)
{
    struct node_potential *p = &w->potential.node[message->node];

    for (uint32_t i = 0; is_raise(message) && i < p->raises; i++) {
        if (command_id_compare(p->raise[i].id, message->command.id) != 0)
            continue;
        if (--p->raise[i].copies == 0)
            p->raise[i] = p->raise[--p->raises];
        break;
    }
}
