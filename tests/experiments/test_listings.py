"""The listings as published give the listings' own numbers.

The literals of 10.1, 10.2, 10.4 and 10.5 were printed once by the article's code itself
(NumPy 2.4, scikit-learn 1.9); last digits may differ with the linear-algebra library.
"""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from relearn.experiments import (
    activations,
    catalogue,
    gradient_descent,
    linear_regression,
    multilayer_perceptron,
    polynomial_regression,
    ridge_regression,
)
from relearn.runs.seeds import seeds


@pytest.fixture
def published(config):
    def run(module, inputs=None, **overrides):
        name = module.__name__.rsplit(".", 1)[1]
        block = config["experiments"][name]
        params = catalogue.parameters(name, block, "published").model_copy(update=overrides)
        return module.publish(module.run(params, seeds(0, name, params.seeds), inputs))

    return run


def test_listing_10_1(published):
    numbers = published(linear_regression)
    assert numbers["w"] == pytest.approx(2.9783145563651052, rel=1e-12)
    assert numbers["b"] == pytest.approx(1.9379874253472196, rel=1e-12)
    assert len(numbers["loss"]) == 1000
    assert numbers["loss"][0] == pytest.approx(289.48595920951925, rel=1e-12)
    assert numbers["loss"][-1] == pytest.approx(3.2958027596377146, rel=1e-12)


def test_listing_10_2(published):
    numbers = published(gradient_descent)
    assert list(numbers) == ["bgd", "sgd", "mbgd"]
    expected = {
        "bgd": (289.26103831440867, 2.3395954025935124, 1.8584636473998282),
        "sgd": (304.90443365671615, 19.046294523504862, 2.353524975107126),
        "mbgd": (125.1252380079637, 3.3556253704742858, 2.9798458949142184),
    }
    for name, values in expected.items():
        assert len(numbers[name]) == 100
        assert [numbers[name][i] for i in (0, 49, 99)] == pytest.approx(values, rel=1e-12)


def test_the_paths_of_listing_10_2_have_its_losses(config):
    params = catalogue.parameters(
        "gradient_descent", config["experiments"]["gradient_descent"], "published"
    )
    arrays = gradient_descent.run(params, seeds(0, "gradient_descent", 1), None).arrays
    x, y = arrays["x"][0], arrays["y"][0]
    for name, side in (("bgd", slice(None, -1)), ("sgd", slice(1, None)), ("mbgd", slice(1, None))):
        path = arrays[f"{name}_path"][0]
        loss = ((path[:, :1] * x + path[:, 1:] - y) ** 2).mean(axis=1)
        assert len(path) == 101
        np.testing.assert_allclose(arrays[name][0], loss[side])


def test_listing_10_3(published):
    numbers = published(activations)
    x = np.linspace(-5, 5, 100)
    np.testing.assert_array_equal(numbers["x"], x)
    np.testing.assert_allclose(numbers["sigmoid"], 1 / (1 + np.exp(-x)), rtol=1e-15)
    np.testing.assert_allclose(numbers["tanh"], np.tanh(x), rtol=1e-15)
    np.testing.assert_array_equal(numbers["relu"], np.clip(x, 0, None))
    np.testing.assert_allclose(numbers["leaky_relu"], np.where(x > 0, x, x / 10), rtol=1e-15)


def test_listing_10_4(published):
    numbers = published(polynomial_regression)
    assert numbers["degrees"] == [1, 3, 5, 10, 15]
    # Degrees 10 and 15 hang on which directions the solver drops: fewer digits are the listing's.
    train = [0.19350296499144162, 0.013881875999925951, 0.008612538259512267]
    test = [0.1965268669873965, 0.010086419554039343, 0.005621692678891805]
    assert numbers["train_mse"][:3] == pytest.approx(train, rel=1e-9)
    assert numbers["test_mse"][:3] == pytest.approx(test, rel=1e-9)
    assert numbers["train_mse"][3:] == pytest.approx([0.037232034, 0.090731095], rel=1e-4)
    assert numbers["test_mse"][3:] == pytest.approx([0.043491596, 0.095242065], rel=1e-4)


def test_listing_10_5(published):
    numbers = published(ridge_regression)
    assert numbers["ols_test_mse"] == pytest.approx(0.020638139755091996, rel=1e-6)
    assert numbers["ridge_test_mse"] == pytest.approx(6.964566313142513, rel=1e-9)
    assert len(numbers["ols_coef"]) == len(numbers["ridge_coef"]) == 20
    assert min(numbers["ols_coef"]) >= 0
    assert numbers["ols_coef"][:3] == pytest.approx([6.591, 94.755, 40.714], abs=1e-3)


def test_listing_10_6_is_bit_equal_to_a_loop_over_image_files(published, small_images):
    """Images one by one through the listing's two transforms and a DataLoader of tensors."""
    numbers = published(multilayer_perceptron, small_images, epochs=2, reset_every=4)

    class Files(torch.utils.data.Dataset):
        def __init__(self, images, labels):
            self.images, self.labels = np.array(images), np.array(labels)

        def __len__(self):
            return len(self.images)

        def __getitem__(self, index):
            image = torch.from_numpy(self.images[index])[None].to(torch.float32).div(255)
            return image.sub(0.1307).div(0.3081), int(self.labels[index])

    torch.manual_seed(42)
    train = Files(small_images.train_images, small_images.train_labels)
    loader = DataLoader(train, batch_size=64, shuffle=True)
    network = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(784, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 10),
    )
    optimiser = torch.optim.Adam(network.parameters(), lr=0.001)
    drawn, mean, accuracies = [], [], []
    for _ in range(2):
        running, whole, correct = 0.0, [], 0
        for number, (images, labels) in enumerate(loader, start=1):
            outputs = network(images)
            loss = torch.nn.functional.cross_entropy(outputs, labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            running += loss.item()
            whole.append(loss.item())
            correct += (outputs.argmax(1) == labels).sum().item()
            if number % 4 == 0:
                running = 0.0
        drawn.append(running / len(loader))
        mean.append(np.mean(whole))
        accuracies.append(100 * correct / len(train))
    with torch.no_grad():
        test = Files(small_images.test_images, small_images.test_labels)
        answers = [network(test[i][0][None]).argmax().item() == test[i][1] for i in range(200)]
    assert numbers["published_loss"] == drawn
    assert numbers["mean_loss"] == pytest.approx(mean, rel=1e-12)
    assert numbers["train_accuracy"] == accuracies
    assert numbers["test_accuracy"] == 100 * np.mean(answers)


def test_the_drawn_loss_is_what_gathered_since_the_last_reset():
    losses = np.arange(1.0, 12.0).reshape(1, 1, 11)  # eleven batches, reset after 4 and 8
    assert multilayer_perceptron.drawn_loss(losses, 4).tolist() == [[(9 + 10 + 11) / 11]]


def test_the_level_is_reached_at_the_first_update_below_it():
    losses = np.array([[9.0, 5.0, 4.0], [9.0, 8.0, 7.0], [3.0, np.nan, 1.0]])
    assert gradient_descent.reached(losses, 5.0).tolist() == [2.0, np.inf, 1.0]
