"""A stand-in for ResNet-18's backbone, for tests that are about what is done with one."""

import torch
from torch import nn

from core.models.resnet18 import FEATURES


class SmallBackbone(nn.Module):
    """Stands in for ResNet-18's: the same parts by name, BatchNorm among them, for a hundredth of the time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer4 = nn.Conv2d(8, FEATURES, 3, stride=4)
        self.fc: nn.Module = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.layer4(self.bn1(self.conv1(x)).relu()).relu().mean((2, 3)))  # type: ignore[no-any-return]
