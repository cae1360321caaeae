"""Learning curves, confusion matrices and pictures as SVG text. Plain shapes, no library, no script."""

from html import escape

_INK, _FAINT, _BLUE, _RED = "#222", "#ccc", "#1f6fb2", "#c0392b"


def _svg(width, height, inner):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">\n<rect width="{width}" height="{height}" '
        f'fill="#fff"/>\n{inner}</svg>\n'
    )


def _text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(str(words))}</text>\n'


def curves(title, epochs, best):
    """Loss (left) and accuracy (right) of training and choosing pictures by epoch; the best epoch is marked."""
    inner = _text(380, 18, title, more=' font-weight="bold"')
    inner += _panel(50, "loss", [e["loss"] for e in epochs], [e["validation_loss"] for e in epochs], best, None)
    accuracy = [e["accuracy"] for e in epochs], [e["validation_accuracy"] for e in epochs]
    inner += _panel(430, "accuracy", *accuracy, best, 1.0)
    return _svg(760, 300, inner)


def _panel(left, name, training, choosing, best, top):
    width, height, above = 300, 200, 50
    highest = top or max(max(training), max(choosing), 1e-9)
    steps = max(1, len(training) - 1)

    def points(values):
        return " ".join(
            f"{left + width * i / steps:.1f},{above + height * (1 - min(v, highest) / highest):.1f}"
            for i, v in enumerate(values)
        )

    inner = f'<rect x="{left}" y="{above}" width="{width}" height="{height}" fill="none" stroke="{_FAINT}"/>\n'
    at = left + width * best / steps
    inner += f'<line x1="{at:.1f}" y1="{above}" x2="{at:.1f}" y2="{above + height}" stroke="{_FAINT}"/>\n'
    for values, colour in ((training, _BLUE), (choosing, _RED)):
        inner += f'<polyline points="{points(values)}" fill="none" stroke="{colour}" stroke-width="1.5"/>\n'
    inner += _text(left - 6, above + 8, f"{highest:.2g}", "end") + _text(left - 6, above + height, "0", "end")
    inner += _text(left + width / 2, above + height + 18, f"epoch, 1 to {len(training)}; best {best + 1}")
    inner += _text(left + 4, above - 8, name, "start")
    inner += _text(left + width - 90, above - 8, "training", "end", f' fill="{_BLUE}"')
    return inner + _text(left + width, above - 8, "validation", "end", f' fill="{_RED}"')


def confusion(title, classes, counts):
    """The confusion matrix: rows are the true classes, columns what was said."""
    cell, left, above = 84, 130, 70
    side = cell * len(classes)
    most = max(1, max(max(row) for row in counts))
    inner = _text(left + side / 2, 18, title, more=' font-weight="bold"') + _text(left + side / 2, 40, "said")
    for i, name in enumerate(classes):
        inner += _text(left + cell * (i + 0.5), 60, name)
        inner += _text(left - 8, above + cell * (i + 0.5) + 4, f"is {name}", "end")
        for j, count in enumerate(counts[i]):
            x, y, share = left + cell * j, above + cell * i, count / most
            inner += f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="{_BLUE}" '
            inner += f'fill-opacity="{share:.2f}" stroke="{_FAINT}"/>\n'
            colour = "#fff" if share > 0.5 else _INK
            inner += _text(x + cell / 2, y + cell / 2 + 5, count, more=f' font-size="18" fill="{colour}"')
    return _svg(left + side + 20, above + side + 20, inner)


def face(pixels, size=80):
    """A grey picture, each pixel a square."""
    height, width = pixels.shape
    inner = "".join(
        f'<rect x="{x}" y="{y}" width="1.02" height="1.02" fill="#{pixels[y, x]:02x}{pixels[y, x]:02x}{pixels[y, x]:02x}"/>'
        for y in range(height)
        for x in range(width)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges">{inner}</svg>'
    )
