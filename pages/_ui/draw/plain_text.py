"""What people have typed, as Markdown shows it unchanged."""

import re

# Where an address for the web or for mail would begin to be one: before the point of www. and the colon of http:, at @.
_ADDRESS = re.compile(r"(?<=www)(?=\.)|(?<=http)(?=://)|(?<=https)(?=://)|(?<=[\w.+-])(?=@)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$:~^=&\"'/@])")


def plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is; for names and messages that people have typed.

    Streamlit's Markdown makes links of bare addresses, escaped or not: a joiner without width keeps those apart.
    """
    return _PUNCTUATION.sub(r"\\\1", _ADDRESS.sub("\u2060", text))
