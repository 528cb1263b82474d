"""What watching a training by ``model.fit`` costs."""
