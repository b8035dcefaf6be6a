"""CPU and GPU slots, without a GPU: what harrow-worker --probe answers decides."""
import json
import shutil
import unittest

from harness import BUILD, HARROW, SOURCE, Case, main, records, rows

FOUR = {"version": 1, "devices": [{"index": i, "uuid": f"GPU-{i}", "name": "Test GPU", "memory_bytes": 24 << 30}
                                  for i in range(4)]}


class DevicesTest(Case):
    def machine_with_gpus(self, answer=FOUR):
        """A copy of harrow whose worker tells of GPUs, notes its environment and dies. Returns the program."""
        home = self.dir / "gpu-machine"
        home.mkdir()
        shutil.copy2(HARROW, home / "harrow")
        (home / "answer.json").write_text(json.dumps(answer))
        worker = home / "harrow-worker"
        worker.write_text(f"""#!/bin/sh
if [ "$1" = --probe ]; then cat '{home}/answer.json'; exit 0; fi
echo "$CUDA_VISIBLE_DEVICES $CUBLAS_WORKSPACE_CONFIG" >> '{home}/children'
exit 9
""")
        worker.chmod(0o755)
        return home / "harrow"

    def test_the_worker_answers_its_probe(self):
        answer = json.loads(self.command([BUILD / "harrow-worker", "--probe"]).stdout)
        self.assertEqual(answer["version"], 1)
        self.assertIsInstance(answer["devices"], list)

    def test_device_cuda_without_a_gpu_is_refused_with_what_to_do(self):
        self.env["CUDA_VISIBLE_DEVICES"] = ""
        run = self.dir / "run"
        done = self.harrow("run", self.sweep_file(), "--dir", run, "--device", "cuda", code=2)
        for words in ["no CUDA device was found by harrow-worker", "build-with-cuda.sh", "--device cpu"]:
            self.assertIn(words, done.stderr)
        self.assertFalse(run.exists(), "a refused run must leave nothing behind")

    def test_every_slot_has_its_own_gpu_and_says_so(self):
        program = self.machine_with_gpus()
        self.env["CUDA_VISIBLE_DEVICES"] = "4,5,6,7"
        done = self.command([program, "run", self.sweep_file(), "--dir", self.dir / "run", "--device", "cuda",
                             "--gpu-map", "3,0,0"], code=4)
        slots = [line for line in done.stderr.splitlines() if line.startswith("slot ") and "Test GPU" in line]
        self.assertEqual([line[line.index("GPU-"):] for line in slots],
                         [f"GPU-{i} (CUDA_VISIBLE_DEVICES={i + 4})" for i in (3, 0, 0)])
        children = set((program.parent / "children").read_text().splitlines())
        self.assertEqual(children, {"7 :4096:8", "4 :4096:8"})
        self.assertEqual(records(self.dir / "run", "session_start")[0]["slots"], 3)
        self.assertEqual(records(self.dir / "run", "session_start")[0]["device"], "cuda")

    def test_maps_and_probes_that_do_not_fit_are_refused(self):
        program = self.machine_with_gpus()
        arguments = [program, "run", self.sweep_file(), "--dir", self.dir / "run"]
        self.assertIn("device 4", self.command([*arguments, "--gpu-map", "0,4"], code=2).stderr)
        self.assertIn("0,,1", self.command([*arguments, "--gpu-map", "0,,1"], code=2).stderr)
        twice = {"version": 1, "devices": [dict(FOUR["devices"][0], index=i) for i in range(2)]}
        (program.parent / "answer.json").write_text(json.dumps(twice))
        self.assertIn("one GPU", self.command([*arguments, "--device", "cuda"], code=2).stderr)
        (program.parent / "answer.json").write_text("\x00 no json")
        self.assertIn("no CUDA device", self.command([*arguments, "--device", "cuda"], code=2).stderr)
        self.assertFalse((self.dir / "run").exists())

    def test_a_build_for_gpus_says_what_is_missing(self):
        script, torch = SOURCE / "scripts" / "build-with-cuda.sh", self.dir / "libtorch"
        arguments = [script, "--build", self.dir / "build", "--torch", torch]
        self.assertIn("--torch names no folder", self.command(arguments, code=2).stderr)
        (torch / "share" / "cmake" / "Torch").mkdir(parents=True)
        self.assertIn("TorchConfig.cmake", self.command(arguments, code=2).stderr)
        (torch / "share" / "cmake" / "Torch" / "TorchConfig.cmake").write_text("")
        self.assertIn("libtorch_cuda.so", self.command(arguments, code=2).stderr)
        (torch / "lib").mkdir()
        (torch / "lib" / "libtorch_cuda.so").write_text("")
        self.env["PATH"], self.env["CUDA_HOME"] = "/usr/bin:/bin", str(self.dir)
        self.assertIn("nvcc", self.command(arguments, code=2).stderr)
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "nvcc").write_text("")
        (self.dir / "deps").mkdir()
        self.assertIn("fetch-packages.sh", self.command([*arguments, "--deps", self.dir / "deps"], code=2).stderr)
        self.assertIn("--tosch", self.command([script, "--tosch", torch], code=2).stderr)
        self.assertFalse((self.dir / "build").exists())

    def test_a_run_is_not_continued_on_another_kind_of_device(self):
        sweep, run = self.sweep_file(seeds="[0]"), self.dir / "run"
        self.harrow("run", sweep, "--dir", run, "--device", "cpu")
        before = rows(run)
        program = self.machine_with_gpus()
        again = self.command([program, "run", sweep, "--dir", run, "--device", "cuda"])
        self.assertIn("nothing to do", again.stdout)
        more = [sweep, "seeds=0,1", "--dir", run, "--extend"]
        refused = self.command([program, "run", *more, "--device", "cuda"], code=2)
        for words in ["computed on cpu", "on cuda", "--device cpu", "--dir"]:
            self.assertIn(words, refused.stderr)
        self.assertEqual(records(run, "extended"), [], "a refused run must not extend the sweep")
        self.harrow("run", *more, "--device", "cpu")
        self.assertTrue(set(before) < set(rows(run)))


if __name__ == "__main__":
    main()
