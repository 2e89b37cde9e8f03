#include "model/snapshot.h"

int command_id_compare(struct command_id a, struct command_id b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return a.seq < b.seq ? -1 : a.seq > b.seq;
}
