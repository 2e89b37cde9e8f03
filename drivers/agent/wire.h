/* drivers/agent/wire.h - the messages between the controller and the agents, and nothing else of the driver.
 *
 * JSON over MQTT; SITE and NODE are names without '/', '+', '#':
 *
 *   capstan/v1/SITE/node/NODE/cap      controller -> agent   {"epoch":7,"seq":1201,"cap_w":2400,"raise":false,
 *                                                             "lease_ms":30000,"incarnation":93}  never retained
 *   capstan/v1/SITE/node/NODE/report   agent -> controller   {"incarnation":93,"epoch":7,"seq":1201,
 *                                      "enforced_w":2400 | null,"power_w":2310.5,"capped_w":2104.2,
 *                                      "min_w":800,"max_w":3200,"safe_w":1200,"at_ms":...}  never retained
 *   capstan/v1/SITE/controller         controller -> all     {"epoch":7,"online":true}: agents report at once;
 *                                                            the will says "online":false  never retained
 *
 * A report acknowledges: (epoch, seq) is the newest command whose cap is in force. incarnation is a random number
 * that the agent draws at start; a command for another incarnation is dropped (0 in a command means "whichever",
 * and may not raise). Only a command that says "raise":true may raise; any other leaves min(cap in force, cap_w).
 * Numbers are checked for range, texts for length; unknown members are ignored, missing or wrong ones make the
 * message malformed. Pure apart from memory of the JSON library. */
#ifndef DRIVERS_AGENT_WIRE_H
#define DRIVERS_AGENT_WIRE_H

#include "model/error.h"
#include "model/snapshot.h"

enum { WIRE_TOPIC_BYTES = 256, WIRE_PAYLOAD_BYTES = 512 };

struct wire_command {
    struct command_id id;
    int64_t cap_w; /* 0 .. LIMIT_MAX_W */
    bool raise;    /* false: the node keeps min(cap in force, cap_w): an old picture never raises */
    int64_t lease_ms; /* 1 .. 86,400,000 */
    uint64_t incarnation;
};

struct wire_report {
    uint64_t incarnation;
    struct command_id applied;
    bool cap_in_force;
    int64_t enforced_cap_w;
    bool power_known, capped_power_known;
    double power_w, capped_power_w;
    int64_t cap_min_w, cap_max_w, safe_cap_w;
    int64_t at_ms; /* UTC wall clock of the agent */
};

struct wire_presence {
    uint64_t epoch;
    bool online;
};

/* All return the number of bytes written to out (NUL-terminated), 0 if it doesn't fit. */
size_t wire_cap_topic(char *out, size_t size, const char *site, const char *node);
size_t wire_report_topic(char *out, size_t size, const char *site, const char *node);
size_t wire_presence_topic(char *out, size_t size, const char *site);
/* All caps, all reports of a site: topic filters. */
size_t wire_cap_filter(char *out, size_t size, const char *site);
size_t wire_report_filter(char *out, size_t size, const char *site);
size_t wire_command_encode(const struct wire_command *command, char *out, size_t size);
size_t wire_report_encode(const struct wire_report *report, char *out, size_t size);
size_t wire_presence_encode(const struct wire_presence *presence, char *out, size_t size);

/* Hostile bytes in, checked values out. `where` names the sender in *err. */
MUST_USE bool wire_command_decode(const void *bytes, size_t length, const char *where,
                                  struct wire_command *command, struct error *err);
MUST_USE bool wire_report_decode(const void *bytes, size_t length, const char *where,
                                 struct wire_report *report, struct error *err);
MUST_USE bool wire_presence_decode(const void *bytes, size_t length, const char *where,
                                   struct wire_presence *presence, struct error *err);

/* The NODE of a topic that wire_cap_topic or wire_report_topic made for this site; false if it is another. */
bool wire_topic_node(const char *topic, const char *site, char *node, size_t size);

#endif
