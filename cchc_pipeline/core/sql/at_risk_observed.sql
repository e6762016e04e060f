-- How dossiers of a month ended that still had so many working days left at a step: counts, one per dossier and number of
-- days left. Input: dossiers (built), held (core dossiers, for their steps), calendar, checkpoints (days_left), run (as_of_on).
-- Only what was known when the due date had passed counts: late is "not closed by the due date", said at the end of a day.
-- A dossier whose clock stood still on its due date is left out; one that was resumed counts from that day on, because its
-- due date was another one before.
WITH known AS (
    SELECT dossier_id, procedure_code, unit_code, received_on, due_on, closed_on, resumed_on,
        CASE WHEN suspended_on > due_on OR resumed_on IS NOT NULL THEN NULL ELSE suspended_on END AS paused_on,
        COALESCE(closed_on > due_on, TRUE) AS is_late
    FROM dossiers CROSS JOIN run
    WHERE received_on IS NOT NULL AND due_on IS NOT NULL AND status_code NOT IN (1, 3)
      AND (closed_on IS NOT NULL OR due_on < run.as_of_on)
      AND NOT COALESCE(suspended_on <= due_on AND COALESCE(resumed_on > due_on, TRUE), FALSE)
),
-- DISTINCT also keeps the engine from pairing every day of the calendar with every other one
due_days AS (
    SELECT DISTINCT known.due_on, checkpoints.days_left,
        due_day.working_day_number - checkpoints.days_left AS working_day_number
    FROM known
    JOIN calendar AS due_day ON due_day.day_on = known.due_on
    CROSS JOIN checkpoints
),
said AS (
    SELECT known.*, due_days.days_left, said_day.day_on AS said_on
    FROM known
    JOIN due_days ON due_days.due_on = known.due_on
    JOIN calendar AS said_day
        ON said_day.is_working_day AND said_day.working_day_number = due_days.working_day_number
    WHERE said_day.day_on >= known.received_on
      AND (known.closed_on IS NULL OR known.closed_on > said_day.day_on)
      AND (known.resumed_on IS NULL OR known.resumed_on > known.due_on OR said_day.day_on >= known.resumed_on)
),
histories AS (
    SELECT dossier_id, FROM_JSON(held.steps, '[{"step": "VARCHAR", "begun": "TIMESTAMP"}]') AS steps
    FROM held SEMI JOIN said USING (dossier_id)
    WHERE held.steps IS NOT NULL
),
tasks AS (
    SELECT dossier_id, UNNEST(steps) AS task, GENERATE_SUBSCRIPTS(steps, 1) AS position FROM histories
),
steps AS (
    SELECT dossier_id, task.begun AS begun, ARG_MAX(task.step, position) AS step
    FROM tasks
    WHERE task.begun IS NOT NULL
    GROUP BY dossier_id, task.begun
)
SELECT
    DATE_TRUNC('month', said.due_on)::DATE AS due_month,
    DATE_TRUNC('month', said.said_on)::DATE AS said_month,
    said.procedure_code, said.unit_code, COALESCE(steps.step, '') AS step, said.days_left::INTEGER AS days_left,
    COUNT(*) AS dossiers,
    COUNT(*) FILTER (said.is_late) AS late
FROM said
ASOF LEFT JOIN steps ON steps.dossier_id = said.dossier_id AND said.said_on::TIMESTAMP + INTERVAL 1 DAY > steps.begun
GROUP BY ALL
ORDER BY ALL
