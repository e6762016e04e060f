-- DQ14: procedures that dossiers name and that were not in force in the list of the day of reception. Input: dossiers
-- (core), listings (the catalogue as it was read on some days), run. The list of a day is the newest one read until
-- then; for dossiers older than every list it is the oldest. A suffix that names the province or unit is no part of
-- the code. Only the last 92 days are asked: what is older was told before.
WITH received AS (
    SELECT COALESCE(NULLIF(regexp_extract(procedure_code, '^[0-9][.][0-9]{6}'), ''), procedure_code) AS procedure_code,
        received_on, unit_code
    FROM dossiers, run
    WHERE received_on > run.as_of_on - 92 AND received_on <= run.as_of_on
),
listed AS (
    SELECT COALESCE(NULLIF(regexp_extract(procedure_code, '^[0-9][.][0-9]{6}'), ''), procedure_code) AS procedure_code,
        listed_on, BOOL_OR(is_in_force) AS is_in_force
    FROM listings GROUP BY ALL
),
days AS (
    SELECT received_on,
        COALESCE(MAX(listed_on) FILTER (listed_on <= received_on), MIN(listed_on)) AS listed_on
    FROM (SELECT DISTINCT received_on FROM received), (SELECT DISTINCT listed_on FROM listings)
    GROUP BY received_on
)
SELECT received.procedure_code, COALESCE(BOOL_OR(listed.is_in_force IS NOT NULL), FALSE) AS is_listed,
    COUNT(*)::BIGINT AS dossiers, MIN(received_on) AS first_on, MAX(received_on) AS last_on,
    COUNT(DISTINCT received.unit_code)::BIGINT AS units
FROM received
JOIN days USING (received_on)
LEFT JOIN listed ON listed.procedure_code = received.procedure_code AND listed.listed_on = days.listed_on
WHERE listed.is_in_force IS NOT TRUE
GROUP BY received.procedure_code
ORDER BY dossiers DESC, received.procedure_code
