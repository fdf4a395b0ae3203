"""The pages of the guide: which files of ``docs/`` the app shows, and in which order."""

GUIDE = {
    "walkthrough": "For teachers",
    "classroom": "In a classroom",
    "deployment": "Run it for a class",
    "data-statement": "Data statement",
    "catalogue": "Data sets, networks, recipes",
    "measured": "Measured",
    "pairs": "Every pair",
    "speed": "Speed",
    "command-line": "Command line",
    "settings": "Settings",
}
"""A file of docs/ without its ending, and what its link says. Nothing else is opened, whatever an address names."""
