-- Beside every criterion: what the pipeline computes by itself, what each stage gave, and which of them was taken. Input:
-- card (the scorecard), computed (the same scored without any appraisal), appraisals (stages of this rubric that were not
-- refused), applied (unit_code, year, criterion_code, stage: what was taken instead of a figure).
WITH stages AS (
    SELECT unit_code, year, criterion_code,
        MAX(points) FILTER (stage = 'self') AS self_points,
        MAX(points) FILTER (stage = 'first') AS first_points,
        MAX(points) FILTER (stage = 'second') AS second_points,
        MAX(points) FILTER (stage = 'survey') AS survey_points
    FROM appraisals
    GROUP BY ALL
)
SELECT card.*,
    CASE
        WHEN card.criterion_level <> 'criterion' THEN NULL
        WHEN applied.stage IS NOT NULL THEN applied.stage
        WHEN card.status = 'ok' THEN 'computed'
    END AS counted_stage,
    computed.points AS computed_points,
    self_points, first_points, second_points, survey_points,
    CASE WHEN applied.stage IN ('first', 'second') THEN ROUND(card.points - self_points, 2) END AS appraisal_difference
FROM card
LEFT JOIN computed
    ON computed.unit_code = card.unit_code AND computed.criterion_code = card.criterion_code
    AND computed.period_type = card.period_type AND computed.period_start = card.period_start
    AND computed.period_end = card.period_end AND card.criterion_level = 'criterion'
LEFT JOIN stages
    ON stages.unit_code = card.unit_code AND stages.criterion_code = card.criterion_code
    AND card.period_type = 'year' AND stages.year = YEAR(card.period_end)
LEFT JOIN applied
    ON applied.unit_code = card.unit_code AND applied.criterion_code = card.criterion_code
    AND card.period_type = 'year' AND applied.year = YEAR(card.period_end)
