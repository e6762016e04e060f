-- PAPI on the map of the 34 provinces. Input: card (scorecard_papi), provinces (former province by its statistical code
-- until 30/6/2025, with its successor). A code without its vintage would take seven provinces for others.
-- No average of parts: it would need weights, and none are published. A range that lacks a part is no range.
WITH placed AS (
    SELECT card.*, provinces.* EXCLUDE (gso_code)
    FROM card JOIN provinces ON card.gso_code = provinces.gso_code AND card.unit_vintage = provinces.unit_vintage_of_code
),
gathered AS (
    SELECT
        period_start, period_end, rubric_version,
        successor_agency_code AS unit_code, successor_name_vi AS unit_name, successor_gso_code AS gso_code,
        criterion_level, criterion_code, parent_code, criterion_name_vi, criterion_name_en,
        MAX(max_points) AS max_points,
        MAX(comparable_since) AS comparable_since,
        COUNT(*)::INTEGER AS parts,
        COUNT(points)::INTEGER AS parts_scored,
        MIN(points) AS lowest,
        MAX(points) AS highest,
        BOOL_AND(status = 'not_applicable') AS is_not_asked,
        ANY_VALUE(reason_vi) AS reason_of_part,
        STRING_AGG(
            unit_name || COALESCE(' ' || REPLACE(FORMAT('{:.2f}', points), '.', ','), ' không có điểm'),
            '; ' ORDER BY unit_code
        ) AS parts_vi,
        STRING_AGG(unit_name, ', ' ORDER BY unit_code) FILTER (points IS NULL) AS lacking
    FROM placed
    GROUP BY ALL
)
SELECT
    * EXCLUDE (lowest, highest, is_not_asked, reason_of_part, lacking),
    'p34' AS unit_vintage,
    CASE
        WHEN is_not_asked THEN 'not_applicable'
        WHEN lacking IS NOT NULL THEN 'missing'
        WHEN parts = 1 THEN 'unchanged'
        ELSE 'range_of_parts'
    END AS basis,
    CASE WHEN parts = 1 THEN lowest END AS points,
    CASE WHEN lacking IS NULL THEN lowest END AS points_low,
    CASE WHEN lacking IS NULL THEN highest END AS points_high,
    CASE
        WHEN is_not_asked OR (parts = 1 AND lacking IS NOT NULL) THEN reason_of_part
        WHEN parts = 1 THEN NULL
        WHEN lacking IS NOT NULL THEN FORMAT('Không nêu khoảng điểm: thiếu điểm của {}', lacking)
        ELSE FORMAT('Hợp nhất từ {} tỉnh: chỉ nêu khoảng điểm của các tỉnh cũ; không lấy trung bình vì không có trọng số', parts)
    END AS reason_vi
FROM gathered
