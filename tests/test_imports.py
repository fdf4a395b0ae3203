"""The walls of the house: who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_FILES, MOST_LINES = 15, 300

# From the foundations up, as CONTRIBUTING's table has them. A module imports from its own room or from below.
FOUNDATIONS = (
    "core.errors",
    "core.names",
    "core.rights",
    "core.registry",
    "core.events",
    "core.seeding",
    "core.config",
    "core.home",
    "core.whole_files",
    "core.strict_json",
    "core.disk",
    "core.sqlite",
    "core.slow_imports",
    "core.intervals",
)
LAYERS = (
    FOUNDATIONS,
    ("core.photos",),
    ("core.transforms",),
    ("core.models",),
    ("core.data",),
    ("core.compute",),
    ("core.checkpoints",),
    ("core.recipes",),
    ("core.judging",),
    ("core.training",),
    ("core.explain",),
    ("core.export",),
    ("core.runs",),
    ("core.command_line",),
    ("core.__main__",),
)
STANDARD_LIBRARY_ONLY = tuple(
    name for name in FOUNDATIONS if name not in ("core.home", "core.slow_imports", "core.sqlite")
)
RUNS_WITH_TORCH = ("core.runs.worker.worker", "core.runs.saved_runs")  # what trains, and what opens networks
SCREENS = ("streamlit", "plotly", "altair", "matplotlib", "pages", "streamlit_app")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(folder: str) -> dict[str, Path]:
    return {module_name(path): path for path in sorted((ROOT / folder).rglob("*.py"))}


CORE = sources("core")
PAGES = sources("pages")
BENCHMARKS = sources("benchmarks")


def imports(path: Path, *, only_at_import_time: bool = False) -> set[str]:
    """Full names of what a file imports, except what only a type checker reads."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    found: set[str] = set()
    for node in _statements(ast.parse(path.read_text(encoding="utf-8")), into_functions=not only_at_import_time):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                stem = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*stem, base] if base else stem)
            found.update(_submodule_or(base, alias.name) for alias in node.names)
    return found


def _statements(tree: ast.AST, *, into_functions: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not into_functions:
            continue
        yield node
        yield from _statements(node, into_functions=into_functions)


def _submodule_or(base: str, name: str) -> str:
    """``from core import events`` imports core.events; ``from core.events import Event`` imports core.events too."""
    return f"{base}.{name}" if f"{base}.{name}" in CORE | PAGES else base


def layer(module: str) -> int:
    places = [n for n, names in enumerate(LAYERS) for name in names if module == name or module.startswith(f"{name}.")]
    assert places, f"{module} is in no layer: say in LAYERS where it belongs"
    return places[0]


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("module", [name for name in CORE if name != "core"])
def test_core_imports_downward_only(module: str) -> None:
    upward = [name for name in imports(CORE[module]) if within(name, ("core",)) and name != "core"]
    upward = [name for name in upward if layer(name) > layer(module)]
    assert upward == []


@pytest.mark.parametrize("module", CORE)
def test_core_never_names_a_screen(module: str) -> None:
    assert [name for name in imports(CORE[module]) if within(name, SCREENS)] == []


def test_nothing_imports_in_a_circle_not_even_inside_functions() -> None:
    known = CORE | PAGES
    graph = {
        name: {found for found in imports(path) if found in known and found != name} for name, path in known.items()
    }
    while free := [name for name, needed in graph.items() if not needed]:
        graph = {name: needed.difference(free) for name, needed in graph.items() if name not in free}
    assert graph == {}


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_the_foundations_need_the_standard_library_only(module: str) -> None:
    known = sys.stdlib_module_names
    assert [n for n in imports(CORE[module]) if n.partition(".")[0] not in known and not within(n, ("core",))] == []


@pytest.mark.parametrize("module", CORE)
def test_core_prints_only_from_its_command_line(module: str) -> None:
    calls = [node for node in ast.walk(ast.parse(CORE[module].read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"] == []


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_importing_all_of_core_leaves_every_screen_out() -> None:
    names = [name for name in CORE if not name.endswith("__main__")] + ["core.__main__"]
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\nprint(*sys.modules)"
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert [name for name in result.stdout.split() if within(name, SCREENS)] == []


@pytest.mark.parametrize("module", CORE)
def test_torchvision_is_imported_where_it_is_used_and_nowhere_sooner(module: str) -> None:
    assert [name for name in imports(CORE[module], only_at_import_time=True) if within(name, ("torchvision",))] == []


def test_listing_and_queueing_runs_does_not_import_torch() -> None:
    names = [name for name in CORE if within(name, ("core.runs",)) and not within(name, RUNS_WITH_TORCH)]
    assert names, "core.runs is missing"
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\nprint(*sys.modules)"
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert {"torch", "torchvision"}.isdisjoint(result.stdout.split())


def test_the_first_page_and_a_network_of_the_courses_do_without_torchvision_and_torchs_compiler() -> None:
    code = """if True:
        import sys
        import torch
        from pages._ui import cached
        from core.explain.convolution.convolve import Filter, convolve, picture, show
        from core.explain.convolution.kernels import PRESETS
        from core.photos.samples import sample_photos
        from core.models import build_model

        cached.import_torch()
        photo = next(iter(sample_photos().values()))
        show(convolve(picture(photo.image, "grey", max_side=64), Filter(kernel=PRESETS["sobel_x"].kernel, relu=True)))
        build_model("lenet", channels=3, image_size=32, classes=10)(torch.zeros(1, 3, 32, 32))
        print(*sys.modules)
        cached.import_the_rest()
        weight = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=0.1)
        optimizer.zero_grad()
        weight.sum().backward()
        optimizer.step()
        print(*sys.modules)
        from torch._dynamo import config  # whoever wants the compiler gets it
        print(config.__file__)
    """
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    before, after, compiler = (set(line.split()) for line in result.stdout.splitlines())
    assert {"torch", "core.explain.convolution.convolve"} <= before
    assert "torchvision" not in before
    assert "torchvision" in after
    assert {"torch._dynamo.eval_frame", "torch._inductor", "triton"}.isdisjoint(before | after)
    assert compiler


def test_threads_that_need_torchvision_at_the_same_time_all_find_it_whole() -> None:
    code = """if True:
        import threading
        from core.slow_imports import torchvision

        together = threading.Barrier(4)

        def build():
            together.wait()
            torchvision().models.resnet18(weights=None)
            print("built\\n", end="")  # in one piece, however many threads print

        threads = [threading.Thread(target=build) for _thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    """
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["built"] * 4


@pytest.mark.parametrize("module", BENCHMARKS)
def test_benchmarks_import_the_core_and_no_page(module: str) -> None:
    # A browser tab speaks the screen's protocol and knows nothing else of it.
    named = [name for name in imports(BENCHMARKS[module]) if within(name, SCREENS)]
    assert [name for name in named if not within(name, ("streamlit.proto",))] == []


@pytest.mark.parametrize("module", CORE | PAGES)
def test_nothing_that_runs_needs_the_benchmarks_or_tests(module: str) -> None:
    assert [name for name in imports((CORE | PAGES)[module]) if within(name, ("benchmarks", "tests", "scripts"))] == []


@pytest.mark.parametrize("module", PAGES)
def test_pages_hold_no_torch_code(module: str) -> None:
    assert [name for name in imports(PAGES[module]) if within(name, ("torch", "torchvision", "safetensors"))] == []


@pytest.mark.parametrize("module", PAGES)
def test_a_page_imports_its_own_folder_and_the_shared_one_only(module: str) -> None:
    section, page = module.split(".")[1:3] if module.count(".") > 1 else ("_ui", "")
    own = () if section == "_ui" else (f"pages.{section}._{page.removeprefix('_')}",)
    others = [name for name in imports(PAGES[module]) if within(name, ("pages",)) and name != "pages"]
    assert [name for name in others if not within(name, ("pages._ui", *own))] == []
    assert not within("streamlit_app", tuple(imports(PAGES[module])))


def test_no_folder_holds_more_files_than_one_sees_at_a_glance() -> None:
    folders = {path.parent for top in ("core", "pages", "tests", "benchmarks") for path in (ROOT / top).rglob("*.py")}
    counts = {str(folder.relative_to(ROOT)): sum(each.is_file() for each in folder.iterdir()) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


@pytest.mark.parametrize("module", CORE | PAGES)
def test_no_file_is_longer_than_one_reads_in_a_sitting(module: str) -> None:
    assert len((CORE | PAGES)[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_entrypoint_is_a_frame_without_logic() -> None:
    found = imports(ROOT / "streamlit_app.py")
    assert [n for n in found if within(n, ("core", "torch", "torchvision"))] == []


def test_no_page_lies_where_streamlit_would_discover_it_by_itself() -> None:
    # A deep link on a fresh server would run such a file without the frame.
    assert list((ROOT / "pages").glob("*.py")) == []


def test_no_file_is_named_for_holding_anything_at_all() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
    assert [name for name in CORE | PAGES | BENCHMARKS if vague & set(name.split("."))] == []
