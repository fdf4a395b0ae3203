"""A training on another machine, with which this one shares no disk.

A stand-in on the lab's machine holds the lease. It sends what the training needs, and asks the workplace there again
and again what its worker has to say to the store; the store is written here alone, under the fencing number.
"""
