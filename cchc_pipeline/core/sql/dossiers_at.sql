-- Dossiers that changed since a night, as they were at the end of another: in each month as the first change after it found
-- them, else as they are. Input: journal (rows of all nights and their night_on), dossiers (as built: month and the counted
-- columns). Parameters: $since and $until (asked for are changes after the one and until the other), $day (whose state is
-- returned).
WITH asked AS (
    SELECT DISTINCT dossier_id FROM journal WHERE night_on > $since AND night_on <= $until
),
numbered AS (
    SELECT journal.*, ROW_NUMBER() OVER (PARTITION BY journal.dossier_id, month ORDER BY night_on) AS place
    FROM journal JOIN asked ON asked.dossier_id = journal.dossier_id
    WHERE night_on > $day
),
found AS (SELECT * FROM numbered WHERE place = 1)
SELECT * FROM found WHERE was_held
UNION ALL
SELECT dossiers.*, TRUE, $day, 1
FROM dossiers
JOIN asked ON asked.dossier_id = dossiers.dossier_id
LEFT JOIN found ON found.dossier_id = dossiers.dossier_id AND found.month = dossiers.month
WHERE found.dossier_id IS NULL
