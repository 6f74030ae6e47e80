import re

import pytest

from relearn.errors import RelearnError
from relearn.report import formats
from relearn.report.prose import load


def say(site, text: str) -> str:
    from relearn.report.context import Context
    from relearn.report.results import Results

    site.say("linear_regression", f"# T\n\n{text}\n")
    context = Context("linear_regression", "10.1", Results(site.results, site.config))
    return load(site.prose / "en/linear_regression.md", "en", context.names).before


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("value('tuned', 'w').mean | fixed(2)", "3.00"),
        ("value('tuned', 'w').min | fixed(1)", "2.9"),
        ("value('tuned', 'w').max | fixed(1)", "3.1"),
        ("value('tuned', 'w').median | fixed(1)", "3.0"),
        ("value('tuned', 'w').n", "4"),
        ("value('tuned', 'w') | ci(2)", "3.00 [2.87, 3.13]"),
        ("(value('tuned', 'w').low - 3) | fixed(2)", "−0.13"),
        ("at('tuned', 'mse', 0).mean | fixed(1)", "6.0"),
        ("at('tuned', 'mse', 20) | fixed(1)", "3.0"),
        ("first('tuned', 'w') | fixed(1)", "2.9"),
        ("published.loss[-1] | fixed(1)", "1.0"),
        ("params('published').seeds", "1"),
        ("params('tuned').iterations | thousands", "1,000"),
        ("claim('10a').verdict", "supported"),
        ("claim('10a').effect | ci(1)", "1.2 [1.1, 1.4]"),
        ("claim('3c').effect.estimate | fixed(2)", "1.23"),
    ],
)
def test_prose_may_say(site, expression, text):
    said = say(site, f"{{{{ {expression} }}}}")
    assert re.sub("</?a[^>]*>", "", said) == f"<p>{text}</p>\n"  # the link to its source


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nothing | fixed(2)", "'nothing' is undefined"),
        ("published.nothing", "no attribute 'nothing'"),
        (
            "value('tuend', 'w') | fixed(2)",
            "no variant 'tuend' in the config; did you mean 'tuned'?",
        ),
        ("value('tuned', 'v') | fixed(2)", "value('tuned', 'v'): no such column; known:"),
        ("value('tuned', 'w')", "a Statistic is not text"),
        ("value('tuned', 'w').mode | fixed(1)", "no attribute 'mode'"),
        (
            "value('tuned', 'diverged') | fixed(2)",
            "value('tuned', 'diverged').mean over 4 seed(s): nan",
        ),
        ("value('published', 'w') | ci(2)", "value('published', 'w').low over 1 seed(s): nan"),
        ("at('tuned', 'mse', 7) | fixed(2)", "no iteration 7; there are 2, 0 to 20"),
        ("published.loss | fixed(2)", "[2.0, 1.0] is not a number"),
        ("claim('10z').verdict", "no claim '10z' in the config"),
        ("params('tuned').nothing | thousands", "no attribute 'nothing'"),
        ("1 / 0", "division by zero"),
        ("published.w | round(2) | nofilter", "No filter named 'nofilter'"),
        ("published.w ~", "unexpected 'end of print statement'"),
    ],
)
def test_number_that_is_not_there_fails_in_one_line(site, expression, message):
    with pytest.raises(RelearnError) as caught:
        say(site, f"Fine: {{{{ published.w | fixed(1) }}}}, but {{{{ {expression} }}}}.")
    text = str(caught.value)
    assert text.startswith("en/linear_regression.md:3: ") and message in text and "\n" not in text
    if "filter named" not in message and "unexpected" not in message:
        assert f"{{{{ {expression} }}}}" in text and "fixed(1) }}, but" not in text


def test_the_failing_build_names_file_and_expression(site):
    site.say(
        "backpropagation", "# T\n\nThe loss is {{ value('worked_example', 'los') | fixed(2) }}.\n"
    )
    with pytest.raises(RelearnError) as caught:
        site.build()
    assert str(caught.value) == (
        "en/backpropagation.md:3: {{ value('worked_example', 'los') | fixed(2) }}: "
        "value('worked_example', 'los'): no such column; did you mean 'loss'?"
    )


def test_prose_needs_a_title(site):
    site.say("backpropagation", "No heading.\n")
    with pytest.raises(RelearnError, match="^en/backpropagation.md:1: the prose has no title"):
        site.build()


def test_fixed():
    assert formats.fixed(3.14159, 2) == "3.14"
    assert formats.fixed(-3.14159, 1) == "−3.1"
    assert formats.fixed(-0.0001, 2) == "0.00"
    assert formats.fixed(-10, 0) == "−10"


def test_sci():
    assert formats.sci(0.0000123) == "1.2\u00a0×\u00a010⁻⁵"
    assert formats.sci(-6.02214e23, 3) == "−6.022\u00a0×\u00a010²³"
    assert formats.sci(0) == "0"


def test_three_significant_digits():
    assert formats.three(0.04388) == "0.0439"
    assert formats.three(-0.08349) == "−0.0835"
    assert formats.three(1805.2) == "1810"
    assert formats.three(8.0) == "8"


def test_thousands():
    assert formats.thousands(60000) == "60,000"
    assert formats.thousands(1234.567, 1) == "1,234.6"


def test_plain_keeps_the_digits_that_were_written():
    assert formats.plain(96.95) == "96.95"
    assert formats.plain(1.0) == "1"
    assert formats.plain(-1e-12) == "−1\u00a0×\u00a010⁻¹²"
    assert formats.plain(None) == "–"


def test_effect_keeps_the_digits_that_its_interval_can_tell():
    def shown(estimate, low, high, exact=False):
        return formats.effect({"estimate": estimate, "low": low, "high": high}, exact)

    assert shown(97.5214, 97.4512, 97.5916) == ("97.52", "[97.45, 97.59]")
    assert shown(-1.3, -7.4, 4.9) == ("−1", "[−7, 5]")
    assert shown(1.0, 1.0, 1.0) == ("1.000", "[1.000, 1.000]")
    assert shown(96.123456, None, None) == ("96.12", "")
    assert shown(None, None, None) == ("–", "")
    assert shown(-4.26e-13, -4.26e-13, -4.26e-13, exact=True) == ("−4.3\u00a0×\u00a010⁻¹³", "")
    assert shown(-0.0, -0.0, -0.0, exact=True) == ("0", "")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "3", [1.0]])
def test_no_filter_writes_what_is_no_finite_number(value):
    for name in ("fixed", "sci", "thousands"):
        with pytest.raises(RelearnError):
            formats.FILTERS[name](value, 2)


def test_duration():
    assert formats.duration(0.44) == "0.4 s"
    assert formats.duration(200) == "3 min 20 s"
    assert formats.duration(7500) == "2 h 05 min"
