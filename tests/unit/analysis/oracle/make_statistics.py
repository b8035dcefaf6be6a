#!/usr/bin/python3
"""Writes statistics.json beside this file: what SciPy, statsmodels and scikit-learn say about stored samples.

Debian: apt-get install python3-scipy python3-statsmodels python3-sklearn. The tests read the JSON and need no Python.
Data of tests with ties are multiples of 1/64, so that SciPy sees the ties that are there. Resampling
draws from the project's generator (splitmix64), so that its results can be compared at all.
"""
import itertools
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn
import statsmodels
import statsmodels.formula.api as smf
from scipy import special, stats
from sklearn import metrics
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multitest import multipletests

warnings.simplefilter("ignore")
rng = np.random.default_rng(20240229)


class SplitMix:
    """sweeps/random.cpp."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def below(self, bound):
        skipped = 2**64 % bound
        while True:
            value = self.next()
            if value >= skipped:
                return value % bound

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())


class Stream(np.random.RandomState):
    """Hands SplitMix to scipy.stats.bootstrap."""

    def __new__(cls, seed):
        return super().__new__(cls, 0)

    def __init__(self, seed):
        super().__init__(0)
        self.stream = SplitMix(seed)

    def randint(self, low, high=None, size=None, dtype=int):
        count = int(np.prod(size))
        return np.array([low + self.stream.below(high - low) for _ in range(count)]).reshape(size)


def samples(n, shift=0.3, ties=False, zeros=0):
    x, y = rng.normal(0.9, 0.02, n), rng.normal(0.9 - 0.02 * shift, 0.02, n)
    if ties:
        x, y = np.round(x * 64) / 64, np.round(y * 64) / 64
    y[:zeros] = x[:zeros]
    return x.tolist(), y.tolist()


def t_quantile(level, df):
    """Of |t|. stats.t.ppf is off by 1e-9 here (0.75, 29); its incomplete beta function is not."""
    x = special.betaincinv(df / 2, 0.5, 1 - level)
    return math.sqrt(df * (1 - x) / x)


def sample_cases():
    cases = []
    for values in ([0.25, 0.75], [98.1, 98.22, 98.16, 97.87, 97.78], [0.5] * 4, [1e-9, 2e-9, 4e-9],
                   rng.normal(size=30).tolist(), (1e6 + rng.normal(size=11)).tolist()):
        n, mean, std = len(values), np.mean(values), np.std(values, ddof=1)
        intervals = {}
        for level in (0.5, 0.95, 0.99):
            half = t_quantile(level, n - 1) * std / math.sqrt(n)
            intervals[str(level)] = [mean - half, mean + half]
        cases.append({"values": values, "mean": mean, "std": std, "intervals": intervals,
                      "iqm": stats.trim_mean(values, 0.25)})
    return cases


def paired_cases():
    settings = [(2, {}), (3, {}), (5, {}), (5, {"shift": 5}), (6, {"ties": True}), (10, {}), (15, {"shift": 2}),
                (16, {"ties": True, "zeros": 3}), (12, {"ties": True, "zeros": 11}), (14, {"ties": True}),
                (25, {}), (25, {"shift": 3}), (26, {}), (26, {"ties": True, "zeros": 4}),
                (60, {"shift": 0.1}), (100, {"ties": True, "shift": 1}), (200, {"shift": 1.5})]
    cases = []
    for n, options in settings:
        x, y = samples(n, **options)
        cases.append(paired_case(np.array(x), np.array(y)))
    # Two values: one pair of differences with equal size and opposite signs, and one zero.
    cases.append(paired_case(np.array([0.5, 0.25]), np.array([0.25, 0.5])))
    cases.append(paired_case(np.array([0.5, 0.25]), np.array([0.5, 0.5])))
    return cases


def paired_case(x, y):
    d, n = x - y, len(x)
    t = stats.ttest_rel(x, y)
    welch = stats.ttest_ind(x, y, equal_var=False)
    vx, vy = np.var(x, ddof=1) / n, np.var(y, ddof=1) / n
    case = {"x": x.tolist(), "y": y.tolist(),
            "paired_t": {"statistic": t.statistic, "p": t.pvalue, "df": n - 1},
            "welch": {"statistic": welch.statistic, "p": welch.pvalue,
                      "df": (vx + vy) ** 2 / (vx**2 / (n - 1) + vy**2 / (n - 1))},
            "cohens_d": stats.ttest_ind(x, y).statistic * math.sqrt(2 / n),
            "cohens_dz": t.statistic / math.sqrt(n),
            "improvement": stats.mannwhitneyu(x, y).statistic / n**2,
            "cliffs_delta": float(np.mean(np.sign(x[:, None] - y[None, :])))}
    ranks = stats.rankdata(abs(d))
    plus = ranks[d > 0].sum() + ranks[d == 0].sum() / 2
    minus = ranks[d < 0].sum() + ranks[d == 0].sum() / 2
    wilcoxon = {"w_plus": plus, "w_minus": minus, "rank_biserial": (plus - minus) / (n * (n + 1) / 2)}
    tied = len(set(abs(d))) < n or (d == 0).any()
    if n > 25:
        wilcoxon["p"] = stats.wilcoxon(x, y, zero_method="zsplit", mode="approx").pvalue
    elif not tied:
        wilcoxon["p"] = stats.wilcoxon(x, y, mode="exact").pvalue
    else:
        def statistic(a, b):
            r = stats.rankdata(abs(a - b))
            return r[a - b > 0].sum() + r[a - b == 0].sum() / 2
        wilcoxon["p"] = flip_test(x, y, statistic)
    case["wilcoxon"] = wilcoxon
    if n <= 16:
        case["sign_flip"] = {"p": flip_test(x, y, lambda a, b: np.mean(a - b)), "statistic": np.mean(d)}
    return case


def flip_test(x, y, statistic):
    return stats.permutation_test((x, y), statistic, permutation_type="samples", vectorized=False,
                                  n_resamples=np.inf).pvalue


def random_sign_flip():
    x, y = samples(40, shift=0.5)
    d, stream, resamples, hits = np.array(x) - np.array(y), SplitMix(77), 5000, 0
    for _ in range(resamples):
        bits = stream.next()
        signs = np.array([1 if bits >> i & 1 else -1 for i in range(40)])
        hits += abs(np.dot(signs, d)) >= abs(d.sum()) - 1e-13
    return {"x": x, "y": y, "seed": 77, "resamples": resamples, "p": (1 + int(hits)) / (1 + resamples)}


def unpaired_cases():
    cases = []
    for nx, ny in ((2, 2), (2, 9), (5, 3), (30, 12)):
        x, y = rng.normal(1, 1, nx), rng.normal(0, 3, ny)
        t = stats.ttest_ind(x, y, equal_var=False)
        cases.append({"x": x.tolist(), "y": y.tolist(), "statistic": t.statistic, "p": t.pvalue,
                      "cohens_d": stats.ttest_ind(x, y).statistic * math.sqrt(1 / nx + 1 / ny),
                      "improvement": stats.mannwhitneyu(x, y).statistic / (nx * ny)})
    x, y = [0.5, 0.5, 0.5], [0.25, 0.5, 0.75, 0.875]  # one sample without spread, ties across
    t = stats.ttest_ind(x, y, equal_var=False)
    cases.append({"x": x, "y": y, "statistic": t.statistic, "p": t.pvalue,
                  "cohens_d": stats.ttest_ind(x, y).statistic * math.sqrt(1 / 3 + 1 / 4),
                  "improvement": stats.mannwhitneyu(x, y).statistic / 12})
    return cases


def bootstrap_cases():
    iqm = lambda *strata: stats.trim_mean(np.concatenate(strata), 0.25)
    improvement = lambda x, y: np.mean((x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :]))
    skewed = [rng.exponential(size=12).tolist()]
    classes = [rng.normal(k, 1, 5).tolist() for k in range(4)]
    pair = [np.round(rng.normal(0.5, 1, 7) * 4) / 4, np.round(rng.normal(0, 1, 9) * 4) / 4]
    pair = [sample.tolist() for sample in pair]
    cases = []
    for name, statistic, strata in (("mean", lambda x: np.mean(x), skewed), ("std", lambda x: np.std(x, ddof=1), skewed),
                                    ("iqm", iqm, classes), ("improvement", improvement, pair),
                                    ("mean", lambda x: np.mean(x), [[0.25, 0.75]])):
        for method in ("percentile", "BCa"):
            for level in (0.95, 0.8):
                result = stats.bootstrap([np.array(s) for s in strata], statistic, vectorized=False, batch=1,
                                         n_resamples=1000, confidence_level=level, method=method,
                                         random_state=Stream(5)).confidence_interval
                cases.append({"statistic": name, "strata": strata, "method": method, "level": level, "seed": 5,
                              "resamples": 1000, "low": result.low, "high": result.high})
    return cases


def friedman_cases():
    cases = []
    for blocks, cells, ties in ((2, 3, False), (5, 3, False), (15, 5, False), (10, 4, True), (27, 10, False),
                                (6, 2, False), (12, 2, True), (40, 3, True)):
        values = rng.normal(0, 1, (blocks, cells)) + 0.3 * np.arange(cells)
        if ties:
            values = np.round(values)
        ranks = np.array([stats.rankdata(-row) for row in values])
        if cells > 2:
            chi2 = stats.friedmanchisquare(*values.T).statistic
        else:  # SciPy wants three: the definition over sums of squares (Conover)
            squares = (ranks**2).sum() - blocks * cells * (cells + 1) ** 2 / 4
            chi2 = (cells - 1) * ((ranks.sum(0) - blocks * (cells + 1) / 2) ** 2).sum() / squares
        f = (blocks - 1) * chi2 / (blocks * (cells - 1) - chi2)
        cases.append({"values": values.tolist(), "mean_ranks": ranks.mean(0).tolist(), "chi_square": chi2,
                      "p_chi_square": stats.chi2.sf(chi2, cells - 1), "f": f,
                      "p": stats.f.sf(f, cells - 1, (cells - 1) * (blocks - 1))})
    return cases


def studentized_range_cases():
    return {"tail": [{"q": q, "groups": k, "p": stats.studentized_range.sf(q, k, np.inf)}
                     for k in (2, 3, 5, 10, 40) for q in (0.05, 1.0, 2.5, 3.9, 5.5)],
            "quantile": [{"alpha": a, "groups": k, "q": stats.studentized_range.ppf(1 - a, k, np.inf)}
                         for k in (2, 3, 5, 10, 40) for a in (0.01, 0.05, 0.1, 0.5)]}


def multiplicity_cases():
    names = {"holm": "holm", "bonferroni": "bonferroni", "bh": "fdr_bh"}
    cases = []
    for p in ([0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.02, 0.02, 1.0, 0.0], [0.2], rng.uniform(size=30).tolist()):
        cases.append({"p": p, **{ours: multipletests(p, method=theirs)[1].tolist() for ours, theirs in names.items()}})
    return cases


def bayes_cases():
    cases = []
    for n, options, rope in ((5, {}, 0.01), (15, {"shift": 0.5}, 0.005), (12, {"ties": True, "zeros": 4}, 0.0),
                             (2, {}, 0.002), (8, {"ties": True}, 1 / 64)):
        x, y = samples(n, **options)
        d = np.concatenate([[0], np.array(x) - np.array(y)])
        sums, stream, votes = d[:, None] + d[None, :], SplitMix(11), [0, 0, 0]
        for _ in range(2000):
            w = [stream.normal() ** 2 / 2] + [-math.log(1 - stream.uniform()) for _ in range(n)]
            w = np.array(w) / sum(w)
            w = w[:, None] * w[None, :]
            left, right = w[sums < -2 * rope].sum(), w[sums > 2 * rope].sum()
            votes[int(np.argmax([left, w.sum() - left - right, right]))] += 1
        cases.append({"x": x, "y": y, "rope": rope, "seed": 11, "samples": 2000,
                      "p": [v / 2000 for v in votes]})
    return cases


def anova_cases():
    def grid(*levels, replicates, effects=0.5):
        rows = [c for c in itertools.product(*[range(n) for n in levels]) for _ in range(replicates)]
        frame = pd.DataFrame(rows, columns=list("FGH")[: len(levels)])
        frame["y"] = rng.normal(size=len(frame)) + effects * frame["F"] + effects * frame["F"] * frame["G"]
        return frame

    two, three = grid(2, 3, replicates=5), grid(2, 3, 2, replicates=2)
    one = grid(4, 1, replicates=3).drop(columns="G")
    fractions = grid(3, 2, replicates=4)
    fractions["y"] = 0.98 + 0.001 * fractions["y"]
    blocks = grid(3, 2, replicates=6)
    blocks["H"] = np.tile(np.arange(6), 6)
    blocks["y"] += rng.normal(size=6)[blocks["H"]]
    uneven_two = two.drop(index=[0, 1, 2, 7, 20]).reset_index(drop=True)
    uneven_three = pd.concat([three, three.sample(9, random_state=1)]).drop(index=[3, 4]).reset_index(drop=True)
    missing = two[~((two["F"] == 0) & (two["G"] == 1))].reset_index(drop=True)
    single = grid(3, 4, replicates=1)
    cases = []
    for frame, formula, order, blocked in (
            (one, "C(F)", 1, []), (two, "C(F)*C(G)", 2, []), (two, "C(F)+C(G)", 1, []), (fractions, "C(F)*C(G)", 2, []),
            (three, "C(F)*C(G)*C(H)", 3, []), (three, "(C(F)+C(G)+C(H))**2", 2, []),
            (blocks, "C(F)*C(G)+C(H)", 2, ["H"]), (uneven_two, "C(F)*C(G)", 2, []),
            (uneven_three, "C(F)*C(G)*C(H)", 3, []), (uneven_three, "(C(F)+C(G)+C(H))**2", 2, []),
            (uneven_three, "C(F)*C(G)+C(H)", 2, ["H"]), (missing, "C(F)+C(G)", 1, []), (single, "C(F)+C(G)", 1, [])):
        table = anova_lm(smf.ols("y ~ " + formula, frame).fit(), typ=2)
        error, total = table.loc["Residual"], ((frame["y"] - frame["y"].mean()) ** 2).sum()
        ms, terms = error["sum_sq"] / error["df"], {}
        for name, row in table.drop(index="Residual").iterrows():
            terms[name.replace("C(", "").replace(")", "")] = {
                "df": row["df"], "sum_squares": row["sum_sq"], "f": row["F"], "p": row["PR(>F)"],
                "partial_eta2": row["sum_sq"] / (row["sum_sq"] + error["sum_sq"]),
                "omega2": (row["sum_sq"] - row["df"] * ms) / (total + ms)}
        factors = [c for c in frame.columns if c != "y"]
        cases.append({"y": frame["y"].tolist(), "max_order": order,
                      "factors": {f: [str(v) for v in frame[f]] for f in factors}, "blocks": blocked, "terms": terms,
                      "residual_df": error["df"], "residual_squares": error["sum_sq"], "total_squares": total})
    return cases


def curve_cases():
    cases = []
    for n, levels in ((2, 0), (40, 0), (60, 3), (200, 20), (30, 1), (300, 0)):
        labels = np.arange(n) % 3 == 0
        scores = rng.normal(size=n) + labels
        scores = (np.round(scores * levels / 3) if levels else np.exp(2 * scores)).astype(np.float32)
        precision, recall, _ = metrics.precision_recall_curve(labels, scores)
        with np.errstate(invalid="ignore"):
            f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
        cases.append({"scores": [float(s) for s in scores], "labels": [int(v) for v in labels],
                      "auroc": metrics.roc_auc_score(labels, scores),
                      "ap": metrics.average_precision_score(labels, scores), "f1max": f1.max()})
    return cases


def main():
    oracle = {"made_with": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
                            "scikit-learn": sklearn.__version__, "numpy": np.__version__},
              "sample": sample_cases(), "paired": paired_cases(), "random_sign_flip": random_sign_flip(),
              "unpaired": unpaired_cases(), "bootstrap": bootstrap_cases(), "friedman": friedman_cases(),
              "studentized_range": studentized_range_cases(), "multiplicity": multiplicity_cases(),
              "bayes": bayes_cases(), "anova": anova_cases(), "curves": curve_cases()}
    text = json.dumps(oracle, default=float, allow_nan=False)
    path = Path(__file__).with_name("statistics.json")
    path.write_text(text.replace('}, {', '},\n{').replace('], "', '],\n"') + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
