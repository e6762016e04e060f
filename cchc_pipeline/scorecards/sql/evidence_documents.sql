-- Evidence in the document system: per unit, period and criterion how many of the documents that were due came in time.
-- Input: asked (unit_code, period_type, period_start, period_end, year, cutoff_on), windows (criterion_code, year, label_vi,
-- opens_on, due_on, closes_on), rules (criterion_code, subject_kinds, document_types, notation), documents, run (first_on,
-- documents_until).
-- A document that is not there is held against a unit only where the system was read from the day the window opens to the
-- day that it is due, and where another one of the same criterion was found: without any document the criterion has no
-- evidence.
WITH matching AS (
    SELECT rules.criterion_code, documents.unit_code, document_id, promulgated_on,
        CONCAT(document_number, '/', documents.notation) AS cited
    FROM documents
    JOIN rules
        ON (LEN(subject_kinds) = 0 OR LIST_CONTAINS(subject_kinds, subject_kind))
        AND (LEN(document_types) = 0 OR LIST_CONTAINS(document_types, document_type))
        AND (rules.notation IS NULL OR REGEXP_MATCHES(documents.notation, rules.notation))
),
first_of AS (
    SELECT criterion_code, unit_code, windows.opens_on, promulgated_on AS issued_on, cited
    FROM matching
    JOIN windows USING (criterion_code)
    WHERE promulgated_on BETWEEN windows.opens_on AND windows.closes_on
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY criterion_code, unit_code, windows.opens_on ORDER BY promulgated_on, document_id
    ) = 1
),
expected AS (
    SELECT asked.*, windows.* EXCLUDE (year), issued_on, cited
    FROM asked
    CROSS JOIN run
    JOIN windows ON windows.year = asked.year
    LEFT JOIN first_of
        ON first_of.criterion_code = windows.criterion_code AND first_of.unit_code = asked.unit_code
        AND first_of.opens_on = windows.opens_on AND issued_on <= cutoff_on
    WHERE issued_on IS NOT NULL
        OR (due_on <= LEAST(cutoff_on, run.documents_until) AND windows.opens_on >= run.first_on)
)
SELECT unit_code, criterion_code AS metric_code, period_type, period_start, period_end,
    COUNT(*) FILTER (issued_on <= due_on)::DOUBLE AS numerator,
    COUNT(*)::DOUBLE AS denominator,
    STRING_AGG(CONCAT(cited, ' (', STRFTIME(issued_on, '%d/%m/%Y'), ')'), '; ' ORDER BY opens_on)
        FILTER (issued_on IS NOT NULL) AS evidence,
    STRING_AGG(
        CASE WHEN issued_on IS NULL
            THEN CONCAT(label_vi, ': chưa thấy văn bản, hạn ', STRFTIME(due_on, '%d/%m/%Y'))
            ELSE CONCAT(label_vi, ': ban hành ', STRFTIME(issued_on, '%d/%m/%Y'), ', sau hạn ', STRFTIME(due_on, '%d/%m/%Y'))
        END, '; ' ORDER BY opens_on
    ) FILTER (issued_on IS NULL OR issued_on > due_on) AS reason_vi
FROM expected
GROUP BY ALL
HAVING COUNT(issued_on) > 0
