-- Dossiers that count otherwise after than before, by unit, month and criterion. Input: sides (place of the criterion, item_id
-- with b or a before the dossier's id, numerator, denominator), places (place, criterion_code), codes (dossier_id,
-- dossier_code).
WITH figures AS (
    SELECT unit_code, period_start, place, SUBSTRING(item_id, 2) AS dossier_id,
        COALESCE(SUM(CASE WHEN STARTS_WITH(item_id, 'b') THEN numerator END), 0)::DOUBLE AS numerator_before,
        COALESCE(SUM(CASE WHEN STARTS_WITH(item_id, 'a') THEN numerator END), 0)::DOUBLE AS numerator,
        COALESCE(SUM(CASE WHEN STARTS_WITH(item_id, 'b') THEN denominator END), 0)::DOUBLE AS denominator_before,
        COALESCE(SUM(CASE WHEN STARTS_WITH(item_id, 'a') THEN denominator END), 0)::DOUBLE AS denominator
    FROM sides GROUP BY unit_code, period_start, place, SUBSTRING(item_id, 2)
),
known AS (SELECT dossier_id, MAX(dossier_code) AS dossier_code FROM codes GROUP BY dossier_id)
SELECT figures.unit_code, figures.period_start, places.criterion_code, figures.dossier_id, known.dossier_code,
    figures.numerator_before, figures.numerator, figures.denominator_before, figures.denominator
FROM figures
JOIN places ON places.place = figures.place
JOIN known ON known.dossier_id = figures.dossier_id
WHERE figures.numerator <> figures.numerator_before OR figures.denominator <> figures.denominator_before
ORDER BY figures.unit_code, figures.period_start, places.criterion_code, figures.dossier_id
