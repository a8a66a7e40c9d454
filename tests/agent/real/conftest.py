"""What runs inside Triton is nothing that pytest can import."""

collect_ignore = ["stand_ins"]
