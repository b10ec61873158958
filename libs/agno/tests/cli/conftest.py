from agno_command import agno, agno_here, environment, folder

__all__ = ["agno", "agno_here", "environment", "folder"]
