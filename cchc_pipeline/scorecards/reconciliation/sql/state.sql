-- Every dossier received in a period that the portal was read for, as we count it: the start of the reconciliation.
-- Input: dossiers (built), waiting (records in quarantine, typed), procedures, metrics (what the
-- portal shows), reads (period_type, period_start, read_on: the day that a period of the portal was read last), run.
CREATE TEMP TABLE state AS
WITH periods AS (
    SELECT DISTINCT period_type, period_start, period_end, LEAST(read_on, as_of_on) AS capture_on
    FROM metrics CROSS JOIN run LEFT JOIN reads USING (period_type, period_start)
),
held AS (
    SELECT dossier_id, dossier_code, national_code, unit_code, procedure_code, status_code, received_on, due_on, closed_on,
        suspended_on, resumed_on, current_step, rating, rated_on, has_fee, is_paid_online, is_result_electronic, is_digitised,
        is_data_reused, is_in_personal_storage, is_citizen_data_used, is_synced_national, FALSE AS is_waiting
    FROM dossiers
    WHERE received_on IS NOT NULL AND status_code NOT IN (1, 3)
    UNION ALL BY NAME
    -- A record in quarantine counts nowhere here; its reception is read from its code where the date cannot be.
    SELECT * EXCLUDE (finished_on) REPLACE (
            COALESCE(received_on, STRPTIME(NULLIF(REGEXP_EXTRACT(dossier_code, '-([0-9]{6})-', 1), ''), '%y%m%d')::DATE) AS received_on,
            COALESCE(status_code, CASE WHEN finished_on IS NOT NULL THEN 9
                WHEN suspended_on IS NOT NULL AND resumed_on IS NULL THEN 5 ELSE 4 END) AS status_code
        ),
        CASE WHEN COALESCE(status_code, 9) IN (7, 8, 9, 10) THEN finished_on END AS closed_on,
        TRUE AS is_waiting
    FROM waiting ANTI JOIN dossiers USING (dossier_id)
    WHERE dossier_id IS NOT NULL AND dossier_code IS NOT NULL AND unit_code IS NOT NULL AND COALESCE(status_code, 9) NOT IN (1, 3)
)
SELECT
    periods.period_type, periods.period_start, periods.period_end, periods.capture_on,
    run.as_of_on,
    held.*,
    COALESCE(procedures.has_fee, FALSE) AS procedure_has_fee,
    NOT held.is_waiting AS is_present,
    FALSE AS is_touched
FROM held
JOIN periods ON held.received_on BETWEEN periods.period_start AND periods.period_end
CROSS JOIN run
LEFT JOIN procedures ON procedures.procedure_code = held.procedure_code
WHERE held.received_on <= run.as_of_on
