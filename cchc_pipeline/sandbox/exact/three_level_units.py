"""Build the units of a three-level province as it was until 30 June 2025."""

from __future__ import annotations

from dataclasses import replace

from cchc_pipeline.sandbox.life.province_parts import Profile, Unit, source_code

# code suffix, name, notation, weight
DEPARTMENTS: tuple[tuple[str, str, str, float], ...] = (
    ("02", "Sở Công Thương", "SCT", 8.0),
    ("03", "Sở Giáo dục và Đào tạo", "SGDĐT", 5.0),
    ("04", "Sở Giao thông vận tải", "SGTVT", 11.0),
    ("05", "Sở Kế hoạch và Đầu tư", "SKHĐT", 9.0),
    ("06", "Sở Khoa học và Công nghệ", "SKHCN", 1.0),
    ("07", "Sở Lao động - Thương binh và Xã hội", "SLĐTBXH", 6.0),
    ("08", "Sở Ngoại vụ", "SNgV", 0.4),
    ("09", "Sở Nội vụ", "SNV", 4.0),
    ("10", "Sở Nông nghiệp và Phát triển nông thôn", "SNNPTNT", 6.0),
    ("11", "Sở Tài chính", "STC", 2.0),
    ("12", "Sở Tài nguyên và Môi trường", "STNMT", 16.0),
    ("13", "Sở Thông tin và Truyền thông", "STTTT", 1.0),
    ("14", "Sở Tư pháp", "STP", 11.0),
    ("15", "Sở Văn hóa, Thể thao và Du lịch", "SVHTTDL", 2.0),
    ("16", "Sở Xây dựng", "SXD", 4.0),
    ("17", "Sở Y tế", "SYT", 5.0),
    ("18", "Ban Dân tộc", "BDT", 0.2),
    ("19", "Ban Quản lý các khu công nghiệp", "BQLKCN", 0.6),
    ("20", "Văn phòng UBND tỉnh", "VPUBND", 0.3),
)


def three_level_units(
    province: str,
    name: str,
    profile: Profile,
    *,
    districts: int,
    communes: int,
    district_weight: float,
    commune_weight: float,
) -> tuple[Unit, ...]:
    """Return the province, its departments, and its districts with their communes.

    Each district is followed by its communes; they are spread evenly.

    Args:
        province: agency code such as H16.
        name: name of the province's own unit.
        profile: profile of every unit.
        districts: number of districts.
        communes: number of communes of all districts together.
        district_weight: share of each district in the dossiers, on the departments' scale.
        commune_weight: the same for each commune.
    """
    made = [Unit(province, name, "province", None, source_code(province, "province"), "UBND")]
    for suffix, title, notation, weight in DEPARTMENTS:
        code = f"{province}.{suffix}"
        made.append(Unit(code, title, "department", province, source_code(code, "department"), notation, weight))
    number = 0
    for i in range(districts):
        code = f"{province}.{41 + i}"
        title = f"UBND huyện Mẫu {i + 1:02d}" if i else "UBND thành phố Mẫu 01"
        source = source_code(code, "district")
        made.append(Unit(code, title, "district", province, source, "UBND", district_weight))
        for j in range(communes // districts + (i < communes % districts)):
            number += 1
            below = f"{code}.{j + 1:02d}"
            made.append(Unit(below, f"UBND Xã Mẫu {number:03d}", "commune", code, below, "UBND", commune_weight))
    return tuple(replace(unit, profile=profile) for unit in made)
