"""The same training steps in PyTorch, eager, in its default layout or channels last."""

import math
import sys

import torch
from contestant import answer
from torch import nn
from torch.nn import functional as F

name, layout = sys.argv[1], sys.argv[2]
steps = {"resnet32-batch128": (128, 32), "resnet26-batch32": (32, 64), "resnet26-adapters-batch32": (32, 64)}
adapted = "adapters" in name
batch, size = steps[name]


class AdaptedConvolution(nn.Module):
    """A frozen convolution with a trained 1x1 convolution in parallel, as separate convolutions."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False).requires_grad_(False)
        self.adapter = nn.Conv2d(inputs, outputs, 1, stride, 0, bias=False)

    def forward(self, x):
        return self.conv(x) + self.adapter(x)


def convolution(inputs, outputs, stride):
    if adapted:
        return AdaptedConvolution(inputs, outputs, stride)
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = convolution(inputs, outputs, stride)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = convolution(outputs, outputs, 1)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride, self.grows = stride, inputs != outputs

    def shortcut(self, x):
        if not self.grows and self.stride == 1:
            return x
        if name.startswith("resnet26"):
            x = F.avg_pool2d(x, 2)
            return torch.cat([x, torch.zeros_like(x)], 1)
        x = x[:, :, ::2, ::2]
        return F.pad(x, (0, 0, 0, 0, x.shape[1] // 2, x.shape[1] // 2))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def stage(blocks, inputs, outputs, stride):
    return nn.Sequential(*[Block(outputs if i else inputs, outputs, 1 if i else stride) for i in range(blocks)])


if name.startswith("resnet26"):
    widths, blocks, strides = [32, 64, 128, 256], 4, [2, 2, 2]
else:
    widths, blocks, strides = [16, 16, 32, 64], 5, [1, 2, 2]
layers = [convolution(3, widths[0], 1), nn.BatchNorm2d(widths[0])]
if not name.startswith("resnet26"):
    layers.append(nn.ReLU())
layers += [stage(blocks, widths[i], widths[i + 1], strides[i]) for i in range(3)]
if name.startswith("resnet26"):
    layers += [nn.BatchNorm2d(widths[-1]), nn.ReLU()]
network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 10))
values = torch.tensor([math.sin(i * 12.9898) * 1.5 for i in range(batch * size * size * 3)])
inputs = values.reshape(batch, size, size, 3).permute(0, 3, 1, 2).contiguous()
labels = torch.arange(batch) % 10
if layout == "channels-last":
    network = network.to(memory_format=torch.channels_last)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.01, momentum=0.9)


def step():
    optimiser.zero_grad()
    loss = F.cross_entropy(network(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


answer(step, {"layout": layout})
