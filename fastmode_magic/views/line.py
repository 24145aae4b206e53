"""The line to the lab extension: a comm of our own kind. Imported where there is a kernel."""

from typing import Any
from uuid import uuid4

from comm import get_comm_manager
from comm.base_comm import BaseComm

from .protocol import COMM_TARGET


class Line(BaseComm):
    """Says only what it has to say: messages have no parent, so that no front end looks for the cell they belong to.

    ipykernel's own comm repeats the request in each message (a third of a frame), sends replies to the shell that
    published last (which is busy), and fires the events of a cell for each message it receives.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        super().__init__(target_name=COMM_TARGET, comm_id=uuid4().hex[:12])

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        """Send a message on IOPub."""
        content = {"data": data or {}, "comm_id": self.comm_id, **keys}
        self._kernel.session.send(
            self._kernel.iopub_socket, msg_type, content, metadata=metadata or {}, ident=self.topic, buffers=buffers
        )

    def stay(self) -> None:
        """Be found by other pages though one has closed its end."""
        get_comm_manager().register_comm(self)
        self._closed = False

    def handle_msg(self, msg: Any) -> None:
        """A message has come."""
        if self._msg_callback:
            self._msg_callback(msg)
