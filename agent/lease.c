#include "agent/lease.h"

void lease_start(struct lease *lease, uint64_t incarnation, const struct cap_state *state,
                 int64_t now_ns, int64_t lease_ns)
{
    *lease = (struct lease){.incarnation = incarnation};
    if (!state->cap_in_force)
        return;
    lease->asked = true;
    lease->cap_w = state->enforced_w;
    lease->running = true;
    lease->ends_ns = now_ns + lease_ns;
}

/* 0 is for whoever is there: good enough to lower, but a raise needs to know whom it raises. */
static bool is_for(const struct lease *lease, const struct wire_command *command)
{
    if (command->incarnation == 0)
        return !command->raise;
    return command->incarnation == lease->incarnation;
}

enum lease_verdict lease_command(struct lease *lease, const struct wire_command *command,
                                 const struct cap_state *state, int64_t now_ns,
                                 int64_t lease_max_ns)
{
    int64_t wanted_w = command->cap_w;

    if (!is_for(lease, command))
        return LEASE_FOREIGN;
    if (command_id_compare(command->id, lease->taken) <= 0)
        return LEASE_OLD;
    if (!command->raise && lease->asked)
        wanted_w = min_w(wanted_w, lease->cap_w);
    if (!command->raise && state->cap_in_force)
        wanted_w = min_w(wanted_w, state->enforced_w);
    lease->taken = command->id;
    lease->asked = true;
    lease->cap_w = wanted_w;
    lease->running = true;
    lease->ends_ns = now_ns + min_w(command->lease_ms * NS_PER_MS, lease_max_ns);
    return LEASE_TAKEN;
}

static bool within(const struct lease *lease, const struct cap_state *state, int64_t floor_w)
{
    return state->cap_in_force && state->enforced_w <= max_w(lease->cap_w, floor_w);
}

bool lease_lapse(struct lease *lease, const struct cap_state *state, int64_t safe_cap_w,
                 int64_t floor_w, int64_t now_ns)
{
    if (!lease->running || now_ns < lease->ends_ns)
        return false;
    lease->running = false;
    lease->cap_w = min_w(lease->cap_w, safe_cap_w);
    if (state->cap_in_force) /* somebody else may have lowered it: that is not undone */
        lease->cap_w = min_w(lease->cap_w, state->enforced_w);
    /* What holds already is not written again: a backend would lift less than its floor to its floor. */
    return !state->settled || !within(lease, state, floor_w);
}

bool lease_settle(struct lease *lease, const struct cap_state *state, int64_t floor_w)
{
    if (!lease->asked || !state->settled || !within(lease, state, floor_w) ||
        command_id_compare(lease->taken, lease->in_force) <= 0)
        return false;
    lease->in_force = lease->taken;
    return true;
}

bool lease_drifted(const struct lease *lease, const struct cap_state *state, int64_t floor_w)
{
    return lease->asked && state->settled && !within(lease, state, floor_w);
}
