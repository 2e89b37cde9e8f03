/* tests/support/mosquitto.h - a real broker on free ports of 127.0.0.1, stopped by its pid.
 *
 *     struct mosquitto broker;
 *     assert_true(mosquitto_start(&broker, 0, &err));         its files are in the working folder
 *     ... broker.url is "tcp://127.0.0.1:12345" ...
 *     mosquitto_stop(&broker); assert_true(mosquitto_again(&broker, &err));   the same ports
 *     mosquitto_stop(&broker); */
#ifndef TESTS_SUPPORT_MOSQUITTO_H
#define TESTS_SUPPORT_MOSQUITTO_H

#include "tests/support/process.h"

enum mosquitto_features {
    /* A listener that wants user "site" and the password that stands in password_file (mode 0600). */
    MOSQUITTO_PASSWORD = 1,
    /* A TLS listener that wants a client certificate; all files are made with openssl. */
    MOSQUITTO_TLS = 2
};

struct mosquitto {
    struct process process;
    unsigned features;
    uint16_t port, password_port, tls_port;
    char url[32], password_url[32], tls_url[32];
    char config[32]; /* file name */
};

#define MOSQUITTO_USER "site"
#define MOSQUITTO_PASSWORD_FILE "password"
#define MOSQUITTO_CA "ca.crt"
#define MOSQUITTO_CERTIFICATE "client.crt"
#define MOSQUITTO_KEY "client.key"
#define MOSQUITTO_WRONG_CA "wrong-ca.crt" /* a CA that did not sign the server's certificate */

MUST_USE bool mosquitto_start(struct mosquitto *broker, unsigned features, struct error *err);

/* After mosquitto_stop: once more, on the same ports. */
MUST_USE bool mosquitto_again(struct mosquitto *broker, struct error *err);

void mosquitto_stop(struct mosquitto *broker);

/* Runs mosquitto_pub once; retained and QoS as told. */
MUST_USE bool mosquitto_publish(const struct mosquitto *broker, const char *topic,
                                const char *payload, bool retained, struct error *err);

#endif
