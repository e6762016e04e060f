"""Score indices by rubrics: QĐ 766, PAR INDEX, PAPI.

Belongs here: how measures become points, by room: `scoring` (rubrics, engine), `index766`, `par_index` and `papi` (what
each index takes as measures), `robustness` (how sure a rank of any index is), `reconciliation` (our figures against the
portal's). At the top stands what concerns several indices: `build` and `built` (the published tables),
`rank_intervals`, `points` and `whatif` (where points are lost, and what would win them), `indicators_used`.
Not here: how measures are counted (`indicators`), how pages look (`reports`, `site`), commands (`cli`).
"""
