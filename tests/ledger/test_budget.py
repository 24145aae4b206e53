"""The arithmetic of budgets: never more than the room, never fewer tokens than fit, to the last digit."""

from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from fastmode_magic.ledger.budget import FEWEST_TOKENS, Admitted, Denied, Level, Limit, Need, admit, crossed

amounts = st.decimals(0, 1_000, places=12)
needs = st.builds(
    Need,
    spent=amounts | st.just(Decimal(0)),
    prompt=amounts,
    per_token=st.decimals(0, "0.01", places=12) | st.just(Decimal(0)),
    max_tokens=st.integers(1, 200_000),
)
levels = st.builds(
    Level,
    st.builds(Limit, st.sampled_from(["cell", "session", "notebook", "day"]), st.decimals(0, 3_000, places=12)),
    st.decimals(0, 2_000, places=12),
)


@given(needs, st.lists(levels, max_size=4))
def test_what_is_admitted_fits_and_is_the_most_that_does(need: Need, given_levels: list[Level]) -> None:
    room = min((level.room for level in given_levels), default=None)
    least = min(FEWEST_TOKENS, need.max_tokens)
    match admit(need, given_levels):
        case Admitted(tokens, reserved, tightest):
            assert least <= tokens <= need.max_tokens
            assert reserved == need.spent + need.prompt + need.per_token * tokens
            assert room is None or reserved <= room
            assert tokens == need.max_tokens or need.most(tokens + 1) > room
            assert tightest is None if room is None else tightest.room == room
        case Denied(level, tokens):
            assert need.most(least) > room == level.room
            assert tokens == 0 or need.most(tokens) <= room
            assert need.most(tokens + 1) > room


@given(needs, st.lists(levels, min_size=1, max_size=4))
def test_the_users_own_decimal_context_changes_nothing(need: Need, given_levels: list[Level]) -> None:
    with localcontext(prec=3):
        rough = admit(need, given_levels)
    assert rough == admit(need, given_levels)


def test_a_quotient_of_endless_digits_is_not_rounded_up() -> None:
    need = Need(Decimal(0), Decimal(0), Decimal(1) / 3, 2_000)
    room = need.per_token * 1_999 - Decimal("1e-40")
    with localcontext(prec=60):
        found = admit(need, [Level(Limit("day", room), Decimal(0))])
    assert isinstance(found, Admitted)
    assert found.max_tokens <= 1_999
    assert found.reserved <= room


def test_each_mark_is_told_once_and_the_highest_first() -> None:
    told: set[Decimal] = set()

    def before(mark: Decimal) -> bool:
        was = mark in told
        told.add(mark)
        return was

    limit = Limit("day", Decimal(10))
    found = [crossed(Decimal(spent), limit, before) for spent in ("6.99", "7", "8", "9", "10", "12")]
    assert found == [None, Decimal("0.7"), None, Decimal("0.9"), None, None]
    assert crossed(Decimal(1), Limit("day", Decimal(0)), before) is None
