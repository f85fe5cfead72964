"""What people read: one renderer for each command, and what they share.

terminal    consoles, JSON documents, notes and errors
tables      tables, and texts made short and harmless
"""
