"""Features are extracted once, in bounded memory, and found again after whatever happened."""
import json
import os
import shutil
import sys
import unittest

from harness import HARROW, Case, main, records, rows, wait_for

# Runs its arguments and prints the largest resident set, in KiB, that any process below it had.
PEAK = ("import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)")
SIZES = "space: [{grid: {data.image_size: [64, 72, 80, 88, 96]}}]"


class ExtractionTest(Case):
    def test_stopped_in_the_middle_of_extraction_continues_with_what_is_missing(self):
        run = self.dir / "run"
        sweep = self.sweep_file(SIZES, seeds="[0]", root=self.data(classes=3))
        process = self.start("run", sweep, "--dir", run, "--slots", 1)
        wait_for(lambda: len(records(run, "extracted")) >= 2, "two extractions")
        self.end_group(process)
        before = {file.stem for file in (self.dir / "cache").glob("??/*.h5")}
        started = len(records(run, "started"))
        self.assertGreaterEqual(len(before), 2)
        self.assertLess(len(before), 30, "the run should be stopped before it has extracted everything")
        self.harrow("run", sweep, "--dir", run, "--slots", 2)
        again = {record["key"] for record in records(run, "started")[started:] if record["kind"] == "extraction"}
        self.assertFalse(again & before, "finished extractions must not run twice")
        self.assertEqual(len(again | before), 30)
        whole = self.dir / "whole"
        self.harrow("run", sweep, "--dir", whole, "--cache", self.dir / "other-cache", "--slots", 1)
        self.assertEqual(rows(run), rows(whole))

    def one_class(self, images):
        """A data set of one class with so many training images."""
        root = self.dir / f"one-{images}"
        shutil.copytree(self.data(classes=1), root)
        good = next(root.glob("*/train/good"))
        drawn = sorted(good.iterdir())
        for index in range(len(drawn), images):
            os.link(drawn[index % len(drawn)], good / f"more-{index:05d}.png")
        for path in sorted(good.iterdir())[images:]:
            path.unlink()
        return root

    def peak_kib(self, images):
        run = self.dir / f"run-{images}"
        sweep = self.sweep_file(seeds="[0]", root=self.one_class(images), name=f"n{images}")
        done = self.command([sys.executable, "-c", PEAK, HARROW, "run", sweep, "data.image_size=128", "--dir", run])
        self.assertEqual(max(record["images"] for record in records(run, "extracted")), images)
        return int(done.stdout)

    def test_memory_does_not_grow_with_the_number_of_images(self):
        # 448 more images are 84 MiB of pixels and 14 MiB of features, which the page cache holds.
        growth = self.peak_kib(512) - self.peak_kib(64)
        self.assertLess(growth, 40 * 1024)

    def test_a_run_says_how_fast_it_extracted_and_on_what_it_waited(self):
        run = self.dir / "run"
        log = self.harrow("run", self.sweep_file(seeds="[0]"), "--dir", run).stderr
        lines = [line for line in log.splitlines() if line.startswith("done") and "images," in line]
        self.assertEqual(len(lines), 4, log)
        for line in lines:
            self.assertRegex(line, r"\d+ images, [\d.]+/s \(backbone \d+ %, waiting for images \d+ %, writing \d+ %")

    def test_float32_features_take_twice_the_space_and_train(self):
        sweep = self.sweep_file(seeds="[0]")
        plan = lambda *more: json.loads(self.harrow("plan", sweep, *more, "--json").stdout)
        self.assertEqual(plan("backbone.feature_dtype=float32")["cache_bytes"], 2 * plan()["cache_bytes"])
        self.harrow("run", sweep, "backbone.feature_dtype=float32", "--dir", self.dir / "run")
        self.assertEqual({entry["dtype"] for entry in
                          json.loads(self.harrow("cache", "ls", "--json").stdout)["features"]}, {"float32"})


if __name__ == "__main__":
    main()
