/* Leases under random orders of commands: doubled, late, of old epochs, for other incarnations, on hardware that
 * answers late, clamps, or is written to by somebody else. The seed is printed; --seed N replays. */
#include "agent/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/random.h>

static uint64_t seed;

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t below(uint64_t *state, int64_t n) { return (int64_t)(draw(state) % (uint64_t)n); }

/* Hardware with a floor; told twice before it acts, as the model backend's. */
struct hardware {
    int64_t floor_w, told_w, enforced_w;
    bool told, on;
    int turns_to_act;
};

enum { FLOOR_W = 300, MOST_W = 3000, SAFE_W = 500, ME = 7, COMMANDS = 64, STEPS = 20000 };
static const int64_t lease_max_ns = 60 * NS_PER_S;

static void tell(struct hardware *h, int64_t cap_w)
{
    h->told = true;
    h->told_w = cap_w > h->floor_w ? cap_w : h->floor_w;
    h->turns_to_act = 2;
}

static void turn(struct hardware *h)
{
    if (h->told && h->turns_to_act > 0 && --h->turns_to_act == 0) {
        h->on = true;
        h->enforced_w = h->told_w;
    }
}

static struct cap_state state_of(const struct hardware *h)
{
    return (struct cap_state){
        .settled = h->turns_to_act == 0, .cap_in_force = h->on, .enforced_w = h->enforced_w};
}

struct world {
    uint64_t rng;
    struct lease lease;
    struct hardware hardware;
    struct wire_command command[COMMANDS]; /* all that was ever sent, to be sent again */
    size_t commands;
    struct command_id newest;
    int64_t now_ns;
    unsigned lapses;
    int64_t
        bound_w; /* what the node may hold at most: the newest raise taken, lowered by all since */
};

static const struct wire_command *make_command(struct world *w)
{
    struct wire_command *c =
        &w->command[w->commands < COMMANDS ? w->commands++ : (size_t)below(&w->rng, COMMANDS)];

    if (below(&w->rng, 10) == 0)
        w->newest.epoch++;
    w->newest.seq++;
    *c = (struct wire_command){.id = w->newest,
                               .cap_w = below(&w->rng, MOST_W),
                               .raise = below(&w->rng, 3) == 0,
                               .lease_ms = 1 + below(&w->rng, 20000)};
    if (below(&w->rng, 8) == 0)
        c->id.epoch -= c->id.epoch > 0 ? 1 : 0; /* a controller that has been replaced */
    c->incarnation =
        below(&w->rng, 5) == 0 ? (uint64_t)below(&w->rng, 3) * 5 : ME; /* 0, 5, 10 or ours */
    return c;
}

static bool lease_same(const struct lease *a, const struct lease *b)
{
    return a->incarnation == b->incarnation && command_id_compare(a->taken, b->taken) == 0 &&
           command_id_compare(a->in_force, b->in_force) == 0 && a->asked == b->asked &&
           a->cap_w == b->cap_w && a->running == b->running && a->ends_ns == b->ends_ns;
}

static void deliver(struct world *w, const struct wire_command *c)
{
    struct cap_state state = state_of(&w->hardware);
    struct lease before = w->lease;
    enum lease_verdict verdict = lease_command(&w->lease, c, &state, w->now_ns, lease_max_ns);
    bool newer = command_id_compare(c->id, before.taken) > 0;
    bool for_me = c->incarnation == ME || (c->incarnation == 0 && !c->raise);

    assert_int_equal(verdict == LEASE_TAKEN, newer && for_me);
    if (verdict != LEASE_TAKEN) {
        assert_true(lease_same(&before, &w->lease)); /* nothing at all changes */
        return;
    }
    assert_true(w->lease.cap_w <= c->cap_w);
    if (!c->raise && before.asked)
        assert_true(w->lease.cap_w <= before.cap_w);
    if (!c->raise && state.cap_in_force) /* somebody else may have lowered it: that is not undone */
        assert_true(w->lease.cap_w <= state.enforced_w);
    w->bound_w = c->raise ? c->cap_w : (w->bound_w < c->cap_w ? w->bound_w : c->cap_w);
    tell(&w->hardware, w->lease.cap_w);
}

static void lapse(struct world *w)
{
    const struct cap_state before = state_of(&w->hardware);
    const int64_t asked_w = w->lease.cap_w;
    const bool ends = w->lease.running && w->now_ns >= w->lease.ends_ns;
    struct hardware later;

    if (lease_lapse(&w->lease, &before, SAFE_W, FLOOR_W, w->now_ns))
        tell(&w->hardware, w->lease.cap_w);
    if (!ends)
        return;
    w->lapses++;
    assert_true(w->lease.cap_w <= asked_w && w->lease.cap_w <= SAFE_W);
    later = w->hardware; /* what comes of it when nothing else happens */
    turn(&later);
    turn(&later);
    assert_true(later.on && later.enforced_w <= SAFE_W);
    if (before.cap_in_force && before.settled)
        assert_true(later.enforced_w <= before.enforced_w); /* never raises */
    else if (before
                 .cap_in_force) /* a command under way may have raised: to no more than the floor */
        assert_true(later.enforced_w <= before.enforced_w || later.enforced_w == FLOOR_W);
}

static void pass_time(struct world *w)
{
    w->now_ns += below(&w->rng, 3 * NS_PER_S);
    lapse(w);
    assert_true(!w->lease.running || w->now_ns < w->lease.ends_ns);
    turn(&w->hardware);
}

/* Also to less than the floor that we know of. */
static void foreign_write(struct world *w)
{
    if (w->hardware.on && w->hardware.turns_to_act == 0)
        w->hardware.enforced_w = 1 + below(&w->rng, MOST_W);
}

static void check(struct world *w)
{
    struct cap_state state = state_of(&w->hardware);
    struct command_id before = w->lease.in_force;
    bool acknowledged = lease_settle(&w->lease, &state, FLOOR_W);
    int64_t bound_w = w->bound_w > FLOOR_W ? w->bound_w : FLOOR_W;

    assert_true(command_id_compare(w->lease.in_force, before) >= 0); /* never goes back */
    assert_true(command_id_compare(w->lease.in_force, w->lease.taken) <= 0);
    if (acknowledged) {
        assert_true(state.settled && state.cap_in_force);
        assert_true(state.enforced_w <= bound_w);
    }
    if (w->lease.asked)
        assert_true(w->lease.cap_w <= w->bound_w);
    if (lease_drifted(&w->lease, &state, FLOOR_W))
        tell(&w->hardware, w->lease.cap_w);
}

static void the_cap_is_never_above_the_newest_that_was_taken(void **state)
{
    struct world w = {.rng = seed,
                      .lease = {.incarnation = ME},
                      .hardware = {.floor_w = FLOOR_W},
                      .newest = {1, 0},
                      .bound_w = INT64_MAX};

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        switch (below(&w.rng, 6)) {
        case 0:
        case 1:
            deliver(&w, make_command(&w));
            break;
        case 2:
            if (w.commands > 0) /* late or doubled */
                deliver(&w, &w.command[below(&w.rng, (int64_t)w.commands)]);
            break;
        case 3:
            foreign_write(&w);
            break;
        default:
            pass_time(&w);
            break;
        }
        check(&w);
    }
    assert_true(w.lease.in_force.seq > 0 && w.lapses > 0); /* something happened at all */
}

static const struct cap_state in_force_1000 = {
    .settled = true, .cap_in_force = true, .enforced_w = 1000};

static void a_cap_from_before_the_start_lapses_too(void **state)
{
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_false(lease_lapse(&lease, &in_force_1000, 400, 0, NS_PER_S - 1));
    assert_true(lease_lapse(&lease, &in_force_1000, 400, 0, NS_PER_S));
    assert_int_equal(lease.cap_w, 400);
}

static void a_node_that_never_had_a_cap_is_left_alone(void **state)
{
    const struct cap_state none = {.settled = true};
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &none, 0, NS_PER_S);
    assert_false(lease_lapse(&lease, &none, 400, 0, 100 * NS_PER_S));
    assert_false(lease_drifted(&lease, &none, 0));
}

static void a_lapse_keeps_a_cap_below_the_safe_one(void **state)
{
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_false(lease_lapse(&lease, &in_force_1000, 1200, 0, 2 * NS_PER_S));
    assert_int_equal(lease.cap_w, 1000);
    assert_false(lease.running);
}

static void a_lapse_keeps_what_somebody_else_has_lowered(void **state)
{
    struct cap_state hardware = in_force_1000;
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    hardware.enforced_w = 80;
    assert_false(lease_lapse(&lease, &hardware, 120, 100, 2 * NS_PER_S)); /* nothing is written */
    assert_int_equal(lease.cap_w, 80);
    hardware.enforced_w = 90; /* and from now on more than that is a drift */
    assert_true(lease_drifted(&lease, &hardware, 0));
}

static void a_lapse_takes_back_a_raise_that_is_under_way(void **state)
{
    const struct wire_command raise = {
        .id = {1, 1}, .cap_w = 2000, .raise = true, .lease_ms = 1000, .incarnation = ME};
    struct cap_state hardware = in_force_1000;
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_int_equal(lease_command(&lease, &raise, &hardware, 0, lease_max_ns), LEASE_TAKEN);
    hardware.settled = false;
    assert_true(lease_lapse(&lease, &hardware, 1200, 0, 2 * NS_PER_S));
    assert_int_equal(lease.cap_w, 1000);
}

static void a_lease_is_cut_at_the_longest(void **state)
{
    const struct wire_command long_one = {.id = {1, 1}, .cap_w = 900, .lease_ms = 86400000};
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_int_equal(lease_command(&lease, &long_one, &in_force_1000, 5, lease_max_ns),
                     LEASE_TAKEN);
    assert_int_equal(lease.ends_ns, 5 + lease_max_ns);
}

static void what_the_hardware_has_not_answered_is_not_acknowledged(void **state)
{
    const struct wire_command raise = {
        .id = {1, 1}, .cap_w = 2000, .raise = true, .lease_ms = 1000, .incarnation = ME};
    struct cap_state hardware = in_force_1000;
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_int_equal(lease_command(&lease, &raise, &hardware, 0, lease_max_ns), LEASE_TAKEN);
    hardware.settled = false; /* the old 1,000 W is below 2,000 W, and yet it is no answer */
    assert_false(lease_settle(&lease, &hardware, 0));
    hardware.settled = true;
    hardware.enforced_w = 2000;
    assert_true(lease_settle(&lease, &hardware, 0));
    assert_int_equal(lease.in_force.seq, 1);
}

static void a_raise_must_say_for_whom(void **state)
{
    struct wire_command command = {.id = {1, 1}, .cap_w = 2000, .raise = true, .lease_ms = 1000};
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_int_equal(lease_command(&lease, &command, &in_force_1000, 0, lease_max_ns),
                     LEASE_FOREIGN);
    assert_int_equal(lease.cap_w, 1000);
    command.raise = false;
    command.cap_w = 700;
    assert_int_equal(lease_command(&lease, &command, &in_force_1000, 0, lease_max_ns), LEASE_TAKEN);
    assert_int_equal(lease.cap_w, 700);
}

static void a_locked_limit_is_never_acknowledged(void **state)
{
    const struct wire_command lower = {.id = {1, 1}, .cap_w = 500, .lease_ms = 1000};
    struct lease lease;

    (void)state;
    lease_start(&lease, ME, &in_force_1000, 0, NS_PER_S);
    assert_int_equal(lease_command(&lease, &lower, &in_force_1000, 0, lease_max_ns), LEASE_TAKEN);
    assert_false(lease_settle(&lease, &in_force_1000, 0));
    assert_true(lease_drifted(&lease, &in_force_1000, 0));
    assert_true(lease_settle(&lease, &in_force_1000, 1000)); /* unless less can't be asked of it */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cap_is_never_above_the_newest_that_was_taken),
        cmocka_unit_test(a_cap_from_before_the_start_lapses_too),
        cmocka_unit_test(a_node_that_never_had_a_cap_is_left_alone),
        cmocka_unit_test(a_lapse_keeps_a_cap_below_the_safe_one),
        cmocka_unit_test(a_lapse_keeps_what_somebody_else_has_lowered),
        cmocka_unit_test(a_lapse_takes_back_a_raise_that_is_under_way),
        cmocka_unit_test(a_lease_is_cut_at_the_longest),
        cmocka_unit_test(what_the_hardware_has_not_answered_is_not_acknowledged),
        cmocka_unit_test(a_raise_must_say_for_whom),
        cmocka_unit_test(a_locked_limit_is_never_acknowledged),
    };

    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    else if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return 1;
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
