"""The same training steps on images in PyTorch: eager in its default layout, eager with channels last, or compiled with channels last; in bfloat16 by its autocast."""

import sys

import torch
from contestant import answer, images, under, weights
from pytorch_networks import ParameterTransfer, ResNet, fill, fill_unit
from torch.nn import functional as F

form, file, network_name, strategy, candidate = sys.argv[1:6]
batch, size = map(int, sys.argv[6:8])
short = sys.argv[8] == "bfloat16"
given = weights(file)

if strategy == "ptu":
    network = ParameterTransfer(network_name, candidate)
    trained = under(given, "params.")
    for index, unit in enumerate(network.units):
        fill_unit(unit, under(trained, f"units.stage{index + 1}."))
    fill(network.target, {path: value for path, value in trained.items() if not path.startswith(("units.", "clones."))})
    fill(network.source, under(given, "frozen.source.params."))
    if candidate == "threeState":
        fill(network.clone, under(trained, "clones."))
else:
    network = ResNet(network_name, adapted=strategy == "parallel-adapters")
    fill(network, under(given, "params.") | under(given, "frozen.params."))
inputs = images(batch, size)
labels = torch.arange(batch) % 10
if form != "default":
    network = network.to(memory_format=torch.channels_last)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
network.train()
forward = torch.compile(network) if form == "compiled" else network
optimiser = torch.optim.SGD([param for param in network.parameters() if param.requires_grad], lr=0.001, momentum=0.9, fused=True)


def step():
    optimiser.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=short):
        loss = F.cross_entropy(forward(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


answer(step, {"form": form})
