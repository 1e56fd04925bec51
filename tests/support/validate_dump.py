#!/usr/bin/env python3
"""validate_dump.py SCHEMA FILE: whether each line of a JSON dump follows the schema. Needs python3-jsonschema.

Exit status: 0 it does; 1 it does not: the first line that fails is shown; 2 this could not be judged.
"""

import json
import sys


def constant(name):
    raise ValueError(f"{name} is no JSON")


def first_wrong(schema, lines):
    """None, or a sentence about the first line that breaks the rules."""
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line, parse_constant=constant)
        except ValueError as error:
            return f"line {number} is no JSON: {error}: {line[:300]}"
        error = next(validator.iter_errors(value), None)
        if error is None and (number == 1) != (value.get("event") == "header"):
            return f"line {number}: the header is the first line, and no other"
        if error is not None:
            deepest = error
            while deepest.context:  # of a choice, the branch that got furthest
                deepest = max(deepest.context, key=lambda one: len(one.absolute_path))
            where = "/".join(str(step) for step in deepest.absolute_path)
            return f"line {number}, at {where}: {deepest.message[:300]}: {line[:300]}"
    return None


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="utf-8") as schema, open(sys.argv[2], encoding="utf-8") as lines:
            wrong = first_wrong(json.load(schema), lines)
    except ImportError:
        print("install python3-jsonschema", file=sys.stderr)
        return 2
    if wrong:
        print(wrong, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
