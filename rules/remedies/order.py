"""The order in which samples reach the network."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, not_when, set_to, signal, torch_code, train

REMEDIES = (
    Remedy(
        id="FX107",
        name="shuffle-every-epoch",
        title="Shuffle the training data anew in every epoch",
        do="Let the loader draw a new order in each epoch; a single shuffle before training is not enough. Inputs and "
        "labels move together, and a shuffle buffer must hold the whole set or the files must be mixed first.",
        cost="config line",
        risk="low",
        knob="sample-order",
        changes=(set_to(config.shuffle, True),),
        not_when=(
            not_when(config.shuffle & config.order_redrawn, "the order is drawn anew in each epoch already"),
            not_when(config.reinforcement, "a shuffle would tear episodes apart"),
        ),
        snippets=(
            torch_code("loader = torch.utils.data.DataLoader(dataset, batch_size={batch_size}, shuffle=True)"),
            torch_code("loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)"),
            keras_code("""
                model.fit(x_train, y_train, batch_size={batch_size}, shuffle=True)
                # after keras.utils.set_random_seed TensorFlow repeats this order in each epoch: use tf.data there
                # with tf.data, before batch(): dataset.shuffle({samples}, reshuffle_each_iteration=True)
            """),
            keras_code("""
                model.fit(x_train, y_train, shuffle=True)
                # after keras.utils.set_random_seed TensorFlow repeats this order in each epoch: use tf.data there
                # with tf.data, before batch(): dataset.shuffle(number_of_samples, reshuffle_each_iteration=True)
            """),
        ),
        watch="a batch holds nearly the label variety of the whole set, and the step loss has no pattern that returns "
        "each epoch",
        worked=(signal.batch_label_entropy() > 0.8) | (signal.epoch_periodicity(train.loss) < 0.5),
        source=("article 1.3",),
    ),
    Remedy(
        id="FX108",
        name="repair-data-iterator",
        title="Make one pass over the data one epoch",
        do="Create the loader once, outside the step loop, and go through it from end to end. In a pipeline shuffle "
        "first, then repeat, then batch. Count the distinct rows one epoch delivers.",
        cost="code change",
        risk="low",
        snippets=(
            torch_code("""
                loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)  # once, before the loop
                for epoch in range(2):
                    seen = sum(len(inputs) for inputs, targets in loader)
                    assert seen == len(dataset)  # unless drop_last leaves a rest out
            """),
            keras_code("""
                import tensorflow as tf

                dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train))
                dataset = dataset.shuffle(len(x_train)).repeat().batch(32)  # in this order
                model.fit(dataset, steps_per_epoch=-(-len(x_train) // 32))
            """),
        ),
        watch="one epoch delivers every row once, and no two batches of an epoch are equal",
        worked=signal.repeated_batch_share() < 0.01,
        source=("knowledge of the field", "Ivanov 2017"),
    ),
    Remedy(
        id="FX109",
        name="seed-workers-apart",
        title="Give each loader worker its own random numbers",
        do="Draw random augmentation from the framework's generator, or seed every worker with its own number. "
        "Generators made before the workers start are copied, and all workers then draw alike.",
        cost="config line",
        risk="low",
        snippets=(
            torch_code("""
                import numpy

                def seed_worker(_):
                    worker = torch.utils.data.get_worker_info()  # the generator by the name the data set keeps it under
                    worker.dataset.generator = numpy.random.default_rng(worker.seed)

                loader = torch.utils.data.DataLoader(dataset, num_workers=2, worker_init_fn=seed_worker)
            """),
            keras_code("""
                class Augmented(keras.utils.PyDataset):
                    epoch = 0

                    def __len__(self):
                        return len(x_train) // 32

                    def __getitem__(self, batch):
                        random = np.random.default_rng([self.epoch, batch])  # the batch's own, in whichever worker
                        rows = slice(32 * batch, 32 * batch + 32)
                        return x_train[rows] + 0.1 * random.normal(size=x_train[rows].shape), y_train[rows]

                    def on_epoch_end(self):
                        self.epoch += 1

                model.fit(Augmented(workers=2))
            """),
        ),
        watch="the same sample, fetched through different workers, is augmented differently",
        worked=config.workers_share_randomness.is_(False),
        source=("knowledge of the field", "PyTorch notes on reproducibility"),
    ),
)
