"""The workshop's two networks, and how the demo's are trained: several starts, the best on validation is kept.

Of two classes both end in one sigmoid: near 1 is the second class (no_mask), near 0 the first (mask).
"""

import tensorflow as tf

layers = tf.keras.layers

# Labels of 0.05 and 0.95 and light decay keep the outputs off the ends of the sigmoid: two decimals on a
# serial line still tell one picture from the next.
_SMOOTHING = 0.1


def _decay():
    return tf.keras.regularizers.L2(1e-4)


def _ending(classes):
    """One sigmoid for two classes, a softmax for more: units and activation of the last layer."""
    return (1, "sigmoid") if classes == 2 else (classes, "softmax")


def cnn(size=10, classes=2):
    """size x size x 1 pixels; 340 parameters for 10 and two classes."""
    units, activation = _ending(classes)
    return tf.keras.Sequential(
        [
            layers.Input((size, size, 1)),
            layers.SeparableConv2D(5, 3, activation="relu", name="separable"),
            layers.Flatten(name="flatten"),
            layers.Dense(units, activation=activation, kernel_regularizer=_decay(), name="out"),
        ],
        name=f"mask_cnn_{size}",
    )


def mlp(components=7, classes=2):
    """Principal components; 120 parameters for 7 and two classes."""
    units, activation = _ending(classes)
    return tf.keras.Sequential(
        [
            layers.Input((components,)),
            layers.Dense(7, activation="relu", name="hidden1"),
            layers.Dense(7, activation="relu", name="hidden2"),
            layers.Dense(units, activation=activation, name="out"),
        ],
        name=f"mask_mlp_{components}",
    )


def linear():
    """The yardstick: what 10 x 10 pixels give without any hidden layer."""
    inner = [layers.Input((10, 10, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    return tf.keras.Sequential(inner, name="linear_10")


def fit(build, train, validation, *, seed, starts, epochs, rate, batch=64):
    """Trains `starts` networks from seeds seed, seed + 1, ...; returns the one of lowest validation loss.

    `train` and `validation` are pairs (inputs, labels).
    """
    best, best_loss = None, float("inf")
    for start in range(starts):
        tf.keras.utils.set_random_seed(seed + start)
        network = build()
        steps = epochs * (-(-len(train[0]) // batch))
        schedule = tf.keras.optimizers.schedules.CosineDecay(rate, steps)
        doubt = tf.keras.losses.BinaryCrossentropy(label_smoothing=_SMOOTHING)
        network.compile(tf.keras.optimizers.Adam(schedule), doubt, ["accuracy"])
        network.fit(*train, batch_size=batch, epochs=epochs, verbose=0)
        loss, accuracy = network.evaluate(*validation, verbose=0)
        print(f"{network.name} start {start}: validation loss {loss:.4f}, accuracy {accuracy:.4f}", flush=True)
        if loss < best_loss:
            best, best_loss = network, loss
    return best
