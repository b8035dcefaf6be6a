"""harrow show: which images, whose maps, under which seed; and the gallery of a report."""
import base64
import re
import shutil
import struct
import unittest

from harness import Case, main, table

SPACE = """space: [{cases: [{name: main}, {name: wo_dia, model.dia_n_blocks: 0}, {name: plain, method: finetune}]}]"""
SIDE = 64  # score.map_size


def size(png):
    data = png if isinstance(png, bytes) else png.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    return struct.unpack(">II", data[16:24])


class PicturesTest(Case):
    def setUp(self):
        super().setUp()
        self.root = self.data(classes=2)
        self.run_dir = self.dir / "run"
        self.harrow("run", self.sweep_file(SPACE), "--dir", self.run_dir, "--slots", 2)
        self.out = self.dir / "strip.png"

    def show(self, *arguments, code=0):
        return self.harrow("show", self.run_dir, *arguments, "--out", self.out, code=code)

    def paths(self, *arguments):
        lines = self.show(*arguments).stdout.splitlines()[:-1]
        return [line.split()[1] for line in lines]

    def misrouted(self, cell, seed):
        """How many test images went to another expert, by the routing accuracies in the rows."""
        total = 0
        for row in table(self.run_dir):
            if (row["cell_name"], row["seed"], row["metric"], row["routing"], row["after_task"]) == (
                    cell, seed, "routing_acc", "routed", "1") and row["class"] != "mean":
                images = len(list((self.root / row["class"] / "test").glob("*/*.png")))
                total += round((1 - float(row["value"])) * images)
        return total

    def test_worst_best_and_side_by_side(self):
        worst = self.paths("main", "--worst", 3)
        self.assertEqual(size(self.out), (3 * SIDE + 2 * 2, 3 * SIDE + 2 * 2))
        one = self.out.read_bytes()
        self.assertEqual(self.paths("main", "--worst", 3), worst)
        self.assertEqual(self.out.read_bytes(), one)
        self.assertEqual(len({path.split("/")[0] for path in worst[:2]}), 2)  # classes take turns
        both = self.show("main", "wo_dia", "--worst", 3).stdout
        self.assertEqual(size(self.out), (4 * SIDE + 3 * 2, 3 * SIDE + 2 * 2))
        self.assertEqual([line.split()[1] for line in both.splitlines()[:-1]], worst)  # the same images
        self.assertIn("heat map of main, of wo_dia; one colour scale per class", both)
        shared = self.out.read_bytes()
        self.assertIn("per class and cell", self.show("main", "wo_dia", "--worst", 3, "--scale", "cell").stdout)
        self.assertNotEqual(self.out.read_bytes(), shared)
        best = self.paths("main", "--best", 3)
        self.assertFalse(set(best) & set(worst))
        classes = sorted(path.name for path in self.root.iterdir() if path.is_dir())
        self.assertTrue(all(path.startswith(classes[1] + "/")
                            for path in self.paths("main", "--class", classes[1], "--best", 4)))

    def test_misrouted_images_are_those_the_rows_count(self):
        for seed in ("0", "1"):
            expected = self.misrouted("main", seed)
            told = self.show("main", "--misrouted", 64, "--seed", seed).stdout
            self.assertEqual(len(re.findall(r"  by the expert of task \d+ \(.+\), not of task", told)), min(expected, 64), told)
            if expected == 0:
                self.assertIn("no picture is written", told)
                self.assertFalse(self.out.exists())
        self.assertIn("has no router", self.show("plain", "--misrouted", code=2).stderr)

    def test_images_of_a_class_that_looks_like_another_are_misrouted(self):
        name = sorted(path.name for path in self.root.iterdir() if path.is_dir())[0]
        twins = self.dir / "twins"
        for copy in (name, "zz_twin"):
            shutil.copytree(self.root / name, twins / copy)
        self.harrow("run", self.sweep_file(root=twins, seeds="[0]", name="twins"), "--dir", self.dir / "twins-run")
        count = len(list((twins / name / "test").glob("*/*.png")))
        arguments = ["show", self.dir / "twins-run", "base", "--misrouted", 3, "--out", self.out]
        lines = self.harrow(*arguments).stdout.splitlines()
        self.assertEqual(size(self.out), (3 * SIDE + 2 * 2, 3 * SIDE + 2 * 2))
        self.assertEqual(len(lines), 4)
        for line in lines[:3]:
            self.assertRegex(line, rf"zz_twin/.+ by the expert of task 0 \({name}\), not of task 1 \(zz_twin\), which scores ")
        arguments[4] = 64
        self.assertEqual(len(self.harrow(*arguments).stdout.splitlines()), min(count, 64) + 1)

    def test_what_cannot_be_shown_is_refused(self):
        for arguments, told in ((("main", "--worst", 2, "--best", 2), "--worst"),
                                (("main", "--seed", 9), "no finished trial for seed 9"),
                                (("mian",), "did you mean 'main'"),
                                (("main", "no_such_cell"), "no_such_cell"),
                                (("main", "--class", "nothing"), "knows no class 'nothing'")):
            self.assertIn(told, self.show(*arguments, code=2).stderr)
            self.assertFalse(self.out.exists())

    def test_the_page_shows_failures_while_scores_are_there(self):
        page = self.page("with")
        pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
        self.assertLessEqual(len(pictures), 8)
        self.assertIn("Pictures of failures", page)
        for picture in pictures:
            width, height = size(base64.b64decode(picture))
            self.assertEqual((width, height), (3 * 112 + 2 * 2, 112))
        self.assertLess(sum(map(len, pictures)), 1_000_000)
        if "No failures to show" not in page:
            self.assertTrue(pictures)
        self.assertEqual(self.page("again"), page)
        self.assertNotIn("Pictures of failures", self.page("without", "--no-gallery"))
        shutil.rmtree(self.run_dir / "trainings")
        self.assertIn("are not at hand", self.page("gone"))
        self.assertIn("are not there any more", self.show("main", code=2).stderr)

    def page(self, name, *arguments):
        out = self.dir / name
        self.harrow("report", self.run_dir, "--format", "html", "--no-figures", "--out", out, *arguments)
        return (out / "index.html").read_text()


if __name__ == "__main__":
    main()
