#include "model/limit.h"

bool limit_add(struct limit_list *list, const struct limit *limit)
{
    struct limit *added = NULL;

    if (list->count == list->room) {
        list->dropped++;
        return false;
    }
    added = &list->limit[list->count++];
    *added = *limit;
    if (added->value_w < 0)
        added->value_w = 0;
    if (added->failsafe_w < 0)
        added->failsafe_w = 0;
    if (added->failsafe_w > added->value_w)
        added->failsafe_w = added->value_w;
    return true;
}

int64_t limit_now_w(const struct limit *limit, int64_t now_ns)
{
    return now_ns <= limit->valid_until_ns ? limit->value_w : limit->failsafe_w;
}
