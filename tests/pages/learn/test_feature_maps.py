"""The Feature maps page: an untrained network at once, a trained one where there is one, and every layer of it."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from core.checkpoints import read
from core.checkpoints import shipped as shipped_checkpoints
from core.checkpoints.backbones import load_network
from core.explain.filters.time_lapse import Camera
from core.explain.inside.layers import Layer, map_layers
from core.explain.inside.receptive_field import layer_field
from core.explain.inside.stages import first_to_show, stages
from core.explain.inside.weighted_sum import place_sum
from core.models.input_format import InputFormat
from core.runs.folders import run_folder
from pages.learn._feature_maps import words
from pages.learn._feature_maps.place.section import what_to_choose
from pages.learn._feature_maps.place.sum_section import MOST_ROWS, in_words, table_rows
from tests.core.explain.nets import registered
from tests.pages import runs
from tests.pages.networks import ship
from tests.pages.visit import check, open_page, start_page, texts, upload, visitor


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> AppTest:
    """The page of a lab in which no trained network is to be found."""
    monkeypatch.setattr("core.checkpoints.networks.checkpoints_folder", lambda: tmp_path / "none")
    return open_page(visitor(), "learn/feature_maps")


def layer(page: AppTest) -> Selectbox:
    return next(entry for entry in page.selectbox if entry.label == "Layer")


def parts(page: AppTest) -> list[str]:
    """What can be looked at of the layer: the convolution, and what its maps pass."""
    found = [entry for entry in page.segmented_control if entry.key == "maps_part"]
    return [option.removeprefix(":gray[").removesuffix("]") for option in found[0].options] if found else []


def test_with_no_trained_network_an_untrained_one_is_shown(page: AppTest) -> None:
    assert page.segmented_control(key="maps_source").value == "untrained"
    assert page.text_input(key="maps_number").value == "0"
    assert "random" in texts(page)


def test_asking_for_a_trained_one_then_has_a_way_out(page: AppTest) -> None:
    page.segmented_control(key="maps_source").set_value("trained").run()
    assert "No trained network" in texts(check(page))
    assert "training" in {entry.proto.page for entry in page.page_link}


def test_a_dense_network_has_no_maps_and_says_so(page: AppTest) -> None:
    page.selectbox(key="maps_model_shapes").select("simple_nn").run()
    assert "has no maps" in texts(check(page))


@pytest.mark.parametrize(("model", "scale"), [("enhanced_cnn", "map"), ("lenet", "layer"), ("strided_cnn", "network")])
def test_every_layer_can_be_opened(page: AppTest, model: str, scale: str) -> None:
    page.selectbox(key="maps_model_shapes").select(model).run()
    page.segmented_control(key="maps_scale").set_value(scale).run()
    for position in range(len(layer(page).options)):
        layer(page).select_index(position).run()
        for part in parts(page):
            page.segmented_control(key="maps_part").set_value(part).run()
            assert not check(page).error
            assert page.segmented_control(key="maps_part").value == part


def test_a_map_is_enlarged_by_its_number_and_stays_in_range_in_a_smaller_layer(page: AppTest) -> None:
    layer(page).select_index(1).run()  # 64 maps
    page.text_input(key="maps_number").set_value("60").run()
    assert "Values from" in texts(check(page))
    layer(page).select_index(0).run()
    assert page.text_input(key="maps_number").value == "31"
    check(page)


def test_a_shipped_network_is_chosen_at_once(shipped: Path) -> None:
    page = open_page(visitor(), "learn/feature_maps")
    assert page.segmented_control(key="maps_source").value == "trained"
    assert "Strided CNN · Digits" in texts(page)
    assert not page.error


def test_a_link_opens_the_network_it_names(shipped: Path) -> None:
    ship(shipped, "another")
    app = visitor()
    app.query_params["checkpoint"] = "another"
    page = open_page(app, "learn/feature_maps")
    assert page.selectbox(key="checkpoint_chosen").value == "another"
    assert not page.warning


@pytest.mark.parametrize("address", ["learn/feature_maps", "learn/architecture", "use/classify"])
@pytest.mark.parametrize("reference", ["../../etc", "no-such-run"])
def test_a_link_to_a_network_that_is_gone_says_so_and_shows_no_other(
    shipped: Path, address: str, reference: str
) -> None:
    app = visitor()
    app.query_params["checkpoint"] = reference
    page = open_page(app, address)
    assert "is gone: its run was deleted, or it never was here. Choose another network below." in texts(page)
    assert page.selectbox(key="checkpoint_chosen").value is None
    assert "parameters ·" not in texts(page), "no other network is shown"
    page.selectbox(key="checkpoint_chosen").select("tiny").run()
    assert not check(page).warning
    assert page.query_params["checkpoint"] == "tiny"


def test_a_link_to_a_run_without_a_network_says_what_state_it_is_in(shipped: Path, home: Path) -> None:
    run = runs.queued(home, name="Not *yet*")
    app = visitor()
    app.query_params["checkpoint"] = run.id
    page = open_page(app, "learn/feature_maps")
    assert "Not \\*yet\\*, has no trained network: it is waiting." in texts(page)


def test_a_damaged_network_is_a_sentence(shipped: Path) -> None:
    weights = shipped / "tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\1\2\3")
    page = open_page(visitor(), "learn/feature_maps")
    assert "altered" in texts(check(page))


def test_handwriting_is_made_as_on_classify_and_the_switch_is_the_same(shipped: Path) -> None:
    sheet = Image.new("RGB", (90, 60), "white")
    sheet.paste("black", (60, 10, 66, 40))
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    app = start_page()
    upload(app, "one.png", stream.getvalue())
    page = open_page(app, "learn/feature_maps")
    said = texts(page).replace("\\", "")
    assert "Inverted, to bright on black; cut to the ink, 6 of 90 px wide and 30 of 60 px high" in said
    page.toggle(key="photo_made_digits").set_value(False).run()
    assert "Cut to its centre square" in texts(page)
    page = open_page(page, "use/classify")
    assert page.toggle(key="photo_made_digits").value is False


def captions(page: AppTest) -> str:
    """The captions of all pictures."""
    return " ".join(image.caption for entry in page.get("image") for image in entry.proto.imgs).replace("\\", "")


def as_layer(kind: str, maps: torch.Tensor) -> Layer:
    return Layer(name="one", kind=kind, detail="", shape=tuple(maps.shape), has_kernels=False)  # type: ignore[arg-type]


def test_the_words_below_a_histogram_follow_the_values() -> None:
    values = torch.linspace(-3, 3, 200).view(2, 10, 10)
    relu, gelu = torch.relu(values), torch.nn.functional.gelu(values)
    assert words.what_the_values_are(as_layer("ReLU", relu), relu) == (
        "All values of the layer. Nothing lies below 0: ReLU has replaced it by 0; 50 % are exactly 0."
    )
    said = words.what_the_values_are(as_layer("GELU", gelu), gelu)
    assert "50 % of them lie below 0. GELU lets a little" in said
    assert float(gelu.min()) >= -0.17
    assert "ReLU" not in said
    assert "ReLU" not in words.what_the_values_are(as_layer("MaxPool2d", relu), relu)
    assert "50 % of them lie below 0." in words.what_the_values_are(as_layer("Conv2d", values), values)


def test_the_words_below_the_tiles_follow_the_maps_and_the_scale() -> None:
    maps = torch.rand(4, 6, 6) + 0.5
    maps[1] *= 0.01
    maps[2] = 0
    said = words.what_the_tiles_are(as_layer("ReLU", maps), maps, scale="layer", limit=1.4)
    assert "1 of 4 is empty" in said
    assert "Dark is 0." in said
    assert "Full colour is 1.4, the 99th percentile of what is not 0 in this layer." in said
    alone = words.what_the_tiles_are(as_layer("ReLU", maps), maps, scale="map", limit=None)
    assert "a whisper looks like a shout" in alone
    assert "for 0 in one" not in alone  # the empty one has no colour
    signed = words.what_the_tiles_are(as_layer("Conv2d", maps - 1), maps - 1, scale="network", limit=2.0)
    assert "empty" not in signed
    assert "blue negative" in signed
    assert "what is not 0 in all layers" in signed
    empty = words.what_the_tiles_are(as_layer("ReLU", maps * 0), maps * 0, scale="layer", limit=0.0)
    assert empty == "Nothing in this layer answers to the picture: all maps are 0 everywhere."


def test_the_words_below_a_kernel_follow_its_size_and_whether_it_learned() -> None:
    learned = words.what_the_kernel_is(torch.ones(3, 3, 3), frozen=False, limit=1.0)
    assert "answer to an edge" in learned
    assert "frozen" not in learned
    mixing = words.what_the_kernel_is(torch.ones(3, 1, 1), frozen=True, limit=1.0)
    assert "sees none of its neighbours" in mixing
    assert "frozen: it did not change them" in mixing


def test_what_comes_in_names_the_resize_that_a_network_begins_with(page: AppTest) -> None:
    page.selectbox(key="maps_model_shapes").select("resnet18").run()
    said = texts(check(page))
    assert "What comes in: 32×32 px, colour. Its first layer makes it 64×64" in said
    assert layer(page).options[:2] == ["Resize", "Convolution 1 of 20"]
    assert layer(page).value == 1, "it opens on a convolution"


def test_layers_are_stepped_through_by_names_that_people_read(page: AppTest) -> None:
    assert layer(page).options == ["Convolution 1 of 2", "Convolution 2 of 2"]
    assert page.button(key="maps_Previous").disabled
    page.segmented_control(key="maps_part").set_value("ReLU").run()
    page.button(key="maps_Next").click().run()
    assert layer(page).value == 1
    assert page.segmented_control(key="maps_part").value == "ReLU", "the next layer is looked at as this one was"
    assert page.button(key="maps_Next").disabled
    assert "In the code: features\\.5 · ReLU" in texts(check(page))


def test_a_trained_network_says_its_answer_for_a_test_image_of_its_data(shipped: Path) -> None:
    page = open_page(visitor(), "learn/feature_maps")
    said = texts(page)
    assert "** answers **" in said
    assert " %" in said.partition("** answers **")[2][:40]  # as everywhere else: never 100.0 %
    assert "A test image of Digits" in said.replace("\\", "")
    assert layer(page).value == 0


@pytest.mark.parametrize("path", ["learn/feature_maps", "use/classify"])
def test_the_photo_of_start_gives_way_to_one_of_a_class_that_the_network_knows(app: AppTest, path: str) -> None:
    page = open_page(app.run(), path)  # what ships, and no data set that has to be downloaded
    assert "chelsea\\.png" in texts(page)
    assert "whatever it says is wrong" not in texts(page)


def test_where_the_photo_fits_nothing_it_is_said(app: AppTest) -> None:
    page = open_page(app.run(), "learn/feature_maps")
    assert "strided" in page.selectbox(key="checkpoint_chosen").value
    check(page.button(key="photo_sample_2").click().run())
    assert "chelsea\\.png" not in texts(page)
    assert "it can only answer cat or dog: whatever it says is wrong" in texts(page)


def test_a_readable_network_is_opened_first(shipped: Path) -> None:
    ship(shipped, "a-dense-one", model="simple_nn")
    page = open_page(visitor(), "learn/feature_maps")
    assert page.selectbox(key="checkpoint_chosen").value == "tiny"


def test_the_scale_of_a_layer_is_the_first_and_is_said(page: AppTest) -> None:
    assert page.segmented_control(key="maps_scale").value == "layer"
    assert "99th percentile of what is not 0 in this layer" in texts(page)


@pytest.mark.parametrize("typed", ["9999", "-1", "2,5", "", "abc"])
def test_a_map_that_is_not_there_is_refused_and_the_field_shows_the_one_that_is_shown(
    page: AppTest, typed: str
) -> None:
    page.text_input(key="maps_number").set_value("3").run()
    page.text_input(key="maps_number").set_value(typed).run()
    last = int(page.text_input(key="maps_number").label.split()[-1].rstrip(")"))
    assert f"There is no map {typed}: they count from 0 to {last}. Map 3 stays." in texts(check(page)).replace("\\", "")
    assert page.text_input(key="maps_number").value == "3"
    page.text_input(key="maps_number").set_value("4").run()
    assert "There is no map" not in texts(check(page))


def at(**address: str) -> AppTest:
    app = visitor()
    for name, value in address.items():
        app.query_params[name] = value
    return open_page(app, "learn/feature_maps")


def test_a_link_opens_network_layer_map_and_view(shipped: Path) -> None:
    page = at(untrained="lenet@shapes", layer="pool_1", map="5", look="place", place="2,3", scale="network")
    assert page.segmented_control(key="maps_scale").value == "network"
    assert page.selectbox(key="maps_model_shapes").value == "lenet"
    assert layer(page).value == 1
    assert page.segmented_control(key="maps_part").value == "Max pooling"
    assert page.text_input(key="maps_number").value == "5"
    said = texts(page)
    assert "**conv2**, row" in said
    assert "in the network, which computes with about seven digits" in said
    assert not page.warning


def test_what_is_chosen_stands_in_the_address(page: AppTest) -> None:
    assert page.query_params["untrained"] == "enhanced_cnn@shapes"
    page.button(key="maps_Next").click().run()
    page.text_input(key="maps_number").set_value("60").run()
    page.segmented_control(key="maps_part").set_value("ReLU").run()
    assert (page.query_params["layer"], page.query_params["map"]) == ("features.5", "60")
    page.button(key="maps_Previous").click().run()
    assert (page.query_params["layer"], page.query_params["map"]) == ("features.2", "31"), "only what there is"
    page.selectbox(key="maps_model_shapes").select("lenet").run()
    assert page.query_params["untrained"] == "lenet@shapes"
    assert "layer" not in page.query_params, "it belonged to the other network"
    assert not check(page).warning


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"layer": "conv9"}, "has no layer 'conv9' with maps. Convolution 1 of 2 is shown"),
        ({"layer": "conv1", "map": "77"}, "has no such map: they count from 0 to 5. Map 5 is shown"),
        ({"map": "-3"}, "has no such map: they count from 0 to 5. Map 0 is shown"),
        ({"look": "nothing"}, "There is no view 'nothing' here"),
        ({"look": "place", "place": "99,1"}, "'99,1' is none of them. The strongest one is shown"),
        ({"look": "place", "place": "abc"}, "'abc' is none of them"),
    ],
)
def test_what_an_address_gets_wrong_is_said(shipped: Path, address: dict[str, str], said: str) -> None:
    page = at(untrained="lenet@shapes", **address)
    assert said in " ".join(entry.value for entry in page.warning).replace("\\", "")


def test_what_another_page_calls_by_the_same_name_stays_there(shipped: Path) -> None:
    app = visitor()
    app.query_params["look"] = "seen"
    page = open_page(app, "learn/augmentation")
    page.query_params.clear()  # as a link to another page does
    open_page(page, "learn/feature_maps")
    assert "look" not in page.query_params
    page.query_params.clear()
    open_page(page, "learn/augmentation")
    assert page.query_params["look"] == "seen"


def test_a_network_that_the_lab_does_not_know_is_said(shipped: Path) -> None:
    page = at(untrained="gpt@everything")
    assert "names no network of this lab" in " ".join(entry.value for entry in page.warning)


@pytest.mark.parametrize("model", ["lenet", "enhanced_cnn", "fast_cnn", "resnet18", "efficientnet_lite0"])
def test_what_is_added_up_is_what_is_shown(model: str) -> None:
    network, channels, size = registered(model)
    batch = torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(3))
    for one in map_layers(network, channels=channels, image_size=size):
        found = place_sum(network, batch, layer=one.name, channel=0, row=0, col=0)
        if found.convolution is None:
            continue
        rows, total = table_rows(found)
        assert len(rows) <= MOST_ROWS + 2
        assert sum(round(amount * 10_000) for _name, amount in rows) == round(total * 10_000)
        assert total == pytest.approx(found.total, abs=1e-4)
        for step in found.steps:
            if step.kind == "batch_norm":
                before, scale, sign, shift, after = re.fullmatch(
                    r"\*\*Batch norm:\*\* (\S+) · (\S+) ([+−]) (\S+) = \*\*(\S+)\*\*", in_words(step)
                ).groups()  # type: ignore[union-attr]
                added = as_float(before) * as_float(scale) + as_float(shift) * (1 if sign == "+" else -1)
                assert added == pytest.approx(as_float(after), abs=0.6e-4), "by the digits that are shown"


def as_float(text: str) -> float:
    return float(text.replace("−", "-"))


def test_every_network_that_ships_opens_on_a_layer_that_shows_something() -> None:
    for checkpoint in shipped_checkpoints():
        network = load_network(checkpoint)
        found = stages(map_layers(network, channels=checkpoint.card.channels, image_size=checkpoint.card.image_size))
        if found:
            first = next(iter(found[first_to_show(found)].parts.values()))
            assert network.get_parameter(f"{first.name}.weight").shape[-1] > 2, checkpoint.card.name


@pytest.mark.parametrize(
    ("model", "name", "said"),
    [
        ("fast_cnn", "whiten", "up to this layer nothing is padded there"),  # what follows it pads
        ("fast_cnn", "blocks.0.conv1", "part of its window lies in the padding"),
        ("fast_cnn", "pool", "This map has a single place"),
        ("lenet", "pool_1", "up to this layer nothing is padded there"),
    ],
)
def test_what_to_try_with_the_places_follows_the_layer(model: str, name: str, said: str) -> None:
    network, _channels, size = registered(model)
    assert said in what_to_choose(layer_field(network, name, image_size=size), image_size=size)


def test_with_a_scale_of_its_own_a_map_has_the_same_colours_in_both_views(page: AppTest) -> None:
    def scales() -> set[str]:
        found = {str(image.caption) for entry in check(page).image for image in entry.proto.imgs}
        return {caption for caption in found if " … " in caption}

    page.segmented_control(key="maps_scale").set_value("map").run()
    of_all = scales()
    page.query_params["look"] = "place"
    page.run()
    assert len(of_all) == 1
    assert scales() == of_all


def test_a_filter_is_switched_off_and_on_and_the_test_images_follow(shipped: Path) -> None:
    ship(shipped, "another")
    page = at(checkpoint="another", look="off", off="1")
    assert page.multiselect(key="maps_off").value == [1]
    first = page.metric[0]
    assert first.label == "Accuracy on 200 test images"
    said = texts(page)
    assert "95 % interval" in said
    assert "Off: 1; what is off is drawn as 0" in said
    assert "the maps of the strongest colour" in said, "near-white is 0 where some numbers are negative"
    page.multiselect(key="maps_off").set_value([1, 3]).run()
    assert page.query_params["off"] == "1,3"
    page.button(key="maps_all_on").click().run()
    assert "off" not in page.query_params
    assert "Off: none" in texts(check(page))
    page.multiselect(key="maps_off").set_value([2]).run()
    page.button(key="maps_Next").click().run()
    assert "off" not in page.query_params, "they were another layer's"


def test_the_filter_that_is_missed_most_is_named_and_can_be_switched_off(shipped: Path) -> None:
    ship(shipped, "another")
    page = at(checkpoint="another", look="off")
    page.button(key="maps_find").click().run()
    said = texts(check(page))
    assert "**Missed most: filter" in said
    assert "Each of the 4 filters is switched off alone, on 200 test images." in said
    page.button(key="maps_switch_first").click().run()
    assert page.query_params["off"] in {"0", "1", "2", "3"}
    other = at(checkpoint="another", look="off")
    assert "**Missed most: filter" in texts(other), "what is known is known to all"
    assert "off" not in other.query_params, "what is switched off is one's own"


def test_filters_that_are_not_there_and_test_images_that_are_not_here_are_said(shipped: Path) -> None:
    page = at(checkpoint="tiny", look="off", off="1,99")
    assert "they count from 0 to 3" in " ".join(entry.value for entry in page.warning)
    assert page.multiselect(key="maps_off").value == [1]
    page = at(untrained="lenet@shapes", look="off")
    assert "is shown for trained networks" in texts(page)


def test_what_a_filter_looks_for_is_looked_for_once_and_for_all(shipped: Path) -> None:
    ship(shipped, "another")
    page = at(checkpoint="another", look="nine", map="2")
    assert "test images are looked at, for all filters of all layers at once" in texts(page)
    page.button(key="maps_look").click().run()
    assert "Filter 2 of 0.0, row by row: " in captions(check(page))
    assert "test images were looked at" in texts(page)
    page.text_input(key="maps_number").set_value("3").run()
    assert "Filter 3 of 0.0, row by row: " in captions(check(page))
    assert "Filter 1 of 0.0" in captions(at(checkpoint="another", look="nine", map="1")), "for everybody"


@pytest.mark.parametrize("look", ["nine", "off"])
def test_without_the_data_what_needs_it_is_a_sentence_and_a_way_to_it(home: Path, look: str) -> None:
    page = at(checkpoint="cats_vs_dogs-strided_cnn", look=look)
    assert "Cats vs dogs is not on this machine" in texts(page).replace("\\", "")
    (link,) = [entry.proto for entry in page.page_link if entry.label == "Get the images of Cats vs dogs"]
    assert (link.page, link.query_string) == ("training", "data=cats_vs_dogs")
    drawn = [str(getattr(each, "label" if each.type == "page_link" else "value", "")) for each in page.main]
    (sentence,) = [place for place, text in enumerate(drawn) if "is not on this machine" in text]
    assert sentence < drawn.index(link.label), "the link stands behind the sentence that explains it"


def test_an_untrained_network_looks_for_nothing(home: Path) -> None:
    assert "looks for nothing yet" in texts(at(untrained="lenet@shapes", look="nine"))


def test_without_the_data_nothing_links_to_a_page_that_is_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages._ui.choose.datasets.closed_pages", lambda: {"training"})
    page = at(checkpoint="cats_vs_dogs-strided_cnn", look="nine")
    assert "Cats vs dogs is not on this machine" in texts(page).replace("\\", "")
    assert not [entry for entry in page.page_link if entry.proto.page == "training"]


def test_a_network_without_a_time_lapse_says_so(shipped: Path) -> None:
    assert "This network has no time-lapse" in texts(at(checkpoint="tiny", look="epochs"))
    assert "This network has no time-lapse" in texts(at(untrained="lenet@shapes", look="epochs"))


def test_the_time_lapse_of_a_run_is_shown_and_its_layers_are_chosen(home: Path) -> None:
    run = runs.finished(home)
    folder = run_folder(home, run.id)
    network = load_network(read(folder / "final"))
    format = read(folder / "final").format
    images = np.random.RandomState(0).randint(0, 256, (2, 1, format.size, format.size)).astype(np.uint8)
    camera = Camera(folder, network, format, images)
    for epoch in range(40):  # every second one has a page
        camera.take(network, epoch)
    page = at(checkpoint=run.id, look="epochs")
    assert "16 of 20 kept epochs are shown" in texts(page)
    layers = page.segmented_control(key="maps_filmed")
    assert len(layers.options) == 3
    assert "the first filters of 3 layers and their maps" in texts(page)
    last = camera.layers[-1].name
    layers.set_value(last).run()
    assert check(page).query_params["layer"] == last
    assert page.segmented_control(key="maps_filmed").value == last


def test_a_network_of_two_convolutions_is_said_to_have_two_in_its_time_lapse(home: Path) -> None:
    run = runs.finished(home)
    network, channels, size = registered("lenet")
    format = InputFormat(channels=channels, size=size, mean=(0.5,) * channels, std=(0.5,) * channels)
    images = np.zeros((2, channels, size, size), dtype=np.uint8)
    Camera(run_folder(home, run.id), network, format, images).take(network, 0)
    assert "the first filters of 2 layers and their maps" in texts(at(checkpoint=run.id, look="epochs"))
