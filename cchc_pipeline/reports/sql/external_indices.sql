-- The newest reading of each external index of a unit up to a day. Input: card (external_indices). Parameters: $unit,
-- $last.
SELECT * FROM card WHERE unit_code = $unit AND as_of_on <= $last
QUALIFY ROW_NUMBER() OVER (PARTITION BY index_code ORDER BY year DESC, as_of_on DESC) = 1
ORDER BY index_code
