"""What is kept of a run's epochs to look at: a page of kernels and maps, and the answers to the probe photos."""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.training.session import Session

log = logging.getLogger(__name__)


class Film:
    """Keeps what `core.explain.filters.time_lapse` and `core.explain.probes` show; a training never stops for it."""

    def __init__(self, session: "Session") -> None:
        from core.data.catalogue import ink_frame
        from core.explain.filters.time_lapse import Camera, probe_images
        from core.explain.probes import Prober, lab_pictures
        from core.judging.curve.chance_level import frozen_backbone

        self._session = session
        data, format, judged = session.data, session.trainer.format, session.split.validation.tolist()
        images = probe_images(data.images, data.labels, judged)
        keepers: list[Camera | Prober] = [Camera(session.folder, session.trainer.model, format, images)]
        if not frozen_backbone(session.config):  # one that is frozen looks at every picture once, and at no other
            own = {place: data.images[place] for place in lab_pictures(data.labels, judged)}
            keepers.append(Prober(session.folder, format, own, ink_frame(session.config.dataset)))
        self._keepers = keepers

    def take(self, epoch: int) -> None:
        """Keep a page of the network as it is after ``epoch`` epochs."""
        for keeper in self._keepers:
            try:
                keeper.take(self._session.trainer.model, epoch)
            except (OSError, RuntimeError) as error:  # a full disk; a graphics card that is
                log.warning("no page of what epoch %d looked like: %s", epoch, error)
