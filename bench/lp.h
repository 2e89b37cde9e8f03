/* bench/lp.h - as much of a linear program as the peers' way of solving an allocation takes: maximize the last column.
 * GLPK and Clp behind one table of functions. */
#ifndef BENCH_LP_H
#define BENCH_LP_H

#include "model/base.h"

/* The matrix by row, as it is given to both. Every row begins free, every column within 0 .. 0. */
struct lp_matrix {
    int columns, rows;
    const int *first; /* [rows + 1] */
    const int *column;
    const double *value;
};

struct lp_solver {
    const char *name;
    void *(*open)(const struct lp_matrix *matrix);
    void (*close)(void *lp);
    void (*bound_column)(void *lp, int column, double low, double high);
    void (*at_least)(void *lp, int row, double low);
    void (*at_most)(void *lp, int row, double high);
    void (*release)(void *lp, int row);
    /* Simplex from where it stood; false when it is not optimal within so many seconds. */
    bool (*solve)(void *lp, double seconds);
    double (*column)(const void *lp, int column);
    double (*price)(const void *lp, int row); /* dual value, sign as the library has it */
};

/* Those that are there; ends with NULL. */
extern const struct lp_solver *const lp_solvers[];

#endif
