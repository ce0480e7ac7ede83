"""The rule for what stands out in words, built from the settings in use, so that page and rule cannot part."""

from __future__ import annotations

from brapkg import catalogue, findings
from brapkg.priorities import MOST_MEASURES, MOST_QUESTIONS
from brapkg.region.page import Page
from brapkg.settings import settings
from brapkg.wording import Words, split


def method(page: Page) -> list[tuple[str, str]]:
    """Terms of the method section: the rule as the settings in use make it, and how the rest is chosen."""
    w = page.words
    alone = len(page.county.members) == 1
    spread = w("priority_spread_municipality" if alone else "priority_spread_county")
    return [
        (w("priority_rule"), _rule(page)),
        split(w("priority_choice_rule", questions=w.count_word(MOST_QUESTIONS), measures=w.count_word(MOST_MEASURES))),
        split(w("priority_smallest_rule", year=page.year, spread=spread)),
    ]


def weighed() -> list[str]:
    """What the rule weighs, in its order."""
    weights = settings().priorities.weights
    return [name for name in ("level", "development", "municipalities", "harm") if weights[name]]


def _rule(page: Page) -> str:
    w, rule = page.words, settings().priorities
    weight = rule.weights
    steps = {
        "level": (findings.LEVEL["clearly_higher"], findings.LEVEL["probably_higher"]),
        "development": (findings.RISING, findings.DEPENDS),
        "municipalities": (findings.CLEARLY, findings.PROBABLY),
    }
    told = [
        w(f"priority_rule_{name}", most=_points(w, weight[name] * most), less=_points(w, weight[name] * less))
        for name, (most, less) in steps.items()
        if weight[name]
    ]
    if weight["harm"]:
        told.append(w("priority_rule_harm", groups=_harms(page)))
    if weight["control"]:
        told.append(w("priority_rule_control", n=_points(w, weight["control"] * findings.CHECKED)))
    left = [name for name in (*steps, "harm") if not weight[name]]
    if left:
        told.append(w("priority_rule_left_out", names=w.listed([w(f"priority_weighed_{name}") for name in left])))
    told.append(w("priority_rule_most", n=w.count_word(rule.most)))
    told.append(_steps(w, rule.steps))
    return " ".join(told)


def _harms(page: Page) -> str:
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
