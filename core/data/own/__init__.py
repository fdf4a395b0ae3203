"""Own sets: the class's own pictures, kept in the lab's home.

A set has a title, classes in an order, and pictures; it belongs to whoever made it (`core.rights.Person`), and all may
look. ``home()/sets.sqlite3`` knows what there is, ``home()/sets/<id>/`` holds a file a picture.

    sets = open_own_sets()                               # the same object for the same home; safe between threads
    mugs = sets.create("Mugs and cups", by=person, classes=("mug", "cup"))      # → OwnSet
    sets.get(id); sets.list(owner=None); sets.rename(id, title, by=…); sets.delete(id, by=…)
    sets.add_class(id, name, by=…); sets.rename_class(id, class_id, name, by=…)
    sets.move_class(id, class_id, place, by=…); sets.merge_class(id, class_id, into=…, by=…)
    sets.delete_class(id, class_id, by=…)                # each returns the OwnSet as it is then

    pictures = OwnPictures(sets)
    new = NewPicture(data=bytes, file_name=…, contributor=… or None, burst=… or None)
    added = pictures.add(id, class_id, new, by=person)             # → Added(picture, new, sentence); on the disk
    pictures.add(id, class_id, new, by=person, code="BKMTXZ")      # whoever knows the open join code may add too
    pictures.list(id, class_id=None, after=0, at_most=60)          # → OwnPicture …, in the order they came
    pictures.read(id, picture_id)                                  # → a JPEG or PNG file's bytes, at most 512 px
    pictures.looks(id)                                             # → {picture id: 32×32 RGB miniature}
    pictures.move(id, picture_ids, to=class_id, by=…); pictures.delete(id, picture_ids, by=…, for_good=False)

    joining = Joining(sets)
    joining.open(id, by=…) → code; joining.rotate(…) → code; joining.close(…); joining.find("bkm txz") → OwnSet

    from core.data.own.ways_in.import_set import import_zip     # an uploaded zip: class folders, or a saved set
    imported = import_zip(pictures, file, "mugs.zip", title="", by=person)   # → Imported(own, skipped: file and error)
    from core.data.own.ways_out.saved_set import save_set
    save_set(pictures, id, file)                                   # → one zip, which another lab opens; with what was
                                                                   # trained on it: core.runs.carried_sets

Among the data sets of the catalogue ``own-<id>`` is a set as it is now and ``own-<id>@<version>`` as it was
(`core.data.own.as_data_set`); what is about to be trained on is kept by `core.data.kept_name`. Pictures that a kept
version needs stay on the disk when they are taken out of their set, unless they are deleted ``for_good``.

``sets.changes()`` is another number after every change of any set and ``OwnSet.revision`` after every change of that
one, so a page that follows asks for a number. Failures are sentences: OwnSetError (a DataError), PhotoError for what
is no picture, RightsError for what is somebody else's. Limits are `core.data.own.limits.LIMITS`; names may have
`NAME_LENGTH` characters.
"""

from core.data.own.limits import LIMITS, Limits
from core.data.own.records import NAME_LENGTH, OwnClass, OwnPicture, OwnSet, OwnSetError
from core.data.own.store.joining import Joining
from core.data.own.store.pictures import Added, NewPicture, OwnPictures
from core.data.own.store.sets import OwnSets, open_own_sets, there_are_own_sets

__all__ = [
    "LIMITS",
    "NAME_LENGTH",
    "Added",
    "Joining",
    "Limits",
    "NewPicture",
    "OwnClass",
    "OwnPicture",
    "OwnPictures",
    "OwnSet",
    "OwnSetError",
    "OwnSets",
    "open_own_sets",
    "there_are_own_sets",
]
