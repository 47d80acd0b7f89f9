"""Where a service's state lives: MongoDB, through motor. Nothing else in `shared` knows the driver.

names         how parties, rows, cells and moments are called there
outbox        records to publish, packed into documents
statements    a write set as MongoDB's own commands
transaction   many write sets in one transaction, fenced, retried, recognised
takeover      epochs, and the sessions of those who owned a partition before
reader        what read models ask
parkings      parked parties, and what is asked of their owners
asking        questions to a snapshot
snapshot      several of them, answered as of one moment
store         all of it behind `shared.line.ports.Store`
"""

from shared.runtime.store.asking import Ask
from shared.runtime.store.parkings import MongoParkings
from shared.runtime.store.reader import MongoReader
from shared.runtime.store.snapshot import Snapshot
from shared.runtime.store.store import MongoStore

__all__ = ["Ask", "MongoParkings", "MongoReader", "MongoStore", "Snapshot"]
