"""Values that conform to a JSON schema and read as if somebody had meant them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastmode_magic.simulator.findings import Findings
from fastmode_magic.simulator.patterns import matching
from fastmode_magic.simulator.schemas import Schema, target

_SENTENCES = (
    "abstract analysis answer body comment content description explanation feedback note reason reasoning summary text"
)
_MEETS = ("anyOf", "oneOf")
# What stands for a value that would have no end.
_ENDLESS = object()


def instance(schema: Schema, findings: Findings, name: str = "answer") -> Any:
    """A value for this schema, made of what was found in a prompt; None where no finite value conforms."""
    made = _Maker(schema, findings).value(schema, name, ())
    return None if made is _ENDLESS else made


class _Maker:
    """Makes the values of one schema, whose definitions are in `root`; `path` are the references followed so far."""

    def __init__(self, root: Schema, findings: Findings) -> None:
        self._root = root
        self._findings = findings

    def value(self, schema: Any, name: str, path: tuple[str, ...]) -> Any:
        """A value for this part, or `_ENDLESS`."""
        if not isinstance(schema, Mapping):
            return _ENDLESS if schema is False else self._string({}, name)
        if isinstance(reference := schema.get("$ref"), str):
            return self._referred(schema, reference, name, path)
        if isinstance(schema.get("allOf"), list):
            return self._joined_all(schema, name, path)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._enumerated(schema["enum"], name)
        for key in _MEETS:
            if isinstance(schema.get(key), list):
                return self._alternative(schema, key, name, path)
        return self._typed(schema, name, path)

    def _referred(self, schema: Schema, reference: str, name: str, path: tuple[str, ...]) -> Any:
        # Once around a circle is enough to show that it is one, and far down not even that.
        if path.count(reference) > (1 if len(path) < 4 else 0):
            return _ENDLESS
        found = target(reference, self._root)
        if isinstance(found, Mapping):
            found = _joined(found, _without(schema, "$ref"))
        return self.value(found, name, (*path, reference))

    def _joined_all(self, schema: Schema, name: str, path: tuple[str, ...]) -> Any:
        """A value for all parts of an `allOf` at once."""
        parts = [part for part in schema["allOf"] if isinstance(part, Mapping)]
        references = [part["$ref"] for part in parts if "$ref" in part]
        if any(path.count(reference) > 1 for reference in references):
            return _ENDLESS
        found = [target(part["$ref"], self._root) if "$ref" in part else part for part in parts]
        whole = _joined(_without(schema, "allOf"), *(part for part in found if isinstance(part, Mapping)))
        return self.value(whole, name, (*path, *references))

    def _enumerated(self, values: list[Any], name: str) -> Any:
        """The value that the prompt names, or one after the other."""
        said = [value for value in values if isinstance(value, str) and value.lower() in self._findings.words]
        number = self._findings.count(f"{name} of {values}")
        return said[0] if len(said) == 1 and number == 1 else values[(number - 1) % len(values)]

    def _alternative(self, schema: Schema, key: str, name: str, path: tuple[str, ...]) -> Any:
        """A value for one of the alternatives, null last of all."""
        shared = _without(schema, key)
        options = sorted(schema[key], key=lambda each: isinstance(each, Mapping) and each.get("type") == "null")
        for option in options:
            whole = _joined(shared, option) if isinstance(option, Mapping) else option
            if (made := self.value(whole, name, path)) is not _ENDLESS:
                return made
        return _ENDLESS

    def _typed(self, schema: Schema, name: str, path: tuple[str, ...]) -> Any:
        declared = schema.get(
            "type", "object" if "properties" in schema else "array" if "items" in schema else "string"
        )
        kinds = [kind for kind in declared if kind != "null"] or ["null"] if isinstance(declared, list) else [declared]
        match kinds[0]:
            case "object":
                return self._object(schema, path)
            case "array":
                return self._array(schema, name, path)
            case "integer" | "number" as kind:
                return self._number(schema, name, whole=kind == "integer")
            case "boolean":
                return self._findings.count(f"{name}?") % 2 == 1
            case "null":
                return None
        return self._string(schema, name)

    def _object(self, schema: Schema, path: tuple[str, ...]) -> Any:
        """An object with all properties but those without end."""
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        others = schema.get("additionalProperties", True)
        made: dict[str, Any] = {}
        for name in dict.fromkeys([*properties, *required]):
            found = self.value(properties.get(name, others), name, path)
            if found is not _ENDLESS:
                made[name] = found
            elif name in required:
                return _ENDLESS
        return made

    def _array(self, schema: Schema, name: str, path: tuple[str, ...]) -> Any:
        """Two or three items, fewer where they would have no end or the schema says so."""
        least, items = int(schema.get("minItems", 0)), schema.get("items", True)
        wanted = min(max(least, 2 + self._findings.count(f"{name}[]") % 2), int(schema.get("maxItems", least + 3)))
        label = name[:-1] if name.endswith("s") and not name.endswith("ss") else name
        made: list[Any] = []
        for part in [*schema.get("prefixItems", ()), *[items] * wanted][:wanted]:
            found = self.value(part, label, path)
            if found is _ENDLESS:
                break
            if not (schema.get("uniqueItems") and found in made):
                made.append(found)
        return made if len(made) >= least else _ENDLESS

    def _number(self, schema: Schema, name: str, *, whole: bool) -> float:
        """A number of the prompt if one fits, else the next one inside the bounds."""
        step = schema.get("multipleOf") or (1 if whole else None)
        low, high = _bounds(schema)

        def fits(value: float) -> bool:
            return low <= value <= high and (not whole or value == int(value)) and (not step or value % step == 0)

        if (said := self._findings.number(fits)) is not None:
            return int(said) if whole else said
        number = self._findings.count(name)
        if not step:
            return _between(low, high, number)
        made = _stepped(low, high, step, number)
        return int(made) if whole else made

    def _string(self, schema: Schema, name: str) -> str:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
        label = name.replace("_", " ").replace("-", " ").strip().lower() or "value"
        number = self._findings.count(name)
        topic = self._findings.topic(number, label)
        if isinstance(pattern := schema.get("pattern"), str) and (found := matching(pattern, number)) is not None:
            return found
        if (formatted := _formatted(schema.get("format"), topic, number)) is not None:
            return formatted
        if label.split()[-1] in _SENTENCES.split():
            return _fitted(f"Practice {label} {number}, about {topic}.", least, most)
        said = self._findings.text(lambda text: least <= len(text) <= most)
        return said if said is not None else _fitted(f"{topic.capitalize()} {label} {number}", least, most)


def _joined(*parts: Schema) -> dict[str, Any]:
    """One schema of several: what is required and the properties together, of the rest the last one."""
    whole: dict[str, Any] = {}
    for part in parts:
        required = [*whole.get("required", ()), *part.get("required", ())]
        properties = {**whole.get("properties", {}), **part.get("properties", {})}
        whole |= part
        whole |= ({"required": required} if required else {}) | ({"properties": properties} if properties else {})
    return whole


def _without(schema: Schema, key: str) -> dict[str, Any]:
    return {other: each for other, each in schema.items() if other != key}


def _bounds(schema: Schema) -> tuple[float, float]:
    """The least and the greatest number that a schema allows, the ends included."""
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    lows = [schema.get("minimum"), None if above is None else math.nextafter(above, math.inf)]
    highs = [schema.get("maximum"), None if below is None else math.nextafter(below, -math.inf)]
    low = max((each for each in lows if each is not None), default=-math.inf)
    return low, min((each for each in highs if each is not None), default=math.inf)


def _stepped(low: float, high: float, step: float, number: int) -> float:
    """The number-th multiple of `step` inside the bounds, from the beginning again after the last."""
    first = math.ceil(low / step) if low > -math.inf else math.floor(min(step, high) / step)
    room = math.floor(high / step) - first + 1 if high < math.inf else number
    return (first + (number - 1) % max(room, 1)) * step


def _between(low: float, high: float, number: int) -> float:
    """The number-th of some numbers inside the bounds."""
    if -math.inf < low and high < math.inf:
        found = low + (high - low) * (number % 9 + 0.5) / 9.5
        return near if low <= (near := round(found, 4)) <= high else found
    return high - number + 0.5 if high < math.inf else max(low, 0.0) + number - 0.5


def _fitted(text: str, least: int, most: int) -> str:
    return (text + "." * (least - len(text)))[:most]


def _formatted(format_: object, topic: str, number: int) -> str | None:
    """A text of one of the formats that structured output knows."""
    host = f"{''.join(each for each in topic if each.isascii()) or 'practice'}.example.com"
    day = 1 + (number - 1) % 28
    return {
        "date": f"2026-01-{day:02}",
        "time": f"{number % 24:02}:30:00Z",
        "date-time": f"2026-01-{day:02}T09:30:00Z",
        "duration": f"PT{number}H",
        "email": f"person{number}@{host}",
        "hostname": host,
        "uri": f"https://{host}/{number}",
        "ipv4": f"192.0.2.{number % 250 + 1}",
        "ipv6": f"2001:db8::{number:x}",
        "uuid": f"00000000-0000-4000-8000-{number:012x}",
    }.get(str(format_))
