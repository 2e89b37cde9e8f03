/* controller/node_set.h - a set of nodes, gone through in order of their numbers: whom a tick must look at. */
#ifndef CONTROLLER_NODE_SET_H
#define CONTROLLER_NODE_SET_H

#include "model/arena.h"

#include <string.h>

enum { NODES_PER_WORD = 64 };

struct node_set {
    uint32_t nodes;
    uint64_t *word;
};

static inline uint32_t node_set_words(const struct node_set *set)
{
    return (set->nodes + NODES_PER_WORD - 1) / NODES_PER_WORD;
}

static inline void node_set_create(struct node_set *set, uint32_t nodes, struct arena *arena)
{
    set->nodes = nodes;
    set->word = arena_array(arena, node_set_words(set), uint64_t);
}

static inline void node_set_clear(struct node_set *set)
{
    memset(set->word, 0, node_set_words(set) * sizeof *set->word);
}

static inline void node_set_fill(struct node_set *set)
{
    for (uint32_t n = 0; n < set->nodes; n += NODES_PER_WORD) {
        uint32_t left = set->nodes - n;

        set->word[n / NODES_PER_WORD] =
            left < NODES_PER_WORD ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
    }
}

static inline void node_set_add(struct node_set *set, uint32_t n)
{
    set->word[n / NODES_PER_WORD] |= UINT64_C(1) << n % NODES_PER_WORD;
}

static inline void node_set_put(struct node_set *set, uint32_t n, bool member)
{
    uint64_t bit = UINT64_C(1) << n % NODES_PER_WORD;

    set->word[n / NODES_PER_WORD] = (set->word[n / NODES_PER_WORD] & ~bit) | (member ? bit : 0);
}

static inline bool node_set_has(const struct node_set *set, uint32_t n)
{
    return set->word[n / NODES_PER_WORD] >> n % NODES_PER_WORD & 1;
}

static inline void node_set_join(struct node_set *set, const struct node_set *other)
{
    for (uint32_t i = 0; i < node_set_words(set); i++)
        set->word[i] |= other->word[i];
}

/* The first member from n on; set->nodes if there is none. Members may be added or taken out on the way:
 *     for (uint32_t n = node_set_next(set, 0); n < set->nodes; n = node_set_next(set, n + 1)) */
static inline uint32_t node_set_next(const struct node_set *set, uint32_t n)
{
    uint32_t at = n / NODES_PER_WORD;
    uint64_t word = 0;

    if (n >= set->nodes)
        return set->nodes;
    word = set->word[at] & (UINT64_MAX << n % NODES_PER_WORD);
    while (word == 0) {
        if (++at == node_set_words(set))
            return set->nodes;
        word = set->word[at];
    }
    return at * NODES_PER_WORD + (uint32_t)__builtin_ctzll(word);
}

#endif
