"""The built-in portal against replies of the real one: key by key, type by type, and to the last digit.

What no capture holds (`service-results` of a province, a quarter, a year) is held against the reply of the country.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
from published_files import needs, published
from sandbox_client import PORTAL

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sandbox.servers.national_portal import REPORTS
from cchc_pipeline.sandbox.servers.portal_counts import METRICS, metric, online_points, payment_points, rounded
from cchc_pipeline.sandbox.servers.server import SandboxServer

CAPTURES = "captures/national_portal/phu_tho_2026-08"
COUNTRY = "acceptance/national_portal_service_results_2026-09-17.json"
MONTH = {"timeType": "month", "year": 2026, "month": 10}
DATES = {"fromDate": "2026-10-01", "toDate": "2026-10-31"}
PAGE = {"currentPage": 1, "pageSize": 200}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(size=0.05, as_of=datetime(2026, 10, 20, 23, 30, tzinfo=LOCAL_ZONE)) as server:
        yield server


def ask(sandbox: SandboxServer, report: str, **body: Any) -> Any:
    reply = requests.post(f"{sandbox.base_url}{PORTAL}/{report}", json=body, timeout=60)
    assert reply.status_code == 201, reply.text
    return reply.json()


def captured(report: str) -> Any:
    return json.loads((published(CAPTURES) / report / "month-all.json").read_bytes())


def shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """Path -> types of the values there; `[]` stands for every entry of a list, a metric's code for the metric."""
    found: dict[str, set[str]] = defaultdict(set)
    kind = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
    found[path].add(kind)
    if isinstance(value, dict):
        for key, inner in value.items():
            for where, kinds in shape(inner, f"{path}.{key}").items():
                found[where] |= kinds
    if isinstance(value, list):
        for inner in value:
            name = inner.get("code", "") if isinstance(inner, dict) and "maxScore" in inner else ""
            for where, kinds in shape(inner, f"{path}[{name}]").items():
                found[where] |= kinds
    return found


def root(sandbox: SandboxServer) -> str:
    return str(sandbox.describe()["units"][0]["departmentId"])


def held_against(ours: Any, theirs: Any, free: tuple[str, ...] = ()) -> None:
    """The same keys everywhere, and at each of them no type that the real reply does not have."""
    found, real = shape(ours), shape(theirs)
    assert found.keys() == real.keys()
    for path, kinds in found.items():
        if not path.endswith(free or ("no such path",)):
            assert kinds <= real[path], path


# In the month that was captured the province published no procedure: two metrics are 0/0 everywhere.
NEVER_COUNTED = tuple(f"[{code}].{name}" for code in ("PUBLISH_ON_TIME", "PUBLIC_UPDATE_ON_TIME")
                      for name in ("ratio", "score"))  # fmt: skip


@needs(CAPTURES)
@pytest.mark.parametrize("report", REPORTS)
def test_a_report_has_the_keys_and_types_of_the_real_one(report: str, sandbox: SandboxServer) -> None:
    period = DATES if report == "handling-satisfaction" else MONTH
    ours = ask(sandbox, report, **period, **PAGE, rootDepartmentId=root(sandbox))
    theirs = captured(report)
    held_against(ours, theirs, NEVER_COUNTED)
    names = [
        {(one["code"], one["name"], one["maxScore"]) for one in reply["data"].get("overview", {}).get("metrics", ())}
        for reply in (ours, theirs)
    ]
    assert names[0] == names[1]


@needs(COUNTRY)
def test_service_results_have_the_keys_and_types_of_the_real_ones(sandbox: SandboxServer) -> None:
    theirs = {"code": "OK", "message": "OK", "data": json.loads(published(COUNTRY).read_bytes())["data"]}
    held_against(ask(sandbox, "service-results", **MONTH), theirs)
    province = ask(sandbox, "service-results", **MONTH, rootDepartmentId=root(sandbox))
    for name in ("monthlyChart", "dossierChart"):
        del theirs["data"][name]
    theirs["data"]["overview"]["departmentCode"] = "H44"
    for row in theirs["data"]["evaluation"]:
        del row["groupScores"]
        row |= {"childGroup": "COMMUNE", "scoreDelta": None}
    held_against(province, theirs)


@needs(CAPTURES)
def test_the_catalogue_has_the_keys_and_types_of_the_real_one(sandbox: SandboxServer) -> None:
    theirs = json.loads((published(CAPTURES) / "formalities" / "page-last.json").read_bytes())
    address = f"{sandbox.base_url}{PORTAL.removesuffix('/evaluation')}/formalities"
    ours = requests.post(address, json={"currentPage": 2, "pageSize": 10}, timeout=60).json()
    held_against(ours, theirs)
    assert requests.post(address, json={"page": 2}, timeout=60).status_code == 400


@needs(CAPTURES)
def test_the_arithmetic_gives_every_published_score(sandbox: SandboxServer) -> None:
    for report, group in REPORTS.items():
        data = captured(report)["data"]
        units = [data.get("overview") or data["parent"], *(data.get("evaluation") or data["children"])]
        for unit in units:
            total = unit.get("totalScore", unit.get("score"))
            if group in METRICS:
                metrics = [metric(group, m["code"], m["numerator"], m["denominator"]) for m in unit["metrics"]]
                for built, real in zip(metrics, unit["metrics"], strict=True):
                    assert {**built, "dataQualityMessage": None} == {"dataQualityMessage": None, **real} | {
                        "dataQualityMessage": None
                    }
                assert rounded(sum(one["score"] or 0 for one in metrics)) == total
                assert rounded(100 * total / unit["totalMaxScore"]) == unit["ratio"]
            elif group == "TTTT":
                assert payment_points({name: unit[name] for name in PAYMENT}) == total
            elif "authorityCount" in unit:
                assert online_points(unit) == total


PAYMENT = (
    "totalDossierOnlinePaymentSuccess", "totalDossierFinancialObligation", "totalDossierOnlineFormalityPaymentSuccess",
    "totalFeeDossierFormalityDistinct", "totalFeeDossierFormality", "totalFeeFormality",
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {**MONTH, "period": 10}, {**MONTH, "departmentId": "x"}, {**MONTH, "quarter": 4}, {**MONTH, "month": 13},
        {"timeType": "month", "year": 2026}, {**MONTH, "formalityID": "x"}, {"timeType": "week", "year": 2026}, DATES,
    ],
)  # fmt: skip
def test_unknown_keys_are_refused(body: dict[str, Any], sandbox: SandboxServer) -> None:
    asked = {**body, **PAGE, "rootDepartmentId": root(sandbox)}
    assert requests.post(f"{sandbox.base_url}{PORTAL}/transparency", json=asked, timeout=60).status_code == 400
