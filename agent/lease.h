/* agent/lease.h - what a node may do with a command, and what happens when none comes any more.
 *
 *     command, newer, for us ──▶ cap asked ──▶ hardware ──▶ read back ──▶ in force (acknowledged)
 *                                    │
 *     lease ends ────────────────────┴──▶ min(cap asked, cap in force, safe cap)
 *
 * Only a command that says so may raise; losing the controller never does. Old, doubled and foreign commands
 * change nothing. The controller counts a raise as possible from the moment it sends it until it is acknowledged,
 * so a command is acknowledged only when the hardware has taken it and reads back no more than was asked.
 * Pure: the caller passes the time (a clock that goes on while the machine sleeps). */
#ifndef AGENT_LEASE_H
#define AGENT_LEASE_H

#include "drivers/agent/wire.h"

struct lease {
    uint64_t incarnation;
    struct command_id taken;    /* newest command that was not dropped */
    struct command_id in_force; /* newest that was acknowledged; never goes back */
    bool asked;                 /* a cap is asked of the hardware */
    int64_t cap_w;
    bool running; /* a lease is to end */
    int64_t ends_ns;
};

enum lease_verdict { LEASE_TAKEN, LEASE_OLD, LEASE_FOREIGN };

/* What the hardware said last. */
struct cap_state {
    bool settled;      /* it has taken notice of the last cap it was given */
    bool cap_in_force; /* false: draws as it likes */
    int64_t enforced_w;
};

/* A cap that is in force at start is another incarnation's: nobody renews it, so it gets a lease of its own. */
void lease_start(struct lease *lease, uint64_t incarnation, const struct cap_state *state,
                 int64_t now_ns, int64_t lease_ns);

/* LEASE_FOREIGN: for another incarnation, or a raise for none in particular. LEASE_TAKEN: cap_w is what the
 * hardware must now be given, even if it is the same number as before. */
enum lease_verdict lease_command(struct lease *lease, const struct wire_command *command,
                                 const struct cap_state *state, int64_t now_ns,
                                 int64_t lease_max_ns);

/* True when the lease has ended just now and the hardware, whose state is fresh, must be given cap_w. floor_w: as
 * for lease_settle. */
MUST_USE bool lease_lapse(struct lease *lease, const struct cap_state *state, int64_t safe_cap_w,
                          int64_t floor_w, int64_t now_ns);

/* Takes a read-back in; true when it acknowledges what was not acknowledged before. floor_w is the least the
 * hardware can do: less than that can't be asked of it. */
bool lease_settle(struct lease *lease, const struct cap_state *state, int64_t floor_w);

/* True when the hardware holds more than was asked of it, for which there is no excuse: give it cap_w again. */
bool lease_drifted(const struct lease *lease, const struct cap_state *state, int64_t floor_w);

#endif
