/* agent/agent.h - the agent's loop: commands from the broker to a backend, reports back, leases in between.
 *
 * One agent serves one node or thousands. Reports of many nodes are spread over the period; one that acknowledges
 * leaves at once. Loop thread only. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/backend.h"

#include <uv.h>

struct agent;

struct agent_options {
    const char *site;
    struct broker broker; /* its texts must outlive the agent */
    const struct backend_type *type;
    struct backend_options backend;
    int64_t safe_cap_w; /* 0: the least cap of each node */
    int64_t report_period_ms;
    int64_t lease_max_ms;
};

struct agent_counters {
    uint64_t taken, old, foreign, malformed; /* commands */
    uint64_t lapses, apply_failures, drifts, reports, reports_lost;
};

/* On success *out is the caller's; it connects as soon as the loop turns. */
MUST_USE bool agent_open(struct agent **out, uv_loop_t *loop, const struct agent_options *options,
                         struct error *err);

size_t agent_nodes(const struct agent *agent);
void agent_counters(const struct agent *agent, struct agent_counters *out);

/* Clean release: puts the original settings back, says so, disconnects, frees; the loop then runs out of handles.
 * *restored (may be NULL) tells, once the loop has ended, whether every node could be put back. */
void agent_release(struct agent *agent, bool *restored);

#endif
