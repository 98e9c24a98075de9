"""What the builder of the site must know of our pages: ``x.fr.md`` is the French of ``x.md``.

The pages link to each other so that they can be read as plain files. On the site both languages
have the same names, the French ones in a folder of their own.
"""

from __future__ import annotations

import re
from typing import Any

_LINK = re.compile(r"\[([^\]]*)\]\(([a-z_0-9-]+)\.fr\.md(#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_more: object) -> str:
    """A page with its links as the site has them."""
    french = page.file.src_uri.endswith(".fr.md")
    form = r"[\1](\2.md\3)" if french else r'<a href="fr/\2.html\3">\1</a>'
    return _LINK.sub(form, markdown)
