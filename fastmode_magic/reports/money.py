"""What runs cost, as Markdown: session, notebook, day and month, by model and speed, and what fast bought."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..ledger import prices
from ..ledger.records import Record
from ..ledger.summary import Bought, Line, Money, Summary, bought, summary
from ..views import text
from ..views.document import code, sentence

PERIODS = {"session": "this session", "notebook": "this notebook", "day": "today", "month": "this month", "all": "all"}
TOLD = ("killed", "failed", "interrupted", "running")  # the states of runs that are no whole answers


def cost(found: Mapping[str, Sequence[Record]], period: str, now: datetime, *, practice: bool = False) -> str:
    """The costs of each period in `found`, and those of `period` by model and speed.

    `found` has the records of periods by their names, all of them practice or none.
    """
    sums = {name: summary(records, now) for name, records in found.items()}
    chosen, name = sums[period], PERIODS[period]
    most = max(sums.values(), key=lambda one: one.runs)
    head = "**Practice, not billed:** what these runs would cost at list price." if practice else ""
    parts = [
        head,
        "\n".join(
            ["| | runs | fast | standard | total |", "|---|---:|---:|---:|---:|", *map(_row, sums, sums.values())]
        ),
        _lines(chosen, name),
        sentence(bought_words(bought(found[period]), name)),
        _killed(most),
        _hosts(most),
        sentence(f"Prices: {prices.source()}."),
    ]
    return "\n\n".join(part for part in parts if part)


def bought_words(found: Bought, when: str = "all") -> str:
    """What fast bought, in a sentence; what was not measured is said to be so. Empty where nothing was served fast."""
    if not found.runs:
        return ""
    if found.extra is None:
        dearer = "cost an unknown amount more"
    else:
        amount = text.dollars(abs(found.extra), estimated=found.estimated)
        dearer = f"cost {amount} {'more' if found.extra >= 0 else 'less'} than at standard speed"
        dearer += of_them(found.priced, found.runs)
    if found.saved_s is None:
        faster = "how many seconds that saved is not known, since no standard run of the same model was measured"
    else:
        faster = f"{'saved' if found.saved_s >= 0 else 'lost'} ~{duration(abs(found.saved_s))} of generating"
        faster += of_them(found.timed, found.runs)
    period = "" if when == PERIODS["all"] else f" {when}"
    return f"What fast bought{period}: {text.count(found.runs, 'run')} served fast {dearer}; {faster}."


def duration(seconds: float) -> str:
    """ "4.2 s", "53 s", "2 min 5 s", "1 h 4 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60} min"


def dollars(money: Money) -> str:
    """ "~$0.0421 + 2 of unknown cost"."""
    unknown = f"{money.unknown} of unknown cost"
    if money.unknown and not money.dollars:
        return unknown
    return text.dollars(money.dollars, estimated=money.estimated) + (f" + {unknown}" if money.unknown else "")


def _row(name: str, found: Summary) -> str:
    others = ", ".join(f"{found.states[state]} {state}" for state in TOLD if found.states.get(state))
    runs = f"{found.runs:,}{f' ({others})' if others else ''}"
    amounts = (code(dollars(money)) for money in (found.fast, found.standard, found.cost))
    return f"| {PERIODS[name]} | {runs} | {' | '.join(amounts)} |"


def _lines(found: Summary, name: str) -> str:
    if not found.lines:
        return ""
    rows = [f"**By model and speed, {name}**", ""]
    rows += ["| model | speed | runs | tokens in | from cache | to cache | tokens out | cost |"]
    rows += ["|---|---|---:|---:|---:|---:|---:|---:|", *map(_line, found.lines)]
    return "\n".join(rows)


def _line(line: Line) -> str:
    tokens = ["?"] * 4
    if use := line.usage:
        counts = (use.input_tokens, use.cache_read_input_tokens, use.cache_creation_input_tokens)
        tokens = [*(f"{count:,}" for count in counts), f"{'~' if use.estimated else ''}{use.output_tokens:,}"]
    speed = sentence(line.speed) if line.speed else "not reported"
    return f"| {code(line.model)} | {speed} | {line.runs:,} | {' | '.join(tokens)} | {code(dollars(line.money))} |"


def _killed(found: Summary) -> str:
    count = found.states.get("killed", 0)
    if not count:
        return ""
    were, it = ("1 run was", "it") if count == 1 else (f"{count:,} runs were", "they")
    if found.reserved is None:
        most = f"what {it} cost in all is not known"
    else:
        most = f"{it} cost {text.dollars(found.reserved)} in all at most"
    return sentence(f"{were} killed with the kernel, and counted as far as {it} had come (~): {most}.")


def _hosts(found: Summary) -> str:
    if not found.hosts:
        return ""
    return f"List prices; the prices of {', '.join(map(code, found.hosts))} may differ."


def of_them(some: int, every: int) -> str:
    """ " (2 of them)", where it is not all."""
    return "" if some == every else f" ({some:,} of them)"
