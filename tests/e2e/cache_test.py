"""harrow cache: lists, checks and tidies; no file in the cache can upset it."""
import json
import os
import re
import unittest

from harness import Case, main, records, wait_for


class CacheTest(Case):
    def filled(self):
        self.harrow("run", self.sweep_file(seeds="[0]"), "--dir", self.dir / "run")
        return sorted((self.dir / "cache").glob("??/*.h5"))

    def listing(self):
        return json.loads(self.harrow("cache", "ls", "--json").stdout)

    def flip(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 16]))

    def test_ls_says_what_is_there(self):
        self.assertEqual(self.listing()["features"], [], "an empty cache is fine")
        files = self.filled()
        entries = self.listing()["features"]
        self.assertEqual([entry["key"] for entry in entries], [file.stem for file in files])
        for entry in entries:
            self.assertEqual(entry["backbone"], "filterbank 64")
            self.assertRegex(entry["source"], r"^\w+/(train|test)$")
            self.assertEqual(entry["shape"], [entry["images"], 8, 8, 64])
            self.assertEqual((entry["dtype"], entry["bytes"]), ("float16", os.path.getsize(entry["path"])))
        text = self.harrow("cache", "ls").stdout
        for file in files:
            self.assertIn(file.stem[:8], text)
        self.assertIn("4 files", text)

    def test_ls_survives_damaged_and_foreign_files(self):
        files = self.filled()
        files[0].write_bytes(b"\x89HDF\r\n\x1a\n nothing")
        files[1].write_bytes(b"")
        self.flip(files[2], 3000)
        (self.dir / "cache" / "README").write_text("mine")
        (self.dir / "cache" / "00").mkdir(exist_ok=True)
        (self.dir / "cache" / "00" / "x.h5").symlink_to("/nowhere")
        entries = self.listing()
        self.assertEqual(len([entry for entry in entries["features"] if "problem" in entry]), 3)
        self.assertEqual(len(entries["foreign"]), 2)
        done = self.harrow("cache", "ls")
        self.assertEqual(done.stdout.count("(unreadable)"), 3)
        self.assertIn(str(files[2]), done.stderr)
        self.assertEqual(sorted((self.dir / "cache").glob("??/*.h5"))[-1], files[-1], "ls moves nothing")

    def test_verify_finds_and_quarantines_damage(self):
        files = self.filled()
        self.assertIn("4 files checked, 4 fine", self.harrow("cache", "verify").stdout)
        self.flip(files[1], files[1].stat().st_size - 500)
        self.assertIn("1 file checked, 1 fine", self.harrow("cache", "verify", files[0].stem[:6]).stdout)
        bad = self.harrow("cache", "verify", "--all", code=4)
        self.assertIn("4 files checked, 3 fine, 1 damaged", bad.stdout)
        self.assertIn("quarantine", bad.stderr)
        self.assertFalse(files[1].exists())
        self.assertIn("3 files checked, 3 fine", self.harrow("cache", "verify").stdout)
        self.harrow("cache", "verify", "ffffffffff", code=2)
        again = self.dir / "again"
        self.harrow("run", self.sweep_file(seeds="[0]"), "--dir", again)
        self.assertEqual([record["feature_key"] for record in records(again, "extracted")], [files[1].stem])
        self.harrow("cache", "gc", "--quarantine")
        self.assertFalse((self.dir / "cache" / "quarantine").exists())

    def test_gc_keeps_a_budget_least_recently_used_first(self):
        files = self.filled()
        for age, file in enumerate(files):
            os.utime(file, (1_600_000_000 - age, 1_600_000_000 - age))
        budget = sum(file.stat().st_size for file in files[:2])
        said = self.harrow("cache", "gc", "--max-size", budget, "--dry-run").stdout
        self.assertEqual(re.findall(r"would remove (\w+)", said), [files[3].stem, files[2].stem])
        self.assertTrue(all(file.exists() for file in files))
        self.harrow("cache", "gc", "--max-size", budget)
        self.assertEqual([file.exists() for file in files], [True, True, False, False])
        self.harrow("run", self.sweep_file(seeds="[1]"), "--dir", self.dir / "other")  # uses all four
        self.assertIn("0 files", self.harrow("cache", "gc", "--older-than", "1d").stdout)
        os.utime(files[0], (1_600_000_000, 1_600_000_000))
        self.harrow("cache", "gc", "--older-than", "1d")
        self.assertEqual([file.exists() for file in files], [False, True, True, True])
        for wrong in (["--max-size", "many"], ["--older-than", "30"]):
            self.assertIn("write for example", self.harrow("cache", "gc", *wrong, code=2).stderr)

    def test_gc_leaves_a_running_sweep_alone(self):
        run = self.dir / "run"
        process = self.start("run", self.sweep_file(seeds="[0, 1, 2, 3, 4, 5]"), "--dir", run)
        wait_for(lambda: records(run, "trained"), "a first training")
        said = self.harrow("cache", "gc", "--max-size", "0").stdout
        self.assertIn("a running sweep uses them", said)
        self.assertEqual(process.wait(timeout=200), 0)
        keys = [record["feature_key"] for record in records(run, "extracted")]
        self.assertEqual(len(keys), len(set(keys)), "nothing was extracted twice")
        self.harrow("cache", "gc", "--max-size", "0")
        self.assertEqual(list((self.dir / "cache").glob("*")), [])


if __name__ == "__main__":
    main()
