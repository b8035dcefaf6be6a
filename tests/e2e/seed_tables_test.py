"""The tables that authors made by hand (MoLE-Flow, AnomalyVFM): imported, reported, and back."""
import unittest

from harness import SOURCE, Case

TABLES = SOURCE / "tests" / "data" / "seeds"


class SeedTables(Case):
    def report(self, name, *options, metric="pixel_ap", again=False):
        """`report --format md` of an import; each line without what only formats it."""
        run = self.dir / name
        if not again:
            self.harrow("import", TABLES / f"{name}.csv", "--cells", TABLES / f"{name}_cells.csv",
                        "--dir", run, "--metric", metric)
        text = self.harrow("report", run, "--format", "md", *options).stdout
        return [" ".join(line.replace("*", "").replace("\\", "").split()) for line in text.splitlines()]

    def assert_row(self, lines, *parts):
        """One table row holds all parts, in this order."""
        def holds(line):
            at = 0
            for part in parts:
                at = line.find(part, at)
                if at < 0:
                    return False
                at += len(part)
            return line.startswith("|")
        self.assertTrue(any(map(holds, lines)), f"{parts}\n" + "\n".join(lines))

    def test_five_seeds(self):
        self.assert_row(self.report("five_seeds"), "98.03 ± 0.19", "99.19 ± 0.06", "97.81 ± 0.03",
                        "53.78 ± 0.73", "100.00 ± 0.00")

    def test_dia_blocks_top_k_and_tail_loss(self):
        lines = self.report("group1", "--percent")
        self.assert_row(lines, "| 4 |", "97.93", "47.35")
        self.assert_row(lines, "| 6 |", "+0.27", "-1.29")
        self.assert_row(lines, "| 7 |", "+0.37", "-1.55")
        self.assert_row(lines, "| 8 |", "+0.32", "-1.89")
        self.assert_row(lines, "TopK7-TailW0.5", "+1.31")
        self.assert_row(lines, "TailTopK3", "+0.13")

    def test_top_twenty(self):
        lines = self.report("top20")
        self.assert_row(lines, "| 1 | TailW0.55-TopK5-LogdetReg1e-4-ScaleCtxK5-lr3e-4 |", "+0.0710")
        # Three of 80 epochs stand between them without a rank.
        self.assert_row(lines, "| 17 | TopK3-TailW0.55-LogdetReg1e-4-Coupling12-lr3e-4 |", "0.5153")

    def test_tail_weights(self):
        lines = self.report("tail")
        for weight, ap, delta in (("0", "45.86", "-9.94"), ("0.1", "50.54", "-5.26"),
                                  ("0.3", "52.94", "-2.86"), ("0.5", "54.78", "-1.02"),
                                  ("0.7", "55.80", "–"), ("0.8", "56.00", "+0.20")):
            self.assert_row(lines, f"| {weight} | TailW", ap, delta)  # against the default
        lines = self.report("tail", "--vs", "TailW0.0", again=True)
        for weight, delta in (("0.1", "+4.68"), ("0.3", "+7.08"), ("0.5", "+8.92"),
                              ("0.7", "+9.94"), ("0.8", "+10.14")):
            self.assert_row(lines, f"| {weight} | TailW", delta)

    def test_the_first_ablation_table_is_unfair(self):
        lines = self.report("ablation_first")
        self.assert_row(lines, "wo_DIA", "‡", "-3.50")
        note = next(line for line in lines if "no fair comparison" in line)
        for name in ("train.lr 3e-04 / 2e-04", "train.lambda_logdet 1e-04 / 1e-05",
                     "model.scale_context_kernel 5 / 3"):
            self.assertIn(name, note)

    def test_modules_under_trainable_and_frozen_bases(self):
        lines = self.report("interaction_15")
        for module, trainable, frozen, verdict in (
                ("model.adapter whitening", "-5.96", "-3.57", "integral"),
                ("train.tail_aware_loss true", "+8.05", "+7.09", "generic"),
                ("model.dia_n_blocks 2", "+5.29", "+4.70", "generic")):
            self.assert_row(lines, f"| {module} |", trainable, frozen, verdict)

    def test_classes(self):
        lines = self.report("classes")
        self.assert_row(lines, "| carpet |", "0.3601", "0.6167", "+0.2566")
        self.assert_row(lines, "| metal_nut |", "-0.0715")

    def test_versions_of_anomalyvfm(self):
        lines = self.report("anomalyvfm", "--vs", "v1.1", metric="image_auroc")
        self.assert_row(lines, "| v1.1 | 0.5626", "baseline")
        for cell, mean, delta, relative in (("v1.2", "0.5530", "-0.0096?", "-1.7 %"),
                                            ("v1.3", "0.5310", "-0.0316?", "-5.6 %"),
                                            ("v1.4", "0.5532", "-0.0093?", "-1.7 %"),
                                            ("baseline", "0.5539", "-0.0086?", "-1.5 %")):
            self.assert_row(lines, f"| {cell} |", mean, delta, relative, "not tested")
        self.assert_row(lines, "| fabric |", "0.6520", "0.7574", "+0.1054?")
        self.assertTrue(any("a single run says nothing about noise" in line for line in lines))
        self.assertFalse(any("separable from noise:" in line for line in lines))
        # Their lessons are held against the baseline.
        lines = self.report("anomalyvfm", "--vs", "baseline", again=True)
        for name, second, fourth in (("fruit_jelly", "-0.0075", "+0.0159"), ("fabric", "0.0000", "+0.1042"),
                                     ("can", "-0.0008", "-0.0267"), ("sheet_metal", "0.0000", "+0.0324"),
                                     ("vial", "-0.0016", "-0.1363"), ("wallplugs", "-0.0003", "-0.0042"),
                                     ("walnuts", "+0.0037", "+0.0098"), ("mean", "-0.0009", "-0.0007")):
            self.assert_row(lines, f"| {name} |", second, fourth)


if __name__ == "__main__":
    unittest.main()
