/* policies/window.h - the arithmetic of demand windows: how much may still be drawn.
 *
 * Energies in Wh, powers in W, times in s. Worked numbers in tests/policies/arithmetic_test.c. Pure. */
#ifndef POLICIES_WINDOW_H
#define POLICIES_WINDOW_H

#include "model/base.h"

/* The power that uses up a fixed window exactly: floor + (allowed - used - floor x left) / left, and the floor when
 * even that is too much: then the window is lost. left_s > 0. */
double window_permitted_w(double allowed_wh, double used_wh, double left_s, double floor_w);

/* What is drawn above `aim_w` until the load is there: it stays for the dead time and then falls at a rate.
 * (P - aim) x dead + (P - aim)^2 / (2 x fall); 0 when it is there already. */
double window_falling_wh(double power_w, double aim_w, double dead_s, double fall_w_per_s);

/* Sliding windows of `subs` sub-windows: the largest power that can be held from now on so that each window that
 * ends at the end of this sub-window or of a later one stays within allowed_wh. past_wh[subs - 1]: the complete
 * sub-windows, newest first; the one under way has used_wh and left_s to go. Negative when one is lost. */
double window_sliding_w(double allowed_wh, const double past_wh[], uint32_t subs, double sub_s,
                        double used_wh, double left_s);

#endif
