-- Late dossiers by cause with the day of resolution; summed, they are events in the shape of dossier events. Input: late
-- (late_dossiers.sql). They are the parts of resolved_late; overdue ones are not resolved.
SELECT finished_on AS event_on, dossier_id AS item_id, unit_code, procedure_code, channel, UNNEST([
    'late_' || cause,
    CASE WHEN apology_on IS NOT NULL THEN 'late_' || cause || '_apology' END
]) AS measure, 1.0 AS quantity
FROM late
WHERE resolution = 'resolved_late'
