"""Worksheets: parts and questions that a teacher hands out, what students write, and what they hand in. No torch."""

from core.runs.worksheets.form import ANSWER_LENGTH, Part, Question, Worksheet, WorksheetError
from core.runs.worksheets.given import Given, Worksheets
from core.runs.worksheets.handed_in import HandIns, Standing
from core.runs.worksheets.shipped import shipped_worksheets
from core.runs.worksheets.work import MOST_PICTURES, KeptPicture, StudentsWork, Work

__all__ = [
    "ANSWER_LENGTH",
    "MOST_PICTURES",
    "Given",
    "HandIns",
    "KeptPicture",
    "Part",
    "Question",
    "Standing",
    "StudentsWork",
    "Work",
    "Worksheet",
    "WorksheetError",
    "Worksheets",
    "shipped_worksheets",
]
