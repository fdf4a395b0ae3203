"""What the web server does beside drawing pages: bounds on what it takes in, and letting go of what nobody needs."""
