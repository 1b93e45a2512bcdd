"""Drafts: their encryption, their holders, their lists and their end, without HTTP."""
