-- What changed in a month of dossiers: the rows of before that are otherwise or gone now (was_held), and those that are new.
-- Input: before, after (dossiers as built: month and the counted columns).
WITH otherwise AS (
    SELECT * FROM before
    EXCEPT
    SELECT * FROM after
)
SELECT otherwise.*, TRUE AS was_held FROM otherwise
UNION ALL
SELECT after.*, FALSE
FROM after LEFT JOIN before ON before.dossier_id = after.dossier_id
WHERE before.dossier_id IS NULL
