"""The pace of a run over its time: a bounded list of samples, for a sparkline."""

from ..prompt.ask import BYTES_PER_TOKEN

INTERVAL_S = 0.5
MOST = 60  # samples; two become one when there are more, and the interval doubles


class Pace:
    """Samples output tokens a second, estimated from bytes, in equal intervals from the first content on."""

    def __init__(self) -> None:
        self.rates: list[int] = []
        self._interval_s = INTERVAL_S
        self._since: tuple[float, int] | None = None  # when the open interval began, and the bytes there were

    def sample(self, bytes_so_far: int, now_s: float) -> None:
        """Look at the clock; times are seconds on the monotonic clock, and never go back."""
        if self._since is None:
            self._since = (now_s, 0) if bytes_so_far else None
            return
        began_s, had = self._since
        if now_s - began_s < self._interval_s:
            return
        self.rates.append(round((bytes_so_far - had) / BYTES_PER_TOKEN / (now_s - began_s)))
        self._since = (now_s, bytes_so_far)
        if len(self.rates) > MOST:
            pairs = zip(self.rates[:MOST:2], self.rates[1:MOST:2], strict=True)
            self.rates = [*(round((one + other) / 2) for one, other in pairs), *self.rates[MOST:]]
            self._interval_s *= 2
