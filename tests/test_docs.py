"""README, the pages of docs/, CONTRIBUTING and CHANGELOG say what the code does: commands, pages, settings, links."""

import ast
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from streamlit.config import get_config_options

ROOT = Path(__file__).parent.parent
GUIDE = tuple(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *GUIDE)


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


README, CONTRIBUTING = read("README.md"), read("CONTRIBUTING.md")
COMMAND_LINE, SETTINGS, CATALOGUE = read("docs/command-line.md"), read("docs/settings.md"), read("docs/catalogue.md")
MEASURED = read("docs/measured.md")
NOT_OURS = {".git", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def command_line() -> click.Group:
    module = importlib.import_module("core.command_line.program")
    groups = [value for value in vars(module).values() if isinstance(value, click.Group)]
    return max(groups, key=lambda group: len(group.commands))


def commands(group: click.Group, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))
        elif not command.hidden:
            yield (*prefix, name), command


def written_calls(text: str) -> list[list[str]]:
    """The words after ``python -m core`` wherever a document writes it, in a code block or in backticks."""
    return [re.sub(r"[\[\]]", " ", call).split() for call in re.findall(r"python -m core ([^`\n|#]+)", text)]


def resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    command: click.Command = command_line()
    while words and isinstance(command, click.Group):
        assert words[0] in command.commands, f"'{words[0]}' is no command; there is {', '.join(command.commands)}"
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_call_in_a_document_exists_with_its_options(document: str) -> None:
    for words in written_calls(read(document)):
        command, rest = resolve(words)
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        used = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert used <= known, f"{' '.join(words)}: {used - known} unknown"


def test_every_command_is_documented_with_its_options() -> None:
    missing = []
    for name, command in commands(command_line()):
        rows = [line for line in COMMAND_LINE.splitlines() if line.startswith(f"| `python -m core {' '.join(name)}")]
        options = [entry for entry in command.params if isinstance(entry, click.Option) and not entry.hidden]
        if len(rows) != 1:
            missing.append(" ".join(name))
        missing += [f"{name}: {entry.opts[0]}" for entry in options if not any(entry.opts[0] in row for row in rows)]
    assert missing == []


def pages() -> dict[str, str]:
    """Address and title of each page, as the entrypoint lists them."""
    tree = ast.parse((ROOT / "streamlit_app.py").read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "page"]
    return {ast.literal_eval(call.args[0]): ast.literal_eval(call.args[1]) for call in calls}


def test_every_page_is_in_the_readme() -> None:
    assert len(pages()) >= 8
    assert [title for title in pages().values() if title not in README] == []


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    assert len(GUIDE) >= 7
    assert [document for document in GUIDE if f"]({document})" not in README] == []


def test_the_readme_shows_a_picture_of_every_page() -> None:
    pictures = {f"docs/images/{address or 'start'}.png" for address in pages() if address not in ("guide", "join")}
    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)) == pictures


def test_the_hint_for_machines_without_a_graphics_card_stands_before_the_install_command() -> None:
    before, command, _ = README.partition("pip install -r requirements.txt")
    assert command
    assert "pytorch.org/get-started" in before
    assert re.search(r"[\d.]+ GB to download and [\d.]+ GB on disk", before)


def test_every_page_file_is_in_the_menu() -> None:
    from pages._ui.frame import PAGES

    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("[!_]*/[!_]*.py")}
    assert files == {PAGES[address] for address in pages()}


def test_shares_are_written_by_one_function() -> None:
    """They are "90.6 %" wherever a page says them, and not "90.6%"; the command line and what is taken home aside."""
    sources = [path for top in ("core", "pages") for path in (ROOT / top).rglob("*.py")]
    sources = [path for path in sources if not {"command_line", "export"} & set(path.parts)]
    found = [path.name for path in sources if re.search(r":[.,]?\d?%[}\"]", path.read_text("utf-8"))]
    assert found == []


def texts() -> Iterator[Path]:
    suffixes = {".py", ".md", ".toml", ".txt", ".json", ".yml", ".yaml", ""}
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix in suffixes and not NOT_OURS & set(path.relative_to(ROOT).parts):
            yield path


def test_every_environment_variable_is_documented() -> None:
    code = [path for path in texts() if path.suffix in {".py", ".toml"} or path.name == "run"]
    used = {name for path in code for name in re.findall(r"\bCNN_LAB_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))}
    assert {"CNN_LAB_DATA", "CNN_LAB_HOME"} <= used
    assert [name for name in sorted(used) if name not in SETTINGS and name not in CONTRIBUTING] == []
    run_time = {name for path in code if "core" in path.parts for name in used if name in path.read_text("utf-8")}
    assert [name for name in sorted(run_time) if name not in SETTINGS] == []


def test_every_name_of_the_registries_is_documented() -> None:
    from core.data.catalogue import datasets
    from core.models import models
    from core.recipes import RECIPES

    assert [name for name in (*datasets, *models, *RECIPES) if f"\n| `{name}` |" not in CATALOGUE] == []


def test_the_measured_figures_have_no_gaps() -> None:
    assert "%" in MEASURED
    assert re.findall(r"\b[A-Z]{4,}\b", re.sub(r"MNIST|CIFAR|JPEG|NVIDIA|AUROC", "", MEASURED)) == []  # no placeholder


def test_the_command_of_everything_that_ships_is_documented() -> None:
    from core.checkpoints import shipped
    from core.recipes import shell_command

    assert [each.card.name for each in shipped() if f"\n{shell_command(each.card.config)}\n" not in MEASURED] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_inside_the_project_resolve(document: str) -> None:
    text = read(document)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    for target in targets:
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        linked = (ROOT / document).parent / file if file else ROOT / document
        assert linked.exists(), f"{document} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{document} links to {target}"


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_commands_in_code_blocks_name_files_that_exist() -> None:
    for document in DOCUMENTS:
        text = read(document)
        for block in re.findall(r"```(?:bash|console|sh)\n(.*?)```", text, flags=re.DOTALL):
            for word in shlex.split(block, comments=True):
                if re.fullmatch(r"[\w./-]+\.(py|txt|toml)", word):
                    assert (ROOT / word).exists(), f"{document} names {word}"


def test_the_changelog_starts_with_what_is_not_released_yet_or_the_first_version() -> None:
    first = re.search(r"^## (.+)$", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert first is not None
    assert re.match(r"(unreleased|\d+\.\d+)", first[1], flags=re.IGNORECASE)


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    # Written in pieces, so that this file does not name one itself; a made-up student may have a home.
    places = ["wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers", "tm" + "p/lab", "tm" + "p/v", "op" + "t/pypi"]
    pattern = re.compile(rf"(?<![\w.~}}])/(?:{'|'.join(places)})/(?!student/)\w")
    found = [path for path in texts() if pattern.search(path.read_text("utf-8", errors="ignore"))]
    assert [str(path.relative_to(ROOT)) for path in found] == []


def test_scripts_find_the_lab_as_they_are_called() -> None:
    for path in (ROOT / "scripts").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.index("sys.path.insert(0, str(") < text.index("\nfrom core"), path.name


def test_shell_scripts_can_be_executed() -> None:
    for script in (ROOT / ".ci" / "run", ROOT / ".ci" / "ray"):
        assert script.read_text(encoding="utf-8").startswith("#!")
        assert script.stat().st_mode & 0o111


def test_the_measured_figures_are_those_of_the_cards_that_ship() -> None:
    cards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("checkpoints/*/card.json"))]
    assert len(cards) >= 5
    for card in cards:
        metrics = card["metrics"]
        low, high = (f"{100 * bound:.2f}" for bound in metrics["test_ci95"])
        figures = f"{100 * metrics['test_accuracy']:.2f} % ({low} to {high}) | {metrics['test_n']:,} |"
        rows = [line for line in MEASURED.splitlines() if figures in line]
        assert any(f"`{card['dataset']}` | `{card['model']}`" in row for row in rows), (card["name"], figures)


def test_the_figures_on_foreign_images_are_those_of_the_cards_that_ship() -> None:
    from core.checkpoints import shipped
    from core.intervals import percent

    for checkpoint in shipped():
        figures = checkpoint.card.outsiders
        assert figures is not None, f"{checkpoint.card.name}: python scripts/measure_outsiders.py"
        (row,) = [line for line in MEASURED.splitlines() if f"| `{checkpoint.card.name}` | {figures.images} |" in line]
        areas = [*figures.auroc.values(), *([] if figures.as_small is None else [figures.as_small])]
        said = [*(f"{area:.3f}" for area in areas), percent(figures.caught, 1), percent(figures.false_alarms, 1)]
        assert [figure for figure in said if figure not in row] == []


def test_every_setting_of_the_server_that_the_guide_names_is_one_of_streamlits() -> None:
    named = {name for page in (ROOT / "docs").glob("*.md") for name in re.findall(r"--(server\.\w+)", page.read_text())}
    assert {"server.address", "server.allowedHosts"} <= named
    assert named <= set(get_config_options())
