"""A network's weights as safetensors, and the Python file that opens them without the lab."""

import json

import safetensors.torch

from core.checkpoints import Checkpoint
from core.checkpoints.backbones import load_network
from core.data.catalogue import ink_frame
from core.export.network_code import code_of
from core.photos.appearance import to_rgb


def weights_file(checkpoint: Checkpoint) -> bytes:
    """Return all weights as safetensors, float32, a backbone that the lab keeps elsewhere included.

    Its metadata hold the title, and as JSON the classes in order, mean, std, channels and side of the input. Raises
    CheckpointError where the network cannot be read.
    """
    card = checkpoint.card
    state = {name: value.contiguous() for name, value in load_network(checkpoint).state_dict().items()}
    about = {
        "format": "pt",
        "title": card.title.encode("utf-8", "replace").decode(),
        "classes": json.dumps(card.classes),
        "mean": json.dumps(card.mean),
        "std": json.dumps(card.std),
        "channels": str(card.channels),
        "image_size": str(card.image_size),
    }
    return safetensors.torch.save(state, about)


def loading_code(checkpoint: Checkpoint, weights: str) -> str:
    """Return a Python file that defines the network, loads the file ``weights`` beside it and answers for pictures.

    It needs torch, torchvision and safetensors. What people have typed stands in it as literals of Python only.
    """
    card = checkpoint.card
    source = code_of(card)
    source.add(to_rgb)
    source.imports |= set(_IMPORTS)
    facts = [
        f"TITLE = {card.title!r}",
        f"WEIGHTS = Path(__file__).with_name({weights!r})",
        f"CLASSES = {card.classes!r}",
        f"SIZE = {card.image_size}  # pixels a side",
        f"MEAN, STD = {card.mean!r}, {card.std!r}  # of each channel, in units of the range from 0 to 1",
    ]
    mode, colour = ("L", "grey") if card.channels == 1 else ("RGB", "RGB")
    logits = "(network(images) + network(images.flip(-1))) / 2" if card.config.mirror_at_test else "network(images)"
    note = "  # a second opinion of the mirror image, as it was judged" if card.config.mirror_at_test else ""
    use = _USE.format(mode=mode, colour=colour, logits=logits, note=note, ink=_ink(card.dataset))
    return f"{_HEAD}\n\n{source.imports_text}\n\n{chr(10).join(facts)}\n\n\n{source.definitions_text}\n\n\n{use}"


def _ink(dataset: str) -> str:
    return "" if ink_frame(dataset) is None else _HANDWRITING


_HEAD = '''"""A network from CNN Lab that needs torch, torchvision and safetensors, and nothing of the lab.

In a terminal: python THIS_FILE.py photo.jpg. In Python: import it, then answer(load(), Image.open("photo.jpg")).
"""'''
_IMPORTS = (
    "import sys",
    "from pathlib import Path",
    "import torch",
    "from PIL import Image",
    "from PIL import ImageOps",
    "from safetensors.torch import load_file",
    "from torch import nn",
    "from torchvision.transforms import v2",
)
_HANDWRITING = """
    The lab first cuts a photo of writing to its ink and makes it bright on black, as the data set is; this does not.
"""
_USE = '''def square(photo: Image.Image) -> Image.Image:
    """Return the centre square of a picture at SIZE×SIZE pixels, upright, {colour}, transparency on white."""
    upright = to_rgb(ImageOps.exif_transpose(photo))
    middle = ImageOps.fit(upright, (min(upright.size),) * 2)
    return ImageOps.fit(middle.convert("{mode}"), (SIZE, SIZE), method=Image.Resampling.BILINEAR)


as_input = v2.Compose([square, v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean=MEAN, std=STD)])


def load(file: Path = WEIGHTS) -> nn.Module:
    """Return the trained network, ready to answer."""
    network = make_network()
    network.load_state_dict(load_file(file))
    return network.eval()


@torch.inference_mode()
def answer(network: nn.Module, photo: Image.Image) -> dict[str, float]:
    """Return the probability of each class, the likeliest first.
{ink}    """
    images = as_input(photo).unsqueeze(0)
    logits = {logits}{note}
    pairs = zip(CLASSES, logits.softmax(1)[0].tolist())
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def percent(probability: float) -> str:
    """Less than all is never 100 %, more than nothing never 0 %."""
    if probability > 0.9995:
        return "over 99.9 %"
    return f"{{round(100 * probability, 1)}} %" if probability >= 0.0005 else "under 0.1 %"


if __name__ == "__main__":
    trained = load()
    for name in sys.argv[1:]:
        likeliest = list(answer(trained, Image.open(name)).items())[:5]
        print(f"{{name}}: " + ", ".join(f"{{label}} {{percent(probability)}}" for label, probability in likeliest))
'''
