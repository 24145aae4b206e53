"""The family of errors.

FastmodeError            what happened, and what to do next
├── BadInput             the cell, the flags or the settings cannot be sent as they are
├── NoCredential         nothing to authenticate with
├── FastUnavailable      fast was refused, and the cell may not go at standard speed
├── Refused              the service refused the request
├── StreamBroken         the answer began and did not come to its end
└── Interrupted          the user stopped it
"""


class FastmodeError(Exception):
    """Something ended a cell; `what` says what happened and `next_step` what to do, each one sentence."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step
        self.answer: object = None  # the partial Answer, where there is one

    def __str__(self) -> str:
        return f"{self.what}\n{self.next_step}"


class BadInput(FastmodeError):
    """The cell, a flag or a setting is not as it must be; nothing was sent."""


class NoCredential(FastmodeError):
    """There is nothing to authenticate with; nothing was sent."""


class FastUnavailable(FastmodeError):
    """Fast mode was refused and the cell may not be answered at standard speed."""


class Refused(FastmodeError):
    """The service refused the request, and asking again would not help."""


class StreamBroken(FastmodeError):
    """The answer began and did not come to its end; what came is kept."""


class Interrupted(FastmodeError):
    """The user stopped the answer; what came is kept."""
