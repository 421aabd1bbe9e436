"""The same conversation through every official and common Python client; prints one JSON object, a field for each.

Environment: OPENAI_BASE_URL, OPENAI_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY, MODEL.
"""

import json
import os
from typing import Callable

MODEL = os.environ["MODEL"]
QUESTION = 'Look it up.\nuse get_weather {"city": "Paris"}'
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather", "parameters": PARAMETERS},
}
RESULT = "21 degrees"


def openai_chat() -> str:
    from openai import OpenAI

    client = OpenAI()
    messages: list = [{"role": "user", "content": QUESTION}]
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=[FUNCTION])
    call = first.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Paris"}, call
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": RESULT}]
    text = ""
    with client.chat.completions.stream(model=MODEL, messages=messages, tools=[FUNCTION]) as stream:
        for event in stream:
            if event.type == "content.delta":
                text += event.delta
        final = stream.get_final_completion()
    assert final.choices[0].message.content == text, (final, text)
    assert final.choices[0].finish_reason == "stop", final
    return text


def openai_responses() -> str:
    from openai import OpenAI

    client = OpenAI()
    tool = {"type": "function", "name": "get_weather", "parameters": PARAMETERS, "strict": False}
    first = client.responses.create(model=MODEL, input=QUESTION, tools=[tool])
    call = next(item for item in first.output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "Paris"}, call
    output = {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}
    with client.responses.stream(
        model=MODEL, previous_response_id=first.id, input=[output], tools=[tool]
    ) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert final.output_text == text, (final, text)
    return text


def anthropic_messages() -> str:
    from anthropic import Anthropic

    client = Anthropic()
    tools = [{"name": "get_weather", "description": "The weather", "input_schema": PARAMETERS}]
    messages: list = [{"role": "user", "content": QUESTION}]
    counted = client.messages.count_tokens(model=MODEL, messages=messages, tools=tools)
    assert counted.input_tokens > 0, counted
    first = client.messages.create(model=MODEL, max_tokens=1000, messages=messages, tools=tools)
    call = next(block for block in first.content if block.type == "tool_use")
    assert call.input == {"city": "Paris"} and first.stop_reason == "tool_use", first
    result = {"type": "tool_result", "tool_use_id": call.id, "content": RESULT}
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    with client.messages.stream(model=MODEL, max_tokens=1000, messages=messages, tools=tools) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn" and final.content[-1].text == text, final
    return text


def litellm_through(prefix: str, base: str, key: str) -> str:
    import litellm

    common = {"model": f"{prefix}/{MODEL}", "api_base": base, "api_key": key, "tools": [FUNCTION]}
    messages: list = [{"role": "user", "content": QUESTION}]
    message = litellm.completion(messages=messages, **common).choices[0].message
    call = message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Paris"}, call
    messages += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": RESULT}]
    stream = litellm.completion(messages=messages, stream=True, **common)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def langchain(model) -> str:
    from langchain_core.messages import HumanMessage, ToolMessage

    bound = model.bind_tools([FUNCTION])
    messages: list = [HumanMessage(QUESTION)]
    first = bound.invoke(messages)
    assert first.tool_calls[0]["args"] == {"city": "Paris"}, first
    messages += [first, ToolMessage(RESULT, tool_call_id=first.tool_calls[0]["id"])]
    return "".join(chunk.text for chunk in bound.stream(messages))


def langchain_openai() -> str:
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model=MODEL, base_url=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"])
    return langchain(model)


def langchain_anthropic() -> str:
    from langchain_anthropic import ChatAnthropic

    base_url, api_key = os.environ["ANTHROPIC_BASE_URL"], os.environ["ANTHROPIC_API_KEY"]
    return langchain(ChatAnthropic(model=MODEL, base_url=base_url, api_key=api_key))


CLIENTS: dict[str, Callable[[], str]] = {
    "openai, Chat Completions": openai_chat,
    "openai, Responses": openai_responses,
    "anthropic": anthropic_messages,
    "LiteLLM, openai": lambda: litellm_through(
        "openai", os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
    ),
    "LiteLLM, anthropic": lambda: litellm_through(
        "anthropic", os.environ["ANTHROPIC_BASE_URL"], os.environ["ANTHROPIC_API_KEY"]
    ),
    "LangChain, openai": langchain_openai,
    "LangChain, anthropic": langchain_anthropic,
}


def attempt(client: Callable[[], str]) -> str:
    try:
        return client()
    except Exception as error:  # each client's own; the test shows it
        return f"failed: {type(error).__name__}: {error}"


print(json.dumps({name: attempt(client) for name, client in CLIENTS.items()}))
