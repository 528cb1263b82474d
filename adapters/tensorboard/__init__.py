"""Event files of TensorBoard, read without TensorBoard."""
