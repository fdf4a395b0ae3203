"""Architecture: networks as diagrams and tables, one of your own, what a place sees, and why 16·5·5."""

from pages._ui.frame import header
from pages.learn._architecture import in_address
from pages.learn._architecture.views import show_views

header(
    "Architecture",
    "A network is a row of layers, each with an output of a certain shape.",
    icon="account_tree",
)
in_address.take()
show_views()
in_address.keep()
