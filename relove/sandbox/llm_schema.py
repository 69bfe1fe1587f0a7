"""The smallest instance of a JSON schema, for questions the sandbox's model has no words for. Pure."""

from typing import Any

FILLER = "ok "


def minimal(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A valid value of the common part of JSON Schema: $ref, anyOf, const, enum, type and its bounds."""
    root = schema if root is None else root
    if reference := schema.get("$ref"):
        return minimal(_resolve(reference, root), root)
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return minimal(schema[key][0], root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    return _of_type(schema, root)


def _of_type(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            properties = schema.get("properties", {})
            return {name: minimal(properties.get(name, {}), root) for name in schema.get("required", properties)}
        case "array":
            return [minimal(schema.get("items", {}), root) for _ in range(schema.get("minItems", 0))]
        case "string":
            length = max(schema.get("minLength", 2), 2)
            return (FILLER * (length // len(FILLER) + 1))[: min(length, schema.get("maxLength", length))]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        case "boolean":
            return False
    return None


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found if isinstance(found, dict) else {}
