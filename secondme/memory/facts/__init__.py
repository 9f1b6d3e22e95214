"""Facts: what moments say of whom, found by rules, weighed over time, and decided by the person."""
