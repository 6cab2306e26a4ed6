"""The local world: vendors' real protocols on loopback, for the first run and for the tests.

Rules of this package:

1. It imports nothing of contractops but itself: the product meets it only over the wire.
2. It binds 127.0.0.1 only and refuses to start beside real credentials.
3. Time is virtual: it moves only when somebody moves it.
"""
