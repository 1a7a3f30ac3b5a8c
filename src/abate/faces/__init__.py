"""Faces: command line, REST API and web pages. They ask, print, answer and draw."""
