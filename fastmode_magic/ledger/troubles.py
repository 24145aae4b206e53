"""What a database says when it fails, in words for a person. Never a password: drivers quote what they were given."""

import errno

LOCKED, SILENT = "another program holds it locked", "it does not answer"
PASSING = frozenset({LOCKED, SILENT})  # what waiting may mend
_NO_ADDRESS = "its address is not one of SQLAlchemy's, like postgresql+psycopg://host/database"

# part of what a driver says -> what that means; the first that fits
_MEANINGS = (
    ("disk is full", "the disk is full"),
    ("no space left", "the disk is full"),
    ("readonly", "it is read-only"),
    ("read-only", "it is read-only"),
    ("unable to open", "it cannot be opened"),
    ("disk i/o error", "its file cannot be read or written"),
    ("not a database", "it is no SQLite file"),
    ("malformed", "it is damaged"),
    ("locked", LOCKED),
    ("lock timeout", LOCKED),
    ("authentication failed", "it refused the user or password"),
    ("no password supplied", "it refused the user or password"),
    ("permission denied", "its user may not write there"),
    ("too many clients", "its server has no connection left"),
    ("connection slots are reserved", "its server has no connection left"),
    ("starting up", "its server is starting"),
    ("shutting down", "its server was stopped"),
    ("terminating connection", "its server was stopped"),
    ("closed the connection", "its server was stopped"),
    ("no such file or directory", "nobody listens at its address"),
    ("could not translate host", "its host is not known"),
    ("failed to resolve host", "its host is not known"),
    ("refused", "nobody listens at its address"),
    ("timeout", SILENT),
    ("timed out", SILENT),
    ("could not parse", _NO_ADDRESS),
    ("invalid literal for int", _NO_ADDRESS),
    ("embedded null", _NO_ADDRESS),
    ("can't load plugin", "its address names a kind of database that SQLAlchemy does not know"),
    ("role", "its server does not know the user"),
    ("relation", "its tables were deleted"),
    ("no such table", "its tables were deleted"),
    ("does not exist", "there is no such database"),
)
_OF_FILES = {
    errno.EACCES: "it may not be written here",
    errno.EPERM: "it may not be written here",
    errno.EROFS: "it is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EFBIG: "its file may not grow any more",
    errno.EISDIR: "there is a folder in its place",
    errno.ENOTDIR: "there is a file in place of its folder",
    errno.EEXIST: "there is a file in place of its folder",
}


def explained(error: BaseException) -> str:
    """Why the ledger cannot be used."""
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name!r} is not installed"
    if type(error).__name__ == "TooNew":
        return "it was made by a newer fastmode-magic"
    if isinstance(error, OSError) and error.errno in _OF_FILES:
        return _OF_FILES[error.errno]
    said = str(error).lower()
    return next((meaning for part, meaning in _MEANINGS if part in said), type(error).__name__)


def refused(error: BaseException) -> bool:
    """Whether it is about what was to be written, and not about the database."""
    wrong = isinstance(error, ValueError | TypeError | ArithmeticError)
    return wrong or type(error).__name__ in {"DataError", "IntegrityError"}
