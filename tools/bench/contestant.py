"""The side of a contestant in PyTorch, as in contestant.mjs, and what all of them start from."""

import json
import math
import resource
import struct
import sys
import time

import torch

torch.set_num_threads(2)
torch.manual_seed(1)


def weights(path):
    """The tensors of a safetensors file of 32-bit numbers, by name."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    data = bytearray(content[8 + length :])
    header.pop("__metadata__", None)

    def tensor(shape, data_offsets, **_):
        begin, end = data_offsets
        if begin == end:
            return torch.zeros(shape)
        return torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=begin).reshape(shape).clone()

    return {name: tensor(**entry) for name, entry in header.items()}


def under(tensors, prefix):
    """The tensors whose names start with a prefix, without it."""
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def images(batch, size):
    """Repeatable numbers in place of images, as in steps.mjs."""
    values = torch.tensor([math.sin(i * 12.9898) * 1.5 for i in range(batch * size * size * 3)])
    return values.reshape(batch, size, size, 3).permute(0, 3, 1, 2).contiguous()


def forget_peak():
    """Begins to look for the largest resident set anew, as in contestant.mjs."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak():
    """The largest resident set in bytes since it was forgotten."""
    try:
        with open("/proc/self/status") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def answer(step, about):
    """Runs a step, which returns its loss, whenever it is asked for on standard input."""

    def say(message):
        print(json.dumps(message), flush=True)

    about = {"torch": torch.__version__, **about}
    say({"ready": about})
    for line in sys.stdin:
        command, *rest = line.split()
        if command == "end":
            break
        forget_peak()
        times, losses = [], []
        for _ in range(int(rest[0])):
            start = time.perf_counter()
            losses.append(step())
            times.append((time.perf_counter() - start) * 1000)
        say({"times": times, "losses": losses, "memory": peak(), **about})
