/* A day of grid carbon intensity: mean g CO2e/kWh of generation, one value an hour from 00:00.
 *
 * Origin: U.S. Energy Information Administration, hourly net generation by source of the California ISO
 * (public domain), 2022-10-23 in Pacific Standard Time; intensity is the mean of the sources' factors weighted
 * by their megawatts (wind 11, solar 41, hydro 24, oil 650, gas 490, coal 820, nuclear 12, other 230 g/kWh).
 * Generation inside the area; imports are not in it. */
#include "plant/day.h"

/* clang-format off */
const double carbon_day_g_per_kwh[CARBON_DAY_POINTS] = {
    343.45, 358.63, 341.56, 353.85, 352.85, 351.36, 354.71, 319.33,
    196.39, 147.13, 140.96, 146.45, 136.36, 129.42, 127.17, 135.96,
    179.09, 264.92, 284.10, 300.49, 320.25, 340.23, 369.73, 383.90,
};
/* clang-format on */
