"""What a prompt can fail with before anything is sent."""


class CannotSend(Exception):
    """A prompt, or something in it, cannot be sent as it is: `what` happened, and the `next_step`, a sentence each."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step
