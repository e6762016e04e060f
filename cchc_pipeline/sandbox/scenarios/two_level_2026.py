"""Build `two-level-2026`: an invented province from 1/9/2026 on, without an end.

The proportions are those that the national portal published for a real two-level province in October 2026
(98 % online, 14 % late or overdue, 23 % digitised, 16 % reused, 73 % electronic results, 62 % citizen data).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit, source_code, with_profiles
from cchc_pipeline.sandbox.life.scenario import Scenario
from cchc_pipeline.sandbox.scenarios import two_level_registers

NAME = "two-level-2026"
PROVINCE = "H99"

# name, notation, weight, sector codes with names
DEPARTMENTS: tuple[tuple[str, str, float, tuple[tuple[str, str], ...]], ...] = (
    ("Ban Quản lý Khu kinh tế", "BQLKKT", 0.5, (("G12-KT01", "Đầu tư trong khu kinh tế"),)),
    ("Sở Công Thương", "SCT", 4.0, (("G02-CT01", "Lưu thông hàng hóa"), ("G02-CT02", "Xúc tiến thương mại"))),
    ("Sở Giáo dục và Đào tạo", "SGDĐT", 1.5, (("G03-GD10", "Giáo dục trung học"), ("G03-GD11", "Văn bằng"))),
    ("Sở Khoa học và Công nghệ", "SKHCN", 1.0, (("G06-KH01", "Hoạt động khoa học"), ("G06-BC02", "Bưu chính"))),
    ("Sở Nông nghiệp và Môi trường", "SNNMT", 9.0, (("G10-DD01", "Đất đai"), ("G10-MT02", "Môi trường"))),
    ("Sở Nội vụ", "SNV", 3.0, (("G09-LD01", "Việc làm"), ("G09-NC02", "Người có công"))),
    ("Sở Ngoại vụ", "SNgV", 0.3, (("G08-NV01", "Công tác lãnh sự"),)),
    ("Sở Tài chính", "STC", 6.0, (("G12-DN01", "Thành lập doanh nghiệp"), ("G12-CS02", "Quản lý công sản"))),
    ("Sở Tư pháp", "STP", 8.0, (("G15-LT01", "Lý lịch tư pháp"), ("G15-BT02", "Bổ trợ tư pháp"))),
    ("Sở Văn hóa, Thể thao và Du lịch", "SVHTTDL", 0.6, (("G16-VH01", "Văn hóa"), ("G16-DL02", "Du lịch"))),
    ("Sở Xây dựng", "SXD", 7.0, (("G17-XD01", "Hoạt động xây dựng"), ("G17-DB02", "Đường bộ"))),
    ("Sở Y tế", "SYT", 3.5, (("G18-YT01", "Khám bệnh, chữa bệnh"), ("G18-DP02", "Dược phẩm"))),
    ("Sở Dân tộc và Tôn giáo", "SDTTG", 0.2, (("G21-TG01", "Tôn giáo"),)),
    ("Thanh tra tỉnh", "TTT", 0.2, (("G20-KN01", "Giải quyết khiếu nại"),)),
)

COMMUNE_PROCEDURES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "G15-HT05",
        "Hộ tịch",
        ("Đăng ký khai sinh", "Đăng ký khai tử", "Đăng ký kết hôn", "Cấp bản sao trích lục hộ tịch",
         "Cấp giấy xác nhận tình trạng hôn nhân", "Thay đổi, cải chính hộ tịch", "Đăng ký nhận cha, mẹ, con",
         "Đăng ký giám hộ"),
    ),
    (
        "G15-CT06",
        "Chứng thực",
        ("Chứng thực bản sao từ bản chính", "Chứng thực chữ ký", "Chứng thực hợp đồng, giao dịch",
         "Chứng thực di chúc", "Cấp bản sao có chứng thực từ bản chính hợp đồng"),
    ),
    (
        "G10-DD05",
        "Đất đai cấp xã",
        ("Đăng ký đất đai lần đầu", "Đính chính giấy chứng nhận", "Xóa đăng ký biện pháp bảo đảm",
         "Chuyển mục đích sử dụng đất của hộ gia đình", "Hòa giải tranh chấp đất đai"),
    ),
    (
        "G18-BT05",
        "Bảo trợ xã hội",
        ("Trợ cấp xã hội hàng tháng", "Hỗ trợ chi phí mai táng", "Xác định mức độ khuyết tật",
         "Công nhận hộ nghèo, cận nghèo", "Trợ giúp xã hội khẩn cấp"),
    ),
    (
        "G09-NC05",
        "Người có công",
        ("Trợ cấp một lần khi người có công từ trần", "Xác nhận người hưởng trợ cấp", "Thăm viếng mộ liệt sĩ"),
    ),
    (
        "G17-XD05",
        "Xây dựng cấp xã",
        ("Cấp giấy phép xây dựng nhà ở riêng lẻ", "Gia hạn giấy phép xây dựng", "Điều chỉnh giấy phép xây dựng"),
    ),
    (
        "G12-HK05",
        "Hộ kinh doanh",
        ("Đăng ký thành lập hộ kinh doanh", "Thay đổi nội dung đăng ký hộ kinh doanh",
         "Chấm dứt hoạt động hộ kinh doanh", "Tạm ngừng kinh doanh", "Cấp lại giấy chứng nhận hộ kinh doanh"),
    ),
    (
        "G03-GD05",
        "Giáo dục cấp xã",
        ("Chuyển trường học sinh", "Thành lập nhóm trẻ độc lập", "Cho phép trường mẫu giáo hoạt động"),
    ),
    ("G16-VH05", "Văn hóa cơ sở", ("Thông báo tổ chức lễ hội", "Công nhận gia đình văn hóa")),
    ("G21-TG05", "Tôn giáo cấp xã", ("Đăng ký hoạt động tín ngưỡng", "Thông báo sinh hoạt tôn giáo tập trung")),
)  # fmt: skip

ACTS = ("Cấp mới", "Cấp lại", "Gia hạn", "Điều chỉnh", "Thông báo", "Thẩm định", "Phê duyệt", "Thu hồi")

# trait -> (volume-weighted mean, spread between units in logits)
TRAITS: dict[str, tuple[float, float]] = {
    "online": (0.985, 0.6),
    "late": (0.165, 1.0),
    "early": (0.5, 0.6),
    "digitised": (0.226, 1.3),
    "reused": (0.165, 1.4),
    "electronic": (0.765, 1.2),
    "stored": (0.018, 1.0),
    "citizen": (0.62, 0.9),
    "synced": (0.87, 0.5),
    "paid": (0.985, 0.5),
    "rated": (0.2, 0.5),
    "apology": (0.25, 0.8),
    "paper": (0.04, 0.5),
    "signed": (0.92, 0.6),
}


def _procedure(number: int, name: str, sector: tuple[str, str], level: str, unit: str, rng: random.Random) -> Procedure:
    service = rng.choices(("full", "partial", "information"), (46, 40, 14))[0]
    hours = level == "commune" and sector[1] in ("Hộ tịch", "Chứng thực") and rng.random() < 0.3
    fee = rng.choice((5_000, 8_000, 20_000, 50_000, 100_000, 150_000, 300_000)) if rng.random() < 0.58 else 0
    is_payable = bool(fee) and rng.random() < 0.8
    low, high = (1, 8) if level == "commune" else (2, 20)
    return Procedure(
        code=f"9.{number:06d}",
        name=name,
        sector_code=sector[0],
        sector_name=sector[1],
        service_level=service,
        executing_level=level,
        unit_code=unit,
        processing_time=8 if hours else rng.choice((low, low + 1, low + 2, low + 3, (low + high) // 2, high)),
        processing_time_unit="h" if hours else "d",
        fee_vnd=fee,
        is_payment_online=is_payable,
        is_citizen_data_connected=rng.random() < 0.32,
        is_content_full=rng.random() < 0.985,
        is_updated_on_time=rng.random() < 0.915,
        publication_decision=f"{rng.randint(100, 2500)}/QĐ-UBND",
        is_in_force=True,
        weight=rng.lognormvariate(0, 1.1)
        * (0.05 if service == "information" else 1.0)  # few file what has no online service
        * (0.1 if fee and not is_payable else 1.0),
    )


def procedures(rng: random.Random) -> list[Procedure]:
    """Draw about 120 procedures; the province is in charge of commune-level ones."""
    made: list[Procedure] = []
    for i, (_, _, weight, sectors) in enumerate(DEPARTMENTS):
        unit = f"{PROVINCE}.{i + 2:02d}"
        for j in range(8 if weight >= 6 else 6 if weight >= 3 else 5 if weight >= 1 else 4):
            sector = sectors[j % len(sectors)]
            name = f"{ACTS[j]} hồ sơ lĩnh vực {sector[1].lower()}"
            made.append(_procedure(len(made) + 1, name, sector, "province", unit, rng))
    for code, sector_name, names in COMMUNE_PROCEDURES:
        for name in names:
            made.append(_procedure(len(made) + 1, name, (code, sector_name), "commune", PROVINCE, rng))
    retired = [
        replace(p, code=f"9.9{i:05d}", name=f"{p.name} (đã bãi bỏ)", is_in_force=False)
        for i, p in enumerate(rng.sample(made, 4))
    ]
    return made + retired


def with_attributes(made: Sequence[Procedure], rng: random.Random) -> list[Procedure]:
    """Return the procedures with drawn attributes, and six internal ones."""
    described = []
    for p in made:
        linked = rng.random()
        online = p.service_level != "information"
        integrated_on = (
            date(2022, 1, 1) + timedelta(days=rng.randrange(1_730)) if online and rng.random() < 0.6 else None
        )
        cut = rng.random() < 0.15
        described.append(
            replace(
                p,
                interlinked="same_level" if linked < 0.12 else "cross_level" if linked < 0.2 else None,
                is_paperless=online and rng.random() < 0.15,
                is_priority_early=p.executing_level == "province" and rng.random() < 0.05,
                is_essential=integrated_on is not None and rng.random() < 0.2,
                is_location_free=p.executing_level == "province" and rng.random() < 0.1,
                integrated_on=integrated_on,
                synced_on=date(2021, 1, 1) + timedelta(days=rng.randrange(2_100)) if rng.random() < 0.8 else None,
                time_cut_on=date(2025, 7, 1) + timedelta(days=rng.randrange(480)) if cut else None,
                simplified_on=date(2025, 7, 1) + timedelta(days=rng.randrange(480)) if cut or linked > 0.9 else None,
            )
        )
    for i in range(6):
        base = replace(described[i * 7], code=f"9.8{i + 1:05d}", name=f"Thủ tục hành chính nội bộ mẫu {i + 1}")
        described.append(replace(base, is_internal=True, is_essential=False, interlinked=None, integrated_on=None))
    return described


def units(rng: random.Random) -> list[Unit]:
    """Draw volumes and profiles of the province, 14 departments and 36 communes."""
    made = []
    for i, (name, notation, weight, _) in enumerate(DEPARTMENTS):
        code = f"{PROVINCE}.{i + 2:02d}"
        source = source_code(code, "department")
        made.append(Unit(code, f"{name} - Tỉnh Mẫu", "department", PROVINCE, source, notation, weight))
    for i in range(36):
        code = f"{PROVINCE}.{201 + i}"
        kind = "Phường" if i < 6 else "Xã"
        weight = rng.lognormvariate(0.35, 0.6) * (2.0 if i < 6 else 1.0)
        made.append(
            Unit(
                code, f"UBND {kind} Mẫu {i + 1:02d}", "commune", PROVINCE, source_code(code, "commune"), "UBND", weight
            )
        )
    top = Unit(PROVINCE, "UBND Tỉnh Mẫu", "province", None, source_code(PROVINCE, "province"), "UBND")
    return [top, *with_profiles(made, TRAITS, rng)]


def build(seed: int) -> Scenario:
    """Build the scenario for `seed`."""
    rng = random.Random(f"{NAME}|{seed}|catalogue")
    made = units(rng)
    return Scenario(
        name=NAME,
        title="Tỉnh Mẫu, chính quyền địa phương hai cấp / an invented two-level province",
        province_code=PROVINCE,
        province_name="Tỉnh Mẫu",
        go_live=date(2026, 9, 1),
        last_day=None,
        dossiers_per_day=240.0,
        units=tuple(made),
        procedures=tuple(with_attributes(procedures(rng), random.Random(f"{NAME}|{seed}|attributes"))),
        registers=two_level_registers.rows(made, seed),
    )
