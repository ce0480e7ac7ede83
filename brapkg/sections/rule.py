"""The rule for what stands out in words, built from the settings in use, so that page and rule cannot part."""

from __future__ import annotations

from brapkg import catalogue, findings
from brapkg.priorities import FEW, MOST_MEASURES, MOST_QUESTIONS
from brapkg.sections.area import AreaPage
from brapkg.settings import settings
from brapkg.wording import Words, split

# The texts of what is weighed, by kind of area; the weights are named as in the settings.
WEIGHED = {
    "county": {"level": "level", "development": "development", "municipalities": "municipalities", "harm": "harm"},
    "municipality": {"level": "peers", "development": "years", "municipalities": "nation", "harm": "harm"},
}
# What is told of the rule for one kind alone.
OWN = {"county": (), "municipality": ("few", "single_year", "pooled")}


def method(page: AreaPage) -> list[tuple[str, str]]:
    """Terms of the method section: the rule as the settings in use make it, and how the rest is chosen."""
    w = page.words
    smallest = w(
        f"priority_smallest_rule_{page.area.kind}", year=page.year, spread=w(f"priority_spread_{_spread(page)}")
    )
    return [
        (w("priority_rule"), _rule(page)),
        split(w("priority_choice_rule", questions=w.count_word(MOST_QUESTIONS), measures=w.count_word(MOST_MEASURES))),
        split(smallest),
    ]


def weighed(page: AreaPage) -> list[str]:
    """What the rule weighs, in its order, by the names of the texts."""
    weights = settings().priorities.weights
    return [text for name, text in WEIGHED[page.area.kind].items() if weights[name]]


def _spread(page: AreaPage) -> str:
    """Whose swings between years are counted."""
    if page.area.kind == "county":
        return "alone" if len(page.profile.members) == 1 else "county"
    return page.area.kind


def _rule(page: AreaPage) -> str:
    w, rule, texts = page.words, settings().priorities, WEIGHED[page.area.kind]
    weight = rule.weights
    steps = {
        "level": (findings.LEVEL["clearly_higher"], findings.LEVEL["probably_higher"]),
        "development": (findings.RISING, findings.DEPENDS),
        "municipalities": (findings.COMPARED["clearly_higher"], findings.COMPARED["probably_higher"]),
    }
    told = [
        w(f"priority_rule_{texts[name]}", most=_points(w, weight[name] * most), less=_points(w, weight[name] * less))
        for name, (most, less) in steps.items()
        if weight[name]
    ]
    if weight["harm"]:
        told.append(w("priority_rule_harm", groups=_harms(page)))
    if weight["control"]:
        told.append(w("priority_rule_control", n=_points(w, weight["control"] * findings.CHECKED)))
    left = [text for name, text in texts.items() if not weight[name]]
    if left:
        told.append(w("priority_rule_left_out", names=w.listed([w(f"priority_weighed_{text}") for text in left])))
    told.append(w("priority_rule_most", n=w.count_word(rule.most)))
    told.append(_steps(w, findings.steps(page.area.kind)))
    told += [w(f"priority_rule_{name}", few=w.count_word(FEW)) for name in OWN[page.area.kind]]
    return " ".join(told)


def _harms(page: AreaPage) -> str:
    """The offence groups by the points of their harm, gravest first."""
    w, rule = page.words, settings().priorities
    order = [id for id in catalogue.offences("groups") if id in rule.harm]
    told = []
    for harm in sorted(set(rule.harm.values()), reverse=True):
        names = page.offence_names([id for id in order if rule.harm[id] == harm])
        told.append(w("priority_rule_harm_group", n=_points(w, rule.weights["harm"] * harm), names=names))
    return " ".join(told)


def _steps(words: Words, steps: dict[str, int]) -> str:
    """What lowers the certainty, by how many steps."""
    told = []
    for number in sorted(set(steps.values()) - {0}):
        reasons = "; ".join(words(f"priority_lost_{reason}") for reason, n in steps.items() if n == number)
        name = "priority_rule_step" if number == 1 else "priority_rule_steps"
        told.append(words(name, n=words.count_word(number), reasons=reasons))
    return words("priority_rule_certainty", reasons=" ".join(told)) if told else words("priority_rule_certainty_none")


def _points(words: Words, points: float) -> str:
    """Points with as many decimals as they need."""
    rounded = round(points, 2)
    decimals = 0 if rounded == round(rounded) else 1 if rounded == round(rounded, 1) else 2
    return words.number(rounded, decimals)
