-- Scores and ranks that others publish, with changes on the year before and contradictions. Input: held (core),
-- indices (code list), run. Nothing is chosen between sources: what is contradicted is marked, with each figure.
WITH current AS (
    SELECT held.*, indices.* EXCLUDE (index_code, series), indices.series = 'running' AS is_running,
        -- what statements have to agree about: a year, or the day on which a running index was read
        CASE WHEN indices.series = 'running' THEN held.as_of_on ELSE MAKE_DATE(held.year, 12, 31) END AS about_on,
        CONCAT_WS(', ',
            CASE WHEN value IS NOT NULL THEN CONCAT(REPLACE(value::VARCHAR, '.', ','), ' điểm') END,
            CASE WHEN rank IS NOT NULL THEN CONCAT('hạng ', rank, '/', COALESCE(rank_of::VARCHAR, '?')) END
        ) AS figures
    FROM held JOIN indices ON indices.index_code = held.index_code
    WHERE NOT COALESCE(held.is_withdrawn, FALSE)
),
differing AS (
    SELECT index_code, unit_code, year, about_on,
        CONCAT('Các nguồn nói khác nhau: ', STRING_AGG(CONCAT(source, ': ', figures), '; ' ORDER BY as_of_on, source)) AS sentence
    FROM current
    GROUP BY ALL
    HAVING COUNT(DISTINCT value) > 1 OR COUNT(DISTINCT rank) > 1 OR COUNT(DISTINCT rank_of) > 1
),
settled AS (
    SELECT index_code, unit_code, year, about_on, MAX(value) AS value, MAX(rank) AS rank, MAX(rank_of) AS rank_of
    FROM current
    ANTI JOIN differing USING (index_code, unit_code, year, about_on)
    GROUP BY ALL
),
of_year AS (
    SELECT * FROM settled
    QUALIFY ROW_NUMBER() OVER (PARTITION BY index_code, unit_code, year ORDER BY about_on DESC) = 1
),
crossed AS (
    -- of two ranked units the one with the higher score has the worse rank
    SELECT one.index_code, one.unit_code, one.year, one.about_on,
        CONCAT('Hạng trái với điểm so với ', STRING_AGG(other.unit_code, ', ' ORDER BY other.unit_code)) AS sentence
    FROM settled AS one
    JOIN settled AS other USING (index_code, year, about_on, rank_of)
    WHERE (one.value > other.value AND one.rank > other.rank) OR (one.value < other.value AND one.rank < other.rank)
    GROUP BY ALL
),
compared AS (
    SELECT current.*, before.value AS previous_value, before.rank AS previous_rank,
        ROUND(current.value - before.value, 6) AS value_change,
        CASE WHEN before.rank_of = current.rank_of THEN before.rank - current.rank END AS rank_change,
        before.rank - current.rank AS places
    FROM current
    LEFT JOIN of_year AS before
        ON before.index_code = current.index_code AND before.unit_code = current.unit_code
        AND before.year = current.year - 1
)
SELECT compared.*,
    NULLIF(CONCAT_WS('. ',
        differing.sentence,
        crossed.sentence,
        CASE WHEN ABS(value_change - claimed_value_change) > 0.011
            THEN CONCAT('Nguồn nêu thay đổi ', REPLACE(claimed_value_change::VARCHAR, '.', ','), ' điểm, tính từ số liệu là ', REPLACE(value_change::VARCHAR, '.', ',')) END,
        CASE WHEN places <> claimed_rank_change
            THEN CONCAT('Nguồn nêu thay đổi ', claimed_rank_change, ' bậc, tính từ số liệu là ', places) END
    ), '') AS contradiction_vi,
    contradiction_vi IS NOT NULL AS is_contradicted
FROM compared
LEFT JOIN differing USING (index_code, unit_code, year, about_on)
LEFT JOIN crossed USING (index_code, unit_code, year, about_on)
ORDER BY index_code, unit_code, year, as_of_on, source
