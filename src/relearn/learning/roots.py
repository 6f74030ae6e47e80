"""Square roots that are the same bits on every processor.

PyTorch has MKL compute `sqrt` on the CPU, and `log`, `tan` and the inverses of sine and tangent. It
starts from an estimate that is the processor's own, so the last bit differs between makers, and no
mode of MKL's hides it. `rsqrt` divides by the true root.
"""

import torch


def square_root(x: torch.Tensor) -> torch.Tensor:
    """Return √x of the same shape, off by no more than a unit in the last place or two; √0 is 0."""
    return torch.rsqrt(x).reciprocal()
