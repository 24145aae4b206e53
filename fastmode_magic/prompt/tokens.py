"""How many tokens a text is, about, without asking the service."""

# Claude's tokenizers make some 3.5 bytes of English or code into a token; an estimate, always marked as one.
BYTES_PER_TOKEN = 3.5


def estimate_tokens(text: str) -> int:
    """Tokens in `text`, estimated from its length in UTF-8 (other scripts take more tokens a character)."""
    return round(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
