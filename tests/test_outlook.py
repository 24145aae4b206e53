"""What the policy expects of both speeds: measured, else as many times faster as usual."""

import pytest

from fastmode_magic import outlook
from fastmode_magic.claude.policy import Rates
from fastmode_magic.ledger.totals import Snapshot


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Snapshot(), Rates()),
        (Snapshot(fast_rate=300.0, standard_rate=90.0, answer_tokens=400.0), Rates(300.0, 90.0, 400.0)),
        (Snapshot(fast_rate=300.0), Rates(300.0, 120.0)),  # 2.5 times as usual
        (Snapshot(standard_rate=60.0), Rates(150.0, 60.0)),
    ],
)
def test_rates(measured, expected):
    assert outlook.rates(measured) == expected
