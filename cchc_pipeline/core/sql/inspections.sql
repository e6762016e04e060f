-- Inspections as they stand on the last day of data. Input: held (core), run.
SELECT held.*,
    planned_on IS NOT NULL AS is_planned,
    COALESCE(inspected_on <= run.as_of_on, FALSE) AS is_done
FROM held, run
WHERE NOT COALESCE(is_withdrawn, FALSE)
ORDER BY plan_year, inspection_code
