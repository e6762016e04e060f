-- The probability of being late that is said in a month about each group of cases. Input: cases (month, days_left,
-- procedure_code, unit_code, step), model (at_risk_model.sql); $prior, a number of dossiers.
-- Shrinkage by counts: a group of n dossiers, l of them late, says (l + m p) / (n + m), where p is what the group above it
-- says and m is a number of dossiers (the mean of a Beta posterior with mean p and strength m). From coarse to fine.
WITH counted AS (
    SELECT cases.*,
        whole.dossiers AS whole_n, whole.late AS whole_l,
        COALESCE(procedures.dossiers, 0) AS procedure_n, COALESCE(procedures.late, 0) AS procedure_l,
        COALESCE(units.dossiers, 0) AS unit_n, COALESCE(units.late, 0) AS unit_l,
        COALESCE(steps.dossiers, 0) AS step_n, COALESCE(steps.late, 0) AS step_l,
        $prior AS m
    FROM cases
    LEFT JOIN model AS whole
        ON whole.level = 'all' AND whole.month = cases.month AND whole.days_left = cases.days_left
    LEFT JOIN model AS procedures
        ON procedures.level = 'procedure' AND procedures.month = cases.month AND procedures.days_left = cases.days_left
        AND procedures.procedure_code = cases.procedure_code
    LEFT JOIN model AS units
        ON units.level = 'unit' AND units.month = cases.month AND units.days_left = cases.days_left
        AND units.procedure_code = cases.procedure_code AND units.unit_code = cases.unit_code
    LEFT JOIN model AS steps
        ON steps.level = 'step' AND steps.month = cases.month AND steps.days_left = cases.days_left
        AND steps.procedure_code = cases.procedure_code AND steps.unit_code = cases.unit_code AND steps.step = cases.step
),
whole AS (SELECT *, whole_l / whole_n AS p0 FROM counted),
by_procedure AS (SELECT *, (procedure_l + m * p0) / (procedure_n + m) AS p1 FROM whole),
by_unit AS (SELECT *, (unit_l + m * p1) / (unit_n + m) AS p2 FROM by_procedure)
SELECT month, days_left, procedure_code, unit_code, step,
    (step_l + m * p2) / (step_n + m) AS probability,
    CASE WHEN step_n > 0 THEN 'step' WHEN unit_n > 0 THEN 'unit' WHEN procedure_n > 0 THEN 'procedure' WHEN whole_n > 0 THEN 'all' END AS level,
    CASE WHEN step_n > 0 THEN step_n WHEN unit_n > 0 THEN unit_n WHEN procedure_n > 0 THEN procedure_n ELSE COALESCE(whole_n, 0) END AS group_dossiers,
    CASE WHEN step_n > 0 THEN step_l WHEN unit_n > 0 THEN unit_l WHEN procedure_n > 0 THEN procedure_l ELSE COALESCE(whole_l, 0) END AS group_late
FROM by_unit
