"""What is printed and sent: documents and labels on paper.

``sheets`` says what stands on one, in the words of its reader; ``pdf`` and ``pages`` (HTML and
plain text) put it down, ``labels`` makes those for parcels. Nothing here knows the database.
"""
