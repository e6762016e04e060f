-- Petitions and questions as they stand on the last day of data. Input: held (core), run.
SELECT held.*,
    COALESCE(answered_on <= run.as_of_on, FALSE) AS is_answered,
    CASE WHEN answered_on <= run.as_of_on THEN answered_on <= due_on END AS is_on_time,
    COALESCE(due_on < run.as_of_on, FALSE) AND NOT COALESCE(answered_on <= run.as_of_on, FALSE) AS is_overdue
FROM held, run
WHERE NOT COALESCE(is_withdrawn, FALSE)
ORDER BY petition_code
