"""joined: runs of deltas become one, and nothing else changes."""

import pytest

from fastmode_magic.claude.events import Finished, Metered, Progressed, Sent, TextDelta, ThinkingDelta, joined
from fastmode_magic.claude.usage import Usage

METERED = Metered(Usage(1, 1), 2.5)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([TextDelta(1, 1, "a")], [TextDelta(1, 1, "a")]),
        ([TextDelta(1, 1, "a"), TextDelta(2, 2, "b"), TextDelta(3, 4, "c")], [TextDelta(1, 4, "abc")]),
        ([Progressed(1, 1), Progressed(2, 3)], [Progressed(1, 3)]),
        (
            [ThinkingDelta(1, 1, "a"), ThinkingDelta(2, 2, "b"), TextDelta(3, 3, "c"), ThinkingDelta(4, 4, "d")],
            [ThinkingDelta(1, 2, "ab"), TextDelta(3, 3, "c"), ThinkingDelta(4, 4, "d")],
        ),
        (
            [TextDelta(1, 1, "a"), TextDelta(2, 2, "b"), METERED, TextDelta(3, 3, "c")],
            [TextDelta(1, 2, "ab"), METERED, TextDelta(3, 3, "c")],
        ),
        ([METERED, METERED], [METERED, METERED]),
        (
            [Sent("fast", 1, 0.0), TextDelta(1, 1, "a"), Finished("end_turn", None, 2.0)],
            [Sent("fast", 1, 0.0), TextDelta(1, 1, "a"), Finished("end_turn", None, 2.0)],
        ),
    ],
)
def test_joined(events, expected):
    assert joined(iter(events)) == expected


def test_joining_frames_again_changes_nothing():
    once = joined([TextDelta(1, 1, "a"), TextDelta(2, 2, "b"), METERED])
    assert joined(once) == once
