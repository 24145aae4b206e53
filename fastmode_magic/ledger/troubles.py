"""What a database says when it fails, in words for a person. Never a password: drivers quote what they were given."""

# part of what a driver says -> what that means
_MEANINGS = (
    ("disk is full", "the disk is full"),
    ("readonly", "it is read-only"),
    ("read-only", "it is read-only"),
    ("unable to open", "it cannot be opened"),
    ("not a database", "it is no SQLite file"),
    ("malformed", "it is damaged"),
    ("locked", "another program holds it locked"),
    ("authentication failed", "it refused the user or password"),
    ("does not exist", "there is no such database"),
    ("could not translate host", "its host is not known"),
    ("refused", "nobody listens at its address"),
    ("timeout", "it does not answer"),
    ("timed out", "it does not answer"),
)


def explained(error: BaseException) -> str:
    """Why the ledger cannot be used."""
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name!r} is not installed"
    if type(error).__name__ == "TooNew":
        return "it was made by a newer fastmode-magic"
    if isinstance(error, PermissionError):
        return "it may not be written here"
    said = str(error).lower()
    return next((meaning for part, meaning in _MEANINGS if part in said), type(error).__name__)
