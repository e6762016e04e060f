-- Why dossiers were late, one row per dossier that was resolved late or is overdue. Input: dossiers (built by
-- dossiers.sql), held (core dossiers, for their steps), apologies (dossier_code, letter_code, letter_on), calendar,
-- step_kinds (pattern, kind), run (as_of_on).
-- Late is what form II.06a calls late (TT 01/2020/TT-VPCP); why, it does not ask. The classes are those in which offices
-- report (late in fact; late on the software while the paper was in time; waiting for another authority, as criminal
-- records do); who was late has to apologise (NĐ 61/2018/NĐ-CP, Article 19; from 01/7/2025 NĐ 118/2025/NĐ-CP).
--   software_only    the result was signed by the due date, only the click came after it; without a date of the result:
--                    every step but the hand-over had ended by the due date
--   other_authority  the working days at an authority outside of the province, asked by the due date, are at least the
--                    working days by which it was late: without them it would have been in time
--   in_fact          the result was signed after the due date; without a date: the last working step ended after it
--   unknown          no such evidence, or it contradicts itself: nothing is guessed
WITH late AS (
    SELECT dossiers.*,
        CASE WHEN outcome = 'late' THEN 'resolved_late' ELSE 'open_overdue' END AS resolution,
        COALESCE(closed_on, run.as_of_on) AS until_on,
        -- a date on paper before reception or after the closing click proves nothing
        CASE WHEN result_issued_on BETWEEN received_on AND COALESCE(closed_on, run.as_of_on) THEN result_issued_on END
            AS paper_on,
        SPLIT_PART(unit_code, '.', 1) AS province_code
    FROM dossiers CROSS JOIN run
    WHERE outcome = 'late' OR is_overdue
),
histories AS (
    SELECT dossier_id, FROM_JSON(held.steps, '[{"step": "VARCHAR", "unit": "VARCHAR", "begun": "TIMESTAMP", "ended": "TIMESTAMP", "limit": "DOUBLE", "limit_unit": "VARCHAR"}]') AS steps
    FROM held SEMI JOIN late USING (dossier_id)
    WHERE held.steps IS NOT NULL
),
tasks AS (
    SELECT dossier_id, UNNEST(steps) AS task, GENERATE_SUBSCRIPTS(steps, 1) AS position FROM histories
),
kinds AS (
    SELECT names.step, MIN(step_kinds.kind) AS kind
    FROM (SELECT DISTINCT task.step FROM tasks) AS names
    JOIN step_kinds ON REGEXP_MATCHES(LOWER(names.step), step_kinds.pattern)
    GROUP BY names.step
),
steps AS (
    SELECT late.dossier_id, tasks.position, tasks.task.step AS step, tasks.task.unit AS unit,
        tasks.task.begun AS begun, tasks.task.ended AS ended,
        late.due_on, late.until_on,
        CASE WHEN SPLIT_PART(tasks.task.unit, '.', 1) <> late.province_code THEN 'outside' ELSE kinds.kind END AS kind,
        CASE tasks.task.limit_unit WHEN 'h' THEN tasks.task.limit / 8 ELSE tasks.task.limit END AS limit_days,
        last_day.working_day_number - first_day.working_day_number AS working_days
    FROM tasks
    JOIN late USING (dossier_id)
    LEFT JOIN kinds ON kinds.step = tasks.task.step
    LEFT JOIN calendar AS first_day ON first_day.day_on = tasks.task.begun::DATE
    LEFT JOIN calendar AS last_day ON last_day.day_on = LEAST(COALESCE(tasks.task.ended::DATE, late.until_on), late.until_on)
),
summary AS (
    SELECT dossier_id,
        COUNT(*) AS steps_count,
        -- whoever held it when the due date had passed
        ARG_MAX(step, position) FILTER (begun::DATE <= due_on) AS step_at_due,
        ARG_MAX(unit, position) FILTER (begun::DATE <= due_on) AS unit_at_due,
        -- the work was over when the last step that is no hand-over ended, and the hand-over had begun
        CASE WHEN BOOL_OR(kind = 'handover') AND COUNT(*) FILTER (kind IS DISTINCT FROM 'handover' AND ended IS NULL) = 0
            THEN (MAX(ended) FILTER (kind IS DISTINCT FROM 'handover'))::DATE END AS work_finished_on,
        SUM(working_days) FILTER (kind = 'outside' AND begun::DATE <= due_on) AS waited_days,
        ARG_MAX(COALESCE(unit, step), working_days) FILTER (kind = 'outside' AND begun::DATE <= due_on) AS waited_for,
        (MIN(begun) FILTER (kind = 'outside' AND begun::DATE <= due_on))::DATE AS waited_from,
        MAX(LEAST(COALESCE(ended::DATE, until_on), until_on)) FILTER (kind = 'outside' AND begun::DATE <= due_on) AS waited_to,
        -- units that took longer than their step allows, in order
        LIST(unit ORDER BY position) FILTER (kind IS NULL AND unit IS NOT NULL AND working_days > limit_days) AS slow_units,
        BOOL_OR(ended IS NULL AND kind IS NULL) AS is_in_work
    FROM steps
    GROUP BY dossier_id
),
weighed AS (
    SELECT late.*, summary.* EXCLUDE (dossier_id),
        until_day.working_day_number - due_day.working_day_number AS late_working_days,
        GREATEST(late.resumed_on, summary.waited_to) AS held_up_until
    FROM late
    LEFT JOIN summary USING (dossier_id)
    LEFT JOIN calendar AS due_day ON due_day.day_on = late.due_on
    LEFT JOIN calendar AS until_day ON until_day.day_on = late.until_on
),
classed AS (
    SELECT *,
        CASE
            -- signed while the dossier still waited for somebody, beyond the due date: one of the two is wrong
            WHEN paper_on <= due_on AND held_up_until > GREATEST(paper_on, due_on) THEN 'unknown'
            WHEN paper_on <= due_on THEN 'software_only'
            WHEN waited_days > 0 AND waited_days >= late_working_days THEN 'other_authority'
            WHEN paper_on > due_on THEN 'in_fact'
            WHEN work_finished_on <= due_on THEN 'software_only'
            WHEN work_finished_on > due_on THEN 'in_fact'
            WHEN resolution = 'open_overdue' AND is_in_work THEN 'in_fact'
            ELSE 'unknown'
        END AS cause
    FROM weighed
)
SELECT
    classed.dossier_id, classed.dossier_code, classed.unit_code, classed.procedure_code, classed.sector_code, classed.channel,
    resolution, received_on, due_on, closed_on AS finished_on, paper_on AS paper_finished_on, work_finished_on,
    late_working_days::INTEGER AS late_working_days,
    cause,
    step_at_due AS late_step,
    unit_at_due AS late_step_unit_code,
    CASE
        WHEN cause = 'other_authority' THEN waited_for
        WHEN cause = 'in_fact' AND LEN(slow_units) > 0 
            THEN ARRAY_TO_STRING(LIST_FILTER(slow_units, LAMBDA unit, i: LIST_POSITION(slow_units, unit) = i), '; ')
        ELSE unit_at_due
    END AS late_unit_codes,
    CASE WHEN cause = 'other_authority' THEN waited_days::INTEGER END AS waiting_working_days,
    CASE
        WHEN paper_on IS NOT NULL AND steps_count > 0 THEN 'paper_and_steps'
        WHEN paper_on IS NOT NULL THEN 'paper'
        WHEN steps_count > 0 THEN 'steps'
        ELSE 'none'
    END AS evidence_kind,
    CONCAT(
        CASE
            WHEN cause = 'software_only' AND paper_on IS NOT NULL THEN CONCAT(
                'Kết quả ký ngày ', STRFTIME(paper_on, '%d/%m/%Y'), ', trong hạn (hẹn trả ', STRFTIME(due_on, '%d/%m/%Y'), '); ')
            WHEN cause = 'software_only' THEN CONCAT(
                'Các bước xử lý xong ngày ', STRFTIME(work_finished_on, '%d/%m/%Y'), ', trong hạn (hẹn trả ', STRFTIME(due_on, '%d/%m/%Y'), '); ')
            WHEN cause = 'other_authority' THEN CONCAT(
                'Chờ ', waited_for, ' từ ', STRFTIME(waited_from, '%d/%m/%Y'), ' đến ', STRFTIME(waited_to, '%d/%m/%Y'), ', ', waited_days::INTEGER,
                ' ngày làm việc, không ít hơn ', late_working_days, ' ngày làm việc quá hạn; không kể thời gian chờ thì đúng hạn.')
            WHEN cause = 'in_fact' AND paper_on IS NOT NULL THEN CONCAT(
                'Kết quả ký ngày ', STRFTIME(paper_on, '%d/%m/%Y'), ', sau ngày hẹn trả ', STRFTIME(due_on, '%d/%m/%Y'), '.')
            WHEN cause = 'in_fact' AND work_finished_on IS NOT NULL THEN CONCAT(
                'Bước xử lý cuối xong ngày ', STRFTIME(work_finished_on, '%d/%m/%Y'), ', sau ngày hẹn trả ', STRFTIME(due_on, '%d/%m/%Y'), '.')
            WHEN cause = 'in_fact' THEN CONCAT('Quá hạn từ ', STRFTIME(due_on, '%d/%m/%Y'), ', chưa có kết quả.')
            WHEN paper_on <= due_on THEN CONCAT(
                'Mâu thuẫn: kết quả ghi ngày ', STRFTIME(paper_on, '%d/%m/%Y'), ' nhưng hồ sơ còn chờ đến ', STRFTIME(held_up_until, '%d/%m/%Y'), '.')
            ELSE 'Không có ngày ký kết quả và lịch sử xử lý đủ để kết luận.'
        END,
        CASE
            WHEN cause = 'software_only' AND closed_on IS NOT NULL THEN CONCAT(
                'đến ', STRFTIME(closed_on, '%d/%m/%Y'), ' mới kết thúc trên phần mềm, chậm ', late_working_days, ' ngày làm việc.')
            WHEN cause = 'software_only' THEN 'phần mềm chưa kết thúc hồ sơ.'
        END,
        CASE WHEN step_at_due IS NOT NULL AND cause <> 'other_authority' THEN CONCAT(
            ' Khi hết hạn, hồ sơ ở bước “', step_at_due, '”', ' (' || unit_at_due || ')', '.') END
    ) AS evidence_vi,
    CASE
        WHEN cause = 'software_only' THEN CONCAT(
            'The work was finished on ', COALESCE(paper_on, work_finished_on), ', due ', due_on, '; the software says ', COALESCE(closed_on::VARCHAR, 'still open'), '.')
        WHEN cause = 'other_authority' THEN CONCAT(
            'Waited ', waited_days::INTEGER, ' working days for ', waited_for, ' (', waited_from, ' to ', waited_to, '), late by ', late_working_days, '.')
        WHEN cause = 'in_fact' THEN CONCAT(
            'Due ', due_on, ', work finished on ', COALESCE(paper_on::VARCHAR, work_finished_on::VARCHAR, '(not yet)'), '.')
        WHEN paper_on <= due_on THEN CONCAT('Contradiction: result dated ', paper_on, ', but the dossier waited until ', held_up_until, '.')
        ELSE 'No date of the result and no sufficient process history.'
    END AS evidence_en,
    apologies.letter_code AS apology_code,
    apologies.letter_on AS apology_on
FROM classed
LEFT JOIN apologies ON apologies.dossier_code = classed.dossier_code
ORDER BY classed.dossier_id
