from agno_command import agno, environment, folder

__all__ = ["agno", "environment", "folder"]
