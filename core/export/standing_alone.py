"""The source of functions and classes of the lab with everything that they need, as a Python file can hold it.

What is printed is what the lab runs: nothing is written twice, and a network that is registered tomorrow is printed as
well. Only what belongs to the lab itself is replaced: its own exceptions become ValueError, its way to import
torchvision becomes the package, and registers and the bounds of settings are left out.
"""

import ast
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from core.errors import LabError, ModelError

_MARKS = re.compile(r" *# (type: ignore|noqa)[^\n]*")  # for the lab's own checkers
_OWN = "core"
_TORCHVISION = ("core.slow_imports", "torchvision")

Edit = tuple[int, int, str]  # from and to, in characters of a definition, and what stands there instead


@dataclass
class Source:
    """``imports`` are whole statements, ``definitions`` come in an order in which each finds what it needs."""

    imports: set[str] = field(default_factory=set)
    definitions: list[str] = field(default_factory=list)
    _taken: dict[str, str] = field(default_factory=dict)

    def add(self, thing: Callable[..., Any]) -> str:
        """Add the source of a function or class, with what it needs, and return its name.

        Raises ModelError where two modules define one name: a file has room for one of them.
        """
        self._add(thing.__module__, thing.__name__)
        return thing.__name__

    @property
    def imports_text(self) -> str:
        """The import statements in order, those of the standard library first."""
        return "\n".join(sorted_imports(self.imports))

    @property
    def definitions_text(self) -> str:
        """The definitions, as a module has them."""
        return "\n\n\n".join(self.definitions)

    def _add(self, module: str, name: str) -> None:
        if name in self._taken:
            if self._taken[name] != module:
                raise ModelError(f"'{name}' is defined in {self._taken[name]} and in {module}; rename one of them.")
            return
        self._taken[name] = module
        known = _known(module)
        node = known.defined[name]
        edits: list[Edit] = []
        skipped: set[int] = set()
        for decorator in getattr(node, "decorator_list", ()):
            if known.is_the_labs(decorator):
                skipped.update(map(id, ast.walk(decorator)))
        given = _text(module, node, skipped)
        if isinstance(node, ast.FunctionDef):
            for annotation, plain in _settings_left_out(module, node):
                edits.append((*given.place(annotation), plain))
                skipped.update(map(id, ast.walk(annotation)))
        for part in ast.walk(node):
            if id(part) in skipped:
                continue
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                if known.imported.get(part.func.id) == _TORCHVISION:
                    edits.append((*given.place(part), "torchvision"))
                    self.imports.add("import torchvision.transforms.v2")
                    skipped.add(id(part.func))
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id != name:
                edits += self._needed(known, part, given)
        self.definitions.append(_MARKS.sub("", given.edited(edits)))

    def _needed(self, known: "_Known", part: ast.Name, given: "_Text") -> Iterator[Edit]:
        """Add what a name means; yield what is to stand in its place where that is another name."""
        if part.id in known.defined:
            self._add(known.module, part.id)
        elif part.id in known.imported:
            module, name = known.imported[part.id]
            if module.partition(".")[0] != _OWN:
                self.imports.add(_statement(module, name, part.id))
            elif _is_error(meant := getattr(sys.modules[module], name)):
                yield (*given.place(part), "ValueError")
            elif inspect.isfunction(meant) or inspect.isclass(meant):
                self._add(meant.__module__, name)
            else:
                self._add(module, name)


@dataclass(frozen=True)
class _Known:
    """What a module's names mean: ``defined`` here, or ``imported``, as (module, name; "" for the module itself)."""

    module: str
    defined: dict[str, ast.stmt]
    imported: dict[str, tuple[str, str]]

    def is_the_labs(self, decorator: ast.expr) -> bool:
        """Whether a decorator is one of the lab's, which enters what it decorates into a register."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.id if isinstance(called, ast.Name) else ""
        return name in self.defined or self.imported.get(name, ("", ""))[0].partition(".")[0] == _OWN


@lru_cache(maxsize=64)
def _known(module: str) -> _Known:
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            defined |= dict.fromkeys(names, node)
        elif isinstance(node, ast.Import):
            imported |= {alias.asname or alias.name.partition(".")[0]: (alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name: (str(node.module), alias.name) for alias in node.names}
    return _Known(module, defined, imported)


class _Text:
    """The text of one definition, and where its parts lie in it; without the decorators whose ids are ``left_out``."""

    def __init__(self, lines: list[str], node: ast.stmt, left_out: set[int]) -> None:
        kept = [each.lineno for each in getattr(node, "decorator_list", ()) if id(each) not in left_out]
        first = min([node.lineno, *kept])
        self.first, self.lines = first, lines[first - 1 : node.end_lineno]

    def place(self, part: ast.expr) -> tuple[int, int]:
        """Return where a part begins and ends, in characters."""
        return self._at(part.lineno, part.col_offset), self._at(part.end_lineno or 0, part.end_col_offset or 0)

    def _at(self, line: int, byte: int) -> int:
        before = sum(len(each) + 1 for each in self.lines[: line - self.first])
        return before + len(self.lines[line - self.first].encode()[:byte].decode())

    def edited(self, edits: list[Edit]) -> str:
        """Return the text with other words in some places."""
        text = "\n".join(self.lines)
        for begin, end, words in sorted(edits, reverse=True):
            text = text[:begin] + words + text[end:]
        return text


def _text(module: str, node: ast.stmt, left_out: set[int]) -> _Text:
    return _Text(inspect.getsource(sys.modules[module]).split("\n"), node, left_out)


def _settings_left_out(module: str, node: ast.FunctionDef) -> Iterator[tuple[ast.expr, str]]:
    """Each annotation of a builder that holds the bounds of a setting, and the plain type that it annotates."""
    function = inspect.unwrap(getattr(sys.modules[module], node.name))
    whole = typing.get_type_hints(function, include_extras=True)
    for argument in (*node.args.args, *node.args.kwonlyargs):
        kind = whole.get(argument.arg)
        if argument.annotation is not None and hasattr(kind, "__metadata__"):
            plain = typing.get_args(kind)[0]
            yield argument.annotation, str(plain) if typing.get_args(plain) else plain.__name__


def _is_error(meant: object) -> bool:
    return isinstance(meant, type) and issubclass(meant, LabError)


def _statement(module: str, name: str, called: str) -> str:
    if name:
        return f"from {module} import {name}" + (f" as {called}" if called != name else "")
    return f"import {module}" + (f" as {called}" if called != module.partition(".")[0] else "")


def sorted_imports(statements: set[str]) -> list[str]:
    """Return import statements in order: the standard library, a blank line, the rest; those of one module as one."""
    together: dict[str, set[str]] = {}
    whole = set()
    for statement in statements:
        module, _, name = statement.removeprefix("from ").partition(" import ")
        if statement.startswith("from "):
            together.setdefault(module, set()).add(name)
        else:
            whole.add(statement)
    lines = [*whole, *(f"from {module} import {', '.join(sorted(names))}" for module, names in together.items())]
    groups: tuple[list[str], list[str]] = ([], [])
    for line in sorted(lines, key=lambda line: (line.startswith("from"), line.lower())):
        groups[re.split(r"[ .]", line)[1] not in sys.stdlib_module_names].append(line)
    return [*groups[0], *([""] if all(groups) else []), *groups[1]]
