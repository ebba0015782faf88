"""The side of a contestant in PyTorch, as in contestant.mjs, and what all of them start from."""

import json
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
        times, losses = [], []
        for _ in range(int(rest[0])):
            start = time.perf_counter()
            losses.append(step())
            times.append((time.perf_counter() - start) * 1000)
        say({"times": times, "losses": losses, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, **about})
