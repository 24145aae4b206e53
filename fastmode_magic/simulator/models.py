"""The models the simulator knows, and what `speed` means to each of them on a given day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

# ga: any `speed`. preview: only with the beta header. silent: accepted and served at standard speed.
# removed, never: any `speed` is refused; a removed one still reports `usage.speed`.
SpeedRule = Literal["ga", "preview", "silent", "removed", "never"]
Manners = Literal["strict", "modern", "old"]

CONTEXT_TOKENS = 1_000_000
LIFETIME_START = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Model:
    """A model: `phases` are (first day, rule) in order of time, `min_cache` is in tokens.

    `manners` says which requests it takes: "strict" thinks always, "modern" refuses sampling parameters, thinking
    budgets and prefill, "old" takes all of them.
    """

    id: str
    display_name: str
    phases: tuple[tuple[date, SpeedRule], ...] = ()
    min_cache: int = 1_024
    max_output: int = 128_000
    manners: Manners = "old"
    pool: Literal["opus", "fable"] = "opus"

    def speed_rule(self, today: date) -> SpeedRule:
        """What the key `speed` means to this model on that day."""
        rule: SpeedRule = "never"
        for start, each in self.phases:
            if today >= start:
                rule = each
        return rule

    def card(self) -> dict[str, Any]:
        """The model as `GET /v1/models/{id}` shows it."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.display_name,
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "active",
            "max_input_tokens": CONTEXT_TOKENS,
            "max_tokens": self.max_output,
        }


_MODELS = (
    Model("claude-opus-5-5", "Claude Opus 5.5", ((date(2026, 10, 15), "ga"),), 512, manners="strict"),
    Model("claude-fable-5-2", "Claude Fable 5.2", ((date(2026, 11, 9), "ga"),), 512, manners="strict", pool="fable"),
    Model("claude-mythos-5-2", "Claude Mythos 5.2", ((date(2026, 11, 9), "ga"),), 512, manners="strict", pool="fable"),
    Model("claude-opus-5", "Claude Opus 5", ((LIFETIME_START, "preview"),), 512, manners="modern"),
    Model(
        "claude-opus-4-8",
        "Claude Opus 4.8",
        ((LIFETIME_START, "preview"), (date(2026, 11, 30), "removed")),
        1_024,
        manners="modern",
    ),
    Model(
        "claude-opus-4-7",
        "Claude Opus 4.7",
        ((date(2026, 5, 12), "preview"), (date(2026, 7, 25), "removed")),
        2_048,
        manners="modern",
    ),
    Model(
        "claude-opus-4-6",
        "Claude Opus 4.6",
        ((date(2026, 2, 7), "preview"), (date(2026, 6, 30), "silent")),
        4_096,
    ),
    Model("claude-fable-5-1", "Claude Fable 5.1", manners="modern"),
    Model("claude-sonnet-5-5", "Claude Sonnet 5.5", manners="modern"),
    Model("claude-sonnet-5", "Claude Sonnet 5", manners="modern"),
    Model("claude-sonnet-4-6", "Claude Sonnet 4.6"),
    Model("claude-haiku-5-5", "Claude Haiku 5.5", manners="modern"),
    Model("claude-haiku-4-5", "Claude Haiku 4.5"),
)
MODELS: dict[str, Model] = {model.id: model for model in _MODELS}


def extra_model(name: str, rule: SpeedRule) -> Model:
    """A model of the user's own that has kept this rule since ever."""
    if rule not in ("ga", "preview", "silent", "removed", "never"):
        raise ValueError(f"{name}: a model is ga, preview, silent, removed or never, not {rule!r}.")
    return Model(name, name, ((LIFETIME_START, rule),), 512, manners="strict")
