"""Settings: the project's own, a workspace's, and every mistake in a file told at once."""

import pytest

from brapkg.errors import DataError
from brapkg.settings import ALLOWED, RECORDS, _flat, settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    return tmp_path


def test_without_a_file_the_project_s_own_hold(home):
    found = settings()
    assert found.largest_hidden == {"year": 0, "month": 3}
    assert found.false_share == 0.01


def test_a_workspace_overrules_value_by_value(home):
    (home / "settings.toml").write_text("[disclosure]\nyear = 4\n")
    assert settings().largest_hidden == {"year": 4, "month": 3}


def test_a_changed_file_is_read_anew(home):
    import os

    path = home / "settings.toml"
    path.write_text("[signals]\nfalse_share = 0.1\n")
    assert settings().false_share == 0.1
    path.write_text("[signals]\nfalse_share = 0.2\n")
    os.utime(path, ns=(1, 1))
    assert settings().false_share == 0.2


def test_every_mistake_is_told_at_once(home):
    (home / "settings.toml").write_text(
        "[disclosure]\nyear = -1\nmonth = 2.5\nweek = 3\n[signals]\nfalse_share = true\n"
    )
    with pytest.raises(DataError) as told:
        settings()
    text = str(told.value)
    for expected in ("year: found -1", "month: found 2.5", "week: there is no such", "false_share: found True"):
        assert expected in text
    assert "from 0 to 20" in text and "[signals] false_share" in text


@pytest.mark.parametrize(
    ("text", "match"), [("[disclosure\n", "cannot be read as TOML"), ("year = 3\n", "outside a section")]
)
def test_a_file_that_cannot_be_read(home, text, match):
    (home / "settings.toml").write_text(text)
    with pytest.raises(DataError, match=match):
        settings()


def test_every_setting_of_the_record_has_its_limits():
    assert set(_flat(RECORDS)) == set(ALLOWED)
