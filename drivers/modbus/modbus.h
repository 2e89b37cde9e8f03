/* drivers/modbus/modbus.h - meters that speak Modbus TCP, laid out as their profile says. Reads only. */
#ifndef DRIVERS_MODBUS_MODBUS_H
#define DRIVERS_MODBUS_MODBUS_H

#include "drivers/driver.h"

extern const struct driver driver_modbus;

#endif
