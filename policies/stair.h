/* policies/stair.h - a ramp as a stair: it stands for a while and then rises at once to where the ramp is, never above it.
 *
 *     line |          . '  __     Caps follow a limit that creeps up in every tick with a command to every node in
 *          |      . ' __  |       every tick. On a stair they change once a tread.
 *          |  . ' __|             A line that falls is followed at once.
 *          | ' __|                                                                                               Pure. */
#ifndef POLICIES_STAIR_H
#define POLICIES_STAIR_H

#include "model/base.h"

struct stair {
    bool stands;
    double at_w;
    int64_t since_ns; /* when it rose last */
};

/* Where a stair below this line is now, with treads of tread_ns. */
double stair_below_w(struct stair *stair, double line_w, int64_t now_ns, int64_t tread_ns);

/* The same upside down: never below a line that falls. */
double stair_above_w(struct stair *stair, double line_w, int64_t now_ns, int64_t tread_ns);

#endif
