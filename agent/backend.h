/* agent/backend.h - what a cap is on some kind of hardware: a const table of functions.
 *
 * One backend serves one node or thousands, by number. Nothing here blocks for longer than a small file takes.
 * What was asked proves nothing: read_back is what counts. */
#ifndef AGENT_BACKEND_H
#define AGENT_BACKEND_H

#include "agent/lease.h"

struct backend; /* each backend's own */

struct backend_options {
    const char *node;          /* powercap: this node's name */
    const char *powercap_root; /* usually /sys/class/powercap */
    const char
        *state_file; /* where the original setting is kept until it is restored; NULL: nowhere */
    int64_t cap_min_w, cap_max_w; /* 0: as the hardware says */
    const char *registers;        /* model: the file */
    const char *const *patterns;  /* model: which nodes, as shell patterns; none: all */
    size_t pattern_count;
};

struct cap_range {
    int64_t min_w, max_w; /* max 0: it can't be capped */
};

struct node_power {
    bool power_known, capped_power_known;
    double power_w, capped_power_w; /* the whole node; the part that the cap is for */
};

struct backend_type {
    const char *name;
    const char *help;
    bool (*open)(struct backend **out, const struct backend_options *options, struct error *err);
    size_t (*nodes)(const struct backend *backend);
    const char *(*node_name)(const struct backend *backend, size_t node);
    /* A cap that an agent before this one set is still in force. */
    bool (*held)(const struct backend *backend, size_t node);
    void (*range)(const struct backend *backend, size_t node, struct cap_range *out);
    /* Gives the hardware a cap; below its floor it gets its floor. The first time the original setting is saved. */
    bool (*apply)(struct backend *backend, size_t node, int64_t cap_w, struct error *err);
    bool (*read_back)(struct backend *backend, size_t node, struct cap_state *out,
                      struct error *err);
    void (*power)(struct backend *backend, size_t node, int64_t now_ns, struct node_power *out);
    /* The original setting again; fine when it was never touched. */
    bool (*restore)(struct backend *backend, size_t node, struct error *err);
    void (*close)(struct backend *backend); /* NULL is fine; restores nothing */
};

extern const struct backend_type backend_model, backend_powercap;

#endif
