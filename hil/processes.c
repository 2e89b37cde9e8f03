#include "hil/processes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 10, PORT_FIRST = 20000, PORT_SPAN = 12000, PORT_TRIES = 200 };

static void pause_ms(long ms)
{
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&wait, NULL);
}

/* ---------------------------------------------------------------- starting */

/* Between fork and exec: only what is safe there, since the broker session has threads. */
static _Noreturn void become(const char *const argv[], int log, int report, pid_t parent,
                             enum process_terminal terminal)
{
    int code = 0;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* the rig died before the kernel knew */
    if (terminal == PROCESS_DETACHED) {
        int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

        setpgid(0, 0);
        if (nothing >= 0)
            dup2(nothing, STDIN_FILENO);
    }
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    execvp(argv[0], (char *const *)argv); /* changes no text, whatever its prototype allows */
    code = errno;
    if (write(report, &code, sizeof code) < 0)
        _exit(126);
    _exit(127);
}

/* The child's errno if it could not become the program, 0 if it did. */
static int exec_result(int report)
{
    int code = 0;
    ssize_t got = 0;

    do
        got = read(report, &code, sizeof code);
    while (got < 0 && errno == EINTR);
    return got == sizeof code ? code : 0;
}

bool process_start(struct process *process, const char *name, const char *const argv[],
                   const char *log_path, enum process_terminal terminal, struct error *err)
{
    pid_t parent = getpid();
    int report[2];
    int log = -1;
    int code = 0;

    *process = (struct process){0};
    snprintf(process->name, sizeof process->name, "%s", name);
    if (log_path != NULL) {
        log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (log < 0)
            return failure(err, ERR_IO, log_path, "a file to write to", "%s", strerror(errno));
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        if (log >= 0)
            close(log);
        return failure(err, ERR_IO, name, "a pipe", "%s", strerror(errno));
    }
    process->pid = fork();
    if (process->pid == 0)
        become(argv, log, report[1], parent, terminal);
    close(report[1]);
    if (log >= 0)
        close(log);
    code = process->pid < 0 ? errno : exec_result(report[0]);
    close(report[0]);
    if (code == 0)
        return true;
    if (process->pid > 0)
        waitpid(process->pid, NULL, 0);
    process->pid = 0;
    return failure(err, ERR_MISSING, name, "a program that can be run", "%s: %s", argv[0],
                   strerror(code));
}

/* ---------------------------------------------------------------- ending */

static bool reap(struct process *process, int how)
{
    pid_t got = 0;

    if (process->pid <= 0)
        return true;
    do
        got = waitpid(process->pid, &process->status, how);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    process->pid = 0;
    process->ended = true;
    return true;
}

bool process_alive(struct process *process) { return !reap(process, WNOHANG); }

void process_kill(struct process *process)
{
    if (process->pid <= 0)
        return;
    kill(process->pid, SIGKILL);
    reap(process, 0);
}

static size_t still_alive(struct process process[], size_t count)
{
    size_t alive = 0;

    for (size_t i = 0; i < count; i++)
        alive += process_alive(&process[i]);
    return alive;
}

bool process_end(struct process *process, int64_t limit_ms)
{
    for (int64_t waited_ms = 0; waited_ms < limit_ms; waited_ms += POLL_MS) {
        if (!process_alive(process))
            return true;
        pause_ms(POLL_MS);
    }
    process_kill(process);
    return false;
}

size_t processes_stop(struct process process[], size_t count, int64_t limit_ms)
{
    size_t killed = 0;

    for (size_t i = 0; i < count; i++) {
        if (process_alive(&process[i]))
            kill(process[i].pid, SIGTERM);
    }
    for (int64_t waited_ms = 0; waited_ms < limit_ms && still_alive(process, count) > 0;
         waited_ms += POLL_MS)
        pause_ms(POLL_MS);
    for (size_t i = 0; i < count; i++) {
        killed += process_alive(&process[i]);
        process_kill(&process[i]);
    }
    return killed;
}

const char *process_end_text(const struct process *process, char *out, size_t size)
{
    if (WIFSIGNALED(process->status))
        snprintf(out, size, "signal %d", WTERMSIG(process->status));
    else
        snprintf(out, size, "exit status %d", WEXITSTATUS(process->status));
    return out;
}

/* ---------------------------------------------------------------- programs and ports */

const char *program_path(const char *name, char *out, size_t size)
{
    char self[1024];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = NULL;

    if (length > 0) {
        self[length] = '\0';
        slash = strrchr(self, '/');
        if (slash != NULL) {
            *slash = '\0';
            if ((size_t)snprintf(out, size, "%s/%s", self, name) < size && access(out, X_OK) == 0)
                return out;
        }
    }
    snprintf(out, size, "%s", name);
    return out;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t port_free(void)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        uint32_t draw = 0;
        uint16_t port = 0;
        struct sockaddr_in address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool is_free = false;

        if (fd < 0 || getrandom(&draw, sizeof draw, 0) != sizeof draw) {
            if (fd >= 0)
                close(fd);
            return 0;
        }
        port = (uint16_t)(PORT_FIRST + draw % PORT_SPAN);
        address = loopback(port);
        is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
        close(fd);
        if (is_free)
            return port;
    }
    return 0;
}

bool port_answers(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = false;

    if (fd < 0)
        return false;
    answers = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return answers;
}
