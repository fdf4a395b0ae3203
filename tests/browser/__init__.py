"""Chromium drives the real server: frame, pages, trainings that outlive reloads and restarts."""
