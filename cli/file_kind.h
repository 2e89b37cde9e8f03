/* cli/file_kind.h - a site file or a policy file: by what stands in it, not by its name. */
#ifndef CLI_FILE_KIND_H
#define CLI_FILE_KIND_H

#include "model/base.h"

enum file_kind { FILE_SITE, FILE_POLICY };

/* A policy file has a setting `policies` at its top; whatever else is taken for a site file,
 * whose loader then says what it misses. Broken syntax is no hindrance. */
enum file_kind file_kind_of(const char *text, size_t length);

#endif
