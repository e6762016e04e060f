-- What a reader of QĐ 766 figures has to know, said on the row. Input: card (SCORECARD_SCHEMA), units.
-- Children carry the province's counts of procedures on the portal (seen for every unit of 2026 that was looked at).
-- Under ten dossiers one of them moves a share by more than ten points, and a total with it. The sentence about a total
-- holds no count, because totals stand on public pages without one.
WITH counted AS (
    SELECT *,
        MAX(COALESCE(denominator, 0)) FILTER (criterion_code = 'DOSSIER_ON_TIME' AND status = 'ok') OVER (
            PARTITION BY unit_code, source, period_type, period_start, period_end
        ) AS received
    FROM card
)
SELECT card.* EXCLUDE (received) REPLACE (
    NULLIF(CONCAT_WS('; ',
        card.reason_vi,
        CASE WHEN card.source = 'portal' AND units.unit_level <> 'province'
            AND card.criterion_code IN ('PUBLISH_ON_TIME', 'PUBLIC_UPDATE_ON_TIME', 'PUBLIC_CONTENT_FULL')
            THEN 'Cổng lấy số TTHC của tỉnh cho đơn vị trực thuộc: không dùng để so sánh các đơn vị' END,
        CASE WHEN card.criterion_level = 'criterion' AND card.parent_code IN ('TDGQ', 'MDSH', 'MDHL', 'TTTT')
            AND card.denominator > 0 AND card.denominator < 10
            THEN FORMAT('Mẫu số chỉ có {:.0f}: một hồ sơ làm tỷ lệ thay đổi mạnh', card.denominator) END,
        CASE WHEN card.criterion_level = 'total' AND card.received = 0
            THEN 'Kỳ không có hồ sơ tiếp nhận: điểm và thứ hạng không nói lên kết quả giải quyết'
        WHEN card.criterion_level = 'total' AND card.received < 10
            THEN 'Kỳ có dưới 10 hồ sơ tiếp nhận: điểm và thứ hạng thay đổi mạnh theo từng hồ sơ' END
    ), '') AS reason_vi
)
FROM counted AS card LEFT JOIN units USING (unit_code)
