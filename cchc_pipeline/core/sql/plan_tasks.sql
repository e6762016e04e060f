-- Activities of the reform plans as they stand on the last day of data. Input: held (core), run.
SELECT held.*,
    COALESCE(finished_on <= run.as_of_on, FALSE) AS is_done,
    COALESCE(due_on < run.as_of_on, FALSE) AND NOT COALESCE(finished_on <= run.as_of_on, FALSE) AS is_overdue
FROM held, run
WHERE NOT COALESCE(is_withdrawn, FALSE)
ORDER BY plan_year, activity_code
