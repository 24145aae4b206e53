"""Which braces are variables, and what they name."""

import re
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.template import Absent, find, formatted, look_up

NAMESPACE = {
    "name": "Ann",
    "x": 3.14159,
    "n": 2,
    "a": "A",
    "b": "B",
    "i": 7,
    "color": "blue",
    "größe": 5,
    "row": {"x": 1, "y z": 2, 'q"q': 3, 4: "four"},
    "obj": SimpleNamespace(attr=5, deep=SimpleNamespace(list=[10, 20])),
    "In": ["", "print(1)"],
    "day": date(2026, 11, 25),
    "_": "last",
}


def filled(text: str, namespace=NAMESPACE) -> str:
    """The text with `str()` or `format()` of each variable in its place."""
    result, at = "", 0
    for one in find(text, namespace).variables:
        result += text[at : one.start] + (formatted(one) if one.spec is not None else str(one.value))
        at = one.end
    return result + text[at:]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{name}", "Ann"),
        ("{name}{n}", "Ann2"),
        ("v{n}.csv", "v2.csv"),
        ("{x:.2f} {x:>10.1f}|{n:03d}", "3.14        3.1|002"),
        ("{day:%d.%m.%Y}", "25.11.2026"),
        ("{obj.attr} {obj.deep.list[-1]}", "5 20"),
        ("{row['x']} {row[\"y z\"]} {row[4]}", "1 2 four"),
        (r'{row["q\"q"]}', "3"),
        ('{"json": {x:.1f}, "list": [{n}, {n}]}', '{"json": 3.1, "list": [2, 2]}'),
        ('{"json": {n}}', '{"json": 2}'),
        ("[1]{n} {a}{b} {name}: {n}", "[1]2 AB Ann: 2"),
        ("{größe}", "5"),
        ("{In[1]}", "print(1)"),
        ("{_}", "last"),
        ("```python\n{name}\n```", "```python\nAnn\n```"),
        ("```python\nd = {x}\n  {name}\n```\n{n}", "```python\nd = {x}\n  Ann\n```\n2"),
        ("~~~c++\nstd::vector<int> v{x};\n~~~\n{n}", "~~~c++\nstd::vector<int> v{x};\n~~~\n2"),
        ('```json\n{"n": {n}}\n```\n```\nid {n}\n```', '```json\n{"n": 2}\n```\n```\nid 2\n```'),
        ("```rust\nlet a = {n};", "```rust\nlet a = {n};"),
        ("it's {name}, isn't it, \"{name}\"?", "it's Ann, isn't it, \"Ann\"?"),
        ("'f' {n} 'g'", "'f' 2 'g'"),
    ],
)
def test_variables(text, becomes):
    assert filled(text) == becomes


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": {"c": [2, {"n": 3}]}}',
        "{'a': 1}",
        "{a: 1}",
        "{a, b}",
        "{ a }",
        "{a }",
        r"\frac{a}{b} \text{name} \begin{name} \sqrt[n]{x}",
        r"\frac{1}{x} \frac{\sqrt{2}}{x} \frac{\frac{1}{2}}{\frac{a}{b}} \section*{name} x^{2}{n} \binom{n}{2}",
        r"x_{i} e^{n} \sum_{i}^{n} \hat{x}_{i}",
        r"\{a\}",
        "{{name}} {{{name}}} {{ name }} {% if name %} {{#name}}",
        "${name} ${HOME} #{name} %{name} @{name}",
        'f"{name}" f\'{x:.2f}\' rf"{name}\\d" F"{name}"',
        'f"""\n{name}\n{x}\n"""',
        '"{name} and {x}".format(name=1)',
        'println!("{name}") format!("{x:?} {name}")',
        '$"{name}"',
        "int main() { return x; } if (x) { a = b; }",
        "a{color:red;} p{color:red}",
        r"\d{2} {2} {2,3} {0} {} {:.2f}",
        "{x!r} {x()} {x+1} {f(x)} {row[i]} {row[a]} {x if x else n} {*a} {**row} {a:=1} {lambda: a}",
        "{obj.attr()} {obj.} {.attr} {row[} {row['x'} {row[\"x']}",
        "{name\n}",
        r"\hat {x} \frac {a}{b} \frac12{x}",
        'write!(f, "{x}"); info!("v {x}"); "{a}".format_map(d)',
    ],
)
def test_other_languages_are_left_alone(text):
    assert filled(text) == text


def test_what_is_missing_is_left_and_the_near_one_named():
    found = find("{nmae} {obj.atr} {row['xx']} {zzz}", NAMESPACE)
    assert found.variables == ()
    (notice,) = found.notices
    assert notice == (
        "Sent as written, for there is no such variable: `{nmae}`, `{obj.atr}`, `{row['xx']}`, `{zzz}`. "
        "Did you mean `{name}` or `{obj.attr}` or `{row['x']}`?"
    )


def test_many_that_are_missing_make_one_short_notice():
    (notice,) = find(" ".join(f"{{q{i}}}" for i in range(100)), NAMESPACE).notices
    assert len(notice) < 200
    assert "95 more" in notice


def test_a_variable_of_another_language_is_mentioned_if_it_is_there():
    (notice,) = find("It costs ${x}, see file_{i}.csv", NAMESPACE).notices
    assert "`${x}`, `_{i}`" in notice
    assert find("${HOME} and $ {n}", NAMESPACE).notices == ()


def test_a_variable_in_code_is_mentioned():
    (notice,) = find("```c\nint a[] = {n}; {zzz}\n```", NAMESPACE).notices
    assert (
        notice == "Sent as written, for it stands in code: `{n}`. In code, a variable alone on its line is filled in."
    )


def test_latex_is_not_mentioned():
    assert find(r"Sum $\sum_{i} x_{i}^{n}$ of \alpha_{i}", NAMESPACE).notices == ()


def test_a_short_spec_that_does_not_go_is_no_format():
    found = find("const o = {name:d}; {n:d}", NAMESPACE)
    assert [one.path for one in found.variables] == ["n"]
    assert "`{name:d}`" in found.notices[0]


def test_the_inside_of_objects_is_no_variable():
    assert filled("{obj.__class__} {row.__init__.__globals__}") == "{obj.__class__} {row.__init__.__globals__}"


def test_a_format_that_does_not_go():
    (variable,) = find("{name:.2f}", NAMESPACE).variables
    with pytest.raises(CannotSend, match=r"`\{name:\.2f\}` cannot be formatted"):
        formatted(variable)


def test_a_property_that_fails():
    class Broken:
        @property
        def value(self):
            raise RuntimeError("no database")

    with pytest.raises(CannotSend, match="RuntimeError: no database"):
        find("{broken.value}", {"broken": Broken()})


def test_nothing_is_called():
    class Trap:
        def __call__(self):
            raise AssertionError

    assert find("{trap()} {trap}", {"trap": Trap()}).variables[0].path == "trap"


def test_looking_up():
    assert look_up("obj.deep.list[0]", NAMESPACE) == 10
    with pytest.raises(Absent):
        look_up("nothing.here", NAMESPACE)
    with pytest.raises(Absent):
        look_up("f()", NAMESPACE)


@given(st.text(alphabet=st.sampled_from("{}[]\"'.:$\\_^#%fxn 0\n,()=!-"), max_size=60))
def test_whatever_is_written_around_braces(text):
    found = find(text, NAMESPACE)
    at = 0
    for one in found.variables:
        assert one.start >= at
        assert re.match(r"\{[\w.\[\]\"'\\ ^$#%{}:()=!,-]+\}", text[one.start : one.end])
        assert look_up(one.path, NAMESPACE) is one.value
        at = one.end


@given(st.text(max_size=200).filter(lambda text: "{" not in text))
def test_without_braces_nothing_is_found(text):
    assert find(text, NAMESPACE) == find("", {})
