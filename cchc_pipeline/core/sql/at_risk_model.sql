-- What is known at the beginning of a month about dossiers that had so many working days left: counts by group, from the
-- finest (procedure, unit, step) to the coarsest (days left only). Input: observed, cases (month); $memory, a number of months.
-- Only months of due dates that were over when the month began count, so nothing of it looks ahead.
SELECT months.month, days_left, procedure_code, unit_code, step,
    CASE GROUPING(procedure_code, unit_code, step) WHEN 0 THEN 'step' WHEN 1 THEN 'unit' WHEN 3 THEN 'procedure' ELSE 'all' END AS level,
    SUM(dossiers)::BIGINT AS dossiers,
    SUM(late)::BIGINT AS late
FROM observed
JOIN (SELECT DISTINCT month FROM cases) AS months
    ON observed.due_month < months.month
    AND observed.due_month >= months.month - TO_MONTHS($memory)
GROUP BY GROUPING SETS (
    (months.month, days_left),
    (months.month, days_left, procedure_code),
    (months.month, days_left, procedure_code, unit_code),
    (months.month, days_left, procedure_code, unit_code, step)
)
