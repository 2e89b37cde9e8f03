/* Linux powercap: the CPU packages' running average power limit (RAPL), through sysfs.
 *
 *     /sys/class/powercap/intel-rapl:0/       name = package-0
 *         constraint_0_name                   long_term: the limit that is meant here
 *         constraint_0_power_limit_uw         read back: what is in force (the hardware rounds; the BIOS may lock it)
 *         constraint_0_max_power_uw           the package's thermal design power; 0 or missing on some
 *         energy_uj, max_energy_range_uj      a counter that wraps
 *         intel-rapl:0:0/                     core, uncore or dram inside of it: not ours
 *     /sys/class/powercap/intel-rapl:1/       package-1, or psys: the whole platform, measured but not capped here
 *
 * A node's cap is split over its packages by their greatest power, rounded down. The original limits are kept in
 * a state file as long as they are not restored: an agent that was killed must not take its own cap for them.
 * Kernel: Documentation/power/powercap/powercap.rst. */
#include "agent/backend.h"
#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ZONES_MAX = 64,
    CONSTRAINTS_MAX = 8,
    TEXT_BYTES = 64,
    FLOOR_PCT_OF_MAX = 30,
    STATE_BYTES = 16384
};
#define UW_PER_W INT64_C(1000000)

struct zone {
    char folder[NAME_MAX + 1]; /* "intel-rapl:0" */
    bool package;              /* else psys */
    int constraint;            /* number of the long_term one */
    int64_t max_uw, floor_uw;
    int64_t original_uw, original_enabled;
    int64_t energy_range_uj, last_uj, last_ns;
    bool energy_started;
};

struct backend {
    const char *node_name;
    int root; /* folder; zones are opened relative to it */
    const char *root_name;
    const char *state_file;
    size_t zones;
    struct zone zone[ZONES_MAX];
    int64_t max_uw; /* of all packages together */
    int64_t cap_min_w, cap_max_w;
    bool touched;
};

/* --- small files ----------------------------------------------------------------------------------------------- */

static bool read_text(const struct backend *b, const struct zone *zone, const char *file,
                      char out[TEXT_BYTES])
{
    char path[NAME_MAX + 80];
    ssize_t length;
    int fd;

    snprintf(path, sizeof path, "%s/%s", zone->folder, file);
    fd = openat(b->root, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, out, TEXT_BYTES - 1);
    close(fd);
    if (length <= 0)
        return false;
    out[length] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

static bool read_number(const struct backend *b, const struct zone *zone, const char *file,
                        int64_t *number)
{
    char text[TEXT_BYTES];
    char *end = NULL;
    intmax_t value;

    if (!read_text(b, zone, file, text))
        return false;
    errno = 0;
    value = strtoimax(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < 0)
        return false;
    *number = value;
    return true;
}

static bool write_number(const struct backend *b, const struct zone *zone, const char *file,
                         int64_t number, struct error *err)
{
    char path[NAME_MAX + 80];
    char text[32];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    bool ok;
    int fd;

    snprintf(path, sizeof path, "%s/%s", zone->folder, file);
    fd = openat(b->root, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    ok = fd >= 0 && write(fd, text, (size_t)length) == length;
    if (!ok)
        failure(err, ERR_REFUSED, path, "a limit that can be written", "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

static const char *constraint_file(const struct zone *zone, const char *what, char out[TEXT_BYTES])
{
    snprintf(out, TEXT_BYTES, "constraint_%d_%s", zone->constraint, what);
    return out;
}

static bool read_limit(const struct backend *b, const struct zone *zone, int64_t *limit_uw)
{
    char file[TEXT_BYTES];

    return read_number(b, zone, constraint_file(zone, "power_limit_uw", file), limit_uw);
}

static int64_t read_enabled(const struct backend *b, const struct zone *zone)
{
    int64_t enabled = 1;

    /* A zone without the switch is always on. */
    return read_number(b, zone, "enabled", &enabled) ? enabled : 1;
}

/* --- zones ----------------------------------------------------------------------------------------------------- */

static bool find_long_term(const struct backend *b, struct zone *zone)
{
    char file[TEXT_BYTES], name[TEXT_BYTES];

    for (int c = 0; c < CONSTRAINTS_MAX;
         c++) { /* the number differs between kernels: found by name */
        zone->constraint = c;
        if (read_text(b, zone, constraint_file(zone, "name", file), name) &&
            strcmp(name, "long_term") == 0)
            return true;
    }
    return false;
}

/* A package that can be limited, or the platform's counter; false: not a zone for us. */
static bool read_zone(const struct backend *b, const char *folder, struct zone *zone)
{
    char name[TEXT_BYTES];

    *zone = (struct zone){.constraint = -1};
    snprintf(zone->folder, sizeof zone->folder, "%s", folder);
    if (!read_text(b, zone, "name", name))
        return false;
    zone->package = strncmp(name, "package-", 8) == 0;
    if (!zone->package && strcmp(name, "psys") != 0)
        return false;
    if (!read_number(b, zone, "max_energy_range_uj", &zone->energy_range_uj))
        zone->energy_range_uj = 0;
    if (!zone->package)
        return true;
    if (!find_long_term(b, zone) || !read_limit(b, zone, &zone->original_uw))
        return false;
    zone->original_enabled = read_enabled(b, zone);
    return true;
}

/* "intel-rapl:0" is a zone; "intel-rapl:0:1" is a part of one, "intel-rapl-mmio:0" a second face of the same. */
static bool is_top_zone(const char *name)
{
    const char *digits = "0123456789";
    static const char prefix[] = "intel-rapl:";
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 && name[length] != '\0' &&
           name[length + strspn(name + length, digits)] == '\0';
}

static int by_folder(const void *a, const void *b)
{
    const struct zone *left = a, *right = b;

    return strverscmp(left->folder, right->folder);
}

static bool find_zones(struct backend *b, struct error *err)
{
    DIR *folder = fdopendir(dup(b->root));
    const struct dirent *entry;

    if (folder == NULL)
        return failure(err, ERR_IO, b->root_name, "a folder", "%s", strerror(errno));
    /* cppcheck-suppress readdirCalled; a stream of our own, and readdir_r is deprecated */
    while (b->zones < ZONES_MAX && (entry = readdir(folder)) != NULL) {
        if (is_top_zone(entry->d_name) && read_zone(b, entry->d_name, &b->zone[b->zones]))
            b->zones++;
    }
    closedir(folder);
    qsort(b->zone, b->zones, sizeof b->zone[0], by_folder); /* folders come in any order */
    return true;
}

/* --- the original setting -------------------------------------------------------------------------------------- */

/* "intel-rapl:0 225000000 1": folder, limit, enabled. */
static bool save_original(const struct backend *b, struct error *err)
{
    char text[STATE_BYTES];
    size_t at = 0;

    if (b->state_file == NULL)
        return true;
    for (size_t z = 0; z < b->zones; z++)
        if (b->zone[z].package)
            at += (size_t)snprintf(text + at, sizeof text - at, "%.64s %" PRId64 " %" PRId64 "\n",
                                   b->zone[z].folder, b->zone[z].original_uw,
                                   b->zone[z].original_enabled);
    return file_write_atomic(b->state_file, text, at, err);
}

static void load_line(struct backend *b, const char *line)
{
    for (size_t z = 0; z < b->zones; z++) {
        struct zone *zone = &b->zone[z];
        size_t length = strlen(zone->folder);
        char *end = NULL;
        intmax_t limit_uw, enabled;

        if (strncmp(line, zone->folder, length) != 0 || line[length] != ' ')
            continue;
        limit_uw = strtoimax(line + length + 1, &end, 10);
        enabled = strtoimax(end, &end, 10);
        if (*end == '\0' && limit_uw > 0 && (enabled == 0 || enabled == 1)) {
            zone->original_uw = limit_uw;
            zone->original_enabled = enabled;
            b->touched = true;
        }
    }
}

/* What an agent before this one found, if it could not put it back. */
static bool load_original(struct backend *b, struct error *err)
{
    char *text = NULL;
    char *rest;

    if (b->state_file == NULL || access(b->state_file, F_OK) != 0)
        return true;
    if (!file_read(b->state_file, STATE_BYTES, &text, NULL, err))
        return false;
    rest = text;
    while (rest != NULL) { /* bounded: each turn eats a line */
        char *line = strsep(&rest, "\n");

        load_line(b, line);
    }
    free(text);
    return true;
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static void powercap_close(struct backend *b)
{
    if (b == NULL)
        return;
    if (b->root >= 0)
        close(b->root);
    free(b);
}

/* After load_original: the limit in force may be one of ours. */
static void read_range(const struct backend *b, struct zone *zone)
{
    char file[TEXT_BYTES];

    if (!read_number(b, zone, constraint_file(zone, "max_power_uw", file), &zone->max_uw) ||
        zone->max_uw == 0)
        zone->max_uw = zone->original_uw; /* not told: what the machine came with */
    if (!read_number(b, zone, constraint_file(zone, "min_power_uw", file), &zone->floor_uw) ||
        zone->floor_uw == 0)
        zone->floor_uw = zone->max_uw / 100 * FLOOR_PCT_OF_MAX; /* below, throughput collapses */
}

/* Sums up the packages and drops those whose greatest power nobody knows. */
static bool keep_limitable(struct backend *b, int64_t *floor_uw, struct error *err)
{
    size_t kept = 0;

    for (size_t z = 0; z < b->zones; z++) {
        struct zone *zone = &b->zone[z];

        if (zone->package)
            read_range(b, zone);
        if (zone->package && zone->max_uw == 0)
            continue;
        b->max_uw += zone->max_uw; /* psys: 0 */
        *floor_uw += zone->floor_uw;
        b->zone[kept++] = *zone;
    }
    b->zones = kept;
    if (b->max_uw == 0)
        return failure(err, ERR_MISSING, b->root_name, "a package zone with a long_term limit",
                       "none: no RAPL, or masked in a container");
    return true;
}

static bool take_range(struct backend *b, const struct backend_options *options, struct error *err)
{
    int64_t floor_uw = 0;

    if (!keep_limitable(b, &floor_uw, err))
        return false;
    b->cap_min_w = (floor_uw + UW_PER_W - 1) / UW_PER_W;
    b->cap_max_w = b->max_uw / UW_PER_W;
    if (options->cap_min_w > 0)
        b->cap_min_w = options->cap_min_w;
    if (options->cap_max_w > 0)
        b->cap_max_w = options->cap_max_w;
    if (b->cap_min_w > b->cap_max_w || b->cap_max_w > LIMIT_MAX_W)
        return failure(err, ERR_CONFLICT, b->root_name, "a least cap below the greatest",
                       "%" PRId64 " W and %" PRId64 " W", b->cap_min_w, b->cap_max_w);
    return true;
}

static bool powercap_open(struct backend **out, const struct backend_options *options,
                          struct error *err)
{
    struct backend *b = calloc(1, sizeof *b);

    *out = NULL;
    if (b == NULL)
        return failure(err, ERR_FULL, options->powercap_root, "memory", "none");
    b->node_name = options->node;
    b->root_name = options->powercap_root;
    b->state_file = options->state_file;
    b->root = open(options->powercap_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->root < 0)
        failure(err, ERR_IO, b->root_name, "a folder", "%s", strerror(errno));
    else if (find_zones(b, err) && load_original(b, err) && take_range(b, options, err))
        *out = b;
    if (*out == NULL)
        powercap_close(b);
    return *out != NULL;
}

static size_t powercap_nodes(const struct backend *b)
{
    (void)b;
    return 1;
}

static const char *powercap_node_name(const struct backend *b, size_t node)
{
    (void)node;
    return b->node_name;
}

static bool powercap_held(const struct backend *b, size_t node)
{
    (void)node;
    return b->touched;
}

static void powercap_range(const struct backend *b, size_t node, struct cap_range *out)
{
    (void)node;
    *out = (struct cap_range){b->cap_min_w, b->cap_max_w};
}

static bool write_zone(const struct backend *b, const struct zone *zone, int64_t limit_uw,
                       int64_t enabled, struct error *err)
{
    char file[TEXT_BYTES];
    bool ok = write_number(b, zone, constraint_file(zone, "power_limit_uw", file), limit_uw, err);

    if (read_enabled(b, zone) != enabled)
        ok = write_number(b, zone, "enabled", enabled, err) && ok;
    return ok;
}

static bool powercap_apply(struct backend *b, size_t node, int64_t cap_w, struct error *err)
{
    bool ok = true;

    (void)node;
    if (cap_w < b->cap_min_w)
        cap_w = b->cap_min_w; /* a limit of 0 W would stop the machine */
    if (cap_w > b->cap_max_w)
        cap_w = b->cap_max_w;
    if (!b->touched && !save_original(b, err))
        return false; /* what can't be put back is left alone */
    b->touched = true;
    for (size_t z = 0; z < b->zones; z++) {
        const struct zone *zone = &b->zone[z];
        /* By their greatest power; in doubles, since W x uW overflows: a part in 2^53 is no watt. */
        double part_uw =
            (double)cap_w * (double)UW_PER_W * ((double)zone->max_uw / (double)b->max_uw);

        if (zone->package) /* every zone is tried, also after one that refuses */
            ok = write_zone(b, zone, (int64_t)part_uw, 1, err) && ok;
    }
    return ok;
}

static bool powercap_read_back(struct backend *b, size_t node, struct cap_state *out,
                               struct error *err)
{
    int64_t sum_uw = 0;

    (void)node;
    *out = (struct cap_state){.settled = true, .cap_in_force = true};
    for (size_t z = 0; z < b->zones; z++) {
        const struct zone *zone = &b->zone[z];
        int64_t limit_uw = 0;

        if (!zone->package)
            continue;
        if (!read_limit(b, zone, &limit_uw)) {
            out->cap_in_force = false;
            return failure(err, ERR_IO, zone->folder, "a limit that can be read", "%s",
                           strerror(errno));
        }
        /* A zone that is off, or whose limit is 0 (no limit on some), bounds nothing. */
        if (read_enabled(b, zone) == 0 || limit_uw == 0)
            out->cap_in_force = false;
        sum_uw += limit_uw;
    }
    out->enforced_w = (sum_uw + UW_PER_W - 1) / UW_PER_W;
    if (out->enforced_w > LIMIT_MAX_W)
        out->enforced_w = LIMIT_MAX_W;
    return true;
}

/* Mean power of a zone since it was last asked; false the first time, and when nothing can be said. */
static bool zone_power(const struct backend *b, struct zone *zone, int64_t now_ns, double *power_w)
{
    int64_t now_uj = 0, used_uj;
    bool known = false;

    if (!read_number(b, zone, "energy_uj", &now_uj))
        return false;
    used_uj = now_uj - zone->last_uj;
    if (used_uj < 0)
        used_uj += zone->energy_range_uj; /* the counter began anew */
    if (zone->energy_started && now_ns > zone->last_ns && used_uj >= 0) {
        *power_w = (double)used_uj / 1e6 / ((double)(now_ns - zone->last_ns) / 1e9);
        known = true;
    }
    zone->energy_started = true;
    zone->last_uj = now_uj;
    zone->last_ns = now_ns;
    return known;
}

static void powercap_power(struct backend *b, size_t node, int64_t now_ns, struct node_power *out)
{
    bool packages_known = true;

    (void)node;
    *out = (struct node_power){0};
    for (size_t z = 0; z < b->zones; z++) {
        double power_w = 0;
        bool known = zone_power(b, &b->zone[z], now_ns, &power_w);

        if (b->zone[z].package) {
            packages_known = packages_known && known;
            out->capped_power_w += power_w;
        } else if (known) { /* psys: the whole platform */
            out->power_known = true;
            out->power_w = power_w;
        }
    }
    out->capped_power_known = packages_known;
}

static bool powercap_restore(struct backend *b, size_t node, struct error *err)
{
    bool ok = true;

    (void)node;
    if (!b->touched)
        return true;
    for (size_t z = 0; z < b->zones; z++) {
        const struct zone *zone = &b->zone[z];

        if (zone->package)
            ok = write_zone(b, zone, zone->original_uw, zone->original_enabled, err) && ok;
    }
    if (ok) {
        b->touched = false;
        if (b->state_file != NULL)
            unlink(b->state_file);
    }
    return ok;
}

const struct backend_type backend_powercap = {
    .name = "powercap",
    .help = "CPU packages through Linux powercap (RAPL)",
    .open = powercap_open,
    .nodes = powercap_nodes,
    .node_name = powercap_node_name,
    .held = powercap_held,
    .range = powercap_range,
    .apply = powercap_apply,
    .read_back = powercap_read_back,
    .power = powercap_power,
    .restore = powercap_restore,
    .close = powercap_close,
};
