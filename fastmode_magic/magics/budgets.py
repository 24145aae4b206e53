"""`%fastmode budget`: what may be spent, and how much of it is."""

from traitlets import TraitError

from ..claude.errors import BadInput
from ..session import Session

SETTINGS = {"session": "budget", "notebook": "budget_per_notebook", "day": "budget_per_day"}


def budget(session: Session, words: list[str]) -> str:
    """Set a budget, or take one off; then how far each is used. Raises BadInput."""
    match words:
        case []:
            return report(session)
        case ["release"]:
            return _release(session)
        case [scope, amount] if scope in SETTINGS:
            pass
        case [scope] if scope in SETTINGS:
            raise BadInput(
                f"The budget of a {scope} needs an amount.", f"Type `%fastmode budget {scope} 5.00`, or off."
            )
        case [amount]:
            scope = "session"
        case _:
            raise BadInput("A budget is one amount of dollars.", "Type `%fastmode budget 5.00`, or `budget day 5.00`.")
    try:
        setattr(session.settings, SETTINGS[scope], "" if amount == "off" else amount)
    except TraitError as error:
        if session.settings.origin(SETTINGS[scope]).startswith("locked"):
            what, _, step = str(error).partition(". ")
            raise BadInput(f"{what}.", step) from None
        raise BadInput(
            f"{amount!r:.60} is not an amount of dollars.", "Type `%fastmode budget 5.00`, or `%fastmode budget off`."
        ) from None
    session.pages.changed()
    return report(session)


def report(session: Session) -> str:
    """Every budget with what of it is spent, reserved and left."""
    from ..reports import budgets as budget_reports

    practice = session.service.practising
    return budget_reports.budgets(session.books.levels(practice=practice), session.books.uncounted(practice=practice))


def _release(session: Session) -> str:
    from ..reports import budgets as budget_reports

    return budget_reports.released(session.books.release(practice=session.service.practising))
