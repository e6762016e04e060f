-- The first letter of apology of each dossier that a letter names. Input: documents (core documents__documents).
SELECT dossier_code,
    ARG_MIN(document_number || '/' || notation, (promulgated_on, document_id)) AS letter_code,
    MIN(promulgated_on) AS letter_on
FROM documents
WHERE subject_kind = 'apology_letter' AND dossier_code IS NOT NULL
GROUP BY dossier_code
ORDER BY dossier_code
