"""contractops: an operator that owns the contract lifecycle of a telecom or ISP. It flags, prepares and routes."""
