/* Other programs: started without a shell, their last line kept. */
#include "bench/core.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The last line that is not empty, as far as it fits. */
static void keep_last(FILE *in, char last[CORE_LINE])
{
    char line[CORE_LINE];

    while (fgets(line, sizeof line, in) != NULL) {
        if (line[0] != '\n')
            snprintf(last, CORE_LINE, "%s", line);
    }
    last[strcspn(last, "\n")] = '\0';
}

int core_run(char *const argv[], char last[CORE_LINE])
{
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int ends[2];
    int status = 0;
    bool started = false;
    FILE *in = NULL;

    last[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    started = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    in = fdopen(ends[0], "r");
    if (in != NULL) {
        keep_last(in, last);
        fclose(in);
    }
    if (!started || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}
