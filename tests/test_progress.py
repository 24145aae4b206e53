"""What a run is doing, in a few words."""

import pytest

from fastmode_magic.claude.events import FellBack, Metered, Progressed, Retrying, Sent, Started, TextDelta, Waiting
from fastmode_magic.claude.quota import Quota
from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger.meter import Meter
from fastmode_magic.views.progress import words

FELL = FellBack("the fast quota is used up", None, 0.0)
WAITING = Waiting(8.0, "the fast quota is used up", 10.0)
CONTENT = (Progressed(2.0, 2.0), TextDelta(3.0, 4.0, "x"), Metered(Usage(1, 400, speed="fast"), 4.0))


def started(speed):
    return Started(None, None, Usage(1, 1, speed=speed) if speed else None, Quota(), 1.0)


@pytest.mark.parametrize(
    ("events", "now_s", "parts"),
    [
        ((), 0.0, ["connecting"]),
        ((WAITING,), 10.0, ["8 s", "the fast quota is used up"]),
        ((WAITING,), 15.0, ["3 s"]),
        ((WAITING,), 99.0, [" 0 s"]),
        ((Retrying(2.0, "no connection", None, 0.0),), 1.0, ["again", "1 s", "no connection"]),
        ((Sent("fast", 1, 0.0),), 0.0, ["fast"]),
        ((Sent("fast", 2, 0.0),), 0.0, ["attempt 2"]),
        ((FELL, Sent("standard", 2, 0.0)), 0.0, ["standard", "the fast quota is used up"]),
        ((Sent("fast", 1, 0.0), started("fast")), 1.0, ["fast", "? tok/s"]),
        ((Sent("fast", 1, 0.0), started("fast"), *CONTENT), 4.0, ["fast", "~200 tok/s"]),
        ((Sent("fast", 1, 0.0), started(None)), 1.0, ["not reported"]),
        ((FELL, Sent("standard", 1, 0.0), started("standard")), 1.0, ["standard, not fast", "quota"]),
    ],
)
def test_words(events, now_s, parts):
    meter = Meter()
    meter.feed(events)
    found = words(meter, now_s)
    assert all(part in found for part in parts), found
