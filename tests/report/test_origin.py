"""The whole build's provenance: what each rule cost, the graph, the checklist."""

import pytest

from relearn.report import origin
from relearn.report.results import Results

from .test_page import soup


def usage(seconds: float, peak_mib: float) -> dict:
    return {"seconds": seconds, "cpu_seconds": seconds, "peak_mib": peak_mib}


@pytest.fixture
def costs(site) -> dict[str, origin.Cost]:
    site.write("usage/run.linear_regression.tuned.json", usage(2.0, 300.0))
    site.write("usage/run.linear_regression.published.json", usage(5.0, 200.0))
    site.write("usage/draw.linear_regression.json", usage(1.0, 400.0))
    site.write("usage/runner.json", usage(100.0, 900.0))  # begins as a rule's name does
    return {cost.rule: cost for cost in origin.costs(Results(site.results, site.config))}


def test_a_rule_costs_what_its_jobs_do(costs):
    run = costs["run"]
    assert (run.jobs, run.seconds, run.longest, run.peak_mib) == (2, 7.0, 5.0, 300.0)
    assert (costs["draw"].jobs, costs["judge"].jobs, costs["judge"].longest) == (1, 0, 0.0)


def test_a_rule_stands_below_what_it_reads_and_no_two_in_one_place(costs):
    for rule, cost in costs.items():
        assert len(cost.lines) == len(origin.RULES[rule][0])
        for need in origin.RULES[rule][0]:
            assert costs[need].y + origin.BOX[1] < cost.y
    assert len({(cost.x, cost.y) for cost in costs.values()}) == len(costs)


def test_the_picture_holds_every_box(costs):
    width, height = origin.extent(costs.values())
    for cost in costs.values():
        assert origin.BOX[0] / 2 <= cost.x <= width - origin.BOX[0] / 2
        assert origin.BOX[1] / 2 <= cost.y <= height - origin.BOX[1] / 2


def test_the_page_shows_rules_and_checklist(site, costs):
    page = soup(site.build())
    (run,) = [row for row in page.select("#provenance tr") if row.th.get_text() == "run"]
    assert [cell.get_text() for cell in run.select("td.number")] == [
        "2",
        "7.0 s",
        "5.0 s",
        "300 MiB",
    ]
    (judge,) = [row for row in page.select("#provenance tr") if row.th.get_text() == "judge"]
    assert judge.select_one("td.quiet [lang=en]").get_text() == "not measured yet"
    answers = [
        cell.select_one("[lang=en]").get_text() for cell in page.select(".checklist td strong")
    ]
    assert len(answers) == 20 and set(answers) == {"yes", "in part", "not applicable"}
    assert "3 variants, 1–4 seeds each" in page.select_one(".checklist").get_text()
