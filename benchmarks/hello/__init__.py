"""The first script that somebody writes with each framework: what a fresh process pays for it."""
