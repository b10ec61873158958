"""Shortening tool results before each turn of the model, where the settings ask for it."""

from __future__ import annotations

from agno._engine.context import Run
from agno.compression.manager import CompressionManager, as_compressed
from agno.models._loop import Exchange
from agno.models.message import Message
from agno.models.metrics import ModelType
from agno.models.utils import get_model


def compress_in(run: Run, exchange: Exchange) -> None:
    """Let the exchange shorten tool results, if the component says so. The messages keep the whole text."""
    component = run.component
    manager = component.compression_manager or CompressionManager()
    if not manager.compress_tool_results:
        return

    async def before_turn(x: Exchange) -> None:
        facts = (x.messages, x.tools, x.model, x.response_format)
        if not await run.io.pick(manager.should_compress, manager.ashould_compress, *facts):
            return
        await run.emit(run.events.CompressionStartedEvent)
        spent: list[Message] = []
        await run.io.pick(manager.compress, manager.acompress, x.messages, x.model, spent=spent)
        run.note_usage(ModelType.COMPRESSION_MODEL, get_model(manager.model or x.model), spent)
        await run.emit(run.events.CompressionCompletedEvent)

    exchange.before_turn = before_turn
    exchange.prepare = as_compressed


__all__ = ["compress_in"]
