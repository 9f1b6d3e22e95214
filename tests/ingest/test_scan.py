"""What a scan lets through, and the reason why not for the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from secondme.ingest.scan import Candidate, Rules, Skip, ignored_below, scan

RULES = Rules(frozenset({".md", ".txt"}), max_bytes=1000)


def seen(root: Path, rules: Rules = RULES) -> tuple[list[str], dict[str, str]]:
    found = list(scan(root, rules))
    files = [c.path.relative_to(root).as_posix() for c in found if isinstance(c, Candidate)]
    skips = {Path(s.path).name: s.reason for s in found if isinstance(s, Skip)}
    return files, skips


def write(root: Path, *names: str, text: str = "text") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_files_come_in_a_stable_order(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.txt", "a/b.md")
    assert seen(tmp_path) == (["a/b.md", "a/z.txt", "b.md"], {})


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, ".hidden.md", ".obsidian/workspace.md", ".git/x.md", "seen.md")
    assert seen(tmp_path) == (["seen.md"], {})


@pytest.mark.parametrize(
    "name", [".env", "id_rsa", "server.key", "cert.pem", "vault.kdbx", "mail.gpg"]
)
def test_secrets_are_refused_unless_forced(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert "--force" in seen(tmp_path)[1][name]
    assert "--force" not in seen(tmp_path, Rules(RULES.suffixes, 1000, force=True))[1].get(name, "")


def test_folders_of_secrets_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ".ssh/notes.txt", ".gnupg/a.txt")
    files, skips = seen(tmp_path)
    assert files == []
    assert set(skips) == {".ssh", ".gnupg"}


def test_large_files_are_named_with_their_size(tmp_path: Path) -> None:
    write(tmp_path, "big.md", text="x" * 2500)
    assert seen(tmp_path)[1] == {
        "big.md": "is 2.5 kB, over the limit of 1.0 kB (setting max_file_mb)"
    }


def test_a_sparse_file_of_two_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.md").open("wb") as file:
        file.truncate(2_000_000_000)
    assert "is 2.0 GB" in seen(tmp_path)[1]["sparse.md"]


def test_what_no_importer_reads_is_said(tmp_path: Path) -> None:
    write(tmp_path, "picture.png", "Makefile")
    assert seen(tmp_path)[1] == {
        "picture.png": "no importer for .png",
        "Makefile": "no importer for files without an ending",
    }


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    write(tmp_path, "a/note.md")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    files, skips = seen(tmp_path)
    assert files == ["a/note.md"]
    assert skips == {"loop": "is a link to a folder, which is not followed"}


def test_pipes_and_dangling_links_are_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    assert seen(tmp_path)[1] == {"pipe.md": "is no regular file", "gone.md": "does not exist"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    write(tmp_path, "locked/a.md", "open.md")
    (tmp_path / "locked").chmod(0)
    try:
        files, skips = seen(tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert files == ["open.md"]
    assert skips == {"locked": "may not be read: no permission"}


def test_ignore_files_follow_the_rules_of_gitignore(tmp_path: Path) -> None:
    write(
        tmp_path, "keep.md", "draft.md", "old/a.md", "sub/draft.md", "sub/keep.md", "sub/only.txt"
    )
    (tmp_path / ".secondmeignore").write_text("draft.md\n/old/\n")
    (tmp_path / "sub" / ".secondmeignore").write_text("*.txt\n!draft.md\n")
    assert seen(tmp_path)[0] == ["keep.md", "sub/keep.md"]
    assert ignored_below(tmp_path, tmp_path / "sub" / "only.txt")
    assert ignored_below(tmp_path, tmp_path / "old" / "a.md")
    assert not ignored_below(tmp_path, tmp_path / "sub" / "keep.md")


def test_a_path_that_is_not_there_is_one_reason(tmp_path: Path) -> None:
    assert list(scan(tmp_path / "none", RULES)) == [Skip(str(tmp_path / "none"), "does not exist")]
