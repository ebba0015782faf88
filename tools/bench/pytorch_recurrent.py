"""The same training steps of sentence classifiers in PyTorch: with its fused layers, as a loop, or as a compiled loop."""

import sys

import torch
from contestant import answer, under, weights
from torch import nn
from torch.nn import functional as F

form, file, cell, candidate, optimiser_name = sys.argv[1:6]
hidden, batch, length, width, vocabulary = map(int, sys.argv[6:11])
given = weights(file)
ids = (2 + (torch.arange(batch * length) * 7919) % (vocabulary - 2)).reshape(batch, length)
labels = torch.arange(batch) % 2


class Fused(nn.Module):
    """PyTorch's own layer."""

    def __init__(self, prefix):
        super().__init__()
        self.layer = (nn.LSTM if cell == "lstm" else nn.GRU)(width, hidden, batch_first=True)
        self.layer.load_state_dict(under(given, prefix))

    def forward(self, x):
        return self.layer(x)[0]


class Steps(nn.Module):
    """The same, ready to be run step by step: the product with the input for all steps at once."""

    def __init__(self, prefix):
        super().__init__()
        tensors = under(given, prefix)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(self, name, nn.Parameter(tensors[f"{name}_l0"]))

    def project(self, x):
        return F.linear(x, self.weight_ih, self.bias_ih).unbind(1)

    def forward(self, projected, h, c):
        if cell == "gru":
            r, z, n = projected.chunk(3, 1)
            hr, hz, hn = F.linear(h, self.weight_hh, self.bias_hh).chunk(3, 1)
            z = torch.sigmoid(z + hz)
            n = torch.tanh(n + torch.sigmoid(r + hr) * hn)
            return n + z * (h - n), c
        i, f, g, o = (projected + F.linear(h, self.weight_hh, self.bias_hh)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class Loop(nn.Module):
    def __init__(self, prefix):
        super().__init__()
        self.steps = Steps(prefix)

    def forward(self, x):
        h = c = x.new_zeros(x.shape[0], hidden)
        outputs = []
        for projected in self.steps.project(x):
            h, c = self.steps(projected, h, c)
            outputs.append(h)
        return torch.stack(outputs, 1)


class Gate(nn.Module):
    def __init__(self, path):
        super().__init__()
        self.source_weight = nn.Parameter(given[f"{path}.sourceWeight"])
        self.target_weight = nn.Parameter(given[f"{path}.targetWeight"])
        self.bias = nn.Parameter(given[f"{path}.bias"])

    def project(self, s):
        return (s @ self.source_weight + self.bias).unbind(1)

    def forward(self, projected, t):
        return torch.sigmoid(projected + t @ self.target_weight)


class TransferUnit(nn.Module):
    """A recurrent layer whose hidden state is mixed with that of the frozen source at every step; what depends on the source alone is computed for all steps at once."""

    def __init__(self):
        super().__init__()
        path = "units.recurrent1.hidden"
        self.source_table = nn.Embedding.from_pretrained(given["sourceEmbedding.table"], freeze=True)
        self.source = Fused("source.").requires_grad_(False)
        self.target = Steps("recurrent.")
        self.transfer, self.tune = Gate(f"{path}.transferGate"), Gate(f"{path}.fineTuneGate")
        if candidate == "light":
            self.weight = nn.Parameter(given[f"{path}.candidate.sourceWeight"])
            self.bias = nn.Parameter(given[f"{path}.candidate.bias"])
        else:
            self.clone = Steps("clone.")

    def source_states(self):
        with torch.no_grad():
            return self.source(self.source_table(ids))

    def forward(self, x, s):
        h = target_cell = clone_cell = x.new_zeros(x.shape[0], hidden)
        steps = zip(self.target.project(x), s.unbind(1), self.transfer.project(s), self.tune.project(s), self.candidates(x, s))
        outputs = []
        for projected, source, transfer, tune, prepared in steps:
            if candidate == "light":
                tuned = prepared
            else:
                tuned, clone_cell = self.clone(prepared, h, clone_cell)
            t, target_cell = self.target(projected, h, target_cell)
            z, f = self.transfer(transfer, t), self.tune(tune, t)
            h = t + z * (source + f * (tuned - source) - t)
            outputs.append(h)
        return torch.stack(outputs, 1)

    def candidates(self, x, s):
        return (s @ self.weight + self.bias).unbind(1) if candidate == "light" else self.clone.project(x)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        self.table.weight.data = given["embedding.table"]
        self.recurrent = (Fused if form == "fused" else Loop)("recurrent.") if candidate == "none" else TransferUnit()
        self.head = nn.Linear(hidden, 2)
        self.head.weight.data = given["head.weight"].T.contiguous()
        self.head.bias.data = given["head.bias"]

    def forward(self, ids, *source):
        return self.head(self.recurrent(self.table(ids), *source)[:, -1])


model = Classifier()
forward = torch.compile(model) if form == "compiled" else model
params = [param for param in model.parameters() if param.requires_grad]
optimiser = torch.optim.Adam(params, lr=0.001, fused=True) if optimiser_name == "adam" else torch.optim.SGD(params, lr=0.3, momentum=0.9, fused=True)


def step():
    optimiser.zero_grad()
    source = [] if candidate == "none" else [model.recurrent.source_states()]
    loss = F.cross_entropy(forward(ids, *source), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


answer(step, {"form": form})
