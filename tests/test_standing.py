"""Standing: cooldowns that end by themselves, refusals that last, each for its account."""

import pytest

from fastmode_magic.claude.quota import Bucket, Quota
from fastmode_magic.claude.refusals import Meaning, Refusal, ServiceError
from fastmode_magic.claude.standing import Account, Cooldown, Standing

ME = Account("aa", "https://api.anthropic.com")
OTHERS = [Account("bb", ME.base_url), Account("aa", "https://gateway.example")]
OPUS = "claude-opus-5-5"
NO_CREDITS = Refusal(Meaning.NO_CREDITS, ServiceError(429))


@pytest.fixture
def standing():
    return Standing()


@pytest.mark.parametrize(("now_s", "state"), [(9.0, "cooldown"), (9.99, "cooldown"), (10.0, "on"), (99.0, "on")])
def test_a_cooldown_ends_by_itself(standing, now_s, state):
    standing.cool(ME, "opus", Cooldown(10.0, "the fast quota is used up"))
    assert standing.state(ME, OPUS, "opus", now_s)[0] == state
    assert (standing.cooldown(ME, "opus", now_s) is not None) == (state == "cooldown")


def test_a_cooldown_says_why_and_until_when(standing):
    standing.cool(ME, "opus", Cooldown(10.0, "the fast quota is used up"))
    _, why, left_s = standing.state(ME, OPUS, "opus", 3.0)
    assert "the fast quota is used up" in why
    assert left_s == 7.0


def test_a_refusal_lasts(standing):
    standing.refuse(ME, OPUS, NO_CREDITS)
    assert standing.state(ME, OPUS, "opus", 1e9) == ("off", NO_CREDITS.reason, None)


def test_a_refusal_goes_before_a_cooldown(standing):
    standing.cool(ME, "opus", Cooldown(10.0, "x"))
    standing.refuse(ME, OPUS, NO_CREDITS)
    assert standing.state(ME, OPUS, "opus", 0.0)[0] == "off"


@pytest.mark.parametrize("other", OTHERS)
def test_accounts_are_apart(standing, other):
    standing.refuse(ME, OPUS, NO_CREDITS)
    standing.cool(ME, "opus", Cooldown(10.0, "x"))
    standing.saw(ME, "opus", Quota(fast_input=Bucket(1, 1, 0.0)))
    standing.learn_header(ME, OPUS)
    standing.tell_once(ME, "topic")
    assert standing.state(other, OPUS, "opus", 0.0)[0] == "on"
    assert standing.quota(other, "opus") == Quota()
    assert not standing.wants_header(other, OPUS)
    assert standing.tell_once(other, "topic")


def test_a_refusal_is_the_models_and_a_cooldown_the_pools(standing):
    standing.refuse(ME, OPUS, NO_CREDITS)
    standing.cool(ME, "opus", Cooldown(10.0, "x"))
    assert standing.state(ME, "claude-opus-5", "opus", 0.0)[0] == "cooldown"
    assert standing.state(ME, "claude-fable-5-2", "fable", 0.0)[0] == "on"


def test_told_once(standing):
    assert [standing.tell_once(ME, topic) for topic in ("a", "a", "b")] == [True, False, True]


def test_forgetting_asks_and_tells_again(standing):
    standing.refuse(ME, OPUS, NO_CREDITS)
    standing.cool(ME, "opus", Cooldown(10.0, "x"))
    standing.tell_once(ME, "topic")
    standing.saw(ME, "opus", Quota(fast_input=Bucket(1, 1, 0.0)))
    standing.forget_refusals()
    assert standing.state(ME, OPUS, "opus", 0.0)[0] == "on"
    assert standing.tell_once(ME, "topic")
    assert standing.quota(ME, "opus").fast_input  # what is known of the quota stays true


def test_the_last_of_each_bucket_is_kept(standing):
    fast, newer, standard = Bucket(9, 9, 0.0), Bucket(9, 3, 5.0), Bucket(4, 4, 1.0)
    standing.saw(ME, "opus", Quota(fast_input=fast))
    standing.saw(ME, "opus", Quota(standard_input=standard))
    standing.saw(ME, "opus", Quota(fast_input=newer))
    assert standing.quota(ME, "opus") == Quota(fast_input=newer, standard_input=standard)


def test_a_header_is_learnt(standing):
    assert not standing.wants_header(ME, "claude-opus-6")
    standing.learn_header(ME, "claude-opus-6")
    assert standing.wants_header(ME, "claude-opus-6")


def test_what_an_answer_made_is_taken_out_of_the_known_bucket(standing):
    standing.spent(ME, "opus", 700, 0.0, 9.0)  # nothing is known: nothing to take it from
    assert standing.quota(ME, "opus") == Quota()
    standing.saw(ME, "opus", Quota(fast_input=Bucket(9_000, 9_000, 0.0), fast_output=Bucket(6_000, 500, 0.0)))
    standing.spent(ME, "opus", 700, 0.0, 9.0)
    assert standing.quota(ME, "opus") == Quota(Bucket(9_000, 9_000, 0.0), Bucket(6_000, -200, 0.0))
    assert standing.quota(OTHERS[0], "opus") == Quota()


def test_the_fast_pool_and_the_model_s_own_buckets_are_one_quota(standing):
    standing.saw(ME, "opus", Quota(fast_input=Bucket(9, 9, 0.0)))
    standing.saw(ME, OPUS, Quota(requests=Bucket(5, 5, 0.0)))
    assert standing.quota(ME, "opus", OPUS) == Quota(fast_input=Bucket(9, 9, 0.0), requests=Bucket(5, 5, 0.0))
    assert standing.quota(ME, "opus", "claude-opus-5").requests is None
    assert set(standing.quotas(ME)) == {"opus", OPUS}
    assert standing.quotas(OTHERS[0]) == {}


def test_a_newer_report_of_another_kernel_is_learned_and_an_older_one_is_not(standing):
    mine, newer = Bucket(9, 9, 10.0), Bucket(9, 2, 20.0)
    standing.saw(ME, "opus", Quota(fast_input=mine))
    standing.learn(ME, {"opus": Quota(fast_input=Bucket(9, 1, 5.0), fast_output=Bucket(8, 8, 5.0))})
    assert standing.quota(ME, "opus") == Quota(fast_input=mine, fast_output=Bucket(8, 8, 5.0))
    standing.learn(ME, {"opus": Quota(fast_input=newer)})
    assert standing.quota(ME, "opus").fast_input == newer


def test_what_was_doubted_is_not_learned_again(standing):
    old, new = Quota(fast_input=Bucket(9, 9, 10.0)), Quota(fast_input=Bucket(9, 1, 31.0))
    standing.saw(ME, "opus", old)
    standing.doubt(ME, "opus", 30.0)
    standing.learn(ME, {"opus": old})
    assert standing.quota(ME, "opus") == Quota()
    standing.learn(ME, {"opus": new})
    assert standing.quota(ME, "opus") == new


def test_what_is_heard_is_told_and_what_is_learned_is_not(standing):
    heard = []
    standing.heard = heard.append
    standing.learn(ME, {"opus": Quota(fast_output=Bucket(9, 9, 0.0))})
    assert heard == []
    standing.saw(ME, "opus", Quota(fast_output=Bucket(9, 9, 1.0)))
    standing.spent(ME, "opus", 5, 1.0, 2.0)
    assert heard == [ME, ME]
