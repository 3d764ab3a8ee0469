#!/usr/bin/env python3
"""How a step of the class head grows with the number of classes, from 10,000 to 10,000,000 (D = 512, N = 128).

    head_scale.py run PROGRAM OUT [--most 10000000]   measures: OUT/head-scale.jsonl, then as draw
    head_scale.py draw OUT                            OUT/head-scale.md (a table) and OUT/head-scale.svg (a plot)

Each dtype up to what fits in memory, and PyTorch's plain and chunked heads up to a million classes. Runs about ten
minutes; on a quiet machine, please.
"""
import argparse
import json
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import head_runs  # noqa: E402

BATCH = 128
CLASSES = [10000, 30000, 100000, 300000, 1000000, 3000000, 10000000]
DTYPES = {"f32": 8, "bf16": 8, "bf16-lean": 4}  # bytes of w and momentum for each number
PEERS = ["plain", "chunked", "chunked-bf16"]
PEER_CLASSES = [10000, 100000, 1000000]


def measure(program, out, most):
    with open(out / "head-scale.jsonl", "w") as file:
        def keep(who, line):
            if line is not None:
                file.write(json.dumps({"who": who, **line}) + "\n")
                file.flush()
                print(f"{who} {line.get('dtype', line['case'])} C={line['classes']}: {line['ms_median']:.1f} ms",
                      file=sys.stderr)
        for classes in (classes for classes in CLASSES if classes <= most):
            for dtype, number_bytes in DTYPES.items():
                needed, free = 1e-9 * number_bytes * classes * 512 + 0.25, head_runs.free_gb()
                if needed > 15 / 16 * free:
                    print(f"left out: {dtype} at C={classes} needs {needed:.1f} GB; {free:.1f} GB are free",
                          file=sys.stderr)
                    continue
                keep("tammes", head_runs.ours(program, classes, BATCH, dtype))
            if classes in PEER_CLASSES:
                for case in PEERS:
                    keep("PyTorch", head_runs.theirs(case, classes, BATCH))


def read(out):
    runs = {}
    for line in (out / "head-scale.jsonl").read_text().splitlines():
        run = json.loads(line)
        name = run["dtype"] if run["who"] == "tammes" else run["case"]
        runs[run["who"], name, run["classes"]] = run
    return runs


def digits(value):
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def write_table(runs, path):
    lines = ["| C | dtype | step, ms | per million classes | limit, ms | ratio | w and momentum, GB | peak, GB | "
             "PyTorch plain, ms | PyTorch chunked, ms | times faster |", "|" + "---|" * 11]
    for classes in CLASSES:
        for dtype in DTYPES:
            run = runs.get(("tammes", dtype, classes))
            if run is None:
                continue
            peers = [runs.get(("PyTorch", case, classes)) for case in
                     (("plain", "chunked") if dtype == "f32" else (None, "chunked-bf16"))]
            times = [peer["ms_median"] if peer else None for peer in peers]
            best = min((time for time in times if time), default=None)
            cells = [f"{classes:,}", dtype, digits(run["ms_median"]), digits(1e6 / classes * run["ms_median"]),
                     digits(run["limit_ms"]), f"{run['ratio_to_limit']:.2f}", f"{run['weights_mb'] / 1e3:.2f}",
                     f"{run['peak_rss_mb'] * 1.048576e-3:.2f}"]
            cells += [digits(time) if time else "" for time in times]
            cells.append(f"{best / run['ms_median']:.1f}" if best else "")
            lines.append("| " + " | ".join(cells) + " |")
    path.write_text("\n".join(lines) + "\n")


class Plot:
    """Both axes logarithmic."""
    LEFT, TOP, WIDTH, HEIGHT, LEGEND = 70, 20, 500, 400, 240

    def __init__(self, x, y):
        self.x, self.y, self.parts, self.legend = x, y, [], []
        right, bottom = self.LEFT + self.WIDTH, self.TOP + self.HEIGHT
        for decade in range(math.ceil(math.log10(x[0])), math.floor(math.log10(x[1])) + 1):
            place = self.place(10.0 ** decade, y[0])[0]
            self.line([(place, self.TOP), (place, bottom)], "#dddddd", 1)
            self.text(place, bottom + 18, f"{10 ** decade:,}", "middle")
        for decade in range(math.ceil(math.log10(y[0])), math.floor(math.log10(y[1])) + 1):
            place = self.place(x[0], 10.0 ** decade)[1]
            self.line([(self.LEFT, place), (right, place)], "#dddddd", 1)
            self.text(self.LEFT - 8, place + 4, f"{10.0 ** decade:,g}", "end")
        self.parts.append(f'<rect x="{self.LEFT}" y="{self.TOP}" width="{self.WIDTH}" height="{self.HEIGHT}" '
                          'fill="none" stroke="#555555"/>')
        self.text(self.LEFT + self.WIDTH / 2, bottom + 40, "classes C", "middle")
        self.parts.append(f'<text transform="translate(16 {self.TOP + self.HEIGHT / 2}) rotate(-90)" '
                          'text-anchor="middle">one step, milliseconds</text>')

    def place(self, x, y):
        along = math.log(x / self.x[0]) / math.log(self.x[1] / self.x[0])
        up = math.log(y / self.y[0]) / math.log(self.y[1] / self.y[0])
        return self.LEFT + self.WIDTH * along, self.TOP + self.HEIGHT * (1.0 - up)

    def line(self, places, colour, width, dash=""):
        self.parts.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" '
                          f'stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"/>')

    def text(self, x, y, words, anchor="start"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>')

    def dots(self, places, colour, shape):
        for x, y in places:
            if shape == "circle":
                self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
            else:
                self.parts.append(f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="none" '
                                  f'stroke="{colour}" stroke-width="2"/>')

    def series(self, name, points, colour, dash=None, shape=None):
        if not points:
            return
        x, y = self.LEFT + self.WIDTH + 16, self.TOP + 12 + 20 * len(self.legend)
        self.legend.append(name)
        places = [self.place(*point) for point in points]
        if dash is not None:
            self.line(places, colour, 2, dash)
            self.line([(x, y), (x + 24, y)], colour, 2, dash)
        if shape is not None:
            self.dots(places + [(x + 12, y)], colour, shape)
        self.text(x + 32, y + 4, name)

    def write(self, path):
        width, height = self.LEFT + self.WIDTH + self.LEGEND, self.TOP + self.HEIGHT + 55
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                        f'height="{height}" font-family="sans-serif" font-size="12">\n'
                        f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(self.parts) +
                        "\n</svg>\n")


def write_plot(runs, path):
    def points(who, name, key="ms_median"):
        return [(classes, runs[who, name, classes][key]) for classes in CLASSES if (who, name, classes) in runs]

    times = [run[key] for run in runs.values() for key in ("ms_median", "limit_ms") if key in run]
    counts = [run["classes"] for run in runs.values()]
    plot = Plot((min(counts) / 1.5, max(counts) * 1.5), (min(times) / 1.5, max(times) * 1.5))
    colours = {"f32": "#0072b2", "bf16": "#e69f00", "bf16-lean": "#009e73"}
    for case, colour in (("plain", "#d55e00"), ("chunked", "#cc79a7"), ("chunked-bf16", "#999999")):
        plot.series(f"PyTorch, {case}", points("PyTorch", case), colour, shape="square")
    for dtype, colour in colours.items():
        plot.series(f"tammes {dtype}", points("tammes", dtype), colour, dash="", shape="circle")
    for dtype, colour in colours.items():
        plot.series(f"this machine's limit, {dtype}", points("tammes", dtype, "limit_ms"), colour, dash="5 4")
    plot.write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run", "draw"])
    parser.add_argument("words", nargs="+", metavar="[PROGRAM] OUT")
    parser.add_argument("--most", type=int, default=CLASSES[-1])
    arguments = parser.parse_args()
    if len(arguments.words) != (2 if arguments.verb == "run" else 1):
        parser.error("run takes PROGRAM and OUT, draw takes OUT")
    out = pathlib.Path(arguments.words[-1])
    out.mkdir(parents=True, exist_ok=True)
    if arguments.verb == "run":
        measure(arguments.words[0], out, arguments.most)
    runs = read(out)
    if not runs:
        sys.exit("nothing was measured")
    write_table(runs, out / "head-scale.md")
    write_plot(runs, out / "head-scale.svg")
    print((out / "head-scale.md").read_text(), end="")


if __name__ == "__main__":
    main()
