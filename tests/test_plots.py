"""The plots: what they say in words, and that the picture leaves the user's matplotlib alone."""

import io
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import matplotlib as mpl
import pytest
from PIL import Image
from runs import NOW, OPUS, charge, run

from fastmode_magic.ledger.records import Record
from fastmode_magic.reports import plots
from fastmode_magic.reports.pictures import GROUND, HEIGHT, SHARP, WIDTH, picture

MANY = [
    run(charge("standard", "0.02"), tokens_per_s=40.0, began=NOW - timedelta(days=3)),
    run(charge("standard", "0.02"), tokens_per_s=60.0, began=NOW - timedelta(days=2)),
    run(charge("fast", "0.0808", output=2_000, input_tokens=100), tokens_per_s=100.0),
    run(charge("fast", None), charge("standard", "0.01", estimated=True)),
]
SETS = {
    "many": MANY,
    "one": MANY[:1],
    "nothing known": [run(cost=None, state="failed")],
    "nothing was billed": [run(cost=Decimal(0), state="failed")],
    "odd": [run(charge("fast", "0.01", model="$x$ \\frac{1} 漢字\n<b>"), tokens_per_s=1e6) for _ in range(300)],
}


def test_words_have_every_number() -> None:
    assert plots.words(plots.facts(MANY, NOW)) == [
        "4 runs from 2026-11-25 to 2026-11-28.",
        f"Pace of whole answers: {OPUS} fast 100 tok/s, of 1 run; {OPUS} standard 50 tok/s, median of 2 runs.",
        "Cost: fast $0.0808 + 1 of unknown cost, standard ~$0.0500; together ~$0.1308 + 1 of unknown cost.",
        (
            "What fast bought: 2 runs served fast cost $0.0404 more than at standard speed (1 of them); saved ~20 s of "
            "generating (1 of them)."
        ),
    ]


def test_words_of_little() -> None:
    assert plots.words(plots.facts([run(cost=None, state="failed")], NOW, practice=True)) == [
        "1 run on 2026-11-28 (practice, not billed).",
        "No answer was long enough to tell a pace.",
        "Cost: fast $0, standard $0; together 1 of unknown cost, at list price.",
        "Nothing was served fast.",
    ]


def test_cost_over_time_adds_up_exactly() -> None:
    steps = plots.facts(MANY, NOW).steps
    assert [amount for _, amount in steps["standard"]] == [Decimal("0.02"), Decimal("0.04"), Decimal("0.05")]
    assert [amount for _, amount in steps["fast"]] == [Decimal("0.0808")]


@pytest.mark.parametrize("name", SETS)
def test_a_picture_has_its_own_ground_and_is_sharp(name: str) -> None:
    records: list[Record] = SETS[name]
    with Image.open(io.BytesIO(picture(plots.facts(records, NOW)))) as image:
        assert image.size == (SHARP * WIDTH, SHARP * HEIGHT)
        pixel = image.convert("RGBA").getpixel((2, 2))
        assert pixel == (*bytes.fromhex(GROUND[1:]), 255)
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 10


def test_the_settings_of_the_user_are_neither_used_nor_changed() -> None:
    plain = picture(plots.facts(MANY, NOW))
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 40, "text.usetex": True}):
        before = dict(mpl.rcParams)
        assert picture(plots.facts(MANY, NOW)) == plain
        assert dict(mpl.rcParams) == before


def test_pyplot_is_not_imported() -> None:
    code = "import sys, fastmode_magic.reports.pictures; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
