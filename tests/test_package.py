"""What `pip install .` gives: a wheel with the product and its plugins, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_the_product_and_its_plugins(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            tmp_path,
            ROOT,
        ],
        check=True,
    )
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {n.split("/")[0] for n in names if ".dist-info" not in n} == {
        "secondme",
        "secondme_importers",
    }
    assert "secondme/py.typed" in names
    assert "secondme/tui/style.tcss" in names
    assert "secondme/demo/calendar.ics" in names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    entry_points = next(n for n in names if n.endswith("entry_points.txt"))
    text = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).read(entry_points).decode()
    assert "secondme = secondme.cli.main:main" in text
    assert "[secondme.plugins]" in text


def test_every_installed_importer_loads() -> None:
    from secondme.plugin import load_plugins

    manager, faults = load_plugins()
    assert faults == []
    offered = [i.name for each in manager.hook.secondme_importers() for i in each]
    assert len(offered) == len(set(offered))
    assert len(offered) >= 9
