"""Evaluations: how right, how fast and how reliable agents, teams and workflows are."""

from agno.eval.accuracy import AccuracyAgentResponse, AccuracyEval, AccuracyEvaluation, AccuracyResult
from agno.eval.agent_as_judge import AgentAsJudgeEval, AgentAsJudgeEvaluation, AgentAsJudgeResult
from agno.eval.base import BaseEval
from agno.eval.performance import PerformanceEval, PerformanceResult
from agno.eval.reliability import ReliabilityEval, ReliabilityResult
from agno.eval.request import EvalRequest

__all__ = [
    "AccuracyAgentResponse",
    "AccuracyEval",
    "AccuracyEvaluation",
    "AccuracyResult",
    "AgentAsJudgeEval",
    "AgentAsJudgeEvaluation",
    "AgentAsJudgeResult",
    "BaseEval",
    "EvalRequest",
    "PerformanceEval",
    "PerformanceResult",
    "ReliabilityEval",
    "ReliabilityResult",
]
