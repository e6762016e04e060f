-- How well the probabilities that would have been said came true. Input: observed (what became of the cases), said
-- (at_risk_said.sql over the groups of `observed`, by the month in which it is said), model (at_risk_model.sql), run (as_of_on).
-- One row per tenth of the probability, and row 0 for all. Brier score: the mean of (probability - late)^2 (Brier 1950);
-- base: the same with the share of all dossiers late so far in place of the probability; skill: 1 - brier / base.
WITH base AS (
    -- one share for everything, as known when the month began
    SELECT month, SUM(late) / SUM(dossiers) AS share FROM model WHERE level = 'all' AND days_left > 0 GROUP BY month
),
judged AS (
    SELECT observed.said_month, observed.dossiers, observed.late, said.probability, base.share,
        LEAST(10, FLOOR(said.probability * 10) + 1)::INTEGER AS decile
    FROM observed
    JOIN said
        ON said.month = observed.said_month AND said.procedure_code = observed.procedure_code
        AND said.unit_code = observed.unit_code AND said.step = observed.step AND said.days_left = observed.days_left
    JOIN base ON base.month = observed.said_month
    -- a case without days left is late already; a month of due dates is judged when it is over
    CROSS JOIN run
    WHERE observed.days_left > 0 AND said.probability IS NOT NULL
      AND observed.due_month < DATE_TRUNC('month', run.as_of_on)
)
SELECT run.as_of_on,
    COALESCE(decile, 0) AS decile,
    CASE WHEN decile IS NULL THEN 0.0 ELSE (decile - 1) / 10 END AS predicted_from,
    CASE WHEN decile IS NULL THEN 1.0 ELSE decile / 10 END AS predicted_to,
    MIN(said_month) AS first_month,
    MAX(said_month) AS last_month,
    SUM(dossiers)::BIGINT AS predictions,
    SUM(late)::BIGINT AS late,
    -- rounded, because the last digit of a sum of fractions depends on the order in which it is added up
    ROUND(SUM(dossiers * probability) / SUM(dossiers), 9) AS predicted_mean,
    ROUND(SUM(late) / SUM(dossiers), 9) AS observed_share,
    ROUND(SUM(late * (1 - probability) ** 2 + (dossiers - late) * probability ** 2) / SUM(dossiers), 9) AS brier_score,
    ROUND(SUM(late * (1 - share) ** 2 + (dossiers - late) * share ** 2) / SUM(dossiers), 9) AS base_brier_score,
    ROUND(1 - SUM(late * (1 - probability) ** 2 + (dossiers - late) * probability ** 2)
        / NULLIF(SUM(late * (1 - share) ** 2 + (dossiers - late) * share ** 2), 0), 9) AS skill_score
FROM judged CROSS JOIN run
GROUP BY GROUPING SETS ((run.as_of_on), (run.as_of_on, decile))
ORDER BY 2
