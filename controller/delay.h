/* controller/delay.h - how long things take, measured: from a command to its acknowledgement and to its effect, and
 * how old a node's report grows before the next one comes.
 *
 * Delays go into a histogram of quarter octaves from 1 ms to 68 s, so a quantile is known to a fifth, in memory that
 * does not grow; old delays fade by halves. Until enough were seen the site file's assumption stands. Whole numbers
 * only: the same on every build. Pure: no clock, no allocation after delay_create. */
#ifndef CONTROLLER_DELAY_H
#define CONTROLLER_DELAY_H

#include "controller/node_set.h"
#include "controller/stage.h"

enum { DELAY_BUCKETS = 66 };

struct delay_histogram {
    uint32_t count[DELAY_BUCKETS];
    uint32_t total;
};

void delay_add(struct delay_histogram *histogram, int64_t delay_ns);

/* The upper edge of the bucket that holds the quantile (share of all in parts per 10,000), so that it is never
 * stated too short; `unknown_ns` while fewer than DELAYS_NEEDED were seen. */
enum { DELAYS_NEEDED = 30 };
int64_t delay_quantile_ns(const struct delay_histogram *histogram, int64_t share_bp,
                          int64_t unknown_ns);

/* One command that is being timed, a node. */
struct delay_probe {
    bool active, settles; /* settles: a lower, whose effect on the draw is waited for as well */
    struct command_id id;
    int64_t cap_w;
    int64_t sent_ns;
    int64_t report_ns; /* when the node's last report was true; 0: none */
    uint64_t incarnation;
};

struct delays {
    const struct site *site;
    struct delay_probe *probe; /* [nodes] */
    struct delay_histogram
        *effect; /* [actuators] from a command to its effect, as it is known here */
    struct delay_histogram report;        /* age that a report reached before the next came */
    int64_t effect_p50_ns, effect_p99_ns; /* of the slowest actuator; refreshed once in a tick */
    int64_t report_p99_ns;
};

void delay_create(struct delays *delays, const struct site *site, struct arena *arena);

/* After stage_listen: what the nodes in `awake` answered. */
void delay_listen(struct delays *delays, const struct snapshot *snapshot,
                  const struct node_set *awake);

/* After stage_commands: what was sent in this tick. */
void delay_sent(struct delays *delays, const struct decision *decision);

#endif
