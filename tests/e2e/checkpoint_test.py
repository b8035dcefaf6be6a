"""A training that is interrupted goes on inside its sequence: same rows, same history, little done twice."""
import json
import os
import re
import signal
import struct
import unittest

from harness import Case, main, records, rows, wait_for, workers_of

# Of a training's log, in order: what was published and where an attempt began.
PLACE = re.compile(r" info (checkpoint|resumed from) \S+ (?:stage=\w+ )?task=(\d+) epoch=(\d+)")
FREQUENTLY = "checkpoint_minutes=0.001"


class CheckpointTest(Case):
    expected = None

    def arguments(self, *more, epochs=30):
        """One training of three tasks, seconds long."""
        return [self.sweep_file(seeds="[7]", root=self.data(classes=3)), f"train.num_epochs={epochs}", *more]

    def products(self, run):
        files = [self.training(run) / name for name in ("history.csv", "scores.h5")]
        return [rows(run), *(file.read_bytes() for file in files)]

    def undisturbed(self):
        if CheckpointTest.expected is None:
            run = self.dir / "undisturbed"
            self.harrow("run", *self.arguments(), "--dir", run, "--slots", 1)
            CheckpointTest.expected = self.products(run)
        return CheckpointTest.expected

    @staticmethod
    def training(run):
        return next((run / "trainings").iterdir())

    def places(self, run):
        logs = list((run / "trainings").glob("*/log"))
        text = logs[0].read_text() if logs else ""
        return [(what, int(task), int(epoch)) for what, task, epoch in PLACE.findall(text)]

    def published(self, run, count):
        return wait_for(lambda: len([p for p in self.places(run) if p[0] == "checkpoint"]) >= count,
                        f"{count} checkpoints")

    def assert_as_undisturbed(self, run, resumes):
        for mine, expected in zip(self.products(run), self.undisturbed()):
            self.assertEqual(mine, expected)
        places = self.places(run)
        self.assertEqual(len([p for p in places if p[0] == "resumed from"]), resumes)
        # Each attempt begins at the last place published, so places never go back.
        self.assertEqual([p[1:] for p in places], sorted(p[1:] for p in places))
        self.assertFalse((self.training(run) / "checkpoints").exists())

    def test_killing_the_worker_inside_a_task(self):
        run = self.dir / "killed"
        process = self.start("run", *self.arguments(FREQUENTLY), "--dir", run, "--slots", 1)
        for count in (3, 8):
            self.published(run, count)
            before = workers_of(process.pid)
            os.kill(before[0], signal.SIGKILL)
            wait_for(lambda: workers_of(process.pid) not in ([], before), "a fresh worker")
        self.assertEqual(process.wait(timeout=200), 0)
        self.assert_as_undisturbed(run, resumes=2)

    def test_killing_everything_inside_a_task(self):
        run = self.dir / "killed"
        for attempt in range(2):
            process = self.start("run", *self.arguments(FREQUENTLY), "--dir", run, "--slots", 1)
            self.published(run, 4 * attempt + 3)
            self.end_group(process)
        self.harrow("run", "--dir", run, "--slots", 1)
        self.assert_as_undisturbed(run, resumes=2)

    def test_a_damaged_checkpoint_is_named_and_the_one_before_used(self):
        run = self.dir / "damaged"
        process = self.start("run", *self.arguments(FREQUENTLY), "--dir", run, "--slots", 1)
        self.published(run, 3)
        self.end_group(process)
        files = sorted((self.training(run) / "checkpoints").glob("*.safetensors"))
        self.assertLessEqual(len(files), 3)  # two, and one more for the moment of publishing
        damaged = bytearray(files[-1].read_bytes())
        damaged[len(damaged) // 3] ^= 1
        files[-1].write_bytes(damaged)
        self.harrow("run", "--dir", run, "--slots", 1)
        log = (self.training(run) / "log").read_text()
        self.assertIn(f"{files[-1]} is not used", log)
        self.assertIn(f"resumed from {files[-2].name}", log)
        self.assertEqual(rows(run), self.undisturbed()[0])

    def test_interrupted_it_publishes_where_it_is(self):
        run = self.dir / "interrupted"
        process = self.start("run", *self.arguments("checkpoint_minutes=0"), "--dir", run, "--slots", 1)
        wait_for(lambda: list((run / "trainings").glob("*/checkpoints/*-after-task-0.safetensors")), "a task")
        os.kill(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 75)
        self.assertFalse(records(run, "trained"))
        self.assertGreaterEqual(len(self.places(run)), 2, "one after the task, one when it was stopped")
        self.harrow("run", "--dir", run, "--slots", 1)
        self.assert_as_undisturbed(run, resumes=1)

    def test_kept_checkpoints_are_safetensors_of_every_task(self):
        run = self.dir / "kept"
        self.harrow("run", *self.arguments("keep.checkpoints=all", epochs=1), "--dir", run, "--slots", 1)
        files = sorted((self.training(run) / "checkpoints").iterdir())
        self.assertEqual([file.name.partition("-")[2] for file in files],
                         [f"after-task-{task}.safetensors" for task in range(3)])
        data = files[2].read_bytes()
        length, = struct.unpack("<Q", data[:8])
        header = json.loads(data[8:8 + length])
        self.assertEqual(header["__metadata__"]["training_key"], self.training(run).name)
        self.assertIn("router.2.mean", header)
        self.assertIn("model.flow.module_list.0.subnet.s_layer1.lora_A.2", header)


if __name__ == "__main__":
    main()
