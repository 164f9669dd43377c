"""The collector: which of its files are laid over each other, and its limits of memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import StackError
from .context import Context, environ
from .queues import lay_out, set_aside_broken

EXECUTABLE = "botobs-collector"
#: Functions that take functions: the guard of exponential histograms adds their buckets up.
FEATURES = "--feature-gates=+ottl.functions.enableLambda"
#: The files of a collector that services reach through the intake.
BEHIND_INTAKE = ("collector.yaml", "behind-intake.yaml")
#: Files that are laid over the collector's own, by the value of BOTOBS_SAMPLING.
SAMPLING = {
    "off": (),
    "on": ("sampling-policy.yaml", "sampling.yaml"),
    "gateway": ("sampling-policy.yaml", "sampling.yaml", "sampling-gateway.yaml"),
}
#: Queue files of a single machine, as the collector names them; Mimir's is left to it.
_QUEUES = ("exporter_otlp_grpc_tempo_traces", "exporter_otlp_http_prometheus_metrics")


def arguments(context: Context, files: Iterable[str] = ()) -> list[str]:
    """The command line of a collector.

    Args:
        context: The stack.
        files: Its configuration, each file over those before it, if it is not a single machine's.
    """
    files = tuple(files) or _files_of_machine(context)
    # With its scheme, or a colon in the path would end one.
    layers = [word for file in files for word in ("--config", f"file:{context.config('collector', file)}")]
    return [FEATURES, *layers]


def _files_of_machine(context: Context) -> tuple[str, ...]:
    files = SAMPLING[sampling(context)]
    if context.values.get("BOTOBS_MOVING") != "on":
        # The last holds the files of `custom/collector` in the home.
        return (*BEHIND_INTAKE, *files, "custom.yaml")
    if files:
        raise StackError(
            f"BOTOBS_MOVING=on and BOTOBS_SAMPLING={sampling(context)} do not go together",
            "What is sampled here would be missing there: sample in the cluster.",
        )
    return (*BEHIND_INTAKE, "agent.yaml", "moving.yaml", "custom.yaml")


def sampling(context: Context) -> str:
    """The value of BOTOBS_SAMPLING."""
    return context.values.get("BOTOBS_SAMPLING") or "off"


def environ_of(context: Context) -> dict[str, str]:
    """How a collector's garbage is collected."""
    return environ(
        GOMEMLIMIT=memory_limit(context.values),
        # Its heap is small and all of it is garbage a moment later; the usual 100 is a quarter of its time.
        GOGC="400",
    )


def memory_limit(values: Mapping[str, str]) -> str:
    """Where Go collects garbage whatever GOGC says: before the memory limiter would take it for load."""
    if given := values.get("BOTOBS_COLLECTOR_GOMEMLIMIT"):
        return given
    limit, spike = (
        int(values[name]) for name in ("BOTOBS_COLLECTOR_MEMORY_MIB", "BOTOBS_COLLECTOR_MEMORY_SPIKE_MIB")
    )
    return f"{(limit - spike) * 15 // 16}MiB"


def prepare(context: Context) -> None:
    """Make the folder of its queues usable."""
    queues = context.data("collector") / "queue"
    set_aside_broken(queues)
    lay_out(queues, _QUEUES)
