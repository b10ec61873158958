"""The JSON of runs, packed: runs look much alike, so a dictionary of what they share takes two thirds away for 8 µs."""

from __future__ import annotations

import zlib

_LEVEL, _WINDOW, _MEMORY = 1, -12, 5  # a small window: setting up a large one costs more than the packing
_PACKED = b"\0"  # JSON never begins with it
_LARGEST = 65_536  # larger runs carry media, which hardly gets smaller
_SHARED = (
    b'"parent_run_id":"workflow_id":"user_id":"tool_calls":[{"id":"call_","type":"function","function":{"name":'
    b'"arguments":"{}"}}]"tool_call_id":"role":"tool","role":"system","run_id":"session_id":"input":{"input_content":"},'
    b'"content":"","content_type":"str","model":"model_provider":"OpenAI","messages":[{"id":"role":"user","content":"",'
    b'"from_history":false,"stop_after_tool_call":false,"created_at":17},{"id":"role":"assistant","content":"","metrics":'
    b'{"input_tokens":,"output_tokens":,"total_tokens":,"time_to_first_token":0.000,"duration":0.0},"from_history":false,'
    b'"stop_after_tool_call":false,"created_at":17}],"metrics":{"time_to_first_token":0.0,"input_tokens":,'
    b'"output_tokens":,"total_tokens":,"duration":0.0},"created_at":17,"status":"COMPLETED","agent_id":"agent_name":"'
)


def packed(text: bytes) -> bytes:
    """The text, smaller if that is worth it."""
    if len(text) > _LARGEST:
        return text
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _SHARED)
    return _PACKED + packer.compress(text) + packer.flush()


def unpacked(data: bytes) -> bytes:
    """The inverse of `packed`."""
    return zlib.decompressobj(_WINDOW, _SHARED).decompress(data[1:]) if data[:1] == _PACKED else data


__all__ = ["packed", "unpacked"]
