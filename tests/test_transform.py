"""What IPython makes of a cell once our transformers stand before its own."""

from types import SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from fastmode_magic.magics import transform


@pytest.fixture
def manager():
    found = TransformerManager()
    transform.install(SimpleNamespace(input_transformers_cleanup=found.cleanup_transforms))
    return found


def line(prompt):
    return f"get_ipython().run_line_magic('claude', {prompt!r})"


def cell(flags, body):
    return f"get_ipython().run_cell_magic('claude', {flags!r}, {body!r})\n"


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        ("what is this?", "what is this?"),
        ("what is this??", "what is this??"),
        ("it's {x} $y", "it's {x} $y"),
        ("a path\\", "a path\\"),
        ("# a heading", "# a heading"),
        ("!ls and %time", "!ls and %time"),
        ("an open ( bracket", "an open ( bracket"),
        ("an open '''", "an open '''"),
        (">>> 1 + 1", ">>> 1 + 1"),
        ("In [1]: x", "In [1]: x"),
        ("a = b; c", "a = b; c"),
        ('--fast -s "it\'s" x?', '--fast -s "it\'s" x?'),
    ],
)
def test_a_line_is_kept_to_the_letter(manager, source, prompt):
    assert manager.transform_cell(f"%claude {source}") == f"{line(prompt)};\n"
    assert manager.transform_cell(f"a = %claude {source}") == f"a = {line(prompt)}\n"
    assert manager.transform_cell(f"x = 1\n%claude {source}\ny = 2") == f"x = 1\n{line(prompt)};\ny = 2\n"


@pytest.mark.parametrize("target", ["a", "a.b", "a[0]", "a['k']", 'a["it\'s"]'])
def test_assignments(manager, target):
    assert manager.transform_cell(f"{target} = %claude what?") == f"{target} = {line('what?')}\n"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("if x:\n    %claude what?\n", f"if x:\n    {line('what?')};\n"),
        ("def f():\n    a = %claude what?\n    return a\n", f"def f():\n    a = {line('what?')}\n    return a\n"),
        ("    %claude what?\n    x = 1\n", f"{line('what?')};\nx = 1\n"),
        ("\n\n%claude what?", f"{line('what?')};\n"),
        ("%claude\twhat?", f"{line('what?')};\n"),
        ("%claude", f"{line('')};\n"),
        (
            "%claude one?\n%claude two\\\n%claude three",
            f"{line('one?')};\n{line('two' + chr(92))};\n{line('three')};\n",
        ),
        ('s = "it\'s"\n%claude what?', f's = "it\'s"\n{line("what?")};\n'),
        ("# a list (\n%claude what?", f"# a list (\n{line('what?')};\n"),
        ("%ls (\n%claude what?", f"get_ipython().run_line_magic('ls', '(')\n{line('what?')};\n"),
        ("a = (\n1)\n%claude what?", f"a = (\n1)\n{line('what?')};\n"),
        ("s = '''\n'''\n%claude what?", f"s = '''\n'''\n{line('what?')};\n"),
        ("x = !ls (\n%claude what?", f"x = get_ipython().getoutput('ls (')\n{line('what?')};\n"),
        ("x = %ls (\n%claude what?", f"x = get_ipython().run_line_magic('ls', '(')\n{line('what?')};\n"),
    ],
)
def test_where_a_statement_begins(manager, source, code):
    assert manager.transform_cell(source) == code


@pytest.mark.parametrize(
    "source",
    [
        "s = '''\n%claude what?\n'''\n",
        's = f"""{x}\n%claude what?\n"""\n',
        "s = '''it\\'''\n%claude what?\n'''\n",
        "f(\n%claude\n)\n",
        "x = 5 + \\\n%claude\n",
        "print('%claude what?')\n",
        "# %claude what?\n",
        "s = 'a\\\n%claude what\n'\n",
        "a == %claude\n",
        "x = 1\n'''\n%%claude\n'''\n",
    ],
)
def test_what_is_not_ours_stays(manager, source):
    assert manager.transform_cell(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "%claude?",
        "%%claude?",
        "%claude??",
        "?%claude",
        "?%%claude",
        "%claudette what",
        "%%claudette\nwhat",
        "%%time\n%claude what?",
        "%%writefile x\n%%claude\nwhat",
        "!echo \\\n%claude what",
        "%time \\\n%claude what",
        "%load_ext x\n!ls\nx?",
    ],
)
def test_what_is_ipythons_stays_ipythons(manager, source):
    assert manager.transform_cell(source) == TransformerManager().transform_cell(source)


@pytest.mark.parametrize(
    ("source", "flags", "body"),
    [
        ("%%claude\nwhat is this?\n", "", "what is this?\n"),
        ("%%claude reply --fast\nwhat?", "reply --fast", "what?\n"),
        ('%%claude -s "it\'s"\nwhat?\n', '-s "it\'s"', "what?\n"),
        ("%%claude\n>>> 1 + 1\n>>> 2\n", "", ">>> 1 + 1\n>>> 2\n"),
        ("%%claude\nIn [1]: x\nIn [2]: y\n", "", "In [1]: x\nIn [2]: y\n"),
        ("%%claude\n    indented\n  less\n", "", "    indented\n  less\n"),
        ("%%claude\n!ls\n%time x\n%%claude\nx?\n", "", "!ls\n%time x\n%%claude\nx?\n"),
        ("%%claude\na \\\nb '''\n", "", "a \\\nb '''\n"),
        ("%%claude\n\n\nblank lines\n\n", "", "\n\nblank lines\n\n"),
        ("\n\n%%claude --fast\nwhat?\n", "--fast", "what?\n"),
        ("%%claude\t--fast  \nwhat?\n", "--fast", "what?\n"),
    ],
)
def test_a_cell_is_kept_to_the_letter(manager, source, flags, body):
    assert manager.transform_cell(source) == cell(flags, body)


@pytest.mark.parametrize("source", ["%%claude", "%%claude\n", "%%claude --fast"])
def test_a_cell_without_a_body_is_still_ours(manager, source):
    assert manager.transform_cell(source) == cell("--fast" if "fast" in source else "", "\n")


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n%%claude\nwhat?",
        "# a comment\n%%claude --fast\nwhat?",
        "%claude one\n%%claude\ntwo",
        "if x:\n    %%claude\n    what?",
    ],
)
def test_a_misplaced_cell_magic_gets_our_sentence(manager, source):
    assert manager.transform_cell(source) == f"{line('--misplaced')}\n"


@pytest.mark.parametrize(
    ("source", "state"),
    [
        ("%claude what is this?", "complete"),
        ("%claude it's (", "complete"),
        ("a = %claude what (", "complete"),
        ("%%claude --fast", "incomplete"),
        ("%%claude\nwhat?", "incomplete"),
        ("%%claude\nwhat?\n\n", "complete"),
    ],
)
def test_when_a_terminal_asks_for_more(manager, source, state):
    assert manager.check_complete(source)[0] == state


def test_installing_twice_and_removing():
    theirs = TransformerManager().cleanup_transforms
    shell = SimpleNamespace(input_transformers_cleanup=list(theirs))
    transform.install(shell)
    transform.install(shell)
    assert len(shell.input_transformers_cleanup) == len(theirs) + 2
    assert shell.input_transformers_cleanup[2:] == theirs
    transform.remove(shell)
    assert shell.input_transformers_cleanup == theirs
