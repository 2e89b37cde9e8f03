/* drivers/agent/node_index.h - from a node's name to its place in the site: tens of thousands of reports a second.
 *
 * A sorted table of the nodes that belong to one actuator. */
#ifndef DRIVERS_AGENT_NODE_INDEX_H
#define DRIVERS_AGENT_NODE_INDEX_H

#include "model/site.h"

struct node_index {
    const struct site *site;
    uint32_t *by_name; /* [count] node numbers in order of their names */
    uint32_t count;
};

/* Takes memory for the nodes whose actuator is number `actuator`; false when there is none. */
MUST_USE bool node_index_make(struct node_index *index, const struct site *site, uint32_t actuator);
void node_index_free(struct node_index *index);

/* NONE_INDEX: no node of this actuator has that name. */
uint32_t node_index_find(const struct node_index *index, const char *name);

#endif
