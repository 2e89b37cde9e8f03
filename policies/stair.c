#include "policies/stair.h"

double stair_below_w(struct stair *stair, double line_w, int64_t now_ns, int64_t tread_ns)
{
    bool rises = !stair->stands || (line_w > stair->at_w && now_ns - stair->since_ns >= tread_ns);

    if (rises)
        stair->since_ns = now_ns;
    if (rises || line_w < stair->at_w)
        stair->at_w = line_w;
    stair->stands = true;
    return stair->at_w;
}

double stair_above_w(struct stair *stair, double line_w, int64_t now_ns, int64_t tread_ns)
{
    bool falls = !stair->stands || (line_w < stair->at_w && now_ns - stair->since_ns >= tread_ns);

    if (falls)
        stair->since_ns = now_ns;
    if (falls || line_w > stair->at_w)
        stair->at_w = line_w;
    stair->stands = true;
    return stair->at_w;
}
