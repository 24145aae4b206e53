"""A report in a terminal: tables in columns, everything else as it is."""

from fastmode_magic.magics.claude import plain

REPORT = """**Models** and `code`

| model | price |
|---|---:|
| `claude-opus-5-5` | `$8 / $40` |
| x |  |

after

```json
| not | a table |
```
"""


def test_a_report():
    assert plain(REPORT) == (
        "Models and code\n\nmodel            price\nclaude-opus-5-5  $8 / $40\nx\n\nafter\n\n| not | a table |\n"
    )
