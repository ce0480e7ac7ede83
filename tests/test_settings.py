"""Settings: the project's own, a workspace's, and every mistake in a file told at once."""

import pytest

from brapkg import catalogue
from brapkg.errors import DataError
from brapkg.settings import ALLOWED, HARMED, RECORDS, _flat, settings


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


def test_the_rule_for_priorities_is_read_part_by_part(home):
    own = settings().priorities
    assert own.most == 5 and set(own.weights.values()) == {1} and set(own.steps.values()) == {1}
    (home / "settings.toml").write_text("[priorities]\nharm = 0.5\n[certainty]\ncontrol = 2\n[harm]\ndamage = 3\n")
    found = settings().priorities
    assert found.weights == own.weights | {"harm": 0.5}
    assert found.steps == own.steps | {"control": 2}
    assert found.harm == own.harm | {"damage": 3} and found.most == 5


def test_every_offence_group_but_the_total_has_its_harm():
    assert [*HARMED] == [id for id in catalogue.offences("groups") if id != catalogue.TOTAL]


def test_every_mistake_in_the_rule_is_told_at_once(home):
    (home / "settings.toml").write_text(
        "[priorities]\nmost = 6\nlevel = -1\nharm = true\nwidth = 1\n"
        '[certainty]\npreliminary = 1.5\ndoubt = 1\n[harm]\nviolence = 4\ntheft = "much"\nfraud = 1\n'
    )
    with pytest.raises(DataError) as told:
        settings()
    text = str(told.value)
    for expected in (
        "[priorities] most: found 6; must be a whole number from 1 to 5",
        "[priorities] level: found -1; must be a number from 0 to 10",
        "[priorities] harm: found True",
        "[priorities] width: there is no such setting",
        "[certainty] preliminary: found 1.5; must be a whole number from 0 to 3",
        "[certainty] doubt: there is no such setting",
        "[harm] violence: found 4; must be a whole number from 0 to 3",
        "[harm] theft: found 'much'",
        "[harm] fraud: there is no such setting",
    ):
        assert expected in text


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_weight_that_is_no_number_is_refused(home, value):
    (home / "settings.toml").write_text(f"[priorities]\nlevel = {value}\n")
    with pytest.raises(DataError, match="level"):
        settings()


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
