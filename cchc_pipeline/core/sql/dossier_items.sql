-- Every measure of a dossier with its day and quantity; summed, they are dossier events. Input: dossiers (built by
-- dossiers.sql).
-- An open dossier's coming overdue stands here with its future date; what lies after the last day of data is cut later.
-- Pending on a day = sum of received minus resolved up to it; overdue = became_overdue minus overdue_ended.
WITH counted AS (
    SELECT * FROM dossiers WHERE received_on IS NOT NULL AND status_code NOT IN (1, 3)
),
overdue AS (
    -- Past its due date while open, and not paused before the due date had passed.
    SELECT * FROM counted
    WHERE due_on IS NOT NULL
      AND (closed_on IS NULL OR closed_on > due_on)
      AND NOT (is_suspended AND suspended_on <= due_on)
)
SELECT received_on AS event_on, dossier_id AS item_id, unit_code, procedure_code, channel, 'received' AS measure, 1.0 AS quantity FROM counted
UNION ALL
SELECT closed_on, dossier_id, unit_code, procedure_code, channel, 'resolved_' || outcome, 1.0 FROM counted WHERE outcome IS NOT NULL
UNION ALL
SELECT closed_on, dossier_id, unit_code, procedure_code, channel, 'resolved_done', 1.0
FROM counted WHERE closed_on IS NOT NULL AND status_code IN (9, 10)
UNION ALL
SELECT closed_on, dossier_id, unit_code, procedure_code, channel, 'handled_working_days', handling_working_days
FROM counted WHERE handling_working_days IS NOT NULL
UNION ALL
SELECT closed_on, dossier_id, unit_code, procedure_code, channel, 'resolved_result_electronic', 1.0
FROM counted WHERE closed_on IS NOT NULL AND status_code IN (9, 10) AND is_result_electronic
UNION ALL
SELECT closed_on, dossier_id, unit_code, procedure_code, channel, 'late_with_apology', 1.0
FROM counted WHERE outcome = 'late' AND has_apology
UNION ALL
SELECT closed_on, dossier_id, unit_code, procedure_code, channel, CASE status_code WHEN 7 THEN 'withdrawn' ELSE 'stopped' END, 1.0
FROM counted WHERE closed_on IS NOT NULL AND status_code IN (7, 8)
UNION ALL
SELECT finished_on, dossier_id, unit_code, procedure_code, channel, 'refused', 1.0
FROM dossiers WHERE status_code = 3 AND finished_on IS NOT NULL
UNION ALL
SELECT due_on + 1, dossier_id, unit_code, procedure_code, channel, 'became_overdue', 1.0 FROM overdue
UNION ALL
SELECT COALESCE(closed_on, suspended_on), dossier_id, unit_code, procedure_code, channel, 'overdue_ended', 1.0
FROM overdue WHERE closed_on IS NOT NULL OR is_suspended
UNION ALL
SELECT suspended_on, dossier_id, unit_code, procedure_code, channel, 'suspended', 1.0 FROM counted WHERE suspended_on IS NOT NULL
UNION ALL
SELECT resumed_on, dossier_id, unit_code, procedure_code, channel, 'resumed', 1.0 FROM counted WHERE resumed_on IS NOT NULL
UNION ALL
SELECT rated_on, dossier_id, unit_code, procedure_code, channel,
    CASE rating WHEN 1 THEN 'rated_dissatisfied' WHEN 2 THEN 'rated_neutral' WHEN 3 THEN 'rated_satisfied' END, 1.0
FROM counted WHERE rated_on IS NOT NULL AND rating IS NOT NULL
UNION ALL
-- QĐ 766 counts what became of the dossiers received in a period: these are dated by reception.
SELECT received_on, dossier_id, unit_code, procedure_code, channel, UNNEST([
    CASE WHEN channel = 'online' AND service_level = 'full' THEN 'received_full_online' END,
    CASE WHEN has_fee THEN 'with_fee' END,
    CASE WHEN has_fee AND is_paid_online THEN 'paid_online' END,
    CASE WHEN is_digitised THEN 'digitised' END,
    CASE WHEN is_data_reused THEN 'reused' END,
    CASE WHEN is_result_electronic THEN 'result_electronic' END,
    CASE WHEN is_in_personal_storage THEN 'personal_storage' END,
    CASE WHEN is_citizen_data_used THEN 'citizen_data' END,
    CASE WHEN is_synced_national THEN 'synced_national' END,
    CASE WHEN is_not_late THEN 'not_late' END,
    CASE WHEN is_not_late AND rating IS DISTINCT FROM 1 THEN 'satisfied_not_late' END
]), 1.0
FROM counted
