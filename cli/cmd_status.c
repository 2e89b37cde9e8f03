#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/picture.h"

#include <inttypes.h>
#include <string.h>

enum { OPT_URL = 'u', OPT_TEXT = 't', OPT_NODES = 'n' };

static const struct argp_option options[] = {
    {"url", OPT_URL, "URL", 0, "The controller's address (" DEFAULT_URL ")", 0},
    {"text", OPT_TEXT, NULL, 0, "A few lines for people instead of the JSON", 0},
    {"nodes", OPT_NODES, NULL, 0, "With the first 1,000 nodes", 0},
    {0},
};

struct arguments {
    const char *url;
    bool text, nodes;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_URL:
        a->url = text;
        return 0;
    case OPT_TEXT:
        a->text = true;
        return 0;
    case OPT_NODES:
        a->nodes = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp status_argp = {
    options, parse, "",  "Prints what a running controller says of the site, as JSON.",
    NULL,    NULL,  NULL};

static void print_text(const struct picture *p)
{
    char load[POWER_TEXT], limit[POWER_TEXT];

    printf("site       %s, %s, up %" PRId64 " s, %" PRId64 " ticks (p99 %" PRId64 " us)\n", p->site,
           p->enforces ? "enforce" : "observe", (int64_t)p->uptime_s, p->ticks, p->tick_p99_us);
    printf("policy     %s, version %s, reloads %" PRId64 " ok, %" PRId64 " failed\n",
           p->policy_file, p->policy_version, p->reloads_ok, p->reloads_failed);
    if (p->branches > 0) {
        const struct picture_branch *b = &p->branch[0];

        printf("load       %s%s of %s%s%s\n", b->measured ? "" : "about ",
               power_text(b->load_w, load), b->limited ? power_text(b->limit_w, limit) : "no limit",
               b->limit_reason[0] != '\0' ? ": " : "", b->limit_reason);
    }
    printf("nodes      %" PRId64 ": %" PRId64 " heard, %" PRId64 " lost, %" PRId64
           " never; %" PRId64 " capped\n",
           p->nodes_total, p->nodes_fresh, p->nodes_lost, p->nodes_never, p->nodes_capped);
    for (size_t a = 0; a < p->alarms; a++)
        printf("alarm      %s %s, for %.0f s\n", p->alarm[a].kind, p->alarm[a].subject,
               p->alarm[a].for_s);
}

int cmd_status(int argc, char **argv)
{
    struct arguments a = {.url = DEFAULT_URL};
    json_t *answer = NULL;
    struct error err;
    char line[600];

    argp_parse(&status_argp, argc, argv, 0, NULL, &a);
    if (!fetch_json(a.url, a.nodes ? "/api/v1/status?nodes=1&limit=1000" : "/api/v1/status",
                    &answer, &err)) {
        fprintf(stderr, "capstan status: %s\n", error_line(&err, line, sizeof line));
        return EXIT_FAILED;
    }
    if (a.text) {
        struct picture *picture = picture_read(answer);

        print_text(picture);
        picture_free(picture);
    } else {
        json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
    }
    json_decref(answer);
    return EXIT_OK;
}
