-- Who scored what in the appraisal of PAR INDEX, a column per stage; refused rows count nowhere and are left out.
-- Input: appraisals (par_index_appraisals). Parameter: $year.
SELECT unit_code, criterion_code, ANY_VALUE(criterion_name_vi) AS name_vi, MAX(max_points) AS max_points,
    MAX(points) FILTER (stage = 'self') AS self_points,
    MAX(points) FILTER (stage = 'first') AS first_points,
    MAX(points) FILTER (stage = 'second') AS second_points,
    MAX(points) FILTER (stage = 'survey') AS survey_points,
    MAX(points) FILTER (is_counted) AS counted_points
FROM appraisals
WHERE year = $year AND NOT is_refused
GROUP BY unit_code, criterion_code
ORDER BY unit_code, criterion_code
