"""Stands in for a fake worker in a Ray cluster: `python -m core stand-in`, with another worker."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from core.runs.cluster.hired import hiring
from core.runs.cluster.settings import cluster_needed
from core.runs.far.stand_in import be_a_stand_in

MORE = {"fake_worker.py": Path(__file__).with_name("fake_worker.py")}

if __name__ == "__main__":
    hire = hiring(cluster_needed(), work="fake_worker:work", more=MORE)
    sys.exit(0 if be_a_stand_in(sys.argv[1], int(sys.argv[2]), hire) else 1)
