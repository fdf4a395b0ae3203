"""The pages to learn from, driven by their main controls."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.server import Server, open_page, settled
from tests.browser.test_accessibility import faults
from tests.browser.widgets import TRAINED, choose, open_tab, picture_size, press, quiet, write
from tests.pages import runs

pytestmark = pytest.mark.browser


def test_padding_of_half_the_kernel_keeps_the_size(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    after = page.get_by_alt_text("The map that the kernel makes of the photo")
    before = page.get_by_alt_text("The photo before the convolution")
    expect(
        page.get_by_text("Before: 1 × 299 × 448 (channels, rows, columns), made smaller from 640 px")
    ).to_be_visible()
    expect(page.get_by_text(re.compile(r"After: 1 × 297 × 446"))).to_be_visible()
    write(page, "Padding (px)", "1")
    expect(page.get_by_text(re.compile(r"After: 1 × 299 × 448"))).to_be_visible()
    assert picture_size(after) == picture_size(before)
    write(page, "Stride (px)", "2")
    expect(page.get_by_text(re.compile(r"After: 1 × 150 × 224"))).to_be_visible()


def test_a_kernel_edited_by_hand_is_ones_own(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    kernel = page.get_by_role("combobox", name="Kernel", exact=True)
    expect(kernel).to_have_value("Vertical edges")
    cell = page.get_by_role("textbox", name="Weight in row 2, column 2")
    cell.fill("5")
    cell.press("Enter")
    expect(kernel).to_have_value("My own numbers")
    expect(page.get_by_text("The weights add up to 5.")).to_be_visible()
    size = page.get_by_role("slider", name="Size")
    size.press("Home")
    expect(page.get_by_role("textbox", name="Weight in row 1, column 1")).to_have_value("5")
    expect(cell).to_have_count(0)
    size.press("ArrowRight")
    size.press("ArrowRight")
    expect(page.get_by_role("textbox", name="Weight in row 3, column 1")).to_have_value("−1")
    expect(cell).to_have_value("5")
    choose(page, "Kernel", "Horizontal edges")
    expect(cell).to_have_value("0")
    choose(page, "Kernel", "My own numbers")
    expect(cell).to_have_value("5")


def test_a_weight_says_what_it_took_and_shows_what_is_used(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    cell = page.get_by_role("textbox", name="Weight in row 2, column 2")

    def typed(text: str) -> None:
        cell.fill(text)
        cell.press("Enter")
        settled(page)

    typed("1,5")
    expect(page.get_by_text("1,5 is taken as 1.5.")).to_be_visible()
    expect(page.get_by_text("The weights add up to 1.5.")).to_be_visible()
    typed("1e5")
    expect(page.get_by_text("A weight lies between −999 and 999; 1.5 stays.")).to_be_visible()
    expect(cell).to_have_value("1.5")
    typed("abc")
    expect(page.get_by_text("“abc” is no number; 1.5 stays.")).to_be_visible()
    typed("-2")
    expect(page.get_by_text("is no number")).to_have_count(0)
    expect(page.get_by_text("The weights add up to −2.")).to_be_visible()


def shown_numbers(page: Page) -> list[list[float]]:
    """Return pixel, weight and product of every cell, as they are written."""
    cells = page.locator(".cell")
    written = [cells.nth(index).locator("div").all_inner_texts() for index in range(cells.count())]
    return [[float(re.sub("[×= ]", "", text).replace("−", "-")) for text in cell] for cell in written]


def test_products_multiply_as_they_are_written(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    cell = page.get_by_role("textbox", name="Weight in row 2, column 2")
    cell.fill("0.3333")
    cell.press("Enter")
    expect(page.get_by_text("The weights add up to 0.3333.")).to_be_visible()
    settled(page)
    page.get_by_role("application", name=re.compile("Output")).click(position={"x": 80, "y": 60})
    numbers = shown_numbers(page)
    assert len(numbers) == 9
    for pixel, weight, product in numbers:
        assert round(pixel * weight, 6) == product
    total = float(page.locator("#sum b").inner_text().replace("−", "-"))
    assert round(sum(product for _, _, product in numbers), 6) == total


def test_pooling_keeps_the_largest_value_that_is_written(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    open_tab(page, "Pooling")
    panel = page.get_by_role("tabpanel", name="Pooling")
    panel.get_by_role("application", name=re.compile("Output")).click(position={"x": 80, "y": 60})
    values = [float(text.replace("−", "-")) for text in panel.locator(".cell").all_inner_texts()]
    assert len(values) == 4
    assert float(panel.locator("#sum strong").inner_text().replace("−", "-")) == max(values)
    expect(panel.locator(".kept")).not_to_have_count(0)
    panel.get_by_role("radio", name="Average", exact=True).click()
    expect(panel.get_by_text("4 values are averaged")).to_be_visible()
    expect(panel.locator(".kept")).to_have_count(0)
    panel.get_by_role("radio", name="Global average").click()
    expect(panel.get_by_text("Output: 1×1")).to_be_visible()
    rows = [float(text.replace("−", "-")) for text in panel.locator(".cell").all_inner_texts()]
    assert sum(rows) == pytest.approx(float(panel.locator("#sum b").inner_text().replace("−", "-")), abs=1e-6)


def test_a_score_that_is_raised_by_a_key_takes_probability_from_the_others(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    open_tab(page, "Softmax")
    panel = page.get_by_role("tabpanel", name="Softmax")
    score = panel.get_by_role("slider").first
    before = panel.locator(".row").first.inner_text()
    score.focus()
    score.press("ArrowRight")
    expect(panel.locator(".row").first).not_to_have_text(before)
    shares = panel.locator(".row b").all_inner_texts()  # the exponentials
    total = float(panel.locator("#total").inner_text().rpartition(": ")[2])
    assert sum(map(float, shares)) == pytest.approx(total, abs=1e-6)
    score.press("ArrowDown")
    expect(panel.get_by_role("slider").nth(1)).to_be_focused()
    panel.get_by_role("button", name="Back to the network's scores").click()
    expect(panel.locator(".row").first).to_have_text(before.replace("\n", ""))


def test_bias_and_gamma_answer_while_they_are_dragged_and_by_keys(page: Page, server: Server) -> None:
    open_page(page, server, "convolution", "?tab=batchnorm")
    with dragged(page, page.get_by_role("slider", name="Bias")):
        expect(page.get_by_text(re.compile(r"The bias then adds 0\.[789]5? to every number"))).to_be_visible()
    panel = page.get_by_role("tabpanel", name="BatchNorm")
    slider = panel.get_by_role("slider", name="γ (scale)")
    with dragged(page, slider):
        expect(panel.get_by_text(re.compile(r"γ makes the histograms 2\.\d times as wide"))).to_be_visible()
    slider.press("Home")
    expect(panel.get_by_text("γ = 0 leaves nothing but β")).to_be_visible()
    expect(page).to_have_url(re.compile(r"gamma=0\b"))


@contextmanager
def dragged(page: Page, slider: Locator) -> Iterator[None]:
    """Hold a slider at nine tenths of its way meanwhile."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], middle, steps=4)
    yield
    page.mouse.up()


def test_a_secret_kernel_is_learned_frame_by_frame(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, server, "convolution")
    open_tab(page, "Learn this kernel")
    panel = page.get_by_role("tabpanel", name="Learn this kernel")
    said = panel.locator("#said")
    expect(said).to_contain_text("Step 2,000")  # less motion: nothing plays by itself
    panel.get_by_role("button", name="Show the secret kernel").click()
    learned, secret = (panel.locator(f"#{name} span").all_inner_texts() for name in ("learned", "secret"))
    for found, hidden in zip(learned, secret, strict=True):
        assert float(found.replace("−", "-")) == pytest.approx(float(hidden.replace("−", "-")), abs=0.011)
    frames = panel.get_by_role("slider", name="Frame")
    frames.focus()
    frames.press("Home")
    expect(said).to_contain_text("Step 0:")
    panel.get_by_role("button", name="Play").click()
    expect(said).not_to_contain_text("Step 0:")
    panel.get_by_role("button", name="Pause").click()
    choose_by_keys = panel.get_by_role("slider", name="Learning rate")
    for _ in range(3):
        choose_by_keys.press("ArrowRight")
    expect(panel.get_by_text("It diverges")).to_be_visible()


def test_a_level_of_the_puzzle_is_solved_by_keys_and_the_next_one_opens(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    open_tab(page, "Kernel puzzle")
    panel = page.get_by_role("tabpanel", name="Kernel puzzle")
    middle = panel.get_by_role("textbox", name="Kernel, row 2, column 2")
    middle.focus()
    page.keyboard.type("0.5")
    expect(panel.locator("#score")).to_have_text("50.0")  # half the brightness is half of the way, by hand
    middle.press("Enter")
    middle.fill("1")
    expect(panel.locator("#score")).to_have_text("100")
    expect(panel.get_by_text(re.compile("Solved in .* 1 of 7"))).to_be_visible()
    panel.get_by_role("button", name="Next level").click()
    expect(panel.get_by_text("Level 2: Move it.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?view=puzzle&level=2$"))
    settled(page)
    page.go_back()
    expect(panel.get_by_text("Level 1: Bring it back.")).to_be_visible()
    settled(page)
    page.go_forward()
    expect(panel.get_by_text("Level 2: Move it.")).to_be_visible()
    settled(page)
    expect(panel.locator("#score")).to_have_text("0.0")
    panel.get_by_role("button", name="Hint 1 of 3").click()
    expect(panel.get_by_text("is a neighbour of the one in the middle")).to_be_visible()
    assert faults(page) == []


def test_while_the_window_plays_the_line_below_follows(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    page.get_by_role("button", name="Play").click()
    line = page.locator("#sum")
    first = line.inner_text()
    expect(line).not_to_have_text(first)
    page.get_by_role("button", name="Pause").click()
    written = page.locator(".cell .product").all_inner_texts()
    total = sum(float(text.removeprefix("= ").replace("−", "-")) for text in written)
    assert float(page.locator("#sum b").inner_text().replace("−", "-")) == pytest.approx(total, abs=1e-6)


def test_a_place_of_a_strided_output_is_as_large_as_a_pixel_of_the_input(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    write(page, "Stride (px)", "2")
    expect(page.get_by_text("Output: 13×19 (rows × columns)")).to_be_visible()
    widths = page.evaluate(
        """() => {
            const find = (root) => root.querySelector("#input") ? root : [...root.querySelectorAll("*")]
                .filter((e) => e.shadowRoot).map((e) => find(e.shadowRoot)).find(Boolean)
            const root = find(document)
            return ["input", "output"].map((id) => root.querySelector("#" + id)).map((c) => [c.clientWidth, c.width])
        }"""
    )
    (shown_in, pixels_in), (shown_out, pixels_out) = widths
    assert shown_out / shown_in == pytest.approx(pixels_out / pixels_in, abs=0.02)  # both have so many a number
    assert pixels_out < 0.6 * pixels_in
    before, after = (
        page.get_by_alt_text(name) for name in ("The photo before the convolution", re.compile("^The map"))
    )
    assert picture_size(before) == picture_size(after)  # on sheets of one size


def test_arrow_keys_move_the_window_without_a_rerun(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    picture = page.get_by_role("application", name=re.compile("Output"))
    picture.click(position={"x": 3, "y": 3})
    expect(page.get_by_text(re.compile(r"Output row 0, column 0:"))).to_be_visible()
    picture.press("ArrowRight")
    picture.press("ArrowDown")
    expect(page.get_by_text(re.compile(r"Output row 1, column 1:"))).to_be_visible()


def test_the_size_formula_and_the_code_have_the_live_numbers(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    write(page, "Stride (px)", "2")
    open_tab(page, "PyTorch code")
    code = page.get_by_role("tabpanel", name="PyTorch code")
    expect(code).to_contain_text("conv2d")
    expect(code).to_contain_text("stride=2")
    open_tab(page, "How large is the result?")
    settled(page)
    expect(page.get_by_role("tabpanel", name="How large is the result?")).to_contain_text("299")


def test_a_layer_is_opened_and_a_map_enlarged(page: Page, server: Server) -> None:
    open_page(page, server, "feature-maps")
    layer = page.get_by_role("combobox", name="Layer", exact=True)
    first = layer.input_value()
    choose(page, "Layer", "Convolution 2 of")
    expect(layer).not_to_have_value(first)
    press(page, "Settings")
    number = page.get_by_role("textbox", name=re.compile(r"^Map \(0 to \d+\)$"))
    number.fill("2")
    number.press("Enter")
    expect(page.get_by_alt_text(re.compile(r"^Map 2 of layer .*, enlarged$"))).to_be_visible()


def test_a_number_that_no_map_has_does_not_stay_in_the_field(page: Page, server: Server) -> None:
    open_page(page, server, "feature-maps")
    press(page, "Settings")
    number = page.get_by_role("textbox", name=re.compile(r"^Map \(0 to \d+\)$"))
    number.fill("9999")
    number.press("Enter")
    expect(page.get_by_text("There is no map 9999")).to_be_visible()
    expect(number).to_have_value("0")
    page.keyboard.press("Escape")
    page.get_by_role("slider", name=re.compile("Click a map")).click(position={"x": 200, "y": 10})
    expect(page.get_by_text("There is no map 9999")).to_have_count(0)
    press(page, "Settings")
    expect(number).not_to_have_value("0")


def test_a_place_of_a_map_shows_what_it_sees_and_its_sum(page: Page, server: Server) -> None:
    open_page(page, server, "feature-maps", "?checkpoint=digits-lenet&layer=conv2&look=place&place=4,4")
    picture = page.get_by_role("application", name=re.compile("Choose a place"))
    sees = page.get_by_text(re.compile(r"^Row 4, column 4 of the map sees 14×14 of 32×32 pixels: rows 8 to 21"))
    expect(sees.first).to_be_attached()  # 5 + 2·(5 − 1) + 1: the second 5×5 behind a 5×5 and a pool
    expect(page.get_by_text("in the network, which computes with about seven digits")).to_be_visible()
    before = page.get_by_role("heading", name=re.compile("comes about")).inner_text()
    picture.focus()
    picture.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"^Row 4, column 5 of the map sees 14×14")).first).to_be_attached()
    expect(page).to_have_url(re.compile("place=4%2C5"))
    expect(page.get_by_role("heading", name=re.compile("comes about"))).not_to_have_text(before)
    picture.click(position={"x": 2, "y": 2})
    expect(page).to_have_url(re.compile("place=0%2C0"))
    settled(page)
    page.go_back()
    expect(page).to_have_url(re.compile("place=4%2C5"))
    expect(page.get_by_text(re.compile(r"^Row 4, column 5 of the map sees 14×14")).first).to_be_attached()
    expect(page.get_by_role("heading", name=re.compile("comes about"))).not_to_have_text(before)
    settled(page)
    page.go_forward()
    expect(page).to_have_url(re.compile("place=0%2C0"))
    expect(page.get_by_text(re.compile(r"^Row 0, column 0 of the map sees 14×14")).first).to_be_attached()


def test_filters_are_switched_off_by_pointer_and_by_key(page: Page, server: Server) -> None:
    open_page(page, server, "feature-maps", "?checkpoint=digits-lenet&layer=conv1&look=off")
    sheet = page.get_by_role("slider", name=re.compile("switch it off or on"))
    expect(page.get_by_text("Accuracy on 200 test images")).to_be_visible()
    sheet.click(position={"x": 20, "y": 20})
    expect(page.get_by_text("Off: 0; what is off is drawn as 0")).to_be_visible()
    expect(page).to_have_url(re.compile("off=0"))
    sheet.focus()
    sheet.press("ArrowRight")
    expect(page).to_have_url(re.compile("map=1"))
    settled(page)
    sheet.press("Enter")
    expect(page.get_by_text("Off: 0, 1; what is off is drawn as 0")).to_be_visible()
    settled(page)
    page.go_back()
    expect(page.get_by_text("Off: 0; what is off is drawn as 0")).to_be_visible()
    press(page, "Find the filter it cannot do without")
    expect(page.get_by_text(re.compile("Missed most: filter"))).to_be_visible()
    page.get_by_role("tab", name="Filters off").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Look for them").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text(re.compile("^The images that excite filter 1 of conv1 most"))).to_be_visible()
    assert faults(page) == []


def test_what_takes_long_is_stopped_while_it_works_and_what_is_known_stays(page: Page, still_server: Server) -> None:
    slow = {"model": "enhanced_cnn", "arguments": {"widths": (128, 128)}}
    run = runs.finished(still_server.home, network=slow)
    open_page(page, still_server, "feature-maps", f"?checkpoint={run.id}&look=off")
    press(page, "Find the filter it cannot do without")
    expect(page.get_by_text(re.compile(r"^[1-9]\d* of \d+ filters tried …$"))).to_be_visible()
    press(page, "Stop")
    expect(page.get_by_text(re.compile(r"Stopped after [1-9]\d* of \d+\."))).to_be_visible()
    expect(page.get_by_role("button", name="Go on trying filters")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    open_tab(page, "What it looks for")
    press(page, "Look for them")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Look for them")).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


def test_a_move_out_of_range_is_said_beside_its_field(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    write(page, "Stride (px)", "9")
    expect(page.get_by_text("stride is 9; it must lie between 1 and 4.")).to_be_visible()
    write(page, "Stride (px)", "3")
    expect(page.get_by_text(re.compile(r"After: 1 × 99 × 149"))).to_be_visible()


def test_an_untrained_network_can_be_looked_into(page: Page, server: Server) -> None:
    open_page(page, server, "feature-maps")
    page.get_by_text("Choose another network").click()
    page.get_by_role("radio", name="An untrained one").click()
    settled(page)
    choose(page, "Architecture", "LeNet")
    expect(page.get_by_text("Its weights are random: nothing has been learned yet.")).to_be_visible()


def test_wrong_in_features_show_pytorchs_error_beside_the_arithmetic(page: Page, server: Server) -> None:
    open_page(page, server, "architecture", "?part=sizes")
    expect(page.get_by_text("It runs: no error.")).to_be_visible()
    write(page, "nn.Linear( … , 120): in_features", "576")  # 16·6·6
    sizes = page.get_by_role("tabpanel", name="Why 16·5·5?")
    expect(sizes).to_contain_text("mat1 and mat2 shapes cannot be multiplied")
    expect(sizes).to_contain_text("16 · 5 · 5 = 400")


def test_another_architecture_has_another_table(page: Page, server: Server) -> None:
    open_page(page, server, "architecture")
    expect(page.get_by_text("62,006").first).to_be_visible()  # LeNet's parameters, by hand
    choose(page, "Architecture", "Enhanced")
    expect(page.get_by_text("62,006")).to_have_count(0)


def test_a_network_is_built_by_pointer_and_by_keyboard_and_goes_to_training(page: Page, server: Server) -> None:
    open_page(page, server, "architecture", "?part=build&data=cifar10")
    rows = page.get_by_test_id("stMain").get_by_role("listitem")
    expect(rows.nth(6)).to_contain_text("400")  # flatten: 16·5·5
    page.get_by_role("button", name="Remove layer 6, Max pool").click()
    expect(rows.nth(5)).to_contain_text("1,600")  # 16·10·10
    expect(page.get_by_role("button", name="Remove layer 6, Flatten")).to_be_focused()
    expect(page).to_have_url(re.compile(r"layers=conv-6-5x5_relu_max-2x2_conv-16-5x5_relu_flatten_dense-120"))

    kernel = page.get_by_role("textbox", name="kernel of layer 1, Convolution")
    kernel.focus()
    kernel.press("ArrowUp")
    kernel.press("ArrowUp")  # quicker than the answer to the first
    expect(rows.nth(0)).to_contain_text("6 × 26 × 26")
    expect(kernel).to_have_value("7")
    kernel.fill("99")
    kernel.press("Enter")
    expect(rows.nth(0)).to_contain_text("kernel is “99”; it takes a whole number from 1 to 11.")
    expect(kernel).to_have_value("7")

    up = page.get_by_role("button", name="Move up layer 6, Flatten")
    up.focus()
    up.press("Enter")  # before the ReLU: nothing is wrong with that
    expect(rows.nth(4)).to_contain_text("1,296")  # 16·9·9
    quiet(page)  # moves that come faster than the address are one step back
    page.get_by_role("button", name="Move up layer 5, Flatten").press("Alt+ArrowUp")  # before the convolution
    expect(rows.nth(4)).to_contain_text("Convolution needs maps, and here 1,014 numbers lie in one row.")
    expect(page.get_by_role("button", name="Train it")).to_be_disabled()
    page.go_back()
    expect(rows.nth(4)).to_contain_text("1,296")
    expect(rows).to_have_count(11)

    plus = page.get_by_role("button", name="Add after layer 1, Convolution")
    before = plus.bounding_box()
    plus.press("Enter")
    kinds = rows.nth(0).get_by_role("combobox", name="Add", exact=True)
    expect(kinds).to_be_focused()
    assert plus.bounding_box() == before, "the page stays where it is"
    kinds.select_option("BatchNorm")
    rows.nth(0).get_by_role("button", name="Add", exact=True).press("Enter")
    expect(rows.nth(1)).to_contain_text("12 parameters")
    expect(rows.nth(1)).to_be_in_viewport(ratio=1)
    expect(rows.nth(1).get_by_role("button", name="Add", exact=True)).to_be_focused()
    expect(rows.nth(1).get_by_text("after layer 2")).to_be_visible()
    assert plus.bounding_box() == before
    page.get_by_role("button", name="Train it").click()
    page.get_by_role("heading", level=1, name="Training").wait_for()
    settled(page)
    expect(page.get_by_role("combobox", name="Network", exact=True)).to_have_value("Layers of your own")


def test_what_counts_is_less_than_the_square_of_the_formula(page: Page, server: Server) -> None:
    open_page(page, server, "architecture", "?part=sees&network=lenet@cifar10")
    picture = page.get_by_alt_text(re.compile("^Left the square that a place of pool_1 can see, 16×16 pixels"))
    assert picture_size(picture)[0] > 2 * 256
    choose(page, "Layer", "conv1")
    expect(page.get_by_alt_text(re.compile("^Left the square that a place of conv1 can see, 5×5"))).to_be_visible()
    expect(page).to_have_url(re.compile("of=conv1"))


def test_a_transform_is_added_drawn_and_written_as_code(page: Page, server: Server) -> None:
    open_page(page, server, "augmentation")
    choose(page, "Add a transform", "Rotation")
    page.get_by_role("button", name="Add", exact=True).click()
    settled(page)
    expect(page.get_by_text(re.compile(r"^\d+\. Rotation"))).to_be_visible()
    before = page.get_by_alt_text(re.compile(r"^Draw 1: ")).get_attribute("alt")
    page.get_by_role("button", name="Another draw").click()
    settled(page)
    expect(page.get_by_alt_text(re.compile(r"^Draw 1: "))).not_to_have_attribute("alt", before or "")
    with dragged(page, page.get_by_role("slider", name=re.compile("^Degrees"))):
        expect(page).to_have_url(re.compile(r"rotation-1[567]\d\b"))
    open_tab(page, "Code and JSON")
    expect(page.get_by_role("tabpanel", name="Code and JSON")).to_contain_text("v2.RandomRotation")


def test_a_sweep_answers_while_it_is_dragged_by_pointer_and_by_keys(page: Page, server: Server) -> None:
    open_page(page, server, "augmentation", "?look=curve&checkpoint=digits-lenet")
    slider = page.get_by_role("slider", name="Turn")
    value = page.locator("#value")
    expect(value).to_have_text("0°, as it was")
    slider.focus()
    slider.press("ArrowRight")
    expect(value).to_have_text("10°")  # at once: Python has not been asked
    slider.press("Home")
    expect(value).to_have_text("−180°")
    expect(page.locator("#said")).to_contain_text("says")
    box = page.locator("#chart").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.76, box["y"] + box["height"] / 2)
    expect(value).to_have_text(re.compile(r"^(8|9|10)0°$"))
    expect(page).to_have_url(re.compile(r"at=(8|9|10)0"))
    chosen = value.inner_text()
    page.reload()
    settled(page)
    expect(value).to_have_text(chosen)
    page.get_by_role("button", name="As it was").click()
    expect(value).to_have_text("0°, as it was")
    expect(page).not_to_have_url(re.compile(r"at="))


def test_a_digit_turned_by_half_is_shown_with_what_the_network_says(page: Page, server: Server) -> None:
    open_page(page, server, "augmentation", "?look=labels")
    expect(
        page.get_by_alt_text(re.compile(r"^6, as it is and turned by 180°\. Label 6\. A reader: 9\."))
    ).to_be_visible()
    expect(page.get_by_text("a 6 becomes a 9")).to_be_visible()
    expect(page.get_by_text("Turned by 180°: called by their label")).to_be_visible()
    page.get_by_role("radio", name="Flip left-right").click()
    settled(page)
    expect(page).to_have_url(re.compile("change=mirror"))
    expect(page.get_by_text("Mirrored: called by their label")).to_be_visible()


def test_both_arms_are_trained_compare_opens_and_the_batches_are_made_again(page: Page, server: Server) -> None:
    open_page(page, server, "augmentation", "?look=arms&epochs=1&limit=128")
    press(page, "Train with and without the chain")
    expect(page).to_have_url(re.compile("arms="))
    page.get_by_role("heading", level=1, name="Compare").wait_for(timeout=TRAINED)
    settled(page)
    run_id = parse_qs(urlparse(page.url).query)["networks"][0].split(",")[0]
    open_page(page, server, "training", f"?run={run_id}")
    page.get_by_role("link", name="See the batches it was fed").click()
    expect(page.get_by_alt_text("Epoch 1, batch 1, augmented")).to_be_visible()
    expect(page.get_by_text("These are the tensors that the training fed its network.")).to_be_visible()
    open_page(page, server, "feature-maps", f"?checkpoint={run_id}&look=epochs")
    epochs = page.get_by_role("slider", name="Epoch", exact=True)
    expect(page.get_by_alt_text(re.compile("^Kernels .* of conv1 after epoch 1$"))).to_be_visible()
    assert faults(page) == []
    epochs.focus()
    epochs.press("Home")
    expect(page.locator("#epoch")).to_have_text("untrained")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#epoch")).to_have_text("epoch 1")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_chain_goes_along_to_training(page: Page, server: Server) -> None:
    open_page(page, server, "augmentation")
    page.get_by_role("button", name="Train with this chain").click()
    page.get_by_role("heading", level=1, name="Training").wait_for()
    settled(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(re.compile(r"flip left-right", re.IGNORECASE))


def test_a_lesson_goes_from_page_to_page_and_outlives_a_reload(page: Page, server: Server) -> None:
    open_page(page, server, "convolution", "?lesson=kernel,padding,maps")
    strip = page.locator(".st-key-lesson")
    expect(strip).to_contain_text("Step 1 of 3 – Make a kernel of your own")
    for column, weight in ((2, "5"), (1, "-6")):
        cell = page.get_by_role("textbox", name=f"Weight in row 2, column {column}")
        cell.fill(weight)
        cell.press("Enter")
        settled(page)
    expect(strip).to_contain_text("done")
    strip.get_by_role("link", name="Next step").click()
    expect(strip).to_contain_text("Step 2 of 3 – Keep the picture's size")
    expect(page.get_by_role("textbox", name="Weight in row 2, column 1")).to_have_value("−6")
    settled(page)
    padding = page.get_by_label("Padding (px)", exact=True)
    padding.fill("1")
    padding.press("Enter")
    expect(strip).to_contain_text("done")
    settled(page)
    strip.get_by_role("link", name="Next step").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Feature maps").wait_for()
    expect(strip).to_contain_text("Step 3 of 3 – Look into a deeper layer")
    settled(page)
    page.reload()
    expect(strip).to_contain_text("Step 3 of 3 – Look into a deeper layer")
    settled(page)
    page.go_back()
    expect(strip).to_contain_text("Step 2 of 3 – Keep the picture's size")
    expect(strip).to_contain_text("done")
    settled(page)
    strip.locator("summary").click()
    strip.get_by_role("button", name="Hide the lesson").click()
    expect(strip).to_have_count(0)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Start").click()
    expect(page.get_by_text("2 of 3 done")).to_be_visible()
    page.get_by_role("link", name="Go on with step 3").click()
    page.get_by_role("heading", level=1, name="Feature maps").wait_for()
    expect(strip).to_contain_text("Step 3 of 3")
    expect(page).to_have_url(re.compile("step=maps"))


def test_whoever_does_the_last_step_ends_the_lesson_there(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_page(page, server, "convolution", "?lesson=padding&step=padding")
    padding = page.get_by_label("Padding (px)", exact=True)
    padding.fill("1")
    padding.press("Enter")
    strip = page.locator(".st-key-lesson")
    expect(strip).to_contain_text("All 1 steps are done.")
    assert faults(page) == []
    strip.get_by_role("button", name="End the lesson").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The lesson has ended. Start has it again.")).to_be_visible()
    expect(strip).to_have_count(0)
