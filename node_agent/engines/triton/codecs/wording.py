"""A conversation as the text that a model was trained on, for models that take nothing but text."""

from node_agent.core.chat import Beginning, Prompt
from node_agent.core.errors import ConfigError, EngineError, Fault
from node_agent.core.models import ModelSpec
from node_agent.engines.templates import Template, TemplateError, read_template


def worded(task: Prompt | Beginning, model: ModelSpec) -> str:
    """The text to continue. Raises `EngineError` for what the model's template, or the model, does not take."""
    if isinstance(task, Beginning):
        return task.text
    if task.schema is not None:
        raise EngineError(Fault.REFUSED, "'response_format' is not supported by this model")
    try:
        return template_of(model).render(task.messages)
    except TemplateError as exc:
        raise EngineError(Fault.REFUSED, f"the model's template does not take these messages: {exc}") from exc


def template_of(model: ModelSpec) -> Template:
    """The template that *model* names in its options. Raises `ConfigError` if it has none, or one that is none."""
    path = model.options.get("chat_template")
    if path is None:
        raise ConfigError(f"model {model.name}: a model of this contract needs 'chat_template' among its options")
    return read_template(path)
