-- One row per dossier with what follows from it. Input: held (core dossiers), apologies, calendar, deadlines
-- (deadlines.sql), run (as_of_on).
-- Counting rules: Biểu II.06a/VPCP/KSTT (TT 01/2020/TT-VPCP); comparisons are by civil date, not by time.
WITH closed AS (
    SELECT
        held.*,
        -- 7 withdrawn and 8 stopped count as resolved on the day they ended; 9 done, 10 handed over.
        CASE WHEN status_code IN (7, 8, 9, 10) THEN finished_on END AS closed_on,
        received_on IS NOT NULL AND status_code NOT IN (1, 3) AS is_counted,
        status_code IN (5, 6) AS is_suspended
    FROM held
),
classed AS (
    SELECT
        closed.*,
        CASE
            WHEN closed_on IS NULL OR NOT is_counted THEN NULL
            WHEN status_code IN (7, 8) OR due_on IS NULL OR closed_on = due_on THEN 'on_time'
            WHEN closed_on < due_on THEN 'early'
            ELSE 'late'
        END AS outcome,
        is_counted AND closed_on IS NULL AS is_open
    FROM closed
)
SELECT
    classed.* EXCLUDE (is_counted, is_suspended, is_open, closed_on, outcome, steps, parse_errors),
    closed_on,
    outcome,
    is_open,
    is_suspended,
    COALESCE(is_open AND NOT is_suspended AND due_on < run.as_of_on, FALSE) AS is_overdue,
    is_counted AND COALESCE(
        CASE WHEN is_open THEN is_suspended OR due_on IS NULL OR due_on >= run.as_of_on ELSE outcome <> 'late' END, FALSE
    ) AS is_not_late,
    CASE WHEN is_counted AND status_code IN (9, 10) AND closed_on IS NOT NULL THEN
        (ended.working_day_number - began.working_day_number
         - COALESCE(resumed.working_day_number - suspended.working_day_number, 0))::DOUBLE
    END AS handling_working_days,
    apologies.dossier_code IS NOT NULL AS has_apology,
    classed.due_on AS due_on_source,
    deadlines.due_on_computed,
    deadlines.due_difference_working_days,
    deadlines.due_difference_reason
FROM classed
CROSS JOIN run
LEFT JOIN apologies ON apologies.dossier_code = classed.dossier_code
LEFT JOIN deadlines ON deadlines.dossier_id = classed.dossier_id
LEFT JOIN calendar AS began ON began.day_on = classed.received_on
LEFT JOIN calendar AS ended ON ended.day_on = classed.closed_on
LEFT JOIN calendar AS suspended ON suspended.day_on = classed.suspended_on AND classed.resumed_on IS NOT NULL
LEFT JOIN calendar AS resumed ON resumed.day_on = classed.resumed_on
ORDER BY dossier_id
