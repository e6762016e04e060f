"""How sure a rank is: the choices behind a composite index, and what they do to scores and ranks.

Belongs here: screening, imputation, normalisation, weights, aggregation, rank statistics, uncertainty
and sensitivity of any composite index, as arrays in and arrays out. Not here: rubrics and points
(`scorecards/`), files and the lake.

The steps are those of the OECD/JRC Handbook on Constructing Composite Indicators (2008). Added to them is
the error of the survey itself, which for PAPI is larger than all the choices together.
"""

from cchc_pipeline.scorecards.robustness.aggregate import AGGREGATIONS, aggregate
from cchc_pipeline.scorecards.robustness.errors import RobustnessError
from cchc_pipeline.scorecards.robustness.imputation import IMPUTATIONS, Screened, impute, screen
from cchc_pipeline.scorecards.robustness.normalise import NORMALISATIONS, normalise
from cchc_pipeline.scorecards.robustness.ranks import Shift, leave_one_out, rank, shift
from cchc_pipeline.scorecards.robustness.sensitivity import Sensitivity, sensitivity
from cchc_pipeline.scorecards.robustness.statistics import Structure, cronbach_alpha, structure
from cchc_pipeline.scorecards.robustness.uncertainty import Intervals, Plan, Spread, composite, spread, uncertainty
from cchc_pipeline.scorecards.robustness.weights import WEIGHTINGS, weights

__all__ = [
    "AGGREGATIONS",
    "IMPUTATIONS",
    "NORMALISATIONS",
    "WEIGHTINGS",
    "Intervals",
    "Plan",
    "RobustnessError",
    "Screened",
    "Sensitivity",
    "Shift",
    "Spread",
    "Structure",
    "aggregate",
    "composite",
    "cronbach_alpha",
    "impute",
    "leave_one_out",
    "normalise",
    "rank",
    "screen",
    "sensitivity",
    "shift",
    "spread",
    "structure",
    "uncertainty",
    "weights",
]
