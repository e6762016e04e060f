-- What changed in a month of dossiers: the rows of before that are otherwise or gone now (was_held), and those that are new.
-- Input: before, after (dossiers as built, their counted columns). Parameter: $month.
WITH otherwise AS (
    SELECT * FROM before
    EXCEPT
    SELECT * FROM after
)
SELECT $month AS month, TRUE AS was_held, otherwise.* FROM otherwise
UNION ALL
SELECT $month, FALSE, after.*
FROM after LEFT JOIN before ON before.dossier_id = after.dossier_id
WHERE before.dossier_id IS NULL
