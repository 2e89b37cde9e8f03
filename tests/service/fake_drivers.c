#include "tests/service/fake_drivers.h"

#include <stdlib.h>
#include <string.h>

struct fake_log fake;

struct instance {
    const struct device *device;
    const struct driver_host *host;
};

static bool fake_open(struct instance **out, const struct device *device,
                      const struct driver_host *host, struct error *err)
{
    *out = NULL;
    if (fake.refuse != NULL && strcmp(fake.refuse, device->name) == 0)
        return failure(err, ERR_REFUSED, device->name, "to be opened", "the test's refusal");
    *out = calloc(1, sizeof **out);
    **out = (struct instance){.device = device, .host = host};
    fake.opened++;
    if (device->role == ROLE_ACTUATOR) {
        fake.host = host;
        fake.actuator = device;
    }
    return true;
}

static void fake_start(struct instance *instance)
{
    fake.started++;
    instance->host->device_state(instance->host->context, instance->device, true, NULL);
}

static void fake_command(struct instance *instance, const struct command *command)
{
    if (fake.commands < FAKE_COMMANDS_KEPT)
        fake.command[fake.commands] = *command;
    fake.commands++;
    if (fake.answers)
        fake_report(command->node, command->id, command->cap_w, (double)command->cap_w);
    (void)instance;
}

static void fake_goodbye(struct instance *instance)
{
    (void)instance;
    fake.goodbyes++;
}

static void fake_counters(const struct instance *instance, struct driver_counters *out)
{
    *out = (struct driver_counters){0};
    if (instance->device->role == ROLE_ACTUATOR)
        out->writes = fake.commands;
}

static void fake_close(struct instance *instance)
{
    free(instance);
    fake.closed++;
}

static const struct driver_schema feed_schemas[] = {{.driver = "feed", .role = ROLE_SIGNAL}, {0}};
static const struct driver_schema agent_schemas[] = {{.driver = "agent", .role = ROLE_ACTUATOR},
                                                     {0}};

static const struct driver feed = {.name = "feed",
                                   .schemas = feed_schemas,
                                   .open = fake_open,
                                   .start = fake_start,
                                   .counters = fake_counters,
                                   .close = fake_close};
static const struct driver agent = {.name = "agent",
                                    .schemas = agent_schemas,
                                    .open = fake_open,
                                    .start = fake_start,
                                    .command = fake_command,
                                    .goodbye = fake_goodbye,
                                    .counters = fake_counters,
                                    .close = fake_close};

const struct driver *const fake_drivers[] = {&feed, &agent, NULL};

void fake_sample(const char *point, double value)
{
    const struct driver_host *host = fake.host;
    struct sample sample = {.value = value, .taken_ns = host->now_ns(host->context)};

    host->sample(host->context, site_point(host->site, point), &sample);
}

void fake_report(uint32_t node, struct command_id applied, int64_t cap_w, double power_w)
{
    const struct driver_host *host = fake.host;
    struct node_report report = {.heard = true,
                                 .taken_ns = host->now_ns(host->context),
                                 .incarnation = 7,
                                 .applied = applied,
                                 .cap_in_force = true,
                                 .enforced_cap_w = cap_w,
                                 .power_known = true,
                                 .power_w = power_w};

    host->report(host->context, node, &report);
}
