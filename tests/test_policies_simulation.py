"""`auto` beside an oracle that knows the future, in virtual time: a part of tests/benchmarks/policies.py."""

import sys
from pathlib import Path
from statistics import mean, median

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import policies
from oracle import Oracle
from policies import GREEDY, HELD_OUT, ORACLE, STRATEGIES, compared, lived
from workloads import FAMILIES, made

EACH = 8
AUTO, NEVER_FAST = "`auto`", "never fast"


@pytest.fixture(scope="module")
def workloads():
    return made(HELD_OUT, EACH)


@pytest.fixture(scope="module")
def found(workloads):
    return [compared(workload, f"test {at}") for at, workload in enumerate(workloads)]


def test_auto_is_near_the_oracle(found):
    assert median(policies.ratios(found, AUTO)) <= 1.05


def test_auto_is_near_one_that_knows_all_of_each_prompt(found):
    """Of so few workloads the 95th percentile is that of three: the whole table has it."""
    ratios = policies.ratios(found, AUTO, GREEDY)
    assert median(ratios) <= 1.02
    assert sum(ratio <= 1.15 for ratio in ratios) >= 0.85 * len(ratios)
    assert mean(ratios) <= 1.08


def test_no_fixed_policy_is_faster_over_all(found):
    total_s = {name: sum(results[name].total_s for results in found) for name in STRATEGIES}
    assert total_s[AUTO] <= 1.02 * min(total_s.values())


def test_nothing_is_faster_than_the_oracle(found):
    for name in (*STRATEGIES, GREEDY):
        assert min(policies.ratios(found, name)) > 1 - 1e-6, name


def test_the_oracle_lives_in_the_same_world(workloads):
    for workload in workloads[::EACH]:
        result, plan = lived(workload, NEVER_FAST, "test")
        assert result.total_s == pytest.approx(Oracle(workload).total(plan))


def test_the_oracle_finds_about_what_trying_all_plans_finds():
    small = [oracle for oracle in map(Oracle, made("small", 6)) if 9 <= oracle.choices <= 10]
    ratios = [oracle.best()[0] / oracle.exhaustive()[0] for oracle in small]
    assert len(ratios) >= 5
    assert mean(ratios) < 1.01


def test_each_family_has_its_own_difficulty(workloads, found):
    assert len(FAMILIES) * EACH == len(workloads) == len(found)
    assert sum(results[NEVER_FAST].total_s for results in found) > 1.3 * sum(r[ORACLE].total_s for r in found)
    assert sum(results[AUTO].wasted for results in found) > len(found)


def test_the_same_seed_gives_the_same(workloads):
    for workload in workloads[::EACH]:
        assert lived(workload, AUTO, "one") == lived(workload, AUTO, "one")
