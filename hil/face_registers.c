#include "hil/face_registers.h"

#include "drivers/agent/registers_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct face_registers {
    uint32_t nodes;
    size_t bytes;
    struct registers_header *header;
    struct node_registers *node;
};

/* A new file of this size, or -1: it takes the old one's place only when it is complete. */
static int make_file(const char *path, size_t bytes)
{
    int fd = -1;

    unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void fill(struct face_registers *face, const struct site *site)
{
    const struct node_table *nodes = &site->nodes;

    for (uint32_t n = 0; n < face->nodes; n++) {
        struct node_registers *reg = &face->node[n];

        snprintf(reg->name, sizeof reg->name, "%s", nodes->name[n]);
        atomic_store(&reg->cap_min_w, nodes->cap_min_w[n]);
        atomic_store(&reg->cap_max_w, nodes->cap_max_w[n]);
        atomic_store(&reg->cap_step_w, nodes->cap_step_w[n]);
    }
    face->header->nodes = face->nodes;
    atomic_store(&face->header->owner_beat, 1);
    face->header->magic = REGISTERS_MAGIC;
}

bool face_registers_open(struct face_registers **out, const char *path, const struct site *site,
                         struct error *err)
{
    struct face_registers *face = calloc(1, sizeof *face);
    int fd = -1;
    void *map = MAP_FAILED;

    *out = NULL;
    if (face == NULL)
        return failure(err, ERR_FULL, path, "memory", "none left");
    face->nodes = site->nodes.count;
    face->bytes = sizeof *face->header + face->nodes * sizeof *face->node;
    fd = make_file(path, face->bytes);
    if (fd >= 0) {
        map = mmap(NULL, face->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (map == MAP_FAILED) {
        free(face);
        return failure(err, ERR_IO, path, "a file to map", "%s", strerror(errno));
    }
    face->header = map;
    face->node = (struct node_registers *)(face->header + 1);
    fill(face, site);
    *out = face;
    return true;
}

void face_registers_step(struct face_registers *face, struct plant *plant)
{
    for (uint32_t n = 0; n < face->nodes; n++) {
        struct node_registers *reg = &face->node[n];
        struct node_truth truth;

        plant_cap(plant, n, atomic_load(&reg->cap_set) == 1, atomic_load(&reg->cap_w));
        truth = plant_node_truth(plant, n);
        atomic_store(&reg->enforced_w, truth.enforced_w);
        atomic_store(&reg->power_mw, llround(truth.power_w * 1000));
        atomic_store(&reg->capped_mw, llround(truth.capped_w * 1000));
    }
    atomic_fetch_add(&face->header->owner_beat, 1);
}

void face_registers_close(struct face_registers *face)
{
    if (face == NULL)
        return;
    munmap(face->header, face->bytes);
    free(face);
}
