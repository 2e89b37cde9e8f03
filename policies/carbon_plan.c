#include "policies/carbon_plan.h"

#include <math.h>

/* Halvings of a range of doubles until neighbours are reached, with some to spare. */
enum { HALVINGS = 100 };

static double cost_g(const struct carbon_slot *slot, double power_w)
{
    return slot->hours * slot->intensity_gco2_per_kwh * power_w / 1000.0;
}

double carbon_plan_cost_g(const struct carbon_slot slot[], uint32_t slots)
{
    double sum_g = 0.0;

    for (uint32_t i = 0; i < slots; i++)
        sum_g += cost_g(&slot[i], slot[i].power_w);
    return sum_g;
}

static void fill_concave(struct carbon_slot slot[], uint32_t slots,
                         const struct carbon_bounds *bounds, double k)
{
    for (uint32_t i = 0; i < slots; i++) {
        double c = slot[i].intensity_gco2_per_kwh;
        double power_w = c > 0.0 ? k / (c * c) : bounds->high_w;

        slot[i].power_w = fmin(fmax(power_w, bounds->low_w), bounds->high_w);
    }
}

static double highest_intensity(const struct carbon_slot slot[], uint32_t slots)
{
    double highest = 0.0;

    for (uint32_t i = 0; i < slots; i++)
        highest = fmax(highest, slot[i].intensity_gco2_per_kwh);
    return highest;
}

/* The largest k that the budget carries; the lower end of the halving always does. */
static void plan_concave(struct carbon_slot slot[], uint32_t slots,
                         const struct carbon_bounds *bounds)
{
    double highest = highest_intensity(slot, slots);
    double low = 0.0;
    double high = bounds->high_w * highest * highest;

    fill_concave(slot, slots, bounds, high);
    if (carbon_plan_cost_g(slot, slots) <= bounds->budget_g)
        return;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2.0;

        fill_concave(slot, slots, bounds, middle);
        if (carbon_plan_cost_g(slot, slots) <= bounds->budget_g)
            low = middle;
        else
            high = middle;
    }
    fill_concave(slot, slots, bounds, low);
}

static void fill_linear(struct carbon_slot slot[], uint32_t slots,
                        const struct carbon_bounds *bounds, double threshold)
{
    for (uint32_t i = 0; i < slots; i++)
        slot[i].power_w =
            slot[i].intensity_gco2_per_kwh <= threshold ? bounds->high_w : bounds->low_w;
}

static void plan_linear(struct carbon_slot slot[], uint32_t slots,
                        const struct carbon_bounds *bounds)
{
    double low = -1.0; /* a threshold that the budget carries: all at their least */
    double high = highest_intensity(slot, slots);
    double spare_g = 0.0;
    double wanted_g = 0.0;

    fill_linear(slot, slots, bounds, high);
    if (carbon_plan_cost_g(slot, slots) <= bounds->budget_g)
        return;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2.0;

        fill_linear(slot, slots, bounds, middle);
        if (carbon_plan_cost_g(slot, slots) <= bounds->budget_g)
            low = middle;
        else
            high = middle;
    }
    fill_linear(slot, slots, bounds, low);
    spare_g = bounds->budget_g - carbon_plan_cost_g(slot, slots);
    for (uint32_t i = 0; i < slots; i++) {
        if (slot[i].intensity_gco2_per_kwh > low && slot[i].intensity_gco2_per_kwh <= high)
            wanted_g += cost_g(&slot[i], bounds->high_w - bounds->low_w);
    }
    for (uint32_t i = 0; i < slots; i++) { /* those at the threshold share what is left evenly */
        if (slot[i].intensity_gco2_per_kwh > low && slot[i].intensity_gco2_per_kwh <= high &&
            wanted_g > 0.0)
            slot[i].power_w +=
                (bounds->high_w - bounds->low_w) * fmin(fmax(spare_g / wanted_g, 0.0), 1.0);
    }
}

bool carbon_plan(struct carbon_slot slot[], uint32_t slots, const struct carbon_bounds *bounds,
                 enum work_value value)
{
    for (uint32_t i = 0; i < slots; i++)
        slot[i].power_w = bounds->low_w;
    if (carbon_plan_cost_g(slot, slots) > bounds->budget_g)
        return false;
    if (value == WORK_LINEAR)
        plan_linear(slot, slots, bounds);
    else
        plan_concave(slot, slots, bounds);
    return true;
}
