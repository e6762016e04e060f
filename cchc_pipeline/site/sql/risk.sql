-- Open dossiers before their due date, by unit with everything below it. Input: units, at_risk (at_risk_dossiers).
-- Only bands leave the query: the first number of five, so that no count of one to four can be read or computed.
WITH RECURSIVE above AS (
    SELECT unit_code, unit_code AS counted_in FROM units
    UNION
    SELECT above.unit_code, units.parent_code
    FROM above JOIN units ON units.unit_code = above.counted_in
    WHERE units.parent_code IS NOT NULL
)
SELECT counted_in AS unit_code,
    (COUNT(*) // 5 * 5)::INTEGER AS open_from,
    (COUNT(*) FILTER (working_days_left <= $soon_days) // 5 * 5)::INTEGER AS soon_from,
    (COUNT(*) FILTER (late_probability >= $likely) // 5 * 5)::INTEGER AS likely_from
FROM at_risk JOIN above USING (unit_code)
GROUP BY ALL ORDER BY ALL
