"""Guidance in the page: the lesson whose steps stand where they are done, and questions to answer before one looks."""
