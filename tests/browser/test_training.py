"""A training from the click to the end: it outlives whoever watches it."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from core.data.catalogue import datasets
from core.models import models
from core.rights import OPERATOR
from core.runs.records import Run
from tests.browser.conftest import Console
from tests.browser.server import Server, go_to, open_page, settled, store_of
from tests.browser.widgets import TRAINED, chart, choose, press, write
from tests.pages import runs

pytestmark = pytest.mark.browser

LOST_SERVER = r"WebSocket|not responding|[Dd]isconnected|Failed to (load resource|fetch)|net::ERR_|Health check|_stcore"


def start_training(page: Page, server: Server, *, epochs: int, network: str = "LeNet", data: str = "Digits") -> str:
    """Set a training up, press Train, and return the run's id from the address."""
    open_page(page, server, "training")
    choose(page, "Data set", data)
    choose(page, "Network", network)
    write(page, "Epochs", str(epochs))
    press(page, "Train")
    page.wait_for_url(re.compile(r"[?&]run="))
    return parse_qs(urlparse(page.url).query)["run"][0]


def stored(server: Server, run_id: str) -> Run:
    with store_of(server) as store:
        return store.get(run_id)


def loss_chart(page: Page, text: str) -> None:
    """Wait until the loss chart says this of itself; no two places on its axis are written alike."""
    loss = chart(page, text)
    expect(loss).to_be_visible(timeout=TRAINED)
    places = loss.locator(".grid text[text-anchor=end]").all_text_contents()
    assert len(places) == len(set(places)) >= 2


def wait_for_state(page: Page, word: str) -> None:
    """Wait until the run that is shown carries this badge."""
    expect(page.get_by_role("tabpanel", name="Watch").get_by_role("heading", level=2)).to_contain_text(
        word, timeout=TRAINED
    )


def test_train_is_in_sight_as_soon_as_the_page_is(page: Page, still_server: Server) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, still_server, "training")
    expect(page.get_by_text("Done in about")).to_be_attached()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_in_viewport(ratio=1)


def test_a_training_runs_from_click_to_end_through_switch_reload_and_restart(
    fresh_server: Server, page: Page, console: Console
) -> None:
    console.expect(LOST_SERVER)  # the server is stopped on purpose
    run_id = start_training(page, fresh_server, epochs=80)
    wait_for_state(page, "running")
    loss_chart(page, r"Smoothed training loss went from")

    go_to(page, "Convolution")
    go_to(page, "Training")
    expect(page).to_have_url(re.compile(run_id))
    loss_chart(page, r"Smoothed training loss went from")

    page.reload()
    loss_chart(page, r"Smoothed training loss went from")

    fresh_server.stop()
    before = stored(fresh_server, run_id)
    fresh_server.start()
    page.reload()
    loss_chart(page, r"Smoothed training loss went from")

    wait_for_state(page, "finished")
    probed = page.get_by_role("list", name=re.compile("Answers to the probe photo of"))
    expect(probed.first).to_contain_text("epoch 80")
    bet = page.get_by_role("slider", name=re.compile("of the 367 test images"))
    bet.focus()
    bet.press("End")
    settled(page)
    press(page, "Bet, and show it")
    expect(page.get_by_text(re.compile(r"You bet 100 %\. It is [\d.]+ %"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"Test accuracy [\d.]+ % \([\d.]+ to [\d.]+, n = 367\)"))).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    after = stored(fresh_server, run_id)
    assert before.status == "running", "the training was over before the server was stopped: give it more epochs"
    assert (after.fence, after.started, after.epochs_done) == (before.fence, before.started, 80)
    with store_of(fresh_server) as store:
        epochs = [epoch.epoch for epoch in store.epochs(run_id)]
    assert epochs == list(range(1, 81))


def test_a_stopped_training_resumes_where_it_was(page: Page, server: Server) -> None:
    run_id = start_training(page, server, epochs=60)
    loss_chart(page, r"Smoothed training loss went from")
    press(page, "Stop")
    wait_for_state(page, "stopped")
    stopped = stored(server, run_id)
    assert 0 < stopped.step < stopped.steps_total
    press(page, "Resume")
    wait_for_state(page, "finished")
    with store_of(server) as store:
        steps = [step.step for step in store.steps(run_id)]
    assert sorted(set(steps)) == list(range(1, stopped.steps_total + 1))  # those after the last save come twice
    assert stored(server, run_id).epochs_done == 60


def test_a_link_shows_the_same_run_to_somebody_else(page: Page, server: Server) -> None:
    run_id = start_training(page, server, epochs=1, network="Simple")
    wait_for_state(page, "finished")
    assert page.context.browser is not None
    other = page.context.browser.new_context()
    try:
        opened = other.new_page()
        open_page(opened, server, "training", f"?run={run_id}")
        expect(opened.get_by_text("Test accuracy")).to_be_visible()
    finally:
        other.close()


_HIDDEN_AND_BACK = """async (grid) => {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))
  const root = grid.closest(".runs"), wrong = []
  for (const width of ["0", "20px", "34px", "35px", ""]) {
    root.style.width = width
    await frames() // the observer has drawn it
    const columns = grid.style.getPropertyValue("--columns").split(" ")
    if (!columns.every((column) => parseFloat(column) > 0)) wrong.push([width, columns])
  }
  return wrong
}"""


def test_the_table_of_runs_is_searched_sorted_and_read_by_the_keys_and_leads_to_a_run(
    page: Page, still_server: Server
) -> None:
    hostile = "<img src=x onerror=alert(1)> **b**"
    with store_of(still_server) as store, store.database.writing() as connection:
        connection.execute("DELETE FROM runs")
    made = {name: runs.finished(still_server.home, name=name) for name in ("zebra, striped", hostile)}
    runs.many(still_server.home, 3_000, owner="Grace", called="adder")
    open_page(page, still_server, "training")
    page.get_by_role("tab", name="All runs").click()
    grid, names = page.get_by_role("grid", name="All runs"), page.locator(".row > :first-child")
    expect(names.first).to_have_text("adder 2999")
    assert names.count() < 60, "only what is in sight is drawn"
    heads, end = grid.get_by_role("columnheader"), grid.bounding_box()
    boxes = [(each.inner_text(), each.bounding_box()) for each in heads.all()]
    seen = [name for name, box in boxes if end and box and box["x"] < end["x"] + end["width"] - 2]
    assert {"Name", "Test accuracy", "Owner", "State", "Training time"} <= set(seen)
    cut = [
        name
        for name, box in boxes
        if box and end and box["x"] < end["x"] + end["width"] - 2 < box["x"] + box["width"] - 2
    ]
    assert cut == []
    expect(page.get_by_text("More columns: scroll to the right")).to_be_visible()
    assert grid.evaluate(_HIDDEN_AND_BACK) == []
    page.get_by_role("button", name="Test accuracy").click()
    expect(grid.get_by_role("columnheader", name="Test accuracy")).to_have_attribute("aria-sort", "descending")
    expect(names.first).to_have_text(hostile)
    grid.press("End")
    expect(page.locator(".row.active")).to_have_text(re.compile("^adder 0"))
    page.get_by_role("searchbox", name="Search").fill("GRACE 100 adder")  # no id has a 0 or a 1
    expect(page.get_by_text("13 of 3,002 runs, by test accuracy")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("")
    page.get_by_role("combobox", name="Owner").select_option("Grace")
    expect(page.get_by_text("3,000 of 3,002 runs")).to_be_visible()
    page.get_by_role("combobox", name="Owner").select_option("Everybody")
    page.get_by_role("button", name="What accuracy costs").click()
    costs = chart(page, "^2 runs by test accuracy and training time")
    assert len(costs.get_by_text(re.compile(r"^[\d.]+ (s|min)( [\d.]+ s)?$")).all()) >= 2
    costs.press("End")
    expect(page.locator(".tip")).to_contain_text("98.6 % (96.9 to 99.4), Digits (built in)")
    costs.press("Enter")
    page.wait_for_url(re.compile("|".join(run.id for run in made.values())))
    expect(page.get_by_role("tab", name="Watch")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="All runs").click()
    page.get_by_role("button", name="Table", exact=True).click()  # what was set is there again
    page.get_by_role("row", name="zebra, striped").click()
    page.wait_for_url(re.compile(made["zebra, striped"].id))
    expect(page.get_by_role("tab", name="Watch")).to_have_attribute("aria-selected", "true")


def test_a_finished_run_opens_on_classify_with_its_own_network(page: Page, server: Server) -> None:
    run_id = start_training(page, server, epochs=1, network="Simple")
    wait_for_state(page, "finished")
    page.get_by_role("link", name="Classify photos with it").click()
    page.get_by_role("heading", level=1, name="Classify").wait_for()
    expect(page).to_have_url(re.compile(run_id))
    page.go_back()
    page.wait_for_url(re.compile(rf"training\?run={run_id}"))
    wait_for_state(page, "finished")


@pytest.mark.data
@pytest.mark.slow
def test_lenet_on_cifar10_trains_live(page: Page, data_server: Server, tmp_path: Path) -> None:
    run_id = start_training(page, data_server, epochs=1, network="LeNet", data="CIFAR-10")
    loss_chart(page, r"Smoothed training loss went from")
    go_to(page, "Architecture")
    go_to(page, "Training")
    loss_chart(page, r"Smoothed training loss went from")
    wait_for_state(page, "finished")
    press(page, "Skip")  # the bet
    expect(page.get_by_text(re.compile(r"Test accuracy .*n = 10,000"))).to_be_visible()
    assert stored(data_server, run_id).epochs_done == 1


def test_the_network_box_names_the_network_that_is_trained_through_every_change_of_the_data_set(
    server: Server, page: Page
) -> None:
    open_page(page, server, "training")
    box = page.get_by_test_id("stSelectbox").filter(has=page.get_by_role("combobox", name="Network", exact=True))
    name = page.get_by_test_id("stMain").get_by_label("Name of the run", exact=True)
    titles = [datasets[dataset].title for dataset in datasets]
    for first in ("Digits", "Shapes"):
        choose(page, "Data set", first)
        choose(page, "Network", models["enhanced_cnn"].title)  # not offered for cats and dogs
        for title in (titles[3], *titles):
            choose(page, "Data set", title)
            _data, network, _recipe = str(name.get_attribute("placeholder")).split(", ")
            shown = box.evaluate("box => box.querySelector('input').value || box.innerText")
            assert network in shown, f"{title}: the box says '{shown}', and {network} would be trained"


def test_an_address_in_a_name_or_a_note_is_text_and_no_link(page: Page, still_server: Server) -> None:
    name = "www.example.org https://example.org me@example.org"
    run, other = runs.finished(still_server.home, name=name), runs.finished(still_server.home, name="Another one")
    with store_of(still_server) as store:
        store.note(run.id, "http://example.org, HTTP://www.example.org\nand www.example.org/a?b", by=OPERATOR)
    links = page.locator("a[href*='example' i]:not([href^='#'])")  # through shadow roots as well
    for address in (
        f"training?run={run.id}",
        f"compare?networks={run.id},{other.id}",
        f"classify?checkpoint={run.id}",
        f"feature-maps?checkpoint={run.id}",
        f"architecture?checkpoint={run.id}",
    ):
        place, _, query = address.partition("?")
        open_page(page, still_server, place, f"?{query}")
        settled(page)
        expect(links).to_have_count(0)
        if place == "training":
            expect(page.get_by_role("heading", name=re.compile("www.{0,1}\\.example\\.org"))).to_be_visible()
            page.get_by_role("tab", name="All runs").click()
            expect(page.get_by_role("grid", name="All runs")).to_be_visible()
            expect(links).to_have_count(0)
    page.emulate_media(media="print")
    expect(links).to_have_count(0)
