"""Several processes, one record: what each rank saw, told by the store and joined on rank zero."""
