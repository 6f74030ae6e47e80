"""The second language is whole: prose, messages, and a font that has their characters."""

import re
from collections import Counter

import pytest
import yaml
from fontTools.ttLib import TTFont
from tests_support import ROOT, config

from relearn.report.language import LANGUAGES, Language, Languages

PROSE = ROOT / "src/relearn/report/prose"
MARKS = (r"^#+ ", r"^Figure: ", r"^Why \w+ \(\w+\): ", r"^\|(?! ?x)", r"^- ")


@pytest.mark.parametrize("experiment", config()["experiments"])
def test_a_translation_has_the_parts_and_the_results_of_the_english(experiment):
    english, other = ((PROSE / name / f"{experiment}.md").read_text() for name in LANGUAGES)
    for mark in MARKS[:3]:
        assert re.findall(mark, other, re.M) == re.findall(mark, english, re.M)
    for mark in MARKS[3:]:
        lines = [len(re.findall(mark, text, re.M)) for text in (english, other)]
        assert abs(lines[0] - lines[1]) <= 1  # a formula may stand at the begin of a line
    calls = [
        Counter(
            re.findall(r"\b(?:value|at|gain|first|claim|params)\([^)]*\)", " ".join(text.split()))
        )
        for text in (english, other)
    ]
    assert calls[0] == calls[1]


def test_every_text_of_a_claim_is_known_in_each_language():
    languages = Languages(PROSE)
    for block in config()["experiments"].values():
        for claim in block["claims"].values():
            for part in (claim, *claim.get("parts", {}).values()):
                for key in ("claim", "effect", "unit", "reason", "condition"):
                    for name in languages.others:
                        languages.says(part.get(key, ""), name)
    assert languages.missing() == {"zh-Hant": set()}


def test_the_report_carries_a_glyph_for_every_chinese_character():
    font = TTFont(ROOT / "src/relearn/report/fonts/NotoSansTC.woff2")
    texts = [path.read_text() for path in (PROSE / "zh-Hant").iterdir()]
    texts += LANGUAGES.values()
    wanted = {each for text in texts for each in text if ord(each) > 0x2E80}
    assert wanted - set(map(chr, font.getBestCmap())) == set()  # else: make font


def test_a_gap_stands_for_a_number_or_for_what_is_known():
    messages = {"{} parts": "{} 部分", "{} small parts": "{} 小部分", "few": "少"}
    language = Language(messages | {"{} of {}": "{1} 的 {0}", "open {*}": "開啟 {}"})
    assert language.says("few parts") == "少 部分"
    assert (
        language.says("a/b.svg parts") is None and language.says("open a/b.svg") == "開啟 a/b.svg"
    )
    assert language.says("12 small parts") == "12 小部分"
    assert language.says("few of 3") == "3 的 少"
    assert language.says("1.5 × 10⁻³") == "1.5 × 10⁻³"
    assert language.says("unheard of") is None and language.missing == {
        "unheard of",
        "a/b.svg parts",
    }


def test_keys_of_the_messages_are_given_once():
    lines = (PROSE / "zh-Hant/messages.yaml").read_text().splitlines()
    keys = [next(iter(yaml.safe_load(line))) for line in lines if line and line[0] not in "# "]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
