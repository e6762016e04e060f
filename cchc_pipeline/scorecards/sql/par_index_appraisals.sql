-- What each stage gave to each criterion, held against its rubric and against the stages before it. Nothing is dropped: a
-- row that contradicts either is refused with its reason. Input: held (rows of registers__appraisals), rubrics (rubric_id,
-- rubric_version, unit_levels, valid_from, valid_to), criteria (rubric_id, rubric_version, criterion_code,
-- criterion_name_vi, max_points, least_points, is_survey, is_computed), units (unit_code, unit_name, unit_level), documents.
WITH years AS (SELECT DISTINCT rubric_id, year FROM held),
-- The version that scores a year: the last one in force in it; where none was, any, which the rows are then refused for.
scoring AS (
    SELECT years.year, rubrics.*
    FROM years JOIN rubrics USING (rubric_id)
    QUALIFY 1 = ROW_NUMBER() OVER (
        PARTITION BY rubric_id, years.year
        ORDER BY valid_from > MAKE_DATE(years.year, 12, 31), COALESCE(valid_to < MAKE_DATE(years.year, 1, 1), FALSE), valid_from DESC
    )
),
placed AS (
    SELECT held.* EXCLUDE (is_not_applicable), scoring.rubric_version, unit_name, criterion_name_vi, max_points, is_computed,
        COALESCE(is_not_applicable, FALSE) AS is_not_applicable,
        CASE
            WHEN scoring.rubric_version IS NULL THEN CONCAT('Không có bộ tiêu chí «', held.rubric_id, '»')
            WHEN MAKE_DATE(held.year, 12, 31) < valid_from OR MAKE_DATE(held.year, 1, 1) > valid_to
                THEN CONCAT('Bộ tiêu chí «', held.rubric_id, '» không có hiệu lực trong năm ', held.year)
            WHEN units.unit_code IS NULL THEN CONCAT('Mã cơ quan ', held.unit_code, ' không có trong danh mục cơ quan')
            WHEN LEN(unit_levels) > 0 AND NOT COALESCE(LIST_CONTAINS(unit_levels, unit_level), FALSE)
                THEN CONCAT('Bộ tiêu chí «', held.rubric_id, '» không dùng cho cấp của cơ quan này')
            WHEN max_points IS NULL
                THEN CONCAT('Bộ tiêu chí «', held.rubric_id, '» không có tiêu chí «', held.criterion_code, '»')
            WHEN is_survey AND stage <> 'survey' THEN 'Tiêu chí điều tra xã hội học: không tự chấm, không thẩm định'
            WHEN NOT is_survey AND stage = 'survey' THEN 'Tiêu chí này không chấm bằng điều tra xã hội học'
            WHEN points > max_points
                THEN CONCAT('Điểm ', REPLACE(points::VARCHAR, '.', ','), ' lớn hơn điểm tối đa ', REPLACE(max_points::VARCHAR, '.', ','))
            WHEN points < least_points
                THEN CONCAT('Điểm ', REPLACE(points::VARCHAR, '.', ','), ' nhỏ hơn điểm thấp nhất ', REPLACE(least_points::VARCHAR, '.', ','))
            WHEN ABS(points * 100 - ROUND(points * 100)) > 1e-6 THEN 'Điểm có quá hai chữ số thập phân'
        END AS own_problem_vi
    FROM held
    LEFT JOIN scoring ON scoring.rubric_id = held.rubric_id AND scoring.year = held.year
    LEFT JOIN criteria ON criteria.rubric_id = held.rubric_id AND criteria.rubric_version = scoring.rubric_version
        AND criteria.criterion_code = held.criterion_code
    LEFT JOIN units ON units.unit_code = held.unit_code
    WHERE NOT COALESCE(is_withdrawn, FALSE)
),
ordered AS (
    SELECT placed.*,
        CASE
            WHEN own_problem_vi IS NOT NULL THEN own_problem_vi
            WHEN placed.stage = 'second' AND first_one.stage IS NULL THEN 'Thẩm định lần 2 khi chưa có thẩm định lần 1 hợp lệ'
            WHEN placed.stage = 'second' AND placed.scored_on < first_one.scored_on THEN 'Thẩm định lần 2 trước ngày thẩm định lần 1'
        END AS problem_vi
    FROM placed
    LEFT JOIN (
        SELECT rubric_id, unit_code, year, criterion_code, stage, scored_on FROM placed
        WHERE stage = 'first' AND own_problem_vi IS NULL
    ) AS first_one USING (rubric_id, unit_code, year, criterion_code)
),
standing AS (
    SELECT ordered.*, problem_vi IS NOT NULL AS is_refused,
        problem_vi IS NULL AND 1 = ROW_NUMBER() OVER (
            PARTITION BY rubric_id, unit_code, year, criterion_code, problem_vi IS NULL
            ORDER BY CASE stage WHEN 'second' THEN 1 WHEN 'first' THEN 2 ELSE 3 END
        ) AS is_counted,
        MAX(points) FILTER (stage = 'self' AND problem_vi IS NULL) OVER (
            PARTITION BY rubric_id, unit_code, year, criterion_code
        ) AS self_points
    FROM ordered
),
-- Number and notation as documents are cited: 25/KH-STP.
cited AS (
    SELECT DISTINCT rubric_id, unit_code, year, criterion_code, stage, scored_on,
        UPPER(UNNEST(REGEXP_EXTRACT_ALL(evidence, '\d+[A-Za-z]?/[\p{L}][\p{L}\d&-]*'))) AS number_and_notation
    FROM held WHERE evidence IS NOT NULL
),
looked_up AS (
    SELECT cited.* EXCLUDE (scored_on), STRING_AGG(document_id, '; ' ORDER BY document_id) AS document_ids
    FROM cited
    LEFT JOIN (
        SELECT document_id, promulgated_on, UPPER(CONCAT(document_number, '/', notation)) AS number_and_notation
        FROM documents
    ) AS documents
        ON documents.number_and_notation = cited.number_and_notation
        AND promulgated_on BETWEEN MAKE_DATE(cited.year - 1, 1, 1) AND scored_on
    GROUP BY ALL
),
evidenced AS (
    SELECT rubric_id, unit_code, year, criterion_code, stage,
        BOOL_AND(document_ids IS NOT NULL) AS is_evidence_found,
        STRING_AGG(document_ids, '; ' ORDER BY document_ids) AS evidence_document_ids
    FROM looked_up
    GROUP BY ALL
)
SELECT standing.*, is_evidence_found, evidence_document_ids,
    CASE WHEN stage <> 'self' AND NOT is_refused THEN ROUND(points - self_points, 2) END AS difference,
    CASE
        WHEN is_refused THEN problem_vi
        WHEN NOT is_counted THEN CONCAT('Đã có ', CASE WHEN MAX(stage = 'second' AND is_counted) OVER criterion
            THEN 'thẩm định lần 2' ELSE 'thẩm định lần 1' END)
        WHEN stage = 'self' AND is_computed THEN 'Chỉ có điểm tự chấm, chưa thẩm định; số liệu hệ thống được tính trước'
        WHEN stage = 'self' THEN 'Chỉ có điểm tự chấm, chưa thẩm định: tạm tính'
    END AS reason_vi
FROM standing
LEFT JOIN evidenced USING (rubric_id, unit_code, year, criterion_code, stage)
WINDOW criterion AS (PARTITION BY rubric_id, unit_code, year, criterion_code)
ORDER BY rubric_id, unit_code, year, criterion_code, stage
