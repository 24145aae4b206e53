"""Calls of tools: scripted ones, and those that the simulator makes by itself for practice."""

from __future__ import annotations

import json

import pytest

from fastmode_magic.simulator import Scenario
from fastmode_magic.simulator.answers import PRACTICE, compose
from fastmode_magic.simulator.wire import pieces


def tool(name, required=None, **properties):
    schema = {"type": "object", "properties": properties}
    return {"name": name, "input_schema": schema if required is None else schema | {"required": required}}


INTEGER, NUMBER, STRING = {"type": "integer"}, {"type": "number"}, {"type": "string"}
ADD = tool("add", ["a", "b"], a=INTEGER, b=INTEGER)
WEATHER = tool("get_weather", ["city"], city=STRING, unit={"enum": ["celsius", "fahrenheit"]}, days=INTEGER)


def made(prompt, tools, scenario=Scenario(), max_tokens=4_000, **more):  # noqa: B008 - it is frozen
    """The text and the calls of an answer, and why it stopped."""
    body = {"messages": [{"role": "user", "content": prompt}], "tools": tools, "max_tokens": max_tokens, **more}
    answer = compose(body, scenario, 0)
    calls = [(call.name, json.loads("".join(call.pieces))) for call in answer.calls]
    return "".join(answer.text), calls, answer.stop_reason


def streamed(client, **request):
    """The events of a stream: types of blocks, the JSON parts of each call, and all events."""
    found = list(client.messages.create(stream=True, **request))
    parts = {}
    for each in found:
        if each.type == "content_block_delta" and each.delta.type == "input_json_delta":
            parts.setdefault(each.index, []).append(each.delta.partial_json)
    return [each.content_block for each in found if each.type == "content_block_start"], parts, found


@pytest.mark.parametrize(
    ("prompt", "tools", "calls"),
    [
        ("add 2 and 40", [ADD], [("add", {"a": 2, "b": 40})]),
        ("Please add 2 and -40.", [WEATHER, ADD], [("add", {"a": 2, "b": -40})]),
        ("What is the weather in Paris?", [ADD, WEATHER], [("get_weather", {"city": "Paris"})]),
        (
            "Use get_weather for 'New York', unit fahrenheit, days 3.",
            [ADD, WEATHER],
            [("get_weather", {"city": "New York", "unit": "fahrenheit", "days": 3})],
        ),
        (
            "Call get_weather for `Rome`, then add 1 and 2.5 and 3.",
            [ADD, WEATHER],
            [("get_weather", {"city": "Rome"}), ("add", {"a": 1, "b": 3})],
        ),
        ("Hello", [ADD], [("add", {"a": 1, "b": 1})]),
        ("Hello", [tool("now")], [("now", {})]),
        ("2 and 2.5", [tool("scale", by=NUMBER, of=NUMBER)], [("scale", {"by": 2, "of": 2.5})]),
        ("Look at the sales chart.", [ADD, tool("readSalesChart")], [("readSalesChart", {})]),
    ],
)
def test_a_prompt_that_names_a_tool_calls_it(prompt, tools, calls):
    said = " and ".join(f"`{name}`" for name, _ in calls)
    assert made(prompt, tools) == (f"I call {said}.", calls, "tool_use")


@pytest.mark.parametrize("prompt", ["Explain SQL.", "Add it up, whatever it be: 2+2?"])
def test_a_prompt_that_names_none_of_several_tools_is_answered(prompt):
    text, calls, stop = made(prompt, [WEATHER, tool("plot_histogram")])
    assert (calls, stop) == ([], "end_turn")
    assert text == "4" or text.startswith(PRACTICE)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "none"}, []),
        ({"type": "auto"}, ["add", "get_weather"]),
        ({"type": "auto", "disable_parallel_tool_use": True}, ["add"]),
        ({"type": "tool", "name": "get_weather"}, ["get_weather"]),
    ],
)
def test_the_choice_of_tools_is_kept(choice, names):
    _, calls, _ = made("add the weather", [ADD, WEATHER], tool_choice=choice)
    assert [name for name, _ in calls] == names


def test_any_tool_is_better_than_none():
    assert made("Hello", [ADD, WEATHER], tool_choice={"type": "any"})[1][0][0] == "add"


def test_a_whole_conversation_with_a_tool(client, ask):
    question = {"role": "user", "content": "add 2 and 40"}
    request = {**ask, "tools": [ADD, WEATHER]}
    first = client.messages.create(**request | {"messages": [question]})
    text, call = first.content
    assert (text.text, first.stop_reason) == ("I call `add`.", "tool_use")
    assert (call.name, call.input, call.id[:9]) == ("add", {"a": 2, "b": 40}, "toolu_sim")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "42"}
    answer = {"role": "assistant", "content": [block.to_dict() for block in first.content]}
    messages = [question, answer, {"role": "user", "content": [result]}]
    second = client.messages.create(**request | {"messages": messages})
    assert second.content[0].text == f"{PRACTICE}\n\n`add` returned: 42\n"
    assert second.stop_reason == "end_turn"
    messages += [{"role": "assistant", "content": second.content[0].text}, {"role": "user", "content": "Thank you."}]
    third = client.messages.create(**request | {"messages": messages})
    assert third.content[0].text.splitlines()[2] == "This is turn 2 of the conversation."


def test_each_result_is_reported():
    picture = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    results = [
        ("toolu_1", {"content": "x" * 301}),
        ("toolu_2", {"content": "division by zero", "is_error": True}),
        ("toolu_3", {"content": [{"type": "text", "text": "a plot"}, picture]}),
        ("toolu_4", {}),
    ]
    calls = [{"type": "tool_use", "id": name, "name": f"f{name[-1]}", "input": {}} for name, _ in results]
    given = [{"type": "tool_result", "tool_use_id": name, **fields} for name, fields in results]
    messages = [{"role": "user", "content": "Go"}, {"role": "assistant", "content": calls}]
    body = {"messages": [*messages, {"role": "user", "content": given}], "tools": [ADD], "max_tokens": 4_000}
    assert "".join(compose(body, Scenario(), 0).text).split("\n\n") == [
        PRACTICE,
        f"`f1` returned: {'x' * 299}…",
        "`f2` failed: division by zero",
        "`f3` returned: a plot 1 image",
        "`f4` returned: nothing\n",
    ]


def test_a_call_is_streamed_in_pieces(sim, client, ask):
    given = {"text": "Ünï🚀", "numbers": [1, 2.5], "none": None}
    sim.script(Scenario(text="I look.", calls=({"name": "look", "input": given}, {"name": "now", "input": {}})))
    blocks, parts, found = streamed(client, **ask)
    assert [block.type for block in blocks] == ["text", "tool_use", "tool_use"]
    assert [(block.name, block.input) for block in blocks[1:]] == [("look", {}), ("now", {})]
    assert len({block.id for block in blocks[1:]}) == 2
    assert json.loads("".join(parts[1])) == given
    assert (parts[1][0], parts[2]) == ("", ["", "{}"])
    assert len(parts[1]) > 5
    tokens = len(pieces("I look.")) + sum(len(each) - 1 for each in parts.values())
    assert found[-2].usage.output_tokens == tokens
    assert found[-2].delta.stop_reason == "tool_use"


def test_the_whole_message_equals_the_stream(simulate, client_of, ask):
    request = {**ask, "tools": [ADD], "messages": [{"role": "user", "content": "add 2 and 40"}]}
    whole = client_of(simulate()).messages.create(**request)
    with client_of(simulate()).messages.stream(**request) as stream:
        found = stream.get_final_message()
    assert [block.to_dict() for block in found.content] == [block.to_dict() for block in whole.content]
    assert found.usage.output_tokens == whole.usage.output_tokens


def test_ids_are_never_the_same_twice(sim, client, ask):
    sim.scenario = Scenario(calls=({"name": "f"}, {"name": "f"}))
    ids = [block.id for _ in range(5) for block in client.messages.create(**ask).content]
    assert len(set(ids)) == 10


@pytest.mark.parametrize("given", ['{"city": "Par', "[1, 2]", "", "nonsense"])
def test_an_input_may_be_broken(sim, client, ask, given):
    sim.script(*[Scenario(calls=({"name": "look", "input": given},))] * 2)
    _, parts, found = streamed(client, **ask)
    assert "".join(parts[0]) == given
    assert found[-2].delta.stop_reason == "tool_use"
    assert client.messages.create(**ask).content[0].input == {}


def test_max_tokens_cuts_a_call_in_two(sim, client, ask):
    calls = ({"name": "look", "input": {"where": "in the garden"}}, {"name": "look", "input": {}})
    sim.script(*[Scenario(text="One two.", calls=calls)] * 2)
    room = len(pieces("One two.")) + 4
    blocks, parts, found = streamed(client, **ask | {"max_tokens": room})
    assert [block.type for block in blocks] == ["text", "tool_use"]
    assert "".join(parts[1]) == "".join(pieces('{"where": "in the garden"}')[:4])
    assert (found[-2].delta.stop_reason, found[-2].usage.output_tokens) == ("max_tokens", room)
    whole = client.messages.create(**ask | {"max_tokens": room})
    assert (whole.content[1].input, whole.stop_reason) == ({}, "max_tokens")


@pytest.mark.parametrize(
    ("room", "kinds", "stop"),
    [(2, ["text"], "max_tokens"), (3, ["text"], "max_tokens"), (4, ["text", "tool_use"], "tool_use")],
)
def test_max_tokens_at_the_edge_of_a_call(sim, client, ask, room, kinds, stop):
    sim.script(Scenario(text="One two.", calls=({"name": "now", "input": {}},)))
    assert len(pieces("One two.")) == 3
    message = client.messages.create(**ask | {"max_tokens": room})
    assert ([block.type for block in message.content], message.stop_reason) == (kinds, stop)


def test_a_stop_sequence_ends_before_the_calls(sim, client, ask):
    sim.script(Scenario(text="One STOP two", calls=({"name": "now"},)))
    message = client.messages.create(**ask, stop_sequences=["STOP"])
    assert ([block.type for block in message.content], message.stop_reason) == (["text"], "stop_sequence")


def test_a_scenario_that_says_nothing_of_the_call_takes_it_from_the_request():
    text, calls, stop = made("of 7", [ADD, WEATHER], Scenario(calls=({}, {"name": "get_weather"}, {"name": "else"})))
    assert (text, stop) == ("", "tool_use")
    assert calls == [("add", {"a": 7, "b": 1}), ("get_weather", {"city": "Practice city 1"}), ("else", {})]
    assert made("Hello", [], Scenario(calls=({},)))[1] == [("practice", {})]


def test_the_named_scenario_never_stops_calling(simulate, client_of, ask):
    client, messages = client_of(simulate(scenario="tool_call")), list(ask["messages"])
    for _ in range(3):
        message = client.messages.create(**ask | {"messages": messages}, tools=[ADD])
        (call,) = message.content
        assert (call.name, message.stop_reason) == ("add", "tool_use")
        messages.append({"role": "assistant", "content": [call.to_dict()]})
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "1"}
        messages.append({"role": "user", "content": [result]})


@pytest.mark.parametrize("fault", ["cut", "error_event"])
def test_a_stream_may_break_inside_a_call(sim, client, ask, fault):
    sim.script(Scenario(calls=({"name": "look", "input": {"where": "in the garden"}},), fault=fault, fault_after=3))
    seen = []
    with pytest.raises(Exception, match=r"Overloaded|closed|incomplete"):
        seen.extend(client.messages.create(stream=True, **ask))
    parts = [each.delta.partial_json for each in seen if each.type == "content_block_delta"]
    assert "".join(parts) == "".join(pieces('{"where": "in the garden"}')[:3])


def test_a_length_or_a_text_of_a_scenario_leaves_no_room_for_practice():
    assert made("add 1 and 2", [ADD], Scenario(text="No."))[1:] == ([], "end_turn")
    assert made("add 1 and 2", [ADD], Scenario(tokens=5))[1:] == ([], "end_turn")
    assert made("add 1 and 2", [ADD], Scenario(text=""))[:2] == ("", [])


def test_structured_output_comes_after_the_tools(client, ask):
    schema = {"type": "object", "properties": {"sum": INTEGER}, "required": ["sum"], "additionalProperties": False}
    question = {"role": "user", "content": "add 2 and 40"}
    request = {**ask, "tools": [ADD], "output_config": {"format": {"type": "json_schema", "schema": schema}}}
    first = client.messages.create(**request | {"messages": [question]})
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "42"}
    answer = {"role": "assistant", "content": [block.to_dict() for block in first.content]}
    second = client.messages.create(**request | {"messages": [question, answer, {"role": "user", "content": [result]}]})
    assert list(json.loads(second.content[0].text)) == ["sum"]
