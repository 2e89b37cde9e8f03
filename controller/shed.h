/* controller/shed.h - whom to switch off when even the least caps don't fit.
 *
 * Deepest rows first, since what is shed there also relieves those above; within a row the highest class number
 * first (the least important), then the lowest weight, then the most watts freed, then the node number; until the
 * row's shortfall is covered. An order, not an optimum: the least cover is a knapsack. Pure. */
#ifndef CONTROLLER_SHED_H
#define CONTROLLER_SHED_H

#include "model/decision.h"

/* Fills decision->shed from the rows' shortfalls. marked: scratch, [nodes]; short_bp: scratch, [rows]. */
void shed_run(const struct site *site, const struct row_table *rows,
              const struct estimate *estimate, bool marked[], int64_t short_bp[],
              struct decision *decision);

#endif
