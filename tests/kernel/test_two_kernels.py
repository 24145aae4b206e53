"""Two real kernels of one user: what one uses of the quota, the other sees before it asks anything."""

import re
from typing import Any

from fastmode_magic.simulator import Scenario, Simulator


def test_two_kernels_share_what_they_know_of_the_quota(kernel: Any, another_kernel: Any, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=100_000))
    for one in (kernel, another_kernel):
        one.run("%load_ext fastmode_magic")
    assert kernel.run("%%claude --fast\nExplain groupby.").error is None
    words = another_kernel.run("%fastmode quota").markdown
    left = int(re.search(r"fast output, Opus \| 400,000 \| ~([\d,]+)", words)[1].replace(",", ""))
    assert 300_000 <= left < 400_000
    assert len(simulator.requests) == 1
