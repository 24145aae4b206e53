"""The family of errors. Each says what happened and what to do next, one sentence each.

FastmodeError (Exception)
├── BadInput             the cell, the flags or the settings cannot be sent as they are
├── NoCredential         nothing to authenticate with
├── OverBudget           it could cost more than a budget has left, or has used that up
├── FastUnavailable      fast was refused, and the cell may not go at standard speed
├── Refused              the service refused the request
├── StreamBroken         the answer began and did not come to its end
└── InvalidAnswer        the answer does not fit what --schema wants
Interrupted (KeyboardInterrupt)   the user stopped it: an `except Exception` in a loop must not go on
"""


class _Told:
    """What an error of ours has: its two sentences, and the partial Answer where there is one."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)  # type: ignore[call-arg]  # an exception comes after us
        self.what = what
        self.next_step = next_step
        self.answer: object = None

    def __str__(self) -> str:
        return f"{self.what}\n{self.next_step}"


class FastmodeError(_Told, Exception):
    """Something ended a cell."""


class BadInput(FastmodeError):
    """The cell, a flag or a setting is not as it must be; nothing was sent."""


class NoCredential(FastmodeError):
    """There is nothing to authenticate with; nothing was sent."""


class OverBudget(FastmodeError):
    """A request did not fit into a budget and was not sent, or an answer was stopped at its bound."""


class FastUnavailable(FastmodeError):
    """Fast mode was refused and the cell may not be answered at standard speed."""


class Refused(FastmodeError):
    """The service refused the request, and asking again would not help."""


class StreamBroken(FastmodeError):
    """The answer began and did not come to its end; what came is kept."""


class InvalidAnswer(FastmodeError):
    """The answer came and is not of the form that was asked for; its text is kept."""


class Interrupted(_Told, KeyboardInterrupt):
    """The user stopped the answer; what came is kept."""


Ending = FastmodeError | Interrupted
