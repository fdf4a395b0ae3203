"""A class in the lab: who has joined, what its teacher does, and how its runs get on. Imports no torch."""

from core.runs.classroom.room import Classroom, Member
from core.runs.store.class_rules import CONTROLS, ClassState, Rules

__all__ = ["CONTROLS", "ClassState", "Classroom", "Member", "Rules"]
