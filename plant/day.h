/* plant/day.h - a recorded day: sunlight and the grid's carbon intensity by the hour. */
#ifndef PLANT_DAY_H
#define PLANT_DAY_H

#include "model/base.h"

enum { PV_DAY_POINTS = 96, CARBON_DAY_POINTS = 24 };

/* Origins are in the data files. */
extern const double pv_day_w_per_m2[PV_DAY_POINTS];
extern const double carbon_day_g_per_kwh[CARBON_DAY_POINTS];

/* Hours count from midnight and go round; between the points the line is straight. */
double day_irradiance(double hour); /* W/m2, clear of the clouds that a scenario adds */
double day_carbon(double hour);     /* g/kWh */

/* The day's brightest value: what an array's output is scaled by. */
double day_irradiance_most(void);

#endif
