-- Documents as dated, additive counts in the shape of dossier events. Input: documents (core), run (as_of_on).
WITH events AS (
    SELECT sent_on AS event_on, unit_code, UNNEST([
        'documents_sent',
        CASE WHEN NOT is_paper_copy THEN 'documents_electronic' END,
        CASE WHEN is_signed THEN 'documents_signed' END
    ]) AS measure, 1.0 AS quantity
    FROM documents
    UNION ALL
    SELECT promulgated_on, unit_code, UNNEST([
        'publication_decisions', CASE WHEN is_late THEN 'publication_decisions_late' END
    ]), 1.0
    FROM documents WHERE subject_kind = 'publication_decision'
    UNION ALL
    SELECT promulgated_on, unit_code, 'published_procedures', procedures_count
    FROM documents WHERE subject_kind = 'publication_decision' AND procedures_count IS NOT NULL
)
SELECT event_on, unit_code, NULL::VARCHAR AS procedure_code, NULL::VARCHAR AS channel, measure, SUM(quantity)::DOUBLE AS quantity
FROM events, run
WHERE event_on <= run.as_of_on AND measure IS NOT NULL
GROUP BY ALL
ORDER BY ALL
