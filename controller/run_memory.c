#include "controller/run_memory.h"

#include <math.h>
#include <string.h>

/* Two independent hashes stand for user and name: that two of a site's pairs share both does not happen by chance. */
struct key {
    uint64_t a, b;
};

struct pair {
    struct key key;
    uint64_t seen; /* when, in the order of all */
    uint32_t runs; /* <= RUNS_KEPT */
    uint32_t next; /* where the next one goes */
    int64_t run_s[RUNS_KEPT];
    double power_w[RUNS_KEPT]; /* below 0: not known */
};

struct run_memory {
    uint32_t pairs, used;
    uint64_t now;
    struct pair *pair;
};

struct run_memory *run_memory_create(uint32_t pairs, struct arena *arena)
{
    struct run_memory *m = arena_array(arena, 1, struct run_memory);

    *m = (struct run_memory){.pairs = pairs, .pair = arena_array(arena, pairs, struct pair)};
    return m;
}

static void add_text(struct key *key, const char *text)
{
    for (const char *c = text;; c++) { /* with its NUL, so that "ab" "c" is not "a" "bc" */
        key->a = (key->a ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
        key->b = (key->b + (uint8_t)*c + 1) * UINT64_C(0x9e3779b97f4a7c15);
        key->b ^= key->b >> 29;
        if (*c == '\0')
            return;
    }
}

static struct key key_of(const char *user, const char *name)
{
    struct key key = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x2545f4914f6cdd1d)};

    add_text(&key, user);
    add_text(&key, name);
    return key;
}

static struct pair *find(struct run_memory *m, struct key key)
{
    for (uint32_t i = 0; i < m->used; i++) {
        if (m->pair[i].key.a == key.a && m->pair[i].key.b == key.b)
            return &m->pair[i];
    }
    return NULL;
}

/* A free one, or that which was not seen for longest, emptied. */
static struct pair *take(struct run_memory *m, struct key key)
{
    struct pair *pair = &m->pair[0];

    if (m->used < m->pairs) {
        pair = &m->pair[m->used++];
    } else {
        for (uint32_t i = 1; i < m->used; i++)
            pair = m->pair[i].seen < pair->seen ? &m->pair[i] : pair;
    }
    *pair = (struct pair){.key = key};
    return pair;
}

void run_memory_add(struct run_memory *m, const char *user, const char *name, int64_t run_s,
                    double power_w)
{
    struct key key = key_of(user, name);
    struct pair *pair = find(m, key);

    if (run_s <= 0)
        return;
    if (pair == NULL)
        pair = take(m, key);
    pair->seen = ++m->now;
    pair->run_s[pair->next] = run_s;
    pair->power_w[pair->next] = power_w;
    pair->next = (pair->next + 1) % RUNS_KEPT;
    pair->runs += pair->runs < RUNS_KEPT;
}

/* The k-th shortest, k from 1 on. */
static int64_t kth(const struct pair *pair, uint32_t k)
{
    int64_t sorted[RUNS_KEPT] = {0};

    for (uint32_t i = 0; i < pair->runs; i++) {
        uint32_t at = i;

        for (; at > 0 && sorted[at - 1] > pair->run_s[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = pair->run_s[i];
    }
    return sorted[k - 1];
}

static void mean_power(const struct pair *pair, struct run_expectation *out)
{
    double sum_w = 0;
    uint32_t told = 0;

    for (uint32_t i = 0; i < pair->runs; i++) {
        if (pair->power_w[i] >= 0) {
            sum_w += pair->power_w[i];
            told++;
        }
    }
    out->power_known = told > 0;
    out->power_w = told > 0 ? sum_w / told : 0;
}

struct run_expectation run_memory_expect(struct run_memory *m, const char *user, const char *name,
                                         double probability, int64_t limit_s)
{
    struct pair *pair = find(m, key_of(user, name));
    struct run_expectation out = {.likely_s = limit_s, .enough_s = limit_s, .probability = 1};
    double needed = 0;

    if (pair == NULL)
        return out;
    pair->seen = ++m->now;
    out.runs = pair->runs;
    out.likely_s = min_w(kth(pair, (pair->runs + 1) / 2), limit_s);
    mean_power(pair, &out);
    needed = ceil(probability * (pair->runs + 1) - 1e-9);
    if (needed < 1 || needed > pair->runs)
        return out;
    out.enough_s = kth(pair, (uint32_t)needed);
    out.probability = needed / (pair->runs + 1);
    if (out.enough_s >= limit_s) {
        out.enough_s = limit_s;
        out.probability = 1;
    }
    return out;
}
