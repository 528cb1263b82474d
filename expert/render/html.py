"""A page as one HTML file that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from expert.render.document import (
    Block,
    Code,
    Item,
    Items,
    Line,
    Link,
    Listing,
    Page,
    Paragraph,
    Strong,
    Table,
)
from expert.render.drawing import svg
from expert.render.escape import printable

STYLE = """\
:root{color-scheme:light dark;--ink:#1f2328;--dim:#59636e;--paper:#fff;--soft:#f6f8fa;--edge:#d8dee4;--link:#0969da}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--soft:#161b22;--edge:#30363d;
--link:#58a6ff}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:50rem;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-bottom:.25rem;
border-bottom:1px solid var(--edge)}
section.more{margin-top:4rem;padding-top:1rem;border-top:3px solid var(--edge)}section.more h1{font-size:1.4rem}
p{margin:.6rem 0}ul,ol{margin:.6rem 0;padding-left:1.4rem}li{margin:.2rem 0}a{color:var(--link)}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--soft);padding:.1em .3em;
border-radius:4px}
pre{overflow-x:auto;background:var(--soft);border:1px solid var(--edge);border-radius:6px;padding:.75rem 1rem;
margin:.8rem 0}
pre code{background:none;padding:0;font-size:.8125rem;line-height:1.45}
pre.told{white-space:pre-wrap}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;margin:.6rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border:1px solid var(--edge)}th{background:var(--soft)}
figure{margin:1rem 0}figure svg{display:block;max-width:100%;height:auto}
figcaption{color:var(--dim);font-size:.875rem;margin-top:.35rem}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What the page may load: nothing."""


def html(page: Page, further: Sequence[Page] = ()) -> str:
    """The page, with further ones below it that its links lead to; other links are plain words."""
    here = frozenset(one.id for one in (page, *further))
    body = "\n".join([*_page(page, here, "main"), *(line for one in further for line in _page(one, here, "section"))])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{_said(page.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _page(page: Page, here: frozenset[str], tag: str) -> Iterator[str]:
    kind = ' class="more"' if tag == "section" else ""
    yield f'<{tag} id="{_said(page.id)}"{kind}>'
    yield f"<h1>{_said(page.title)}</h1>"
    yield from (_block(block, here) for block in page.lead)
    for section in page.sections:
        yield f"<h2>{_said(section.title)}</h2>"
        yield from (_block(block, here) for block in section.blocks)
    yield f"</{tag}>"


def _block(block: Block, here: frozenset[str]) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{_line(block.line, here)}</p>"
    if isinstance(block, Items):
        return _items(block.items, here, numbered=block.numbered)
    if isinstance(block, Listing):
        kind = "" if block.language else ' class="told"'
        return f"<pre{kind}><code>{_said(block.text)}</code></pre>"
    if isinstance(block, Table):
        return _table(block, here)
    return f"<figure>\n{svg(block.figure, block.caption)}<figcaption>{_said(block.caption)}</figcaption></figure>"


def _items(items: Iterable[Item], here: frozenset[str], *, numbered: bool = False) -> str:
    tag = "ol" if numbered else "ul"
    told = [f"<li>{_line(item.line, here)}{_items(item.parts, here) if item.parts else ''}</li>" for item in items]
    return f"<{tag}>{''.join(told)}</{tag}>"


def _table(table: Table, here: frozenset[str]) -> str:
    head = "".join(f"<th>{_said(cell)}</th>" for cell in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{_line(cell, here)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _line(line: Line, here: frozenset[str]) -> str:
    told = []
    for piece in line:
        if isinstance(piece, Code):
            told.append(f"<code>{_said(piece.text)}</code>")
        elif isinstance(piece, Strong):
            told.append(f"<strong>{_said(piece.text)}</strong>")
        elif isinstance(piece, Link):
            told.append(_link(piece, here))
        else:
            told.append(_said(piece))
    return "".join(told)


def _link(link: Link, here: frozenset[str]) -> str:
    words = _said(link.text)
    if link.kind == "page":
        return words
    if link.target in here:
        return f'<a href="#{_said(link.target)}">{words}</a>'
    return words if link.target in link.text else f"{words} ({_said(link.target)})"


def _said(words: str) -> str:
    return escape(printable(words), quote=True)
