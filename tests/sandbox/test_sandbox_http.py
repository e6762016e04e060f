"""The three systems over real HTTP: contracts of the endpoints, the clock, faults, personal data."""

from __future__ import annotations

import calendar
import json
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

import pytest
import requests
from sandbox_client import CLOCK, KEYS, LIST, MARKERS, PORTAL, SEARCH, STAMP, WINDOW, dossiers, get, login
from sandbox_lives import lives_known

from cchc_pipeline.sandbox.life.province_parts import SandboxError
from cchc_pipeline.sandbox.servers.dossier_search import STATUSES
from cchc_pipeline.sandbox.servers.national_portal import REPORTS
from cchc_pipeline.sandbox.servers.server import SandboxServer

# -- one-stop ------------------------------------------------------------------------------------------------------


def test_wrong_secrets_and_missing_tokens_are_refused(sandbox: SandboxServer) -> None:
    assert login(sandbox, "wrong").status_code == 401
    assert requests.get(sandbox.base_url + SEARCH, timeout=10).status_code == 401
    assert requests.get(sandbox.base_url + LIST, timeout=10).status_code == 401


def test_a_token_expires_with_the_clock(client: requests.Session, sandbox: SandboxServer) -> None:
    get(client, sandbox, SEARCH, size=1)
    sandbox.set_clock(CLOCK + timedelta(hours=25))
    reply = client.get(sandbox.base_url + SEARCH, timeout=10)
    assert (reply.status_code, reply.json()["error"]) == (401, "token_expired")


def test_slices(client: requests.Session, sandbox: SandboxServer) -> None:
    first = get(client, sandbox, SEARCH, spec="slice", page=0, size=7, **WINDOW)
    assert {key: first[key] for key in ("number", "size", "numberOfElements", "first", "last", "empty")} == {
        "number": 0, "size": 7, "numberOfElements": 7, "first": True, "last": False, "empty": False,
    }  # fmt: skip
    beyond = get(client, sandbox, SEARCH, page=10_000, size=7, **WINDOW)
    assert (beyond["content"], beyond["last"], beyond["empty"]) == ([], True, True)
    for query in ({"size": 1001}, {"size": 0}, {"page": "x"}, {"accepted-from": "yesterday"}):
        assert client.get(sandbox.base_url + SEARCH, params=query, timeout=10).status_code == 400


def test_records_of_a_window(client: requests.Session, sandbox: SandboxServer) -> None:
    records = dossiers(client, sandbox, **WINDOW)
    province = sandbox.province
    clock = sandbox.clock()
    assert len({record["id"] for record in records}) == len(records)
    expected = {
        life.dossier_id
        for life in lives_known(province, clock)
        if "2026-09-14" <= f"{(life.received_at or life.applied_at):%Y-%m-%d}" <= "2026-09-20"
    }
    assert {record["id"] for record in records} == expected
    assert len({frozenset(record) for record in records}) == 1  # all keys always present
    names = {name for _, name in STATUSES.values()}
    for record in records:
        task = record["dossierTaskStatus"]["name"]
        name = task if isinstance(task, str) else task[0]["name"]
        status = record["dossierStatus"]
        assert isinstance(status, int) or status["name"] == name
        assert name in names or name == "Chờ liên thông thuế"
        for key in ("appliedDate", "appointmentDate", "completedDate", "returnedDate"):
            assert record[key] is None or STAMP.match(record[key]), (key, record[key])


def test_the_traps_occur(client: requests.Session, sandbox: SandboxServer) -> None:
    records = dossiers(client, sandbox)
    assert {type(record["dossierStatus"]) for record in records} == {int, dict}
    assert {type(record["dossierTaskStatus"]["name"]) for record in records} == {str, list}
    assert {type(record["procedure"]["translate"]) for record in records} == {dict, list}
    assert {type(record["currentTask"]) for record in records} == {dict, list}
    assert {record["appliedDate"][-5:] for record in records} == {"+0000", "+0700"}
    assert {record["agency"]["code"][:3] for record in records} >= {"000", "H99"}
    assert any(record["code"] is None for record in records)
    assert any("/" in (record["acceptedDate"] or "") for record in records)
    assert any(record["suspension"] and record["suspension"]["to"] is None for record in records)
    assert any(record["refusedDate"] for record in records)


def test_filters(client: requests.Session, sandbox: SandboxServer) -> None:
    everything = dossiers(client, sandbox, **WINDOW)
    done = dossiers(client, sandbox, **WINDOW, **{"dossier-status": "4,5"})
    assert done
    defects = sandbox.province.expected_defects(CLOCK.date(), CLOCK.date() - timedelta(days=90), CLOCK.date())
    assert {r["id"] for r in done if r["completedDate"] is None} <= {defect.dossier_id for defect in defects}
    rest = dossiers(client, sandbox, **WINDOW, **{"remove-status": "4,5"})
    assert {r["id"] for r in done} | {r["id"] for r in rest} == {r["id"] for r in everything}
    assert not {r["id"] for r in done} & {r["id"] for r in rest}
    code = done[0]["code"]
    assert [record["code"] for record in dossiers(client, sandbox, code=code)] == [code]
    assert dossiers(client, sandbox, code="H99.201-200101-0001") == []


def test_instants_in_utc_select_the_same(client: requests.Session, sandbox: SandboxServer) -> None:
    utc = {"accepted-from": "2026-09-13T17:00:00.000Z", "accepted-to": "2026-09-20T16:59:59.999Z"}
    assert dossiers(client, sandbox, **utc) == dossiers(client, sandbox, **WINDOW)


def test_order_is_not_stable_under_equal_sort_keys(client: requests.Session, sandbox: SandboxServer) -> None:
    by_due = dossiers(client, sandbox, size=100, sort="appointmentDate,asc", **WINDOW)
    by_id = dossiers(client, sandbox, size=100, **WINDOW)
    assert len(by_due) == len(by_id)
    assert len({record["id"] for record in by_due}) < len(by_id) == len({record["id"] for record in by_id})


def test_the_clock_shows_the_state_of_its_day(client: requests.Session, sandbox: SandboxServer) -> None:
    now = {record["id"]: record for record in dossiers(client, sandbox, **WINDOW)}
    sandbox.set_clock(CLOCK - timedelta(days=20))
    client.headers["Authorization"] = f"Bearer {login(sandbox).json()['access_token']}"
    then = {record["id"]: record for record in dossiers(client, sandbox, **WINDOW)}
    accepted = {key for key, record in then.items() if record["acceptedDate"]}  # a draft may move out of the window
    assert accepted <= set(now)
    assert accepted
    assert sum(record["returnedDate"] is not None for record in then.values()) < sum(
        record["returnedDate"] is not None for record in now.values()
    )
    assert requests.get(sandbox.base_url + "/sandbox/clock", timeout=10).json()["as_of"].startswith("2026-09-19T23:30")


def test_procedures(client: requests.Session, sandbox: SandboxServer) -> None:
    first = get(client, sandbox, "/one-stop/bd/procedure", spec="page", page=0, size=100)
    second = get(client, sandbox, "/one-stop/bd/procedure", spec="page", page=1, size=100)
    assert (first["totalPages"], first["last"], second["last"]) == (2, False, True)
    records = first["content"] + second["content"]
    assert len({record["code"] for record in records}) == first["totalElements"] == len(records) > 110
    assert {record["level"]["code"] for record in records} == {2, 3, 4}
    assert {record["executingLevel"] for record in records} == {"TINH", "XA"}
    assert {record["status"] for record in records} == {0, 1}


# -- documents -----------------------------------------------------------------------------------------------------


def local_names(xml: str) -> dict[str, str]:
    return {element.tag.rpartition("}")[2]: element.text or "" for element in ET.fromstring(xml).iter()}  # noqa: S314


def test_letters(client: requests.Session, sandbox: SandboxServer) -> None:
    listing = get(client, sandbox, LIST, messageType="edoc", fromDate="2026/09/14", toDate="2026/09/30")
    assert listing["count"] == len(listing["data"]) > 100
    roots, subjects, signed = set(), [], 0
    for item in listing["data"]:
        assert "2026/09/14" <= item["createdTime"][:10] <= "2026/09/30"
        edoc = get(client, sandbox, "/documents/v1/getEdoc", docId=item["docId"])["data"]
        assert edoc["docId"] == item["docId"]
        assert len(edoc["attachments"]) == 1
        root = ET.fromstring(edoc["edxml"])  # noqa: S314
        roots.add(root.tag)
        values = local_names(edoc["edxml"])
        sender, promulgated, code = values["DocumentId"].split(",")
        assert (sender, code) == (edoc["from"], edoc["edocCode"])
        assert re.match(r"^\d{4}/\d\d/\d\d$", promulgated)
        subjects.append(values["Subject"])
        signed += "DigestValue" in values
    assert len(roots) == 3
    assert 0.8 < signed / len(subjects) < 1
    assert any(MARKERS.search(subject) for subject in subjects)
    assert any(re.search(r"công bố \d+ thủ tục hành chính", subject) for subject in subjects)
    assert any(subject.startswith("Phiếu xin lỗi") and "hồ sơ " in subject for subject in subjects)


def test_status_messages_follow_letters(client: requests.Session, sandbox: SandboxServer) -> None:
    listing = get(client, sandbox, LIST, messageType="status", fromDate="2026/09/21", toDate="2026/09/25")
    codes = set()
    for item in listing["data"]:
        edoc = get(client, sandbox, "/documents/v1/getEdoc", docId=item["docId"])["data"]
        values = local_names(edoc["edxml"])
        codes.add(values["StatusCode"])
        assert values["Timestamp"] > values["PromulgationDate"]
    assert codes == {"01", "03", "06"}


def test_letters_to_come_are_not_shown(client: requests.Session, sandbox: SandboxServer) -> None:
    tomorrow = sandbox.province.letters.letters((CLOCK + timedelta(days=3)).date())
    assert tomorrow
    reply = client.get(
        sandbox.base_url + "/documents/v1/getEdoc", params={"docId": tomorrow[0].doc_id}, headers=KEYS, timeout=10
    )
    assert (reply.status_code, reply.json()["success"]) == (404, False)
    assert get(client, sandbox, LIST, messageType="edoc", fromDate="2026/10/12", toDate="2026/10/12")["count"] == 0


def test_publication_decisions_answer_a_ministry_within_five_working_days_or_late(sandbox: SandboxServer) -> None:
    from cchc_pipeline.sandbox.life import workdays

    letters = [
        letter
        for day in workdays.days(CLOCK.date() - timedelta(days=38), CLOCK.date() + timedelta(days=200))
        for letter in sandbox.province.letters.letters(day)
        if letter.kind == "publication_decision" and letter.unit is not None
    ]
    assert len(letters) > 20
    late = [x for x in letters if x.due_on is not None and x.promulgated_on > x.due_on]
    assert 0 < len(late) < 0.4 * len(letters)
    assert all(letter.responds_to and letter.responds_to[0].endswith(tuple("0123456789")) for letter in letters)
    assert len({letter.document_id for letter in letters}) == len(letters)


# -- national portal -----------------------------------------------------------------------------------------------


def ask(sandbox: SandboxServer, report: str, **body: Any) -> Any:
    reply = requests.post(f"{sandbox.base_url}{PORTAL}/{report}", json=body, timeout=10)
    assert reply.status_code == 201, reply.text
    assert reply.json()["code"] == "OK"
    return reply.json()["data"]


PAGE = {"currentPage": 1, "pageSize": 300}


def body_of(sandbox: SandboxServer, report: str, *, month: int) -> dict[str, Any]:
    """The request of a month of 2026 for the province, as the real portal takes it."""
    period: dict[str, Any] = {"timeType": "month", "year": 2026, "month": month}
    if report == "handling-satisfaction":
        last = calendar.monthrange(2026, month)[1]
        period = {"fromDate": f"2026-{month:02d}-01", "toDate": f"2026-{month:02d}-{last}"}
    return {**period, **PAGE, "rootDepartmentId": sandbox.describe()["units"][0]["departmentId"]}


@pytest.mark.parametrize("period", [{"timeType": "month", "month": 9}, {"timeType": "quarter", "quarter": 3},
                                    {"timeType": "year"}])  # fmt: skip
def test_scores_are_sums(sandbox: SandboxServer, period: dict[str, Any]) -> None:
    country = ask(sandbox, "service-results", **period, year=2026)
    assert len(country["evaluation"]) == 34
    mine = next(row for row in country["evaluation"] if row["departmentCode"] == "H99")
    assert sum(mine["groupScores"].values()) == pytest.approx(mine["totalScore"], abs=0.001)
    province = ask(sandbox, "service-results", **period, year=2026, rootDepartmentId=mine["departmentId"])
    assert province["overview"]["totalScore"] == mine["totalScore"]
    assert province["growthPercent"] == pytest.approx(
        100 * mine["scoreDelta"] / (mine["totalScore"] - mine["scoreDelta"]), abs=0.006
    )
    assert sum(group["score"] for group in province["radar"]) == pytest.approx(mine["totalScore"], abs=0.001)
    assert {row["childGroup"] for row in province["evaluation"]} == {"AGENCY", "COMMUNE"}
    assert len(province["evaluation"]) == 50


def test_groups_are_sums_of_metrics_and_units_of_the_province(sandbox: SandboxServer) -> None:
    received = set()
    for report, code in REPORTS.items():
        data = ask(sandbox, report, **body_of(sandbox, report, month=9))
        own, below = data.get("overview") or data["parent"], data.get("evaluation") or data["children"]
        assert len(below) == 50
        for unit in (own, *below):
            if "metrics" in unit:
                assert sum(one["score"] or 0 for one in unit["metrics"]) == pytest.approx(unit["totalScore"], abs=0.001)
        if code == "TDGQ":
            assert sum(unit["totalReceived"] for unit in below) == own["totalReceived"]
            assert all(unit["totalReceived"] == unit["totalOnTime"] + unit["totalOverdue"] for unit in below)
            received.add(own["totalReceived"])
        elif code == "MDSH":
            received.add(own["metrics"][0]["denominator"])
        elif code == "CKMB":
            assert all(unit["metrics"][:3] == own["metrics"][:3] for unit in below)  # inherited
        elif code == "ONLINE":
            assert all("authorityCount" not in unit for unit in below)
    assert len(received) == 1


def test_a_period_without_dossiers_is_0_of_0(sandbox: SandboxServer) -> None:
    metrics = ask(sandbox, "dossier-digitized", **body_of(sandbox, "dossier-digitized", month=3))["overview"]["metrics"]
    assert [metrics[0][name] for name in ("numerator", "denominator", "ratio", "score")] == [0, 0, None, None]
    data = ask(sandbox, "transparency", **body_of(sandbox, "transparency", month=3))
    assert data["overview"]["metrics"][3]["dataQualityStatus"] == "NO_NATIONAL_REPORT_DATA"
    petitions = ask(sandbox, "handling-satisfaction", **body_of(sandbox, "handling-satisfaction", month=3))
    scores = {one["code"]: (one["ratio"], one["score"]) for one in petitions["overview"]["metrics"]}
    assert scores["PETITION_PROCESSING_ON_TIME"] == (0, 6)
    assert scores["DOSSIER_RECEIVING_SATISFACTION"] == (0, 0)
    parent = ask(sandbox, "dvc-progress-tree", **body_of(sandbox, "dvc-progress-tree", month=3))["parent"]
    assert (parent["totalScore"], parent["ratio"]) == (0, 0)


def test_a_report_of_a_single_procedure(sandbox: SandboxServer) -> None:
    address = f"{sandbox.base_url}{PORTAL.removesuffix('/evaluation')}/formalities"
    items = requests.post(address, json=PAGE, timeout=10).json()["data"]["items"]
    body = body_of(sandbox, "dvc-progress-tree", month=9)
    of_each = [
        ask(sandbox, "dvc-progress-tree", **body, formalityId=item["id"])["parent"]["totalReceived"] for item in items
    ]
    assert sum(of_each) <= ask(sandbox, "dvc-progress-tree", **body)["parent"]["totalReceived"]
    assert any(of_each)


def test_reports_can_be_out_of_step_and_a_firewall_can_refuse(sandbox: SandboxServer) -> None:
    query = body_of(sandbox, "dossier-digitized", month=10)
    try:
        sandbox.add_fault("dossier-digitized", "lag", seconds=3 * 86_400)
        late = ask(sandbox, "dossier-digitized", **query)["overview"]["metrics"][0]["denominator"]
        assert late < ask(sandbox, "dvc-progress-tree", **query)["parent"]["totalReceived"]
        sandbox.add_fault("transparency", "403")
        refused = requests.post(f"{sandbox.base_url}{PORTAL}/transparency", json=query, timeout=10)
        assert (refused.status_code, refused.headers["content-type"].partition(";")[0]) == (403, "text/html")
    finally:
        sandbox.faults.clear()


def test_the_push_distorts(sandbox: SandboxServer) -> None:
    """Paused dossiers look finished, and what the portal has not accepted is not there."""
    from cchc_pipeline.sandbox.servers.push import push, statistics_day, withheld

    province, clock = sandbox.province, sandbox.clock()
    changed = 0
    for life in lives_known(province, clock):
        seen = life.seen(clock)
        if seen is None or life.defect is not None:
            continue
        sent = push(life, seen, statistics_day(clock))
        if seen.status in (1, 3) or not seen.is_synced_national:
            assert sent is None
            assert withheld(life, seen) is not None
        elif seen.status in (5, 6) and not life.is_converted:
            assert sent is not None
            assert sent.closed_on is not None
            assert "D01" in sent.marks
            changed += 1
    assert changed


def test_bad_requests_to_the_portal(sandbox: SandboxServer) -> None:
    url, root = f"{sandbox.base_url}{PORTAL}", sandbox.describe()["units"][0]["departmentId"]
    for report, body, status in (
        ("no-report", {"timeType": "year", "year": 2026}, 404),
        ("transparency", {"timeType": "week", "year": 2026, "rootDepartmentId": root}, 400),
        ("transparency", {"timeType": "month", "year": 2026, "period": 9, "rootDepartmentId": root}, 400),
        ("transparency", {"timeType": "year", "year": 2026}, 400),
        ("transparency", {"timeType": "year", "year": 2026, "departmentId": root}, 400),
        ("transparency", {"timeType": "year", "year": 2026, "rootDepartmentId": "nobody"}, 404),
    ):
        assert requests.post(f"{url}/{report}", json=body, timeout=10).status_code == status


# -- personal data and admin ---------------------------------------------------------------------------------------


def test_personal_data_is_obviously_invented_and_where_it_is_expected(
    client: requests.Session, sandbox: SandboxServer
) -> None:
    for record in dossiers(client, sandbox, **WINDOW):
        data = record["applicant"]["data"]
        assert MARKERS.fullmatch(data["fullname"])
        assert MARKERS.fullmatch(data["identityNumber"])
        assert MARKERS.fullmatch(data["phoneNumber"])
        expected = ("applicant", "accepter", "task", "currentTask", "dossierFormFile")
        kept = {k: v for k, v in record.items() if k not in expected}
        assert not MARKERS.search(json.dumps(kept, ensure_ascii=False))
    text = requests.post(
        f"{sandbox.base_url}{PORTAL}/service-results",
        json={"timeType": "year", "year": 2026},
        timeout=10,
    ).text
    assert not MARKERS.search(text)
    assert not MARKERS.search(json.dumps(get(client, sandbox, "/one-stop/bd/procedure", size=200)))


def test_truth_over_http(sandbox: SandboxServer) -> None:
    url = sandbox.base_url + "/sandbox/truth"
    query = {"from": "2026-09-01", "to": "2026-09-30", "unit": "H99"}
    rows = {row["indicatorId"]: row for row in requests.get(url, params=query, timeout=20).json()}
    assert rows["received_total"]["numerator"] > 1000
    assert rows["received_total"]["denominator"] is None
    assert requests.get(url, params={"from": "x"}, timeout=10).status_code == 400


def test_clock_over_http(sandbox: SandboxServer) -> None:
    url = sandbox.base_url + "/sandbox/clock"
    assert requests.post(url, json={"as_of": "2026-09-30T01:00:00Z"}, timeout=10).json() == {
        "as_of": "2026-09-30T08:00:00+07:00"
    }
    assert requests.post(url, json={"as_of": "noon"}, timeout=10).status_code == 400


def test_a_taken_port_is_named(sandbox: SandboxServer) -> None:
    port = int(sandbox.base_url.rpartition(":")[2])
    with pytest.raises(SandboxError, match=str(port)), SandboxServer(size=0.1, port=port):
        pass
