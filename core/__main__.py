"""``python -m core …``: the same core, without a screen (`core.command_line`)."""

from core.command_line.program import main

if __name__ == "__main__":
    main()
