"""The pace of a run over its time: a bounded list of samples, for a sparkline."""

from ..prompt.tokens import BYTES_PER_TOKEN

INTERVAL_S = 0.5
SHORTEST_S = 0.05  # over a shorter time, tokens a second say more of the network than of the model
MOST = 60  # samples; two become one when there are more, and the interval doubles


def telling(tokens_per_s: float | None, output_tokens: int) -> float | None:
    """The rate, if so many tokens took long enough for it to say something of the model."""
    return tokens_per_s if tokens_per_s and output_tokens / tokens_per_s >= SHORTEST_S else None


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
