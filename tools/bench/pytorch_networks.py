"""The networks of the comparisons in PyTorch. Modules have the names that ours have, so that both start from one file."""

import torch
from torch import nn
from torch.nn import functional as F


class AdaptedConvolution(nn.Conv2d):
    """A frozen convolution with a trained 1x1 convolution in parallel, as separate convolutions."""

    def __init__(self, inputs, outputs, kernel, stride, padding, bias):
        super().__init__(inputs, outputs, kernel, stride, padding, bias=bias)
        self.weight.requires_grad_(False)
        self.adapter = nn.Conv2d(inputs, outputs, 1, stride, 0, bias=False)

    def forward(self, x):
        return super().forward(x) + self.adapter(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, convolution, shortcut):
        super().__init__()
        self.convolution1 = convolution(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.convolution2 = convolution(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.kind = None if stride == 1 and inputs == outputs else shortcut
        if self.kind == "projection":
            self.shortcut = nn.ModuleDict({"convolution": nn.Conv2d(inputs, outputs, 1, stride, bias=False), "norm": nn.BatchNorm2d(outputs)})

    def beside(self, x):
        if self.kind is None:
            return x
        if self.kind == "projection":
            return self.shortcut["norm"](self.shortcut["convolution"](x))
        if self.kind == "pooling":
            x = F.avg_pool2d(x, 2)
            return torch.cat([x, torch.zeros_like(x)], 1)
        added = x.shape[1] // 2
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, added, added))

    def forward(self, x):
        y = F.relu(self.norm1(self.convolution1(x)))
        return F.relu(self.norm2(self.convolution2(y)) + self.beside(x))


class ResNet(nn.Module):
    """Stem, three stages, the mean over all positions and the head."""

    def __init__(self, name, classes=10, adapted=False):
        super().__init__()
        self.name = name
        convolution = AdaptedConvolution if adapted else nn.Conv2d
        if name == "resnet26":
            widths, blocks, strides, shortcut = [32, 64, 128, 256], 4, [2, 2, 2], "pooling"
        else:
            widths, blocks, strides = [16, 16, 32, 64], 5, [1, 2, 2]
            shortcut = "projection" if name == "tiny-imagenet-resnet32" else "subsampling"
        stem_bias = name == "tiny-imagenet-resnet32"
        self.stem = nn.ModuleDict({"convolution": convolution(3, widths[0], 3, 1, 1, bias=stem_bias), "norm": nn.BatchNorm2d(widths[0])})
        for index in range(3):
            inputs, outputs = widths[index : index + 2]
            stage = {f"block{i + 1}": Block(outputs if i else inputs, outputs, 1 if i else strides[index], convolution, shortcut) for i in range(blocks)}
            setattr(self, f"stage{index + 1}", nn.Sequential())
            for block, module in stage.items():
                getattr(self, f"stage{index + 1}").add_module(block, module)
        self.pooled = nn.ModuleDict({"norm": nn.BatchNorm2d(widths[-1])} if name == "resnet26" else {})
        self.head = nn.Linear(widths[-1], classes)

    def first(self, x):
        x = self.stem["norm"](self.stem["convolution"](x))
        return x if self.name == "resnet26" else F.relu(x)

    def last(self, x):
        if self.name == "resnet26":
            x = F.relu(self.pooled["norm"](x))
        return x.mean((2, 3))

    def forward(self, x):
        return self.head(self.last(self.stage3(self.stage2(self.stage1(self.first(x))))))


class TransferUnit(nn.Module):
    """Two gates that mix the frozen source's, the fine-tuned and the target's activations; both gates and their inputs in one product."""

    def __init__(self, width, candidate):
        super().__init__()
        self.gates = nn.Conv2d(2 * width, 2 * width, 1)
        if candidate == "light":
            self.candidate = nn.Conv2d(width, width, 1)

    def forward(self, source, target, tuned):
        fine_tune, transfer = torch.sigmoid(self.gates(torch.cat([source, target], 1))).chunk(2, 1)
        if tuned is None:
            tuned = F.relu(self.candidate(source))
        return torch.lerp(target, torch.lerp(source, tuned, fine_tune), transfer)


class ParameterTransfer(nn.Module):
    """Parameter Transfer Units after each stage of a network; the source is frozen and reads the images."""

    def __init__(self, name, candidate):
        super().__init__()
        self.candidate = candidate
        self.target, self.source = ResNet(name), ResNet(name).requires_grad_(False)
        if candidate == "threeState":
            self.clone = ResNet(name)
        self.units = nn.ModuleList([TransferUnit(width, candidate) for width in (16, 32, 64)])

    def train(self, mode=True):
        super().train(mode)
        self.source.eval()
        return self

    def forward(self, x):
        clone = self.clone if self.candidate == "threeState" else None
        with torch.no_grad():
            s = self.source.first(x)
        h = c = x
        for index, unit in enumerate(self.units):
            stage = f"stage{index + 1}"
            with torch.no_grad():
                s = getattr(self.source, stage)(s)
            t = getattr(self.target, stage)(self.target.first(h) if index == 0 else h)
            if clone is not None:
                c = getattr(clone, stage)(clone.first(h) if index == 0 else h)
            h = unit(s, t, None if clone is None else c)
        return self.target.head(self.target.last(h))


@torch.no_grad()
def fill(module, given):
    """Fills a module from tensors under our names; what has no tensor stays as it is."""
    known = dict(module.named_parameters()) | dict(module.named_buffers())
    kinds = {"filter": "weight", "scale": "weight", "offset": "bias", "bias": "bias", "weight": "weight", "mean": "running_mean", "variance": "running_var"}
    for path, value in given.items():
        place, _, kind = path.rpartition(".")
        own = known[f"{place}.{kinds[kind]}"]
        own.copy_(value.permute(3, 2, 0, 1) if kind == "filter" else value.T if kind == "weight" else value)


@torch.no_grad()
def fill_unit(unit, given):
    """Fills a transfer unit: the pre-activation of a gate is `s Ws + t Wt + b`."""
    both = [(given[f"{gate}.sourceWeight"], given[f"{gate}.targetWeight"], given[f"{gate}.bias"]) for gate in ("fineTuneGate", "transferGate")]
    unit.gates.weight.copy_(torch.cat([torch.cat([of_source, of_target]).T for of_source, of_target, _ in both])[:, :, None, None])
    unit.gates.bias.copy_(torch.cat([bias for _, _, bias in both]))
    if "candidate.sourceWeight" in given:
        unit.candidate.weight.copy_(given["candidate.sourceWeight"].T[:, :, None, None])
        unit.candidate.bias.copy_(given["candidate.bias"])
