"""Draw `docs/architecture.svg` from the code's own imports, so that the picture stays true.

    python docs/make_architecture.py [--check]

Each box is a package with its modules; an arrow is drawn where one package imports another.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import grimp

OUT = Path(__file__).with_name("architecture.svg")
ROWS = [
    ["cli"],
    ["core"],
    ["memory"],
    ["ingest"],
    ["record", "index", "model"],
    ["plugin", "config", "errors"],
]
SAYS = {
    "cli": "the command: presents use cases",
    "core": "one process: use cases, HTTP on a socket, jobs",
    "memory": "recall by several views, packing, answers and their checks",
    "ingest": "scan, read, watch, embed in the background",
    "record": "SQLite: the system of record",
    "index": "FTS5, Chroma: rebuilt at will",
    "model": "catalog, workers, embedder, language model",
    "plugin": "the public page",
    "config": "settings",
    "errors": "one line each",
}
WIDTH, LINE, PAD, GAP, CHARS = 1000, 17, 14, 46, 7.1


def main() -> int:
    svg = draw(grimp.build_graph("secondme", "secondme_importers", cache_dir=None))
    if "--check" in sys.argv:
        return 0 if OUT.read_text(encoding="utf-8") == svg else 1
    OUT.write_text(svg, encoding="utf-8")
    return 0


def draw(graph: grimp.ImportGraph) -> str:
    boxes: dict[str, tuple[float, float, float, float]] = {}
    shapes, y = [], 20.0
    for row in ROWS:
        width = (WIDTH - 40 - GAP * (len(row) - 1)) / len(row)
        texts = {name: lines(graph, name, int((width - 2 * PAD) / CHARS)) for name in row}
        height = max(len(t) for t in texts.values()) * LINE + 2 * PAD + 22
        for i, name in enumerate(row):
            x = 20 + i * (width + GAP)
            boxes[name] = (x, y, width, height)
            shapes.append(box(name, texts[name], x, y, width, height))
        y += height + GAP
    importers = ["secondme_importers: " + ", ".join(modules(graph, "secondme_importers"))]
    shapes.append(
        f'<rect x="20" y="{y:.0f}" width="{WIDTH - 40}" height="46" rx="8" class="plugin"/>'
        f'<text x="34" y="{y + 28:.0f}" class="m">{escape(importers[0])}</text>'
    )
    arrows = [arrow(boxes[a], boxes[b]) for a, b in edges(graph)]
    arrows.append(arrow((20, y, WIDTH / 3, 46), boxes["plugin"], up=True))
    style = (
        "text{font-family:ui-monospace,monospace;font-size:12px;fill:#1f2933}.t{font-weight:700;font-size:14px}"
        ".s{fill:#52606d}.m{fill:#334e68}rect{fill:#f5f7fa;stroke:#9fb3c8}.plugin{fill:#fff8e6;stroke:#d9b44a}"
        "path{stroke:#486581;stroke-width:1.4;fill:none;marker-end:url(#a);opacity:.75}"
    )
    marker = (
        '<marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0 0 8 4 0 8z" style="fill:#486581;stroke:none"/></marker>'
    )
    body = "\n".join([*arrows, *shapes])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 66:.0f}">\n'
        f'<style>{style}</style><defs>{marker}</defs><rect width="{WIDTH}" height="{y + 66:.0f}" '
        f'style="fill:#fff;stroke:none"/>\n{body}\n</svg>\n'
    )


def modules(graph: grimp.ImportGraph, package: str) -> list[str]:
    found = [m.removeprefix(f"{package}.") for m in graph.find_descendants(package)]
    return sorted(m for m in found if not m.startswith("_"))


def lines(graph: grimp.ImportGraph, name: str, width: int) -> list[str]:
    out, line = [], ""
    for module in modules(graph, f"secondme.{name}"):
        if line and len(line) + len(module) + 2 > width:
            out.append(line + ",")
            line = ""
        line += (", " if line else "") + module
    return [*out, line] if line else []


def box(name: str, text: list[str], x: float, y: float, width: float, height: float) -> str:
    rows = [
        f'<text x="{x + PAD:.0f}" y="{y + PAD + 30 + i * LINE:.0f}" class="m">{escape(line)}</text>'
        for i, line in enumerate(text)
    ]
    says = SAYS[name] if len(SAYS[name]) * CHARS < width - 90 else ""
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="8"/>'
        f'<text x="{x + PAD:.0f}" y="{y + PAD + 8:.0f}" class="t">{name}'
        f'<tspan class="s" dx="12" style="font-weight:400;font-size:12px">{escape(says)}</tspan></text>'
        + "".join(rows)
    )


def edges(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    """Which package imports which: in the next row, or, for want of that, in the nearest below."""
    row_of = {name: i for i, row in enumerate(ROWS) for name in row}
    found = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            a, b = (m.split(".")[1] if m.count(".") else "" for m in (importer, imported))
            if a in row_of and b in row_of and row_of[b] > row_of[a]:
                found.add((a, b))
    nearest = {a: min(row_of[b] for x, b in found if x == a) for a, _ in found}
    return sorted((a, b) for a, b in found if row_of[b] == nearest[a])


def arrow(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float], up: bool = False
) -> str:
    x1, y1 = a[0] + a[2] / 2, a[1] if up else a[1] + a[3]
    x2, y2 = b[0] + b[2] / 2, b[1] + b[3] if up else b[1]
    if abs(x1 - x2) > 200 and not up:
        x1 += (x2 - x1) * 0.25
    middle = (y1 + y2) / 2
    return f'<path d="M{x1:.0f} {y1:.0f} C{x1:.0f} {middle:.0f} {x2:.0f} {middle:.0f} {x2:.0f} {y2:.0f}"/>'


if __name__ == "__main__":
    sys.exit(main())
