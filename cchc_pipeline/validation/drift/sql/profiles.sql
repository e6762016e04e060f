-- The profile of every day of `days` from its rows in `batch`; what stands in braces is filled in by profiles.py.
WITH own AS (
    SELECT * FROM batch WHERE {is_own}
),
counts AS (
    SELECT
        days.day_on, 'rows' AS measure, '' AS column_name, CAST(NULL AS VARCHAR) AS bucket,
        COUNT(batch.day_on) AS rows, CAST(NULL AS DOUBLE) AS total, CAST(NULL AS BIGINT) AS different,
        CAST(NULL AS VARCHAR) AS digest, CAST(NULL AS VARCHAR) AS group_name
    FROM days LEFT JOIN batch ON batch.day_on = days.day_on
    GROUP BY days.day_on
    UNION ALL
    SELECT days.day_on, 'own', '', NULL, COUNT(own.day_on), NULL, NULL, NULL, NULL
    FROM days LEFT JOIN own ON own.day_on = days.day_on
    GROUP BY days.day_on
),
ranked AS (
    SELECT
        *, ROW_NUMBER() OVER (PARTITION BY day_on, measure, column_name ORDER BY rows DESC, bucket) AS place
    FROM (SELECT * FROM counts UNION ALL {lines}) AS lines
)
SELECT ranked.*, days.lag_days
FROM ranked JOIN days ON days.day_on = ranked.day_on
WHERE measure = 'item' OR place <= {most_values}
