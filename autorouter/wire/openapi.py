"""An interface as an OpenAPI 3.1 document, which is made of its table and of pydantic's own JSON schema."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from autorouter.wire.header import Header
from autorouter.wire.operation import EVENTS, JSON, Answer, Content, Interface, Operation, Parameter
from autorouter.wire.problem import CONTENT_TYPE, Kind, Problem

Schema = dict[str, object]
Document = dict[str, object]

DONE = "[DONE]"

COMPONENTS = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document as it goes out."""

    body: bytes
    tag: str


def rendered(interface: Interface, version: str) -> Rendered:
    """The document of *interface*, in the *version* of its program."""
    body = json.dumps(document(interface, version), ensure_ascii=False, separators=(",", ":")).encode()
    return Rendered(body, f'"{blake2b(body, digest_size=8).hexdigest()}"')


def document(interface: Interface, version: str) -> Document:
    """The document of *interface*, in the *version* of its program."""
    told = _Telling(interface)
    paths: dict[str, Document] = {}
    for operation in interface.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = told.operation(operation)
    keys = {name: {"type": "http", "scheme": "bearer", "description": what} for name, what in interface.keys.items()}
    licence = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
    info = {"title": interface.title, "version": version, "summary": interface.summary, "license": licence}
    components: Document = {"schemas": told.schemas, "headers": told.headers}
    if keys:
        components["securitySchemes"] = keys
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}


class _Untitled(GenerateJsonSchema):
    """Members have names; the titles that pydantic makes of those say nothing more."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:  # noqa: ARG002 - pydantic's own signature
        """Never."""
        return False


class _Telling:
    """The parts of one interface's document; all shapes go to pydantic together, so that they share components."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        shapes = {id(shape): shape for shape in _shapes(interface)}
        found, whole = TypeAdapter.json_schemas(
            [(key, "validation", _adapter(shape)) for key, shape in shapes.items()],
            ref_template=COMPONENTS,
            schema_generator=_Untitled,
        )
        self._schemas = {key: schema for (key, _), schema in found.items()}
        self.schemas = whole.get("$defs", {})
        self.headers: Document = {}

    def operation(self, operation: Operation) -> Document:
        """What is told of one operation."""
        told: Document = {
            "operationId": operation.name,
            "summary": operation.summary,
            "tags": [operation.tag],
            "parameters": [self._parameter(each) for each in operation.parameters],
            "responses": {**self._answers(operation), **self._problems(operation)},
        }
        if operation.body is not None:
            told["requestBody"] = {"required": True, "content": self._contents([operation.body])}
        if operation.key:
            spared: list[Document] = [{}] if operation.key in self._interface.spared else []
            told["security"] = [{operation.key: [operation.scope] if operation.scope else []}, *spared]
        return told

    def _schema(self, shape: object) -> Schema:
        return self._schemas[id(shape)]

    def _parameter(self, parameter: Parameter) -> Document:
        schema = self._schema(parameter.shape)
        told: Document = {"name": parameter.name, "in": parameter.where, "description": parameter.summary}
        if parameter.listed or parameter.most > 1:
            told |= {"style": "form", "explode": not parameter.listed}
            schema = {"type": "array", "items": schema, "minItems": 1}
            schema |= {"maxItems": parameter.most} if parameter.most > 1 else {}
        if parameter.examples:
            schema = {**schema, "examples": list(parameter.examples)}
        return {**told, "required": parameter.required, "schema": schema}

    def _answers(self, operation: Operation) -> Document:
        return {str(answer.status): self._answer(answer) for answer in operation.answers}

    def _answer(self, answer: Answer) -> Document:
        headers = self._headers([*answer.headers, *self._interface.headers])
        told: Document = {"description": answer.summary, "headers": headers}
        return {**told, "content": self._contents(answer.contents)} if answer.contents else told

    def _contents(self, contents: Iterable[Content]) -> Document:
        return {each.type: {"schema": self._content(each)} for each in contents}

    def _content(self, content: Content) -> Schema:
        schema = self._schema(content.shape)
        return _event(schema) if content.type == EVENTS else schema

    def _headers(self, headers: Iterable[Header]) -> Document:
        named = {each.name: each for each in headers}
        self.headers |= {
            name: {"description": each.summary, "schema": self._schema(each.shape)} for name, each in named.items()
        }
        return {name: {"$ref": f"#/components/headers/{name}"} for name in named}

    def _problems(self, operation: Operation) -> Document:
        """By status, what the operation may end in."""
        codes = dict.fromkeys((*operation.codes, *self._interface.always))
        kinds = sorted(((code, self._interface.problems[code]) for code in codes), key=lambda pair: pair[1].status)
        return {str(status): self._problem([*these]) for status, these in groupby(kinds, lambda pair: pair[1].status)}

    def _problem(self, kinds: list[tuple[str, Kind]]) -> Document:
        """Those of one status: which codes it may be, and what can be done about each."""
        lines = [f"`{code}`: {kind.title}. {kind.fix}" for code, kind in kinds]
        headers = [header for _, kind in kinds for header in kind.headers]
        content = {CONTENT_TYPE: {"schema": self._shape_of(kinds)}}
        return {
            "description": "\n\n".join(lines),
            "headers": self._headers([*headers, *self._interface.headers]),
            "content": content,
        }

    def _shape_of(self, kinds: list[tuple[str, Kind]]) -> Schema:
        by_shape: dict[int, list[str]] = {}
        for code, kind in kinds:
            by_shape.setdefault(id(kind.shape or Problem), []).append(code)
        arms: list[Schema] = [
            {"allOf": [self._schemas[shape], {"properties": {"code": {"enum": codes}}}]}
            for shape, codes in by_shape.items()
        ]
        return arms[0] if len(arms) == 1 else {"anyOf": arms}


def _event(schema: Schema) -> Schema:
    """Each event of a stream: its data is JSON, the last one's is not. Before 3.2 that is what `schema` is of."""
    data: Schema = {"type": "string", "contentMediaType": JSON, "contentSchema": schema}
    return {"type": "object", "properties": {"data": {"anyOf": [{"const": DONE}, data]}}, "required": ["data"]}


def _adapter(shape: object) -> TypeAdapter[object]:
    return TypeAdapter(shape)  # type: ignore[arg-type]  # tables name types of every kind


def _shapes(interface: Interface) -> Iterator[object]:
    """Every type that *interface* names."""
    yield Problem
    for kind in interface.problems.values():
        yield kind.shape or Problem
        yield from (each.shape for each in kind.headers)
    yield from (each.shape for each in interface.headers)
    for operation in interface.operations:
        yield from _shapes_of(operation)


def _shapes_of(operation: Operation) -> Iterator[object]:
    yield from (each.shape for each in operation.parameters)
    if operation.body is not None:
        yield operation.body.shape
    for answer in operation.answers:
        yield from (each.shape for each in answer.contents)
        yield from (each.shape for each in answer.headers)
