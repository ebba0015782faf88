"""An epoch of the warm-up of a gated network in PyTorch: as the official code has it, or with a source that is not differentiated."""

import sys

import torch
from contestant import answer, images
from pytorch_networks import ResNet
from torch import nn
from torch.nn import functional as F

way, layout = sys.argv[1:3]
count, size, batch, classes = 512, 32, 64, 10
source = ResNet("tiny-imagenet-resnet32", 200)
examples = images(count, size)
labels = torch.arange(count) % classes
if layout == "channels-last":
    source = source.to(memory_format=torch.channels_last)
    examples = examples.contiguous(memory_format=torch.channels_last)


class Heads(nn.Module):
    """Gate, classifier and auxiliary classifier."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(64, 16, bias=False), nn.ReLU(), nn.Dropout(0.7), nn.Linear(16, 64, bias=False), nn.Sigmoid())
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(64, classes, bias=False))
        self.auxiliary = nn.Linear(32, classes, bias=False)

    def forward(self, feature, middle):
        return self.head(feature * self.gate(feature)), self.auxiliary(middle)


heads = Heads()
is_official = way == "official"
source.train(is_official)
# The official code gives the source a learning rate of 0 in this phase, and differentiates it all the same.
groups = [{"params": heads.parameters()}] + ([{"params": source.parameters(), "lr": 0.0}] if is_official else [])
optimiser = torch.optim.SGD(groups, lr=0.01, momentum=0.9, weight_decay=1e-4, fused=True)


def features(x):
    middle = source.stage2(source.stage1(source.first(x)))
    return source.last(source.stage3(middle)), middle.mean((2, 3))


def step():
    total = 0.0
    for chosen in torch.randperm(count).split(batch):
        optimiser.zero_grad()
        with torch.set_grad_enabled(is_official):
            feature, middle = features(examples[chosen])
        scores, auxiliary = heads(feature, middle)
        loss = F.cross_entropy(scores, labels[chosen]) + 0.2 * F.cross_entropy(auxiliary, labels[chosen])
        loss.backward()
        optimiser.step()
        total += loss.item()
    return total / (count // batch)


answer(step, {"way": way, "layout": layout})
