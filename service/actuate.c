#include "service/actuate.h"

void actuate_decision(struct actuate *actuate, struct devices *devices, const struct site *site,
                      const struct decision *decision)
{
    for (uint32_t c = 0; c < decision->commands; c++) {
        const struct command *command = &decision->command[c];
        uint32_t actuator = site->nodes.actuator[command->node];
        bool sent = command->may_be_sent && actuator != NONE_INDEX &&
                    devices_command(devices, actuator, command);

        *(sent ? &actuate->sent[command->kind] : &actuate->withheld[command->kind]) += 1;
    }
}
