"""The metrics under the names of Agno 2.5 and later."""

from agno.models.metrics import Metrics, ModelMetrics, ModelType, ToolCallMetrics
from agno.models.metrics import Metrics as BaseMetrics
from agno.models.metrics import Metrics as MessageMetrics
from agno.models.metrics import Metrics as RunMetrics
from agno.models.metrics import Metrics as SessionMetrics
from agno.utils.timer import Timer

__all__ = [
    "BaseMetrics",
    "MessageMetrics",
    "Metrics",
    "ModelMetrics",
    "ModelType",
    "RunMetrics",
    "SessionMetrics",
    "Timer",
    "ToolCallMetrics",
]
