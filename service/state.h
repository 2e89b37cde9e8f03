/* service/state.h - what a controller must remember over a restart: its epoch, and what it has
 * learned.
 *
 * The epoch is the fencing token of every command. It is raised and on disk before anything is
 * sent, so that no two runs of a controller command under the same number. What can't be read is
 * set aside, never deleted; the epoch then starts from the wall clock's seconds, which no run
 * before can have counted up to. Nothing that is lost here loosens anything: an unknown remainder
 * counts at its configured worst. */
#ifndef SERVICE_STATE_H
#define SERVICE_STATE_H

#include "model/error.h"
#include "model/site.h"

struct json_t;

enum state_origin {
    STATE_STORED, /* the epoch is the stored one + 1 */
    STATE_MISSING,
    STATE_DAMAGED, /* set aside as `aside` */
};

struct state {
    char folder[512];
    uint64_t epoch;
    uint64_t outrank;      /* saved in place of a lower epoch: the next start must be above it */
    int64_t *remainder_w;  /* [nodes]; negative: not known */
    struct json_t *memory; /* what policies remember, see service/memory.h; NULL: nothing. Ours */
    enum state_origin origin;
    char aside[600];     /* STATE_DAMAGED: where the damaged file is now */
    struct error damage; /* STATE_DAMAGED: what was wrong with it */
    uint64_t saves, saves_failed;
    int lock; /* file descriptor; -1: none */
};

/* Makes the folder, locks it against a second controller, reads what is there, raises the epoch
 * and writes it. Fails only if the folder can't be used: then nothing may be commanded. Undo with
 * state_close. */
MUST_USE bool state_open(struct state *state, const char *folder, const struct site *site,
                         int64_t wall_ms, struct arena *arena, struct error *err);

/* Another controller's epoch, which the next start is to be above: on disk with the next save. False
 * if it is so high that there would be no room to count on from it; it is not taken then. */
MUST_USE bool state_outrank(struct state *state, uint64_t seen_epoch);

/* Takes over what policies remember now; NULL is fine. On disk with the next save. */
void state_keep(struct state *state, struct json_t *memory);

/* Writes the epoch, the remainders [nodes] and what policies remember atomically. */
MUST_USE bool state_save(struct state *state, const struct site *site, const int64_t remainder_w[],
                         struct error *err);

void state_close(struct state *state);

#endif
