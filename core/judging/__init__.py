"""How good a network is on images it has never seen, whether another is better, and what it says of one photo."""
