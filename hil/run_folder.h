/* hil/run_folder.h - the folder of a run: copies of the site's files with our ports in them, logs, the plot. */
#ifndef HIL_RUN_FOLDER_H
#define HIL_RUN_FOLDER_H

#include "model/error.h"

enum { RUN_PATH_BYTES = 1024 };

/* Addresses that the shipped connections.cfg has, and that a run puts its own in place of. */
#define RUN_MODBUS_PLACE "127.0.0.1:5020"
#define RUN_BROKER_PLACE "tcp://127.0.0.1:1883"

/* Makes `path`, or a new folder below the temporary one when path is NULL; fills out[RUN_PATH_BYTES]. */
MUST_USE bool run_folder_make(const char *path, char *out, struct error *err);

/* Copies all *.cfg of the site file's folder. `site_file` may be in the folder already: then nothing is done. */
MUST_USE bool run_folder_copy(const char *folder, const char *site_file, struct error *err);

/* Puts addresses in place in the folder's connections.cfg. */
MUST_USE bool run_folder_connect(const char *folder, uint16_t modbus_port, const char *broker_url,
                                 struct error *err);

/* The limit of the first import_limit in a policy file, in W. */
MUST_USE bool policy_limit_read(const char *path, int64_t *limit_w, struct error *err);

/* Writes the file anew with another limit there, whole or not at all; nothing else changes. */
MUST_USE bool policy_limit_write(const char *path, int64_t limit_w, struct error *err);

#endif
