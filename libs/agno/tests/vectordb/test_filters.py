"""Conditions on metadata: as expressions, as plain data, and turned inwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agno.filters import AND, EQ, GT, IN, LT, LTE, NEQ, NOT, OR, FilterExpr, as_expression, both, keys_of, overlaid
from agno.vectordb._conditions import All, Any_, Not, conditions, holds, inwards
from agno.vectordb._records import Record

KEYS = some.sampled_from(["a", "b", "a.b", ""])
VALUES = some.one_of(some.none(), some.booleans(), some.integers(-2, 2), some.sampled_from(["x", "2025-01-01", "1"]))
LEAVES = some.one_of(
    some.builds(EQ, KEYS, VALUES),
    some.builds(NEQ, KEYS, VALUES),
    some.builds(IN, KEYS, some.lists(VALUES, max_size=2)),
    some.builds(GT, KEYS, some.integers(-2, 2)),
    some.builds(LTE, KEYS, some.just("2025-06-01")),
)
TREES = some.recursive(
    LEAVES,
    lambda inner: some.one_of(
        some.builds(NOT, inner),
        some.lists(inner, max_size=3).map(lambda parts: AND(*parts)),
        some.lists(inner, max_size=3).map(lambda parts: OR(*parts)),
    ),
    max_leaves=8,
)
METADATA = some.dictionaries(KEYS, some.one_of(VALUES, some.lists(VALUES, max_size=2), some.dictionaries(KEYS, VALUES)))


@given(TREES, METADATA)
def test_turned_inwards_a_condition_means_the_same(tree, metadata):
    record = Record(id="1", content="", meta_data=metadata)
    node = inwards(conditions(tree))
    assert holds(node, record) == holds(conditions(tree), record)
    assert holds(inwards(conditions(NOT(tree))), record) != holds(node, record)

    def negations(one):
        parts = one.parts if isinstance(one, (All, Any_)) else [one.part] if isinstance(one, Not) else []
        assert not (isinstance(one, Not) and isinstance(one.part, (All, Any_, Not)))
        for part in parts:
            negations(part)

    negations(node)


@given(TREES)
def test_an_expression_comes_back_from_plain_data(tree):
    assert FilterExpr.from_dict(tree.to_dict()) == tree and conditions(tree) == conditions([tree])


def test_operators_build_expressions():
    a, b = EQ("a", 1), GT("b", 2)
    assert (a & b, a | b, ~a) == (AND(a, b), OR(a, b), NOT(a)) and keys_of(~(a & b) | a) == ["a", "b"]
    assert repr(AND(a, b)) == "AND(EQ(key='a', value=1), GT(key='b', value=2))" and len({AND(a, b), AND(a, b)}) == 1


def test_dicts_and_lists_are_expressions():
    assert as_expression({"a": 1, "b": 2}) == AND(EQ("a", 1), EQ("b", 2)) == as_expression([{"a": 1}, EQ("b", 2)])
    assert as_expression({}) is as_expression([]) is as_expression(None) is as_expression([{}]) is None
    with pytest.raises(TypeError, match="filters is 'x'"):
        as_expression("x")


def test_filters_are_joined_and_laid_over_each_other():
    assert both({"a": 1}, {"b": 2}) == {"a": 1, "b": 2} and both(None, {"b": 2}) == {"b": 2} and both({}, None) is None
    assert both({"a": 1}, {"a": 2}) == [EQ("a", 1), EQ("a", 2)] and both([EQ("a", 1)], {"b": 2})[1] == EQ("b", 2)
    assert overlaid({"a": 1, "b": 1}, {"b": 2}) == {"a": 1, "b": 2} and overlaid(None, {}) is None
    assert overlaid({"a": 1}, [LT("b", 2)]) == [EQ("a", 1), LT("b", 2)]


@pytest.mark.parametrize(
    "data", [{}, {"op": "XOR"}, {"op": "EQ", "key": "a"}, {"op": "NOT"}, "EQ", {"op": "AND", "conditions": [1]}]
)
def test_plain_data_that_is_no_filter_says_so(data):
    with pytest.raises(ValueError, match=r"filter|needs"):
        FilterExpr.from_dict(data)


def test_what_is_no_expression_is_refused():
    for make in (lambda: AND({"a": 1}), lambda: NOT("a"), lambda: IN("a", "text"), lambda: IN("a", 3)):
        with pytest.raises(TypeError):
            make()
