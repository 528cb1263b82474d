"""What MLflow logged, read from its files or its database without MLflow."""
