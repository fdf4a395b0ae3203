"""What a worker has in hand: a lease on its run, whether the store lies on this machine or on another."""

from core.runs.far.far_lease import FarLease
from core.runs.store.lease import Lease

Hold = Lease | FarLease
