#include "tests/support/mosquitto.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_LIMIT_MS = 10000, TOOL_LIMIT_MS = 20000, ATTEMPTS = 5 };

static bool write_file(const char *name, mode_t mode, const char *text, struct error *err)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return ok || failure(err, ERR_IO, name, "a file that can be written", "an error");
}

#define RUN(err, ...) \
    process_run((const char *const[]){__VA_ARGS__, NULL}, "tools.log", TOOL_LIMIT_MS, (err))

static bool make_password(struct error *err)
{
    static const char secret[] = "correct horse";

    return write_file(MOSQUITTO_PASSWORD_FILE, 0600, "correct horse\n", err) &&
           RUN(err, "mosquitto_passwd", "-b", "-c", "passwords", MOSQUITTO_USER, secret);
}

static bool make_ca(const char *key, const char *certificate, const char *name, struct error *err)
{
    return RUN(err, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", name, "-keyout", key,
               "-out", certificate);
}

static bool make_certificate(const char *name, const char *key, const char *certificate,
                             struct error *err)
{
    char subject[64];

    snprintf(subject, sizeof subject, "/CN=%s", name);
    return RUN(err, "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-subj", subject, "-keyout", key, "-out", "request.csr") &&
           RUN(err, "openssl", "x509", "-req", "-in", "request.csr", "-CA", MOSQUITTO_CA, "-CAkey",
               "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out",
               certificate);
}

static bool make_certificates(struct error *err)
{
    return write_file("extensions", 0644, "subjectAltName=DNS:localhost,IP:127.0.0.1\n", err) &&
           make_ca("ca.key", MOSQUITTO_CA, "/CN=ca", err) &&
           make_ca("wrong-ca.key", MOSQUITTO_WRONG_CA, "/CN=wrong", err) &&
           make_certificate("localhost", "server.key", "server.crt", err) &&
           make_certificate("capstan", MOSQUITTO_KEY, MOSQUITTO_CERTIFICATE, err);
}

static bool write_config(struct mosquitto *m, struct error *err)
{
    char text[1024];
    size_t at;

    /* "user root": else it drops to user mosquitto and can't read 0600 keys. */
    at = (size_t)snprintf(text, sizeof text,
                          "%sper_listener_settings true\npersistence false\n"
                          "listener %u 127.0.0.1\nallow_anonymous true\n",
                          getuid() == 0 ? "user root\n" : "", m->port);
    if ((m->features & MOSQUITTO_PASSWORD) != 0)
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "listener %u 127.0.0.1\nallow_anonymous false\npassword_file passwords\n",
            m->password_port);
    if ((m->features & MOSQUITTO_TLS) != 0)
        snprintf(text + at, sizeof text - at,
                 "listener %u 127.0.0.1\ncafile ca.crt\ncertfile server.crt\nkeyfile server.key\n"
                 "require_certificate true\nuse_identity_as_username true\n",
                 m->tls_port);
    snprintf(m->config, sizeof m->config, "mosquitto-%u.conf", m->port);
    return write_file(m->config, 0644, text, err);
}

static bool ready(const struct mosquitto *m)
{
    return port_open(m->port) &&
           ((m->features & MOSQUITTO_PASSWORD) == 0 || port_open(m->password_port)) &&
           ((m->features & MOSQUITTO_TLS) == 0 || port_open(m->tls_port));
}

bool mosquitto_again(struct mosquitto *broker, struct error *err)
{
    const char *const argv[] = {"mosquitto", "-c", broker->config, NULL};

    if (!process_start(&broker->process, argv, "mosquitto.log", err))
        return false;
    for (int ms = 0; ms < READY_LIMIT_MS; ms += 5) {
        if (process_ended(&broker->process))
            return failure(err, ERR_IO, "mosquitto", "a running broker", "status %d",
                           broker->process.exit_status);
        if (ready(broker))
            return true;
        poll(NULL, 0, 5);
    }
    mosquitto_stop(broker);
    return failure(err, ERR_TIMEOUT, "mosquitto", "open ports", "none");
}

bool mosquitto_start(struct mosquitto *broker, unsigned features, struct error *err)
{
    *broker = (struct mosquitto){.features = features};
    if ((features & MOSQUITTO_PASSWORD) != 0 && !make_password(err))
        return false;
    if ((features & MOSQUITTO_TLS) != 0 && !make_certificates(err))
        return false;
    for (int attempt = 0; attempt < ATTEMPTS;
         attempt++) { /* someone may take the port before it does */
        broker->port = free_port();
        broker->password_port = free_port();
        broker->tls_port = free_port();
        snprintf(broker->url, sizeof broker->url, "tcp://127.0.0.1:%u", broker->port);
        snprintf(broker->password_url, sizeof broker->url, "tcp://127.0.0.1:%u",
                 broker->password_port);
        snprintf(broker->tls_url, sizeof broker->url, "ssl://127.0.0.1:%u", broker->tls_port);
        if (write_config(broker, err) && mosquitto_again(broker, err))
            return true;
    }
    return false;
}

void mosquitto_stop(struct mosquitto *broker) { process_stop(&broker->process); }

bool mosquitto_publish(const struct mosquitto *broker, const char *topic, const char *payload,
                       bool retained, struct error *err)
{
    char port[8];

    snprintf(port, sizeof port, "%u", broker->port);
    if (retained)
        return RUN(err, "mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", topic,
                   "-m", payload, "-r");
    return RUN(err, "mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", topic, "-m",
               payload);
}
