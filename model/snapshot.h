/* model/snapshot.h - everything that one tick is given. The same snapshots give the same decisions, bit for bit. */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/site.h"

/* The site's wall clock, taken apart by the host in the site's time zone. For schedules only. */
struct local_time {
    bool known; /* false: schedules take their tightest value */
    int64_t utc_s;
    int weekday;       /* 0 is Monday */
    int minute_of_day; /* 0 .. 1439 */
};

/* A command's place in the order of all commands. (epoch, seq) only rises; a node drops what is not newer
 * than what it has applied. The epoch is the controller's fencing token: it rises at each start. */
struct command_id {
    uint64_t epoch;
    uint64_t seq;
};

/* -1, 0, 1 as a is older than, the same as, newer than b. */
int command_id_compare(struct command_id a, struct command_id b);

/* The latest that a node said of itself. Acknowledgements come this way: `applied` is the last command in force. */
struct node_report {
    bool heard; /* false: nothing since this controller started; the rest is then meaningless */
    int64_t taken_ns;          /* monotonic, when it was true */
    uint64_t incarnation;      /* changes when the node's agent restarts; never 0 */
    struct command_id applied; /* of any controller; {0, 0}: none since the agent started */
    bool cap_in_force;         /* false: the capped part may draw uncapped_w */
    int64_t enforced_cap_w;    /* read back from the hardware, not what was asked */
    bool power_known;
    double power_w; /* the whole node */
    bool capped_power_known;
    double capped_power_w; /* the capped part alone */
    bool range_known; /* what the hardware takes now; narrower or wider than the site file says */
    int64_t cap_min_w, cap_max_w;
};

struct snapshot {
    int64_t now_ns; /* monotonic; rises from tick to tick */
    struct local_time local;
    const struct reading *reading;    /* [site.points] */
    const struct node_report *report; /* [site.nodes.count] */
    const struct forecast *forecast;  /* [site.forecasts] */
    const struct event_list *events;  /* [site.event_sources] */
    /* Whose reports differ from those of the snapshot before, in any order, doubles allowed: the rest need not be
     * looked at. NULL: not known, look at all. */
    const uint32_t *changed;
    uint32_t changes;
};

/* What a source produces now, W, rounded down, never negative. False when its reading is not good: then nothing
 * of it may be relied on. */
bool source_power_w(const struct site *site, uint32_t source, const struct snapshot *snapshot,
                    int64_t *power_w);

#endif
