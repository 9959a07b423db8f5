"""As much of JSON Schema as doc/explain.schema.json uses."""

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def errors(value, schema, root=None, where="$"):
    """What is not as it says, one line each."""
    root = root or schema
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    known = {"type", "enum", "const", "properties", "required", "additionalProperties", "items",
             "minimum", "title", "description", "$ref", "$defs", "$schema", "$id"}
    found = [f"the test does not know '{word}'" for word in set(schema) - known]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, name) for name in names):
        return found + [f"{where}: {value!r} is not {names}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "minimum" in schema and is_type(value, "number") and value < schema["minimum"]:
        found.append(f"{where}: {value} is less than {schema['minimum']}")
    if isinstance(value, dict):
        inside = schema.get("properties", {})
        other = schema.get("additionalProperties", True)
        found += [f"{where}: no {name}" for name in schema.get("required", []) if name not in value]
        for name, part in value.items():
            if name in inside:
                found += errors(part, inside[name], root, f"{where}.{name}")
            elif other is False:
                found.append(f"{where}: {name} is not in the schema")
            elif isinstance(other, dict):
                found += errors(part, other, root, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, part in enumerate(value):
            found += errors(part, schema["items"], root, f"{where}[{i}]")
    return found
