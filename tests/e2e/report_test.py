#!/usr/bin/env python3
"""Reports as users get them: files, pages in a browser, several runs, CSV that imports again."""
import html
import json
import os
import re
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

from harness import HARROW, Case, main, wait_for

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome")
                if (found := shutil.which(name))), None)
CLASSES = ["bottle", "cable", "metal_nut"]
HOSTILE = "<script src=//x.org/a.js>alert(\"1\")</script> 'q' %d `date` $HOME_\\ & ±Δ↑ 中"


def long_csv(cells=("main", "wo_dia", HOSTILE), seeds=5, shift=0.0):
    """Three cells over three tasks of one class each, as `harrow import` takes them."""
    lines = ["cell,seed,after_task,class,metric,value"]
    for c, cell in enumerate(cells):
        quoted = '"' + cell.replace('"', '""') + '"'
        for seed in range(seeds):
            for task in range(len(CLASSES)):
                for k, metric in enumerate(("image_auroc", "pixel_ap")):
                    values = [0.9 + 0.01 * c - 0.2 * k + 0.001 * seed - 0.005 * (task - i) + shift
                              for i in range(task + 1)]
                    for name, value in zip(CLASSES, values):
                        lines.append(f"{quoted},{seed},{task},{name},{metric},{value!r}")
                    lines.append(f"{quoted},{seed},{task},mean,{metric},{sum(values) / len(values)!r}")
    return "\n".join(lines) + "\n"


def read_all(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class ReportTest(Case):
    def run_of(self, name, text):
        table = self.dir / f"{name}.csv"
        table.write_text(text)
        self.harrow("import", table, "--dir", self.dir / name)
        return self.dir / name

    def test_a_report_is_a_folder_of_equal_bytes(self):
        run = self.run_of("run", long_csv())
        printed = self.harrow("report", run, "--vs", "main", "--format", "html")
        folder = run / "report"
        first = read_all(folder)
        self.assertEqual(printed.stdout, first["index.html"].decode())
        self.assertIn(str(folder / "index.html"), printed.stderr)
        for name in ("report.md", "tables.tex", "summary.json", "results_long.csv", "results_wide.csv",
                     "class_differences.csv"):
            self.assertIn(name, first)
        differences = json.loads(first["summary.json"])["class_comparisons"]
        self.assertEqual(len(differences), 2 * 2 * (len(CLASSES) + 1), "cells × metrics × classes and mean")
        self.assertEqual(len(first["class_differences.csv"].splitlines()), 1 + len(differences))
        self.assertIn(b"Classes against main", first["report.md"])
        if shutil.which("gnuplot"):
            figures = [name for name in first if name.startswith("figures/")]
            self.assertGreaterEqual(len(figures), 10)
            self.assertNotIn(b"is missing: gnuplot", first["report.md"])
        head, *lines = long_csv().splitlines()
        turned = self.run_of("turned", "\n".join([head, *reversed(lines)]) + "\n")
        self.harrow("report", turned, "--vs", "main", "--format", "html", "--out", self.dir / "again")
        second = read_all(self.dir / "again")
        self.assertEqual(set(first), set(second))
        for name, data in second.items():  # cells come in the order of the table, ids in that of names
            if name.startswith("figures/"):
                self.assertEqual(data, first[name], name)
        self.harrow("report", run, "--vs", "main", "--format", "html", "--out", self.dir / "thrice")
        self.assertEqual(read_all(self.dir / "thrice"), first)

    def test_best_says_whose_a_local_metric_is(self):
        local = self.run_of("local", long_csv().replace("pixel_ap", "classf1_local"))
        whose = "not by MVTec AD 2's server"
        self.assertIn(whose, self.harrow("best", local, "--metric", "classf1_local").stdout)
        self.assertIn(whose, self.harrow("best", local, "--metric", "image_auroc,classf1_local").stdout)
        self.assertNotIn(whose, self.harrow("best", local, "--metric", "image_auroc").stdout)

    def test_without_gnuplot_all_but_the_figures_is_there(self):
        run = self.run_of("run", long_csv())
        self.env["PATH"] = str(self.dir)
        done = self.harrow("report", run, "--format", "html")
        self.assertEqual(done.stdout.count("Figures are missing: gnuplot was not found on PATH."), 1)
        self.assertIn("<table", done.stdout)
        self.assertFalse((run / "report/figures").exists())
        self.assertNotIn("Figures are missing",
                         self.harrow("report", run, "--format", "html", "--no-figures").stdout)

    def fake_gnuplot(self, script):
        folder = self.dir / "bin"
        folder.mkdir()
        (folder / "gnuplot").write_text("#!/bin/sh\n" + script)
        (folder / "gnuplot").chmod(0o755)
        self.env["PATH"] = f"{folder}:{self.env['PATH']}"

    def test_a_signal_leaves_neither_gnuplot_nor_its_folder(self):
        run = self.run_of("run", long_csv())
        folder = self.dir / "tmp"
        folder.mkdir()
        self.env["TMPDIR"] = str(folder)
        self.fake_gnuplot(f"echo $$ > {self.dir}/pid.new; mv {self.dir}/pid.new {self.dir}/pid; exec sleep 600")
        process = self.start("report", run, "--format", "html")
        wait_for((self.dir / "pid").exists, "gnuplot")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), -signal.SIGTERM)
        self.assertEqual(list(folder.iterdir()), [])
        self.assertFalse(Path(f"/proc/{(self.dir / 'pid').read_text().strip()}").exists())
        self.assertFalse((run / "report").exists())

    def test_figures_without_a_folder_are_missing_and_no_more(self):
        run = self.run_of("run", long_csv())
        self.env["TMPDIR"] = "/proc"  # a folder where nobody can make one
        page = self.harrow("report", run, "--format", "html").stdout
        self.assertIn("Figures are missing: cannot create a folder like /proc/harrow-figures-", page)
        self.assertIn("<table", page)

    def test_files_of_an_earlier_report_do_not_stay(self):
        run = self.run_of("run", long_csv())
        spec = self.dir / "tables.yaml"
        folder = self.dir / "out"

        def tables(*names):
            spec.write_text("tables:\n" + "".join(
                f"  - {{name: {name}, rows: [{{cell: main}}], columns: [image_auroc]}}\n" for name in names))
            return ["report", run, "--tables", spec, "--out", folder, "--format"]

        self.harrow(*tables("one", "two"), "html")
        (folder / "tables/mine.tex").write_text("of the user's")
        self.harrow(*tables("two"), "tex")
        self.assertEqual(sorted(path.name for path in (folder / "tables").iterdir()),
                         ["mine.tex", "one.csv", "two.csv", "two.tex"])
        self.harrow("report", run, "--format", "html", "--no-figures", "--out", folder)
        self.assertEqual(sorted(path.name for path in (folder / "tables").iterdir()), ["mine.tex"])
        self.assertFalse((folder / "figures").exists())
        (folder / ".report-files").write_text("tables/../../run.csv\n../run.csv\ntables/..\nreport.md\n")
        self.harrow("report", run, "--format", "html", "--no-figures", "--out", folder)
        self.assertTrue((self.dir / "run.csv").exists())
        self.assertTrue((folder / "report.md").exists())

    def test_few_descriptors_are_enough(self):
        run = self.run_of("run", long_csv())
        self.command(["bash", "-c", f"ulimit -n 16; exec {HARROW} report {run} --format html"])

    def test_several_formats_are_files(self):
        run = self.run_of("run", long_csv())
        done = self.harrow("report", run, "--format", "md,csv-wide", "--out", self.dir / "out")
        self.assertEqual(done.stdout.split(), [str(self.dir / "out" / name)
                                               for name in ("report.md", "results_wide.csv")])
        self.assertEqual(sorted(read_all(self.dir / "out")), ["report.md", "results_wide.csv"])
        self.assertEqual((self.dir / "out/report.md").read_text(),
                         self.harrow("report", run, "--format", "md").stdout)
        self.harrow("report", run, "--format", "docx", code=2)

    def test_csv_imports_again_without_loss(self):
        run = self.run_of("run", long_csv() + f"published,,,mean,image_auroc,0.981\n")
        for form in ("csv-long", "csv-wide"):
            text = self.harrow("report", run, "--format", form).stdout
            again = self.run_of(f"again-{form}", text)
            self.assertEqual(self.harrow("report", again, "--format", form).stdout, text)

    def test_a_folder_that_cannot_be_written_is_named(self):
        run = self.run_of("run", long_csv())
        (self.dir / "file").write_text("x")
        done = self.harrow("report", run, "--format", "html", "--out", self.dir / "file/report", code=4)
        self.assertIn(str(self.dir / "file"), done.stderr)
        if os.path.exists("/dev/full"):
            folder = self.dir / "out"
            self.harrow("report", run, "--format", "html", "--out", folder)
            before = read_all(folder)
            limited = ["bash", "-c", f"ulimit -f 8; trap '' XFSZ; exec {HARROW} report {run} --format html "
                                     f"--percent --no-figures --out {folder}"]
            done = self.command(limited, code=4)
            self.assertIn(str(folder), done.stderr)
            self.assertEqual(read_all(folder), before, "nothing was replaced")

    def test_runs_share_a_report(self):
        a = self.run_of("a", long_csv(cells=("main",)))
        b = self.run_of("b", long_csv(cells=("main", "more"), shift=0.01))
        names = [cell["name"] for cell in
                 json.loads(self.harrow("report", a, b, "--format", "json").stdout)["cells"]]
        self.assertEqual(names, ["a/main", "b/main", "more"])
        self.assertEqual(self.harrow("report", a, f"{a}/", "--format", "md").stdout,
                         self.harrow("report", a, "--format", "md").stdout)

    @unittest.skipUnless(shutil.which("pdflatex"), "pdflatex is not installed")
    def test_the_tables_compile(self):
        run = self.run_of("run", long_csv())
        (self.dir / "tables.tex").write_text(self.harrow("report", run, "--vs", "main", "--format", "tex").stdout)
        (self.dir / "page.tex").write_text("\\documentclass{article}\\usepackage{booktabs}"
                                           "\\begin{document}\\input{tables}\\end{document}\n")
        self.command(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"])


@unittest.skipUnless(BROWSER, "no Chromium is installed: pages are not looked at")
class BrowserTest(Case):
    def browse(self, page, width, probe):
        """What `probe` answers in a copy of the page, `width` pixels wide, and what the console said.

        A frame is as narrow as it is asked to be; windows are not.
        """
        copy, frame = page.parent / f"copy-{width}.html", page.parent / f"frame-{width}.html"
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
        copy.write_text(text.replace("</body>", f"<script>parent.postMessage({probe}, '*')</script></body>"))
        frame.write_text("<!doctype html><title>-</title><script>onmessage = e => document.title = e.data"
                         f"</script><iframe src='{copy.name}' width='{width}' height='800' "
                         "style='border: 0'></iframe>")
        dom, console = self.chromium(frame, 1400)
        return re.search(r"<title>([^<]*)</title>", dom).group(1), console

    def chromium(self, page, width):
        profile = self.dir / "profile"
        done = subprocess.run(
            [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions",
             "--no-first-run", f"--user-data-dir={profile}", f"--window-size={width},900",
             "--enable-logging=stderr", "--v=0", "--log-net-log=" + str(self.dir / "net.json"),
             "--virtual-time-budget=2000", "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=120, env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, console

    def test_the_page_asks_for_nothing_and_fits(self):
        table = self.dir / "run.csv"
        table.write_text(long_csv())
        self.harrow("import", table, "--dir", self.dir / "run")
        self.harrow("report", self.dir / "run", "--vs", "main", "--format", "html")
        page = self.dir / "run/report/index.html"
        text = page.read_text()
        self.assertIsNone(re.search(r'(src|href|action|poster)="(?!data:|#|figures/|[a-z_]+\.(md|tex|json|csv)")',
                                    text))
        self.assertIsNone(re.search(r"https?:|url\(|@import|<script|<iframe|<object| on[a-z]+=\"", text))
        dom, console = self.chromium(page, 1280)
        self.assertEqual(console, [])
        self.assertIn(html.escape(HOSTILE, quote=False).replace(" ±", "&nbsp;±"), dom)
        for asked in re.findall(r'"url":"([^"]*)"', (self.dir / "net.json").read_text()):
            self.assertNotIn("x.org", asked)
        probe = ("[document.documentElement.scrollWidth, innerWidth, "
                 "document.querySelectorAll('script').length, performance.getEntriesByType('resource')"
                 ".filter(e => !e.name.startsWith('data:')).length, "
                 "document.querySelectorAll('figure svg').length].join(' ')")
        for width in (390, 1280):
            answer, console = self.browse(page, width, probe)
            self.assertEqual(console, [])
            scroll, inner, scripts, requests, figures = map(int, answer.split())
            self.assertEqual(inner, width)
            self.assertLessEqual(scroll, inner, f"the page scrolls sideways at {width} px")
            self.assertEqual(scripts, 1, "the probe alone")
            self.assertEqual(requests, 0)
            if shutil.which("gnuplot"):
                self.assertGreater(figures, 4)


if __name__ == "__main__":
    main()
