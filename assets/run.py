"""Run the main job in this process, on the real instance, and report what it did."""

from __future__ import annotations

import gc
import uuid
from dataclasses import dataclass, field

import dagster as dg

from assets.definitions import build_defs
from assets.failures import RANGE_TAGS
from assets.instance import cancel, end_dead_runs
from assets.resources import ProgressResource, listen
from cchc_pipeline.days import Window
from cchc_pipeline.errors import SettingsError
from cchc_pipeline.progress import Progress
from cchc_pipeline.settings import load_settings

#: The UI lists a run under its code location by this tag.
LOCATION_TAG = {".dagster/repository": "__repository__@cchc_pipeline"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Outcome:
    """Outcome of a run.

    Attributes:
        failures: step -> its message, of the steps that failed by themselves.
        skipped: steps that did not run because one before them failed.
        failed_checks: the asset checks that did not pass, each with its broken rows and finding.
    """

    run_id: str
    success: bool
    failures: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    failed_checks: list[str] = field(default_factory=list)


def run_main_job(instance: dg.DagsterInstance, window: Window, progress: Progress | None = None) -> Outcome:
    """Run the nightly job for a window as one run.

    Raises:
        SettingsError: the window lies before the first day of the history.
        KeyboardInterrupt: a person stopped it (Ctrl-C); the run is then marked as cancelled.
    """
    begins = load_settings().history_from
    if window.first < begins:
        raise SettingsError(
            f"window: {window.first} lies before {begins}, the first day of the one-stop system's history. "
            "Choose a later first day, or set history_from (CCHC_HISTORY_FROM)."
        )
    # A night makes millions of objects that live long or go at once: looking through them again and again is a seventh.
    gc.set_threshold(100_000, 50, 50)
    job = build_defs(resource_overrides={"progress": ProgressResource(to_listener=True)}).resolve_job_def("nightly")
    single = window.first == window.last
    tags = dict(LOCATION_TAG)
    if not single:
        tags |= dict(zip(RANGE_TAGS, (str(window.first), str(window.last)), strict=True))
    end_dead_runs(instance)
    listen(progress)
    run_id = str(uuid.uuid4())
    try:
        result = job.execute_in_process(
            instance=instance,
            partition_key=str(window.first) if single else None,
            tags=tags,
            run_config=QUIET,
            raise_on_error=False,
            run_id=run_id,
        )
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as stopped:
        cancel(instance, run_id)
        raise KeyboardInterrupt from stopped
    finally:
        listen(None)
    outcome = Outcome(result.run_id, result.success)
    # Dagster writes no event for a step that it skips because one before it failed.
    outcome.skipped = sorted({node.name for node in job.nodes} - {str(event.step_key) for event in result.all_events})
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.STEP_FAILURE:
            error = event.step_failure_data.error
            user = event.step_failure_data.user_failure_data
            while error is not None and error.cause is not None:
                error = error.cause
            if error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
                raise KeyboardInterrupt
            outcome.failures[str(event.step_key)] = (user and user.description) or (
                error.message.strip() if error else "failed"
            )
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            if not found.passed:
                rows = found.metadata.get("rows_broken")
                counted = f", rows {rows.value}" if rows is not None else ""
                said = found.metadata.get("finding")
                counted += f": {said.value}" if said is not None else ""
                outcome.failed_checks.append(f"{found.asset_key.to_user_string()}: {found.check_name}{counted}")
    return outcome
