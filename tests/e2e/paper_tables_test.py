"""Tables for papers: a sweep's own, a file's over several runs and imports, in every format."""
import csv
import io
import re
import shutil
import subprocess
import unittest

from harness import SOURCE, Case, journal, main

REHEARSAL = SOURCE / "sweeps" / "examples" / "rehearsal.yaml"
FIVE = """cell,seed,image_auroc,pixel_ap
main,0,98.10,53.01
main,1,98.22,53.31
main,2,98.16,53.61
wo_dia,0,97.10,50.01
wo_dia,1,97.02,50.31
wo_dia,2,97.16,50.11
late,0,99.00,60.00
"""
OWN = """tables:
- name: rates
  caption: "Learning rates, 100 % & more_or_less"
  rows: [{cell: lr=1e-04, label: "low_rate #1"}, rule, {cell: base}]
  columns: [image_auroc]
"""


class PaperTablesTest(Case):
    def rehearsal(self, name, extra="", seeds="0..2"):
        text = REHEARSAL.read_text().replace("seconds: 0.5", "seconds: 0").replace("name: rehearsal", f"name: {name}")
        sweep = self.dir / f"{name}.yaml"
        sweep.write_text(text.replace("seeds: 0..4", f"seeds: {seeds}") + extra)
        self.harrow("run", sweep, "--dir", self.dir / name)
        return self.dir / name

    def imported(self, name="five", text=FIVE):
        table = self.dir / f"{name}.csv"
        table.write_text(text)
        self.harrow("import", table, "--dir", self.dir / name)
        return self.dir / name

    def tables(self, text):
        path = self.dir / "tables.yaml"
        path.write_text("tables:\n" + text)
        return path

    def test_a_sweep_brings_its_tables_and_may_change_them_later(self):
        run = self.rehearsal("own")
        self.assertNotIn("## Tables", self.harrow("report", run).stdout)
        before = [r["data"] for r in journal(run) if r["type"] == "finished"]
        self.rehearsal("own", OWN)  # the same cells: nothing runs, no flag is needed
        self.assertEqual([r["data"] for r in journal(run) if r["type"] == "finished"], before)
        report = self.harrow("report", run).stdout
        self.assertLess(report.index("## Tables"), report.index("## Results"))
        self.assertIn("low_rate #1", report)
        (self.dir / "own.yaml").unlink()  # the run directory is enough
        self.assertEqual(self.harrow("report", run).stdout, report)
        out = self.dir / "out"
        self.harrow("report", run, "--format", "html", "--no-figures", "--out", out)
        self.assertIn("low_rate #1", (out / "index.html").read_text().replace("<wbr>", ""))
        self.assertIn(r"low\_rate \#1", (out / "tables" / "rates.tex").read_text())
        self.assertEqual((out / "tables" / "rates.csv").read_text().splitlines()[1].split(",")[0], "low_rate #1")

    def test_a_mistake_in_a_sweep_is_told_with_its_line(self):
        sweep = self.dir / "bad.yaml"
        sweep.write_text(REHEARSAL.read_text() + "tables:\n- name: t\n  rows: [{cell: lr=1e-4}]\n  columns: [image_auroc]\n")
        told = self.harrow("plan", sweep, code=2).stderr
        self.assertRegex(told, r"bad\.yaml:12: tables\.rows\.cell: no cell is named 'lr=1e-4'; did you mean lr=1e-04\?")

    def test_an_import_beside_a_run_and_published_rows(self):
        run, five = self.rehearsal("own"), self.imported()
        spec = self.tables("""- name: both
  caption: "Imports, 50 % of them_all"
  rows:
  - {cell: [main, lr=1e-04], label: "Ours & theirs"}
  - {cell: wo_dia}
  - {cell: late}
  - rule
  - {published: "UCAD", cite: "liu2024", values: {five: {image_auroc: 93.0, pixel_ap: [45.6, 0.1]}}}
  columns:
  - {dataset: five, label: "Five # one", metrics: [{metric: image_auroc, label: I-AUROC}, {metric: pixel_ap, digits: 1}]}
  - {dataset: own, metrics: [image_auroc]}
""")
        text = self.harrow("report", five, run, "--tables", spec).stdout
        self.assertIn("**98.16 ± 0.06**", text)
        self.assertIn("97.09 ± 0.07", text)
        self.assertIn("99.00†", text)  # one seed: left out of bold, and the reason is told
        self.assertIn("late: seeds 0", text)
        self.assertIn("45.6 ± 0.1", text)
        self.assertIn("UCAD: as published, not ranked.", text)
        rows = list(csv.DictReader(io.StringIO(
            self.harrow("report", five, run, "--tables", spec, "--format", "csv").stdout)))
        self.assertEqual([row["Five # one I-AUROC ↑"] for row in rows], ["98.16", "97.09", "99.00", "93.00"])
        self.assertEqual(rows[2]["Five # one I-AUROC ↑ note"].split()[0], "†")
        self.assertNotEqual(rows[0]["own image_auroc ↑"], "")
        tex = self.harrow("report", five, run, "--tables", spec, "--format", "tex").stdout
        self.assertIn(r"$\mathbf{98.16 \pm 0.06}$", tex)
        self.assertIn(r"UCAD~\cite{liu2024}", tex)
        self.assertIn(r"\label{tab:paper-both}", tex)
        self.compile(tex)

    def compile(self, table):
        if not shutil.which("pdflatex"):
            print("skipped: pdflatex is not installed, the LaTeX was not compiled", flush=True)
            return
        document = (r"\documentclass{article}\usepackage{booktabs}\begin{document}" + "\n" + table +
                    "\n" + r"\end{document}" + "\n")
        (self.dir / "paper.tex").write_text(document)
        done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
                              cwd=self.dir, capture_output=True, text=True, errors="replace", timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        self.assertIsNone(re.search(r"Missing character|Overfull", done.stdout), done.stdout[-3000:])

    def test_what_a_table_asks_for_in_vain_is_refused(self):
        five = self.imported()
        for text, told in (
                ("- {name: t, rows: [{cell: mian}], columns: [image_auroc]}", r"tables\.yaml:2: tables\.rows\.cell: no cell is named 'mian'; did you mean main\?"),
                ("- {name: t, rows: [{cell: main}], columns: [{dataset: visa, metrics: [image_auroc]}]}", r"no cell was run on 'visa'"),
                ("- {name: t, rows: [{cell: main}], columns: [image_aurok]}", r"unknown metric 'image_aurok'; did you mean 'image_auroc'\?"),
                ("- {name: t, rows: [{published: A, values: {image_auroc: 0.93}}], columns: [image_auroc]}", r"0\.93 in a row of per cent"),
                ("- {name: t, rows: [", r"tables\.yaml:\d+: ")):
            refused = self.harrow("report", five, "--tables", self.tables(text + "\n"), code=2)
            self.assertRegex(refused.stderr, told)
            self.assertEqual(refused.stdout, "")
        self.assertIn("there is no such file", self.harrow("report", five, "--tables", "none.yaml", code=2).stderr)


if __name__ == "__main__":
    main()
