"""Training with early stopping: of several starts the network that does best on the pictures set apart to choose by.

The best epoch's weights are kept as a checkpoint, the .keras file, and are what is returned.
"""

import math

import numpy as np
import tensorflow as tf

_SMOOTHING = 0.1  # as networks.py: outputs stay off the ends of the sigmoid
_BATCH = 32


class _Watch(tf.keras.callbacks.Callback):
    """Keeps the best weights by the mean loss over all training and choosing pictures, and stops in time.

    Few pictures choose badly by themselves: of four, one odd photo decides. So the pictures that are trained on
    have their say too, each picture, changed copies aside, with the same weight.
    """

    def __init__(self, plain, choosing, patience, tell, checkpoint):
        super().__init__()
        self.plain, self.choosing, self.patience, self.tell = plain, choosing, patience, tell
        self.checkpoint = checkpoint
        self.best, self.best_epoch, self.curve = math.inf, 0, []

    def on_epoch_end(self, epoch, logs=None):
        sums, rights, losses = 0.0, [], []
        for inputs, labels in (self.plain, self.choosing):
            said = self.model(inputs, training=False).numpy().astype(np.float64)
            loss, right = judged(said, labels)
            losses.append(loss)
            rights.append(right)
            sums += loss * len(labels)
        mean = sums / (len(self.plain[1]) + len(self.choosing[1]))
        self.curve.append(
            {"loss": losses[0], "validation_loss": losses[1], "accuracy": rights[0], "validation_accuracy": rights[1]}
        )
        self.tell(epoch + 1)
        if mean < self.best - 1e-4:
            self.best, self.best_epoch = mean, epoch
            self.model.save(self.checkpoint)
        elif epoch - self.best_epoch >= self.patience:
            self.model.stop_training = True


def judged(said, labels):
    """Mean cross-entropy and accuracy of outputs [count, 1] (sigmoid) or [count, classes] (softmax)."""
    chance = np.concatenate([1 - said, said], axis=1) if said.shape[1] == 1 else said
    right = np.clip(chance[np.arange(len(labels)), labels], 1e-7, 1)
    return float(-np.log(right).mean()), float((named(said) == labels).mean())


def named(said):
    """The class of each output row: the second from one half on, or the largest of several."""
    return (said[:, 0] >= 0.5).astype(np.int64) if said.shape[1] == 1 else said.argmax(axis=1)


def fit(build, varied, plain, choosing, *, seed, starts, epochs, rate, checkpoint, tell):
    """Trains `starts` networks from seeds seed, seed + 1, ...; returns the best one and its learning curve.

    `varied`, `plain` and `choosing` are pairs (inputs, labels): the training pictures with and without changed
    copies, and those that choose. `tell(done, total)` hears of epochs; the best network is in `checkpoint`.
    """
    best, best_loss, learning = None, math.inf, {}
    for start in range(starts):
        tf.keras.utils.set_random_seed(seed + start)
        network = build()
        outputs = network.output_shape[-1]
        targets = varied[1].astype(np.float32)
        if outputs == 1:
            doubt = tf.keras.losses.BinaryCrossentropy(label_smoothing=_SMOOTHING)
        else:
            doubt = tf.keras.losses.CategoricalCrossentropy(label_smoothing=_SMOOTHING)
            targets = np.eye(outputs, dtype=np.float32)[varied[1]]
        network.compile(tf.keras.optimizers.Adam(rate), doubt)
        kept = checkpoint.with_name(f"{checkpoint.stem}_start{start}.keras")
        watch = _Watch(plain, choosing, max(20, epochs // 6), lambda done: tell(start * epochs + done, starts * epochs), kept)
        network.fit(varied[0], targets, batch_size=_BATCH, epochs=epochs, verbose=0, callbacks=[watch])
        if watch.best < best_loss:
            best_loss, learning = watch.best, {"epochs": watch.curve, "best": watch.best_epoch}
            best = tf.keras.models.load_model(kept, compile=False)
            kept.replace(checkpoint)
        else:
            kept.unlink()
    tell(starts * epochs, starts * epochs)
    return best, learning
