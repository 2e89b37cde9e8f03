#include "tests/agent/registers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CAP_MIN_W = 500, CAP_MAX_W = 3000, CAP_STEP_W = 50 };

bool registers_make(struct registers *r, const char *path, size_t nodes)
{
    int fd;
    void *map;

    unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    *r = (struct registers){.nodes = nodes};
    r->bytes = sizeof *r->header + nodes * sizeof *r->node;
    if (fd < 0 || ftruncate(fd, (off_t)r->bytes) != 0)
        return false;
    map = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return false;
    r->header = map;
    r->node = (struct node_registers *)(r->header + 1);
    for (size_t n = 0; n < nodes; n++) {
        snprintf(r->node[n].name, sizeof r->node[n].name, "n%03zu", n);
        r->node[n].cap_min_w = CAP_MIN_W;
        r->node[n].cap_max_w = CAP_MAX_W;
        r->node[n].cap_step_w = CAP_STEP_W;
        r->node[n].power_mw = 1000000;
        r->node[n].capped_mw = 800000;
    }
    r->header->nodes = nodes;
    r->header->magic = REGISTERS_MAGIC;
    return true;
}

static int64_t hardware_w(int64_t cap_w)
{
    if (cap_w < CAP_MIN_W)
        return CAP_MIN_W;
    return cap_w > CAP_MAX_W ? CAP_MAX_W : cap_w - cap_w % CAP_STEP_W;
}

void registers_step(struct registers *r)
{
    for (size_t n = 0; n < r->nodes; n++)
        r->node[n].enforced_w = r->node[n].cap_set == 1 ? hardware_w(r->node[n].cap_w) : 0;
    r->header->owner_beat++;
}

void registers_close(struct registers *r)
{
    if (r->header != NULL)
        munmap(r->header, r->bytes);
    *r = (struct registers){0};
}
