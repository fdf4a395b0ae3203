"""Why a file could not be made: Streamlit says of every download that fails the same, and no more than that it failed.

Its sentence stands below the button that was pressed; ours takes its place.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime import app_session
from streamlit.runtime.backend_operation_handler import DeferredFileHandler

from core.errors import LabError

if TYPE_CHECKING:
    from streamlit.proto.BackMsg_pb2 import BackendOperationRequest

_LOG = logging.getLogger(__name__)
_UNKNOWN = (
    "This file could not be made, for a reason that the lab does not know. Press again; whoever runs the server finds "
    "what happened in its log."
)
_GONE = "The page has changed since this button was drawn. Press again."


class SaysWhy(DeferredFileHandler):
    """Answers a browser that asks for a file to be made, with the sentence of whatever fails."""

    async def handle(self, request: "BackendOperationRequest", session_id: str) -> BackendOperationResponse:
        """Make the file in a thread of its own and return where it lies, or why it does not."""
        response = BackendOperationResponse(request_id=request.request_id)
        make = self._get_media_file_mgr().execute_deferred
        try:
            response.deferred_file.url = await asyncio.to_thread(make, request.deferred_file.file_id)
        except Exception as error:  # whatever it is: who asked is waiting for an answer
            response.error_msg = why(error)
        return response


def why(error: BaseException) -> str:
    """Return the sentence for a file that could not be made; what the lab did not foresee goes into the log."""
    cause = error.__cause__
    if isinstance(cause, LabError):
        return str(cause)
    if cause is None and "not found" in str(error):
        return _GONE
    _LOG.error("A file could not be made", exc_info=error)
    return _UNKNOWN


def say_why() -> None:
    """Have the sessions that are to come say why; Streamlit gives no other way to."""
    if hasattr(app_session, "DeferredFileHandler"):  # another Streamlit may do it otherwise, in its own words
        app_session.DeferredFileHandler = SaysWhy
