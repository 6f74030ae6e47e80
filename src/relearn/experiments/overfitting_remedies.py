"""Section 6: each remedy for overfitting against one overfitted baseline, on few digits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments.parameters import Count, ImageParameters, Rate, Share
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
LINEAR = {
    "l2": "L2 penalty",
    "augmentation": "augmentation",
    "pca": "PCA",
    "selection": "feature selection",
}
ENSEMBLES = {"bagging": "bagging", "boosting": "boosting"}
REMEDIES = {"least_squares": LINEAR, "softmax": LINEAR, "tree": ENSEMBLES}
PANELS = {
    "least_squares": "Least squares",
    "softmax": "Softmax",
    "tree": "Fully grown tree",
}
Predictor = Callable[[np.ndarray], np.ndarray]


class Params(ImageParameters):
    """The images, the baseline and the settings that each remedy chooses from."""

    baseline: Literal["least_squares", "softmax", "tree"] = Field(
        description="what overfits: a linear classifier without penalty, or a fully grown tree"
    )
    remedies: list[Literal["l2", "augmentation", "pca", "selection", "bagging", "boosting"]] = (
        Field(min_length=1, description="what is tried: the last two on a tree, the others not")
    )
    train_samples: int = Field(ge=20, description="training images of a seed, drawn at random")
    validation_samples: int = Field(ge=20, description="images on which settings are chosen")
    test_samples: int = Field(ge=20, description="test images of a seed, drawn at random")
    wrong_labels: float = Field(
        ge=0, lt=1, description="probability that a training label is replaced by another digit"
    )
    l2: list[Rate] = Field(description="L2 strengths λ to choose from")
    augmentation: list[Rate] = Field(description="multiples of the three transforms' reach")
    pca: list[Count] = Field(description="numbers of principal components")
    selection: list[Count] = Field(description="numbers of pixels kept")
    bagging: list[Share] = Field(description="images of a tree's bootstrap, share of all")
    boosting: list[Count] = Field(description="depths of AdaBoost's trees")
    trees: int = Field(ge=1, description="trees of either ensemble")
    copies: int = Field(ge=1, description="transformed copies of each image beside the image")
    rotation: float = Field(ge=0, le=180, description="largest angle at strength 1, degrees")
    zoom: float = Field(ge=0, lt=1, description="largest zoom either way at strength 1, share")
    shift: int = Field(ge=0, description="largest shift at strength 1, pixels of 28 × 28")

    @model_validator(mode="after")
    def _fair(self) -> Params:
        if others := set(self.remedies) - set(REMEDIES[self.baseline]):
            raise ValueError(f"{', '.join(sorted(others))}: not for the baseline {self.baseline}")
        names = [*LINEAR, *ENSEMBLES]
        if len({len(getattr(self, name)) for name in names}) > 1 or not self.l2:
            raise ValueError(f"give {', '.join(names)} the same number of settings")
        return self


class Digits(NamedTuple):
    """Images (n, height, width) in [0, 1], their halved version as rows (n, d), labels (n,)."""

    images: np.ndarray
    x: np.ndarray
    y: np.ndarray


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Fit the baseline and each remedy, its setting chosen on validation images, a seed."""
    with warnings.catch_warnings():
        # Softmax without penalty has no minimum to converge to; its stopping rule says when.
        warnings.filterwarnings("ignore", message="lbfgs failed to converge")
        rows = [replicate(params, seed, inputs) for seed in seeds]
    return Records(per_seed({name: np.array([row[name] for row in rows]) for name in rows[0]}))


def replicate(params: Params, seed: Seed, inputs: Images) -> dict[str, float]:
    """Return one seed's errors in percent, and what each remedy chose and changed."""
    drawn = seed.generator("images").choice(
        len(inputs.train_images), params.train_samples + params.validation_samples, replace=False
    )
    train = digits(inputs.train_images, inputs.train_labels, drawn[: params.train_samples])
    validation = digits(inputs.train_images, inputs.train_labels, drawn[params.train_samples :])
    held_out = seed.generator("test").choice(
        len(inputs.test_images), params.test_samples, replace=False
    )
    test = digits(inputs.test_images, inputs.test_labels, held_out)
    draws = seed.generator("wrong labels")
    wrong = draws.random(len(train.y)) < params.wrong_labels
    shifted = (train.y + draws.integers(1, 10, len(train.y))) % 10
    train = train._replace(y=np.where(wrong, shifted, train.y))

    base = classifier(params, seed).fit(train.x, train.y).predict
    found = {"baseline_test": error(base, test), "baseline_train": error(base, train)}
    for remedy in params.remedies:
        settings = getattr(params, remedy)
        fits = [fitted(params, seed, remedy, setting, train) for setting in settings]
        best = int(np.argmin([error(fit, validation) for fit in fits]))
        tested, trained = error(fits[best], test), error(fits[best], train)
        found[f"{remedy}_setting"] = float(settings[best])
        found[f"{remedy}_test"], found[f"{remedy}_train"] = tested, trained
        # A baseline without test errors leaves nothing to remove: not a number, and no verdict.
        found[f"{remedy}_removed"] = 1 - tested / (found["baseline_test"] or np.nan)
        gap = found["baseline_test"] - found["baseline_train"]
        found[f"{remedy}_gap_fall"] = gap - (tested - trained)
    found["varying_pixels"] = float((np.ptp(train.x, axis=0) > 0).sum())
    return found


def fitted(params: Params, seed: Seed, remedy: str, setting: float, train: Digits) -> Predictor:
    """Fit the baseline with one remedy at one setting; return what predicts labels from rows."""
    from relearn.learning.classifiers import most_telling

    _, x, y = train
    if remedy == "augmentation":
        x, y = augmented(params, seed, setting, train)
    elif remedy == "pca":
        from sklearn.decomposition import PCA

        # Projected without subtracting the mean: centring is another change, which softmax feels.
        directions = PCA(setting, svd_solver="full").fit(x).components_.T
        model = classifier(params, seed).fit(x @ directions, y)
        return lambda rows: model.predict(rows @ directions)
    elif remedy == "selection":
        kept = most_telling(x, y, setting)
        model = classifier(params, seed).fit(x[:, kept], y)
        return lambda rows: model.predict(rows[:, kept])
    elif remedy in ENSEMBLES:
        return ensemble(params, seed, remedy, setting).fit(x, y).predict
    return classifier(params, seed, setting if remedy == "l2" else 0.0).fit(x, y).predict


def classifier(params: Params, seed: Seed, strength: float = 0.0):
    """Return the baseline, not yet fitted, with an L2 penalty of `strength` if it is linear."""
    from sklearn.tree import DecisionTreeClassifier

    from relearn.learning.classifiers import LeastSquaresClassifier, softmax

    if params.baseline == "tree":
        return DecisionTreeClassifier(random_state=seed.integer("tree") % 2**32)
    return {"least_squares": LeastSquaresClassifier, "softmax": softmax}[params.baseline](strength)


def ensemble(params: Params, seed: Seed, remedy: str, setting: float):
    """Return bagged fully grown trees (Breiman 1996) or boosted shallow ones (SAMME, 2009)."""
    from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
    from sklearn.tree import DecisionTreeClassifier

    state = seed.integer(remedy) % 2**32
    if remedy == "bagging":
        return BaggingClassifier(
            DecisionTreeClassifier(), params.trees, max_samples=setting, random_state=state
        )
    return AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=setting), n_estimators=params.trees, random_state=state
    )


def augmented(
    params: Params, seed: Seed, strength: float, train: Digits
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and labels of the images and their transformed copies."""
    import torch

    from relearn.learning import augmentation

    recipe = augmentation.reaching(strength, params.rotation, params.zoom, params.shift)
    images = torch.from_numpy(np.tile(train.images, (params.copies, 1, 1)))
    draws = augmentation.draw(recipe, tuple(images.shape), seed.torch_generator("augmentation"))
    copies = halved(augmentation.apply(images, draws).numpy())
    return np.concatenate([train.x, copies]), np.tile(train.y, params.copies + 1)


def digits(images: np.ndarray, labels: np.ndarray, picked: np.ndarray) -> Digits:
    """Return the picked images, scaled to [0, 1], with their halved rows and labels."""
    chosen = images[picked].astype(np.float32) / 255
    return Digits(chosen, halved(chosen), labels[picked].astype(int))


def halved(images: np.ndarray) -> np.ndarray:
    """Average (n, h, w) over squares of 2 × 2 pixels and lay each image out as a row."""
    count, height, width = images.shape
    return images.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4)).reshape(count, -1)


def error(predict: Predictor, data: Digits) -> float:
    """Return the share of wrong labels, in percent."""
    return 100 * float(np.mean(predict(data.x) != data.y))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of the baseline's test errors that each remedy removes."""
    parts = {
        f"{variant}_{remedy}": results[variant].scalars[f"{remedy}_removed"].to_numpy()
        for variant, remedies in REMEDIES.items()
        for remedy in remedies
    }
    return {"6c": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the share of test errors that each remedy removes, a panel a baseline."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    for variant, title in PANELS.items():
        scalars = results[variant].scalars
        rows = {label: scalars[f"{name}_removed"] for name, label in REMEDIES[variant].items()}
        if variant == "softmax":
            rows["L2 penalty, wrong labels"] = results["wrong_labels"].scalars["l2_removed"]
            rows["L2 penalty, more images"] = results["more_images"].scalars["l2_removed"]
        panel = figure.panel(title)
        panel.intervals({label: 100 * share for label, share in rows.items()})
        panel.axes("test errors removed, %", "", zero=True)
    return figure
