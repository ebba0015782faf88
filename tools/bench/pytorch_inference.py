"""Classification with ResNet-26 in PyTorch. Adapters that were folded leave the plain network."""

import sys

import torch
from contestant import answer, images, under, weights
from pytorch_networks import ResNet, fill

form, file, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
network = ResNet("resnet26")
fill(network, under(weights(file), "params."))
network.eval()
inputs = images(batch, 64)
if form != "default":
    network = network.to(memory_format=torch.channels_last)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
if form == "compiled":
    # Weights become constants, and batch norm goes into the convolutions.
    torch._inductor.config.freezing = True
    network = torch.compile(network)


@torch.no_grad()
def step():
    return network(inputs).square().sum().item()


answer(step, {"form": form})
