"""One iteration of L2T-ww in PyTorch, as the official code does it: source features anew in every pass, Hessian-vector products by double backward."""

import sys

import torch
from contestant import answer, images, under, weights
from torch import nn
from torch.nn import functional as F

layout, file, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
source_once = layout == "source-once"
beta, inner_steps, rate, momentum, decay, meta_rate = 0.5, 2, 0.00001, 0.9, 1e-4, 1e-3


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None if stride == 1 else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Source(nn.Module):
    """ResNet-32 for Tiny ImageNet; gives the last maps of each stage."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(64, 200)
        for stage, (inputs, width) in enumerate([(16, 16), (16, 32), (32, 64)]):
            setattr(self, f"block{2 * stage + 1}", Block(inputs, width))
            setattr(self, f"blocks{2 * stage + 2}", nn.Sequential(*[Block(width, width) for _ in range(4)]))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        features = []
        for stage in range(3):
            x = getattr(self, f"blocks{2 * stage + 2}")(getattr(self, f"block{2 * stage + 1}")(x))
            features.append(x)
        self.fc(x.mean((2, 3)))
        return features


class Target(nn.Module):
    """VGG-9; gives the scores, and the maps in front of each pooling."""

    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for stage in [[64], [128], [256, 256], [512, 512], [512, 512]]:
            for width in stage:
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(inputs, 10)

    def forward(self, x):
        features = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                features.append(x)
            x = layer(x)
        return self.classifier(x.mean((2, 3))), features


source_widths, target_widths = [16, 32, 64], [64, 128, 256, 512, 512]
pairs = [(s, t) for s in range(3) for t in range(5)]
names = [f"stage{s + 1}:stage{t + 1}" for s, t in pairs]
given = weights(file)
source, target = Source(), Target()
source.load_state_dict(under(given, "source."), strict=False)
target.load_state_dict(under(given, "target."), strict=False)
source.eval().requires_grad_(False)
projections = nn.ModuleList([nn.Conv2d(target_widths[t], source_widths[s], 1) for s, t in pairs])
what = nn.ModuleList([nn.Linear(source_widths[s], source_widths[s]) for s, _ in pairs])
where = nn.ModuleList([nn.Linear(source_widths[s], 1) for s, _ in pairs])
with torch.no_grad():
    for index, name in enumerate(names):
        projections[index].weight.copy_(given[f"projections.{name}.filter"].permute(3, 2, 0, 1))
        projections[index].bias.copy_(given[f"projections.{name}.bias"])
        for label, layers in (("what", what), ("where", where)):
            layers[index].weight.copy_(given[f"{label}.{name}.weight"].T)
            layers[index].bias.copy_(given[f"{label}.{name}.bias"])

inputs = images(batch, 32)
labels = torch.arange(batch) % 10
if layout == "channels-last":
    source, target, projections = [network.to(memory_format=torch.channels_last) for network in (source, target, projections)]
    inputs = inputs.contiguous(memory_format=torch.channels_last)

params = [*target.parameters(), *projections.parameters()]
meta = [*what.parameters(), *where.parameters()]
optimiser = torch.optim.SGD(params, lr=rate, momentum=momentum, weight_decay=decay)
meta_optimiser = torch.optim.Adam(meta, lr=meta_rate, weight_decay=1e-4)
for param in params + meta:
    param.grad = torch.zeros_like(param)


def source_features():
    with torch.no_grad():
        return source(inputs)


def matching(maps, features):
    total = 0.0
    for index, (s, t) in enumerate(pairs):
        taught = maps[t]
        teacher = features[s]
        pooled = teacher.mean((2, 3))
        weight = F.softmax(what[index](pooled), 1)
        strength = F.relu6(where[index](pooled)).squeeze(1)
        if teacher.shape[-1] != taught.shape[-1]:
            teacher = F.interpolate(teacher, size=taught.shape[2:], mode="bilinear", align_corners=False)
        distance = (teacher - projections[index](taught)).pow(2).mean((2, 3))
        total = total + beta * (strength * (weight * distance).sum(1)).mean()
    return total


def matching_loss(features):
    _, maps = target(inputs)
    return matching(maps, features or source_features())


def task_loss(_features):
    return F.cross_entropy(target(inputs)[0], labels)


def regular_loss(features):
    scores, maps = target(inputs)
    return F.cross_entropy(scores, labels) + matching(maps, features or source_features())


def zero(tensors):
    for tensor in tensors:
        tensor.grad.zero_()


def state():
    return [
        [param.detach().clone() for param in params],
        [buffer.clone() for buffer in target.buffers()],
        [optimiser.state[param]["momentum_buffer"].clone() for param in params],
    ]


@torch.no_grad()
def restore(saved):
    now = [params, list(target.buffers()), [optimiser.state[param]["momentum_buffer"] for param in params]]
    for tensors, copies in zip(now, saved):
        for tensor, copy in zip(tensors, copies):
            tensor.copy_(copy)


def descend(loss):
    zero(params)
    loss.backward()
    optimiser.step()


def step():
    features = source_features() if source_once else None
    regular = regular_loss(features)
    descend(regular)
    trail = []
    for objective in [matching_loss] * inner_steps + [task_loss]:
        trail.append((state(), objective))
        descend(objective(features))

    zero(params)
    zero(meta)
    outer = task_loss(features)
    outer.backward()
    to_params = [param.grad.clone() for param in params]
    to_momentum = [torch.zeros_like(param) for param in params]
    for saved, objective in reversed(trail):
        restore(saved)
        gradients = torch.autograd.grad(objective(features), params, create_graph=True, allow_unused=True)
        along = [m - rate * p for p, m in zip(to_params, to_momentum)]
        product = sum((gradient * q).sum() for gradient, q in zip(gradients, along) if gradient is not None)
        zero(params)
        product.backward()
        to_params = [(1 - rate * decay) * p + decay * m + param.grad for p, m, param in zip(to_params, to_momentum, params)]
        to_momentum = [momentum * q for q in along]
    meta_optimiser.step()
    return regular.item() + outer.item()


answer(step, {"layout": layout})
