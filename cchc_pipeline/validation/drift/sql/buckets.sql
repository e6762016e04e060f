-- How a value becomes one of few buckets, the same on every day, so that the counts of days add up.
-- Whole numbers up to ten keep their own bucket; beyond, two buckets per doubling.
CREATE TEMP MACRO number_bucket(x) AS CASE
    WHEN x IS NULL THEN NULL
    WHEN x = ROUND(x) AND ABS(x) <= 10 THEN CAST(CAST(x AS INTEGER) AS VARCHAR)
    ELSE CONCAT(CASE WHEN x < 0 THEN '-' ELSE '' END, '2^', CAST(FLOOR(2 * LOG2(ABS(x))) / 2 AS VARCHAR))
END;

-- A date counts by its distance in days from the day of its row.
CREATE TEMP MACRO day_bucket(d, day_on) AS number_bucket(DATE_DIFF('day', day_on, d));

-- An instant counts by its hour in Vietnam: a source that changes its zone moves every hour.
CREATE TEMP MACRO instant_bucket(t) AS STRFTIME(t, '%H');

-- Text that could name a person, and free text, only counts as there.
CREATE TEMP MACRO presence_bucket(x) AS CASE WHEN x IS NOT NULL THEN 'present' END;

CREATE TEMP MACRO value_bucket(x) AS CAST(x AS VARCHAR);
