"""Results and score maps made elsewhere: `harrow import` and `harrow metrics`."""
import json
import os
import socket
import subprocess

from harness import Case, main, table

FIVE = """cell,seed,image_auroc,pixel_auroc,image_ap,pixel_ap,routing_acc
main,999,98.10,97.79,99.21,53.01,100
main,42,98.22,97.81,99.25,53.31,100
main,123,98.16,97.86,99.23,53.61,100
main,456,97.87,97.78,99.13,54.11,100
main,789,97.78,97.81,99.13,54.86,100
"""
REFUSED = "holds results made elsewhere (harrow import)"


class ImportTest(Case):
    def file(self, name, text, encoding="utf-8"):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    def imported(self, text=FIVE, name="five.csv", *more):
        run = self.dir / "imported"
        self.harrow("import", self.file(name, text), "--dir", run, *more)
        return run

    def refused(self, text, *more, encoding="utf-8"):
        """The refusal, which leaves nothing behind."""
        before = sorted(p.name for p in self.dir.iterdir()) + ["bad.csv"]
        path = self.file("bad.csv", text, encoding)
        error = self.harrow("import", path, "--dir", self.dir / "refused", *more, code=2).stderr
        self.assertEqual(sorted(set(before)), sorted(p.name for p in self.dir.iterdir()))
        return error

    def test_the_five_seed_table_comes_back(self):
        run = self.imported()
        text = self.harrow("report", run, "--format", "md").stdout
        for value in ("98.03 ± 0.19", "97.81 ± 0.03", "99.19 ± 0.06", "53.78 ± 0.73", "100.00 ± 0.00"):
            self.assertIn(value, text)
        self.assertIn("98.03 \\pm 0.19", self.harrow("report", run, "--format", "tex").stdout)
        self.assertEqual((run / "status").read_text(), "0 done\n")
        self.assertEqual({row["seed"] for row in table(run)}, {"999", "42", "123", "456", "789"})
        self.assertEqual(json.loads(self.harrow("best", run, "--json").stdout)["name"], "main")

    def test_rows_of_harrow_import_again(self):
        sequence = "".join(f"main,{seed},{after},{name},pixel_ap,{0.5 + seed / 16 + after / 32}\n"
                           for seed in (0, 1) for after in (0, 1) for name in ("b", "a")[:after + 1])
        first = self.imported("cell,seed,after_task,class,metric,value\n" + sequence)
        second = self.dir / "second"
        self.harrow("import", first / "results.csv", "--cells", first / "cells.csv", "--dir", second, "--name", "five")

        def strip(run):
            return sorted(tuple(row[k] for k in row if k not in ("trial", "cell")) for row in table(run))
        self.assertEqual(strip(first), strip(second))
        metrics = {row["metric"] for row in table(first)}
        self.assertLessEqual({"pixel_ap", "pixel_ap.acc", "pixel_ap.bwt", "pixel_ap.fm"}, metrics)

    def test_nothing_can_be_run_where_an_import_lies(self):
        run = self.imported()
        before = {p.name: p.read_bytes() for p in run.iterdir()}
        for verb in (["run", "--dir", run], ["run", "--dir", run, "--extend", "lr=1"], ["retry", run],
                     ["retry", run, "main"], ["cancel", run, "main"], ["replay", run, "main.s42"],
                     ["replay", run, "main.s42", "--verify"], ["explain", run, "main.s42"], ["logs", run, "main.s42"],
                     ["show", run, "main", "--out", "x.png"], ["slurm", "render", "--dir", run],
                     ["slurm", "submit", "--dir", run],
                     ["slurm", "render", self.sweep_file(), "--dir", run]):
            self.assertIn(REFUSED, self.harrow(*verb, code=2).stderr, verb)
        self.assertIn("results made elsewhere", self.harrow("status", run).stdout)
        self.assertEqual(before, {p.name: p.read_bytes() for p in run.iterdir()})
        self.assertIn(REFUSED, self.harrow("run", self.sweep_file(), "--dir", run, code=2).stderr)

    def test_a_cell_of_published_values_alone(self):
        run = self.imported("cell,seed,metric,value\nCADIC,,image_auroc,97.2 ± 0.3\n")
        self.harrow("report", run)
        self.assertIn(REFUSED, self.harrow("explain", run, "CADIC", code=2).stderr)
        self.harrow("best", run, code=2)
        self.harrow("status", run)

    def test_a_directory_is_made_once(self):
        run = self.imported()
        again = self.harrow("import", self.dir / "five.csv", "--dir", run, code=2).stderr
        self.assertIn("this very import already", again)
        other = self.file("other.csv", FIVE.replace("98.10", "98.11"))
        self.assertIn("is not empty", self.harrow("import", other, "--dir", run, code=2).stderr)
        empty = self.dir / "empty"
        empty.mkdir()
        self.harrow("import", other, "--dir", empty)
        self.assertIn("is not a directory",
                      self.harrow("import", other, "--dir", self.dir / "five.csv", code=2).stderr)

    def test_equal_names_do_not_make_two_imports_one_cell(self):
        head = "cell,seed,dataset,lr,image_auroc\n"
        for run, text in (("a", "cell,seed,image_auroc\nmain,0,0.97\nmain,1,0.98\n"),
                          ("b", "cell,seed,image_auroc\nmain,0,0.5\nmain,2,0.6\n"),
                          ("c", head + "main,0,mvtec,3e-4,0.7\n"), ("d", head + "main,1,mvtec,3e-4,0.8\n"),
                          ("e", head + "main,0,mvtec,3e-4,0.9\n")):
            self.harrow("import", self.file(f"{run}/x/five.csv", text), "--dir", self.dir / f"{run}/run")

        def cells(*names):
            done = self.harrow("report", *(self.dir / f"{name}/run" for name in names), "--format", "json")
            return sorted(cell["n"] for cell in json.loads(done.stdout)["cells"])
        self.assertEqual(cells("a", "b"), [2, 2])
        self.assertEqual(cells("a", "a"), [2])
        self.assertEqual(cells("c", "d"), [2], "data and settings are stated and equal")
        error = self.harrow("report", self.dir / "c/run", self.dir / "e/run", code=2).stderr
        self.assertIn("under a --name of its own", error)

    def test_an_empty_folder_is_filled_not_replaced(self):
        table = self.file("five.csv", FIVE)
        folder, link = self.dir / "folder", self.dir / "link"
        folder.mkdir()
        link.symlink_to("folder")
        inode = folder.stat().st_ino
        self.harrow("import", table, "--dir", link)
        self.assertEqual(folder.stat().st_ino, inode)
        self.assertIn("98.03 ± 0.19", self.harrow("report", folder).stdout)
        plain = self.dir / "plain"
        self.harrow("import", table, "--dir", plain)
        self.assertEqual(sorted(p.name for p in plain.iterdir()), sorted(p.name for p in folder.iterdir()))
        link.unlink()
        link.symlink_to("nowhere")
        self.assertIn("a link to a place where nothing is",
                      self.harrow("import", table, "--dir", link, code=2).stderr)
        self.assertIn("--dir is empty", self.harrow("import", table, "--dir", "", code=2).stderr)

    def test_what_killed_imports_left_is_removed(self):
        table = self.file("five.csv", FIVE)
        gone = subprocess.Popen(["true"])
        gone.wait(60)
        host = socket.gethostname()
        for folder in (self.dir / "x", self.dir / "y"):
            dead = (folder if folder.name == "y" else self.dir) / f".{folder.name}.import-{host}-{gone.pid}"
            alive = self.dir / f".{folder.name}.import-{host}-{os.getpid()}"
            dead.mkdir(parents=True)
            alive.mkdir()
            (dead / "journal").write_text("half")
            self.harrow("import", table, "--dir", folder)
            self.assertFalse(dead.exists())
            self.assertTrue(alive.exists())

    def test_settings_and_options_that_would_mislead(self):
        table = self.file("t.csv", "cell,seed,image_auroc,patience\na,0,0.9,7\na,1,0.8,7\n")
        done = self.harrow("import", table, "--dir", self.dir / "run")
        self.assertIn("'patience' is the same for all seeds", done.stderr)
        for metric in ("aupro", "aupro.fm", "image_auroc.x"):
            self.assertIn("no value is of a metric", self.harrow(
                "import", table, "--dir", self.dir / "other", "--metric", metric, code=2).stderr)

    def test_the_direction_of_a_metric_is_known_or_asked_for(self):
        head = "cell,seed,FM,seconds\n"
        run = self.imported(head + "a,0,0.1,7\nb,0,0.2,5\n")
        best = lambda *more: json.loads(self.harrow("best", run, "--json", *more).stdout)
        self.assertEqual((best()["name"], best()["goal"]), ("a", "minimize"))
        self.assertIn("give --goal maximize or", self.harrow("best", run, "--metric", "seconds", code=2).stderr)
        self.assertEqual(best("--metric", "seconds", "--goal", "minimize")["name"], "b")
        self.harrow("report", run, "--metric", "seconds")
        times = "cell,seed,seconds\na,0,7\nb,0,5\n"
        self.assertIn("give --goal maximize or", self.refused(times))
        self.dir = self.dir / "more"
        self.dir.mkdir()
        run = self.imported(times, "times.csv", "--goal", "minimize")
        self.assertEqual(best()["name"], "b")

    def test_bad_tables_are_refused_by_line(self):
        head = "cell,seed,metric,value\n"
        for rows, said in (("a,0,ap,1\na,0,ap,1\n", "bad.csv:3: cell 'a', seed 0"),
                           ("a,0,ap,nan\n", "bad.csv:2: 'nan': NaN"),
                           ("a,0,ap,abc\n", "bad.csv:2: 'abc' is not a number"),
                           ("a,0,ap,\"98,03\"\n", "bad.csv:2: '98,03' has a decimal comma; write 98.03"),
                           ("a,42.0,ap,1\n", "bad.csv:2: seed '42.0' is not a whole number: write 42"),
                           ("a,-1,ap,1\n", "bad.csv:2: seed '-1'"),
                           ("a,0,ap\n", "bad.csv:2: 3 fields where the header has 4"),
                           ("a,0,ap,\"1\n", "bad.csv:2: a quoted field is never closed"),
                           ("a,0,ap,0.98\nb,0,ap,98.1\n", "mixes fractions and percentages: 0.98"),
                           ("", "bad.csv:1: there is no row behind the header")):
            self.assertIn(said, self.refused(head + rows))
        self.assertIn("the file is empty", self.refused(""))
        self.assertIn("columns are missing: seed", self.refused("cell,metric,value\na,ap,1\n"))
        self.assertIn("UTF-16", self.refused(head + "a,0,ap,1\n", encoding="utf-16"))
        self.assertIn("decimal points and decimal commas are mixed",
                      self.refused("cell;seed;ap\na;0;98,1\na;1;98.2\n"))
        self.assertIn("--metric: no value is of a metric 'apx'", self.refused(head + "a,0,ap,1\n", "--metric", "apx"))
        self.assertNotIn("\x1b", self.refused("cell,seed,metric,value\na,0,\x1b[31mred,1\n"))

    def test_tables_as_spreadsheets_write_them(self):
        for text in ("\ufeff" + FIVE.replace("\n", "\r\n"), FIVE.replace(",", ";").replace(".", ","),
                     FIVE.replace(",", "\t")):
            self.dir = self.dir / "x"
            self.dir.mkdir()
            self.assertIn("98.03 ± 0.19", self.harrow("report", self.imported(text)).stdout)

    def test_experiment_folders(self):
        header = "class_name,task_id,img_auc,pixel_auc,is_current_task,routing_accuracy\n"
        for seed in (0, 1):
            at = f"exps/main_seed{seed}/"
            self.file(at + "continual_results_after_task_0.csv", header + "leather,0,0.9,0.95,True,1.0\n")
            self.file(at + "continual_results_after_task_1.csv",
                      header + "leather,0,0.8,0.94,False,1.0\ngrid,1,0.7,0.8,True,1.0\nAverage,,0.75,0.87,,1.0\n")
            self.file(at + "final_results.csv",
                      "Task ID,Class Name,Routing Acc (%),Image AUC,Pixel AUC,Image AP,Pixel AP\n"
                      f"0,leather,100.00,0.8000,0.9400,0.9900,0.{4 + seed}000\n"
                      "1,grid,N/A,0.7000,0.8000,0.9800,0.3000\nMean,Overall,100.00*,0.75*,0.87*,0.98*,0.35*\n")
        run = self.dir / "run"
        self.harrow("import", self.dir / "exps", "--dir", run)
        cells = json.loads(self.harrow("report", run, "--format", "json").stdout)["cells"]
        self.assertEqual([(cell["name"], cell["n"]) for cell in cells], [("main", 2)])
        self.assertAlmostEqual(cells[0]["metrics"]["image_auroc.fm"]["mean"], 0.1)
        self.assertAlmostEqual(cells[0]["metrics"]["pixel_ap"]["mean"], (0.35 + 0.4) / 2)


class MetricsTest(Case):
    """Wants h5py to write the files; tests/unit/storage reads and refuses files without it."""

    def maps(self, name, scores, masks, labels=None):
        path = self.dir / name
        try:
            import h5py
            import numpy
        except ImportError:
            self.skipTest("h5py is not installed (apt install python3-h5py)")
        with h5py.File(path, "w") as file:
            file["scores"] = numpy.array(scores, "float32")
            file["masks"] = numpy.array(masks, "uint8")
            if labels is not None:
                file["labels"] = numpy.array(labels, "uint8")
        return path

    def test_metrics_of_a_small_file(self):
        # AUROC of pixels by hand: defects 4 and 2 against 1, 3, 0, 0, 0, 0: 11 of 12 pairs are right.
        path = self.maps("a.h5", [[[4, 1], [2, 3]], [[0, 0], [0, 0]]], [[[1, 0], [1, 0]], [[0, 0], [0, 0]]], [1, 0])
        done = self.harrow("metrics", path, "--json", "--limit", 1)
        metrics = json.loads(done.stdout)
        self.assertEqual(list(metrics), ["image_auroc", "image_ap", "image_f1max", "pixel_auroc", "pixel_ap",
                                         "pixel_f1max", "aupro"])
        self.assertEqual(metrics["image_auroc"], 1)
        self.assertAlmostEqual(metrics["pixel_auroc"], 11 / 12)
        self.assertAlmostEqual(metrics["pixel_ap"], 0.5 + 0.5 * 2 / 3)
        self.assertAlmostEqual(metrics["aupro"], 11 / 12)
        self.assertIn("false positive rate up to 0.05",
                      self.harrow("metrics", path, "--limit", "0.05", "--implementations").stdout)
        others = json.loads(self.harrow("metrics", path, "--json", "--implementations").stdout)
        self.assertAlmostEqual(others["aupro_mvtec_exact"], others["aupro"], places=14)

    def test_what_is_not_defined_is_null_with_a_reason(self):
        path = self.maps("good.h5", [[[4, 1]]], [[[0, 0]]])
        done = self.harrow("metrics", path, "--json")
        self.assertEqual(set(json.loads(done.stdout).values()), {None})
        self.assertIn("aupro is not defined: no defect region", done.stderr)

    def test_damaged_files_are_named(self):
        nan = self.maps("nan.h5", [[[4, float("nan")]]], [[[0, 1]]])
        self.assertIn("image 0, row 0, column 1 is NaN", self.harrow("metrics", nan, code=2).stderr)
        wrong = self.maps("wrong.h5", [[[4, 1]]], [[[0, 1]]], [0])
        self.assertIn("image 0 is labelled good", self.harrow("metrics", wrong, code=2).stderr)
        (self.dir / "text.h5").write_text("hello")
        self.assertIn("no HDF5 file", self.harrow("metrics", self.dir / "text.h5", code=2).stderr)
        self.assertIn("--limit", self.harrow("metrics", wrong, "--limit", 0, code=2).stderr)


if __name__ == "__main__":
    main()
