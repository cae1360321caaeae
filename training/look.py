"""What one picture shows, as numbers: pose, person, mask, light; and how these are drawn by lot.

Faces live in their own coordinates: the head's middle is (0, 0), it is about 0.75 wide and 1 tall to each
side, x to the right, y down. The generator is NumPy's RandomState, whose stream is frozen for good,
seeded by (seed, index): a picture does not depend on the ones before it.
"""

from dataclasses import dataclass

import numpy as np

MASK, NO_MASK = 0, 1
LABELS = ("mask", "no_mask")


@dataclass(frozen=True)
class Pose:
    scale: float  # pixels per face unit, as a share of the picture's side
    shift: tuple  # of the head's middle, as a share of the picture's side
    tilt: float  # radians
    turn: float  # how far the features move sideways on the head
    nod: float  # how far the features move down


@dataclass(frozen=True)
class Person:
    skin: float  # tones are 0...255
    head: tuple  # half width, half height
    jaw: float  # superellipse power: larger is squarer
    hair: float
    hairline: float  # y of the hair's lower edge over the forehead
    fringe: float  # how far the hair's edge curves
    long_hair: float  # y down to which it falls beside the face; below -0.5 is short
    bald: bool
    hat: float  # tone of a hat, or negative
    beard: float  # 0 is none, 1 is a full one
    moustache: bool
    eye_spread: float
    eye_height: float
    eye_size: float
    brow: float  # thickness
    nose: float  # strength of its shadow
    mouth_width: float
    mouth_open: float  # 0 is closed
    mouth_sag: float  # smile above 0
    lip: float  # how much darker than the skin
    glasses: str  # none, clear, dark
    frame: float  # tone of the glasses
    clothes: float
    collar: float  # tone of a scarf or polo neck under the chin, or negative


@dataclass(frozen=True)
class Mask:
    worn: str  # face, chin (pulled down), none
    tone: float
    top: float  # y of its upper edge at the nose
    bottom: float  # y of its lower edge in the middle
    flare: float  # how far the upper edge drops towards the ears
    bump: float  # how far it rises over the nose
    width: float  # as a share of the head's
    pleats: int
    pattern: float  # strength of a printed pattern
    rim: float  # tone difference of its border
    straps: bool


@dataclass(frozen=True)
class Light:
    exposure: float  # the mean tone that the camera aims at
    offset: float
    gamma: float
    slope: tuple  # brightness gradient across the picture
    side_shadow: float  # shadow on one half of the face, signed
    blur: int
    noise: float  # standard deviation in grey levels
    backdrop: tuple  # tone, gradient x, gradient y, blob strength, stripe strength


@dataclass(frozen=True)
class Look:
    label: int
    pose: Pose
    person: Person
    mask: Mask
    light: Light
    texture_seed: int


def generator(seed, index):
    """The generator of picture `index` of the series `seed`."""
    return np.random.RandomState([seed & 0xFFFFFFFF, index])


def draw_look(seed, index):
    """Draws by lot what picture `index` of the series `seed` shows; even ones wear a mask."""
    lot = generator(seed, index)
    label = MASK if index % 2 == 0 else NO_MASK
    return Look(
        label=label,
        pose=_pose(lot),
        person=_person(lot),
        mask=_mask(lot, label),
        light=_light(lot),
        texture_seed=int(lot.randint(0, 2**31 - 1)),
    )


def _chance(lot, share):
    return bool(lot.uniform() < share)


def _pose(lot):
    return Pose(
        scale=lot.uniform(0.45, 0.53),
        shift=(lot.normal(0, 0.02), lot.normal(0, 0.02)),
        tilt=lot.normal(0, 0.08),
        turn=lot.normal(0, 0.09),
        nod=lot.normal(0, 0.04),
    )


def _person(lot):
    skin = lot.uniform(65, 190)
    hair_kind = lot.choice(["black", "brown", "fair", "grey"], p=[0.4, 0.3, 0.18, 0.12])
    hair_range = {"black": (10, 45), "brown": (45, 95), "fair": (130, 200), "grey": (110, 220)}[hair_kind]
    man = _chance(lot, 0.5)
    return Person(
        skin=skin,
        head=(lot.uniform(0.64, 0.82), lot.uniform(0.92, 1.05)),
        jaw=lot.uniform(1.9, 2.5),
        hair=lot.uniform(*hair_range),
        hairline=lot.uniform(-0.72, -0.48),
        fringe=lot.uniform(-0.25, 0.25),
        long_hair=-1.0 if man and _chance(lot, 0.85) else lot.uniform(0.0, 1.3),
        bald=man and _chance(lot, 0.15),
        hat=lot.uniform(10, 240) if _chance(lot, 0.08) else -1.0,
        beard=lot.uniform(0.25, 0.9) if man and _chance(lot, 0.3) else 0.0,
        moustache=man and _chance(lot, 0.2),
        eye_spread=lot.uniform(0.28, 0.36),
        eye_height=lot.uniform(-0.22, -0.10),
        eye_size=lot.uniform(0.09, 0.13),
        brow=lot.uniform(0.03, 0.08),
        nose=lot.uniform(0.1, 0.35),
        mouth_width=lot.uniform(0.2, 0.34),
        mouth_open=lot.uniform(0.05, 0.2) if _chance(lot, 0.25) else 0.0,
        mouth_sag=lot.uniform(-0.03, 0.10),
        lip=lot.uniform(0.15, 0.5),
        glasses=str(lot.choice(["none", "clear", "dark"], p=[0.68, 0.24, 0.08])),
        frame=lot.uniform(10, 110),
        clothes=lot.uniform(15, 235),
        collar=lot.uniform(15, 235) if _chance(lot, 0.12) else -1.0,
    )


def _mask(lot, label):
    kind = lot.choice(["surgical", "white", "dark", "cloth"], p=[0.52, 0.27, 0.09, 0.12])
    tone_range = {"surgical": (165, 215), "white": (215, 250), "dark": (12, 60), "cloth": (80, 220)}[kind]
    pulled_down = _chance(lot, 0.03)
    worn = "face" if label == MASK else ("chin" if pulled_down else "none")
    return Mask(
        worn=worn,
        tone=lot.uniform(*tone_range),
        top=lot.uniform(0.04, 0.20),
        bottom=lot.uniform(0.90, 1.08),
        flare=lot.uniform(0.02, 0.22),
        bump=lot.uniform(0.0, 0.14),
        width=lot.uniform(0.84, 1.02),
        pleats=int(lot.randint(2, 5)) if kind == "surgical" else int(lot.randint(0, 2)),
        pattern=lot.uniform(8, 40) if kind == "cloth" and _chance(lot, 0.6) else 0.0,
        rim=lot.uniform(-40, 25),
        straps=_chance(lot, 0.85),
    )


def _light(lot):
    return Light(
        exposure=lot.uniform(100, 150),
        offset=lot.uniform(-10, 18),
        gamma=lot.uniform(0.8, 1.25),
        slope=(lot.normal(0, 0.10), lot.normal(0, 0.08)),
        side_shadow=lot.normal(0, 0.12),
        blur=int(lot.randint(0, 4)),
        noise=lot.uniform(1, 7),
        backdrop=(
            lot.uniform(60, 235),
            lot.normal(0, 20),
            lot.normal(0, 20),
            lot.uniform(0, 40) if _chance(lot, 0.6) else 0.0,
            lot.uniform(0, 35) if _chance(lot, 0.25) else 0.0,
        ),
    )
