-- The dossiers that a cause touches, with what it changes of each. Input: moved, state, causes (cause, name_vi, is_listed).
-- A month of reception has each dossier once.
WITH changes AS (
    FROM moved UNPIVOT INCLUDE NULLS (change FOR figure IN (COLUMNS('^f_')))
    WHERE period_type = 'month' AND step > 0
)
SELECT
    period_start AS month_start, dossier_id, cause,
    ANY_VALUE(dossier_code) AS dossier_code,
    ANY_VALUE(national_code) AS national_code,
    ANY_VALUE(state.unit_code) AS unit_code,
    ANY_VALUE(state.procedure_code) AS procedure_code,
    ANY_VALUE(received_on) AS received_on,
    ANY_VALUE(is_synced_national) AS is_synced_national,
    BOOL_OR(is_waiting) AS is_quarantined,
    ANY_VALUE(name_vi) AS cause_name_vi,
    COALESCE(STRING_AGG(SUBSTR(figure, 3) || PRINTF(' %+d', change), '; ' ORDER BY figure), '') AS changes
FROM changes
JOIN state USING (period_type, period_start, dossier_id)
JOIN causes USING (cause)
GROUP BY period_start, dossier_id, cause
HAVING COUNT(change) > 0 OR BOOL_OR(causes.is_listed)
ORDER BY dossier_id, cause
