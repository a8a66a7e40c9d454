"""How the machine and its node are, in the words of PolarGrid's client."""

from typing_extensions import TypedDict


class Process(TypedDict):
    """A model's process."""

    pid: int
    """0 to who is no operator."""
    name: str
    memory_mb: int


class Memory(TypedDict):
    """A GPU's memory."""

    total_gb: float
    used_gb: float
    free_gb: float
    percent_used: float
    percent_free: float


class FullMemory(Memory):
    """The same in MiB too."""

    total_mb: int
    used_mb: int
    free_mb: int


class Utilization(TypedDict):
    """How busy it is."""

    gpu_percent: int
    memory_percent: int


class GpuSeen(TypedDict):
    """One GPU."""

    index: int
    name: str
    memory: FullMemory
    utilization: Utilization
    temperature_c: int


class GpusAnswer(TypedDict):
    """Each GPU, and the processes of the models."""

    status: str
    gpus: list[GpuSeen]
    processes: list[Process]
    total_gpus: int
    timestamp: str


class MemoryAnswer(TypedDict):
    """Of each GPU."""

    status: str
    memory: list[Memory]
    timestamp: str


class Use(TypedDict):
    """Of all GPUs together; without any, of the models' processes."""

    used_gb: float
    total_gb: float
    percent_used: float


class PurgeAnswer(TypedDict):
    """What was unloaded, and what that freed."""

    status: str
    actions: list[str]
    memory_before: Use
    memory_after: Use
    memory_freed_gb: float
    models_unloaded: list[str]
    errors: list[str]
    recommendation: str
    timestamp: str


class Features(TypedDict):
    """What it can do beside serving."""

    dynamic_loading: bool
    huggingface_support: bool


class BackendInfo(TypedDict):
    """What runs the models."""

    name: str


class Backend(TypedDict):
    """How that is."""

    healthy: bool
    info: BackendInfo


class HealthAnswer(TypedDict):
    """``healthy``, ``degraded`` or ``unhealthy``."""

    status: str
    node: str
    runtime: str
    timestamp: str
    features: Features
    backend: Backend


class SystemModel(TypedDict):
    """How one model is."""

    model_id: str
    status: str
    instances: int
    avg_latency_ms: int
    queue_depth: int


class SystemRegion(TypedDict):
    """How one region is."""

    region: str
    status: str
    models: list[SystemModel]


class SystemAnswer(TypedDict):
    """Of all regions the one that this node is in."""

    status: str
    regions: list[SystemRegion]
