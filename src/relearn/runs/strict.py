"""Strict mode: the same bits on every x86-64 processor, whatever instructions it has.

NumPy, OpenBLAS, PyTorch, MKL, oneDNN and the C library hold several versions of one routine, for
different instructions, and choose among them as they are loaded. Sums in another order, or a
product and a sum rounded once instead of twice, end in other bits. These variables make each take
the version for the oldest processors. They must be set before Python starts:

    env $(.venv/bin/python -m relearn.runs.strict) .venv/bin/snakemake --cores 2

which is what `make report STRICT=1` does. A build is strict if all of them have these values. Like
the packages' versions that enters a run's key and a rule's params, because the numbers are others.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping

INSTRUCTIONS = "strict"
COMMAND = "env $(.venv/bin/python -m relearn.runs.strict)"
VARIABLES = {
    "OPENBLAS_CORETYPE": "Nehalem",  # NumPy's and SciPy's
    "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR",
    "ATEN_CPU_CAPABILITY": "default",  # PyTorch's own loops
    "MKL_CBWR": "COMPATIBLE",  # PyTorch's matrix products
    "ONEDNN_MAX_CPU_ISA": "SSE41",  # PyTorch's convolutions
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-FMA4_Usable,-AVX2,-FMA,-FMA4",
}


def active(variables: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a process with these variables computes in strict mode."""
    return all(variables.get(name) == value for name, value in VARIABLES.items())


def main() -> int:
    """Print the variables as `env` takes them; return the exit status."""
    if (machine := platform.machine()) not in ("x86_64", "AMD64"):
        print(f"relearn: strict mode is for x86-64, not for {machine}", file=sys.stderr)
        return 1
    print(*(f"{name}={value}" for name, value in VARIABLES.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
