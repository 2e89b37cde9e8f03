/* Simulated nodes: a mapped file of registers whose other side is a plant model.
 *
 * The "hardware" reads a cap and answers with what it enforces in its own time, once a step; owner_beat counts
 * the steps. A step may be under way when the cap is written, so only the second beat after it is an answer. */
#include "agent/backend.h"
#include "drivers/agent/registers_wire.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BEATS_TO_ANSWER = 2, NODES_MAX = 1000000 };
static const int64_t owner_dead_after_ns = 3 * NS_PER_S;

struct model_node {
    struct node_registers *reg;
    int64_t applied_beat;
    bool touched;
    int64_t original_set, original_w;
};

struct backend {
    struct registers_header *header;
    size_t bytes;
    size_t count;
    struct model_node *node;
    int64_t last_beat, last_beat_ns; /* when it was last seen to rise */
};

static bool map_file(struct backend *b, const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    void *map;

    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        failure(err, ERR_IO, path, "a register file", "%s",
                fd < 0 ? strerror(errno) : "not a file");
        if (fd >= 0)
            close(fd);
        return false;
    }
    if ((size_t)info.st_size < sizeof *b->header) {
        close(fd);
        return failure(err, ERR_TRUNCATED, path, "a register file", "%lld bytes",
                       (long long)info.st_size);
    }
    map = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return failure(err, ERR_IO, path, "a file to map", "%s", strerror(errno));
    b->header = map;
    b->bytes = (size_t)info.st_size;
    return true;
}

static bool check_file(const struct backend *b, const char *path, struct error *err)
{
    uint64_t nodes = 0;

    assert(b->header != NULL);
    nodes = b->header->nodes;
    if (b->header->magic != REGISTERS_MAGIC)
        return failure(err, ERR_SYNTAX, path, "a register file", "another magic number");
    if (nodes == 0 || nodes > NODES_MAX ||
        b->bytes != sizeof *b->header + nodes * sizeof(struct node_registers))
        return failure(err, ERR_RANGE, path, "nodes that fill the file", "%llu nodes in %zu bytes",
                       (unsigned long long)nodes, b->bytes);
    return true;
}

static bool wanted(const struct backend_options *options, const char *name)
{
    for (size_t i = 0; i < options->pattern_count; i++)
        if (fnmatch(options->patterns[i], name, 0) == 0)
            return true;
    return options->pattern_count == 0;
}

static bool pick_nodes(struct backend *b, const struct backend_options *options, struct error *err)
{
    struct node_registers *reg = (struct node_registers *)(b->header + 1);
    uint64_t nodes = b->header->nodes;

    b->node = calloc((size_t)nodes, sizeof *b->node);
    if (b->node == NULL)
        return failure(err, ERR_FULL, options->registers, "memory", "none");
    for (uint64_t n = 0; n < nodes; n++) {
        if (memchr(reg[n].name, '\0', sizeof reg[n].name) == NULL || reg[n].name[0] == '\0')
            return failure(err, ERR_SYNTAX, options->registers, "named nodes", "node %llu",
                           (unsigned long long)n);
        if (wanted(options, reg[n].name))
            b->node[b->count++].reg = &reg[n];
    }
    if (b->count == 0)
        return failure(err, ERR_UNKNOWN, options->registers, "nodes that fit the patterns", "none");
    return true;
}

static void model_close(struct backend *b)
{
    if (b == NULL)
        return;
    if (b->header != NULL)
        munmap(b->header, b->bytes);
    free(b->node);
    free(b);
}

static bool model_open(struct backend **out, const struct backend_options *options,
                       struct error *err)
{
    struct backend *b = calloc(1, sizeof *b);

    *out = NULL;
    if (b == NULL)
        return failure(err, ERR_FULL, options->registers, "memory", "none");
    if (!map_file(b, options->registers, err) || !check_file(b, options->registers, err) ||
        !pick_nodes(b, options, err)) {
        model_close(b);
        return false;
    }
    for (size_t n = 0; n < b->count; n++) /* a cap from before us has long been answered */
        b->node[n].applied_beat = atomic_load(&b->header->owner_beat) - BEATS_TO_ANSWER;
    *out = b;
    return true;
}

static size_t model_nodes(const struct backend *b) { return b->count; }

static const char *model_node_name(const struct backend *b, size_t node)
{
    return b->node[node].reg->name;
}

static bool model_held(const struct backend *b, size_t node)
{
    return atomic_load(&b->node[node].reg->cap_set) == 1;
}

/* The file is another process's: what it says is checked like any other input. */
static int64_t checked_w(int64_t watts)
{
    if (watts < 0)
        return 0;
    return watts > LIMIT_MAX_W ? LIMIT_MAX_W : watts;
}

static void model_range(const struct backend *b, size_t node, struct cap_range *out)
{
    out->max_w = checked_w(atomic_load(&b->node[node].reg->cap_max_w));
    out->min_w = checked_w(atomic_load(&b->node[node].reg->cap_min_w));
    if (out->min_w > out->max_w)
        out->min_w = out->max_w;
}

static void write_registers(struct backend *b, struct model_node *node, int64_t set, int64_t cap_w)
{
    if (!node->touched) {
        node->touched = true;
        node->original_set = atomic_load(&node->reg->cap_set);
        node->original_w = atomic_load(&node->reg->cap_w);
    }
    atomic_store(&node->reg->cap_w, cap_w); /* before cap_set: never an old number in force */
    atomic_store(&node->reg->cap_set, set);
    node->applied_beat = atomic_load(&b->header->owner_beat);
}

static bool model_apply(struct backend *b, size_t node, int64_t cap_w, struct error *err)
{
    struct cap_range range;

    model_range(b, node, &range);
    if (range.max_w == 0)
        return failure(err, ERR_REFUSED, model_node_name(b, node), "a node that can be capped",
                       "one that can't");
    write_registers(b, &b->node[node], 1, cap_w > range.min_w ? cap_w : range.min_w);
    return true;
}

static bool model_read_back(struct backend *b, size_t node, struct cap_state *out,
                            struct error *err)
{
    const struct model_node *n = &b->node[node];
    int64_t beat = atomic_load(&b->header->owner_beat);

    (void)err;
    out->settled = beat - n->applied_beat >= BEATS_TO_ANSWER;
    out->cap_in_force = atomic_load(&n->reg->cap_set) == 1;
    out->enforced_w = checked_w(atomic_load(&n->reg->enforced_w));
    if (!out->settled && out->cap_in_force && out->enforced_w == 0)
        out->cap_in_force =
            false; /* the first cap, not yet looked at: it still draws as it likes */
    return true;
}

static void model_power(struct backend *b, size_t node, int64_t now_ns, struct node_power *out)
{
    int64_t beat = atomic_load(&b->header->owner_beat);
    bool alive;

    if (beat != b->last_beat || b->last_beat_ns == 0) {
        b->last_beat = beat;
        b->last_beat_ns = now_ns;
    }
    alive = now_ns - b->last_beat_ns < owner_dead_after_ns;
    out->power_known = out->capped_power_known = alive;
    out->power_w = (double)atomic_load(&b->node[node].reg->power_mw) / 1000;
    out->capped_power_w = (double)atomic_load(&b->node[node].reg->capped_mw) / 1000;
}

static bool model_restore(struct backend *b, size_t node, struct error *err)
{
    struct model_node *n = &b->node[node];

    (void)err;
    if (n->touched)
        write_registers(b, n, n->original_set, n->original_w);
    return true;
}

const struct backend_type backend_model = {
    .name = "model",
    .help = "simulated nodes: registers in a file",
    .open = model_open,
    .nodes = model_nodes,
    .node_name = model_node_name,
    .held = model_held,
    .range = model_range,
    .apply = model_apply,
    .read_back = model_read_back,
    .power = model_power,
    .restore = model_restore,
    .close = model_close,
};
