/* controller/defer_expect.h - what to expect of a quantity whose forecast is uncertain.
 *
 * A planner that picks the cheapest steps of a noisy forecast picks those whose error was the most flattering. So the
 * forecast is taken for what it is: the quantity goes a random walk, whose steps have some variance q, and each value
 * of the forecast is off by an independent error of a stated deviation s. The best estimate of the walk from all
 * values together is that of the Rauch-Tung-Striebel smoother; it is the x with the least
 *
 *     sum (said - x)^2 / s^2  +  sum (x[i + 1] - x[i])^2 / q
 *
 * and so one tridiagonal system. q is what the forecast's own steps show beyond the errors' share:
 * mean of (said[i + 1] - said[i])^2, less 2 s^2. (Rauch, Tung, Striebel, AIAA Journal 3 (1965) 1445; the same least
 * squares is Whittaker's graduation of 1923.) */
#ifndef CONTROLLER_DEFER_EXPECT_H
#define CONTROLLER_DEFER_EXPECT_H

#include "model/base.h"

/* Writes expected[steps]; scratch[steps]. A deviation of 0 means that what is said is certain: it is copied. Pure. */
void defer_expect(const double said[], uint32_t steps, double deviation, double scratch[],
                  double expected[]);

#endif
