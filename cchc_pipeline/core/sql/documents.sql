-- One row per document. Input: held (core documents), calendar. A publication decision is late after its legal last day
-- (five working days after the ministry's decision arrived; TT 02/2017/TT-VPCP, NĐ 63/2010/NĐ-CP as amended). The
-- ministry's own document is not held: its day stands in the key of the document that is answered (OrganId,yyyy/MM/dd,code).
WITH dated AS (
    SELECT
        held.* EXCLUDE (parse_errors),
        CASE WHEN subject_kind = 'publication_decision' AND due_on IS NOT NULL THEN promulgated_on > due_on END AS is_late,
        CASE WHEN subject_kind = 'publication_decision' THEN
            TRY_STRPTIME(REGEXP_EXTRACT(responds_to_document_id, ',(\d{4}/\d{2}/\d{2}),', 1), '%Y/%m/%d')::DATE
        END AS ministry_decision_on
    FROM held
)
SELECT
    dated.*,
    (published.working_day_number - decided.working_day_number)::INTEGER AS publication_days,
    -- A document of ours that wanted a reply by a day; a publication decision answers the ministry, not a request.
    CASE WHEN dated.subject_kind <> 'publication_decision' THEN asked.due_on END AS answers_due_on,
    dated.promulgated_on > answers_due_on AS is_reply_late
FROM dated
LEFT JOIN held AS asked
    ON asked.document_id = dated.responds_to_document_id AND asked.subject_kind <> 'publication_decision'
LEFT JOIN calendar AS decided ON decided.day_on = dated.ministry_decision_on
LEFT JOIN calendar AS published ON published.day_on = dated.promulgated_on
ORDER BY dated.document_id
