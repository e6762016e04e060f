-- Inspections done of those planned up to the day, of a unit and of all units below it, with their conclusions looked up in
-- the document system by number and notation. Input: asked (unit_code, period_type, period_start, period_end, year,
-- cutoff_on), rules (criterion_code, needs_document), inspections, units, documents, run (first_on, documents_until).
-- A rule that needs the document says nothing of a period for which the document system was not read.
WITH RECURSIVE below AS (
    SELECT unit_code AS top, unit_code FROM units
    UNION
    SELECT below.top, units.unit_code FROM below JOIN units ON units.parent_code = below.unit_code
),
seen AS (
    SELECT UPPER(CONCAT(document_number, '/', notation)) AS conclusion, promulgated_on FROM documents
),
held AS (
    SELECT inspections.*, EXISTS (
        SELECT 1 FROM seen
        WHERE conclusion = UPPER(TRIM(conclusion_number)) AND promulgated_on >= inspections.inspected_on
    ) AS is_seen
    FROM inspections
),
due AS (
    SELECT asked.*, criterion_code, inspection_code, conclusion_number, is_seen,
        COALESCE(inspected_on <= cutoff_on AND (is_seen OR NOT needs_document), FALSE) AS is_done
    FROM asked
    CROSS JOIN run
    JOIN rules
        ON NOT needs_document OR (run.documents_until >= asked.period_start AND run.first_on <= asked.period_end)
    JOIN below ON below.top = asked.unit_code
    JOIN held ON held.unit_code = below.unit_code AND held.plan_year = asked.year AND planned_on <= cutoff_on
)
SELECT unit_code, criterion_code AS metric_code, period_type, period_start, period_end,
    COUNT(*) FILTER (is_done)::DOUBLE AS numerator,
    COUNT(*)::DOUBLE AS denominator,
    CONCAT(
        'Sổ kiểm tra: ', COUNT(*) FILTER (is_done), '/', COUNT(*), ' cuộc; kết luận thấy trong hệ thống văn bản: ',
        COUNT(*) FILTER (is_done AND is_seen),
        '; ' || STRING_AGG(conclusion_number, ', ' ORDER BY inspection_code) FILTER (is_done)
    ) AS evidence,
    'Đến hạn chưa kiểm tra xong: ' || STRING_AGG(inspection_code, ', ' ORDER BY inspection_code) FILTER (NOT is_done) AS reason_vi
FROM due
GROUP BY ALL
