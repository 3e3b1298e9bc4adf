"""Speed and cost, measured in one run each; never timed tests."""
