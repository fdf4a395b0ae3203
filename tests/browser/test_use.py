"""The student's photo: uploaded once, upright everywhere, answered by a network that ships with the lab."""

import io
import re
import zipfile
from pathlib import Path

import pytest
import safetensors.numpy
from PIL import Image
from playwright.sync_api import Page, Route, expect

from core.checkpoints import find
from core.intervals import percent
from tests.browser.chromium import CAMERA_DECLINED
from tests.browser.server import Server, go_to, open_page, settled
from tests.browser.test_accessibility import faults
from tests.browser.widgets import TRAINED, choose, colour_at, picture_size

pytestmark = pytest.mark.browser

ROTATED_CLOCKWISE_TO_DISPLAY = 6  # EXIF orientation: how a phone held upright stores its photos
RED, BLUE = (200, 30, 30), (30, 30, 200)


def phone_photo() -> bytes:
    """Return a 12-megapixel JPEG that lies on its side: upright, its upper half is red and its lower half blue."""
    upright = Image.new("RGB", (3000, 4000), BLUE)
    upright.paste(RED, (0, 0, 3000, 2000))
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = ROTATED_CLOCKWISE_TO_DISPLAY
    buffer = io.BytesIO()
    stored.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def upload_photo(page: Page, name: str, content: bytes, kind: str = "image/jpeg") -> None:
    """Choose a photo in the row that every page has."""
    page.get_by_role("button", name="Change photo").click()
    page.get_by_role("radio", name="Upload").click()
    field = page.get_by_test_id("stFileUploader").filter(has_text="Your photo").locator("input[type=file]")
    field.set_input_files({"name": name, "mimeType": kind, "buffer": content})


def is_red(colour: tuple[int, int, int]) -> bool:
    return colour[0] > 120 and colour[2] < 100


def is_blue(colour: tuple[int, int, int]) -> bool:
    return colour[2] > 120 and colour[0] < 100


def test_a_phone_photo_on_its_side_is_upright_and_classified(page: Page, server: Server) -> None:
    open_page(page, server, "classify")
    upload_photo(page, "phone.jpg", phone_photo())
    photo = page.get_by_alt_text("The photo phone.jpg")
    expect(photo).to_be_visible()
    settled(page)
    width, height = picture_size(photo)
    assert height > width
    assert is_red(colour_at(photo, 0.5, 0.1))
    assert is_blue(colour_at(photo, 0.5, 0.9))
    expect(page.get_by_role("img", name=re.compile(r"^phone\.jpg: .+ [\d.]+ %$"))).to_be_visible()


def test_a_photo_follows_over_the_pages(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    upload_photo(page, "mine.jpg", phone_photo())
    expect(page.get_by_alt_text("The chosen photo, mine.jpg")).to_be_visible()
    for title in ("Feature maps", "Augmentation", "Classify", "Convolution"):
        go_to(page, title)
        row = page.get_by_alt_text("The chosen photo, mine.jpg")
        expect(row).to_be_visible()
        assert is_red(colour_at(row, 0.5, 0.1))


def draw(page: Page, *corners: tuple[float, float]) -> None:
    """Draw one line with the mouse through ``corners``, in shares of the sheet."""
    sheet = page.get_by_role("application", name=re.compile("Sheet to draw a digit"))
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_a_drawn_digit_is_read_and_the_sheet_can_be_emptied(page: Page, server: Server) -> None:
    open_page(page, server, "classify", "?checkpoint=mnist-strided_cnn")
    draw(page, (0.55, 0.1), (0.85, 0.1), (0.65, 0.7))  # small, and not in the middle
    expect(page.get_by_role("img", name=re.compile(r"^Drawing: 7 (over )?[\d.]+ %$"))).to_be_visible()
    expect(page.get_by_alt_text("The chosen photo, Drawing")).to_be_visible()
    expect(page.get_by_text(re.compile("inverted, to bright on black; cut to the ink")).first).to_be_visible()
    page.get_by_role("application", name=re.compile("Sheet to draw a digit")).press("Delete")
    draw(page, (0.5, 0.2), (0.5, 0.8))
    expect(page.get_by_role("img", name=re.compile(r"^Drawing: 1 (over )?[\d.]+ %$"))).to_be_visible()
    page.get_by_role("button", name="Empty the sheet").click()
    draw(page, (0.1, 0.2), (0.45, 0.2), (0.25, 0.8))
    expect(page.get_by_role("img", name=re.compile(r"^Drawing: 7 (over )?[\d.]+ %$"))).to_be_visible()


def test_many_photos_are_answered_one_after_the_other_and_judged_where_their_class_is_given(
    page: Page, server: Server
) -> None:
    sent: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framesent", lambda data: sent.append(data if isinstance(data, bytes) else data.encode())
        ),
    )
    open_page(page, server, "classify", "?checkpoint=digits-lenet")
    choose(page, "What is on the photos that you add now?", "1")
    files = [{"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"This is a letter."}]
    for number in range(12):
        sheet = Image.effect_noise((90, 90), 6).point(lambda value: 90 + value)
        sheet.paste(20, (40 + number % 5, 15, 50 + number % 5, 75))
        files.append({"name": f"one {number}.png", "mimeType": "image/png", "buffer": file_of(sheet)})
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Add photos").press("Enter")
    choosing.value.set_files(files)
    expect(page.get_by_role("progressbar", name="Photos that have been looked at")).to_be_visible()
    expect(page.get_by_test_id("stAlert").filter(has_text="letter.jpg: This is not a picture")).to_have_count(1)
    expect(page.get_by_text("12 photos are answered")).to_be_visible()
    assert any(b'"last":true' in message for message in sent)
    assert not any(b'"event":"over"' in message for message in sent), (
        "the last photo's message says that it is the last"
    )
    expect(page.get_by_role("img", name=re.compile(r"^one 2\.png: "))).to_be_visible()
    expect(page.get_by_text(re.compile(r"of 12 photos \(95 % interval"))).to_be_visible()
    page.get_by_role("button", name="Take them away").click()
    expect(page.get_by_text("12 photos are answered")).to_have_count(0)
    expect(page.get_by_role("button", name="Add photos")).to_be_visible()
    expect(page.get_by_text(re.compile("of its validation images"))).to_have_count(1)  # two until the page is done
    page.evaluate("Date.now = () => 1000")  # the clock is set back, and the component mounted anew
    go_to(page, "Compare")
    go_to(page, "Classify")
    settled(page)
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Add photos").press("Enter")
    choosing.value.set_files(files[1:3])
    expect(page.get_by_role("img", name=re.compile(r"^one 1\.png: "))).to_be_visible()
    assert faults(page) == []


def file_of(image: Image.Image) -> bytes:
    """Return a picture's PNG file."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_two_shipped_networks_are_compared_without_their_data(page: Page, server: Server) -> None:
    open_page(page, server, "compare")
    expect(page.get_by_text(re.compile(r"judged on the same [\d,]+ test images"))).to_be_visible()
    expect(page.get_by_text("95 % interval").first).to_be_visible()


def test_small_cnn_and_resnet18_meet_on_the_same_cats_and_dogs(page: Page, server: Server) -> None:
    open_page(page, server, "compare", "?networks=cats_vs_dogs-strided_cnn,cats_vs_dogs-resnet18")
    expect(page.get_by_text("judged on the same 4,682 test images")).to_be_visible()
    for row in ("Accuracy", "95 % interval", "Images judged"):
        expect(page.locator("td, th", has_text=row).first).to_be_attached()
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts.locator("svg:has(.role-mark path)")).to_have_count(4)
    inks = charts.locator("svg text").evaluate_all(
        "texts => texts.filter(text => text.textContent).map(text => getComputedStyle(text))"
        ".map(style => style.fill === style.color)"
    )
    assert inks, "the charts have words"
    assert all(inks), "axe looks at no contrast in a drawing; Streamlit's own grey for charts has 3.5"
    assert "Plotly" not in page.evaluate("() => performance.getEntriesByType('resource').map(one => one.name).join()")


@pytest.mark.data
def test_the_pictures_behind_the_mistakes_appear_with_the_data(page: Page, data_server: Server) -> None:
    open_page(page, data_server, "compare", "?networks=mnist-strided_cnn,mnist-simple_nn")
    expect(page.get_by_text("judged on the same 10,000 test images")).to_be_visible()
    page.get_by_role("button", name="Decode mnist to see the images").click()
    expect(page.get_by_alt_text(re.compile(r"^\d, answered \d$")).first).to_be_visible(timeout=TRAINED)


def test_the_lesson_starts_on_the_start_page(page: Page, server: Server) -> None:
    open_page(page, server)
    expect(page.get_by_role("heading", name="A lesson in ten minutes")).to_be_visible()
    page.get_by_text("Glossary", exact=True).click()
    expect(page.get_by_text(re.compile("receptive field", re.IGNORECASE)).first).to_be_visible()


def test_a_photo_of_a_data_set_can_be_chosen(page: Page, server: Server) -> None:
    open_page(page, server, "convolution")
    page.get_by_role("button", name="Change photo").click()
    page.get_by_role("radio", name="Data set").click()
    page.get_by_role("button", name="Take one at random").click()
    expect(page.get_by_alt_text(re.compile(r"^The chosen photo, (Digits|Shapes|MNIST)"))).to_be_visible()


# How many cameras the page has open: 1 while it films, 0 when it has let go.
TRACKS = "opened.filter(one => one.readyState === 'live').length"
NOTE_TRACKS = """() => {
    window.opened = []
    const media = navigator.mediaDevices, open = media.getUserMedia.bind(media)
    media.getUserMedia = async wanted => {
        const stream = await open(wanted)
        opened.push(...stream.getTracks())
        return stream
    }
}"""


# How far a bar of the live camera was from its number, at most, as either changed: in shares of a full bar.
NOTE_BARS = """bars => {
    window.apart = 0
    new MutationObserver(() => {
        for (const row of bars.children) {
            const [, track, share] = row.children
            const long = track.firstChild.getBoundingClientRect().width / track.getBoundingClientRect().width
            window.apart = Math.max(window.apart, Math.abs(long - parseFloat(share.textContent.match(/[\\d.]+/)) / 100))
        }
    }).observe(bars, { subtree: true, childList: true, characterData: true, attributes: true })
}"""


def answers(page: Page) -> int:
    return int(page.locator("#bars").get_attribute("data-answers") or 0)


def test_a_network_answers_what_the_camera_sees_until_it_is_frozen_or_left(page: Page, server: Server) -> None:
    page.context.grant_permissions(["camera"])
    open_page(page, server, "classify", "?checkpoint=cifar10-lenet")
    page.evaluate(NOTE_TRACKS)
    page.get_by_role("button", name="Live camera").press("Enter")
    bars = page.locator("#bars li")
    expect(bars).to_have_count(10)
    expect(bars.first).to_have_text(re.compile(r"^airplane(over |under )?[\d.]+ %$"))
    expect(page.locator("#spoken")).to_have_text(re.compile(r"^\w+, (over )?[\d.]+ %(\. Not of its world: .+)?$"))
    assert faults(page) == []
    assert page.evaluate(TRACKS) == 1
    page.locator("#bars").evaluate(NOTE_BARS)
    seen = answers(page)
    expect(page.locator("#bars")).not_to_have_attribute("data-answers", str(seen))
    assert page.evaluate("apart") < 0.01

    freeze = page.get_by_role("button", name="Freeze")
    expect(freeze).to_be_focused()
    freeze.press("Enter")
    expect(page.get_by_alt_text("The chosen photo, Camera")).to_be_visible()
    photo = page.get_by_role("img", name=re.compile(r"^Camera: "))
    expect(photo).to_be_visible()
    answer = re.fullmatch(r"Camera: (.+?) ((?:over )?[\d.]+ %)", str(photo.get_attribute("aria-label")))
    assert answer is not None
    expect(page.locator("#bars li.first")).to_have_text("".join(answer.groups()))
    world = page.locator("#world").inner_text()  # as is said below of the same photo
    captions = page.get_by_test_id("stCaptionContainer").filter(has_text="Not of its world")
    expect(captions).to_have_text([re.compile(re.escape(world))] if world else [])
    count = answers(page)
    page.wait_for_timeout(400)
    assert answers(page) == count, "what is frozen asks no more"

    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#bars")).not_to_have_attribute("data-answers", str(count))
    go_to(page, "Convolution")
    expect(page.get_by_alt_text("The chosen photo, Camera")).to_be_visible()
    assert page.evaluate(TRACKS) == 0


def test_a_camera_that_may_not_be_opened_has_its_sentence_and_the_way_out(page: Page, server: Server) -> None:
    page.add_init_script(CAMERA_DECLINED)
    open_page(page, server, "classify", "?checkpoint=cifar10-lenet")
    page.get_by_role("button", name="Live camera").click()
    said = page.get_by_role("alert").filter(has_text="The browser was told not to open the camera.")
    expect(said).to_contain_text("Or upload a photo: Change photo, above.")
    expect(page.get_by_role("button", name="Live camera")).to_be_visible()


def test_how_well_a_network_tells_foreign_images_is_what_was_measured(page: Page, server: Server) -> None:
    open_page(page, server, "classify", "?checkpoint=cats_vs_dogs-fast_cnn")
    figures = find("cats_vs_dogs-fast_cnn").card.outsiders
    assert figures is not None
    assert figures.auroc[figures.score] >= 0.9
    said = page.get_by_test_id("stMetric")
    expect(said.filter(has_text="AUROC")).to_contain_text(f"{figures.auroc[figures.score]:.3f}")
    expect(said.filter(has_text="False alarms")).to_contain_text(percent(figures.false_alarms, 1))


def test_what_is_taken_home_needs_neither_the_lab_nor_a_network(page: Page, server: Server, tmp_path: Path) -> None:
    open_page(page, server, "classify", "?checkpoint=mnist-strided_cnn")
    page.get_by_role("button", name="Take it home").click()
    with zipfile.ZipFile(_taken(page, "Network", "mnist-strided_cnn.zip", tmp_path)) as folder:
        (file,) = [name for name in folder.namelist() if name.endswith(".safetensors")]
        weights = safetensors.numpy.load(folder.read(file))
    learned = [values for name, values in weights.items() if name.endswith(("weight", "bias"))]
    assert sum(values.size for values in learned) == find("mnist-strided_cnn").card.parameters
    report = _taken(page, "Report", "mnist-strided_cnn.html", tmp_path)
    with page.context.browser.new_context(offline=True) as alone:  # type: ignore[union-attr]
        asked: list[str] = []
        paper = alone.new_page()
        paper.on("request", lambda request: asked.append(request.url))
        paper.goto(report.as_uri())
        expect(paper.get_by_role("img", name="Loss in nats")).to_be_visible()
        expect(paper.get_by_text(re.compile(r"^98\.\d+ % \(95 % interval"))).to_be_visible()
        assert [address for address in asked if not address.startswith(("file:", "data:"))] == []


def _taken(page: Page, form: str, name: str, folder: Path) -> Path:
    """Have a file of the open choice made, called ``name``, and return where it is kept."""
    button = page.get_by_role("button", name=form, exact=True)
    button.focus()
    with page.expect_download() as coming:
        button.press("Enter")
    assert coming.value.suggested_filename == name
    coming.value.save_as(folder / name)
    return folder / name


def test_where_two_networks_disagree_both_heat_maps_are_shown(page: Page, server: Server) -> None:
    open_page(page, server, "compare", "?networks=digits-lenet,digits-lenet-unaugmented")
    page.get_by_role("radio", name=re.compile(r"^\d+: LeNet")).first.press("Space")
    expect(page.get_by_alt_text(re.compile(r"^\d, and both heat maps\. .*, right\. .*, wrong$"))).to_have_count(6)
    first = page.get_by_alt_text(re.compile("both heat maps")).first.get_attribute("alt")
    page.get_by_role("button", name="Next page").press("Enter")
    expect(page.get_by_alt_text(str(first))).to_have_count(0)
    assert "right=" in page.url
    assert faults(page) == []


def test_an_experiment_is_left_to_the_class_and_found_by_its_address(page: Page, server: Server) -> None:
    open_page(page, server, "compare")
    page.get_by_role("tab", name="Experiments").click()
    page.get_by_role("button", name="Leave it to the class").press("Enter")
    expect(page.get_by_text("0 of 12 points, 12 open.")).to_be_visible()
    held: list[Route] = []
    page.route(re.compile("VegaLiteChart"), lambda route: held.append(route))
    page.reload()
    expect(page.get_by_text("0 of 12 points, 12 open.")).to_be_visible()
    for beside in ("Train all 12", "Train one", "Report", "CSV"):
        expect(page.get_by_role("button", name=beside)).to_be_visible()
    delete = page.get_by_role("button", name="Delete")
    before = delete.bounding_box()
    assert held != []
    for script in held:
        script.continue_()
    expect(page.get_by_test_id("stVegaLiteChart").locator("svg")).to_be_visible()
    assert delete.bounding_box() == before  # the chart's script is late, and the button stays where it was
    delete.click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("button", name="Leave it to the class")).to_be_visible()
