-- Every measure of a document with its day and quantity; summed, they are events in the shape of dossier events. Input:
-- documents (built), run (as_of_on).
-- Secret documents are not to travel on the axis; those that name themselves so are left out of the shares, and the
-- share of signed ones leaves out finance and personnel too, as provinces report it.
WITH events AS (
    SELECT sent_on AS event_on, document_id AS item_id, unit_code, UNNEST([
        'documents_sent',
        CASE WHEN is_open THEN 'documents_open' END,
        CASE WHEN is_open AND NOT is_paper_copy THEN 'documents_electronic' END,
        CASE WHEN is_open AND is_plain THEN 'documents_to_sign' END,
        CASE WHEN is_open AND is_plain AND is_signed THEN 'documents_signed' END
    ]) AS measure, 1.0 AS quantity
    FROM (
        SELECT *,
            COALESCE(security_level, 'normal') = 'normal' AS is_open,
            COALESCE(subject_field, 'other') = 'other' AS is_plain
        FROM documents
    )
    UNION ALL
    SELECT promulgated_on, document_id, unit_code, UNNEST([
        'publication_decisions', CASE WHEN is_late THEN 'publication_decisions_late' END,
        CASE WHEN publication_days IS NOT NULL THEN 'publication_decisions_answering' END
    ]), 1.0
    FROM documents WHERE subject_kind = 'publication_decision'
    UNION ALL
    SELECT promulgated_on, document_id, unit_code, 'publication_days', publication_days
    FROM documents WHERE subject_kind = 'publication_decision' AND publication_days IS NOT NULL
    UNION ALL
    SELECT promulgated_on, document_id, unit_code, 'published_procedures', procedures_count
    FROM documents WHERE subject_kind = 'publication_decision' AND procedures_count IS NOT NULL
    UNION ALL
    SELECT promulgated_on, document_id, unit_code, 'published_procedures_internal', internal_procedures_count
    FROM documents WHERE subject_kind = 'publication_decision' AND internal_procedures_count > 0
    UNION ALL
    SELECT promulgated_on, document_id, unit_code, UNNEST(['replies', CASE WHEN is_reply_late THEN 'replies_late' END]), 1.0
    FROM documents WHERE answers_due_on IS NOT NULL
)
SELECT event_on, item_id, unit_code, NULL::VARCHAR AS procedure_code, NULL::VARCHAR AS channel, measure, quantity
FROM events, run
WHERE event_on <= run.as_of_on
