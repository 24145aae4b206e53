"""What a run is doing, in a few words, while it goes on."""

from ..claude.events import Called, Retrying, Sent, Started, Waiting
from ..ledger.meter import Meter
from . import text


def words(meter: Meter, now_s: float) -> str:
    """ "waiting 3 s for fast: the fast quota is used up", "fast · ~198 tok/s"."""
    match meter.now:
        case None:
            return "connecting"
        case Waiting(seconds=seconds, reason=reason, at_s=at_s):
            return f"waiting {_left(at_s, seconds, now_s)} s for fast: {reason}"
        case Retrying(seconds=seconds, reason=reason, at_s=at_s):
            left_s = _left(at_s, seconds, now_s)
            return f"trying again{f' in {left_s} s' if left_s else ''}: {reason}"
        case Called(uses=uses):
            return f"calling {', '.join(dict.fromkeys(use.name for use in uses))}"
        case Sent(speed=speed, attempt=attempt):
            again = f", attempt {attempt}" if attempt > 1 else ""
            fell_back = f" ({meter.fallback})" if meter.fallback else ""
            return f"asked at {speed} speed{again}{fell_back}"
        case Started():
            doing = (
                "thinking" if meter.thought and not meter.text_length else text.pace(meter.telling_rate, estimated=True)
            )
            return text.SEPARATOR.join([_speed(meter), doing])
    return ""


def badge(meter: Meter) -> str:
    """The speed that serves the run, as far as it is known: "asked for fast", "standard, not fast: …"."""
    if isinstance(meter.now, Started | Called):
        return _speed(meter)
    if meter.fallback:
        return f"asked for standard, not fast: {meter.fallback}"
    return f"asked for {meter.asked_speed}" if meter.asked_speed else "connecting"


def _left(at_s: float, seconds: float, now_s: float) -> int:
    return max(0, round(at_s + seconds - now_s))


def _speed(meter: Meter) -> str:
    if meter.speed and meter.fallback:
        return f"{meter.speed}, not fast: {meter.fallback}"
    return meter.speed or "speed not reported"
