-- Late dossiers as dated, additive counts by cause, in the shape of dossier events. Input: late (late_dossiers.sql).
-- Dated by the day of resolution, like resolved_late, of which these are the parts; overdue ones are not resolved.
WITH events AS (
    SELECT finished_on AS event_on, unit_code, procedure_code, channel, UNNEST([
        'late_' || cause,
        CASE WHEN apology_on IS NOT NULL THEN 'late_' || cause || '_apology' END
    ]) AS measure
    FROM late
    WHERE resolution = 'resolved_late'
)
SELECT event_on, unit_code, procedure_code, channel, measure, COUNT(*)::DOUBLE AS quantity
FROM events
WHERE measure IS NOT NULL
GROUP BY ALL
ORDER BY ALL
