"""How many tokens the parts of a prompt are."""

from __future__ import annotations

from collections.abc import Mapping

from fastmode_magic.simulator.attachments import document_tokens, image_tokens
from fastmode_magic.simulator.conversation import nested
from fastmode_magic.simulator.wire import block_text, count_tokens


def block_tokens(block: object) -> int:
    """The tokens of one content block, or of whatever else stands in a prompt as JSON; base64 is not text."""
    if not isinstance(block, Mapping):
        return count_tokens(block_text(block))
    match block.get("type"):
        case "image":
            return image_tokens(block)
        case "document":
            return document_tokens(block)
        case "tool_result":
            return count_tokens(str(block.get("tool_use_id", ""))) + sum(map(block_tokens, nested(block)))
        case "thinking":
            # What is not shown is in the signature.
            return count_tokens(str(block.get("thinking") or block.get("signature") or ""))
        case "redacted_thinking":
            return count_tokens(str(block.get("data", "")))
    return count_tokens(block_text(block))
