"""Tools of MCP servers."""

from agno.tools.mcp.mcp import MCPTools
from agno.tools.mcp.multi_mcp import MultiMCPTools
from agno.tools.mcp.params import SSEClientParams, StreamableHTTPClientParams

__all__ = ["MCPTools", "MultiMCPTools", "SSEClientParams", "StreamableHTTPClientParams"]
