#!/usr/bin/python3
"""A Modbus TCP server that others wrote (pymodbus), laid out like real meters, for tests.

Usage: pymodbus_server.py PORTFILE [WATTS]

The free port that it took is in PORTFILE once it listens. Power moves by a watt five times a second.

unit 1, 2  Eastron SDM630: floats in input registers; unit 2 draws a watt more
unit 3     SunSpec at 40000: model 1, a model to skip, model 203; export is not implemented
unit 4     an SDM630 that has nothing above register 59: a read that reaches further is refused (exception 2)
"""
import asyncio
import os
import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusSocketFramer

INPUT, HOLDING = 4, 3
START_W = float(sys.argv[2]) if len(sys.argv) > 2 else 1000.0


def f32(*values):
    return [word for v in values for word in struct.unpack(">HH", struct.pack(">f", v))]


def text(value, registers):
    raw = value.encode().ljust(2 * registers, b"\0")
    return list(struct.unpack(">%dH" % registers, raw))


def sdm630(power_w):
    """Registers 0 .. 79."""
    image = [0] * 80
    image[0:6] = f32(230.5, 231.0, 229.5)
    image[6:12] = f32(5.0, 5.5, 4.5)
    image[12:18] = f32(power_w / 3, power_w / 3, power_w / 3)
    image[52:54] = f32(power_w)
    image[56:58] = f32(power_w * 1.02)
    image[60:62] = f32(-150.0)
    image[62:64] = f32(0.98)
    image[70:72] = f32(50.02)
    image[72:76] = f32(1234.5, 0.25)  # kWh
    return image


def model_203(power_w):
    """Body of the model, behind its id and length: value = raw x 10^scale."""
    body = [0x8000] * 105  # integers that are not implemented
    body[1:5] = [50, 55, 45, 0xFFFF]  # A, x 10^-1
    body[6:9] = [2305, 2310, 2295]
    body[13] = 0xFFFF  # V, x 10^-1
    body[14:16] = [5002, 0xFFFE]  # Hz, x 10^-2
    body[16:20] = [int(power_w) // 10] + [int(power_w) // 30] * 3
    body[20] = 1  # W, x 10
    body[31] = 98
    body[35] = 0  # PF in percent
    body[36:38] = [0, 0]  # export: a counter of 0 is not implemented
    body[44:46] = [0x0012, 0xD687]  # import: 1234567
    body[52] = 0
    return body


def sunspec(power_w):
    """Registers from 40000 on."""
    common = text("Test", 16) + text("Meter", 16) + text("", 8) + text("1", 8) + text("0001", 16) + [1, 0x8000]
    other = [17, 4, 1, 2, 3, 4]  # a model that nobody asked for
    return [0x5375, 0x6E53, 1, 66] + common + other + [203, 105] + model_203(power_w) + [0xFFFF, 0]


class Units:
    """One context for each unit id, kept so that values can be set."""

    def __init__(self):
        self.slaves = {u: self.meter(sdm630(START_W + u - 1)) for u in (1, 2)}
        self.slaves[3] = ModbusSlaveContext(
            hr=ModbusSequentialDataBlock(40000, sunspec(START_W)), ir=ModbusSequentialDataBlock(0, [0]), zero_mode=True
        )
        self.slaves[4] = self.meter(sdm630(START_W)[:60])

    @staticmethod
    def meter(image):
        return ModbusSlaveContext(
            ir=ModbusSequentialDataBlock(0, image), hr=ModbusSequentialDataBlock(0, [0]), zero_mode=True
        )

    def draw(self, power_w):
        for unit in (1, 2):
            self.slaves[unit].setValues(INPUT, 0, sdm630(power_w + unit - 1))
        self.slaves[3].setValues(HOLDING, 40000, sunspec(power_w))
        self.slaves[4].setValues(INPUT, 0, sdm630(power_w)[:60])


async def main():
    units = Units()
    context = ModbusServerContext(slaves=units.slaves, single=False)
    server = ModbusTcpServer(context, framer=ModbusSocketFramer, address=("127.0.0.1", 0), allow_reuse_address=True)
    task = asyncio.create_task(server.serve_forever())
    await server.serving
    with open(sys.argv[1] + ".tmp", "w", encoding="ascii") as out:
        print(server.server.sockets[0].getsockname()[1], file=out)
    os.rename(sys.argv[1] + ".tmp", sys.argv[1])
    power_w = START_W
    while not task.done():
        await asyncio.sleep(0.2)
        power_w += 1
        units.draw(power_w)


asyncio.run(main())
