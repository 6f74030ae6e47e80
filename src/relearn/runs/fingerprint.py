"""The code that one function can reach, as a hash: an edit reruns what it can change.

The source is read, never imported: this runs while Snakemake parses, before torch is wanted.
From one top-level definition every name is followed through the package's modules: functions,
classes (whole), constants, imports at the top of a module or inside a function, re-exports.
Where the syntax alone cannot decide, the answer is "reached". Not seen: names made at run time
(`importlib`, `globals()`), quoted annotations, registration by a decorator or a base class.
"""

import ast
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from relearn.errors import ConfigError

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Fingerprint(NamedTuple):
    """A hash (SHA-256, 64 hex digits) of the code reached, and the other packages it imports."""

    code: str
    packages: frozenset[str]


class Imported(NamedTuple):
    """The name `bound` stands for `name` in `module`, or for that module where it is None."""

    bound: str
    module: str
    name: str | None
    loads: str


class Statement:
    """One top-level statement that is no import: its text, and all that it mentions."""

    def __init__(self, node: ast.stmt, module: str, is_package: bool, number: int):
        self.node, self.module, self.is_package = node, module, is_package
        # Functions may be moved about freely; other statements run in their order.
        self.place = (module, node.name if isinstance(node, _DEFINITIONS) else "", number)
        self.words: list[str] = []
        self.mentions: set[tuple[str, ...]] = set()
        self.imports: list[Imported] = []

    def scan(self) -> "Statement":
        """Fills the fields at first need: most statements of a package are never reached."""
        if not self.words:
            self.words.append(self.module)
            self._scan(self.node)
        return self

    def _scan(self, node: ast.AST) -> None:
        self.words.append(type(node).__name__)
        dotted = _dotted(node)
        if dotted:
            self.words.append(".".join(dotted))
            self.mentions.add(dotted)
            return
        self.imports += _imported(node, self.module, self.is_package)
        for name in node._fields:
            value = getattr(node, name, None)
            for each in value if isinstance(value, list) else [value]:
                if not isinstance(each, ast.AST):
                    self.words.append(repr(each))
                elif not _is_docstring(each):
                    self._scan(each)
            self.words.append(";")


class Module:
    """A module's top level: what binds each name, and which `bare` statements run anyway."""

    def __init__(self, source: str, name: str, is_package: bool):
        self.is_package = is_package
        self.bound: dict[str, list[Statement | Imported]] = defaultdict(list)
        self.statements: list[Statement] = []
        self.bare: list[Statement] = []
        self.imports: list[Imported] = []
        for number, node in enumerate(ast.parse(source, filename=name).body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports += _imported(node, name, is_package)
            elif not _is_docstring(node):
                self._add(Statement(node, name, is_package, number))
        for each in self.imports:
            self.bound[each.bound].append(each)

    def _add(self, statement: Statement) -> None:
        self.statements.append(statement)
        if isinstance(statement.node, _DEFINITIONS):
            self.bound[statement.node.name].append(statement)
            return
        inner = list(ast.walk(statement.node))
        stored = [each for each in inner if isinstance(getattr(each, "ctx", None), ast.Store)]
        names = {each.id for each in stored if isinstance(each, ast.Name)}
        for each in names.union(each.name for each in inner if isinstance(each, _DEFINITIONS)):
            self.bound[each].append(statement)
        # `TABLE[0] = f` and `plt.x = 1` bind no name: they change something that exists.
        changes = any(isinstance(each, (ast.Attribute, ast.Subscript)) for each in stored)
        if changes or not isinstance(statement.node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.bare.append(statement)
            self.imports += statement.scan().imports


_parse = cache(Module)


def _is_docstring(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _dotted(node: ast.AST) -> tuple[str, ...]:
    """`networks.train` as (networks, train); () where it is anything but names and dots."""
    trail = []
    while isinstance(node, ast.Attribute):
        trail.append(node.attr)
        node = node.value
    return (node.id, *reversed(trail)) if isinstance(node, ast.Name) else ()


def _imported(node: ast.AST, module: str, is_package: bool) -> Iterator[Imported]:
    if isinstance(node, ast.Import):
        for each in node.names:
            first = each.name.split(".")[0]
            means = each.name if each.asname else first
            yield Imported(each.asname or first, means, None, each.name)
    elif isinstance(node, ast.ImportFrom):
        parts = module.split(".")
        base = parts[: len(parts) - node.level + is_package] if node.level else []
        source = ".".join([*base, *([node.module] if node.module else [])])
        for each in node.names:
            yield Imported(each.asname or each.name, source, each.name, source)


class _Walk:
    """One walk from one definition; `statements` and `names` collect what it reached."""

    def __init__(self, root: Path):
        self.root = root
        self.modules: dict[str, Module | None] = {}
        self.statements: set[Statement] = set()
        self.pending: list[Statement] = []
        self.names: set[tuple] = set()
        self.seen: set[tuple] = set()

    def module(self, name: str) -> Module | None:
        """The package's module of that name; None for another package's, or where none is."""
        if name not in self.modules:
            self.modules[name] = self._read(name) if name.split(".")[0] == self.root.name else None
        return self.modules[name]

    def _read(self, name: str) -> Module | None:
        folder = self.root.joinpath(*name.split(".")[1:])
        files = [folder / "__init__.py", folder.with_suffix(".py")]
        file = next((each for each in files if each.is_file()), None)
        source = file.read_text(encoding="utf-8") if file else ""
        return _parse(source, name, folder.is_dir()) if file or folder.is_dir() else None

    def reach(self, statements: list[Statement]) -> None:
        new = [each for each in statements if each not in self.statements]
        self.statements.update(new)
        self.pending += new

    def touch(self, name: str) -> None:
        """Being imported runs the bare statements of a module and of what it imports."""
        if (name,) in self.seen:
            return
        self.seen.add((name,))
        module = self.module(name)
        self.reach(module.bare)
        for each in module.imports:
            self.load(name, each)

    def load(self, importer: str, imported: Imported) -> None:
        parts = imported.loads.split(".")
        if parts[0] != self.root.name:
            return
        if imported.name == "*":
            raise ConfigError(f"{importer}: star import of {imported.module}; name what it needs")
        for depth in range(len(parts)):
            name = ".".join(parts[: depth + 1])
            if self.module(name) is None:
                raise ConfigError(f"{importer}: no such module as {name}; mend the import")
            self.touch(name)
        if imported.name and self.module(f"{imported.loads}.{imported.name}"):
            self.touch(f"{imported.loads}.{imported.name}")

    def use(self, name: str, rest: tuple[str, ...]) -> None:
        """Reaches `rest` of the module `name`, or all that it defines where none is named."""
        self.touch(name)
        if rest and self.find(name, rest[0], rest[1:]):
            return
        module = self.module(name)
        self.reach(module.statements)
        for each in module.imports:
            if each.name and self.module(f"{each.module}.{each.name}") is None:
                self.find(name, each.bound, ())

    def find(self, name: str, attribute: str, rest: tuple[str, ...]) -> bool:
        """Reaches `attribute` of the module `name`; False where it has none such."""
        module, within = self.module(name), f"{name}.{attribute}"
        if attribute in module.bound:
            if (name, attribute, rest) not in self.seen:
                self.seen.add((name, attribute, rest))
                self.touch(name)
                self.follow(name, module.bound[attribute], rest)
            return True
        if module.is_package and self.module(within):
            self.use(within, rest)
            return True
        return False

    def follow(self, name: str, bound: list[Statement | Imported], rest: tuple[str, ...]) -> None:
        self.reach([each for each in bound if isinstance(each, Statement)])
        for each in (each for each in bound if isinstance(each, Imported)):
            self.names.add((name, *each))
            self.load(name, each)
            if self.module(each.module) is None:
                continue
            if each.name is None:
                self.use(each.module, rest)
            elif each.module == name and self.module(f"{name}.{each.name}"):
                self.use(f"{name}.{each.name}", rest)
            elif not self.find(each.module, each.name, rest):
                raise ConfigError(f"{name}: {each.module} has no {each.name!r}; mend the import")

    def finish(self) -> Fingerprint:
        while self.pending:
            statement = self.pending.pop().scan()
            for each in statement.imports:
                self.load(statement.module, each)
            for root, *rest in sorted(statement.mentions):
                local = [each for each in statement.imports if each.bound == root]
                self.follow(statement.module, local, tuple(rest))
                self.find(statement.module, root, tuple(rest))
        ordered = sorted(self.statements, key=lambda each: each.place)
        lines = [" ".join(each.words) for each in ordered] + sorted(map(repr, self.names))
        loaded = {source.split(".")[0] for _, _, source, _, _ in self.names}
        return Fingerprint(
            hashlib.sha256("\n".join(lines).encode()).hexdigest(),
            frozenset(loaded - {self.root.name} - sys.stdlib_module_names),
        )


def fingerprint(module: str, name: str, package_root: Path | None = None) -> Fingerprint:
    """Every definition that `name` in `module` can reach, and the packages that these import.

    Comments, layout, docstrings and the place on the disk do not count; Python's version does,
    for it is its syntax tree that is hashed. `package_root` is by default relearn's own folder.
    Raises ConfigError where a module or a name, asked for or imported, does not exist.
    """
    walk = _Walk(package_root or Path(__file__).resolve().parents[1])
    if walk.module(module) is None:
        raise ConfigError(f"{module}: no such module in {walk.root.name}; mend the name or add it")
    if not walk.find(module, name, ()):
        raise ConfigError(f"{module}: no definition {name!r}; mend the name or define it")
    return walk.finish()
