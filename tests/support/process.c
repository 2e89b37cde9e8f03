#include "tests/support/process.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

static void become(const char *const argv[], const char *output)
{
    int fd = open(output != NULL ? output : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0644);
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

bool process_start(struct process *process, const char *const argv[], const char *output,
                   struct error *err)
{
    pid_t pid = fork();

    *process = (struct process){0};
    if (pid < 0)
        return failure(err, ERR_IO, argv[0], "a new process", "%s", strerror(errno));
    if (pid == 0)
        become(argv, output);
    process->pid = pid;
    return true;
}

bool process_ended(struct process *process)
{
    if (process->pid != 0 && waitpid(process->pid, &process->exit_status, WNOHANG) == process->pid)
        process->pid = 0;
    return process->pid == 0;
}

bool process_wait(struct process *process, int64_t limit_ms)
{
    int64_t end_ms = now_ms() + limit_ms;

    while (!process_ended(process)) {
        if (now_ms() >= end_ms)
            return false;
        poll(NULL, 0, 2); /* an ended child gives no descriptor to wait on */
    }
    return true;
}

void process_signal(struct process *process, int signal)
{
    if (!process_ended(process))
        kill(process->pid, signal);
}

void process_stop(struct process *process)
{
    if (process == NULL)
        return;
    process_signal(process, SIGTERM);
    if (!process_wait(process, 5000)) {
        process_signal(process, SIGKILL);
        if (!process_wait(process, 5000))
            process->pid = 0;
    }
}

bool process_run(const char *const argv[], const char *output, int64_t limit_ms, struct error *err)
{
    struct process process;

    if (!process_start(&process, argv, output, err))
        return false;
    if (!process_wait(&process, limit_ms)) {
        process_stop(&process);
        return failure(err, ERR_TIMEOUT, argv[0], "an end in time", "still running");
    }
    if (!WIFEXITED(process.exit_status) || WEXITSTATUS(process.exit_status) != 0)
        return failure(err, ERR_IO, argv[0], "exit status 0", "status %d", process.exit_status);
    return true;
}

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t free_port(void)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address;
        uint16_t random = 0;
        bool ours;

        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
            break;
        address = local((uint16_t)(12000 + random % 20000));
        ours = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        close(fd);
        if (ours)
            return ntohs(address.sin_port);
    }
    assert(!"no free port");
    return 0;
}

bool port_open(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = local(port);
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return ok;
}
