#include "policies/compliance.h"

#include "policies/ticks.h"

static double score(const struct compliance *c, double actual_w)
{
    if (!c->reduction)
        return actual_w <= c->limit_w || actual_w <= 0.0 ? 1.0 : c->limit_w / actual_w;
    return c->committed_w > 0.0 ? (c->baseline_w - actual_w) / c->committed_w : 1.0;
}

static void end_interval(struct compliance *c, int64_t now_ns)
{
    if (2.0 * c->measured_s >= seconds(now_ns - c->interval_ns) && c->measured_s > 0.0) {
        double judged = 0.0;

        c->actual_w = c->drawn_ws / c->measured_s;
        judged = score(c, c->actual_w);
        c->least = c->intervals == 0 ? judged : fmin(c->least, judged);
        c->sum += judged;
        c->intervals++;
    }
    c->drawn_ws = 0.0;
    c->measured_s = 0.0;
    c->interval_ns = now_ns;
}

void compliance_end(struct compliance *c, int64_t now_ns)
{
    if (c->running)
        end_interval(c, now_ns);
    c->running = false;
}

void compliance_judge(struct compliance *c, const struct compliance_tick *t)
{
    if (!c->running || c->mark != t->mark)
        *c = (struct compliance){
            .running = true, .mark = t->mark, .begun_ns = t->now_ns, .interval_ns = t->now_ns};
    if (t->measured) {
        c->drawn_ws += t->import_w * t->dt_s;
        c->measured_s += t->dt_s;
    }
    c->reduction = t->reduction;
    c->limit_w = t->limit_w;
    c->baseline_w = t->baseline_w;
    c->committed_w = t->committed_w;
    if (!c->complied && t->measured && t->import_w <= c->limit_w) {
        c->complied = true;
        c->comply_after_s = seconds(t->now_ns - c->begun_ns);
    }
    if (t->now_ns - c->interval_ns >= t->interval_ns)
        end_interval(c, t->now_ns);
}

uint32_t compliance_figures(const struct compliance *c, uint32_t count, struct policy_figure out[])
{
    if (c->running)
        out[count++] = (struct policy_figure){"baseline_w", c->baseline_w};
    if (c->intervals > 0) {
        out[count++] = (struct policy_figure){"actual_w", c->actual_w};
        out[count++] = (struct policy_figure){"compliance_min", c->least};
        out[count++] = (struct policy_figure){"compliance_mean", c->sum / c->intervals};
    }
    if (c->complied)
        out[count++] = (struct policy_figure){"comply_after_s", c->comply_after_s};
    return count;
}
