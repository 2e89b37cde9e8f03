/* hil/broker.h - a mosquitto of our own, on a free port of 127.0.0.1. */
#ifndef HIL_BROKER_H
#define HIL_BROKER_H

#include "hil/processes.h"

/* Writes its configuration and log into the folder, starts it, and waits until it accepts connections. */
MUST_USE bool run_broker_start(struct process *process, const char *folder, uint16_t *port,
                               struct error *err);

#endif
