"""Settings: the project's own, a workspace's, every mistake told at once, and the same rules in the schema."""

import base64
import json
import os
import struct
import subprocess
import sys
import tomllib
import zlib

import jsonschema
import pytest

from brapkg import areas, catalogue, logo
from brapkg import settings as module
from brapkg.errors import DataError
from brapkg.settings import ALLOWED, DUTIES, HARMED, LEVELS, PEERS, RECORDS, SCHEMA, defaults, settings

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/>{}</svg>'


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    return tmp_path


def write(home, text: str) -> None:
    (home / "settings.toml").write_text(text, encoding="utf-8")


def refusal(home, text: str) -> str:
    write(home, text)
    with pytest.raises(DataError) as told:
        settings()
    return "\n".join(told.value.problems)


# --- the project's own, and a workspace's --------------------------------------------------------


def test_without_a_file_the_project_s_own_hold(home):
    used = settings()
    assert used.largest_hidden == {"year": 0, "month": 3}
    assert used.false_share == 0.01
    assert used.reports == module.Reports((), 0, ("sv", "en"), LEVELS)
    assert used.sender == module.Sender("", "", "", "", None)
    assert used.peers == PEERS and used.small == module.Small(10_000, 20, 4)
    assert used.output == "reports" and module.output() == str(home / "reports")
    assert [*used.structure] == [*DUTIES]
    assert used.structure["picture"] == used.structure["follow_up"] == 24 and used.structure["plan"] == 48


def test_a_workspace_overrules_value_by_value(home):
    write(home, "[disclosure]\nyear = 4\n[small]\nexpected = 30\n[structure]\ncouncil = 60\n")
    used = settings()
    assert used.largest_hidden == {"year": 4, "month": 3}
    assert used.small == module.Small(10_000, 30, 4)
    assert used.structure["council"] == 60 and used.structure["plan"] == 48


def test_the_rule_for_priorities_is_read_part_by_part(home):
    own = settings().priorities
    assert own.most == 5 and set(own.weights.values()) == {1} and set(own.steps.values()) == {1}
    write(home, "[priorities]\nharm = 0.5\n[certainty]\ncontrol = 2\n[harm]\ndamage = 3\n")
    found = settings().priorities
    assert found.weights == own.weights | {"harm": 0.5}
    assert found.steps == own.steps | {"control": 2}
    assert found.harm == own.harm | {"damage": 3} and found.most == 5


def test_areas_are_codes_in_the_order_given(home):
    write(home, '[reports]\nareas = ["Bjurholms kommun", "24", "Malung–Sälen"]\nlevels = ["municipality"]\n')
    reports = settings().reports
    assert reports.areas == ("2403", "24", "2023")
    wanted = [area.code for area in areas.all_areas().values() if reports.wanted(area)]
    assert wanted == ["2023", "2403"]


def test_all_areas_are_wanted_where_none_is_named(home):
    wanted = [area.kind for area in areas.all_areas().values() if settings().reports.wanted(area)]
    assert len(wanted) == 312 and set(wanted) == {"nation", "county", "municipality"}


def test_peers_keep_their_order(home):
    write(home, '[peers]\nshow = ["neighbours", "nation"]\n')
    assert settings().peers == ("neighbours", "nation")


def test_an_output_may_be_an_address(home):
    write(home, '[output]\nfolder = "s3://bucket/pages"\n')
    assert module.output() == "s3://bucket/pages"
    write(home, '[output]\nfolder = "../elsewhere"\n')
    assert module.output() == str(home.parent / "elsewhere")


def test_every_offence_group_but_the_total_has_its_harm():
    assert [*HARMED] == [id for id in catalogue.offences("groups") if id != catalogue.TOTAL]


def test_the_duties_are_those_of_the_register():
    from brapkg import structure

    assert [duty.id for duty in structure.duties()] == [*DUTIES]


def test_a_changed_file_is_read_anew_though_its_time_is_the_same(home):
    path = home / "settings.toml"
    for share in (0.1, 0.2):
        write(home, f"[signals]\nfalse_share = {share}\n")
        os.utime(path, ns=(1, 1))
        assert settings().false_share == share
    path.unlink()
    assert settings().false_share == 0.01


def test_two_workspaces_have_settings_of_their_own(tmp_path, monkeypatch):
    for name, share in (("a", 0.1), ("b", 0.2), ("a", 0.1)):
        (tmp_path / name).mkdir(exist_ok=True)
        write(tmp_path / name, f"[signals]\nfalse_share = {share}\n")
        monkeypatch.setenv("BRAPKG_HOME", str(tmp_path / name))
        assert settings().false_share == share and module.output() == str(tmp_path / name / "reports")


def test_settings_load_nothing_heavy():
    code = (
        "import sys; from brapkg.settings import settings; settings(); "
        "print([m for m in ('pandas', 'numpy', 'jsonschema', 'openpyxl', 'PIL') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


# --- mistakes ------------------------------------------------------------------------------------


def test_every_mistake_in_the_rule_is_told_at_once(home):
    text = refusal(
        home,
        "[priorities]\nmost = 6\nlevel = -1\nharm = true\nwidth = 1\n"
        '[certainty]\npreliminary = 1.5\ndoubt = 1\n[harm]\nviolence = 4\ntheft = "much"\nfraud = 1\n',
    )
    for expected in (
        "[priorities] most: found 6; must be a whole number from 1 to 5",
        "[priorities] level: found -1; must be a number from 0 to 10",
        "[priorities] harm: found true",
        "[priorities] width: there is no such setting",
        "[certainty] preliminary: found 1.5; must be a whole number from 0 to 3",
        "[certainty] doubt: there is no such setting",
        "[harm] violence: found 4; must be a whole number from 0 to 3",
        '[harm] theft: found "much"',
        "[harm] fraud: there is no such setting",
    ):
        assert expected in text


def test_mistakes_of_every_kind_are_told_at_once_each_with_its_file(home):
    text = refusal(
        home,
        'loose = 1\nyear = 2\nharm = 3\n[reports]\nareas = ["Bjurhom", "P01", 24, "24", "Västerbotten"]\n'
        'period = 1900\nlanguages = ["sv", "swe"]\nlevels = []\n[dislosure]\nyear = 1\n'
        '[sender]\nname = 7\nweb = "kommun.se"\nlogo = "missing.png"\n[small]\nexpected = 3\n[structure]\npicture = 36\n',
    )
    for expected in (
        "loose stands outside a section",
        "year stands outside a section. Write it below [disclosure].",
        "harm is 3; must be a section: a line [harm]",
        "Did you mean 2403 Bjurholms kommun?",
        '"P01", which is a police region and has no page',
        'found 24, which is no text: write a code in quotes, with its zeros, such as "09"',
        "found 24 Västerbottens län twice",
        "[reports] period: found 1900; must be 0, or a whole number from 1975 to 2100",
        '[reports] languages: found "swe" in the list; must be a list of one or more of "sv", "en"',
        "[reports] levels: found []",
        "[dislosure]: there is no such section. Did you mean [disclosure]?",
        "[sender] name: found 7; must be one line of text",
        '[sender] web: found "kommun.se"',
        '[sender] logo: found "missing.png", which cannot be read',
        "[small] expected: found 3; must be a whole number from 10 to 100",
        "[structure] picture: found 36; must be a whole number from 1 to 24",
    ):
        assert expected in text
    assert all(line.startswith(f"{home / 'settings.toml'}") for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("[signals]\nfalse_shares = 0.1", "Did you mean false_share?"),
        ("[structure]\nfollowup = 3", "Did you mean follow_up?"),
        ('[peers]\nshow = ["neighbors"]', 'did you mean "neighbours"?'),
        ('[reports]\nareas = ["Dalarnes län"]', "Did you mean 20 Dalarnas län"),
        ('[reports]\nareas = ["Gotland"]', "09 Gotlands län; 0980 Gotlands kommun. Give the code."),
    ],
)
def test_a_misspelt_name_gets_the_nearest(home, text, near):
    assert near in refusal(home, text)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_weight_that_is_no_number_is_refused(home, value):
    assert "level" in refusal(home, f"[priorities]\nlevel = {value}\n")


def test_every_mistake_is_told_at_once(home):
    text = refusal(home, "[disclosure]\nyear = -1\nmonth = 2.5\nweek = 3\n[signals]\nfalse_share = true\n")
    for expected in ("year: found -1", "month: found 2.5", "week: there is no such", "false_share: found true"):
        assert expected in text
    assert "from 0 to 20" in text and "[signals] false_share" in text


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"[disclosure\n", "cannot be read as TOML.*line 1"),
        (b"[disclosure]\nyear = 1\nyear = 2\n", "line 3"),
        (b"[reports]\nareas = [09]\n", "line 2"),
        (b'[sender]\nlogo = "C:\\Users\\logo.png"\n', r"line 2.*In paths write / and not \\"),
        (b"year = 3\n", "outside a section"),
        (b'[sender]\nname = "L\xe4n"\n', "line 2: is no text in UTF-8"),
        ("[signals]\n".encode("utf-16"), "line 1: is no text in UTF-8"),
        (b"[signals]\nfalse_share = " + b"[" * 5000, "cannot be read as TOML"),
        (b"[small]\nexpected = " + b"9" * 9000, "cannot be read as TOML"),
        (b"[small]\nexpected = 0x" + b"F" * 9000, "expected: found a number of thousands of digits"),
        (b"[small]\nexpected = 2020-01-01\n", "expected: found 2020-01-01; must be a whole number"),
        (b"[[small]]\nexpected = 10\n", "must be a section"),
        (b"[harm.theft]\nshop = 1\n", r"\[harm\] theft: found"),
        (b"#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_used(home, content, match):
    (home / "settings.toml").write_bytes(content)
    with pytest.raises(DataError, match=match):
        settings()


def test_a_mark_at_the_file_s_beginning_is_no_mistake(home):
    (home / "settings.toml").write_bytes(b"\xef\xbb\xbf[small]\r\nexpected = 12\r\n")
    assert settings().small.expected == 12


def test_a_folder_in_the_file_s_place_is_told(home):
    (home / "settings.toml").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        settings()


@pytest.mark.parametrize(
    "folder", [".", "..", "/", "data", "data/raw/x", "reports/../data/raw", "", "~/pages", "a\\nb"]
)
def test_pages_are_not_put_among_the_workspace_s_own_files(home, folder):
    assert "[output] folder" in refusal(home, f'[output]\nfolder = "{folder}"\n')


def test_pages_are_not_put_in_a_file(home):
    (home / "pages").write_text("mine")
    assert "is a file" in refusal(home, '[output]\nfolder = "pages"\n')


# --- the logo ------------------------------------------------------------------------------------


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x12\x34\x56" * 2) * 2)
    return logo.PNG + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("logo.png", png(), "png"),
        ("bilder/logga å.svg", SVG.format("").encode(), "svg+xml"),
        ("a.svg", ('<?xml version="1.0" encoding="UTF-8"?>\n' + SVG.format('<use href="#x"/>')).encode(), "svg+xml"),
        (
            "b.svg",
            b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
            + SVG.format('<path fill="url(#g)" d="M0 0"/><style>.a{fill:url("#g")}</style>').encode(),
            "svg+xml",
        ),
    ],
)
def test_a_logo_becomes_an_address_that_holds_it(home, name, content, kind):
    path = home / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    write(home, f'[sender]\nlogo = "{name}"\n')
    sender = settings().sender
    assert sender.logo == path
    head, _, told = logo.data_address(sender.logo).partition(",")
    assert head == f"data:image/{kind};base64" and base64.b64decode(told) == content
    assert json.loads(json.dumps(module.told())) == module.told()
    assert module.told()["sender"]["logo"].startswith(f"{name} sha256:")


def test_a_drawing_program_s_own_notes_do_no_harm(home):
    content = SVG.replace("<svg ", '<svg xmlns:i="http://www.inkscape.org/namespaces/inkscape" ').format(
        '<g i:export-filename="C:\\temp\\a.png"/><metadata><a xmlns="urn:x" resource="http://purl.org/x"/></metadata>'
    )
    (home / "logo.svg").write_text(content)
    assert logo.problem(home / "logo.svg") == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (SVG.format("<script>alert(1)</script>"), "<script>"),
        (SVG.format('<rect onclick="x()"/>'), "a script (onclick)"),
        (SVG.format('<rect ONLOAD="x()"/>'), "a script"),
        (SVG.format("<foreignObject/>"), "<foreignObject>"),
        (SVG.format('<a href="https://example.org"><rect/></a>'), "<a>"),
        (SVG.format('<image href="https://example.org/x.png"/>'), "https://example.org"),
        (SVG.format('<image xmlns:l="http://www.w3.org/1999/xlink" l:href="//example.org/x"/>'), "outside itself"),
        (SVG.format('<image href="data:image/svg+xml;base64,AAAA"/>'), "outside itself"),
        (SVG.format('<use href="other.svg#a"/>'), "outside itself"),
        (SVG.format('<rect fill="url(https://example.org/#a)"/>'), "outside itself in fill"),
        (SVG.format("<rect style='fill: URL( \"https://example.org/a\")'/>"), "outside itself in style"),
        (SVG.format("<style>@import 'https://example.org/a.css';</style>"), "outside itself in <style>"),
        (SVG.format(r"<style>.a{fill:\75rl(https://example.org)}</style>"), "outside itself in <style>"),
        (SVG.format("<style><![CDATA[.a{fill:url(//example.org)}]]></style>"), "outside itself in <style>"),
        (SVG.format('<set attributeName="href" to="x"/>'), "<set>"),
        (SVG.format('<body xmlns="http://www.w3.org/1999/xhtml"/>'), "a piece of a web page"),
        ('<?xml-stylesheet href="https://example.org/a.css"?>' + SVG.format(""), "an instruction to the reader"),
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + SVG.format("&a;"), "definitions of its own"),
        ('<?xml version="1.0" encoding="UTF-7"?>' + SVG.format(""), "only UTF-8 is read"),
        ("<html><body/></html>", "outermost element is <html>"),
        ("<svg><rect/></svg>", "is no SVG"),
        ("<svg", "readable SVG"),
        ("", "readable SVG"),
        (b"GIF89a\xff\xfe", "neither a PNG nor an SVG"),
        (SVG.format("").encode("utf-16"), "neither a PNG nor an SVG"),
        (png()[:-5], "no whole PNG"),
        (png()[:45] + b"\xff\xff" + png()[47:], "no whole PNG"),
        (png() + b"<script>", "no whole PNG"),
        (logo.PNG, "no whole PNG"),
        (png(0, 5), "is 0 × 5 pixels"),
        (png(5000, 5), "is 5000 × 5 pixels"),
        (SVG.format("<!--" + "x" * 200_000 + "-->"), "larger than 200 kB"),
    ],
)
def test_a_logo_that_a_page_must_not_hold(home, content, told):
    (home / "logo.svg").write_bytes(content if isinstance(content, bytes) else content.encode())
    text = refusal(home, '[sender]\nlogo = "logo.svg"\n')
    assert told in text and '[sender] logo: found "logo.svg"' in text


@pytest.mark.parametrize(
    "name", ["/etc/x.png", "../x.png", "a/../../x.png", "logo.gif", "logo", "x\\\\y.png", "link.png"]
)
def test_a_logo_lies_in_the_workspace(home, name):
    (home.parent / "x.png").write_bytes(png())
    (home / "link.png").symlink_to(home.parent / "x.png")
    assert "[sender] logo" in refusal(home, f'[sender]\nlogo = "{name}"\n')


def test_a_logo_that_is_a_folder_is_told(home):
    (home / "logo.png").mkdir()
    assert "cannot be read" in refusal(home, '[sender]\nlogo = "logo.png"\n')


def test_a_logo_that_has_gone_since_is_told(home):
    (home / "logo.png").write_bytes(png())
    write(home, '[sender]\nlogo = "logo.png"\n')
    path = settings().sender.logo
    path.unlink()
    for use in (module.told, module.shown, lambda: logo.data_address(path)):
        with pytest.raises(DataError, match="logo.png: cannot be read"):
            use()


@pytest.mark.parametrize("value", ["two\\nlines", "a\\u202eb", "a\\u0000", "\\ufeff", "x" * 101])
def test_a_sender_is_one_line_that_can_be_seen(home, value):
    assert "one line of text" in refusal(home, f'[sender]\nname = "{value}"\n')


@pytest.mark.parametrize("value", ["javascript:alert(1)", "https://", "https://a b", 'https://a\\"b', "//kommun.se"])
def test_a_sender_s_address_is_one_of_the_web(home, value):
    assert "[sender] web" in refusal(home, f'[sender]\nweb = "{value}"\n')


# --- what changes a page, and what a build -------------------------------------------------------


def test_what_changes_no_page_is_left_out_and_the_logo_s_bytes_are_in(home):
    (home / "logo.png").write_bytes(png())
    write(home, '[sender]\nlogo = "logo.png"\n')
    first = module.shown()
    write(
        home,
        '[reports]\nareas = ["24"]\nperiod = 2015\n[output]\nfolder = "x"\n[limits]\nminutes = 3\n'
        '[sender]\nlogo = "logo.png"\n',
    )
    assert module.shown() == first
    (home / "logo.png").write_bytes(png(3))
    assert module.shown() != first


@pytest.mark.parametrize(("section", "name"), [key for key in ALLOWED if key[0] not in module.UNSEEN])
def test_every_other_setting_changes_what_pages_are_made_from(home, section, name):
    (home / "logo.png").write_bytes(png())
    other = {"contact": '"a"', "name": '"a"', "unit": '"a"', "web": '"https://a.se"', "logo": '"logo.png"'}.get(name)
    other = other or {"show": '["group"]', "false_share": "0.3"}.get(name, "20" if section == "disclosure" else "")
    number = {"small": 10 if name == "expected" else 9 if name == "most_years" else 50, "structure": 7}.get(section, 2)
    before = module.shown()
    write(home, f"[{section}]\n{name} = {other or (number if defaults()[section, name] != number else 3)}\n")
    assert module.shown() != before


def test_what_a_build_keeps(home):
    assert module.built_by() == {
        "largest_hidden": {"year": 0, "month": 3},
        "small": {"residents": 10000, "expected": 20, "most_years": 4},
    }


# --- the record and the schema -------------------------------------------------------------------


def test_every_setting_of_the_record_has_its_rule_and_keeps_it():
    assert set(defaults()) == set(ALLOWED)
    for key, value in defaults().items():
        assert ALLOWED[key].problem(value) == "", key


def test_every_setting_of_the_record_is_explained():
    before = ""
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        if " = " in line and not line.startswith("#"):
            assert before.startswith("#") or line.split(" = ")[0] in HARMED, line
        assert len(line) <= 110
        before = line


def bare(node: object) -> object:
    """A schema without its texts."""
    if not isinstance(node, dict):
        return node
    texts = {"title", "description", "default"}
    return {name: bare(one) for name, one in node.items() if name not in texts or isinstance(one, dict)}


def test_the_schema_says_what_the_rules_say():
    assert bare(VALIDATOR.schema) == json.loads(json.dumps(module.schema()))
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)


def test_the_schema_explains_every_setting_and_tells_its_default():
    for (section, name), value in defaults().items():
        told = VALIDATOR.schema["properties"][section]["properties"][name]
        assert told["default"] == value and len(told["description"]) > 8, (section, name)
    assert [*VALIDATOR.schema["properties"]] == [*module.SECTIONS]


def test_the_defaults_keep_the_schema():
    VALIDATOR.validate(tomllib.loads(RECORDS.read_text(encoding="utf-8")))


VALUES = (
    "true false -1 0 1 2 3 10 20 24 25 101 1.5 0.01 1e9 2016 1900 2020-01-01 12:00:00 {} {a=1} [] [[]] [1] "
    '"" "x" "sv" ["sv"] ["en","sv"] ["sv","sv"] ["nation"] ["nation","x"] ["24","2403"] ["24","24"] ["P"] '
    '"~x" "reports" "https://a.se/b" "https://a\'b" "logo.gif" "a\\nb" "a\\u202eb" "/a.svg"'
).split(" ") + [f'"{"x" * 400}"']


@pytest.mark.parametrize(("section", "name"), ALLOWED)
def test_the_schema_refuses_what_is_refused_and_nothing_else(home, section, name):
    refused = 0
    for value in VALUES:
        text = f"[{section}]\n{name} = {value}\n"
        write(home, text)
        try:
            settings()
            mine = False
        except DataError:
            mine = True
        theirs = not VALIDATOR.is_valid(tomllib.loads(text))
        # The names of areas come in more forms than a schema can hold.
        assert mine == theirs or (mine and (section, name) == ("reports", "areas") and '["' in value), value
        refused += mine
    assert 10 < refused < len(VALUES)


@pytest.mark.parametrize("text", ["year = 1\n", "[dislosure]\nyear = 1\n", "[disclosure]\nyeer = 1\n", "harm = 1\n"])
def test_the_schema_refuses_unknown_names(home, text):
    assert refusal(home, text)
    assert not VALIDATOR.is_valid(tomllib.loads(text))
