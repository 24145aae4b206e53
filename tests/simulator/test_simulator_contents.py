"""Images, PDFs, tools, calls and marks for the cache: what the API refuses of them, and how many tokens they are."""

from __future__ import annotations

import base64
import json
import struct

import httpx2
import pytest

HEADERS = {"authorization": "Bearer sk-test", "anthropic-version": "2026-10-21"}
MARK = {"cache_control": {"type": "ephemeral"}}


def encoded(data):
    return base64.b64encode(data).decode()


def png(width=640, height=480):
    """A file that begins like a PNG of this size."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(20)


def image(data, media_type="image/png", **more):
    """An image block; bytes are encoded, a string is sent as it is."""
    sent = encoded(data) if isinstance(data, bytes) else data
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": sent}, **more}


def pdf(data=b"%PDF-1.7\n", media_type="application/pdf"):
    return {"type": "document", "source": {"type": "base64", "media_type": media_type, "data": encoded(data)}}


def text(words="Hi", **more):
    return {"type": "text", "text": words, **more}


def use(name="toolu_1", **more):
    return {"type": "tool_use", "id": name, "name": "add", "input": {}, **more}


def result(name="toolu_1", content="42", **more):
    return {"type": "tool_result", "tool_use_id": name, "content": content, **more}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def tool(name="add", **schema):
    return {"name": name, "input_schema": {"type": "object", "properties": {}, **schema}}


def called(*after, before=None):
    """A conversation in which `add` was called."""
    return [user(text()), assistant(*(before or [use()])), *after]


WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
GIF = b"GIF89a" + struct.pack("<HH", 30, 20) + bytes(10)
SOURCE = "messages.0.content.0.image.source"
UNEXPECTED = "unexpected `tool_use_id` found in `tool_result` blocks: "
WITHOUT_RESULT = "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: "

# messages, the sentence
WRONG_MESSAGES = [
    ([user({"type": "image_url"})], "messages.0.content.0: Input tag 'image_url' found using 'type' does not match"),
    ([user(use())], "messages.0: `tool_use` blocks can only be in `assistant` messages"),
    ([assistant(result()), user(text())], "messages.0: `tool_result` blocks can only be in `user` messages"),
    (
        [user({"type": "thinking", "thinking": "", "signature": ""})],
        "messages.0.content: thinking blocks may only be in `assistant` messages",
    ),
    ([user(text(" \n"))], "messages: text content blocks must contain non-whitespace text"),
    ([user(text(""))], "messages: text content blocks must be non-empty"),
    ([user(text("", **MARK))], "messages.0.content.0.text: cache_control cannot be set for empty text blocks"),
    ([user({"type": "text"})], "messages.0.content.0.text.text: Field required"),
    ([user({"type": "image"})], f"{SOURCE}: Field required"),
    ([user({"type": "image", "source": {"type": "path"}})], f"{SOURCE}: Input tag 'path' found using 'type'"),
    ([user(image(png(), "image/tiff"))], f"{SOURCE}.base64.media_type: Input should be 'image/jpeg', 'image/png'"),
    ([user(image("not base64!"))], "Could not process image"),
    ([user(image(b"<svg></svg>"))], "Could not process image"),
    ([user(image(b"RIFF1234WAVEfmt "))], "Could not process image"),
    (
        [user(image(JPEG, "image/png"))],
        f"{SOURCE}.base64.data: Image does not match the provided media type image/png",
    ),
    (
        [user(text(), image(png(8_001, 10)))],
        f"{SOURCE.replace('t.0', 't.1')}.base64.data: At least one of the image dimensions exceed max allowed size: 80",
    ),
    (
        [user(image("A" * (5 * 1024 * 1024 + 4)))],
        f"{SOURCE}.base64: image exceeds 5 MB maximum: 5242884 bytes > 5242880 bytes",
    ),
    ([user(pdf(b"PK\x03\x04"))], "messages.0.content.0.pdf.source.base64.data: The PDF specified was not valid."),
    ([user(pdf(media_type="text/html"))], "messages.0.content.0.document.source.base64.media_type: Input should be"),
    (called(user(result(content=[pdf(b"x")]))), "messages.2.content.0.tool_result.content.0.pdf.source.base64.data"),
    (called(user(result(content=[use()]))), "messages.2.content.0.tool_result.content.0: Input tag 'tool_use'"),
    (called(user(result(content=5))), "messages.2.content.0.tool_result.content: Input should be a valid string"),
    (
        called(user(result(content=[], is_error=True))),
        "messages.2.content.0.tool_result: content cannot be empty if `is_error` is true",
    ),
    (called(user({"type": "tool_result"})), "messages.2.content.0.tool_result.tool_use_id: Field required"),
    (called(before=[use(input='{"a": ')]), "messages.1.content.0.tool_use.input: Input should be a valid dictionary"),
    (
        called(user(text("Well?"))),
        f"{WITHOUT_RESULT}toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next m",
    ),
    (called(user(text("Well?"), result())), f"{WITHOUT_RESULT}toolu_1."),
    (called(user(result()), before=[use(), use("toolu_2")]), f"{WITHOUT_RESULT}toolu_2."),
    (
        called(user(result(), result("toolu_9"))),
        f"messages.2.content.1: {UNEXPECTED}toolu_9. Each `tool_result` block must have a corresponding `tool_use` b",
    ),
    ([user(result())], f"messages.0.content.0: {UNEXPECTED}toolu_1."),
    (
        called(user(result(), result())),
        "messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: t",
    ),
    (called(user(result()), before=[use(), use()]), "messages.1.content.1: `tool_use` ids must be unique"),
    (
        [user(text(**MARK), text(**MARK), text(**MARK), image(png(), **MARK), text(**MARK))],
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    (
        [user(text()), assistant({"type": "thinking", "thinking": "", "signature": "x", **MARK}, text()), user(text())],
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    (
        [user(text()), assistant({"type": "redacted_thinking", "data": "x", **MARK}, text()), user(text())],
        "messages.1.content.0.redacted_thinking.cache_control: Extra inputs are not permitted",
    ),
]

# other fields of the request, the sentence
WRONG_FIELDS = [
    ({"tools": [5]}, "tools.0: Input should be a valid dictionary"),
    ({"tools": [{"input_schema": {}}]}, "tools.0.custom.name: Field required"),
    ({"tools": [tool("add.two")]}, "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    ({"tools": [tool("a" * 129)]}, "tools.0.custom.name: String should match pattern"),
    ({"tools": [tool(), tool("a" * 128), tool()]}, "tools: Tool names must be unique."),
    ({"tools": [{"name": "add"}]}, "tools.0.custom.input_schema: Field required"),
    ({"tools": [{"name": "add", "input_schema": {}}]}, "tools.0.custom.input_schema.type: Field required"),
    ({"tools": [tool(type="array")]}, "tools.0.custom.input_schema.type: Input should be 'object'"),
    ({"tools": [tool(anyOf=[])]}, "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf"),
    ({"tools": [tool(required="a")]}, "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema"),
    ({"tools": [tool() | {"inputs": 1}]}, "tools.0.custom.inputs: Extra inputs are not permitted"),
    ({"tools": [tool() | {"strict": True}]}, "tools.0.custom: For 'object' type, 'additionalProperties' must be"),
    ({"tools": [tool()], "tool_choice": {"type": "any"}}, 'tool_choice: type "tool" and "any" are not supported'),
    ({"tools": [tool()], "tool_choice": {"type": "must"}}, "tool_choice: Input tag 'must' found using 'type'"),
    ({"system": [{"type": "image"}]}, "system.0: Input tag 'image' found using 'type'"),
    ({"system": [text("", **MARK)]}, "system.0: cache_control cannot be set for empty text blocks"),
    ({"system": [text(" ")]}, "system: text content blocks must contain non-whitespace text"),
    (
        {"system": [text(**MARK)] * 2, "tools": [tool() | MARK, tool("b") | MARK], **MARK},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
]


@pytest.fixture
def post(sim):
    with httpx2.Client(base_url=sim.url) as client:

        def send(path="/v1/messages", **fields):
            body = {"model": "claude-opus-5-5", "messages": [user(text())], **fields}
            body |= {} if "count" in path else {"max_tokens": 4_000}
            return client.post(path, content=json.dumps(body).encode(), headers=HEADERS)

        yield send


@pytest.mark.parametrize(("messages", "sentence"), WRONG_MESSAGES, ids=[each[:60] for _, each in WRONG_MESSAGES])
def test_what_is_wrong_with_content_is_said(post, messages, sentence):
    response = post(messages=messages, tools=[tool()])
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert response.json()["error"]["message"].startswith(sentence)


@pytest.mark.parametrize(("fields", "sentence"), WRONG_FIELDS, ids=[sentence[:60] for _, sentence in WRONG_FIELDS])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_what_is_wrong_with_other_fields_is_said(post, fields, sentence, path):
    response = post(path, **fields)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(sentence)


def test_calls_without_tools_are_refused(post):
    response = post(messages=called(user(result())))
    assert response.json()["error"]["message"] == (
        "Requests which include `tool_use` or `tool_result` blocks must define tools."
    )


@pytest.mark.parametrize(
    "messages",
    [
        [user(text()), user(text())],
        [user(image(png()), image(JPEG, "image/jpeg"), image(GIF, "image/gif"), image(WEBP, "image/webp"), text())],
        [user(pdf(), text("Summarise this."))],
        [user({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}})],
        [user({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}})],
        called(user(result())),
        called(user(result()), user(result("toolu_2"), text("And now?")), before=[text(), use(), use("toolu_2")]),
        called(user(result(content=[text(), image(png())])), before=[text("I add.", **MARK), use(**MARK)]),
        called(user({"type": "tool_result", "tool_use_id": "toolu_1"})),
        [user(text(**MARK), text(**MARK), text(**MARK), text(**MARK))],
    ],
    ids=[
        "two of the user", "images", "a PDF", "a text", "an address", "a result", "results in two messages",
        "an image in a result", "an empty result", "four marks",
    ],
)  # fmt: skip
def test_what_is_right_is_accepted(post, messages):
    response = post(messages=messages, tools=[tool()])
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    "choice", [{"type": "auto"}, {"type": "none"}, {"type": "auto", "disable_parallel_tool_use": True}]
)
def test_a_free_choice_of_tools_is_accepted(post, choice):
    assert post(tools=[tool()], tool_choice=choice).status_code == 200


def test_a_tool_of_the_api_itself_is_accepted_and_never_called(post):
    response = post(tools=[{"type": "web_search_20250305", "name": "web_search"}])
    assert response.json()["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (image(png(640, 480)), 409),
        (image(png(3_000, 2_000)), 1_600),
        (image(png(1, 1)), 1),
        (image(GIF, "image/gif"), 1),
        (image(JPEG + bytes(100_000), "image/jpeg"), 1_600),
        (pdf(), 2_000),
        (pdf(b"%PDF-1.7 /Type /Pages /Type /Page /Type/Page" + bytes(100_000)), 4_000),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "abcd" * 30}}, 30),
    ],
    ids=["png", "large png", "dot", "gif", "jpeg", "pdf", "two pages", "plain text"],
)
def test_an_attachment_counts_its_own_tokens_and_not_its_base64(client, block, tokens):
    for given in (block, block | MARK):
        messages = [user(given, text("abcd"))]
        assert client.messages.count_tokens(model="claude-opus-5-5", messages=messages).input_tokens == tokens + 1


def test_an_image_in_a_result_counts_too(client):
    messages = called(user(result(content=[image(png(640, 480))])))
    bare = called(user(result(content=[])))
    request = {"model": "claude-opus-5-5", "tools": [tool()]}
    counted = [client.messages.count_tokens(messages=each, **request).input_tokens for each in (messages, bare)]
    assert counted[0] - counted[1] == 409


def test_tools_and_schemas_count(client, ask):
    question = {key: value for key, value in ask.items() if key != "max_tokens"}
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    more = {"tools": [tool()], "output_config": {"format": {"type": "json_schema", "schema": schema}}}
    counted = [client.messages.count_tokens(**question, **fields).input_tokens for fields in ({}, more)]
    assert counted[1] - counted[0] >= (len(json.dumps(tool())) + len(json.dumps(schema))) // 4
    assert counted[1] == client.messages.create(**ask, **more).usage.input_tokens


def test_a_lesson_says_what_came_with_the_question(client, ask):
    content = [image(png()), image(JPEG, "image/jpeg"), pdf(), text("Explain SQL window functions.")]
    said = client.messages.create(**ask | {"messages": [user(*content)]}).content[0].text
    assert said.splitlines()[2] == "It came with 2 images (640 × 480), 1 PDF."
    assert said.splitlines()[4] == "# Window functions in SQL"


def test_a_lesson_says_which_turn_it_is(client, ask):
    turns = [user(text("SQL")), assistant(text("Yes.")), user(text("A")), user(text("B")), assistant(text("C"))]
    said = client.messages.create(**ask | {"messages": [*turns, user(image(png()), text("SQL window"))]})
    assert said.content[0].text.splitlines()[2] == (
        "This is turn 3 of the conversation. It came with 1 image (640 × 480)."
    )


def test_one_turn_of_text_says_nothing_of_itself(client, ask):
    said = [
        client.messages.create(**ask | {"messages": [{"role": "user", "content": content}]}).content[0].text
        for content in ("Explain SQL.", [text("Explain SQL.")])
    ]
    assert said[0] == said[1]
    assert said[0].splitlines()[2] == "# Window functions in SQL"
