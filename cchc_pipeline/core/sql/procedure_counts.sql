-- The catalogue of procedures counted by unit in charge, as a snapshot of one day. Input: held (core procedures), run.
WITH marks AS (
    SELECT unit_code, UNNEST([
        'in_force',
        service_level,
        CASE WHEN is_citizen_data_connected THEN 'citizen_data_connected' END,
        CASE WHEN is_content_full THEN 'content_full' END,
        CASE WHEN is_updated_on_time THEN 'updated_on_time' END
    ]) AS measure
    FROM held
    WHERE is_in_force
)
SELECT run.as_of_on AS event_on, unit_code, measure, COUNT(*)::DOUBLE AS quantity
FROM marks, run
WHERE measure IS NOT NULL
GROUP BY ALL
ORDER BY ALL
