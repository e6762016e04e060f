from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from source_site import Reply, Request, Site, site

import cchc_pipeline.sources as rooms
from cchc_pipeline.days import LOCAL_ZONE, Window
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.documents.lgsp.source import (
    DOCUMENTS,
    STATUSES,
    DocumentsSource,
    EdxmlError,
    apology_dossier_code,
    document_row,
    internal_procedures_count,
    parse_message,
    procedures_count,
    status_row,
    subject_field,
    subject_kind,
)
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.protocol import KnownState

DAY = date(2026, 3, 10)
SUBJECT = "Phiếu xin lỗi, hồ sơ 000.00.12.H34-260301-0001 của Ông NGƯỜI MẪU 000123"


def letter(
    subject: str = SUBJECT, sender: str = "000.00.12.H34", root: str = "edXML", more: str = "", kind: int = 0
) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="http://www.go.vn/eDoc"><edXMLHeader><MessageHeader>
    <From><OrganId>{sender}</OrganId><OrganName>Sở Mẫu</OrganName></From>
    <To><OrganId>000.00.00.H34</OrganId></To><To><OrganId>H34.23.09</OrganId></To>
    <Code><CodeNumber>12</CodeNumber><CodeNotation>PXL-STP</CodeNotation></Code>
    <PromulgationInfo><Place>x</Place><PromulgationDate>2026/03/09</PromulgationDate></PromulgationInfo>
    <DocumentType><Type>2</Type><TypeName>Phiếu xin lỗi</TypeName></DocumentType>
    <Subject>{subject}</Subject><Content>NGƯỜI MẪU 000123</Content>
    <SignerInfo><FullName>NGƯỜI MẪU 000777</FullName></SignerInfo>
    <OtherInfo><Priority>2</Priority></OtherInfo>
    <ResponseFor><OrganId>000.00.00.G15</OrganId><DocumentId>000.00.00.G15,2026/03/01,5/BTP</DocumentId></ResponseFor>
    <DocumentId>{sender},2026/03/09,12/PXL-STP</DocumentId></MessageHeader>
    <TraceHeaderList><TraceHeader><OrganId>{sender}</OrganId><Timestamp>2026/03/09 23:30:00</Timestamp></TraceHeader>
    <Bussiness><BussinessDocType>{kind}</BussinessDocType><Paper>1</Paper>
    <StaffInfo><Staff>NGƯỜI MẪU 000888</Staff><Mobile>+84000000888</Mobile></StaffInfo></Bussiness></TraceHeaderList>
    {more}</edXMLHeader></{root}>"""


SIGNED = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference><DigestValue>q</DigestValue></Reference></SignedInfo></Signature>'
STATUS = """<edXML><edXMLEnvelope><edXMLHeader><Status>
<ResponseFor><DocumentId>A,2026/03/09,12/X</DocumentId></ResponseFor>
<From><OrganId>000.00.00.H34</OrganId></From><StatusCode>03</StatusCode><Timestamp>{stamp}</Timestamp>
<StaffInfo><Staff>NGƯỜI MẪU 000888</Staff></StaffInfo></Status></edXMLHeader></edXMLEnvelope></edXML>"""


class FakeAxis:
    def __init__(self, listed: dict[tuple[str, date], list[str]], messages: dict[str, str]) -> None:
        self.listed, self.messages = listed, messages

    def __call__(self, request: Request) -> Reply:
        if request.headers.get("X-SecretKey") != "sandbox":
            return Reply(401, {})
        if request.path.endswith("getEdoc"):
            doc_id = request.query["docId"]
            data = {"docId": doc_id, "edxml": self.messages[doc_id], "attachments": [{"fileContent": "UERG"}]}
            return Reply(200, {"success": True, "data": data})
        day = date.fromisoformat(request.query["fromDate"].replace("/", "-"))
        assert request.query["toDate"] == request.query["fromDate"]
        ids = self.listed.get((request.query["messageType"], day), [])
        items = [
            {"docId": x, "from": "000.00.00.G15" if x.startswith("g") else "000.00.12.H34",
             "createdTime": f"{day:%Y/%m/%d} 08:00:00"} for x in ids
        ]  # fmt: skip
        return Reply(200, {"success": True, "count": len(items), "data": items})


@contextmanager
def source(answer: Any) -> Iterator[tuple[DocumentsSource, Site]]:
    with site(answer) as served:
        headers = {"X-SystemId": "sandbox", "X-SecretKey": "sandbox"}
        http = HttpClient("documents", served.url, HttpPolicy(timeout_s=2, retries=0), headers)
        yield DocumentsSource(http, "H34"), served


@pytest.mark.parametrize("root", ["edXML", "edXMLEnvelope"])
def test_a_letter_becomes_a_row(root: str) -> None:
    assert document_row(parse_message(letter(root=root, more=SIGNED))) == {
        "document_id": "000.00.12.H34,2026/03/09,12/PXL-STP", "unit_code": "H34.12",
        "receiver_unit_codes": "H34;H34.23.09", "document_number": "12", "notation": "PXL-STP",
        "document_type": "Phiếu xin lỗi",
        "subject_masked": "Phiếu xin lỗi, hồ sơ 000.00.12.H34-260301-0001 của Ông [tên]",
        "subject_kind": "apology_letter", "promulgated_on": date(2026, 3, 9), "due_on": None,
        "sent_at": datetime(2026, 3, 9, 23, 30, tzinfo=LOCAL_ZONE), "sent_on": date(2026, 3, 9),
        "is_paper_copy": True, "is_signed": True, "responds_to_document_id": "000.00.00.G15,2026/03/01,5/BTP",
        "dossier_code": "000.00.12.H34-260301-0001", "procedures_count": None, "security_level": "normal",
        "subject_field": "other", "internal_procedures_count": None, "priority": 2, "parse_errors": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sphere", "level"), [("Mật", "secret"), (" tối  mật ", "top_secret"), ("TUYỆT MẬT", "most_secret"), ("", "normal")]
)
def test_the_sphere_of_promulgation_tells_what_is_secret(sphere: str, level: str) -> None:
    xml = f"<edXML><MessageHeader><OtherInfo><SphereOfPromulgation>{sphere}</SphereOfPromulgation></OtherInfo></MessageHeader></edXML>"  # noqa: E501
    row = document_row(parse_message(xml))
    assert row is not None
    assert row["security_level"] == level


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ("Tờ trình về việc phê duyệt dự toán mua sắm năm", "finance"),
        ("V/v đôn đốc giải ngân vốn đầu tư công", "finance"),
        ("Quyết định về việc bổ nhiệm công chức", "personnel"),
        ("V/v công tác tổ chức cán bộ tháng 5", "personnel"),
        ("Giấy mời họp giao ban tháng 5", "other"),
    ],
)
def test_the_subject_tells_its_field(subject: str, field: str) -> None:
    assert subject_field(subject) == field


@pytest.mark.parametrize(
    ("subject", "count"),
    [
        ("Quyết định công bố 7 thủ tục hành chính nội bộ lĩnh vực nội vụ", 7),
        ("Quyết định công bố 12 TTHC (trong đó có 3 TTHC nội bộ) lĩnh vực y tế", 3),
        ("Quyết định công bố 12 thủ tục hành chính lĩnh vực y tế", 0),
        ("Quyết định công bố thủ tục hành chính nội bộ", None),
    ],
)
def test_a_publication_decision_tells_its_internal_procedures(subject: str, count: int | None) -> None:
    assert internal_procedures_count(subject) == count


def test_a_signature_without_a_digest_is_none() -> None:
    row = document_row(parse_message(letter(more="<Signature><SignedInfo/></Signature>")))
    assert row is not None
    assert row["is_signed"] is False


def test_a_recall_is_no_document() -> None:
    assert document_row(parse_message(letter(kind=1))) is None


def test_a_status_becomes_a_row() -> None:
    row = status_row(parse_message(STATUS.format(stamp="2026/03/10 08:00:00")))
    assert row == {
        "document_id": "A,2026/03/09,12/X", "unit_code": "H34", "status_code": "03",
        "status_at": datetime(2026, 3, 10, 8, tzinfo=LOCAL_ZONE), "status_on": DAY, "parse_errors": None,
    }  # fmt: skip
    row = status_row(parse_message(STATUS.format(stamp="10/03/2026")))
    assert row["status_at"] is None
    assert row["parse_errors"] == "status_at: not a time yyyy/MM/dd HH:mm:ss '10/03/2026'"


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><edXML>&a;</edXML>',
        '<?xml version="1.0"?>\n<!doctype x SYSTEM "file:///etc/passwd"><edXML/>',
        "<edXML><cut",
        "",
    ],
)
def test_declarations_and_broken_xml_are_refused(text: str) -> None:
    with pytest.raises(EdxmlError):
        parse_message(text)


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Quyết định công bố 12 thủ tục hành chính lĩnh vực đất đai", "publication_decision"),
        ("V/v công bố danh mục TTHC thuộc thẩm quyền", "publication_decision"),
        ("PHIẾU XIN LỖI và hẹn lại ngày trả kết quả", "apology_letter"),
        ("Kế hoạch cải cách hành chính năm 2026", "reform_plan"),
        ("Kế hoạch kiểm tra công tác CCHC", "reform_plan"),
        ("Báo cáo kết quả công tác cải cách hành chính quý I", "reform_report"),
        ("Kế hoạch tuyên truyền an toàn giao thông", "other"),
        ("", "other"),
    ],
)
def test_kinds_of_subjects(subject: str, kind: str) -> None:
    assert subject_kind(subject) == kind


def test_facts_of_subjects() -> None:
    assert procedures_count("Quyết định công bố 12 thủ tục hành chính") == 12
    assert procedures_count("công bố danh mục 03 (ba) thủ tục") == 3
    assert procedures_count("công bố thủ tục hành chính") is None
    assert apology_dossier_code("hồ sơ H34.12-260301-0001, nhắc lại H34.12-260301-0001") == "H34.12-260301-0001"
    assert apology_dossier_code("hồ sơ H34.12-260301-0001 và H34.12-260301-0002") is None
    assert apology_dossier_code("Phiếu xin lỗi, hồ sơ HS261021/00005.H99214 của Ông A") == "HS261021/00005.H99214"
    assert apology_dossier_code("Phiếu xin lỗi, hồ sơ của Ông A, số 999000000001") is None
    assert apology_dossier_code("Phiếu xin lỗi, hồ sơ 999000000001") is None


def test_days_in_order_with_late_arrivals_first() -> None:
    early, late = DAY - timedelta(days=7), DAY + timedelta(days=1)
    axis = FakeAxis(
        {("edoc", early): ["a"], ("edoc", DAY): ["b", "g", "bad"], ("edoc", late): ["a"], ("status", DAY): ["s"]},
        {"a": letter("Kế hoạch", "H34.1"), "b": letter(), "g": letter("x", "000.00.00.G15"), "bad": "<edXML>",
         "s": STATUS.format(stamp="2026/03/10 08:00:00")},
    )  # fmt: skip
    steps: list[int] = []
    with source(axis) as (adapter, served):
        batches = list(adapter.pull(Window(DAY, late), KnownState(), lambda done, total, what: steps.append(done)))
        fetched = [request.query["docId"] for request in served.seen if "docId" in request.query]
        assert {request.method for request in served.seen} == {"GET"}
    assert fetched == ["a", "b", "bad", "s"]
    assert [(batch.table, batch.day, len(batch.rows)) for batch in batches] == [
        (DOCUMENTS, DAY, 3), (STATUSES, DAY, 1), (DOCUMENTS, late, 0), (STATUSES, late, 0)
    ]  # fmt: skip
    assert steps == list(range(1, 10))
    broken = batches[0].rows[2]
    assert broken["document_id"] is None
    assert broken["parse_errors"] == "edxml: not well-formed XML (docId bad)"
    assert not [value for batch in batches for row in batch.rows for value in row.values() if "MẪU" in str(value)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"success": False, "code": 15}, errors.SourceAuthFailed),
        ({"success": False, "errorCode": "20"}, errors.SourceServerError),
        ({"success": False, "code": "<b>"}, errors.RequestRefused),
        ({"success": True}, errors.FieldGone),
        ({"success": True, "count": 2, "data": [{"docId": "a"}]}, errors.ReplyBroken),
        ({"success": True, "count": 1, "data": [{"from": "a"}]}, errors.FieldGone),
        ({"success": True, "data": [{"docId": "a", "createdTime": "2020/01/01 08:00:00"}]}, errors.PageRepeated),
        ([], errors.ReplyBroken),
    ],
)
def test_refusals_inside_a_success(body: Any, kind: type[errors.SourceError]) -> None:
    with source(lambda _: Reply(200, body)) as (adapter, _), pytest.raises(errors.SourceError) as caught:
        list(adapter.pull(Window(DAY, DAY), KnownState(), silent))
    assert type(caught.value) is kind
    assert caught.value.day == DAY


def test_another_message_than_asked_for() -> None:
    def answer(request: Request) -> Reply:
        if request.path.endswith("getEdoc"):
            return Reply(200, {"success": True, "data": {"docId": "other", "edxml": "<edXML/>"}})
        day = request.query["fromDate"]
        return Reply(200, {"success": True, "data": [{"docId": f"x{day}", "createdTime": f"{day} 08:00:00"}]})

    with source(answer) as (adapter, _), pytest.raises(errors.PageRepeated, match="another message"):
        list(adapter.pull(Window(DAY, DAY), KnownState(), silent))


def test_calls_that_change_the_source_do_not_occur_in_the_code() -> None:
    for path in Path(rooms.__file__).parent.glob("*.py"):
        code = path.read_text(encoding="utf-8")
        for call in ("/sendEdoc", "/updateStatus", ".put(", ".patch(", ".delete("):
            assert call not in code, (path.name, call)
