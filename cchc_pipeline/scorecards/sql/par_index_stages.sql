-- Beside every criterion: what the pipeline computes by itself, what each stage gave, and which of them was taken. Input:
-- card (the scorecard), computed (the same scored without any appraisal), appraisals (stages of this rubric that were not
-- refused), applied (unit_code, year, criterion_code, stage: what was taken instead of a figure).
-- What is asked of one side only stands in columns that are joined by (null joins nothing): as a condition of an outer
-- join it makes the engine compare every row with every other.
WITH stages AS (
    SELECT unit_code, year, criterion_code,
        MAX(points) FILTER (stage = 'self') AS self_points,
        MAX(points) FILTER (stage = 'first') AS first_points,
        MAX(points) FILTER (stage = 'second') AS second_points,
        MAX(points) FILTER (stage = 'survey') AS survey_points
    FROM appraisals
    GROUP BY ALL
),
keyed AS (
    SELECT card.*,
        CASE WHEN criterion_level = 'criterion' THEN criterion_code END AS computed_code,
        CASE WHEN period_type = 'year' THEN YEAR(period_end) END AS appraised_year
    FROM card
)
SELECT keyed.* EXCLUDE (computed_code, appraised_year),
    CASE
        WHEN keyed.criterion_level <> 'criterion' THEN NULL
        WHEN applied.stage IS NOT NULL THEN applied.stage
        WHEN keyed.status = 'ok' THEN 'computed'
    END AS counted_stage,
    computed.points AS computed_points,
    self_points, first_points, second_points, survey_points,
    CASE WHEN applied.stage IN ('first', 'second') THEN ROUND(keyed.points - self_points, 2) END AS appraisal_difference
FROM keyed
LEFT JOIN computed
    ON computed.unit_code = keyed.unit_code AND computed.criterion_code = keyed.computed_code
    AND computed.period_type = keyed.period_type AND computed.period_start = keyed.period_start
    AND computed.period_end = keyed.period_end
LEFT JOIN stages
    ON stages.unit_code = keyed.unit_code AND stages.criterion_code = keyed.criterion_code
    AND stages.year = keyed.appraised_year
LEFT JOIN applied
    ON applied.unit_code = keyed.unit_code AND applied.criterion_code = keyed.criterion_code
    AND applied.year = keyed.appraised_year
