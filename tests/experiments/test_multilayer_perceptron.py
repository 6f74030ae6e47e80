"""What a run keeps of its networks: which digits they misread, and the networks themselves."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from relearn.experiments import catalogue
from relearn.experiments import multilayer_perceptron as experiment
from relearn.runs.seeds import seeds


@pytest.mark.parametrize("variant, count", [("published", 1), ("controlled", 2)])
def test_a_kept_network_gives_the_kept_answers(config, small_images, variant, count):
    block = config["experiments"]["multilayer_perceptron"]
    params = catalogue.parameters("multilayer_perceptron", block, variant)
    params = params.model_copy(update={"epochs": 1})
    records = experiment.run(params, seeds(0, "multilayer_perceptron", count), small_images)
    units = [small_images.test_images[0].size, *params.hidden, 10]
    inputs = small_images
    if params.mean is not None:
        inputs = replace(inputs, mean=params.mean, std=params.std)
    images = torch.from_numpy(inputs.standardise(inputs.test_images))
    for index in range(count):
        network = torch.nn.Sequential(
            torch.nn.Linear(units[0], units[1]),
            torch.nn.ReLU(),
            torch.nn.Linear(units[1], units[2]),
            torch.nn.ReLU(),
            torch.nn.Linear(units[2], units[3]),
        )
        kept = {
            name.removeprefix("model."): torch.from_numpy(values[index])
            for name, values in records.arrays.items()
            if name.startswith("model.")
        }
        assert {values.dtype for values in kept.values()} == {torch.float32}
        network.load_state_dict(kept)  # strict: all parameters, each of its shape
        answers = network(images).argmax(1).numpy()
        confusion = np.zeros((10, 10), dtype=int)
        np.add.at(confusion, (inputs.test_labels, answers), 1)
        np.testing.assert_array_equal(records.arrays["confusion"][index], confusion)
        right = 100 * np.mean(answers == inputs.test_labels)
        assert records.scalars["test_accuracy"].iloc[index] == pytest.approx(right)


def test_the_first_misread_images_are_kept_with_label_and_answer(small_images):
    answers = np.array(small_images.test_labels, dtype=int)
    answers[[3, 8]] = (answers[[3, 8]] + 1) % 10
    kept = experiment.misread(answers[None], small_images)
    assert kept["misread_number"][0, :3].tolist() == [3, 8, -1]
    labels = small_images.test_labels[[3, 8]].tolist()
    assert kept["misread_label"][0, :3].tolist() == [*labels, -1]
    assert kept["misread_as"][0, :3].tolist() == [*((np.array(labels) + 1) % 10), -1]
    np.testing.assert_array_equal(kept["misread_images"][0, 1], small_images.test_images[8])
    assert kept["misread_images"][0, 2].max() == 0
    assert {array.shape[1] for array in kept.values()} == {24}
