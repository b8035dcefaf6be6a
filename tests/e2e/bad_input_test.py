"""Every mistake: a message that says what, where and what to do; a documented exit code; nothing half-written."""
import os
import random
import resource
import stat
import subprocess
import unittest

from harness import HARROW, TIMEOUT_S, Case, main, records, rows


class BadInputTest(Case):
    def refused(self, *arguments, code=2, says=()):
        run = self.dir / "run"
        done = self.harrow("run", *arguments, "--dir", run, code=code)
        for words in says:
            self.assertIn(str(words), done.stderr)
        return done.stderr

    def assert_nothing_written(self):
        self.assertFalse((self.dir / "run").exists(), "a refused sweep must leave nothing behind")

    def test_ten_mistakes_are_all_named_with_their_lines(self):
        root = self.data(classes=2)
        sweep = self.dir / "ten.yaml"
        sweep.write_text(f"""name: ten
method: molefow
data: {{layout: mvtec, root: {root}, classes: [no_such_class], image_sise: 64}}
train: {{lr: fast, tail_wieght: 0.7, num_epochs: 0}}
model: {{lora_rank: -4}}
score: {{aggregation: top}}
sequence: {{scenario: 1-x}}
seeds: [0, 0]
space: [{{zip: {{model.dia_n_blocks: [1, 2], train.batch_size: [8]}}}}]
objective: {{metric: image_aurok}}
""")
        text = self.refused(sweep)
        for line, words in [(2, "moleflow"), (3, "image_size"), (4, "lr"), (4, "tail_weight"), (4, "num_epochs"),
                            (5, "lora_rank"), (6, "top_k"), (7, "scenario"), (8, "seeds"), (9, "zip"),
                            (10, "image_auroc")]:
            found = [l for l in text.splitlines() if f"ten.yaml:{line}:" in l and words in l]
            self.assertTrue(found, f"line {line} should mention {words}:\n{text}")
        self.assert_nothing_written()

    def test_random_bytes_as_a_sweep_file(self):
        noise = random.Random(7)
        for index in range(20):
            sweep = self.dir / f"noise{index}.yaml"
            sweep.write_bytes(bytes(noise.randrange(256) for _ in range(4000)))
            self.refused(sweep, says=[sweep.name])
        self.assert_nothing_written()

    def test_missing_files_and_roots(self):
        self.refused(self.dir / "none.yaml", says=["none.yaml"])
        self.refused(self.sweep_file(root=self.dir / "no-root"), says=["no-root"])
        self.assert_nothing_written()

    def test_an_empty_class_folder(self):
        root = self.data(classes=2)
        (root / "empty" / "train" / "good").mkdir(parents=True)
        self.refused(self.sweep_file(root=root), says=["empty"])
        self.assert_nothing_written()

    def test_a_mask_of_the_wrong_size(self):
        root, other = self.data(classes=2), self.data(classes=2, size=96)
        mask = sorted(root.glob("*/ground_truth/*/*.png"))[0]
        mask.write_bytes((other / mask.relative_to(root)).read_bytes())
        self.refused(self.sweep_file(root=root), says=[mask.name, "64", "96"])
        self.assert_nothing_written()

    def test_a_truncated_image_fails_what_needs_it_by_name(self):
        root = self.data(classes=2)
        image = sorted(root.glob("*/train/good/*.png"))[3]
        sound = image.read_bytes()
        image.write_bytes(sound[:600])
        sweep = self.sweep_file(root=root)
        self.refused(sweep, code=3, says=[image.name, "bad_data"])
        failed = [record for record in records(self.dir / "run", "failed") if record["final"]]
        self.assertTrue(failed and all(record["state"] == "bad_data" for record in failed))
        self.assertEqual([p for p in (self.dir / "cache").rglob("*") if "tmp" in p.name], [])
        # Mended it is another image, and this another sweep: a new directory is the way out.
        image.write_bytes(sound)
        self.refused(sweep, says=["images as they were when the run began", "another --dir"])
        self.harrow("run", sweep, "--dir", self.dir / "mended")

    def test_a_corrupt_cache_file_is_extracted_again(self):
        sweep, first, second = self.sweep_file(), self.dir / "first", self.dir / "second"
        self.harrow("run", sweep, "--dir", first)
        victim = sorted((self.dir / "cache").glob("??/*.h5"))[0]
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 0xFF
        os.chmod(victim, stat.S_IRUSR | stat.S_IWUSR)
        victim.write_bytes(content)
        done = self.harrow("run", sweep, "--dir", second)
        self.assertIn("quarantine", done.stderr)
        self.assertEqual(rows(first), rows(second))

    def test_a_read_only_run_directory(self):
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            os.chmod(self.dir, 0o755)
        else:
            command = []
        sweep = self.sweep_file()
        run = self.dir / "frozen"
        run.mkdir(mode=0o555)
        done = subprocess.run([*command, str(HARROW), "run", str(sweep), "--dir", str(run)],
                              capture_output=True, text=True, env=self.env, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("frozen", done.stderr)
        self.assertEqual(list(run.iterdir()), [])

    def test_a_full_disk_stops_the_run_and_loses_nothing(self):
        sweep, run = self.sweep_file(), self.dir / "run"

        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

        done = subprocess.run([str(HARROW), "run", str(sweep), "--dir", str(run)], capture_output=True, text=True,
                              env=self.env, timeout=TIMEOUT_S, preexec_fn=small_files)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual([p for p in self.dir.rglob("*") if ".tmp" in p.name], [])
        self.harrow("run", sweep, "--dir", run)
        self.assertEqual(len(rows(run)) > 0, True)

    def test_foreign_directories_are_left_alone(self):
        run = self.dir / "run"
        run.mkdir()
        (run / "thesis.tex").write_text("do not touch")
        self.refused(self.sweep_file(), says=["run", "thesis.tex"])
        self.assertEqual([p.name for p in run.iterdir()], ["thesis.tex"])

    def test_closed_standard_streams_do_no_harm(self):
        sweep, run = self.sweep_file(seeds="[0]"), self.dir / "run"
        done = subprocess.run(["/bin/sh", "-c", f"'{HARROW}' run '{sweep}' --dir '{run}' <&- >&- 2>&-"],
                              env=self.env, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len({r["trial"] for r in records(run, "finished")[0]["trials"]}), 1)
        self.assertIn("nothing to do", self.harrow("run", sweep, "--dir", run).stdout)

    def test_usage(self):
        self.assertIn("'run'", self.harrow("rnu", code=2).stderr)
        self.assertIn("--dri", self.harrow("run", self.sweep_file(), "--dri", "x", code=2).stderr)
        self.harrow("frobnicate", code=2)
        self.harrow("run", code=2)
        self.harrow("report", self.dir / "nothing", code=2)
        self.harrow("data", "synth", self.data(), code=2)


if __name__ == "__main__":
    main()
