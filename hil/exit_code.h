/* hil/exit_code.h - what capstan-rig's exit codes mean; also in --help and docs/rig.md. */
#ifndef HIL_EXIT_CODE_H
#define HIL_EXIT_CODE_H

enum exit_code {
    EXIT_KEPT = 0,
    EXIT_LIMIT_BROKEN = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_RUN = 3, /* could not start, or a program ended early: no verdict */
    EXIT_INTERRUPTED = 130
};

#endif
