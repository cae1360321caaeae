"""Paints a Look as a grey 60 x 60 picture: backdrop, body, head, features, mask, light, noise.

Everything by lot is in the Look, but for the texture of backdrop, beard and sensor, which comes from
the Look's own texture seed. A side of 60 shrinks to both 10 and 20 by whole squares.
"""

import numpy as np

from canvas import arc, below, box_blur, ellipse, lay, ring, stroke
from look import draw_look

SIDE = 60


def picture(seed, index):
    """The bytes [60, 60] of picture `index` of the series `seed`, and its label."""
    look = draw_look(seed, index)
    return paint(look), look.label


def paint(look):
    """The bytes [60, 60] of a look."""
    texture = np.random.RandomState(look.texture_seed)
    grid = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    across, down = np.meshgrid(grid, grid)
    canvas = _backdrop(look.light, across, down, texture)
    x, y = _face_coordinates(look.pose, across, down)
    soft = 1.0 / (SIDE * look.pose.scale)
    _body(canvas, look, x, y, soft)
    _head(canvas, look, x, y, soft)
    _beard(canvas, look, x, y, soft, texture)
    _features(canvas, look, x, y, soft)
    _hair(canvas, look, x, y, soft)
    _mask(canvas, look, x, y, soft)
    _glasses(canvas, look, x, y, soft)
    return _exposed(canvas, look.light, across, down, texture)


def _face_coordinates(pose, across, down):
    right = (across - pose.shift[0]) / pose.scale
    under = (down - pose.shift[1]) / pose.scale
    cosine, sine = np.cos(pose.tilt), np.sin(pose.tilt)
    return right * cosine + under * sine, under * cosine - right * sine


def _backdrop(light, across, down, texture):
    tone, slope_x, slope_y, blobs, stripes = light.backdrop
    canvas = tone + slope_x * across * 2 + slope_y * down * 2
    for _ in range(5):
        centre = texture.uniform(-0.5, 0.5, 2)
        radii = texture.uniform(0.08, 0.3, 2)
        lay(canvas, ellipse(across, down, centre, radii, 0.05), canvas + texture.uniform(-1, 1) * blobs)
    angle, frequency = texture.uniform(0, np.pi), texture.uniform(8, 40)
    canvas += stripes * np.sin(frequency * (across * np.cos(angle) + down * np.sin(angle)))
    return canvas


def _body(canvas, look, x, y, soft):
    person = look.person
    half_width = person.head[0]
    if person.long_hair > -0.5:
        fall = ellipse(x, y, (0, 0.1), (half_width * 1.28, 1.15), soft, 2.6)
        lay(canvas, fall * (1 - below(y, person.long_hair, soft)), person.hair)
    lay(canvas, ellipse(x, y, (0, 1.95), (1.55, 0.95), soft, 2.6), person.clothes)
    neck = ellipse(x, y, (0, 1.0), (half_width * 0.55, 0.5), soft, 4)
    lay(canvas, neck, person.skin * 0.8)
    if person.collar >= 0:
        lay(canvas, ellipse(x, y, (0, 1.22), (half_width * 0.8, 0.3), soft, 3), person.collar)


def _head(canvas, look, x, y, soft):
    person, pose = look.person, look.pose
    half_width, half_height = person.head
    for side in (-1, 1):
        ear = (side * half_width - pose.turn * 0.5, person.eye_height + 0.12)
        lay(canvas, ellipse(x, y, ear, (0.1, 0.2), soft), person.skin * 0.9)
    head = ellipse(x, y, (0, 0), (half_width, half_height), soft, person.jaw)
    shadow = 1.0 - look.light.side_shadow * np.clip(x / half_width, -1, 1)
    lay(canvas, head, person.skin * shadow)


def _middle(look):
    """Where the features' middle lies: turned sideways and nodded."""
    return look.pose.turn, look.pose.nod


def _beard(canvas, look, x, y, soft, texture):
    person = look.person
    middle_x, middle_y = _middle(look)
    grain = texture.normal(0, 12, canvas.shape)
    tone = person.hair * 0.8 + 10 + grain
    if person.beard > 0:
        head = ellipse(x, y, (0, 0), (person.head[0], person.head[1] * 1.03), soft, person.jaw)
        cheeks = below(y, middle_y + 0.30 - 0.55 * ((x - middle_x) / person.head[0]) ** 2 + 0.1, soft * 2)
        lay(canvas, head * cheeks, tone, person.beard)
    if person.moustache:
        place = (middle_x, middle_y + 0.40)
        lay(canvas, ellipse(x, y, place, (person.mouth_width, 0.07), soft, 3), tone, 0.8)


def _features(canvas, look, x, y, soft):
    person = look.person
    middle_x, middle_y = _middle(look)
    eyes_y = person.eye_height + middle_y
    for side in (-1, 1):
        eye = (middle_x + side * person.eye_spread, eyes_y)
        lay(canvas, ellipse(x, y, eye, (person.eye_size * 1.5, person.eye_size * 1.2), soft), person.skin * 0.85)
        lay(canvas, ellipse(x, y, eye, (person.eye_size, person.eye_size * 0.55), soft), 225)
        lay(canvas, ellipse(x, y, eye, (person.eye_size * 0.5,) * 2, soft), 30)
        brow = (eye[0], eyes_y - person.eye_size * 1.9)
        lay(canvas, arc(x, y, brow, person.eye_size * 1.4, -0.04, person.brow, soft), person.hair * 0.8)
    shade = person.skin * (1 - person.nose)
    tip = (middle_x * 1.3, middle_y + 0.24)
    lay(canvas, stroke(x, y, (middle_x + 0.05, eyes_y + 0.08), (tip[0] + 0.1, tip[1]), 0.05, soft), shade, 0.6)
    lay(canvas, ellipse(x, y, tip, (0.13, 0.05), soft), shade)
    _mouth(canvas, person, x, y, soft, (middle_x, middle_y + 0.53))


def _mouth(canvas, person, x, y, soft, place):
    lips = person.skin * (1 - person.lip)
    if person.mouth_open > 0:
        lay(canvas, ellipse(x, y, place, (person.mouth_width * 0.8, person.mouth_open + 0.04), soft), lips)
        lay(canvas, ellipse(x, y, place, (person.mouth_width * 0.65, person.mouth_open), soft), 25)
        teeth = (place[0], place[1] - person.mouth_open * 0.55)
        lay(canvas, ellipse(x, y, teeth, (person.mouth_width * 0.5, person.mouth_open * 0.3), soft), 220)
    else:
        lay(canvas, arc(x, y, place, person.mouth_width, person.mouth_sag, 0.11, soft), lips)
        lay(canvas, arc(x, y, place, person.mouth_width, person.mouth_sag, 0.03, soft), lips * 0.6)


def _hair(canvas, look, x, y, soft):
    person = look.person
    half_width, half_height = person.head
    scalp = ellipse(x, y, (0, -0.06), (half_width * 1.08, half_height * 1.04), soft, person.jaw)
    edge = person.hairline + look.pose.nod * 0.5 + person.fringe * ((x - look.pose.turn) / half_width) ** 2
    if not person.bald:
        lay(canvas, scalp * (1 - below(y, edge, soft)), person.hair)
    if person.long_hair > -0.5:
        curtain = scalp - ellipse(x, y, (0, 0.1), (half_width * 0.9, half_height * 1.05), soft, 2.2)
        lay(canvas, np.clip(curtain, 0, 1) * (1 - below(y, person.long_hair, soft)), person.hair)
    if person.hat >= 0:
        hat = ellipse(x, y, (0, -0.62), (half_width * 1.18, 0.55), soft, 3)
        lay(canvas, hat * (1 - below(y, person.hairline + 0.08, soft)), person.hat)


def _mask(canvas, look, x, y, soft):
    mask, person = look.mask, look.person
    if mask.worn == "none":
        return
    middle_x, middle_y = _middle(look)
    drop = 0.62 if mask.worn == "chin" else 0.0
    across = (x - middle_x) / person.head[0]
    top = mask.top + middle_y + drop + mask.flare * across**2 - mask.bump * np.exp(-((across / 0.3) ** 2))
    bottom = mask.bottom + middle_y + drop * 0.6 - 0.35 * across**2
    hull = (person.head[0] * mask.width, person.head[1] * 1.1)
    sides = ellipse(x, y, (middle_x * 0.4, 0.05), hull, soft, person.jaw)
    if mask.straps:
        for side in (-1, 1):
            ear = (side * person.head[0] * 1.02, person.eye_height + 0.1)
            for end_y in (mask.top + 0.12 + drop, mask.bottom - 0.3 + drop * 0.6):
                end = (side * person.head[0] * mask.width * 0.85 + middle_x * 0.4, end_y + middle_y)
                lay(canvas, stroke(x, y, ear, end, 0.04, soft), mask.tone, 0.8)
    cover = np.minimum(sides, np.minimum(below(y, top, soft), 1 - below(y, bottom, soft)))
    lay(canvas, cover, _cloth(look, x, y, top, bottom))


def _cloth(look, x, y, top, bottom):
    """The mask's own tones: round shading, pleats, a rim, a print."""
    mask = look.mask
    depth = np.clip((y - top) / np.maximum(bottom - top, 0.1), 0, 1)
    shading = 1.0 - look.light.side_shadow * np.clip(x / look.person.head[0], -1, 1) - 0.12 * depth
    tone = mask.tone * shading
    if mask.pleats > 0:
        tone = tone - 14 * np.maximum(0, np.cos(2 * np.pi * mask.pleats * depth)) ** 8
    tone = tone + mask.rim * np.exp(-((depth / 0.07) ** 2))
    return tone + mask.pattern * np.sin(17 * x + 3 * np.sin(13 * y)) * np.sin(19 * y)


def _glasses(canvas, look, x, y, soft):
    person = look.person
    if person.glasses == "none":
        return
    middle_x, middle_y = _middle(look)
    eyes_y = person.eye_height + middle_y + 0.02
    radii = (0.22, 0.17)
    for side in (-1, 1):
        place = (middle_x + side * (person.eye_spread + 0.01), eyes_y)
        if person.glasses == "dark":
            lay(canvas, ellipse(x, y, place, radii, soft, 2.5), person.frame * 0.5)
        lay(canvas, ring(x, y, place, radii, 0.045, soft), person.frame)
        temple = (side * person.head[0], eyes_y - 0.05)
        lay(canvas, stroke(x, y, (place[0] + side * radii[0], eyes_y), temple, 0.04, soft), person.frame)
    lay(canvas, stroke(x, y, (middle_x - 0.1, eyes_y), (middle_x + 0.1, eyes_y), 0.04, soft), person.frame)


def _exposed(canvas, light, across, down, texture):
    """What the camera makes of it: light falling in from a side, gamma, blur, noise, bytes."""
    lit = np.clip(canvas, 0, 255) * (1 + light.slope[0] * across * 2 + light.slope[1] * down * 2)
    gain = (light.exposure / lit.mean()) ** 0.7  # an automatic exposure that does not quite get there
    lit = 255 * (np.clip(lit * gain + light.offset, 0, 255) / 255) ** light.gamma
    seen = box_blur(lit, light.blur) + texture.normal(0, light.noise, canvas.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)
