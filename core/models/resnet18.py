"""ResNet-18 (He et al., 2015; torchvision's) with a new head, for transfer learning."""

from typing import Annotated

from torch import Tensor, nn

from core.errors import ModelError
from core.models.resize import Resize
from core.models.spec import ModelSpec, models
from core.registry import Setting, Value, settings_of
from core.slow_imports import torchvision

WEIGHTS = ("imagenet", "lab", "random")
TRAIN = ("head", "last_stage", "all")
FEATURES = 512  # numbers by which the backbone describes an image


def untrained_backbone() -> nn.Module:
    """Return torchvision's ResNet-18, its last layer included, with random weights."""
    return torchvision().models.resnet18(weights=None)  # type: ignore[no-any-return]


class TransferResNet18(nn.Module):
    """torchvision's ResNet-18 without its last layer, and a new dense ``head`` on its 512 features.

    ``train`` says what learns: the head alone, the head and the last of the four stages, or everything. What does not
    learn is frozen whole: its weights get no gradient and its BatchNorm layers stay in evaluation mode, because
    ``requires_grad = False`` alone would let their running statistics drift.
    """

    def __init__(self, *, in_channels: int, classes: int, train: str, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.head_only = train == "head"
        self.resize = Resize(input_size) if input_size else nn.Identity()
        self.backbone = untrained_backbone()
        self.backbone.fc = nn.Identity()
        if in_channels != 3:
            raise ModelError(f"ResNet-18 takes RGB images; {in_channels} channel was asked for.")
        self.head = nn.Linear(FEATURES, classes)
        self.frozen: list[nn.Module] = []
        if train != "all":
            kept = () if train == "head" else ("layer4",)
            self.frozen = [module for name, module in self.backbone.named_children() if name not in kept]
        for module in self.frozen:
            module.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> "TransferResNet18":
        """Set training mode, except for what is frozen."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 3, S, S) to logits (N, classes)."""
        return self.head(self.features(x))  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> Tensor:
        """Map (N, 3, S, S) to features (N, 512), enlarging or shrinking to ``input_size`` where one is set."""
        return self.backbone(self.resize(x))  # type: ignore[no-any-return]


def resnet18(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    weights: Annotated[
        str,
        Setting(
            choices=WEIGHTS,
            help="Where the backbone's weights come from: ImageNet (downloaded once), the lab's own (trained on "
            "CIFAR-10, ships with the lab), or random.",
        ),
    ] = "imagenet",
    train: Annotated[
        str, Setting(choices=TRAIN, help="What learns: the new head, also the last stage, or the whole network.")
    ] = "head",
    input_size: Annotated[
        int,
        Setting(low=0, high=224, step=16, unit="px", help="Images are scaled to this side first; 0 leaves them alone."),
    ] = 0,
) -> TransferResNet18:
    """Return the network with random weights; `core.checkpoints.backbones` fills in those that ``weights`` names."""
    return TransferResNet18(in_channels=in_channels, classes=classes, train=train, input_size=input_size)


def suggest(*, channels: int, image_size: int) -> dict[str, Value]:
    """Enlarge small images: the stem divides the side by four before the first residual block."""
    return {"input_size": 64 if image_size < 64 else 0}


def refusal(*, channels: int, image_size: int) -> str | None:
    """Refuse grey input: the pretrained first layer has three input channels. Data sets in grey are fed as RGB."""
    return None if channels == 3 else "ResNet-18 takes RGB images; feed grey ones as three equal channels."


models.add(
    "resnet18",
    ModelSpec(
        name="resnet18",
        title="ResNet-18 (transfer)",
        summary="An 18-layer residual network with a new head for the classes.",
        build=resnet18,
        settings=settings_of(resnet18),
        suggest=suggest,
        refusal=refusal,
        any_size=True,
    ),
)
