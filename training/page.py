"""report.html: what was trained on what, how good it is, and how sure of it one may be. One file, no script."""

from html import escape

import drawing

_STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } th, td { padding: .3em .8em; border-bottom: 1px solid #ddd }
th { text-align: left } td.n { text-align: right; font-variant-numeric: tabular-nums }
pre { background: #f6f6f6; padding: .8em; overflow-x: auto } figure { display: inline-block; margin: .3em }
figcaption { font-size: 12px; text-align: center } .wrong { color: #c0392b }
"""


def _table(head, rows):
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + "".join(f'<td{"" if isinstance(c, str) else " class=n"}>{escape(_shown(c))}</td>' for c in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _shown(value):
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def html(described, verdicts, plots, faces):
    """The page. `verdicts` are (title, format, bytes or None, all, held-out); `faces` (pixels, name, true, said)."""
    counts = described["counts"]
    rows = [[t, f, b if b is not None else "", a["accuracy"], h["accuracy"]] for t, f, b, a, h in verdicts]
    held = sum(counts["test"].values())
    parts = [
        f"<h1>{escape(described['title'])}</h1>",
        f"<p>Written on {described['date']}, seed {described['seed']}; {escape(described['versions'])}.</p>",
        _table(
            ["class", "training", "choosing", "test"],
            [[name] + [counts[part][name] for part in ("train", "validation", "test")] for name in described["classes"]],
        ),
        f"<p>{escape(described['crops'])}</p>",
        "<h2>How good</h2>",
        f"<p>Accuracy on all pictures, most of which the networks were trained on, and on the {held} of the test "
        "part, which they never saw. " + _doubt(held) + "</p>",
        _table(["model", "form", "bytes", "all pictures", "test part"], rows),
    ]
    for title, form, _, everything, unseen in verdicts:
        if form in ("scikit-learn", "float32"):
            parts.append(f"<h3>{escape(title)}, {form}: all pictures</h3><pre>{escape(everything['text'])}</pre>")
            parts.append(f"<h3>{escape(title)}, {form}: test part</h3><pre>{escape(unseen['text'])}</pre>")
    parts += ["<h2>Plots</h2>"] + plots + ["<h2>What the CNN says</h2>"]
    for pixels, name, true, said in faces:
        wrong = ' class="wrong"' if true != said else ""
        words = escape(said) if true == said else f"{escape(said)}, is {escape(true)}"
        parts.append(
            f"<figure title='{escape(name, quote=True)}'>{drawing.face(pixels)}<figcaption{wrong}>{words}</figcaption></figure>"
        )
    inner = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(described["title"])}</title>'
        f"<style>{_STYLE}</style><body>{inner}</body></html>\n"
    )


def _doubt(held):
    """How far the test part's accuracy may be off: two standard errors at 0.85."""
    reach = 2 * (0.85 * 0.15 / max(1, held)) ** 0.5
    return f"Of {held} pictures that figure is only good to about &plusmn;{reach:.2f}."
