"""Every page opens inside the frame, by link and by menu, and by the browser's Back and Forward."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.server import Sent, Server, go_to, open_page, settled
from tests.browser.widgets import choose, quiet
from tests.pages import runs

pytestmark = pytest.mark.browser

PAGES = {
    "": "Start",
    "guide": "Guide",
    "convolution": "Convolution",
    "feature-maps": "Feature maps",
    "architecture": "Architecture",
    "augmentation": "Augmentation",
    "pictures": "Your pictures",
    "training": "Training",
    "compare": "Compare",
    "classify": "Classify",
}
MOST_SENT = 150 * 1024  # bytes


@pytest.mark.parametrize("address", ["", "guide", "compare"])  # alone, below the first page, with data to judge
def test_a_deep_link_on_a_fresh_server_opens_inside_the_frame(fresh_server: Server, page: Page, address: str) -> None:
    open_page(page, fresh_server, address)
    menu = page.get_by_test_id("stSidebarNav")
    for title in PAGES.values():
        expect(menu.get_by_role("link", name=title)).to_be_visible()
    if address:
        expect(page.get_by_role("heading", level=1, name=PAGES[address])).to_be_visible()


def test_the_menu_leads_to_every_page_and_back_and_no_page_is_sent_much(page: Page, server: Server) -> None:
    sent = Sent(page)
    open_page(page, server)
    for title in list(PAGES.values())[1:]:
        sent.bytes = 0
        go_to(page, title)
        settled(page)  # who leaves sooner leaves pictures behind that are gone when the browser asks for them
        assert sent.bytes <= MOST_SENT, title
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Start").click()
    expect(page).to_have_url(f"{server.url}/")


def test_an_unknown_address_is_a_sentence_inside_the_frame(page: Page, server: Server, console: Console) -> None:
    console.expect("does not seem to exist")
    page.goto(f"{server.url}/no-such-page")
    expect(page.get_by_test_id("stSidebarNav")).to_be_visible()


def cut_on_paper(page: Page) -> list[str]:
    """Return what ends right of the paper, or of a box that shows no more than its own width.

    A table of cells, as that of all runs, counts by the box it scrolls in; what is for reading aloud, and a table's
    handle, is not printed.
    """
    found: list[str] = page.evaluate(
        """() => {
            const found = []
            const look = (parent, end) => {
                for (const each of parent.children) {
                    const style = getComputedStyle(each), box = each.getBoundingClientRect()
                    if (style.display === "none" || style.visibility === "hidden") continue
                    if (style.clipPath !== "none" || style.clip !== "auto") continue
                    if (each.parentElement?.matches("[data-testid=stDataFrameResizable]") && !each.innerText) continue
                    if (box.width > 1 && box.height > 1 && box.right > end + 1)
                        found.push(`${each.tagName} "${each.textContent.trim().slice(0, 40)}": ${box.right} of ${end}`)
                    if (each.role === "grid") continue
                    const inner = style.overflowX === "visible" ? end : Math.min(end, box.right)
                    look(each, inner)
                    if (each.shadowRoot) look(each.shadowRoot, inner)
                }
            }
            look(document.querySelector("[data-testid=stMain]"), innerWidth)
            return found
        }"""
    )
    return found


@pytest.mark.parametrize("address", [*PAGES, "guide?page=measured", "architecture?checkpoint=cifar10-resnet18"])
def test_every_page_and_tab_is_printed_whole_on_a4(page: Page, server: Server, address: str) -> None:
    path, _, query = address.partition("?")
    page.set_viewport_size({"width": 718, "height": 1123})  # A4 at 96 dots an inch, less a margin of a centimetre
    page.emulate_media(media="print")
    open_page(page, server, path, query and f"?{query}")
    quiet(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    tabs = page.get_by_test_id("stTabs").first.get_by_role("tablist").first.get_by_role("tab")
    cut = {"": cut_on_paper(page)}
    for tab in tabs.all():
        tab.click()
        quiet(page)
        cut[tab.inner_text()] = cut_on_paper(page)
    assert {name: found for name, found in cut.items() if found} == {}


def back_and_forth(page: Page, act: Callable[[], None], first: Callable[[], None], second: Callable[[], None]) -> None:
    """Fail where Back after ``act`` does not show ``first`` again, or Forward ``second``, with its address."""
    before = page.url
    act()
    expect(page).not_to_have_url(before)  # the box shows the choice before the address does
    there = page.url
    second()
    for _ in range(2):
        page.go_back()
        first()
        expect(page).to_have_url(before)
        settled(page)
        page.go_forward()
        second()
        expect(page).to_have_url(there)
        settled(page)


@pytest.mark.parametrize("address", ["classify", "feature-maps", "architecture"])
@pytest.mark.parametrize("query", ["", "?checkpoint=mnist-strided_cnn"])
def test_back_and_forward_change_the_network(page: Page, server: Server, address: str, query: str) -> None:
    open_page(page, server, address, query)
    if address == "architecture" and not query:
        page.get_by_role("radio", name="A trained network").click()
    if address == "feature-maps":
        page.get_by_text("Choose another network").click()
    box = page.get_by_role("combobox", name="Trained network")
    before = box.input_value()
    back_and_forth(
        page,
        lambda: choose(page, "Trained network", "LeNet-style CNN on CIFAR-10", typed=True),
        lambda: expect(box).to_have_value(before),
        lambda: expect(page.get_by_text(re.compile("^LeNet-style CNN · CIFAR-10"))).to_be_visible(),
    )


def test_back_and_forward_change_what_is_compared(page: Page, server: Server) -> None:
    open_page(page, server, "compare", "?networks=mnist-strided_cnn,mnist-simple_nn")
    third = page.get_by_test_id("stMultiSelect").get_by_text("Fast CNN on MNIST")
    expect(page.get_by_text("judged on the same 10,000 test images")).to_be_visible()
    back_and_forth(
        page,
        lambda: choose(page, "Networks", "Fast CNN on MNIST", typed=True),
        lambda: expect(third).to_have_count(0),
        lambda: expect(third.first).to_be_visible(),
    )


def test_back_and_forward_change_the_page_of_the_guide(page: Page, server: Server) -> None:
    open_page(page, server, "guide")
    back_and_forth(
        page,
        lambda: page.get_by_role("radio", name="Measured").click(),
        lambda: expect(page.get_by_role("radio", name="For teachers")).to_be_checked(),
        lambda: expect(page.get_by_role("radio", name="Measured")).to_be_checked(),
    )


def test_back_and_forward_change_the_run(page: Page, still_server: Server) -> None:
    first = runs.finished(still_server.home, name="The first one")
    runs.finished(still_server.home, name="The second one")
    open_page(page, still_server, "training", f"?run={first.id}")
    settled(page)
    expect(page.get_by_role("heading", name="The first one")).to_be_visible()
    page.get_by_role("tab", name="All runs").click()
    row = page.get_by_role("row", name="The second one")
    back_and_forth(
        page,
        row.click,
        lambda: expect(page.get_by_role("heading", name="The first one")).to_be_visible(),
        lambda: expect(page.get_by_role("heading", name="The second one")).to_be_visible(),
    )


@pytest.mark.parametrize(
    ("address", "tab"),
    [("augmentation?look=code", "Code and JSON"), ("convolution?tab=batchnorm", "BatchNorm"),
     ("feature-maps?look=epochs", "Over the epochs"), ("architecture?part=dummy", "A dummy tensor")],
)  # fmt: skip
def test_on_a_phone_the_tab_that_a_link_opens_is_in_sight(page: Page, server: Server, address: str, tab: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    path, _, query = address.partition("?")
    open_page(page, server, path, f"?{query}")
    chosen = page.get_by_role("tab", name=tab)
    expect(chosen).to_have_attribute("aria-selected", "true")
    box = chosen.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390


def test_one_back_leads_to_the_page_before_whatever_a_page_adds_to_its_address(page: Page, server: Server) -> None:
    open_page(page, server, "feature-maps", "?checkpoint=digits-lenet&lesson=maps,compare,classify")
    strip, been = page.locator(".st-key-lesson"), [page.url]

    def come_to(title: str, address: str) -> None:
        page.get_by_role("heading", level=1, name=title).wait_for()
        settled(page)
        expect(page).to_have_url(f"{server.url}/{address}")
        been.append(page.url)

    strip.get_by_role("link", name="Next step").click()
    come_to("Compare", "compare?step=compare&only=cats_vs_dogs")
    strip.get_by_role("link", name="Next step").click()
    come_to("Classify", "classify?step=classify&checkpoint=digits-lenet")
    go_to(page, "Feature maps")
    come_to("Feature maps", "feature-maps?checkpoint=digits-lenet")
    go_to(page, "Classify")
    come_to("Classify", "classify?checkpoint=digits-lenet")
    for address in been[-2::-1]:
        page.go_back()
        quiet(page)
        expect(page).to_have_url(address)


def test_what_is_typed_just_before_a_link_is_pressed_is_kept(page: Page, server: Server) -> None:
    open_page(page, server, "augmentation")
    seed = page.get_by_label("Seed", exact=True)
    with server.held_up():
        seed.fill("7")
        seed.press("Enter")
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Start").click()
        page.wait_for_timeout(300)
    page.get_by_role("heading", level=1, name="CNN Lab").wait_for()
    settled(page)
    go_to(page, "Augmentation")
    expect(seed).to_have_value("7")


def test_the_next_step_keeps_what_was_typed_just_before_and_shows_its_own_view(page: Page, server: Server) -> None:
    open_page(page, server, "convolution", "?lesson=kernel,padding")
    cell = page.get_by_role("textbox", name="Weight in row 2, column 1")
    next_step = page.locator(".st-key-lesson").get_by_role("link", name="Next step")
    with server.held_up():
        cell.fill("-6")
        cell.press("Enter")
        next_step.click()
        page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile("step=padding.*_-6_"))
    expect(cell).to_have_value("−6")
    page.go_back()
    expect(next_step).to_be_visible()
    settled(page)
    with server.held_up():
        page.get_by_role("tab", name="Kernel puzzle").click()
        next_step.click()
        page.wait_for_timeout(300)
    expect(page.locator(".st-key-lesson")).to_contain_text("Step 2 of 2")
    expect(page.get_by_role("tab", name="Your kernel")).to_have_attribute("aria-selected", "true")
    expect(cell).to_be_visible()


def test_who_scrolls_while_a_page_comes_or_goes_back_by_key_makes_no_step_of_it(page: Page, server: Server) -> None:
    open_page(page, server, "convolution", "?kernel=sobel_y&padding=1")
    go_to(page, "Compare")
    page.get_by_role("heading", level=1, name="Compare").wait_for()
    settled(page)
    steps = page.evaluate("history.length")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Convolution").click()
    while "?" not in page.url or "convolution" not in page.url:
        page.keyboard.press("PageDown")
    settled(page)
    expect(page).to_have_url(re.compile(r"/convolution\?(?=.*kernel=sobel_y)(?=.*padding=1)"))
    assert page.evaluate("history.length") == steps + 1
    page.keyboard.press("Alt")
    page.go_back()
    page.get_by_role("heading", level=1, name="Compare").wait_for()
    settled(page)
    page.go_forward()
    expect(page).to_have_url(re.compile(r"/convolution\?(?=.*kernel=sobel_y)(?=.*padding=1)"))


def test_who_presses_a_control_of_a_page_that_still_comes_makes_a_step_of_it(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    added = page.evaluate(
        """() => {
            const step = (act, address) => { document.querySelector(act).click(); history.pushState({}, "", address) }
            document.querySelector("[data-test-script-state]").setAttribute("data-test-script-state", "running")
            const before = history.length
            step("[data-testid=stHeader]", "guide")
            step("[data-testid=stMain]", "guide?page=measured")
            const came = history.length
            step("[data-testid=stMain] button", "guide?page=speed")
            return [came - before, history.length - came]
        }"""
    )
    assert added == [1, 1]
