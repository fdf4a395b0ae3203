"""Where workers run: the port, and processes of this machine, started cold or forked warm."""
