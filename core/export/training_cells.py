"""The Python of `core.export.training_code`, with holes for what differs from training to training."""

IMPORTS = (
    "import copy",
    "import numpy as np",
    "import torch",
    "import torch.nn.functional as F",
    "from PIL import Image, ImageOps",
    "from torch import nn",
    "from torchvision.transforms import v2",
)

SQUARE = '''def decoded(picture):
    """Return a picture's centre square as uint8 (C, SIZE, SIZE)."""
    upright = ImageOps.exif_transpose(picture).convert("{mode}")
    pixels = np.asarray(ImageOps.fit(upright, (SIZE, SIZE), method=Image.Resampling.BILINEAR))
    return pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None]


'''
FROM_THE_HUB = """def plain(name):
    return "".join(filter(str.isalnum, name.lower()))


stored, labels, counts = [], [], []
for part in {parts!r}:
    rows = load_dataset(DATA, split=part)
    names = getattr(rows.features[{label!r}], "names", None) or [str(place) for place in range(len(CLASSES))]
    number = [[plain(known) for known in CLASSES].index(plain(name)) for name in names]
    stored += [decoded(picture) for picture in rows[{image!r}]]
    labels += [number[label] for label in rows[{label!r}]]
    counts.append(len(rows))
stored, labels = np.stack(stored), np.array(labels, dtype=np.int64)
"""
MADE_HERE = """pictures, labels = {make}()
stored = np.stack([decoded(picture) for picture in pictures])
"""
GREY = """
    images = (images * torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)"""
THREE_PLANES = """
    images = images.expand(-1, 3, -1, -1).contiguous()"""
BATCH = '''

def batch(indices):
    """Return images, float32 (N, C, SIZE, SIZE) in [0, 1], and their labels (N,)."""
    images = torch.from_numpy(stored[indices]).float().div_(255){planes}
    return images.to(DEVICE), torch.from_numpy(labels[indices]).to(DEVICE)


def normalised(images):
    mean, std = (images.new_tensor(values).view(1, -1, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std'''

OFFICIAL_SPLIT = """rest, test = np.arange(counts[0]), np.arange(counts[0], len(labels))
"""
RANDOM_SPLIT = """everything = np.arange(len(labels))
test = np.sort(np.random.RandomState({test}).permutation(everything)[: int(len(labels) * 0.2)])
rest = np.setdiff1d(everything, test)
"""
TENTH = """rest = np.random.RandomState({validation}).permutation(rest)
validation, train = rest[: int(len(rest) * 0.1)], np.sort(rest[int(len(rest) * 0.1) :])
"""
WRITERS_SPLIT = """# Pictures lie writer by writer, about {block} each: whole writers are held out.
blocks = -(-len(labels) // {block})
start = (blocks - max(1, round(len(labels) * 0.2 / {block}))) * {block}
held_out = max(2, round(start * 0.1 / {block})) * {block}
test, validation = np.arange(start, len(labels)), np.roll(np.arange(start), held_out)[:held_out]
train = np.arange(start - held_out)
"""
LIMITED = """whole = train
if LIMIT is not None and LIMIT < len(train):
    generator = torch.Generator().manual_seed(derive_seed(SEED, "limit"))
    train = train[torch.randperm(len(train), generator=generator)[:LIMIT].numpy()]
print(f"{len(train):,} training, {len(validation):,} validation and {len(test):,} test images")"""

TORCHVISIONS_BACKBONE = """learned = torchvision.models.resnet18(weights="DEFAULT").state_dict()
network.backbone.load_state_dict({name: value for name, value in learned.items() if not name.startswith("fc.")})"""
EXPORTED_BACKBONE = """# The safetensors file of {whose}.
from safetensors.torch import load_file

learned = load_file("model.safetensors")
parts = {{name.removeprefix("backbone."): value for name, value in learned.items() if name.startswith("backbone.")}}
network.backbone.load_state_dict(parts)"""
PREPARED = """some, _labels = batch(whole[:: max(1, len(whole) // {wanted})])
{prepare}(network, normalised(some).cpu())"""
SHIFTS = """shifts = {module.bias for module in network.modules() if isinstance(module, nn.BatchNorm2d)}
"""
GROUPS = """learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
groups = [
    {{"params": [p for p in learning if p.dim() > 1], "weight_decay": {decay}}},
    {{"params": [p for p in learning if p.dim() <= 1 and p not in shifts], "weight_decay": 0.0}},
]
"""
QUICK_GROUP = """quick = [p for p in learning if p in shifts]
groups.append({{"params": quick, "lr": {rate}, "weight_decay": {decay}}})
"""
ONE_CYCLE = """steps = len(train) // BATCH * EPOCHS
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer,
    max_lr=[group["lr"] for group in optimizer.param_groups],
    total_steps=steps + 1,
    pct_start=0.25,
    cycle_momentum=False,
)"""
AUGMENT = '''SIDES = {sides!r}  # pixels, of the training images in each epoch
CHAINS = {{
{chains}}}


def changed(images, epoch):
    """Return training images as the network sees them in an epoch."""
    side = SIDES[min(epoch, len(SIDES) - 1)]
    if side != SIZE:
        images = F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    return images if CHAINS[side] is None else torch.stack([CHAINS[side](image) for image in images])'''
LOOP = '''def judged(indices):
    """Return mean cross-entropy in nats and accuracy."""
    network.eval()
    loss, right = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(indices), 512):
            images, wanted = batch(indices[start : start + 512])
            images = normalised(images)
            logits = network(images){second}
            loss += F.cross_entropy(logits, wanted, reduction="sum").item()
            right += (logits.argmax(1) == wanted).sum().item()
    return loss / len(indices), right / len(indices)


history, best, since = [], (0.0, -float("inf")), 0
for epoch in range(EPOCHS):
    network.train()
    generator = torch.Generator().manual_seed(derive_seed(SEED, "order", epoch))
    order = train[torch.randperm(len(train), generator=generator).numpy()]
    losses = []
    for start in range(0, len(order) // BATCH * BATCH, BATCH):
        images, wanted = batch(order[start : start + BATCH])
        logits = network(normalised(changed(images, epoch)))
        loss = F.cross_entropy(logits, wanted, label_smoothing={smoothing})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(F.cross_entropy(logits.detach(), wanted).item()){each_step}
    val_loss, val_accuracy = judged(validation){each_epoch}
    history.append((sum(losses) / len(losses), val_loss, val_accuracy))
    losses = f"training loss {{history[-1][0]:.6f}}, validation loss {{val_loss:.6f}}"
    print(f"epoch {{epoch + 1}}: {{losses}}, validation accuracy {{val_accuracy:.6f}}")
    since += 1
    if (val_accuracy, -val_loss) > best:
        best, kept, since = (val_accuracy, -val_loss), copy.deepcopy(network.state_dict()), 0{patience}'''
PATIENCE = """
    if since >= {patience}:
        break"""
VERDICT = """network.load_state_dict(kept)
test_loss, test_accuracy = judged(test)
print(f"test: loss {test_loss:.6f}, accuracy {test_accuracy:.6f} on {len(test):,} images")"""
