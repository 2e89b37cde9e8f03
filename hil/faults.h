/* hil/faults.h - what happens in a run, and when: a table of rows with a beginning and an end.
 *
 * Events belong to every day (a cloud, the contract's reduction). Faults are chosen with --fault. */
#ifndef HIL_FAULTS_H
#define HIL_FAULTS_H

#include "model/base.h"

enum { FAULTS_MAX = 16 };

struct demo;

enum fault_sort {
    FAULT_EVENT,    /* part of every day */
    FAULT_STANDARD, /* part of `all` */
    FAULT_EXTRA     /* by name only */
};

struct fault {
    const char *name;
    enum fault_sort sort;
    double at, lasts; /* shares of the run; lasts 0: stays */
    double least_s;   /* it lasts no shorter than this, however short the run */
    void (*begin)(struct demo *demo);
    void (*end)(struct demo *demo); /* NULL: nothing to undo */
    const char *alarm;              /* that the service should raise; NULL: none is expected */
    const char *subject;            /* its subject begins so; NULL: any */
    const char *help;
};

extern const struct fault faults[]; /* ends with a zeroed row */

/* Marks which happen: "none", "all", or the name of one fault. False for a name that is not there. */
MUST_USE bool faults_choose(struct demo *demo, const char *which);

/* Begins and ends what is due at now_s of the run. */
void faults_step(struct demo *demo, double now_s);

/* Compares an alarm of the service with what is going on. */
void faults_alarm(struct demo *demo, const char *alarm, const char *subject, double now_s);

#endif
