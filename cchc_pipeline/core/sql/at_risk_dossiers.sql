-- Tomorrow's late dossiers: what is said tonight about each open dossier. Input: open (at_risk_open.sql), said
-- (at_risk_said.sql over the groups of `open`).
WITH joined AS (
    SELECT open.*, said.probability, said.level, said.group_dossiers, said.group_late,
        CASE said.level
            WHEN 'step' THEN 'cùng thủ tục, đơn vị và bước xử lý'
            WHEN 'unit' THEN 'cùng thủ tục và đơn vị'
            WHEN 'procedure' THEN 'cùng thủ tục'
            ELSE 'của toàn tỉnh'
        END AS group_vi,
        CASE said.level
            WHEN 'step' THEN 'of this procedure, unit and step'
            WHEN 'unit' THEN 'of this procedure and unit'
            WHEN 'procedure' THEN 'of this procedure'
            ELSE 'of the province'
        END AS group_en
    FROM open
    LEFT JOIN said
        ON said.procedure_code = open.procedure_code AND said.unit_code = open.unit_code
        AND said.step = open.step AND said.days_left = open.days_left
)
SELECT dossier_id, dossier_code, unit_code, procedure_code, current_step, current_step_unit_code, received_on, due_on, as_of_on,
    working_days_left::INTEGER AS working_days_left,
    ROUND(working_hours_left, 2) AS working_hours_left,
    probability AS late_probability,
    level AS group_level,
    days_left::INTEGER AS group_days_left,
    COALESCE(group_dossiers, 0)::INTEGER AS group_dossiers,
    COALESCE(group_late, 0)::INTEGER AS group_late,
    CASE
        WHEN due_on = as_of_on THEN CONCAT('Đã hết ngày hẹn trả ', STRFTIME(due_on, '%d/%m/%Y'), ' mà chưa kết thúc.')
        ELSE CONCAT('Hẹn trả ', STRFTIME(due_on, '%d/%m/%Y'), ', còn ', working_days_left, ' ngày làm việc (',
            REPLACE(REPLACE(FORMAT('{:.1f}', working_hours_left), '.0', ''), '.', ','), ' giờ).')
    END || CASE
        WHEN probability IS NULL THEN ' Chưa có hồ sơ tương tự đã hết hạn để so sánh.'
        ELSE CONCAT(' Trong ', group_dossiers, ' hồ sơ ', group_vi, ' khi còn ', days_left, ' ngày làm việc, ', group_late,
            ' hồ sơ đã trễ hạn; khả năng trễ hạn ', ROUND(100 * probability)::INTEGER, ' %.')
    END AS sentence_vi,
    CASE WHEN probability IS NULL THEN 'No similar dossiers have fallen due yet.'
        ELSE CONCAT('Of ', group_dossiers, ' dossiers ', group_en, ' with ', days_left, ' working days left, ', group_late,
            ' were late; probability ', ROUND(100 * probability)::INTEGER, ' %.')
    END AS sentence_en
FROM joined
ORDER BY dossier_id
