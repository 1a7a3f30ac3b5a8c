"""Messages and hints of findings and errors, as the source writes them: values are `{}`."""

import ast
import re
from pathlib import Path

import abate

ROOT = Path(abate.__file__).parent
TERMINAL = ("faces/cli", "faces/mcp", "faces/python", "adapters/engine/spark.py")
"""What speaks to terminals, agents and programs only, and that in English."""


def texts(node):
    """All texts that an expression may be."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        parts = [v.value if isinstance(v, ast.Constant) else "{}" for v in node.values]
        return ["".join(parts)]
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = texts(node.left) or ["{}"], texts(node.right) or ["{}"]
        return [a + b for a in left for b in right]
    return []


def spoken(call):
    """Arguments of a call that people read: message and hint of a finding or an error."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if isinstance(function, ast.Attribute) and name == "of":
        is_finding = isinstance(function.value, ast.Name) and function.value.id == "Finding"
        return call.args[1:2] if is_finding else []
    if name == "Finding":
        return call.args[2:4]
    if name.endswith("Error") and len(call.args) >= 2:
        return call.args[1:3]
    return []


def messages():
    """Every message and hint, with its file."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(TERMINAL):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                said.setdefault(node.targets[0].id, []).extend(texts(node.value))
        for node in ast.walk(tree):
            for argument in spoken(node) if isinstance(node, ast.Call) else ():
                is_name = isinstance(argument, ast.Name)
                for text in said.get(argument.id, []) if is_name else texts(argument):
                    if re.search("[A-Za-z]{2}", text.replace("{}", "")):
                        found.setdefault(text, place)
    return found
