#include "bench/lp.h"

#include <stdlib.h>

#ifdef HAVE_GLPK
#include <glpk.h>

static void *glpk_open(const struct lp_matrix *m)
{
    glp_prob *lp = glp_create_prob();
    int *column = malloc(((size_t)m->columns + 1) * sizeof *column);
    double *value = malloc(((size_t)m->columns + 1) * sizeof *value);

    if (column == NULL || value == NULL)
        exit(1);
    glp_term_out(GLP_OFF);
    glp_set_obj_dir(lp, GLP_MAX);
    glp_add_cols(lp, m->columns);
    glp_add_rows(lp, m->rows);
    glp_set_obj_coef(lp, m->columns, 1);
    for (int c = 1; c <= m->columns; c++)
        glp_set_col_bnds(lp, c, GLP_FX, 0, 0);
    for (int r = 0; r < m->rows; r++) {
        int count = m->first[r + 1] - m->first[r];

        for (int i = 0; i < count; i++) { /* it counts from 1 */
            column[i + 1] = m->column[m->first[r] + i] + 1;
            value[i + 1] = m->value[m->first[r] + i];
        }
        glp_set_mat_row(lp, r + 1, count, column, value);
        glp_set_row_bnds(lp, r + 1, GLP_FR, 0, 0);
    }
    free(column);
    free(value);
    return lp;
}

static void glpk_close(void *lp) { glp_delete_prob(lp); }

static void glpk_bound_column(void *lp, int c, double low, double high)
{
    glp_set_col_bnds(lp, c + 1, low < high ? GLP_DB : GLP_FX, low, high);
}

static void glpk_at_least(void *lp, int r, double low)
{
    glp_set_row_bnds(lp, r + 1, GLP_LO, low, 0);
}

static void glpk_at_most(void *lp, int r, double high)
{
    glp_set_row_bnds(lp, r + 1, GLP_UP, 0, high);
}

static void glpk_release(void *lp, int r) { glp_set_row_bnds(lp, r + 1, GLP_FR, 0, 0); }

static bool glpk_solve(void *lp, double seconds)
{
    glp_smcp how;

    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.tm_lim = (int)(seconds * 1000) + 1;
    return glp_simplex(lp, &how) == 0 && glp_get_status(lp) == GLP_OPT;
}

static double glpk_column(const void *lp, int c) { return glp_get_col_prim((glp_prob *)lp, c + 1); }
static double glpk_price(const void *lp, int r) { return glp_get_row_dual((glp_prob *)lp, r + 1); }

static const struct lp_solver glpk = {"GLPK",        glpk_open,    glpk_close,   glpk_bound_column,
                                      glpk_at_least, glpk_at_most, glpk_release, glpk_solve,
                                      glpk_column,   glpk_price};
#endif

#ifdef HAVE_CLP
#include <coin/Clp_C_Interface.h>

/* Clp takes the matrix by column. */
static void *clp_open(const struct lp_matrix *m)
{
    Clp_Simplex *lp = Clp_newModel();
    int entries = m->first[m->rows];
    int *start = calloc((size_t)m->columns + 2, sizeof *start);
    int *index = malloc((size_t)entries * sizeof *index);
    double *value = malloc((size_t)entries * sizeof *value);
    double *zero = calloc((size_t)m->columns, sizeof *zero);
    double *wide = malloc((size_t)m->rows * 2 * sizeof *wide);

    if (start == NULL || index == NULL || value == NULL || zero == NULL || wide == NULL)
        exit(1);
    for (int i = 0; i < entries; i++)
        start[m->column[i] + 2]++;
    for (int c = 0; c < m->columns; c++)
        start[c + 2] += start[c + 1];
    for (int r = 0; r < m->rows; r++) {
        for (int i = m->first[r]; i < m->first[r + 1]; i++) {
            int at = start[m->column[i] + 1]++;

            index[at] = r;
            value[at] = m->value[i];
        }
        wide[r] = -1e30;
        wide[m->rows + r] = 1e30;
    }
    Clp_setLogLevel(lp, 0);
    Clp_loadProblem(lp, m->columns, m->rows, start, index, value, zero, zero, zero, wide,
                    wide + m->rows);
    Clp_setOptimizationDirection(lp, -1);
    Clp_setObjectiveOffset(lp, 0);
    zero[m->columns - 1] = 1;
    Clp_chgObjCoefficients(lp, zero);
    free(start);
    free(index);
    free(value);
    free(zero);
    free(wide);
    return lp;
}

static void clp_close(void *lp) { Clp_deleteModel(lp); }

static void clp_bound_column(void *lp, int c, double low, double high)
{
    Clp_columnLower(lp)[c] = low;
    Clp_columnUpper(lp)[c] = high;
}

static void clp_at_least(void *lp, int r, double low) { Clp_rowLower(lp)[r] = low; }
static void clp_at_most(void *lp, int r, double high) { Clp_rowUpper(lp)[r] = high; }

static void clp_release(void *lp, int r)
{
    Clp_rowLower(lp)[r] = -1e30;
    Clp_rowUpper(lp)[r] = 1e30;
}

static bool clp_solve(void *lp, double seconds)
{
    Clp_setMaximumSeconds(lp, seconds);
    return Clp_primal(lp, 0) == 0 && Clp_isProvenOptimal(lp) != 0;
}

static double clp_column(const void *lp, int c)
{
    return Clp_primalColumnSolution((Clp_Simplex *)lp)[c];
}

static double clp_price(const void *lp, int r) { return Clp_dualRowSolution((Clp_Simplex *)lp)[r]; }

static const struct lp_solver clp = {"Clp",        clp_open,    clp_close,   clp_bound_column,
                                     clp_at_least, clp_at_most, clp_release, clp_solve,
                                     clp_column,   clp_price};
#endif

const struct lp_solver *const lp_solvers[] = {
#ifdef HAVE_GLPK
    &glpk,
#endif
#ifdef HAVE_CLP
    &clp,
#endif
    NULL,
};
