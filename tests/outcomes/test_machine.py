"""What doctor found is told, and what it did not look for is left out."""

from clf.outcomes.machine import CacheFindings, ComputeFindings, DoctorResult, HubFindings, SettingsFindings


def test_findings_that_were_not_made_are_left_out_at_any_depth() -> None:
    result = DoctorResult(
        clf="1",
        python="3.11",
        platform="linux",
        versions={"torch": None},
        compute=ComputeFindings(error="cannot load torch"),
        cores=2,
        memory_gb={},
        cache=CacheFindings(folder="c", writable=True, free_gb=1.5, repositories=[]),
        ready_offline=[],
        hub=HubFindings(endpoint="https://hub", state="not asked"),
        settings=SettingsFindings(file=None, variables=[], hub_variables=[], token=False),
    )
    found = result.as_json()
    assert found["compute"] == {"error": "cannot load torch"}
    assert found["hub"] == {"endpoint": "https://hub", "state": "not asked"}
    assert found["settings"] == {"file": None, "variables": [], "hub_variables": [], "token": False}
    assert (found["versions"], found["ready_offline"]) == ({"torch": None}, [])


def test_a_finding_equal_to_its_default_is_told_if_it_was_made() -> None:
    assert DoctorResult.model_construct(hub=HubFindings(endpoint="h", state="answers", seconds=None)).as_json() == {
        "hub": {"endpoint": "h", "state": "answers", "seconds": None}
    }
