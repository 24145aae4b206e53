"""Both databases of the ledger: a file, and a real server that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from postgres import Postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL that runs."""
    if postgres.found() is None:
        pytest.fail(postgres.MISSING)
    with postgres.running() as server:
        yield server


@pytest.fixture
def shared(server: Postgres) -> str:
    """The URL of a database of the server."""
    return server.database()


@pytest.fixture
def lite(tmp_path: Path) -> str:
    """The URL of a file, in a folder that is yet to be made."""
    return f"sqlite:///{tmp_path}/books/ledger.db"


@pytest.fixture(params=["lite", "shared"])
def url(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    found: str = request.getfixturevalue(request.param)
    return found
