/* controller/stage.h - which cap commands may be sent now, and what each node may be holding meanwhile.
 *
 * Lower first, raise only into confirmed headroom: the watts that a lower frees exist only once the node has
 * said that the lower cap is in force. Per node:
 *
 *     committed cap = max(cap in force as read back, every raise in flight)
 *
 * Only a raise can raise: a node answers every other command with min(cap in force, cap asked).
 *
 *   event                  what happens                                        committed cap
 *   send lower             -                                                   same
 *   send raise             only if every row holds with it; goes in flight     up, paid for
 *   report acks (e, s)     everything in flight up to (e, s) is forgotten      down, to what was read back
 *   old or second report   ignored                                             same
 *   no ack in time         sent again; what is in flight stays                 same
 *   never acked            -                                                   the node's uncapped draw
 *   agent restarted        unknown until it acks a command of ours             the node's uncapped draw
 *   controller restarted   likewise (the fence): older commands may still come  the node's uncapped draw
 *
 * A node drops every command that is not newer than what it has applied, so once it has acked one of ours, all
 * older ones are dead, however late, doubled or reordered they come. Pure: no clock, no I/O, no allocation after
 * stage_create. */
#ifndef CONTROLLER_STAGE_H
#define CONTROLLER_STAGE_H

#include "controller/node_set.h"
#include "model/decision.h"

enum { IN_FLIGHT_MAX = 4, RETIRED_MAX = 4 };

struct in_flight {
    struct command_id id;
    int64_t cap_w;
};

struct stage_node {
    bool fenced; /* it has acked a command of this epoch in its present incarnation */
    uint64_t incarnation;
    uint64_t retired[RETIRED_MAX]; /* incarnations before it: a late word of theirs is ignored */
    uint64_t fence_seq; /* our commands from this one on were addressed to this incarnation */
    int64_t in_force_w; /* read back with the newest ack; uncapped when none is in force */
    struct command_id applied;
    int64_t report_ns;                      /* of the newest report taken in */
    struct in_flight flight[IN_FLIGHT_MAX]; /* raises */
    uint32_t flights;
    bool waiting; /* for an answer, since waiting_ns; any progress of `applied` begins it anew */
    int64_t waiting_ns;
    bool above; /* it has acked the last command, yet holds more, since above_ns */
    int64_t above_ns;
    bool sent; /* anything, in this incarnation */
    struct command_id sent_id;
    int64_t sent_w, sent_ns;
};

struct stage {
    const struct site *site;
    const struct row_table *rows;
    uint64_t epoch, next_seq;
    bool deposed;           /* a newer epoch commands: we are silent for ever */
    uint64_t highest_epoch; /* that any node has applied */
    struct stage_node *node;
    int64_t
        *committed_bp; /* [rows] watts x SHARE_WHOLE_BP that may be drawn, this tick's raises too */
    int64_t *headroom_bp; /* [rows] what the limit leaves above that */
    uint32_t *raise;      /* [nodes] scratch */
    struct node_set busy; /* whom the next tick must look at, whatever comes */
    int64_t largest_step_w;
    int64_t raise_credit_mw; /* what the release ramp has granted and nobody has used */
    bool ticked;
    int64_t last_ns;
};

void stage_create(struct stage *stage, const struct site *site, const struct row_table *rows,
                  uint64_t epoch, struct arena *arena);

/* Takes in what the nodes in `awake` report; first thing in a tick. */
void stage_listen(struct stage *stage, const struct snapshot *snapshot,
                  const struct node_set *awake);

/* The most that the node's capped part may be allowed now. */
int64_t stage_committed_cap_w(const struct stage *stage, uint32_t node);

/* True when the node has not done as it was told for so long that its caps can't be counted on: commands are not
 * acknowledged, or are and something else is in force. It is commanded on, and counted at what it may draw. */
bool stage_disobeys(const struct stage *stage, uint32_t node, int64_t now_ns);

/* The cap that the node is being brought to: the last one sent, else the one in force. */
int64_t stage_heading_w(const struct stage *stage, uint32_t node);

/* Fills decision->command from decision->node[].cap_w: lowers, then fences and renewals, then raises. Counts in
 * decision->counters when its own promise would break. Looks at the nodes in `awake`, which must hold everybody
 * whose wanted cap, estimate or report changed, who was busy, or whose time has come (stage_due_ns). */
void stage_commands(struct stage *stage, const struct snapshot *snapshot,
                    const struct estimate *estimate, const struct node_set *awake,
                    struct decision *decision);

/* When the node must be looked at again though nothing comes of it: its lease wants renewal, or it has been waited
 * for long enough. */
int64_t stage_due_ns(const struct stage *stage, uint32_t node);

#endif
