"""What deploy/ says, held to the lab itself; the unit's own command serves the tests in Chromium, behind a proxy."""

import json
import re
import shlex

from streamlit import config

from core.runs.executors.processes import ROOT
from pages.train._pictures.zip_in import MOST_MEGABYTES
from tests.deployed import option, start_command, unit

DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
SETTINGS = {"headless", "address", "port", "baseUrlPath"}


def directive(name: str) -> list[str]:
    return re.findall(rf"(?m)^ *{name} +([^;]+);", NGINX)


def test_the_unit_starts_the_lab_with_settings_that_streamlit_has() -> None:
    words = start_command()
    assert words[1:5] == ["-m", "streamlit", "run", "streamlit_app.py"]
    named = {word for word in words if word.startswith("--")}
    assert named == {f"--server.{name}" for name in SETTINGS}
    assert named <= {f"--{name}" for name in config.get_config_options()}
    assert (ROOT / words[4]).is_file()


def test_the_unit_keeps_everything_in_the_home_of_its_user_and_tells_every_process_to_stop() -> None:
    service = unit()["Service"]
    (home,) = re.findall(rf"useradd .*--home-dir (\S+).* {service['User']}\n", GUIDE)
    assert home == f"/var/lib/{service['StateDirectory']}"
    assert service["WorkingDirectory"] in GUIDE
    assert service["EnvironmentFile"].removeprefix("-") in GUIDE
    assert (service["KillMode"], int(service["TimeoutStopSec"]) >= 30) == ("control-group", True)
    assert option("address") == "127.0.0.1", "what is before it has the certificate"


def test_the_proxy_passes_on_what_the_unit_serves() -> None:
    (path,) = re.findall(r"location (/\w+/) \{", NGINX)
    assert path == f"/{option('baseUrlPath')}/"
    assert directive("proxy_pass") == [f"http://127.0.0.1:{option('port')}"], "and no path, which would be another"
    headers = dict(value.split(maxsplit=1) for value in directive("proxy_set_header"))
    assert headers["Host"] == "$http_host"
    assert (headers["Upgrade"], headers["Connection"]) == ("$http_upgrade", '"upgrade"')
    assert headers["X-Forwarded-Proto"] == "$scheme"
    (most,) = directive("client_max_body_size")
    assert int(most.removesuffix("m")) > max(MOST_MEGABYTES, int(config.get_option("server.maxUploadSize")))


def test_the_container_starts_what_the_unit_starts_for_everyone_outside_it() -> None:
    (command,) = re.findall(r"(?m)^CMD (.+)$", CONTAINER)
    ours = start_command()[1:]
    ours[ours.index("--server.address") + 1] = "0.0.0.0"
    assert json.loads(command) == ["python", *ours]
    (version,) = re.findall(r"FROM python:3\.(\d+)", CONTAINER)
    assert int(version) >= 11
    for line in re.findall(r"(?m)^COPY (.+)$", CONTAINER):
        assert all((ROOT / source).exists() for source in shlex.split(line)[:-1])
    (kept,) = re.findall(r"(?m)^VOLUME (\S+)$", CONTAINER)
    assert (f"--home-dir {kept} " in CONTAINER, f":{kept} " in GUIDE) == (True, True)


def test_the_guide_names_every_file_of_the_folder() -> None:
    assert {path.name for path in DEPLOY.iterdir()} == set(re.findall(r"deploy/([\w.-]+\w)", GUIDE))
