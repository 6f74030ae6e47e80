"""Streams are named: nothing that is added shifts what was there."""

import numpy as np

from relearn.runs.seeds import Seed, groups, seeds, tuning_seeds


def test_the_same_name_gives_the_same_stream():
    draws = [Seed(1, "ridge", 4).generator("data").normal(size=3) for _ in range(2)]
    assert np.array_equal(*draws)


def test_base_experiment_index_and_stream_each_give_another_stream():
    first = Seed(1, "ridge", 4).integer("data")
    others = [
        Seed(2, "ridge", 4).integer("data"),
        Seed(1, "lasso", 4).integer("data"),
        Seed(1, "ridge", 5).integer("data"),
        Seed(1, "ridge", 4).integer("order"),
    ]
    assert len({first, *others}) == 5


def test_more_seeds_keep_the_first_ones():
    assert seeds(1, "ridge", 5)[:3] == seeds(1, "ridge", 3)


def test_groups_cover_every_seed_once_and_the_last_may_be_smaller():
    assert groups(range(5), 2) == [range(0, 2), range(2, 4), range(4, 5)]
    assert groups(range(4), 4) == [range(4)]


def test_tuning_seeds_are_numbered_within_the_same_experiment():
    assert tuning_seeds(Seed(1, "ridge", 4), 2) == [Seed(1, "ridge", 0), Seed(1, "ridge", 1)]


def test_torchs_generator_starts_at_the_named_stream():
    import torch

    seed = Seed(1, "ridge", 4)
    assert seed.torch_generator("data").initial_seed() == seed.integer("data")
    drawn = torch.rand(3, generator=seed.torch_generator("data"))
    assert torch.equal(drawn, torch.rand(3, generator=seed.torch_generator("data")))


def test_a_stream_is_pinned():
    """A change here would change every number of the project."""
    assert Seed(20261123, "linear_regression", 0).integer("data") == PINNED


PINNED = 7309039304327357344
