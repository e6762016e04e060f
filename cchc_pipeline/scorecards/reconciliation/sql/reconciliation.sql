-- The published table: what each cause changes, by name, and the points that it costs under QĐ 766.
-- Input: changed (the result of effects.sql), points (unit_code, period_type, period_start, cause, figure, points_lost),
-- figures (figure, metric, name_vi, name_en), causes (cause, cause_order, name_vi, name_en, sentence_vi).
WITH compared AS (
    SELECT DISTINCT unit_code, period_type, period_start, period_end, figure, portal_value, local_value, expected_value
    FROM changed
),
-- A criterion can lose points where only its denominator changes: its numerator then has a row with effect 0.
touched AS (
    SELECT unit_code, period_type, period_start, figure, cause, effect, dossiers, points_lost
    FROM changed FULL JOIN points USING (unit_code, period_type, period_start, figure, cause)
)
SELECT unit_code, period_type, period_start, compared.period_end, figure, compared.portal_value, compared.local_value,
    compared.expected_value, cause, COALESCE(touched.effect, 0) AS effect, touched.dossiers,
    COALESCE(touched.points_lost, 0) AS points_lost,
    figures.metric AS criterion_code, figures.name_vi AS figure_name_vi, figures.name_en AS figure_name_en,
    causes.cause_order, causes.name_vi AS cause_name_vi, causes.name_en AS cause_name_en, causes.sentence_vi AS cause_vi
FROM touched
LEFT JOIN compared USING (unit_code, period_type, period_start, figure)
JOIN figures USING (figure)
JOIN causes USING (cause)
