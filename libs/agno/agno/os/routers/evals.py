"""Routes of evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from agno.db.schemas.evals import EvalType
from agno.db.tables import EVALS
from agno.eval.request import EvalRequest
from agno.os._components import ask
from agno.os._operators import operators_only
from agno.os._pages import Page, as_json, iso, paginated, sorted_by
from agno.os.routers._table import Line, routes_of
from agno.os.schema.evals import EvalRename, EvalRunInput, EvalSchema, EvalsToDelete
from agno.os.schema.pages import Paginated

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_SORTED = Annotated[Page, Depends(sorted_by("created_at", ("created_at", "updated_at", "run_id"), EVALS))]
_TYPE = f" *({'|'.join(one.value for one in EvalType)}) *"
_TYPES = Annotated[
    str | None,
    Query(
        description="Kinds of evaluations, with commas between them",
        json_schema_extra={"pattern": f"^({_TYPE}(,{_TYPE})*)?$"},
    ),
]
_KINDS = ("agent", "team", "workflow")
_NAMED = ("agent_id", "model_id", "model_provider", "team_id", "workflow_id", "name", "evaluated_component_name", "eval_type",
          "eval_data", "eval_input")  # fmt: skip


def router(os: AgentOS) -> APIRouter | None:
    """/eval-runs; None where no database is served."""
    if not os.components.dbs:
        return None
    routes, one = EvalRoutes(os), "/eval-runs/{eval_run_id}"
    table: list[Line] = [
        ("GET", "/eval-runs", routes.list, Paginated[EvalSchema], 200, "list_eval_runs", "Evaluations"),
        ("POST", "/eval-runs", routes.create, EvalSchema, 200, "create_eval_run", "Evaluate a component"),
        ("DELETE", "/eval-runs", routes.delete, None, 204, "delete_eval_runs", "Delete evaluations"),
        ("GET", one, routes.get, EvalSchema, 200, "get_eval_run", "One evaluation"),
        ("PATCH", one, routes.rename, EvalSchema, 200, "update_eval_run", "Give an evaluation a name"),
    ]
    return routes_of("Evals", table, 400, 404, 422)


class EvalRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def list(
        self,
        request: Request,
        page: _SORTED,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        model_id: str | None = None,
        type: Literal["agent", "team", "workflow"] | None = None,
        eval_types: _TYPES = None,
        db_id: str | None = None,
    ) -> Response:
        """Evaluations that fit all that is asked for."""
        operators_only(request, "evals", "read")
        rows, total = await ask(
            self.os.components.db(db_id).get_eval_runs, agent_id=agent_id, team_id=team_id, workflow_id=workflow_id,
            model_id=model_id, filter_type=type, eval_type=_types(eval_types), deserialize=False, **page.options(),
        )  # fmt: skip
        return paginated(rows, total, page, _shown)

    async def get(self, request: Request, eval_run_id: str, db_id: str | None = None) -> Response:
        """The evaluation with this id."""
        operators_only(request, "evals", "read")
        found = await ask(self.os.components.db(db_id).get_eval_run, eval_run_id, deserialize=False)
        return as_json(_there(found, eval_run_id))

    async def rename(self, request: Request, eval_run_id: str, given: EvalRename, db_id: str | None = None) -> Response:
        """Gives it another name."""
        operators_only(request, "evals", "write")
        db = self.os.components.db(db_id)
        return as_json(_there(await ask(db.rename_eval_run, eval_run_id, given.name, deserialize=False), eval_run_id))

    async def delete(self, request: Request, given: EvalsToDelete, db_id: str | None = None) -> Response:
        """Deletes those that are there."""
        operators_only(request, "evals", "delete")
        await ask(self.os.components.db(db_id).delete_eval_runs, given.eval_run_ids)
        return Response(status_code=204)

    async def create(self, request: Request, given: EvalRunInput, db_id: str | None = None) -> Response:
        """Runs the evaluation and gives its result. The component itself stays as it is, also with another model."""
        operators_only(request, "evals", "write")
        component = self._component(given)
        asked = EvalRequest(**given.model_dump(exclude={"agent_id", "team_id", "workflow_id"}))
        try:
            asked.check()
            row = await asked.arun(component, self.os.components.db(db_id))
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        return as_json(_shown(row))

    def _component(self, given: EvalRunInput) -> Any:
        named = [(kind, key) for kind in _KINDS if (key := getattr(given, f"{kind}_id")) is not None]
        if len(named) > 1:
            raise HTTPException(400, "Only one of agent_id or team_id must be provided")
        if not named:
            raise HTTPException(400, "One of agent_id or team_id must be provided")
        kind, key = named[0]
        found = self.os.components.of_kind[kind].get(key)
        if found is None:
            raise HTTPException(404, f"{kind.title()} with id '{key}' not found")
        return found


def _types(given: str | None) -> list[EvalType] | None:
    if not given:
        return None
    try:
        return [EvalType(one.strip()) for one in given.split(",")]
    except ValueError:
        known = ", ".join(one.value for one in EvalType)
        raise HTTPException(422, f"Invalid eval_type: {given}. Valid types: {known}") from None


def _there(row: dict[str, Any] | None, key: str) -> dict[str, Any]:
    if row is None:
        raise HTTPException(404, f"Eval run with id '{key}' not found")
    return _shown(row)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: iso(row.get(name)) for name in ("created_at", "updated_at")}
    return {"id": row["run_id"], **{name: row.get(name) for name in _NAMED}, **times}


__all__ = ["router"]
