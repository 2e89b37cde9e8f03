/* model/job.h - a job as a scheduler tells it, what its owner allowed, and the mark that we leave on it.
 *
 * Only a job that opted in may be touched, and one that a person held stays held. Both are asked of the functions
 * here, so that driver, planner and tests answer alike. Pure. */
#ifndef MODEL_JOB_H
#define MODEL_JOB_H

#include "model/error.h"

/* ---- what its owner allowed: "capstan:flex,deadline=2026-11-26T09:00,max_delay=6h" --------------- */

/* A date and a time of day without a zone, as people write them. */
struct job_civil {
    int year, month, day, hour, minute, second;
};

/* How such a time is read: in the zone of whoever knows it. False: there is no such time. */
struct job_zone {
    void *context;
    bool (*utc_of)(void *context, const struct job_civil *civil, int64_t *utc_s);
};

struct job_options {
    bool flexible; /* it opted in; all else means nothing without */
    bool has_deadline;
    int64_t deadline_utc_s; /* must have ended */
    bool has_max_delay;
    int64_t max_delay_s;  /* starts no later than this after its submission */
    bool interruptible;   /* may be suspended, or requeued */
    int64_t checkpoint_s; /* work that is done again after each pause */
    int64_t power_w;      /* of the whole job; 0: not said */
};

enum { JOB_DELAY_MAX_S = 366 * 86400 };

/* Finds the one word of a comment that begins with "capstan:" (words stand between blanks and ';') and reads it:
 *
 *     capstan:flex                 may wait
 *       ,deadline=2026-11-26T09:00 has ended by then; with or without seconds and a zone (Z, +01:00)
 *       ,max_delay=6h              starts no later than this after its submission; s, min, h, d
 *       ,interruptible             may be suspended or requeued
 *       ,checkpoint=5min           loses this much work at each interruption
 *       ,power=3kW                 draws this much, all its nodes together; W, kW, MW
 *
 * No such word is no mistake: true, and nothing is flexible. A word with a mistake is refused as a whole: such a
 * job did not opt in. Our own mark at the end of a comment (below) is not looked at. */
MUST_USE bool job_options_parse(const char *comment, const struct job_zone *zone,
                                struct job_options *out, struct error *err);

/* ---- our mark ------------------------------------------------------------------------------------ */

enum mark_kind { MARK_NONE, MARK_DEFERRED, MARK_HELD, MARK_SUSPENDED, MARK_REQUEUED };

enum { MARK_WHY_BYTES = 128, MARK_BYTES = 256 };

/* What we did to a job, written where people and `release --all` find it:
 *
 *     capstan: deferred until 2026-11-26T02:00:00Z (begin was 2026-11-25T20:00:00Z): cheaper at night */
struct job_mark {
    enum mark_kind kind;
    int64_t until_utc_s;     /* 0: not said */
    int64_t begin_was_utc_s; /* the begin time that its owner had set; 0: none */
    char why[MARK_WHY_BYTES];
};

const char *mark_name(enum mark_kind kind); /* "deferred"; "" for MARK_NONE */

/* Finds our mark at the end of a text; what comes before it is the owner's or the administrator's, *rest bytes of
 * it. False: there is none, *rest is all of the text. */
bool mark_parse(const char *text, struct job_mark *out, size_t *rest);

/* `text` without any mark of ours, with this one (NULL: none) at its end. False when it does not fit, then out is
 * empty. Control characters of `why` become blanks, what is not ASCII a '?'. */
MUST_USE bool mark_write(const char *text, const struct job_mark *mark, char *out, size_t size);

/* ---- the job ------------------------------------------------------------------------------------- */

enum job_state {
    JOB_PENDING,
    JOB_RUNNING,
    JOB_SUSPENDED,
    JOB_ENDING, /* completing, or being set up: on nodes, but not to be touched */
    JOB_ENDED
};

enum job_hold { JOB_NOT_HELD, JOB_HELD_BY_OWNER, JOB_HELD_BY_ADMIN };

/* Who a job is. Ids are given out again after a scheduler lost its state, so the id alone says little. */
struct job_identity {
    uint32_t id;
    uint32_t array_id; /* 0: not of an array */
    uint32_t
        array_task; /* NONE_INDEX: not of an array, or all its tasks that have not been started */
    int64_t submit_utc_s;
    const char *user, *name;
};

struct job {
    struct job_identity who;
    const char
        *array_tasks; /* "3-9%2": tasks of an array that have not been started; "" otherwise */
    const char *partition, *qos;
    enum job_state state;
    enum job_hold hold; /* of a pending job */
    const char *reason; /* why it waits, in the scheduler's words */
    uint32_t nodes_wanted;
    uint32_t nodes;           /* of ours that it is on: one synchronous job, so a gang */
    const uint32_t *node;     /* [nodes] indices in site.nodes */
    uint32_t nodes_elsewhere; /* that it is on too, but the site does not know */
    int64_t begin_utc_s;      /* not before; 0: none said */
    int64_t start_utc_s; /* of a running job when it began, of a pending one a guess; 0: unknown */
    int64_t suspended_utc_s; /* last suspended or resumed; 0: never */
    int64_t time_limit_s;    /* 0: none */
    int64_t deadline_utc_s;  /* the scheduler removes it then; 0: none */
    bool requeueable;        /* a batch job that allows it */
    uint32_t restarts;
    const char *comment, *admin_comment;
    bool options_bad;           /* a capstan: word that can't be read; options are empty then */
    struct job_options options; /* of the comment, or of its QOS or partition */
    /* Of the administrator's comment. Of the owner's, who can write there what he likes, only a begin time's. */
    struct job_mark mark;
};

/* All jobs of a scheduler that have not ended, sorted by id. Lent for the time of the call. */
struct job_list {
    int64_t taken_ns;    /* monotonic: no younger than this */
    int64_t taken_utc_s; /* the same moment by the wall clock */
    uint32_t count;
    const struct job *job;
    uint32_t left_out; /* more jobs than there is room for */
};

bool job_same(const struct job_identity *a, const struct job_identity *b);

/* Held, and not by us: nothing of it may be touched. */
bool job_held_by_person(const struct job *job);

/* It opted in and nobody holds it. */
bool job_may_be_touched(const struct job *job);

/* The latest moment at which the job can start so that it ends before its deadlines, `spare_s` kept free, and no
 * later than max_delay_s after its submission (its own, where it says one). INT64_MIN where a deadline stands and
 * the run has no limit: nobody can say. A begin time of its owner that is later still counts instead. */
int64_t job_latest_start(const struct job *job, int64_t spare_s, int64_t max_delay_s);

/* ---- what is asked for it ------------------------------------------------------------------------ */

enum job_verb {
    JOB_DEFER,   /* begin no earlier than until_utc_s, but never after its latest safe start */
    JOB_START,   /* take our begin time back */
    JOB_HOLD,    /* hold without an end: only for what can't be said by a time */
    JOB_RELEASE, /* take our hold back */
    JOB_SUSPEND,
    JOB_RESUME,  /* what we suspended */
    JOB_REQUEUE, /* end it and begin it again later: begins no earlier than until_utc_s */
    NODE_DRAIN,
    NODE_UNDRAIN, /* what we drained */
    JOB_VERBS
};

const char *job_verb_name(enum job_verb verb); /* "defer" */

struct job_action {
    enum job_verb verb;
    struct job_identity who; /* as the list said it; not of NODE_ verbs */
    uint32_t node;           /* NODE_ verbs: index in site.nodes */
    int64_t until_utc_s;     /* JOB_DEFER, JOB_REQUEUE; else what people are told, 0: nothing */
    const char *why;
};

enum job_result {
    JOB_DONE,        /* the scheduler took it */
    JOB_SO_ALREADY,  /* was so already */
    JOB_NOT_ALLOWED, /* not opted in, held by a person, not ours, in the wrong state */
    JOB_GONE,        /* no such job any more, or its id is another's now */
    JOB_TOO_LATE,    /* no time left to defer it */
    JOB_REFUSED,     /* the scheduler said no, or gave no answer */
    JOB_DROPPED,     /* not allowed to write, or no room */
    JOB_OVERRULED,   /* a person changed what we had asked for: not asked again */
    JOB_RESULTS
};

const char *job_result_name(enum job_result result); /* "done" */

/* What became of an action; told once for each change of it. */
struct job_outcome {
    struct job_action action;
    enum job_result result;
    const char *detail; /* in the scheduler's words or ours; "" */
};

#endif
