/* A site of a few nodes, made without files: what the plant's tests run on. */
#ifndef TESTS_PLANT_SMALL_SITE_H
#define TESTS_PLANT_SMALL_SITE_H

#include "model/site.h"

/* grid -> feeder a (rack a), feeder b (rack b); PV and an uncontrolled load at the grid. */
enum { SMALL_GRID, SMALL_FEEDER_A, SMALL_FEEDER_B, SMALL_RACK_A, SMALL_RACK_B, SMALL_BRANCHES };

/* Accelerators 0 .. 3 hang half and half, processors 4 .. 5 on L1 of rack a, storage 6 .. 7 on rack b. */
enum { SMALL_NODES = 8, SMALL_PROCESSOR = 4, SMALL_STORAGE = 6 };

/* Everything is in site->arena: arena_free(&site->arena) gives it back. */
void small_site(struct site *site);

#endif
