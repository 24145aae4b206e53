"""A Claude Messages API on this machine: for practice, for workshops, and for every test of this package."""

from fastmode_magic.simulator.bills import Use
from fastmode_magic.simulator.named import SCENARIOS
from fastmode_magic.simulator.scenario import Refusal, Scenario
from fastmode_magic.simulator.server import Simulator
from fastmode_magic.simulator.settings import Recorded, Settings

__all__ = ["SCENARIOS", "Recorded", "Refusal", "Scenario", "Settings", "Simulator", "Use"]
