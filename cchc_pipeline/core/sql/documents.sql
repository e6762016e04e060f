-- One row per document. Input: held (core documents). A publication decision is late after its legal last day
-- (five working days after the ministry's decision arrived; TT 02/2017/TT-VPCP, NĐ 63/2010/NĐ-CP as amended).
SELECT
    held.* EXCLUDE (parse_errors),
    CASE WHEN subject_kind = 'publication_decision' AND due_on IS NOT NULL THEN promulgated_on > due_on END AS is_late
FROM held
ORDER BY document_id
