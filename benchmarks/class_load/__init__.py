"""A class at once: many browser tabs over the websocket, and what the web server takes for them."""
