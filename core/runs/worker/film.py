"""The time-lapse of a run: a page of kernels and maps an epoch, kept in the run's folder."""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.training.session import Session

log = logging.getLogger(__name__)


class Film:
    """Keeps what `core.explain.filters.time_lapse` shows; a training never stops for it."""

    def __init__(self, session: "Session") -> None:
        from core.explain.filters.time_lapse import Camera, probe_images

        self._session = session
        images = probe_images(session.data.images, session.data.labels, session.split.validation.tolist())
        self._camera = Camera(session.folder, session.trainer.model, session.trainer.format, images)

    def take(self, epoch: int) -> None:
        """Keep a page of the network as it is after ``epoch`` epochs."""
        try:
            self._camera.take(self._session.trainer.model, epoch)
        except (OSError, RuntimeError) as error:  # a full disk; a graphics card that is
            log.warning("no page of the time-lapse for epoch %d: %s", epoch, error)
