/* A day of sunlight: global horizontal irradiance in W/m2, one value every 15 min from 00:00.
 *
 * Origin: U.S. National Renewable Energy Laboratory, Measurement and Instrumentation Data Center (MIDC),
 * pyranometer, 2018-10-14, Mountain Standard Time, one reading a minute, as distributed with pvlib-python
 * (midc_20181014.txt, BSD-3-Clause). Measurements of the U.S. government. Changed here: negative readings of
 * the night count as 0, and each value is the mean of the three hours around it, weighted by a triangle, so that
 * the passing clouds of that day do not become steps when a day is played in two minutes. */
#include "plant/day.h"

/* clang-format off */
const double pv_day_w_per_m2[PV_DAY_POINTS] = {
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 1.6, 4.1,
    8.5, 16.8, 30.4, 46.5, 64.4, 84.8, 107.3, 127.9,
    144.0, 161.8, 182.7, 205.6, 230.8, 258.4, 290.2, 320.8,
    347.0, 370.5, 387.6, 403.1, 415.6, 427.1, 439.1, 450.0,
    465.3, 480.3, 498.6, 517.8, 533.6, 540.0, 532.7, 513.8,
    476.9, 425.2, 366.8, 311.2, 260.8, 214.7, 175.9, 144.0,
    116.1, 89.9, 65.9, 45.1, 28.7, 16.8, 8.8, 4.0,
    1.4, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
};
/* clang-format on */
