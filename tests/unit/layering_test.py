#!/usr/bin/env python3
"""Fails on any include outside the table below, which docs/architecture.md quotes.

A module may include its own headers, the modules listed for it, and the third parties it owns;
third parties only in .cpp files. tests/ and bench/ are exempt from the third-party column.
"""
import re
import sys
from pathlib import Path

MODULES = {
    "sweeps": [],
    "storage": ["sweeps"],
    "analysis": ["sweeps", "storage"],
    "coordinator": ["sweeps", "storage"],
    "slurm": ["sweeps", "storage"],
    "worker": ["sweeps", "storage", "analysis", "coordinator"],
    "cli": ["sweeps", "storage", "analysis", "coordinator", "slurm"],
}
# worker/ speaks the coordinator's protocol and knows nothing else of it.
PROTOCOL = {"work.hpp", "messages.hpp", "wire.hpp", "child_link.hpp"}

THIRD_PARTIES = {  # prefix of an include -> modules that own it
    "yaml-cpp/": {"sweeps"},
    "xxhash.h": {"sweeps"},
    "hdf5.h": {"storage"},
    "H5": {"storage"},
    "png.h": {"storage"},
    "jpeglib.h": {"storage"},
    "jerror.h": {"storage"},
    "openssl/": {"storage"},
    "nlohmann/": {"sweeps", "storage", "analysis", "coordinator", "slurm", "worker", "cli"},
    "boost/": {"analysis"},
    "mpi.h": {"coordinator"},
    "spdlog/": {"coordinator", "worker", "cli"},
    "CLI/": {"cli"},
    "torch/": {"worker"},
    "ATen/": {"worker"},
    "c10/": {"worker"},
}
ONE_FILE = {"mpi.h": ["coordinator/mpi_transport.cpp"], "CLI/": ["cli/arguments.cpp", "cli/data_arguments.cpp", "cli/report_arguments.cpp", "cli/run_arguments.cpp", "cli/slurm_arguments.cpp"],
            "openssl/": ["storage/weights/weights_digest.cpp"]}
HEADER_EXEMPT = {"torch/": "worker", "ATen/": "worker", "c10/": "worker"}  # tensors are worker's vocabulary
FORWARD_ONLY = {"spdlog/fwd.h", "nlohmann/json_fwd.hpp"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def third_party_errors(module, path, name):
    for prefix, owners in THIRD_PARTIES.items():
        if not name.startswith(prefix):
            continue
        if module not in owners:
            return [f"<{name}> belongs to {', '.join(sorted(owners))}, not to {module}"]
        if prefix in ONE_FILE and str(path) not in ONE_FILE[prefix]:
            return [f"<{name}> is included in {', '.join(ONE_FILE[prefix])} only"]
        if path.suffix == ".hpp" and name not in FORWARD_ONLY and HEADER_EXEMPT.get(prefix) != module:
            return [f"<{name}> in a header: third parties stay in .cpp files"]
    return []


def own_errors(module, name):
    target = name.split("/")[0]
    if target not in MODULES or target == module:
        return []
    if target not in MODULES[module]:
        return [f'"{name}": {module} may include {", ".join(MODULES[module]) or "no other module"}']
    if module == "worker" and target == "coordinator" and name.split("/", 1)[1] not in PROTOCOL:
        return [f'"{name}": worker may include only the protocol ({", ".join(sorted(PROTOCOL))})']
    return []


def main():
    root = Path(sys.argv[1])
    errors, files = [], 0
    for module in MODULES:
        for path in sorted((root / module).rglob("*.[hc]pp")):
            files += 1
            relative = path.relative_to(root)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                kind, name = match.groups()
                found = third_party_errors(module, relative, name)
                if kind == '"':
                    found = found or own_errors(module, name)
                errors += [f"{relative}:{number}: {error}" for error in found]
    print("\n".join(errors) or f"{files} files keep the include rules")
    return 1 if errors or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
