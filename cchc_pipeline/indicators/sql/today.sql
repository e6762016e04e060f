-- Values on today's map, each with what it lacks. Input: computed (values), inexact (unit_code, missing_code: a unit that
-- holds a part of a split one), units. A row lacks something where the split unit itself counted something.
WITH lacking AS (
    SELECT inexact.unit_code, computed.indicator_id, computed.period_type, computed.period_start, computed.period_end,
        STRING_AGG(
            units.unit_name || COALESCE(' (đến ' || STRFTIME(units.valid_to, '%d/%m/%Y') || ')', ''), ', '
            ORDER BY inexact.missing_code
        ) AS names
    FROM inexact
    JOIN computed ON computed.unit_code = inexact.missing_code
    JOIN units ON units.unit_code = inexact.missing_code
    WHERE COALESCE(computed.numerator, 0) <> 0 OR COALESCE(computed.denominator, 0) <> 0
    GROUP BY ALL
)
SELECT
    computed.*,
    lacking.names IS NULL AS is_exact,
    'Chưa gồm số liệu của ' || lacking.names || ': đơn vị đã chia tách, số liệu không chia được cho đơn vị kế thừa.' AS note_vi
FROM computed
LEFT JOIN lacking USING (unit_code, indicator_id, period_type, period_start, period_end)
ORDER BY indicator_id, unit_code, period_type, period_start, period_end
