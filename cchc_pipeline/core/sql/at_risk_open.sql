-- Open dossiers whose due date has not passed, with the working time left. Input: dossiers (built), calendar, openings
-- (schedule, begins_at, ends_at, seconds_before), checkpoints (days_left), run (as_of_on).
-- The time left is counted from the end of the last day of data; a dossier whose clock stands still is not at risk.
WITH waiting AS (
    SELECT dossiers.*, run.as_of_on,
        COALESCE(due_at::TIMESTAMP, due_on::TIMESTAMP + INTERVAL 1 DAY) AS until_at,
        run.as_of_on::TIMESTAMP + INTERVAL 1 DAY AS from_at
    FROM dossiers CROSS JOIN run
    WHERE is_open AND NOT is_suspended AND due_on >= run.as_of_on
),
schedules AS (
    -- the hours of a unit are those of the nearest listed unit above it
    SELECT units.unit_code, ARG_MAX(listed.schedule, LENGTH(listed.schedule)) AS schedule
    FROM (SELECT DISTINCT unit_code FROM waiting) AS units
    JOIN (SELECT DISTINCT schedule FROM openings) AS listed
        ON listed.schedule = '*' OR units.unit_code = listed.schedule OR STARTS_WITH(units.unit_code, listed.schedule || '.')
    GROUP BY units.unit_code
),
placed AS (SELECT waiting.*, schedules.schedule FROM waiting JOIN schedules USING (unit_code)),
timed AS (
    SELECT placed.*,
        due_day.working_day_number - today.working_day_number AS working_days_left,
        GREATEST(0,
            until_span.seconds_before + EPOCH(LEAST(placed.until_at, until_span.ends_at) - until_span.begins_at)
            - from_span.seconds_before - EPOCH(LEAST(placed.from_at, from_span.ends_at) - from_span.begins_at)
        ) / 3600 AS working_hours_left
    FROM placed
    LEFT JOIN calendar AS due_day ON due_day.day_on = placed.due_on
    LEFT JOIN calendar AS today ON today.day_on = placed.as_of_on
    ASOF LEFT JOIN openings AS until_span ON until_span.schedule = placed.schedule AND placed.until_at >= until_span.begins_at
    ASOF LEFT JOIN openings AS from_span ON from_span.schedule = placed.schedule AND placed.from_at >= from_span.begins_at
)
SELECT dossier_id, dossier_code, unit_code, procedure_code, current_step, current_step_unit_code, received_on, due_on, as_of_on,
    DATE_TRUNC('month', as_of_on)::DATE AS month,
    working_days_left, working_hours_left, COALESCE(current_step, '') AS step,
    (SELECT MAX(days_left) FROM checkpoints WHERE checkpoints.days_left <= timed.working_days_left) AS days_left
FROM timed
