"""A first write to nowhere: what SQLAlchemy loads and makes ready at its first statement takes 30 ms and more."""

from decimal import Decimal

from sqlalchemy import make_url

from ..claude.usage import Usage
from .records import Charge, Record, now
from .statements import statements
from .store import Store


def rehearse(url: str) -> None:
    """Write and read a record in a database in memory, and put together what that at `url` wants."""
    store, moment = Store("sqlite://"), now()
    charge = Charge("", None, Usage(), None)
    record = Record("", "", "", "", "", moment, moment, "", "", reserved=Decimal(0), charges=(charge,))
    with store.writing() as transaction:
        transaction.put(record)
        transaction.alone()
        transaction.counted({"day": ""}, "")
        transaction.records({})
    store.close()
    statements(make_url(url).get_dialect()())
