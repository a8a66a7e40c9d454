"""All that is looked at, in the order in which it is told."""

from collections.abc import Mapping

from node_agent.doctor import agent, audio, clock, gpu, keys, machine, models, options, room, triton
from node_agent.doctor.case import Check

CHECKS: Mapping[str, Check] = {
    "options": options.check,
    "triton": triton.check,
    "models": models.check,
    "room": room.check,
    "gpu": gpu.check,
    "audio": audio.check,
    "keys": keys.check,
    "clock": clock.check,
    "machine": machine.check,
    "agent": agent.check,
}
