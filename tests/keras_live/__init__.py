"""The scenarios trained by ``model.fit`` as a user of Keras would train them, watched by `ExpertCallback`."""
