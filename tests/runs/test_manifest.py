"""The manifest is what `sha256sum -c` reads."""

import subprocess

from relearn.runs import manifest


def test_a_line_for_each_file_sorted_by_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").write_bytes(b"abc")
    (tmp_path / "a c").write_bytes(b"")
    manifest.seal(["b", "a c"], tmp_path / "sums", tmp_path / "no usage")
    assert (tmp_path / "sums").read_text().splitlines() == [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a c",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b",
    ]
    check = ["sha256sum", "--check", "--quiet", "sums"]
    assert subprocess.run(check).returncode == 0
    (tmp_path / "b").write_bytes(b"xyz")
    assert subprocess.run(check, stderr=subprocess.DEVNULL).returncode == 1
