"""One question with a tool through Python agent frameworks; prints one JSON object, a field for each.

Each framework runs the tool itself and asks the model again, streamed. Arguments: the names of the frameworks to run.
Environment: as for session.py.
"""

import asyncio
import json
import os
import sys
from typing import Awaitable, Callable

MODEL = os.environ["MODEL"]
QUESTION = 'Look it up.\nuse get_weather {"city": "Paris"}'
OPENAI = {"base_url": os.environ["OPENAI_BASE_URL"], "api_key": os.environ["OPENAI_API_KEY"]}
ANTHROPIC = {"base_url": os.environ["ANTHROPIC_BASE_URL"], "api_key": os.environ["ANTHROPIC_API_KEY"]}


def get_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Paris", city
    return "21 degrees"


async def pydantic_ai(model) -> str:
    from pydantic_ai import Agent

    async def drain(_context, events) -> None:
        async for _ in events:
            pass

    # With a handler of events it streams every reply of the run.
    result = await Agent(model, tools=[get_weather]).run(QUESTION, event_stream_handler=drain)
    return result.output


async def pydantic_ai_chat() -> str:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return await pydantic_ai(OpenAIChatModel(MODEL, provider=OpenAIProvider(**OPENAI)))


async def pydantic_ai_responses() -> str:
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return await pydantic_ai(OpenAIResponsesModel(MODEL, provider=OpenAIProvider(**OPENAI)))


async def pydantic_ai_anthropic() -> str:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    return await pydantic_ai(AnthropicModel(MODEL, provider=AnthropicProvider(**ANTHROPIC)))


async def pydantic_ai_structured() -> str:
    """Its typed output is a tool that the model must call."""
    from pydantic import BaseModel
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    class City(BaseModel):
        name: str

    agent = Agent(OpenAIChatModel(MODEL, provider=OpenAIProvider(**OPENAI)), output_type=City)
    result = await agent.run('Name it.\nuse final_result {"name": "Paris"}')
    return result.output.name


async def openai_agents(api: str) -> str:
    from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    kind = OpenAIChatCompletionsModel if api == "chat" else OpenAIResponsesModel
    model = kind(model=MODEL, openai_client=AsyncOpenAI(**OPENAI))
    agent = Agent(name="weather", instructions="Be short.", model=model, tools=[function_tool(get_weather)])
    run = Runner.run_streamed(agent, QUESTION)
    async for _ in run.stream_events():
        pass
    return run.final_output


async def llama_index() -> str:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai_like import OpenAILike

    llm = OpenAILike(
        model=MODEL,
        api_base=OPENAI["base_url"],
        api_key=OPENAI["api_key"],
        is_chat_model=True,
        is_function_calling_model=True,
    )
    return str(await FunctionAgent(tools=[get_weather], llm=llm).run(QUESTION))


FRAMEWORKS: dict[str, Callable[[], Awaitable[str]]] = {
    "Pydantic AI, Chat Completions": pydantic_ai_chat,
    "Pydantic AI, Responses": pydantic_ai_responses,
    "Pydantic AI, Messages": pydantic_ai_anthropic,
    "Pydantic AI, typed output": pydantic_ai_structured,
    "OpenAI Agents SDK, Chat Completions": lambda: openai_agents("chat"),
    "OpenAI Agents SDK, Responses": lambda: openai_agents("responses"),
    "LlamaIndex": llama_index,
}


async def attempt(framework: Callable[[], Awaitable[str]]) -> str:
    try:
        return await framework()
    except Exception as error:  # each framework's own; the test shows it
        return f"failed: {type(error).__name__}: {error}"


async def main() -> None:
    print(json.dumps({name: await attempt(FRAMEWORKS[name]) for name in sys.argv[1:]}))


asyncio.run(main())
